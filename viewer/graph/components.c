/* Cycles: strongly connected components of more than one node, and of one that holds itself; and where one is broken best.
 *
 * The edge to weaken. An edge whose loss leaves no cycle lies on every cycle, so on the first one that is found: a short way
 * around through the node that most of the others hold. Each of its edges is tried; what then still lies on cycles is counted
 * in bytes. If something does whatever is cut, all edges are tried. A try costs a pass over the component: as many are made as
 * the budget allows, and at least one. Among equals a person would rather change an attribute than a list's item or a pointer,
 * and the one that leads back to an older object: a child's to its parent.
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

/* The component alone, as a graph of its own: a try must not cost what the whole heap costs. */
struct weak_search {
    struct graph part;                         /* nodes: bytes, births, edges in both directions */
    uint32_t *places;                          /* by edge of the part: its place in the whole */
    struct strong strong;
    uint64_t left;                             /* bytes on cycles without the edge that is tried */
    uint32_t without;
};

static int by_number(const void *a, const void *b)
{
    return *(const uint32_t *)a < *(const uint32_t *)b ? -1 : *(const uint32_t *)a > *(const uint32_t *)b;
}

/* Members by number: a table of all nodes where they are many, else a search among those sorted. */
struct numbers {
    const uint32_t *members;
    uint32_t n;
    uint32_t *table;                           /* NULL: few */
};

static void numbers_init(struct numbers *numbers, const struct graph *graph, const uint32_t *members, uint32_t n)
{
    *numbers = (struct numbers){ members, n, NULL };
    if (n < graph->n / 64)
        return;
    numbers->table = xmalloc(graph->n * sizeof *numbers->table);
    memset(numbers->table, 0xff, graph->n * sizeof *numbers->table);
    for (uint32_t i = 0; i < n; i++)
        numbers->table[members[i]] = i;
}

/* The part's number of a node; GRAPH_NONE: it is outside. */
static uint32_t number_of(const struct numbers *numbers, uint32_t node)
{
    if (numbers->table)
        return numbers->table[node];
    const uint32_t *found = bsearch(&node, numbers->members, numbers->n, sizeof node, by_number);
    return found ? (uint32_t)(found - numbers->members) : GRAPH_NONE;
}

static void part_edges(struct weak_search *search, const struct graph *graph, const struct numbers *numbers)
{
    VEC(struct graph_edge_out) edges = { 0 };
    VEC(uint32_t) places = { 0 };
    for (uint32_t i = 0; i < numbers->n; i++) {
        uint32_t node = numbers->members[i];
        search->part.nodes[i].first = (uint32_t)edges.n;
        for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++) {
            struct graph_edge_out out = graph->edges[edge];
            uint32_t to = graph_edge_holds(&out) ? number_of(numbers, out.to) : GRAPH_NONE;
            if (to == GRAPH_NONE)
                continue;
            search->part.nodes[to].references++;
            out.to = to;
            vec_push(&edges, out);
            vec_push(&places, edge);
        }
    }
    search->part.nodes[numbers->n].first = search->part.n_edges = (uint32_t)edges.n;
    search->part.edges = edges.items;
    search->places = places.items;
}

static void part_init(struct weak_search *search, const struct graph *graph, const struct graph_components *components,
                      const struct graph_component *item)
{
    uint32_t *members = xmemdup(&components->members.items[item->first], item->n * sizeof *members);
    qsort(members, item->n, sizeof *members, by_number);
    search->part.n = item->n;
    search->part.nodes = xcalloc((size_t)item->n + 1, sizeof *search->part.nodes);
    for (uint32_t i = 0; i < item->n; i++) {
        search->part.nodes[i].bytes = graph->nodes[members[i]].bytes;
        search->part.nodes[i].born_ns = graph->nodes[members[i]].born_ns;
    }
    struct numbers numbers;
    numbers_init(&numbers, graph, members, item->n);
    part_edges(search, graph, &numbers);
    strong_init(&search->strong, &search->part, NULL);
    free(numbers.table);
    free(members);
}

static void part_release(struct weak_search *search)
{
    strong_release(&search->strong);
    free(search->part.nodes);
    free(search->part.edges);
    free(search->places);
}

static void count_left(void *context, const uint32_t *nodes, uint32_t n)
{
    struct weak_search *search = context;
    if (n == 1 && !strong_holds_itself(&search->part, nodes[0], search->without))
        return;
    for (uint32_t i = 0; i < n; i++)
        search->left += search->part.nodes[nodes[i]].bytes + 1;      /* nodes without bytes count as well */
}

