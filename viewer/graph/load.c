/* From the trace to struct graph, in two passes over the stream: nodes, parts and counts; then edges.
 *
 * Memory: a node 56 bytes, an edge 16 in both directions, a block 20 in the index; while it loads, the stream and the
 * snapshot's blocks beside. */
#include "load.h"

#include "../analyze/lines.h"
#include "../base/xalloc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_MAX ((1u << 28) - 1)
#define OWNERS_MAX 64                     /* parts of parts */

const char *const graph_sort_names[] = {"root", "python", "frame", "c++", "native", "memory", "free"};

static void __attribute__((format(printf, 2, 3))) add_reason(struct graph *graph, const char *format, ...)
{
    struct strbuf text = STRBUF_INIT;
    va_list arguments;
    va_start(arguments, format);
    strbuf_vprintf(&text, format, arguments);
    va_end(arguments);
    vec_push(&graph->reasons, strbuf_detach(&text));
}

/* ---- the first pass ---- */

static void take_definition(void *context, const struct graph_record *record)
{
    struct load *load = context;
    if (record->kind == HL_GRAPH_STRING)
        graph_load_string(load, record);
    else if (record->kind == HL_GRAPH_TYPE)
        graph_load_type(load, record);
}

struct first_pass { VEC(uint64_t) extras, parts; };          /* addresses; pairs of owner and row */

static void note_node(struct first_pass *pass, const struct graph_record *record)
{
    for (size_t i = 0; i < record->n_edges; i++)
        if (record->edges[i].kind == HL_EDGE_PART) {
            vec_push(&pass->parts, record->number);
            vec_push(&pass->parts, record->edges[i].target);
        }
    if (record->kind == HL_GRAPH_EXTRA)
        vec_push(&pass->extras, record->address);
}

static void open_stream(struct load *load, struct graph_stream *stream)
{
    graph_stream_open(stream, load->bytes, load->n_bytes, load->blocks.n);
}

static void first_pass(struct load *load, struct first_pass *pass)
{
    struct graph_stream stream;
    struct graph_record record;
    open_stream(load, &stream);
    stream.between = take_definition;
    stream.context = load;
    while (graph_stream_next(&stream, &record)) {
        take_definition(load, &record);
        if (record.kind == HL_GRAPH_BLOCK || record.kind == HL_GRAPH_EXTRA)
            note_node(pass, &record);
        else if (record.kind == HL_GRAPH_ROOT)
            vec_push(&load->roots, record);
        else if (record.kind == HL_GRAPH_REASON)
            add_reason(load->graph, "%s", load->strings.items[record.string]);
    }
    load->graph->whole = stream.ended;
    if (!stream.ended)
        add_reason(load->graph, stream.in.bad
                   ? "the graph is damaged: what comes behind the damage is missing"
                   : "the graph ends early: the program or the recording ended while it was written");
    graph_stream_close(&stream);
}

/* ---- parts and numbers ---- */

/* The first owner has a part. Owners that are parts themselves hand on. */
static void settle_parts(struct load *load, const struct first_pass *pass)
{
    for (size_t i = 0; i + 1 < pass->parts.n; i += 2) {
        uint64_t owner = pass->parts.items[i], part = pass->parts.items[i + 1];
        if (part < load->blocks.n && owner != part && owner < load->n_numbers && !load->number[part])
            load->number[part] = (uint32_t)owner + 1;
    }
}

static void number_nodes(struct load *load)
{
    uint32_t next = 1;
    uint32_t *owner = xreallocarray(NULL, load->blocks.n + 1, sizeof *owner);
    memcpy(owner, load->number, load->blocks.n * sizeof *owner);
    for (uint64_t i = 0; i < load->n_numbers; i++)
        if (i >= load->blocks.n || !owner[i])
            load->number[i] = next++;
        else
            load->part[i] = true;
    for (uint64_t i = 0; i < load->blocks.n; i++) {
        uint64_t at = i;
        for (int steps = 0; at < load->blocks.n && owner[at]; at = owner[at] - 1)
            if (steps++ == OWNERS_MAX)
                break;
        if (at < load->blocks.n && owner[at])
            owner[i] = 0, load->part[i] = false, load->number[i] = next++;         /* they claim each other: a node of its own */
        else
            load->number[i] = load->number[at];
    }
    free(owner);
    load->graph->n = next;
}

