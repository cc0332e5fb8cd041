/* Tarjan's method with one number a node, as Pearce found: its order, lowered to the lowest one that it leads to. A node that
 * was not lowered begins its component.
 *
 * No recursion: nodes on the way stand at the bottom of one array, those that wait for the beginning of their component at its
 * top; a node is never in both, so one array of n is enough. 12 bytes and a bit a node, O(n + m). */
#include "strong.h"

#include "../base/xalloc.h"

void strong_init(struct strong *strong, const struct graph *graph, const uint8_t *set)
{
    size_t n = graph->n;
    *strong = (struct strong){ graph, xmalloc(n * sizeof(uint32_t)), xmalloc(n * sizeof(uint32_t)), xmalloc(n * sizeof(uint32_t)),
                               xcalloc(n / 64 + 1, sizeof(uint64_t)) };
    for (size_t i = 0; i < n; i++)
        strong->order[i] = !set || set[i] ? 0 : STRONG_DONE;
}

void strong_release(struct strong *strong)
{
    free(strong->order);
    free(strong->edge);
    free(strong->stack);
    free(strong->lowered);
}

bool strong_holds_itself(const struct graph *graph, uint32_t node, uint32_t without)
{
    for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++)
        if (graph->edges[edge].to == node && edge != without && graph_edge_holds(&graph->edges[edge]))
            return true;
    return false;
}

struct walk {
    struct strong *strong;
    uint32_t way, open;                        /* how many on the way; place of the last that waits for its beginning */
    uint32_t order;                            /* the last one given: they begin at 1 */
    uint32_t without;
};

static void enter(struct walk *walk, uint32_t node)
{
    struct strong *strong = walk->strong;
    strong->order[node] = ++walk->order;
    strong->edge[node] = strong->graph->nodes[node].first;
    strong->lowered[node / 64] &= ~(UINT64_C(1) << (node % 64));
    strong->stack[walk->way++] = node;
}

/* The node to enter next from `node`; GRAPH_NONE: its edges are through. The edge to one that was entered is looked at once
 * more afterwards, to be lowered by it. */
static uint32_t next_from(struct walk *walk, uint32_t node)
{
    struct strong *strong = walk->strong;
    uint32_t *order = strong->order, end = strong->graph->nodes[node + 1].first;
    for (uint32_t edge = strong->edge[node]; edge < end; edge++) {
        const struct graph_edge_out *out = &strong->graph->edges[edge];
        if (order[out->to] == STRONG_DONE || edge == walk->without || !graph_edge_holds(out))
            continue;
        if (order[out->to] == 0) {
            strong->edge[node] = edge;
            return out->to;
        }
        if (order[out->to] < order[node]) {
            order[node] = order[out->to];
            strong->lowered[node / 64] |= UINT64_C(1) << (node % 64);
        }
    }
    return GRAPH_NONE;
}

static void leave(struct walk *walk, uint32_t node, strong_fn *fn, void *context)
{
    struct strong *strong = walk->strong;
    uint32_t first = walk->open, order = strong->order[node];
    walk->way--;
    strong->stack[--walk->open] = node;
    if (strong->lowered[node / 64] >> (node % 64) & 1)
        return;
    for (; first < strong->graph->n && strong->order[strong->stack[first]] >= order; first++)
        strong->order[strong->stack[first]] = STRONG_DONE;
    strong->order[node] = STRONG_DONE;
    fn(context, &strong->stack[walk->open], first - walk->open);
    walk->open = first;
}

void strong_from(struct strong *strong, uint32_t start, uint32_t without, strong_fn *fn, void *context)
{
    struct walk walk = { .strong = strong, .open = strong->graph->n, .without = without };
    if (strong->order[start] != 0)
        return;
    enter(&walk, start);
    while (walk.way) {
        uint32_t node = strong->stack[walk.way - 1], next = next_from(&walk, node);
        if (next != GRAPH_NONE)
            enter(&walk, next);
        else
            leave(&walk, node, fn, context);
    }
}