static uint64_t left_without(struct weak_search *search, uint32_t edge)
{
    search->left = 0;
    search->without = edge;
    memset(search->strong.order, 0, search->part.n * sizeof *search->strong.order);
    for (uint32_t i = 0; i < search->part.n; i++)
        strong_from(&search->strong, i, edge, count_left, search);
    return search->left;
}

/* 0: what a person would make a weak reference first. */
static unsigned rank_of(const struct graph *part, uint32_t edge)
{
    switch (graph_edge_kind(&part->edges[edge])) {
    case HL_EDGE_ATTRIBUTE: case HL_EDGE_SLOT: case HL_EDGE_CELL: return 0;
    case HL_EDGE_VALUE: return 1;
    case HL_EDGE_KEY: case HL_EDGE_ITEM: case HL_EDGE_INDEX: case HL_EDGE_LOCAL: return 2;
    case HL_EDGE_OFFSET: case HL_EDGE_INSIDE: return 3;
    case HL_EDGE_CLASS: case HL_EDGE_PART: return 5;
    default: return 4;
    }
}

/* edge: of the part. */
static bool rather(const struct graph *part, const struct graph_in *a, const struct graph_in *b)
{
    unsigned x = rank_of(part, a->edge), y = rank_of(part, b->edge);
    bool a_back = part->nodes[part->edges[a->edge].to].born_ns < part->nodes[a->from].born_ns;
    bool b_back = part->nodes[part->edges[b->edge].to].born_ns < part->nodes[b->from].born_ns;
    return x != y ? x < y : a_back && !b_back;
}

/* The node that most edges lead to. */
static uint32_t hub_of(const struct graph *part)
{
    uint32_t hub = 0;
    for (uint32_t i = 1; i < part->n; i++)
        if (part->nodes[i].references > part->nodes[hub].references)
            hub = i;
    return hub;
}

struct ring VEC_FIELDS(struct graph_in);

/* The edges of a shortest way from the hub back to it, the last one first. Every node of a component leads to every other, so
 * there is one. */
static void ring_of(struct weak_search *search, struct ring *ring)
{
    const struct graph *part = &search->part;
    struct graph_in *by = xmalloc(part->n * sizeof *by);
    uint32_t hub = hub_of(part), head = 0, tail = 0, *queue = search->strong.stack;
    memset(by, 0xff, part->n * sizeof *by);
    queue[tail++] = hub;
    while (by[hub].edge == GRAPH_NONE && head < tail) {
        uint32_t node = queue[head++];
        for (uint32_t edge = part->nodes[node].first; edge < part->nodes[node + 1].first; edge++) {
            uint32_t to = part->edges[edge].to;
            if (by[to].edge != GRAPH_NONE)
                continue;
            by[to] = (struct graph_in){ node, edge };
            if (to != hub)
                queue[tail++] = to;
        }
    }
    uint32_t at = hub;
    do {
        vec_push(ring, by[at]);
        at = by[at].from;
    } while (at != hub);
    free(by);
}

struct choice { struct graph_in best; uint64_t left; };

static void try_edge(struct weak_search *search, struct choice *choice, struct graph_in edge)
{
    uint64_t left = left_without(search, edge.edge);
    if (left > choice->left || (left == choice->left && !rather(&search->part, &edge, &choice->best)))
        return;
    *choice = (struct choice){ edge, left };
}

uint32_t graph_weakest(const struct graph *graph, const struct graph_components *components, size_t component)
{
    struct weak_search search = { 0 };
    struct ring ring = { 0 };
    part_init(&search, graph, components, &components->items.items[component]);
    ring_of(&search, &ring);
    uint64_t cost = (uint64_t)search.part.n + search.part.n_edges;
    struct choice choice = { ring.items[0], UINT64_MAX };
    for (size_t i = 0; i < ring.n && (i == 0 || (i + 1) * cost <= BUDGET); i++)
        try_edge(&search, &choice, ring.items[i]);
    if (choice.left && search.part.n_edges * cost <= BUDGET)
        for (uint32_t from = 0; from < search.part.n; from++)
            for (uint32_t edge = search.part.nodes[from].first; edge < search.part.nodes[from + 1].first; edge++)
                try_edge(&search, &choice, (struct graph_in){ from, edge });
    uint32_t place = search.places[choice.best.edge];
    vec_release(&ring);
    part_release(&search);
    return place;
}
