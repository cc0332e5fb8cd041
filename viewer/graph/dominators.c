/* Who alone holds what: immediate dominators by the semi-NCA method, and from them retained bytes.
 *
 *   1. Depth first from node 0: nodes get numbers in the order in which they are met, each its parent in the tree of the search.
 *   2. From the last number to the first: the semidominator of a node is the smallest number from which a path leads to it
 *   whose inner nodes all have larger ones
 *      than itself. Predecessors with larger numbers are linked to their parents by then; what is smallest along such a chain
 *      is found once and the chain made short.
 *   3. From the first to the last: the dominator is the nearest one among the parent and its dominators whose number is not
 *   above the semidominator.
 *
 * No recursion: the parents are the stack of the search, chains are unwound on a stack of their own. O(m log n) at worst, in
 * heaps about m + n. 28 bytes a node while it works (stack of chains: 4 more at worst), of which 12 remain: dominator and
 * retained. One bit a node says who has weak references, so that only those pay for a look at each edge's kind from behind.
 */
#include "graph.h"

#include "../base/xalloc.h"

struct link { uint32_t ancestor, best; };      /* by number: towards the root; the smallest semidominator on the chain so far */

struct search {
    const struct graph *graph;
    uint32_t *number;                          /* by node; GRAPH_NONE: not reached. Becomes graph->dominator */
    uint32_t *node;                            /* by number, as all that follows */
    uint32_t *dominator;                       /* parents at first */
    uint32_t *semi;                            /* while searching: the next edge to look at */
    struct link *links;
    uint32_t n;                                /* reached */
    uint64_t *weak;                            /* bits by node: it has edges that do not hold */
    VEC(uint32_t) chain;
};

static void note_weak(struct search *search)
{
    const struct graph *graph = search->graph;
    search->weak = xcalloc((size_t)graph->n / 64 + 1, sizeof *search->weak);
    for (uint32_t node = 0; node < graph->n; node++)
        for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++)
            if (!graph_edge_holds(&graph->edges[edge]))
                search->weak[node / 64] |= UINT64_C(1) << (node % 64);
}

static inline void meet(struct search *search, uint32_t node, uint32_t parent)
{
    uint32_t number = search->n++;
    search->number[node] = number;
    search->node[number] = node;
    search->dominator[number] = parent;
    search->semi[number] = search->graph->nodes[node].first;
}

/* Step 1. */
static void number_nodes(struct search *search)
{
    const struct graph *graph = search->graph;
    uint32_t at = 0;
    meet(search, 0, 0);
    for (;;) {
        uint32_t edge = search->semi[at], end = graph->nodes[search->node[at] + 1].first;
        while (edge < end && (search->number[graph->edges[edge].to] != GRAPH_NONE || !graph_edge_holds(&graph->edges[edge])))
            edge++;
        if (edge < end) {
            search->semi[at] = edge + 1;
            meet(search, graph->edges[edge].to, at);
            at = search->n - 1;
        } else if (at == 0) {
            return;
        } else {
            at = search->dominator[at];
        }
    }
}

/* The smallest semidominator from `number` up to, not including, the first one that is not linked: those up to `last`. */
static uint32_t best_of(struct search *search, uint32_t number, uint32_t last)
{
    struct link *links = search->links;
    if (number <= last || links[number].ancestor <= last)
        return links[number].best;
    vec_clear(&search->chain);
    for (uint32_t at = number; links[at].ancestor > last; at = links[at].ancestor)
        vec_push(&search->chain, at);
    while (search->chain.n) {
        uint32_t at = vec_pop(&search->chain);
        const struct link *above = &links[links[at].ancestor];
        if (above->best < links[at].best)
            links[at].best = above->best;
        links[at].ancestor = above->ancestor;
    }
    return links[number].best;
}

/* Step 2. A node counts as linked once the loop has passed it. */
static void find_semidominators(struct search *search)
{
    const struct graph *graph = search->graph;
    search->links = xmalloc((size_t)search->n * sizeof *search->links);
    for (uint32_t i = 0; i < search->n; i++)
        search->links[i] = (struct link){ search->dominator[i], i };
    for (uint32_t i = search->n - 1; i > 0; i--) {
        uint32_t node = search->node[i], semi = search->dominator[i];
        for (uint32_t in = graph->nodes[node].first_in; in < graph->nodes[node + 1].first_in; in++) {
            uint32_t from = graph->in[in].from, number = search->number[from];
            if (number == GRAPH_NONE ||
                (search->weak[from / 64] >> (from % 64) & 1 && !graph_edge_holds(&graph->edges[graph->in[in].edge])))
                continue;
            uint32_t best = best_of(search, number, i);
            if (best < semi)
                semi = best;
        }
        search->semi[i] = search->links[i].best = semi;
    }
}

/* Step 3, and from numbers back to nodes. */
static void find_dominators(struct search *search)
{
    for (uint32_t i = 1; i < search->n; i++) {
        uint32_t at = search->dominator[i];
        while (at > search->semi[i])
            at = search->dominator[at];
        search->dominator[i] = at;
    }
    for (uint32_t i = 0; i < search->n; i++)
        search->number[search->node[i]] = search->node[search->dominator[i]];
}

static uint64_t *sum_retained(const struct search *search)
{
    uint64_t *retained = xmalloc((size_t)search->graph->n * sizeof *retained);
    for (uint32_t node = 0; node < search->graph->n; node++)
        retained[node] = search->graph->nodes[node].bytes;
    for (uint32_t i = search->n - 1; i > 0; i--)
        retained[search->node[search->dominator[i]]] += retained[search->node[i]];
    return retained;
}

void graph_dominate(struct graph *graph)
{
    if (graph->dominator)
        return;
    size_t n = graph->n;
    struct search search = { .graph = graph, .number = xmalloc(n * sizeof(uint32_t)), .node = xmalloc(n * sizeof(uint32_t)),
                             .dominator = xmalloc(n * sizeof(uint32_t)), .semi = xmalloc(n * sizeof(uint32_t)) };
    memset(search.number, 0xff, n * sizeof(uint32_t));
    note_weak(&search);
    number_nodes(&search);
    find_semidominators(&search);
    free(search.links);
    free(search.weak);
    vec_release(&search.chain);
    find_dominators(&search);
    free(search.semi);
    graph->retained = sum_retained(&search);
    graph->dominator = search.number;
    free(search.node);
    free(search.dominator);
}

/* Everything that node 0 leads to without passing `set`: 1 in *seen. */
static uint8_t *reach_around(const struct graph *graph, const uint8_t *set)
{
    uint8_t *seen = xcalloc(graph->n, 1);
    VEC(uint32_t) open = { 0 };
    if (!set[0]) {
        seen[0] = 1;
        vec_push(&open, 0);
    }
    while (open.n) {
        uint32_t node = vec_pop(&open);
        for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++) {
            uint32_t to = graph->edges[edge].to;
            if (seen[to] || set[to] || !graph_edge_holds(&graph->edges[edge]))
                continue;
            seen[to] = 1;
            vec_push(&open, to);
        }
    }
    vec_release(&open);
    return seen;
}

uint64_t graph_retained_by(struct graph *graph, const uint8_t *set, uint64_t *nodes)
{
    uint64_t bytes = 0, count = 0;
    graph_dominate(graph);
    uint8_t *seen = reach_around(graph, set);
    for (uint32_t node = 1; node < graph->n; node++)
        if (set[node] || (!seen[node] && graph->dominator[node] != GRAPH_NONE)) {
            bytes += graph->nodes[node].bytes;
            count++;
        }
    free(seen);
    if (nodes)
        *nodes = count;
    return bytes;
}
