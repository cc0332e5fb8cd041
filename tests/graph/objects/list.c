/* Prints the reference graph of a trace's snapshot as the copy wrote it, for check.py: the last one that has Python's objects.
 *
 *   T id name module            N number address bytes flags references type text
 *   E number kind value target  R kind string target         W reason      B row bytes (every block)
 */
#include "../../../viewer/trace/graph_stream.h"
#include "../../../viewer/trace/reader.h"
#include "../../../viewer/base/vec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct block_list VEC_FIELDS(struct trace_snapshot_block);
struct names VEC_FIELDS(char *);

static struct names strings;

static bool take(void *context, const struct trace_snapshot_block *items, size_t n)
{
    struct block_list *blocks = context;
    vec_append(blocks, items, n);
    return true;
}

static void print_text(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)bytes[i] < ' ' || bytes[i] == '\\')
            printf("\\x%02x", (unsigned char)bytes[i]);
        else
            putchar(bytes[i]);
}

static void define(void *context, const struct graph_record *record)
{
    (void)context;
    static uint32_t types;
    if (record->kind == HL_GRAPH_STRING) {
        char *copy = strndup(record->bytes, record->n);
        vec_push(&strings, copy);
    } else if (record->kind == HL_GRAPH_TYPE) {
        printf("T\t%u\t%s\t%s\n", ++types, record->string ? strings.items[record->string - 1] : "", record->module ?
               strings.items[record->module - 1] : "");
    }
}

static bool names_string(uint32_t kind) { return kind == HL_EDGE_NAMED || kind == HL_EDGE_SLOT; }

static void print_node(const struct graph_record *r, const struct block_list *blocks)
{
    bool block = r->kind == HL_GRAPH_BLOCK;
    uint64_t address = block ? blocks->items[r->number].address + r->offset : r->address;
    printf("N\t%" PRIu64 "\t%#" PRIx64 "\t%" PRIu64 "\t%u\t%" PRIu64 "\t%u\t", r->number, address, block ?
           blocks->items[r->number].bytes : 0, r->flags, r->references, r->type);
    if (r->text.kind == HL_TEXT_INTEGER)
        printf("%" PRId64, r->text.integer);
    else if (r->text.kind == HL_TEXT_REAL)
        printf("%.17g", r->text.real);
    else
        print_text(r->text.bytes, r->text.n);
    putchar('\n');
    for (size_t i = 0; i < r->n_edges; i++) {
        const struct graph_edge *edge = &r->edges[i];
        printf("E\t%" PRIu64 "\t%u\t", r->number, edge->kind);
        if (names_string(edge->kind))
            printf("%s", edge->value && edge->value <= strings.n ? strings.items[edge->value - 1] : "?");
        else
            printf("%" PRIu64, edge->value);
        printf("\t%" PRIu64 "\n", edge->target);
    }
}

static bool print_graph(struct trace *trace, uint32_t number, bool quiet, struct trace_error *error)
{
    struct block_list blocks = {0};
    struct graph_stream stream;
    struct graph_record r;
    void *bytes = NULL;
    size_t n = 0;
    bool python = false;
    if (trace_each_snapshot_block(trace, number, take, &blocks, error) || trace_read_graph(trace, number, &bytes, &n, error))
        return false;
    for (size_t i = 0; !quiet && i < blocks.n; i++)
        printf("B\t%zu\t%" PRIu64 "\n", i, blocks.items[i].bytes);
    graph_stream_open(&stream, bytes, n, blocks.n);
    stream.between = quiet ? NULL : define;
    while (graph_stream_next(&stream, &r)) {
        if (quiet)
            python |= (r.kind == HL_GRAPH_BLOCK || r.kind == HL_GRAPH_EXTRA) && (r.flags & HL_NODE_PYTHON);
        else if (r.kind == HL_GRAPH_STRING || r.kind == HL_GRAPH_TYPE)
            define(NULL, &r);
        else if (r.kind == HL_GRAPH_BLOCK || r.kind == HL_GRAPH_EXTRA)
            print_node(&r, &blocks);
        else if (r.kind == HL_GRAPH_ROOT)
            printf("R\t%u\t%s\t%" PRIu64 "\n", r.sort, r.string ? strings.items[r.string - 1] : "", r.target);
        else if (r.kind == HL_GRAPH_REASON)
            printf("W\t%s\n", strings.items[r.string - 1]);
    }
    if (!quiet && !stream.ended)
        printf("W\tthe graph is not whole\n");
    graph_stream_close(&stream);
    free(bytes);
    vec_release(&blocks);
    return quiet ? python : true;
}

int main(int argc, char **argv)
{
    struct trace_error error = {0};
    struct trace *trace = argc == 2 ? trace_open(argv[1], &error) : NULL;
    if (!trace) {
        fprintf(stderr, "usage: %s TRACE\n", argv[0]);
        return 2;
    }
    for (uint32_t i = trace->n_snapshots; i-- > 0;)
        if (trace->snapshots[i].graph_bytes && print_graph(trace, i, true, &error)) {
            print_graph(trace, i, false, &error);
            trace_close(trace);
            return 0;
        }
    for (uint32_t i = 0; i < trace->n_snapshots; i++)
        if (trace->snapshots[i].graph_bytes)
            print_graph(trace, i, false, &error);        /* says why */
    fprintf(stderr, "no snapshot has Python's objects\n");
    trace_close(trace);
    return 1;
}
