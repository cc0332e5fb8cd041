/* The fewest edges to cut so that nothing leads to a set any more: a smallest cut between node 0 and the set, by Dinic's method.
 *
 * What a cut costs says who could make it. An attribute, an item, a local variable: 1, one line of the program. A pointer or a
 * variable in C: 2, wherever it points, so that among pointers it is still the number that counts. A word of a stack, or on a
 * frame's value stack: 64, it goes by itself but cannot be told to; as much for a name of a module, class or function: to lose
 * half the program frees everything and helps nobody. What belongs to an object ("__dict__"), an object's class, a module by
 * its functions, and where the interpreter begins can not be cut at all.
 *
 * Of several smallest cuts it is the one next to the set: that frees what was asked for and little else. So the search goes
 * backwards from the set: levels are distances to it, and the last round, which does not come to node 0 any more, ends at the
 * cut and has seen only what lies behind it. Flow then goes forwards from node 0 down the levels. Rounds are few (as many as
 * there are different lengths of ways that count), each O(n + m), and more only where ways cross much; above WORK it is given
 * up. 17 bytes a node and 5 an edge while it works.
 */
#include "../base/xalloc.h"
#include "ways.h"

#include <errno.h>
#include <stdio.h>

#define WORK UINT64_C(3000000000)              /* edges looked at: half a minute */
#define NEVER (UINT32_C(1) << 30)              /* more than any flow */
#define MOST_FLOW (UINT32_C(1) << 28)

static const uint32_t capacities[WAYS] = {
    [WAY_NAME] = 1, [WAY_PLAIN] = NEVER, [WAY_POINTER] = 2, [WAY_INSIDE] = 2, [WAY_PASSING] = 64, [WAY_DETOUR] = NEVER,
    [WAY_CLASS] = NEVER, [WAY_START] = NEVER, [WAY_GLOBAL] = 2, [WAY_STALE] = 64, [WAY_WEAK] = 0,
};

struct hop { uint32_t edge; uint32_t from, to; bool back; };   /* back: against an edge's direction, from its target */

struct flow {
    const struct graph *graph;
    const uint8_t *set;
    uint8_t *way;                              /* by edge: enum graph_way */
    uint32_t *pushed;                          /* by edge */
    uint32_t *level;                           /* by node: 1 the set, then distances; 0: not seen */
    uint32_t *next;                            /* by node: the edge to try next, first those out of it, then those into it */
    uint32_t *queue;
    uint32_t seen;                             /* how many stand in the queue */
    uint64_t work, sum;
    VEC(struct hop) hops;
};

/* Bytes by type: 1 where the objects are what a program is made of. */
static uint8_t *note_makings(const struct graph *graph)
{
    static const char *const makings[] = { "module", "type", "function", "code", "frame", "ABCMeta", "EnumType", "EnumMeta" };
    uint8_t *noted = xcalloc(graph->n_types, 1);
    for (uint32_t type = 0; type < graph->n_types; type++)
        for (size_t i = 0; i < sizeof makings / sizeof *makings && graph->types[type].sort == GRAPH_PYTHON; i++)
            noted[type] |= strcmp(graph->types[type].name, makings[i]) == 0;
    return noted;
}

static void flow_init(struct flow *flow, const struct graph *graph, const uint8_t *set)
{
    struct graph_ways ways;
    size_t n = graph->n;
    *flow = (struct flow){ .graph = graph, .set = set, .way = xmalloc(graph->n_edges),
                           .pushed = xcalloc(graph->n_edges, sizeof(uint32_t)), .level = xmalloc(n * sizeof(uint32_t)),
                           .next = xmalloc(n * sizeof(uint32_t)), .queue = xmalloc(n * sizeof(uint32_t)) };
    graph_ways_init(&ways, graph);
    uint8_t *makings = note_makings(graph);
    for (uint32_t place = 0; place < graph->n_edges; place++) {
        const struct graph_edge_out *edge = &graph->edges[place];
        enum graph_way way = place < graph->nodes[1].first ? graph_way_of_root(graph, edge) : graph_way_of(&ways, edge);
        flow->way[place] = (uint8_t)(way == WAY_NAME && makings[graph->nodes[edge->to].type] ? WAY_PASSING : way);
    }
    free(makings);
    graph_ways_release(&ways);
}

static void flow_release(struct flow *flow)
{
    free(flow->way);
    free(flow->pushed);
    free(flow->level);
    free(flow->next);
    free(flow->queue);
    vec_release(&flow->hops);
}

static inline uint32_t room_of(const struct flow *flow, uint32_t edge)
{
    return capacities[flow->way[edge]] - flow->pushed[edge];
}

static inline void see(struct flow *flow, uint32_t node, uint32_t level)
{
    if (flow->level[node])
        return;
    flow->level[node] = level;
    flow->next[node] = 0;
    flow->queue[flow->seen++] = node;
}

static void look_behind(struct flow *flow, uint32_t node)
{
    const struct graph_node *at = &flow->graph->nodes[node];
    for (uint32_t in = at->first_in; in < at[1].first_in; in++)
        if (room_of(flow, flow->graph->in[in].edge))
            see(flow, flow->graph->in[in].from, flow->level[node] + 1);
    for (uint32_t edge = at->first; edge < at[1].first; edge++)
        if (flow->pushed[edge])
            see(flow, flow->graph->edges[edge].to, flow->level[node] + 1);
    flow->work += at[1].first_in - at->first_in + at[1].first - at->first;
}

