/* A self-contained page (viewer/web) in which a person explores the whole graph: expands, collapses, searches, follows paths. It
 * loads nothing from elsewhere. */
#ifndef HEAPLINE_OUTPUT_GRAPH_HTML_H
#define HEAPLINE_OUTPUT_GRAPH_HTML_H

#include "graph.h"

enum graph_html_start {
    GRAPH_HTML_DOMINATORS,                 /* what holds most */
    GRAPH_HTML_ROOTS,
    GRAPH_HTML_REFS,                       /* the selection, and what it refers to */
    GRAPH_HTML_BACKREFS,                   /* the selection, and who refers to it */
    GRAPH_HTML_TYPES,
};

#define GRAPH_HTML_NODES 50000

struct graph_html_options {
    enum graph_html_start start;
    const char *selector;                  /* how the selection is called, "type:Order"; NULL: none */
    const uint8_t *set;                    /* the selection, one byte a node; NULL: none */
    uint32_t nodes;                        /* about so many are in the page; 0: GRAPH_HTML_NODES */
    const char *option;                    /* the command's option that sets `nodes`, to say how to get more; NULL: none */
};

/* Writes the page. In it are the selection (its largest half of `nodes` at most) with its neighbours, what retains most, and for
 * all of these who dominates them and their chain from a root; what is left out beside each node is counted by type. All
 * types are in it with all their figures. Computes dominators. Returns 0 or -errno. */
int graph_html_print(FILE *out, struct graph *graph, const struct graph_html_options *options);

#endif
