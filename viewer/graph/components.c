/* Cycles: strongly connected components of more than one node, and of one that holds itself; and where one is broken best.
 *
 * The edge to weaken. An edge whose loss leaves no cycle lies on every cycle, so on the first one that is found: a short way around through the node that most of
 * the others hold. Each of its edges is tried; what then still lies on cycles is counted in bytes. A try costs a pass over the component: as many are made as the budget
 * allows, and at least one. Among equals a person would rather change an attribute than a list's item or a pointer, and the one that leads back to an older object: a
 * child's to its parent.
 */
#include "../base/xalloc.h"
#include "strong.h"

#define BUDGET UINT64_C(20000000)              /* edges looked at, over all tries */

static void keep_component(void *context, const uint32_t *nodes, uint32_t n)
{
    struct { struct graph_components *components; const struct graph *graph; } *kept = context;
    if (n == 1 && !strong_holds_itself(kept->graph, nodes[0], GRAPH_NONE))
        return;
    struct graph_component component = { (uint32_t)kept->components->members.n, n, 0 };
    for (uint32_t i = 0; i < n; i++)
        component.bytes += kept->graph->nodes[nodes[i]].bytes;
    vec_append(&kept->components->members, nodes, n);
    vec_push(&kept->components->items, component);
}

static int by_bytes(const void *a, const void *b)
{
    const struct graph_component *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

void graph_components(struct graph_components *components, const struct graph *graph, const uint8_t *set)
{
    struct { struct graph_components *components; const struct graph *graph; } kept = { components, graph };
    struct strong strong;
    *components = (struct graph_components){ 0 };
    strong_init(&strong, graph, set);
    for (uint32_t node = 0; node < graph->n; node++)
        strong_from(&strong, node, GRAPH_NONE, keep_component, &kept);
    strong_release(&strong);
    vec_sort(&components->items, by_bytes);
}

void graph_components_release(struct graph_components *components)
{
    vec_release(&components->items);
    vec_release(&components->members);
}

/* ---- the weakest edge ---- */

struct weak_search {
    struct strong strong;                      /* only the component's nodes take part */
    const uint32_t *members;
    uint32_t n;
    uint32_t *by;                              /* by node: the edge by which the way around came to it; STRONG_DONE: not yet */
    uint64_t left;                             /* bytes on cycles without the edge that is tried */
    uint32_t without;
};

static void count_left(void *context, const uint32_t *nodes, uint32_t n)
{
    struct weak_search *search = context;
    const struct graph *graph = search->strong.graph;
    if (n == 1 && !strong_holds_itself(graph, nodes[0], search->without))
        return;
    for (uint32_t i = 0; i < n; i++)
        search->left += graph->nodes[nodes[i]].bytes + 1;      /* nodes without bytes count as well */
}

static uint64_t left_without(struct weak_search *search, uint32_t edge)
{
    search->left = 0;
    search->without = edge;
    for (uint32_t i = 0; i < search->n; i++)
        search->strong.order[search->members[i]] = 0;
    for (uint32_t i = 0; i < search->n; i++)
        strong_from(&search->strong, search->members[i], edge, count_left, search);
    return search->left;
}

/* 0: what a person would make a weak reference first. */
static unsigned rank_of(const struct graph *graph, const struct graph_in *edge)
{
    switch (graph_edge_kind(&graph->edges[edge->edge])) {
    case HL_EDGE_ATTRIBUTE: case HL_EDGE_SLOT: case HL_EDGE_CELL: return 0;
    case HL_EDGE_VALUE: return 1;
    case HL_EDGE_KEY: case HL_EDGE_ITEM: case HL_EDGE_INDEX: case HL_EDGE_LOCAL: return 2;
    case HL_EDGE_OFFSET: case HL_EDGE_INSIDE: return 3;
    case HL_EDGE_CLASS: case HL_EDGE_PART: return 5;
    default: return 4;
    }
}

static bool leads_back(const struct graph *graph, const struct graph_in *edge)
{
    return graph->nodes[graph->edges[edge->edge].to].born_ns < graph->nodes[edge->from].born_ns;
}

static bool rather(const struct graph *graph, const struct graph_in *a, const struct graph_in *b)
{
    unsigned x = rank_of(graph, a), y = rank_of(graph, b);
    return x != y ? x < y : leads_back(graph, a) && !leads_back(graph, b);
}

static inline bool takes_part(const struct weak_search *search, uint32_t node) { return search->strong.order[node] == 0; }

/* The member that most others of them hold. */
static uint32_t hub_of(const struct weak_search *search, uint64_t *edges)
{
    const struct graph *graph = search->strong.graph;
    uint32_t hub = search->members[0], most = 0;
    for (uint32_t i = 0; i < search->n; i++) {
        uint32_t node = search->members[i], held = 0;
        for (uint32_t in = graph->nodes[node].first_in; in < graph->nodes[node + 1].first_in; in++)
            held += takes_part(search, graph->in[in].from) && graph_edge_holds(&graph->edges[graph->in[in].edge]);
        *edges += held;
        if (held > most) {
            most = held;
            hub = node;
        }
    }
    return hub;
}

struct ring VEC_FIELDS(struct graph_in);

/* The edges of a shortest way from the hub back to it, the last one first. */
static void ring_of(struct weak_search *search, uint32_t hub, struct ring *ring)
{
    const struct graph *graph = search->strong.graph;
    uint32_t *queue = search->strong.stack, head = 0, tail = 0;
    for (uint32_t i = 0; i < search->n; i++)
        search->by[search->members[i]] = GRAPH_NONE;
    queue[tail++] = hub;
    while (search->by[hub] == GRAPH_NONE) {
        uint32_t node = queue[head++];
        for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++) {
            uint32_t to = graph->edges[edge].to;
            if (!takes_part(search, to) || search->by[to] != GRAPH_NONE || !graph_edge_holds(&graph->edges[edge]))
                continue;
            search->by[to] = edge;
            search->strong.edge[to] = node;    /* from whom; the pass sets it anew */
            if (to != hub)
                queue[tail++] = to;
        }
    }
    uint32_t at = hub;
    do {
        vec_push(ring, ((struct graph_in){ search->strong.edge[at], search->by[at] }));
        at = search->strong.edge[at];
    } while (at != hub);
}

uint32_t graph_weakest(const struct graph *graph, const struct graph_components *components, size_t component)
{
    const struct graph_component *item = &components->items.items[component];
    struct weak_search search = { .members = &components->members.items[item->first], .n = item->n };
    struct ring ring = { 0 };
    uint64_t edges = item->n, best_left = UINT64_MAX;
    strong_init(&search.strong, graph, NULL);
    memset(search.strong.order, 0xff, (size_t)graph->n * sizeof *search.strong.order);
    for (uint32_t i = 0; i < item->n; i++)
        search.strong.order[search.members[i]] = 0;
    search.by = xmalloc((size_t)graph->n * sizeof *search.by);
    ring_of(&search, hub_of(&search, &edges), &ring);
    struct graph_in best = ring.items[0];
    for (size_t i = 0; i < ring.n && (i == 0 || (i + 1) * edges <= BUDGET); i++) {
        uint64_t left = left_without(&search, ring.items[i].edge);
        if (left > best_left || (left == best_left && !rather(graph, &ring.items[i], &best)))
            continue;
        best = ring.items[i];
        best_left = left;
    }
    vec_release(&ring);
    free(search.by);
    strong_release(&search.strong);
    return best.edge;
}
