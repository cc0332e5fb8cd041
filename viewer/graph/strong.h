/* Strongly connected components of a part of a graph: the one pass that components.c and the search for a cycle's weakest edge
 * share. */
#ifndef HEAPLINE_GRAPH_STRONG_H
#define HEAPLINE_GRAPH_STRONG_H

#include "graph.h"

#define STRONG_DONE UINT32_MAX

struct strong {
    const struct graph *graph;
    uint32_t *order;                           /* by node: 0 while it waits, STRONG_DONE where it takes no part or is through */
    uint32_t *edge;                            /* by node: the next one to look at */
    uint32_t *stack;                           /* nodes on the way from below, members of open components from above */
    uint64_t *lowered;                         /* bits by node: it leads to one that was met before it */
};

/* Nodes wait that `set` has (one byte a node; NULL: all). The caller may let others wait, or some again, through `order`. */
void strong_init(struct strong *strong, const struct graph *graph, const uint8_t *set);
void strong_release(struct strong *strong);

/* Finds the components that begin at `start`, if that waits, and those that it leads to. `without`: an edge that counts as
 * gone, or GRAPH_NONE. `fn` is told each one, also those of a single node; the array is the caller's to look at during the call
 * only. */
typedef void strong_fn(void *context, const uint32_t *nodes, uint32_t n);
void strong_from(struct strong *strong, uint32_t start, uint32_t without, strong_fn *fn, void *context);

/* Does it hold itself, by another edge than `without`? */
bool strong_holds_itself(const struct graph *graph, uint32_t node, uint32_t without);

#endif