static uint32_t node_of(const struct load *load, uint64_t number)
{
    return number < load->n_numbers ? load->number[number] : GRAPH_NONE;
}

/* ---- nodes ---- */

static bool is_object_block(const struct load *load, uint32_t stack)
{
    return stack_leaf_kind(load->trace, stack) == TRACE_FRAME_OBJECT;
}

/* A block before its record is seen, and for good if it has none. */
static void begin_node(struct load *load, uint64_t row)
{
    const struct trace_snapshot_block *block = &load->blocks.items[row];
    struct graph_node *node = &load->graph->nodes[load->number[row]];
    node->bytes += block->bytes;
    if (node->address)                    /* the owner is there, or another part: it has the site of the first */
        return;
    uint32_t stack = load->trace->sites[block->site].stack;
    enum graph_sort sort = is_object_block(load, stack) ? GRAPH_MEMORY : GRAPH_NATIVE;
    node->address = block->address;
    node->born_ns = block->born_ns;
    node->site = block->site;
    node->reach = (uint8_t)block->reach;
    node->type = graph_load_native_type(load, stack, sort);
    node->sort = (uint8_t)load->types.items[node->type].sort;
}

/* The owner's own block counts, whichever block came first. But Python makes lists and dicts of blocks that it kept from
 * earlier ones: when the memory that such an object has its contents in is younger, that tells who made it. */
static void own_block(struct load *load, uint32_t number, uint64_t row)
{
    struct graph_node *node = &load->graph->nodes[number];
    const struct trace_snapshot_block *block = &load->blocks.items[row];
    const struct trace_snapshot_block *part = load->largest[number] ? &load->blocks.items[load->largest[number] - 1] : NULL;
    const struct trace_snapshot_block *told = part && part->born_ns > block->born_ns ? part : block;
    node->address = block->address;
    node->reach = (uint8_t)block->reach;
    node->born_ns = told->born_ns;
    node->site = told->site;
}

static void note_part(struct load *load, uint64_t row)
{
    uint32_t *largest = &load->largest[load->number[row]];
    if (load->part[row] && (!*largest || load->blocks.items[row].bytes > load->blocks.items[*largest - 1].bytes))
        *largest = (uint32_t)row + 1;
}

static void complete_node(struct load *load, struct graph_node *node, const struct graph_record *record)
{
    enum graph_sort sort = record->type ? load->types.items[record->type].sort : (enum graph_sort)node->sort;
    uint32_t stack = node->site == TRACE_NONE ? TRACE_NONE : load->trace->sites[node->site].stack;
    if (record->flags & HL_NODE_FRAME)
        sort = GRAPH_FRAME;
    else if (record->flags & HL_NODE_FREE)
        sort = GRAPH_FREE;
    else if (record->flags & HL_NODE_PYTHON)
        sort = GRAPH_PYTHON;
    node->flags = (uint16_t)record->flags;
    node->address += record->kind == HL_GRAPH_BLOCK ? record->offset : 0;
    node->references = record->references < UINT32_MAX ? (uint32_t)record->references : UINT32_MAX;
    node->text = record->text.kind ? graph_keep_text(load->graph, &record->text) : 0;
    if (record->type)
        node->type = record->type;
    else if (sort != (enum graph_sort)node->sort && stack != TRACE_NONE)
        node->type = graph_load_native_type(load, stack, sort);
    node->sort = (uint8_t)sort;
    load->graph->python |= sort == GRAPH_PYTHON;
}

