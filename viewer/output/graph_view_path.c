/* A chain from a root to an object, and the edges whose loss frees something, as views. */
#include "graph_view.h"

#include "../base/xalloc.h"

static void keep_title(struct graph_view *view, const char *before, const char *what)
{
    struct strbuf title = STRBUF_INIT;
    strbuf_printf(&title, "%s%s", before, what);
    view->title = graph_view_keep(view, &title);
    strbuf_release(&title);
}

/* The root that an edge of node 0 stands for; any when the edge says none. */
static uint32_t add_root(struct graph_view *view, const struct graph *graph, uint32_t edge)
{
    return graph_view_add_holder(view, graph, edge == GRAPH_NONE ? GRAPH_NONE : graph_edge_root(graph, edge), 0);
}

/* One more of the steps in the middle, which are one node of the view together. */
static void add_folded(struct graph_view *view, const struct graph *graph, uint32_t node, uint32_t depth)
{
    const struct graph_node *real = &graph->nodes[node];
    if (vec_last(&view->nodes).role != GRAPH_VIEW_MORE) {
        uint32_t before = (uint32_t)view->nodes.n - 1;
        struct graph_view_node folded = {
            .role = GRAPH_VIEW_MORE, .node = GRAPH_NONE, .root = GRAPH_NONE, .type = real->type, .n_types = 1, .depth = depth,
            .retained = graph->retained[node], .place = before,
        };
        vec_push(&view->nodes, folded);
        graph_view_add_edge(view, graph, before, before + 1, GRAPH_NONE)->tree = true;
    }
    struct graph_view_node *folded = &vec_last(&view->nodes);
    folded->count++;
    folded->bytes += real->bytes;
    if (folded->type != real->type) {
        folded->type = GRAPH_NONE;
        folded->n_types = 2;
    }
}

void graph_view_path(struct graph_view *view, struct graph *graph, const struct graph_path *path, const char *what)
{
    *view = (struct graph_view){ .kind = GRAPH_VIEW_CHAIN, .targets = 1 };
    graph_dominate(graph);
    keep_title(view, "The shortest way from a root to ", what);
    for (size_t i = 0; i < path->steps.n; i++) {
        const struct graph_step *step = &path->steps.items[i];
        if (step->node == 0) {
            add_root(view, graph, i + 1 < path->steps.n ? path->steps.items[i + 1].edge : GRAPH_NONE);
            continue;
        }
        if (graph_chain_folds(i, path->steps.n)) {
            add_folded(view, graph, step->node, (uint32_t)i);
            continue;
        }
        bool last = i + 1 == path->steps.n;
        enum graph_view_role role = last ? GRAPH_VIEW_TARGET : GRAPH_VIEW_NODE;
        uint32_t place = graph_view_add_node(view, graph, role, step->node, (uint32_t)i);
        if (place)
            graph_view_add_edge(view, graph, place - 1, place, step->edge)->tree = true;
    }
}

/* Edges in the order of their holders, so that those of one holder stand together. */
static int by_place(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

void graph_view_cut(struct graph_view *view, struct graph *graph, const struct graph_cut *cut, const uint8_t *set,
                    const char *what)
{
    *view = (struct graph_view){ .kind = GRAPH_VIEW_FREE };
    graph_dominate(graph);
    keep_title(view, "What must let go to free ", what);
    for (uint32_t node = 0; node < graph->n; node++)
        view->targets += set[node] != 0;
    uint32_t *edges = xmemdup(cut->edges.items, cut->edges.n * sizeof *edges), *places = xmalloc(graph->n * sizeof *places);
    for (uint32_t node = 0; node < graph->n; node++)
        places[node] = GRAPH_NONE;
    qsort(edges, cut->edges.n, sizeof *edges, by_place);
    for (size_t i = 0; i < cut->edges.n; i++) {
        uint32_t from = graph_edge_owner(graph, edges[i]), to = graph->edges[edges[i]].to, holder;
        if (from == 0)
            holder = add_root(view, graph, edges[i]);
        else if (places[from] == GRAPH_NONE)
            holder = places[from] = graph_view_add_node(view, graph, set[from] ? GRAPH_VIEW_TARGET : GRAPH_VIEW_NODE, from, 0);
        else
            holder = places[from];
        bool met = places[to] != GRAPH_NONE;
        if (!met)
            places[to] = graph_view_add_node(view, graph, set[to] ? GRAPH_VIEW_TARGET : GRAPH_VIEW_NODE, to, 1);
        struct graph_view_edge *added = graph_view_add_edge(view, graph, holder, places[to], edges[i]);
        added->tree = !met;
        added->cut = true;
    }
    free(places);
    free(edges);
}
