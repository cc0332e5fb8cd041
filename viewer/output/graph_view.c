#include "graph_view.h"

#include "../base/format.h"

#include <string.h>

#define LARGEST_VALUE ((1u << 28) - 1)

const char *graph_view_keep(struct graph_view *view, const struct strbuf *text)
{
    return text->length ? arena_strndup(&view->arena, text->data, text->length) : "";
}

uint32_t graph_view_add_node(struct graph_view *view, const struct graph *graph, enum graph_view_role role, uint32_t node,
                             uint32_t depth)
{
    const struct graph_node *real = node == GRAPH_NONE ? NULL : &graph->nodes[node];
    struct graph_view_node added = {
        .role = role, .node = node, .root = GRAPH_NONE, .type = real ? real->type : GRAPH_NONE, .count = 1, .depth = depth,
        .bytes = real ? real->bytes : 0, .retained = real && graph->retained ? graph->retained[node] : 0, .place = GRAPH_NONE,
    };
    vec_push(&view->nodes, added);
    return (uint32_t)(view->nodes.n - 1);
}

uint32_t graph_view_add_holder(struct graph_view *view, const struct graph *graph, uint32_t root, uint32_t depth)
{
    uint32_t place = graph_view_add_node(view, graph, GRAPH_VIEW_HOLDER, 0, depth);
    struct graph_view_node *node = &view->nodes.items[place];
    node->root = root;
    node->type = GRAPH_NONE;
    node->bytes = node->retained = 0;
    return place;
}

struct graph_view_edge *graph_view_add_edge(struct graph_view *view, const struct graph *graph, uint32_t from, uint32_t to,
                                            uint32_t edge)
{
    struct graph_view_edge added = { .from = from, .to = to, .edge = edge, .count = 1, .text = "", .holds = true };
    if (edge != GRAPH_NONE) {
        uint32_t owner = graph_edge_owner(graph, edge);
        struct strbuf text = STRBUF_INIT;
        if (owner != 0)
            graph_add_edge(&text, graph, owner, edge);
        added.holds = graph_edge_holds(&graph->edges[edge]);
        added.text = graph_view_keep(view, &text);
        strbuf_release(&text);
    }
    vec_push(&view->edges, added);
    return &vec_last(&view->edges);
}

/* Edges that lead out of the neighbourhood of things: to what all of a module, or all of a class, share. */
enum graph_rank graph_edge_rank(const struct graph *graph, uint32_t place)
{
    const struct graph_edge_out *edge = &graph->edges[place];
    static const char *const aside[] = { "__globals__", "__builtins__", "__mro__", "__subclasses__" };
    switch (graph_edge_kind(edge)) {
    case HL_EDGE_WEAK:
        return GRAPH_RANK_WEAK;
    case HL_EDGE_CLASS:
        return GRAPH_RANK_ASIDE;
    case HL_EDGE_KEY:
        return GRAPH_RANK_KEY;
    case HL_EDGE_NAMED:
        for (size_t i = 0; edge->value < graph->n_strings && i < sizeof aside / sizeof *aside; i++)
            if (strcmp(graph->strings[edge->value], aside[i]) == 0)
                return GRAPH_RANK_ASIDE;
        return GRAPH_RANK_HOLDS;
    default:
        return GRAPH_RANK_HOLDS;
    }
}

uint32_t graph_edge_root(const struct graph *graph, uint32_t edge)
{
    uint32_t root = graph->edges[edge].value;
    return root < graph->n_roots && root < LARGEST_VALUE ? root : GRAPH_NONE;
}

static void add_more(struct strbuf *out, const struct graph *graph, const struct graph_view_node *node)
{
    strbuf_printf(out, "… %s more", format_count(node->count).text);
    if (node->n_types == 0)
        strbuf_add(out, node->count == 1 ? " root" : " roots");
    else if (node->type == GRAPH_NONE)
        strbuf_printf(out, node->n_types > 2 ? " of %u types" : " of several types", node->n_types);
    else {
        strbuf_add(out, " of ");
        graph_add_type(out, graph, node->type);
    }
}

void graph_view_add_label(struct strbuf *out, const struct graph *graph, const struct graph_view *view, uint32_t place)
{
    const struct graph_view_node *node = &view->nodes.items[place];
    switch (node->role) {
    case GRAPH_VIEW_NODE:
    case GRAPH_VIEW_TARGET:
        graph_add_node(out, graph, node->node);
        break;
    case GRAPH_VIEW_HOLDER:
        strbuf_add(out, node->root == GRAPH_NONE ? "roots" : graph->roots[node->root].name);
        break;
    case GRAPH_VIEW_MORE:
        add_more(out, graph, node);
        break;
    case GRAPH_VIEW_GROUP:
        strbuf_printf(out, "%s × ", format_count(node->count).text);
        graph_add_type(out, graph, node->type);
        break;
    }
}

void graph_view_release(struct graph_view *view)
{
    vec_release(&view->nodes);
    vec_release(&view->edges);
    arena_release(&view->arena);
    *view = (struct graph_view){ 0 };
}
