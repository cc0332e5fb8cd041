/* The chain that a person would tell: the cheapest way from node 0, where what explains is cheap and what leads everywhere is
 * dear.
 *
 *   2  an attribute, a slot, a local variable, an item, a dict's key; a root of the interpreter; a variable of the program that
 *   holds native memory
 *   1  what belongs to an object: "__dict__", "__closure__". It is no step of its own to anybody who tells the way
 *   6  a pointer to a beginning: where native memory is all there is, all cost the same, so that the fewest win
 *   8  a C variable that holds a Python object: rather by way of its module
 *  10  a pointer into the inside         12  on a frame's value stack, gone a moment later
 *  24  "__globals__", "__builtins__", "__mro__" and an object's class: every function leads to its module, every object to all
 *  that its class's methods see
 * 100  a word of a stack, of a frame's or of a register: a chain of some fifty names is better
 *
 * Costs are small whole numbers, so the open nodes stand in one list per cost (Dial's form of Dijkstra's method): O(n + m). 8
 * bytes a node and 4 for each time that one is reached more cheaply.
 */
#include "../base/xalloc.h"
#include "ways.h"

#include <string.h>

#define DEAREST 100u
#define LISTS 128u                             /* a power of two above DEAREST */

static const uint8_t costs[WAYS] = {
    [WAY_NAME] = 2, [WAY_PLAIN] = 1, [WAY_POINTER] = 6, [WAY_INSIDE] = 10, [WAY_PASSING] = 12, [WAY_DETOUR] = 24,
    [WAY_CLASS] = 24, [WAY_START] = 2, [WAY_GLOBAL] = 2, [WAY_STALE] = DEAREST,
};
#define COST_GLOBAL_OBJECT 8u

struct tour {
    const struct graph *graph;
    struct graph_ways ways;
    uint32_t *cost;                            /* by node: the smallest known; GRAPH_NONE: none */
    uint32_t *by;                              /* the edge of it */
    VEC(uint32_t) open[LISTS];
    uint32_t now;
    size_t n_open;
};

static inline void reach(struct tour *tour, uint32_t to, uint32_t edge, uint32_t cost)
{
    if (tour->now + cost >= tour->cost[to])
        return;
    tour->cost[to] = tour->now + cost;
    tour->by[to] = edge;
    vec_push(&tour->open[(tour->now + cost) % LISTS], to);
    tour->n_open++;
}

static uint32_t root_cost(const struct graph *graph, const struct graph_edge_out *edge)
{
    enum graph_way way = graph_way_of_root(graph, edge);
    return way == WAY_GLOBAL && graph->nodes[edge->to].sort == GRAPH_PYTHON ? COST_GLOBAL_OBJECT : costs[way];
}

/* A word of a frame that has no name lies where its values in use may be: as good as a word of a stack. */
static bool is_frame(const struct graph *graph, uint32_t node)
{
    return graph->nodes[node].sort == GRAPH_FRAME ||
           (graph->nodes[node].sort == GRAPH_PYTHON && strcmp(graph_type_of(graph, node)->name, "frame") == 0);
}

static uint32_t edge_cost(const struct tour *tour, uint32_t node, const struct graph_edge_out *edge)
{
    enum graph_way way = graph_way_of(&tour->ways, edge);
    return (way == WAY_POINTER || way == WAY_INSIDE) && is_frame(tour->graph, node) ? costs[WAY_STALE] : costs[way];
}

static void go_on_from(struct tour *tour, uint32_t node)
{
    const struct graph *graph = tour->graph;
    for (uint32_t place = graph->nodes[node].first; place < graph->nodes[node + 1].first; place++) {
        const struct graph_edge_out *edge = &graph->edges[place];
        if (graph_edge_holds(edge))
            reach(tour, edge->to, place, node == 0 ? root_cost(graph, edge) : edge_cost(tour, node, edge));
    }
}

/* The cheapest node of the set; GRAPH_NONE: nothing leads to any. Without a set it goes everywhere. */
static uint32_t travel(struct tour *tour, const uint8_t *set)
{
    tour->cost[0] = 0;
    go_on_from(tour, 0);
    for (; tour->n_open; tour->now++)
        for (size_t list = tour->now % LISTS; tour->open[list].n;) {
            uint32_t node = vec_pop(&tour->open[list]);
            tour->n_open--;
            if (tour->cost[node] != tour->now)
                continue;                      /* it was reached more cheaply since */
            if (set && set[node])
                return node;
            go_on_from(tour, node);
        }
    return GRAPH_NONE;
}

static void tell(struct graph_path *path, const struct tour *tour, uint32_t node)
{
    for (; node; node = graph_edge_owner(tour->graph, tour->by[node]))
        vec_push(&path->steps, ((struct graph_step){ node, tour->by[node] }));
    vec_push(&path->steps, ((struct graph_step){ 0, GRAPH_NONE }));
    for (size_t i = 0, j = path->steps.n - 1; i < j; i++, j--) {
        struct graph_step step = path->steps.items[i];
        path->steps.items[i] = path->steps.items[j];
        path->steps.items[j] = step;
    }
}

static void begin(struct tour *tour, const struct graph *graph)
{
    *tour = (struct tour){ .graph = graph, .cost = xmalloc(graph->n * sizeof(uint32_t)),
                           .by = xmalloc(graph->n * sizeof(uint32_t)) };
    memset(tour->cost, 0xff, graph->n * sizeof(uint32_t));
    graph_ways_init(&tour->ways, graph);
}

static void end(struct tour *tour)
{
    for (size_t i = 0; i < LISTS; i++)
        vec_release(&tour->open[i]);
    graph_ways_release(&tour->ways);
    free(tour->cost);
}

bool graph_chain(struct graph_path *path, const struct graph *graph, const uint8_t *set)
{
    struct tour tour;
    begin(&tour, graph);
    *path = (struct graph_path){ 0 };
    uint32_t node = travel(&tour, set);
    if (node != GRAPH_NONE)
        tell(path, &tour, node);
    end(&tour);
    free(tour.by);
    return node != GRAPH_NONE;
}

uint32_t *graph_chains(const struct graph *graph)
{
    struct tour tour;
    begin(&tour, graph);
    memset(tour.by, 0xff, graph->n * sizeof(uint32_t));
    travel(&tour, NULL);
    end(&tour);
    return tour.by;
}
