/* A page of a large graph holds what a person may want to see of it: who holds much, and how it is held. The dominators and the shortest way of whatever is in it are in it
 * too, so that trees and paths have no gaps. */
#include "graph_html_parts.h"

#include "../base/xalloc.h"

#define NEIGHBOURS_OF 1000                 /* of so many selected nodes neighbours are wanted, */
#define NEIGHBOURS 20                      /* so many each */

struct heap {                              /* the largest seen so far; the smallest of them on top */
    const struct graph *graph;
    VEC(uint32_t) items;
    size_t most;
};

/* Retains less, or as much and has the larger number: a dominator stands before what it dominates where numbers do not say otherwise. */
static bool is_less(const struct graph *graph, uint32_t a, uint32_t b)
{
    return graph->retained[a] != graph->retained[b] ? graph->retained[a] < graph->retained[b] : a > b;
}

static void sink(struct heap *heap, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < heap->items.n; at = child) {
        uint32_t *items = heap->items.items;
        if (child + 1 < heap->items.n && is_less(heap->graph, items[child + 1], items[child]))
            child++;
        if (!is_less(heap->graph, items[child], items[at]))
            return;
        uint32_t moved = items[at];
        items[at] = items[child];
        items[child] = moved;
    }
}

static void offer(struct heap *heap, uint32_t node)
{
    if (heap->items.n < heap->most) {
        vec_push(&heap->items, node);
        for (size_t i = heap->items.n == heap->most ? heap->most / 2 + 1 : 0; i-- > 0;)
            sink(heap, i);
    } else if (heap->most && is_less(heap->graph, heap->items.items[0], node)) {
        heap->items.items[0] = node;
        sink(heap, 0);
    }
}

/* Largest first: each that leaves the heap goes behind those that stay. */
static void sort(struct heap *heap)
{
    size_t n = heap->items.n;
    for (size_t i = n / 2 + 1; i-- > 0;)
        sink(heap, i);
    while (heap->items.n > 1) {
        uint32_t least = heap->items.items[0];
        heap->items.items[0] = vec_last(&heap->items);
        heap->items.n--;
        sink(heap, 0);
        heap->items.items[heap->items.n] = least;
    }
    heap->items.n = n;
}

static void find_largest(struct heap *heap, const uint8_t *set, size_t most, uint64_t *seen)
{
    heap->most = most;
    for (uint32_t node = 1; node < heap->graph->n; node++)
        if (!set || set[node]) {
            offer(heap, node);
            *seen += 1;
        }
    sort(heap);
}

struct queue VEC_FIELDS(uint32_t);

static void reach(const struct graph *graph, uint32_t *up, struct queue *queue, uint32_t from, uint32_t edge)
{
    const struct graph_edge_out *out = &graph->edges[edge];
    if (out->to == 0 || up[out->to] != GRAPH_NONE || (from && !graph_edge_holds(out)))
        return;
    up[out->to] = from;
    vec_push(queue, out->to);
}

/* Roots with a name come first, and all that they lead to. */
static uint32_t *find_ways(const struct graph *graph)
{
    uint32_t *up = xmalloc((graph->n + 1) * sizeof *up);
    struct queue queue = { 0 };
    memset(up, 0xff, (graph->n + 1) * sizeof *up);
    size_t head = 0;
    for (int named = 1; named >= 0; named--) {
        for (uint32_t e = graph->nodes[0].first; e < graph->nodes[1].first; e++)
            if (graph->roots[graph->edges[e].value].named == named)
                reach(graph, up, &queue, 0, e);
        while (head < queue.n) {
            uint32_t node = queue.items[head++];
            for (uint32_t e = graph->nodes[node].first; e < graph->nodes[node + 1].first; e++)
                reach(graph, up, &queue, node, e);
        }
    }
    vec_release(&queue);
    return up;
}

static void put(struct html_pick *pick, uint32_t node)
{
    if (node == GRAPH_NONE || pick->place[node] != GRAPH_NONE)
        return;
    pick->place[node] = (uint32_t)pick->nodes.n;
    vec_push(&pick->nodes, node);
}

/* With all that dominates it and leads to it. */
static void add(struct html_pick *pick, const struct graph *graph, uint32_t node)
{
    size_t first = pick->nodes.n;
    put(pick, node);
    for (size_t i = first; i < pick->nodes.n; i++) {
        uint32_t added = pick->nodes.items[i];
        put(pick, graph->dominator[added]);
        put(pick, pick->up[added]);
    }
}

static void add_neighbours(struct html_pick *pick, const struct graph *graph, uint32_t node)
{
    const struct graph_node *self = &graph->nodes[node];
    for (uint32_t e = self->first, n = 0; e < self[1].first && n < NEIGHBOURS; e++, n++)
        add(pick, graph, graph->edges[e].to);
    for (uint32_t i = self->first_in, n = 0; i < self[1].first_in && n < NEIGHBOURS; i++, n++)
        add(pick, graph, graph->in[i].from);
}

static void add_selection(struct html_pick *pick, const struct graph *graph, const uint8_t *set, uint32_t most)
{
    struct heap heap = { .graph = graph };
    find_largest(&heap, set, most / 2 ? most / 2 : 1, &pick->selected);
    for (size_t i = 0; i < heap.items.n && (i == 0 || pick->nodes.n < most); i++) {
        add(pick, graph, heap.items.items[i]);
        vec_push(&pick->selection, heap.items.items[i]);
    }
    for (size_t i = 0; i < pick->selection.n && i < NEIGHBOURS_OF && pick->nodes.n < most; i++)
        add_neighbours(pick, graph, pick->selection.items[i]);
    vec_release(&heap.items);
}

static int compare_nodes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void html_pick(struct html_pick *pick, const struct graph *graph, const struct graph_html_options *options)
{
    uint32_t most = options->nodes ? options->nodes : GRAPH_HTML_NODES;
    struct heap heap = { .graph = graph };
    uint64_t seen = 0;
    memset(pick, 0, sizeof *pick);
    pick->place = xmalloc((graph->n + 1) * sizeof *pick->place);
    memset(pick->place, 0xff, (graph->n + 1) * sizeof *pick->place);
    pick->up = find_ways(graph);
    put(pick, 0);
    if (options->set)
        add_selection(pick, graph, options->set, most);
    find_largest(&heap, NULL, most, &seen);
    for (size_t i = 0; i < heap.items.n && pick->nodes.n <= most; i++)
        add(pick, graph, heap.items.items[i]);
    vec_release(&heap.items);
    vec_sort(&pick->nodes, compare_nodes);
    for (uint32_t place = 0; place < pick->nodes.n; place++)
        pick->place[pick->nodes.items[place]] = place;
}

void html_pick_release(struct html_pick *pick)
{
    free(pick->place);
    free(pick->up);
    vec_release(&pick->nodes);
    vec_release(&pick->selection);
}
