/* What the texts of nodes, edges and paths are made of. */
#ifndef HEAPLINE_GRAPH_TEXT_PARTS_H
#define HEAPLINE_GRAPH_TEXT_PARTS_H

#include "graph.h"

/* What the program named, as it is: what cannot be shown is escaped, what is no UTF-8 replaced, and after a few hundred bytes
 * "…" stands for the rest. */
void text_add_clean(struct strbuf *out, const char *text);
void text_add_clean_bytes(struct strbuf *out, const char *text, size_t n);

/* " at 0x7f12…". */
void text_add_address(struct strbuf *out, const struct graph *graph, uint32_t node);

/* Is an object of the builtin type of that name. */
bool text_is_builtin(const struct graph *graph, uint32_t node, const char *type);

/* The object whose __dict__ this dict is; GRAPH_NONE: none. */
uint32_t text_owner_of(const struct graph *graph, uint32_t dict);

/* The edge is called so: NAMED or SLOT. */
bool text_edge_is(const struct graph *graph, uint32_t edge, const char *name);

#endif