/* True: there is a way from node 0 to the set with room on all of it. */
static bool find_levels(struct flow *flow)
{
    flow->seen = 0;
    memset(flow->level, 0, flow->graph->n * sizeof *flow->level);
    for (uint32_t node = 1; node < flow->graph->n; node++)
        if (flow->set[node])
            see(flow, node, 1);
    for (uint32_t i = 0; i < flow->seen && !flow->level[0]; i++)
        look_behind(flow, flow->queue[i]);
    return flow->level[0] != 0;
}

/* The next hop from `node` one level down that has room. */
static bool find_hop(struct flow *flow, uint32_t node, struct hop *hop)
{
    const struct graph *graph = flow->graph;
    const struct graph_node *at = &graph->nodes[node];
    uint32_t out = at[1].first - at->first, all = out + at[1].first_in - at->first_in, below = flow->level[node] - 1;
    for (uint32_t *next = &flow->next[node]; *next < all; ++*next, flow->work++) {
        bool back = *next >= out;
        const struct graph_in *in = back ? &graph->in[at->first_in + *next - out] : NULL;
        uint32_t edge = back ? in->edge : at->first + *next, to = back ? in->from : graph->edges[edge].to;
        if (flow->level[to] != below || !(back ? flow->pushed[edge] : room_of(flow, edge)))
            continue;
        *hop = (struct hop){ edge, node, to, back };
        return true;
    }
    return false;
}

/* Fills the way that stands in hops as far as it goes, and steps back to before the first hop that is full then. Returns how
 * much. */
static uint32_t fill_way(struct flow *flow)
{
    uint32_t most = NEVER;
    for (size_t i = 0; i < flow->hops.n; i++) {
        const struct hop *hop = &flow->hops.items[i];
        uint32_t room = hop->back ? flow->pushed[hop->edge] : room_of(flow, hop->edge);
        if (room < most)
            most = room;
    }
    if (most > MOST_FLOW)
        return most;
    size_t full = flow->hops.n;
    for (size_t i = flow->hops.n; i-- > 0;) {
        const struct hop *hop = &flow->hops.items[i];
        flow->pushed[hop->edge] += hop->back ? -most : most;
        if (!(hop->back ? flow->pushed[hop->edge] : room_of(flow, hop->edge)))
            full = i;
    }
    flow->hops.n = full;
    return most;
}

/* One round: until no way down the levels has room. False: a way cannot be cut, or it is too much. */
static bool fill_levels(struct flow *flow)
{
    struct hop hop;
    vec_clear(&flow->hops);
    for (;;) {
        uint32_t node = flow->hops.n ? vec_last(&flow->hops).to : 0;
        if (flow->level[node] == 1) {
            uint32_t more = fill_way(flow);
            flow->sum += more;
            if (more > MOST_FLOW || flow->sum > MOST_FLOW || flow->work > WORK)
                return false;
        } else if (find_hop(flow, node, &hop)) {
            vec_push(&flow->hops, hop);
        } else if (flow->hops.n) {
            flow->next[vec_pop(&flow->hops).from]++;
        } else {
            return flow->work <= WORK;
        }
    }
}

/* The last round saw all from where there is still a way to the set, garbage that leads there included: cut are the edges
 * that come in from outside. */
static void take_cut(const struct flow *flow, struct graph *graph, struct graph_cut *cut)
{
    uint8_t *behind = xcalloc(graph->n, 1);
    for (uint32_t i = 0; i < flow->seen; i++) {
        uint32_t node = flow->queue[i];
        behind[node] = graph->dominator[node] != GRAPH_NONE;
        for (uint32_t in = graph->nodes[node].first_in; in < graph->nodes[node + 1].first_in; in++) {
            const struct graph_in *edge = &graph->in[in];
            if (!flow->level[edge->from] && flow->way[edge->edge] != WAY_WEAK)
                vec_push(&cut->edges, edge->edge);
        }
    }
    cut->bytes = graph_retained_by(graph, behind, &cut->nodes);
    free(behind);
}

static int fail(const struct flow *flow, struct trace_error *error)
{
    if (flow->work > WORK || flow->sum <= MOST_FLOW) {
        snprintf(error->text, sizeof error->text,
                 "too much is connected with what was asked for: after %llu million references there was no end; "
                 "select less, or one object by addr:", (unsigned long long)(flow->work / 1000000));
        return -E2BIG;
    }
    snprintf(error->text, sizeof error->text,
             "what was asked for cannot be cut off: the interpreter itself, or a class that is in use, "
             "holds some of it; select less, or one object by addr:");
    return -EBUSY;
}

int graph_cut(struct graph_cut *cut, struct graph *graph, const uint8_t *set, struct trace_error *error)
{
    struct flow flow;
    int result = 0;
    *cut = (struct graph_cut){ 0 };
    graph_dominate(graph);
    flow_init(&flow, graph, set);
    while (result == 0 && find_levels(&flow))
        if (!fill_levels(&flow))
            result = fail(&flow, error);
    if (result == 0)
        take_cut(&flow, graph, cut);
    flow_release(&flow);
    return result;
}
