/* Pieces that the JSON of graphs is made of (docs/json.md). Each makes a new object. */
#ifndef HEAPLINE_OUTPUT_GRAPH_JSON_H
#define HEAPLINE_OUTPUT_GRAPH_JSON_H

#include "graph_print.h"
#include "json.h"

json_t *
graph_json_begin(const char *what, const struct graph *graph,
                 const struct graph_wanted *wanted); /* "heapline-graph/1", with the trace, the snapshot and the selection */
json_t *graph_json_snapshot(const struct profile *profile, uint32_t snapshot);
json_t *graph_json_node(const struct graph *graph, uint32_t node);
json_t *graph_json_type(const struct graph *graph, uint32_t type);
json_t *graph_json_edge(const struct graph *graph, uint32_t edge);                /* kind, text, holds, counted */
json_t *graph_json_line(const struct graph *graph, uint32_t line);                /* a location; null: unknown */
json_t *graph_json_root(const struct graph *graph, uint32_t root);                /* null: unknown */
#define GRAPH_JSON_STEPS 1000              /* of a longer chain, the ones in the middle are left out */
json_t *graph_json_steps(struct graph *graph, const struct graph_path *path);
json_t *graph_json_shown(struct graph *graph, const struct graph_view *shown);    /* "nodes" and "edges" of a view */

void graph_json_number(json_t *object, const char *key, uint64_t value);

#endif
