/* What an edge is worth to somebody who asks why a thing is still there: a name that the program gave, a place, or a word that
 * may mean nothing. paths.c makes costs of it, cut.c capacities. */
#ifndef HEAPLINE_GRAPH_WAYS_H
#define HEAPLINE_GRAPH_WAYS_H

#include "graph.h"

enum graph_way {
    WAY_NAME,                              /* an attribute, slot, local, item, place of a list, key: what a line of the program
                                              can let go */
    WAY_PLAIN,                             /* belongs to the object and is not let go alone: "__dict__", "__self__",
                                              "__closure__" */
    WAY_POINTER,                           /* a word of native memory that points to a beginning; a field of a C structure */
    WAY_INSIDE,                            /* a word that points into something */
    WAY_PASSING,                           /* on a frame's value stack: gone a moment later */
    WAY_DETOUR,                            /* "__globals__", "__builtins__", "__mro__": leads nearly everywhere and explains
                                              nothing */
    WAY_CLASS,                             /* an object's type */
    WAY_START,                             /* of node 0: a root of the interpreter, a frame: cannot be let go */
    WAY_GLOBAL,                            /* of node 0: a variable of the program or of a library */
    WAY_STALE,                             /* of node 0: a word of a stack or a register, which may be left from before */
    WAY_WEAK,                              /* holds nothing */
    WAYS,
};

struct graph_ways {
    const struct graph *graph;
    uint8_t kinds[HL_EDGE_KINDS];          /* enum graph_way, of kinds whose value does not matter */
    uint8_t *detours;                      /* bits by place in graph->strings: a name of a detour */
    uint8_t *detour_keys;                  /* bits by node: a str that names a detour in a dict: "__builtins__" */
};

void graph_ways_init(struct graph_ways *ways, const struct graph *graph);
void graph_ways_release(struct graph_ways *ways);

/* Of node 0's edges. */
enum graph_way graph_way_of_root(const struct graph *graph, const struct graph_edge_out *edge);

/* Of all others. */
static inline enum graph_way graph_way_of(const struct graph_ways *ways, const struct graph_edge_out *edge)
{
    uint32_t kind = graph_edge_kind(edge), value = edge->value;
    if ((kind == HL_EDGE_NAMED || kind == HL_EDGE_SLOT) && value < ways->graph->n_strings &&
        ways->detours[value / 8] >> (value % 8) & 1)
        return WAY_DETOUR;
    if ((kind == HL_EDGE_VALUE || kind == HL_EDGE_ATTRIBUTE) && value < ways->graph->n &&
        ways->detour_keys[value / 8] >> (value % 8) & 1)
        return WAY_DETOUR;
    return (enum graph_way)ways->kinds[kind];
}

#endif
