/* What graph_html.c is made of: which nodes are in the page (graph_html_pick.c), their references and what is left out beside
 * them (graph_html_edges.c), and text in JSON inside of a page (graph_html_text.c). */
#ifndef HEAPLINE_OUTPUT_GRAPH_HTML_PARTS_H
#define HEAPLINE_OUTPUT_GRAPH_HTML_PARTS_H

#include "graph_html.h"

#include "../base/map.h"
#include "../base/strmap.h"

struct html_pick {
    uint32_t *place;                       /* by node: its place in the page; GRAPH_NONE: it is not in it */
    uint32_t *by;                          /* by node: the edge by which its chain reaches it, as graph_chains gives it */
    VEC(uint32_t) nodes;                   /* by place, in the order of their numbers; the first is node 0 */
    VEC(uint32_t) selection;               /* nodes of the selection that are in the page, those that retain most first */
    uint64_t selected;                     /* in the selection */
};

/* Needs dominators. */
void html_pick(struct html_pick *pick, const struct graph *graph, const struct graph_html_options *options);
void html_pick_release(struct html_pick *pick);

struct html_edge { uint32_t to, label, more; };        /* place; see graph_html.c; how many more lead the same way */

/* What is left out beside a node, by type: key = place << 32 | type, value = place in sums. */
struct html_sum { uint64_t key, count, bytes; };
struct html_left {
    struct map keys;
    VEC(struct html_sum) sums;
};

struct html_edges {
    VEC(struct html_edge) items;
    VEC(uint32_t) counts;                  /* by place: how many items are its own */
    uint32_t *via;                         /* by place: the item by which its chain reaches it; GRAPH_NONE: nothing leads there */
    struct html_left dominated, refers, referrers, unheld;     /* unheld: all of place 0 */
    uint64_t dropped;                      /* references between nodes of the page that are only counted: there were too many */
};

#define HTML_EDGES 600000u                 /* in a page at most, and those that chains need */

/* Labels are interned in `strings`. */
void html_edges(struct html_edges *edges, const struct graph *graph, const struct html_pick *pick, struct strmap *strings,
                uint32_t most);
void html_edges_release(struct html_edges *edges);

/* Appends a JSON string, quoted, that may stand inside of a page's script: no "<" is in it, what is no UTF-8 became U+FFFD. */
void html_add_string(struct strbuf *out, const char *text);

#endif
