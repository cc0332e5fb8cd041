#include "graph_sample.h"

#include "../../viewer/base/arena.h"
#include "../../viewer/base/xalloc.h"

void sample_init(struct graph_sample *sample)
{
    *sample = (struct graph_sample){ 0 };
    sample_string(sample, "");
    sample_type(sample, GRAPH_ROOT, "", "root");
    *vec_add(&sample->nodes) = (struct graph_node){ .site = TRACE_NONE, .sort = GRAPH_ROOT, .reach = TRACE_REACH_HELD };
}

void sample_release(struct graph_sample *sample)
{
    struct graph *graph = &sample->graph;
    free(graph->edges);
    free(graph->in);
    free(graph->dominator);
    free(graph->retained);
    vec_release(&graph->texts);
    vec_release(&graph->reasons);
    vec_release(&sample->nodes);
    vec_release(&sample->edges);
    vec_release(&sample->roots);
    vec_release(&sample->types);
    vec_release(&sample->strings);
    arena_release(&sample->arena);
}

uint32_t sample_type(struct graph_sample *sample, enum graph_sort sort, const char *module, const char *name)
{
    vec_push(&sample->types, ((struct graph_type){ arena_strdup(&sample->arena, name), arena_strdup(&sample->arena, module), sort,
                                                   GRAPH_NONE, GRAPH_NONE }));
    return (uint32_t)sample->types.n - 1;
}

uint32_t sample_string(struct graph_sample *sample, const char *text)
{
    vec_push(&sample->strings, arena_strdup(&sample->arena, text));
    return (uint32_t)sample->strings.n - 1;
}

uint32_t sample_node(struct graph_sample *sample, uint32_t type, uint64_t bytes)
{
    enum graph_sort sort = sample->types.items[type].sort;
    uint32_t number = (uint32_t)sample->nodes.n;
    vec_push(&sample->nodes, ((struct graph_node){ .address = 0x100000 + number * UINT64_C(0x1000), .bytes = bytes, .type = type,
                                                   .site = TRACE_NONE, .references = 1,
                                                   .flags = sort == GRAPH_PYTHON ? HL_NODE_PYTHON : 0,
                                                   .sort = (uint8_t)sort, .reach = TRACE_REACH_HELD }));
    return number;
}

struct graph_node *sample_at(struct graph_sample *sample, uint32_t node) { return &sample->nodes.items[node]; }

void sample_edge(struct graph_sample *sample, uint32_t from, enum hl_graph_edge kind, uint32_t value, uint32_t to)
{
    vec_push(&sample->edges, ((struct graph_sample_edge){ from, { to, (kind - HL_EDGE_OFFSET) & 15, value & 0xfffffff } }));
}

void sample_root(struct graph_sample *sample, enum trace_root_kind kind, bool named, const char *name, uint32_t to)
{
    sample_edge(sample, 0, HL_EDGE_OFFSET, (uint32_t)sample->roots.n, to);
    vec_push(&sample->roots, ((struct graph_root){ kind, TRACE_NONE, 0x600000 + 8 * (uint64_t)sample->roots.n, to,
                                                   arena_strdup(&sample->arena, name), named }));
}

/* Counts into place + 1, adds up, and lets each edge take the next place: `first` ends as it should be. */
static void finish_edges(struct graph_sample *sample, struct graph *graph)
{
    for (size_t i = 0; i < sample->edges.n; i++) {
        graph->nodes[sample->edges.items[i].from + 1].first++;
        graph->nodes[sample->edges.items[i].out.to + 1].first_in++;
    }
    uint32_t *next = xcalloc(graph->n + 1, sizeof *next);
    for (uint32_t i = 0; i < graph->n; i++) {
        graph->nodes[i + 1].first += graph->nodes[i].first;
        graph->nodes[i + 1].first_in += graph->nodes[i].first_in;
        next[i] = graph->nodes[i].first;
    }
    for (size_t i = 0; i < sample->edges.n; i++)
        graph->edges[next[sample->edges.items[i].from]++] = sample->edges.items[i].out;
    for (uint32_t i = 0; i < graph->n; i++)
        next[i] = graph->nodes[i].first_in;
    for (uint32_t from = 0; from < graph->n; from++)
        for (uint32_t edge = graph->nodes[from].first; edge < graph->nodes[from + 1].first; edge++)
            graph->in[next[graph->edges[edge].to]++] = (struct graph_in){ from, edge };
    free(next);
}

struct graph *sample_finish(struct graph_sample *sample)
{
    struct graph *graph = &sample->graph;
    graph->n = (uint32_t)sample->nodes.n;
    graph->n_edges = (uint32_t)sample->edges.n;
    graph->n_roots = (uint32_t)sample->roots.n;
    graph->n_types = (uint32_t)sample->types.n;
    graph->n_strings = (uint32_t)sample->strings.n;
    vec_add(&sample->nodes);                    /* closes first and first_in */
    graph->nodes = sample->nodes.items;
    graph->roots = sample->roots.items;
    graph->types = sample->types.items;
    graph->strings = sample->strings.items;
    graph->edges = xcalloc(graph->n_edges, sizeof *graph->edges);
    graph->in = xcalloc(graph->n_edges, sizeof *graph->in);
    graph->arena = &sample->arena;
    graph->whole = true;
    vec_push(&graph->texts, 0);
    for (uint32_t i = 0; i < graph->n && !graph->python; i++)
        graph->python = graph->nodes[i].sort == GRAPH_PYTHON;
    finish_edges(sample, graph);
    return graph;
}

uint32_t sample_find(const struct graph *graph, uint32_t from, uint32_t to)
{
    for (uint32_t edge = graph->nodes[from].first; edge < graph->nodes[from + 1].first; edge++)
        if (graph->edges[edge].to == to)
            return edge;
    return GRAPH_NONE;
}
