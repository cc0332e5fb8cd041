/* Inside of graph_view*.c: how views are put together. */
#ifndef HEAPLINE_OUTPUT_GRAPH_VIEW_H
#define HEAPLINE_OUTPUT_GRAPH_VIEW_H

#include "graph.h"

/* Appends a node; returns its place. */
uint32_t graph_view_add_node(struct graph_view *view, const struct graph *graph, enum graph_view_role role, uint32_t node, uint32_t depth);
uint32_t graph_view_add_holder(struct graph_view *view, const struct graph *graph, uint32_t root, uint32_t depth);

/* Appends an edge, which `edge` (a place in graph->edges, or GRAPH_NONE) gives its text. The result lives until the next one is added. */
struct graph_view_edge *graph_view_add_edge(struct graph_view *view, const struct graph *graph, uint32_t from, uint32_t to, uint32_t edge);

/* Copies a text into the view. */
const char *graph_view_keep(struct graph_view *view, const struct strbuf *text);

/* The node that an edge in graph->edges comes from. */
uint32_t graph_edge_owner(const struct graph *graph, uint32_t edge);

/* The place in graph->roots of an edge of node 0; GRAPH_NONE: it has none. */
uint32_t graph_edge_root(const struct graph *graph, uint32_t edge);

#endif
