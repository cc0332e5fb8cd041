/* Words of C that point to Python objects without holding them.
 *
 * Whatever holds a Python object is in its count of references. Of an object whose count is explained by what is known to
 * count, attributes, items, locals, no word of C, in a variable, on a stack or in native memory, can be a holder: it is left
 * from before (the interpreter's lists of free objects are full of such words), or borrowed. Such edges are taken out,
 * so that they hold nothing for anybody: reach, chains, dominators. If one reference is not explained, all words keep, since
 * nobody knows which one it is. Named roots of the interpreter stay, and so do objects whose references are not counted.
 *
 * One pass over the edges for the objects that words lead to, then those objects' own incoming edges.
 */
#include "../base/xalloc.h"
#include "ways.h"

static bool is_word(const struct graph *graph, uint32_t from, const struct graph_edge_out *edge)
{
    uint32_t kind = graph_edge_kind(edge);
    if (from == 0)
        return graph_way_of_root(graph, edge) == WAY_GLOBAL || graph_way_of_root(graph, edge) == WAY_STALE;
    return kind == HL_EDGE_OFFSET || kind == HL_EDGE_INSIDE;
}

static uint8_t *find_pointed(const struct graph *graph)
{
    uint8_t *pointed = xcalloc(graph->n, 1);
    for (uint32_t from = 0; from < graph->n; from++)
        for (uint32_t edge = graph->nodes[from].first; edge < graph->nodes[from + 1].first; edge++)
            if (is_word(graph, from, &graph->edges[edge]))
                pointed[graph->edges[edge].to] = 1;
    return pointed;
}

/* Edges that lead to GRAPH_NONE go, the others close up. */
static void close_up(struct graph *graph)
{
    uint32_t kept = 0, begin = 0;
    for (uint32_t from = 0; from < graph->n; from++) {
        uint32_t end = graph->nodes[from + 1].first;
        graph->nodes[from].first = kept;
        for (; begin < end; begin++)
            if (graph->edges[begin].to != GRAPH_NONE)
                graph->edges[kept++] = graph->edges[begin];
    }
    graph->nodes[graph->n].first = graph->n_edges = kept;
    graph_make_incoming(graph);
}

void graph_drop_borrowed(struct graph *graph)
{
    uint8_t *pointed = find_pointed(graph);
    for (uint32_t node = 1; node < graph->n; node++) {
        const struct graph_node *it = &graph->nodes[node];
        if (!pointed[node] || it->sort != GRAPH_PYTHON || it->flags & HL_NODE_IMMORTAL || graph_held_from_c(graph, node))
            continue;
        for (uint32_t in = it->first_in; in < it[1].first_in; in++) {
            struct graph_edge_out *edge = &graph->edges[graph->in[in].edge];
            if (is_word(graph, graph->in[in].from, edge))
                edge->to = GRAPH_NONE;
        }
    }
    free(pointed);
    close_up(graph);
}