static void make_nodes(struct load *load, const struct first_pass *pass)
{
    struct graph *graph = load->graph;
    graph->nodes = xcalloc((size_t)graph->n + 1, sizeof *graph->nodes);
    graph->nodes[0] = (struct graph_node){.site = TRACE_NONE, .sort = GRAPH_ROOT, .reach = TRACE_REACH_HELD};
    load->largest = xcalloc((size_t)graph->n + 1, sizeof *load->largest);
    for (uint64_t i = 0; i < load->blocks.n; i++) {
        begin_node(load, i);
        note_part(load, i);
    }
    for (size_t i = 0; i < pass->extras.n; i++) {
        struct graph_node *node = &graph->nodes[load->number[load->blocks.n + i]];
        *node = (struct graph_node){.address = pass->extras.items[i], .bytes = node->bytes,       /* of blocks that are its parts */
                                    .site = TRACE_NONE, .sort = GRAPH_PYTHON, .reach = TRACE_REACH_HELD};
    }
}

/* ---- edges ---- */

static bool leads_somewhere(const struct load *load, const struct graph_edge *edge, uint32_t from)
{
    uint32_t to = edge->kind == HL_EDGE_PART ? GRAPH_NONE : node_of(load, edge->target);
    return to != GRAPH_NONE && (to != from || hl_edge_is_counted(edge->kind));
}

static struct graph_edge_out make_edge(const struct load *load, const struct graph_edge *edge)
{
    uint64_t value = edge->value;
    if (hl_edge_names_node(edge->kind)) {
        uint32_t node = node_of(load, edge->value);
        value = node == GRAPH_NONE ? 0 : node;
    }
    return (struct graph_edge_out){.to = node_of(load, edge->target), .kind = (edge->kind - HL_EDGE_OFFSET) & 15,
                                   .value = (uint32_t)(value < VALUE_MAX ? value : VALUE_MAX) & VALUE_MAX};
}

/* With `fill`, edges go to their places, which nodes[].first tells; else they are counted there, one node further on. */
static void pass_over(struct load *load, bool fill)
{
    struct graph *graph = load->graph;
    struct graph_stream stream;
    struct graph_record record;
    open_stream(load, &stream);
    while (graph_stream_next(&stream, &record)) {
        if (record.kind != HL_GRAPH_BLOCK && record.kind != HL_GRAPH_EXTRA)
            continue;
        uint32_t from = node_of(load, record.number);
        struct graph_node *node = &graph->nodes[from];
        bool is_owner = record.kind == HL_GRAPH_EXTRA || !load->part[record.number];
        if (!fill && is_owner) {
            if (record.kind == HL_GRAPH_BLOCK)
                own_block(load, from, record.number);
            complete_node(load, node, &record);
        }
        for (size_t i = 0; i < record.n_edges; i++) {
            if (!leads_somewhere(load, &record.edges[i], from))
                continue;
            if (fill)
                graph->edges[graph->nodes[from].first++] = make_edge(load, &record.edges[i]);
            else
                node[1].first++;
        }
    }
    graph_stream_close(&stream);
}

static int compare_records(const void *a, const void *b)
{
    const struct graph_record *x = a, *y = b;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    if (!x->string != !y->string)
        return x->string ? -1 : 1;
    if (x->sort != y->sort)
        return x->sort < y->sort ? -1 : 1;
    if (x->code != y->code)
        return !x->code || !y->code ? (x->code ? -1 : 1)
                                    : strcmp((const char *)(uintptr_t)x->code, (const char *)(uintptr_t)y->code);
    return (x->address > y->address) - (x->address < y->address);
}

/* Words of one variable: "stdout+0x8", "stdout+0x10". */
static bool same_variable(const struct load *load, uint64_t a, uint64_t b)
{
    const char *x = graph_load_address_name(load->graph->snapshot, a), *y = graph_load_address_name(load->graph->snapshot, b);
    const char *end = x ? strstr(x, "+0x") : NULL;
    size_t n = end ? (size_t)(end - x) : x ? strlen(x) : 0;
    return x && y && strncmp(x, y, n) == 0 && (!y[n] || strncmp(y + n, "+0x", 3) == 0);
}

/* Both say the same of the same node: a stack has a pointer many times, a structure too. */
static bool are_alike(const struct load *load, const struct graph_record *a, const struct graph_record *b)
{
    if (a->target != b->target || a->sort != b->sort || a->code != b->code || a->string != b->string || a->tid != b->tid)
        return false;
    uint32_t sort = a->sort & ~HL_GRAPH_INSIDE;
    return sort == TRACE_ROOT_STACK || sort == TRACE_ROOT_REGISTERS || a->string ||
           (sort == TRACE_ROOT_GLOBAL && same_variable(load, a->address, b->address));
}

