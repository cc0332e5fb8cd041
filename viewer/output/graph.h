/* What `heapline graph` shows (cmd/graph.c): a piece of a reference graph, small enough for a person, as text, JSON or a picture.
 *
 *   graph_view_near.c    neighbours, one by one         graph_view_merge.c    of many objects at once, in groups
 *   graph_view_tree.c    dominators                     graph_view_path.c     chain, free
 *   graph_text*.c      for a terminal            graph_json*.c    docs/json.md                graph_dot.h    pictures
 */
#ifndef HEAPLINE_OUTPUT_GRAPH_H
#define HEAPLINE_OUTPUT_GRAPH_H

#include "../base/arena.h"
#include "../graph/graph.h"
#include "view.h"

enum graph_view_kind {
    GRAPH_VIEW_REFS,                       /* what the targets refer to */
    GRAPH_VIEW_BACKREFS,                   /* who refers to the targets */
    GRAPH_VIEW_CHAIN,                      /* one path from a root to a target; nodes in its order */
    GRAPH_VIEW_DOMINATORS,                 /* a tree: who alone holds what */
    GRAPH_VIEW_FREE,                       /* holders, edges to cut and what they lead to */
    GRAPH_VIEW_SHOW,                       /* one node with its edges in and out */
};

enum graph_view_role {
    GRAPH_VIEW_NODE,
    GRAPH_VIEW_TARGET,                     /* was asked for */
    GRAPH_VIEW_HOLDER,                     /* a root: a place where the search for pointers began, "servers in app" */
    GRAPH_VIEW_MORE,                       /* stands for nodes that are not shown one by one: "… 99,996 more of Order" */
    GRAPH_VIEW_GROUP,                      /* all of one type that are alike in this place: "100,000 × Order" */
};

struct graph_view_node {
    enum graph_view_role role;
    uint32_t node;                         /* in the graph; GROUP: the largest of them; MORE: GRAPH_NONE; HOLDER: 0 */
    uint32_t root;                         /* HOLDER: place in graph->roots; else GRAPH_NONE */
    uint32_t type;                         /* place in graph->types; GRAPH_NONE: of a root, or of several types together */
    uint32_t n_types;                      /* MORE: how many types; 0: they are roots */
    uint32_t count;                        /* of nodes that it stands for */
    uint32_t depth;                        /* edges away from the nearest target; of a chain and of dominators: from the root */
    uint64_t bytes;                        /* shallow, of all that it stands for */
    uint64_t retained;                     /* go with it; of several: with all of them, at least */
    uint32_t hidden;                       /* so many more edges lead on from here: beyond the depth, or of small shares */
    uint32_t place;                        /* MORE: the node of the view that has the neighbours; else GRAPH_NONE */
};

struct graph_view_edge {
    uint32_t from, to;                     /* places in nodes, in the direction of the reference */
    uint32_t edge;                         /* in graph->edges, of several the first; GRAPH_NONE: dominates without an edge */
    uint32_t count;                        /* how many edges it stands for */
    const char *text;                      /* ".history", "[17]", "" ; UTF-8 */
    bool holds;                            /* false: a weak reference */
    bool tree;                             /* the node was met by it first: these make a tree, others close circles */
    bool cut;                              /* FREE: one of those to cut. DOMINATORS: false */
};

struct graph_view {
    enum graph_view_kind kind;
    const char *title;                     /* "What Order objects refer to" */
    VEC(struct graph_view_node) nodes;     /* in the order in which they were met */
    VEC(struct graph_view_edge) edges;
    uint64_t targets;                      /* how many nodes the selection has; some may not be shown */
    struct arena arena;                    /* of texts */
};

struct graph_view_options {
    uint32_t depth, too_many;              /* levels; neighbours of a node and targets at most, 0: all */
    bool collapse;                         /* siblings of one type become one "more" behind the first ones */
    double min_share;                      /* DOMINATORS: of the whole, 0.01 is 1%; smaller ones are counted only */
};

/* All fill a view, which graph_view_release releases, and compute retained bytes. `set` as in graph_select; `what` how the
 * selection is called: "type:Order". */
void graph_view_neighbours(struct graph_view *view, struct graph *graph, enum graph_view_kind kind, const uint8_t *set,
                           const char *what, const struct graph_view_options *options); /* REFS, BACKREFS, SHOW */
void graph_view_dominators(struct graph_view *view, struct graph *graph, const struct graph_view_options *options);
void graph_view_path(struct graph_view *view, struct graph *graph, const struct graph_path *path, const char *what);
void graph_view_cut(struct graph_view *view, struct graph *graph, const struct graph_cut *cut, const uint8_t *set,
                    const char *what);
void graph_view_release(struct graph_view *view);

/* What a node of the view is called, on one line: "Order at 0x7f…", "history in app", "… 99,996 more of Order",
 * "100,000 × Order". */
void graph_view_add_label(struct strbuf *out, const struct graph *graph, const struct graph_view *view, uint32_t place);

#endif
