/* Inside of graph_view*.c: how views are put together. */
#ifndef HEAPLINE_OUTPUT_GRAPH_VIEW_H
#define HEAPLINE_OUTPUT_GRAPH_VIEW_H

#include "graph.h"

#define GRAPH_ALIKE_SHOWN 3                /* of one type, before the rest is counted */

/* What an edge says, the most first. ASIDE: classes, globals of a function, and whatever leads to what all of a module share:
 * nobody goes on from there. */
enum graph_rank { GRAPH_RANK_HOLDS, GRAPH_RANK_KEY, GRAPH_RANK_ASIDE, GRAPH_RANK_WEAK };
enum graph_rank graph_edge_rank(const struct graph *graph, uint32_t place);

/* Fills a view that has kind and title with groups: all objects of one type that are held, or hold, in the same way, as one node.
 * False, and nothing is done: the selection is so small that each can stand for itself. */
bool graph_view_merge(struct graph_view *view, struct graph *graph, const uint8_t *set, const struct graph_view_options *options);

/* Of a long chain, only the first and the last steps are shown. */
#define GRAPH_CHAIN_HEAD 20
#define GRAPH_CHAIN_TAIL 15
static inline bool graph_chain_folds(size_t step, size_t n)
{
    return n > GRAPH_CHAIN_HEAD + GRAPH_CHAIN_TAIL + 1 && step >= GRAPH_CHAIN_HEAD && step + GRAPH_CHAIN_TAIL < n;
}

/* Appends a node; returns its place. */
uint32_t graph_view_add_node(struct graph_view *view, const struct graph *graph, enum graph_view_role role, uint32_t node,
                             uint32_t depth);
uint32_t graph_view_add_holder(struct graph_view *view, const struct graph *graph, uint32_t root, uint32_t depth);

/* Appends an edge, which `edge` (a place in graph->edges, or GRAPH_NONE) gives its text. The result lives until the next one is
 * added. */
struct graph_view_edge *graph_view_add_edge(struct graph_view *view, const struct graph *graph, uint32_t from, uint32_t to,
                                            uint32_t edge);

/* Copies a text into the view. */
const char *graph_view_keep(struct graph_view *view, const struct strbuf *text);

/* The place in graph->roots of an edge of node 0; GRAPH_NONE: it has none. */
uint32_t graph_edge_root(const struct graph *graph, uint32_t edge);

#endif