/* Targets become nodes, code what its function is called: the trace has each name once. */
static void resolve_roots(struct load *load)
{
    size_t kept = 0;
    for (size_t i = 0; i < load->roots.n; i++) {
        struct graph_record record = load->roots.items[i];
        uint32_t to = node_of(load, record.target);
        if (to == GRAPH_NONE)
            continue;
        record.target = to;
        record.code = record.code ? (uintptr_t)graph_load_address_name(load->graph->snapshot, record.code) : 0;
        load->roots.items[kept++] = record;
    }
    load->roots.n = kept;
}

static void settle_roots(struct load *load)
{
    size_t kept = 0;
    resolve_roots(load);
    vec_sort(&load->roots, compare_records);
    for (size_t i = 0; i < load->roots.n; i++)
        if (kept < VALUE_MAX && !(kept && are_alike(load, &load->roots.items[kept - 1], &load->roots.items[i])))
            load->roots.items[kept++] = load->roots.items[i];
    load->roots.n = kept;
}

static void make_edges(struct load *load)
{
    struct graph *graph = load->graph;
    uint64_t sum = 0;
    settle_roots(load);
    pass_over(load, false);
    graph->nodes[1].first = (uint32_t)load->roots.n;         /* node 1's is the number of node 0's edges */
    for (uint32_t i = 0; i <= graph->n; i++) {
        sum += graph->nodes[i].first;
        graph->nodes[i].first = (uint32_t)sum;
    }
    graph->n_edges = (uint32_t)sum;
    graph->edges = xcalloc((size_t)graph->n_edges + 1, sizeof *graph->edges);
    pass_over(load, true);
    for (size_t i = 0; i < load->roots.n; i++)
        graph->edges[graph->nodes[0].first++] = (struct graph_edge_out){.to = (uint32_t)load->roots.items[i].target,
                                                                        .value = (uint32_t)i & VALUE_MAX};
    for (uint32_t i = graph->n; i > 0; i--)                  /* each stands behind its last edge now: where the next one begins */
        graph->nodes[i].first = graph->nodes[i - 1].first;
    graph->nodes[0].first = 0;
}

void graph_make_incoming(struct graph *graph)
{
    free(graph->in);
    graph->in = xcalloc((size_t)graph->n_edges + 1, sizeof *graph->in);
    for (uint32_t i = 0; i <= graph->n; i++)
        graph->nodes[i].first_in = 0;
    for (uint32_t i = 0; i < graph->n_edges; i++)
        graph->nodes[graph->edges[i].to + 1].first_in++;
    for (uint32_t i = 0; i < graph->n; i++)
        graph->nodes[i + 1].first_in += graph->nodes[i].first_in;
    for (uint32_t from = 0; from < graph->n; from++)
        for (uint32_t i = graph->nodes[from].first; i < graph->nodes[from + 1].first; i++)
            graph->in[graph->nodes[graph->edges[i].to].first_in++] = (struct graph_in){from, i};
    for (uint32_t i = graph->n; i > 0; i--)
        graph->nodes[i].first_in = graph->nodes[i - 1].first_in;
    graph->nodes[0].first_in = 0;
}

/* ---- index ---- */

