/* edges TRACE WHICH: who refers to whom by what name in a snapshot's reference graph, for run.py. One edge a line, its fields
 * parted by tabs: sort, number, type and name of the one that refers (of a root 0), how it refers, number, type and name of the
 * target, kind of the edge. First `reason` and a sentence for each reason; then `cause`, its number and the label. */
#include "../../../viewer/graph/graph.h"
#include "../../../viewer/trace/reader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *type_name(const struct graph *graph, uint32_t node)
{
    const char *name = node ? graph_type_of(graph, node)->name : "root";
    return name ? name : "";
}

static void print_edge(const struct graph *graph, uint32_t from, uint32_t edge)
{
    const struct graph_edge_out *out = &graph->edges[edge];
    struct strbuf text = STRBUF_INIT;
    if (from)
        graph_add_node(&text, graph, from);
    strbuf_add(&text, "\t");
    if (from)
        graph_add_edge(&text, graph, from, edge);
    else
        strbuf_add(&text, graph->roots[out->value].name);
    printf("%s\t%" PRIu32 "\t%s\t%s\t", graph_sort_names[graph->nodes[from].sort], from, type_name(graph, from), text.data);
    strbuf_clear(&text);
    graph_add_node(&text, graph, out->to);
    printf("%" PRIu32 "\t%s\t%s\t%" PRIu32 "\n", out->to, type_name(graph, out->to), text.data, from ? graph_edge_kind(out) : 0);
    strbuf_release(&text);
}

static void print_graph(const struct graph *graph)
{
    for (size_t i = 0; i < graph->reasons.n; i++)
        printf("reason\t%s\n", graph->reasons.items[i]);
    printf("cause\t%d\t%s\n", (int)graph->snapshot->cause, graph->snapshot->label);
    for (uint32_t node = 0; node < graph->n; node++)
        for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++)
            print_edge(graph, node, edge);
}

int main(int argc, char **argv)
{
    struct trace_error error = {""};
    struct selection selection = {0};
    struct profile *profile = NULL;
    struct graph *graph = NULL;
    struct trace *trace = argc == 2 || argc == 3 ? trace_open(argv[1], &error) : NULL;
    bool fine = trace && profile_create(&profile, trace, &selection, &error) == 0 && graph_load(&graph, profile,
        argc == 3 ? argv[2] : NULL, &error) == 0;
    if (fine)
        print_graph(graph);
    else
        fprintf(stderr, "edges: %s\n", argc > 1 ? error.text : "takes TRACE and, if it shall not be the last one, WHICH");
    graph_destroy(graph);
    profile_destroy(profile);
    trace_close(trace);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
