/* nodes TRACE WHICH: the nodes of a snapshot's reference graph, one a line, for comparisons with what others say of the same heap:
 *
 *   address  sort  flags  bytes  references  of these held from C  module  type        fields parted by tabs
 *
 * first a line of sums: nodes, bytes of all of them, blocks and bytes of the snapshot; then `reason` and a sentence for each reason. */
#include "../../viewer/graph/graph.h"
#include "../../viewer/trace/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct live { uint64_t bytes, blocks; };

static bool count_live(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    struct live *live = context;
    for (size_t i = 0; i < n; i++)
        live->bytes += blocks[i].bytes;
    live->blocks += n;
    return true;
}

static void print_node(const struct graph *graph, uint32_t place)
{
    const struct graph_node *node = &graph->nodes[place];
    const struct graph_type *type = graph_type_of(graph, place);
    printf("%" PRIu64 "\t%s\t%u\t%" PRIu64 "\t%" PRIu32 "\t%" PRIu32 "\t%s\t%s\n", node->address, graph_sort_names[node->sort], node->flags, node->bytes,
           node->references, graph_held_from_c(graph, place), type->module ? type->module : "", type->name ? type->name : "");
}

static bool print_sums(const struct graph *graph, struct trace_error *error)
{
    struct live live = {0};
    uint64_t bytes = 0;
    for (uint32_t node = 1; node < graph->n; node++)
        bytes += graph->nodes[node].bytes;
    if (trace_each_snapshot_block(graph->profile->trace, graph->number, count_live, &live, error) < 0)
        return false;
    printf("%" PRIu32 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", graph->n - 1, bytes, live.blocks, live.bytes);
    for (size_t i = 0; i < graph->reasons.n; i++)
        printf("reason\t%s\n", graph->reasons.items[i]);
    return true;
}

int main(int argc, char **argv)
{
    struct trace_error error = {""};
    struct selection selection = {0};
    struct profile *profile = NULL;
    struct graph *graph = NULL;
    struct trace *trace = argc == 3 ? trace_open(argv[1], &error) : NULL;
    bool fine = trace && profile_create(&profile, trace, &selection, &error) == 0 && graph_load(&graph, profile, argv[2], &error) == 0 && print_sums(graph, &error);
    for (uint32_t node = 1; fine && node < graph->n; node++)
        print_node(graph, node);
    if (!fine)
        fprintf(stderr, "nodes: %s\n", argc == 3 ? error.text : "takes TRACE and WHICH");
    graph_destroy(graph);
    profile_destroy(profile);
    trace_close(trace);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