static int compare_extras(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void make_index(struct load *load, const struct first_pass *pass)
{
    struct graph_index *index = load->graph->index = xcalloc(1, sizeof *index);
    size_t n = load->blocks.n;
    index->starts = xcalloc(n + 1, sizeof *index->starts);
    index->bytes = xcalloc(n + 1, sizeof *index->bytes);
    index->nodes = xcalloc(n + 1, sizeof *index->nodes);
    index->n = n;
    for (size_t i = 0; i < n; i++) {
        index->starts[i] = load->blocks.items[i].address;
        index->bytes[i] = load->blocks.items[i].bytes;
        index->nodes[i] = load->number[i];
    }
    index->extras = xcalloc(pass->extras.n + 1, sizeof *index->extras);
    index->n_extras = pass->extras.n;
    for (size_t i = 0; i < pass->extras.n; i++) {
        index->extras[i].address = pass->extras.items[i];
        index->extras[i].node = load->number[n + i];
    }
    qsort(index->extras, index->n_extras, sizeof *index->extras, compare_extras);
}

/* ---- all together ---- */

static bool take_blocks(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    struct load *load = context;
    vec_append(&load->blocks, blocks, n);
    return load->blocks.n < UINT32_MAX - 2;
}

static int read_all(struct load *load, struct trace_error *error)
{
    int status = trace_each_snapshot_block(load->trace, load->snapshot, take_blocks, load, error);
    if (!status)
        status = trace_read_graph(load->trace, load->snapshot, &load->bytes, &load->n_bytes, error);
    return status;
}

static void finish(struct load *load)
{
    struct graph *graph = load->graph;
    graph_load_type_nodes(load);
    graph->types = load->types.items;
    graph->n_types = (uint32_t)load->types.n;
    graph->strings = load->strings.items;
    graph->n_strings = (uint32_t)load->strings.n;
    graph->n_roots = (uint32_t)load->roots.n;
    graph->roots = xcalloc(load->roots.n + 1, sizeof *graph->roots);
    graph_load_roots(load);
    graph_drop_borrowed(graph);
}

static void build(struct load *load)
{
    struct first_pass pass = {0};
    struct graph_type root = {.name = "roots", .module = "", .sort = GRAPH_ROOT, .node = GRAPH_NONE, .location = GRAPH_NONE};
    vec_push(&load->types, root);
    vec_push(&load->strings, "");
    first_pass(load, &pass);
    load->n_numbers = load->blocks.n + pass.extras.n;
    load->number = xcalloc((size_t)load->n_numbers + 1, sizeof *load->number);
    load->part = xcalloc(load->blocks.n + 1, sizeof *load->part);
    settle_parts(load, &pass);
    number_nodes(load);
    make_nodes(load, &pass);
    make_edges(load);
    graph_make_incoming(load->graph);
    make_index(load, &pass);
    finish(load);
    vec_release(&pass.extras);
    vec_release(&pass.parts);
}

static void release(struct load *load)
{
    vec_release(&load->blocks);
    vec_release(&load->roots);
    free(load->bytes);
    free(load->number);
    free(load->part);
    free(load->largest);
    map_release(&load->native_types);
    map_release(&load->element_types);
    strmap_release(&load->element_names);
    vec_release(&load->element_ids);
    map_release(&load->type_nodes);
}

static int load_snapshot(struct graph **out, const struct profile *profile, uint32_t number, struct trace_error *error)
{
    struct graph *graph = *out = xcalloc(1, sizeof *graph);
    struct load load = {.graph = graph, .trace = profile->trace, .snapshot = number};
    graph->profile = profile;
    graph->snapshot = &profile->trace->snapshots[number];
    graph->number = number;
    graph->arena = xcalloc(1, sizeof *graph->arena);
    graph->owners = lines_owners(profile, LINES_OWN);
    int status = read_all(&load, error);
    if (!status)
        build(&load);
    release(&load);
    if (status) {
        graph_destroy(graph);
        *out = NULL;
    }
    return status;
}

void graph_destroy(struct graph *graph)
{
    if (!graph)
        return;
    if (graph->index) {
        free(graph->index->starts);
        free(graph->index->bytes);
        free(graph->index->nodes);
        free(graph->index->extras);
        free(graph->index);
    }
    for (size_t i = 0; i < graph->reasons.n; i++)
        free(graph->reasons.items[i]);
    vec_release(&graph->reasons);
    vec_release(&graph->texts);
    free(graph->nodes);
    free(graph->edges);
    free(graph->in);
    free(graph->types);
    free(graph->strings);
    free(graph->roots);
    free(graph->owners);
    free(graph->dominator);
    free(graph->retained);
    if (graph->arena)
        arena_release(graph->arena);
    free(graph->arena);
    free(graph);
}

int graph_load(struct graph **graph, const struct profile *profile, const char *which, struct trace_error *error)
{
    uint32_t number;
    int status = graph_choose(profile, which, &number, error);
    return status ? status : load_snapshot(graph, profile, number, error);
}
