/* Random small graphs, and what is true of them by trying: whom node 0 reaches when something is taken away. */
#ifndef HEAPLINE_TEST_GRAPH_RANDOM_H
#define HEAPLINE_TEST_GRAPH_RANDOM_H

#include "graph_sample.h"

static uint64_t random_state = 0x9e3779b97f4a7c15;

/* xorshift: the same sequence everywhere. */
static inline uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % n;
}

/* `n` nodes of 1, 2, 4 … bytes, so that a sum tells who is in it; `edges` between any two, loops and doubles included, of kinds
 * from `kinds`; `roots` of them named. */
static inline struct graph *random_graph(struct graph_sample *sample, uint32_t n, uint32_t edges, uint32_t roots,
                                         const enum hl_graph_edge *kinds, uint32_t n_kinds)
{
    sample_init(sample);
    uint32_t type = sample_type(sample, GRAPH_PYTHON, "app", "Order");
    for (uint32_t i = 0; i < n; i++)
        sample_node(sample, type, UINT64_C(1) << i);
    for (uint32_t i = 0; i < roots; i++)
        sample_root(sample, TRACE_ROOT_GLOBAL, true, "global", 1 + random_below(n));
    for (uint32_t i = 0; i < edges; i++)
        sample_edge(sample, 1 + random_below(n), kinds[random_below(n_kinds)], i, 1 + random_below(n));
    return sample_finish(sample);
}

/* Whom node 0 leads to, as bits, when the nodes of `gone` and the edge places of `cut` are taken away. Until nothing changes:
 * slow and plain. */
static inline uint64_t reached_without(const struct graph *graph, uint64_t gone, uint64_t cut)
{
    uint64_t seen = 1, before;
    do {
        before = seen;
        for (uint32_t node = 0; node < graph->n; node++)
            for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first && seen >> node & 1; edge++)
                if (graph_edge_kind(&graph->edges[edge]) != HL_EDGE_WEAK && !(edge < 64 && cut >> edge & 1) &&
                    !(gone >> graph->edges[edge].to & 1))
                    seen |= UINT64_C(1) << graph->edges[edge].to;
    } while (seen != before);
    return seen;
}

static inline uint64_t bytes_of(const struct graph *graph, uint64_t nodes)
{
    uint64_t bytes = 0;
    for (uint32_t node = 0; node < graph->n; node++)
        if (nodes >> node & 1)
            bytes += graph->nodes[node].bytes;
    return bytes;
}

#endif
