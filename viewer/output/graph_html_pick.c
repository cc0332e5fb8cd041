/* A page of a large graph holds what a person may want to see of it: who holds much, what that is made of, and how it is held. Of
 * many siblings of one type some stand for all at first, or a hundred thousand equal objects would leave room for nothing else.
 * The dominators and the chain of whatever is in the page are in it, too, so that trees and paths have no gaps.
 *
 *   1  the selection, the largest first, and neighbours      3  what these refer to, and so on
 *   2  what retains most, with few siblings                  4  what retains most of the rest
 */
#include "graph_html_parts.h"
#include "graph_view.h"

#include "../base/xalloc.h"

#define NEIGHBOURS_OF 1000                 /* of so many selected nodes neighbours are wanted, */
#define NEIGHBOURS 20                      /* so many each */
#define SIBLINGS 200                       /* of one type, with one dominator */
#define REFERENCES 64                      /* of a node, that step 3 follows */
#define STEP_TWO 2 / 3                     /* of the page that may be filled then */
#define STEP_THREE 9 / 10

#define CLASSES_BITS 8
#define CLASSES (64u << CLASSES_BITS)

struct picker {
    struct html_pick *pick;
    const struct graph *graph;
    struct map siblings;                   /* dominator << 32 | type: how many were put in */
    uint32_t *order;                       /* nodes, those that retain most first */
};

/* Sizes in classes: one each up to 511 B, then 256 to each power of two. */
static unsigned class_of(uint64_t bytes)
{
    if (bytes < 2u << CLASSES_BITS)
        return (unsigned)bytes;
    unsigned power = 63 - (unsigned)__builtin_clzll(bytes);
    return ((power - CLASSES_BITS + 1) << CLASSES_BITS) +
           (unsigned)(bytes >> (power - CLASSES_BITS) & ((1u << CLASSES_BITS) - 1));
}

/* Counts, adds up, puts: nodes of a class in the order of their numbers, in time that grows with their number alone. */
static uint32_t *sort_by_retained(const struct graph *graph)
{
    uint32_t *order = xmalloc((size_t)graph->n * sizeof *order), *next = xcalloc(CLASSES, sizeof *next);
    for (uint32_t node = 1; node < graph->n; node++)
        next[class_of(graph->retained[node])]++;
    for (uint32_t class = CLASSES, sum = 0; class-- > 0;) {
        uint32_t n = next[class];
        next[class] = sum;
        sum += n;
    }
    for (uint32_t node = 1; node < graph->n; node++)
        order[next[class_of(graph->retained[node])]++] = node;
    free(next);
    return order;
}

static void put(struct picker *picker, uint32_t node)
{
    struct html_pick *pick = picker->pick;
    if (node == GRAPH_NONE || pick->place[node] != GRAPH_NONE)
        return;
    pick->place[node] = (uint32_t)pick->nodes.n;
    vec_push(&pick->nodes, node);
    ++*map_put(&picker->siblings, (uint64_t)picker->graph->dominator[node] << 32 | picker->graph->nodes[node].type, NULL);
}

/* With all that dominates it and leads to it. */
static void add(struct picker *picker, uint32_t node)
{
    struct html_pick *pick = picker->pick;
    size_t first = pick->nodes.n;
    put(picker, node);
    for (size_t i = first; i < pick->nodes.n; i++) {
        uint32_t added = pick->nodes.items[i], by = pick->by[added];
        put(picker, picker->graph->dominator[added]);
        put(picker, by == GRAPH_NONE ? GRAPH_NONE : graph_edge_owner(picker->graph, by));
    }
}

/* Its dominator is in the page, if it has one, and not many of its siblings are. */
static bool is_wanted(const struct picker *picker, uint32_t node)
{
    uint32_t by = picker->graph->dominator[node];
    if (picker->pick->place[node] != GRAPH_NONE || (by != GRAPH_NONE && picker->pick->place[by] == GRAPH_NONE))
        return false;
    const uint64_t *n = map_get(&picker->siblings, (uint64_t)by << 32 | picker->graph->nodes[node].type);
    return !n || *n < SIBLINGS;
}

static void add_neighbours(struct picker *picker, uint32_t node)
{
    const struct graph_node *self = &picker->graph->nodes[node];
    for (uint32_t e = self->first, n = 0; e < self[1].first && n < NEIGHBOURS; e++, n++)
        add(picker, picker->graph->edges[e].to);
    for (uint32_t i = self->first_in, n = 0; i < self[1].first_in && n < NEIGHBOURS; i++, n++)
        add(picker, picker->graph->in[i].from);
}

static void add_selection(struct picker *picker, const uint8_t *set, uint32_t most)
{
    struct html_pick *pick = picker->pick;
    for (uint32_t i = 0; i + 1 < picker->graph->n; i++) {
        uint32_t node = picker->order[i];
        pick->selected += set[node];
        if (!set[node] || (pick->selection.n && (pick->selection.n >= most / 2 || pick->nodes.n >= most)))
            continue;
        add(picker, node);
        vec_push(&pick->selection, node);
    }
    for (size_t i = 0; i < pick->selection.n && i < NEIGHBOURS_OF && pick->nodes.n < most; i++)
        add_neighbours(picker, pick->selection.items[i]);
}

static void add_largest(struct picker *picker, bool few, size_t most)
{
    for (uint32_t i = 0; i + 1 < picker->graph->n && picker->pick->nodes.n <= most; i++)
        if (!few || is_wanted(picker, picker->order[i]))
            add(picker, picker->order[i]);
}

static void add_references(struct picker *picker, size_t most)
{
    const struct graph *graph = picker->graph;
    struct html_pick *pick = picker->pick;
    for (size_t i = 0; i < pick->nodes.n; i++) {
        const struct graph_node *node = &graph->nodes[pick->nodes.items[i]];
        size_t n = 0, enough = i ? REFERENCES : most / 8;      /* node 0's are the roots: there are few, and all tell something */
        for (uint32_t e = node->first; e < node[1].first && n < enough && pick->nodes.n < most; e++)
            if (i == 0 ? pick->place[graph->edges[e].to] == GRAPH_NONE : is_wanted(picker, graph->edges[e].to)) {
                add(picker, graph->edges[e].to);
                n++;
            }
    }
}

static int compare_nodes(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

void html_pick(struct html_pick *pick, const struct graph *graph, const struct graph_html_options *options)
{
    size_t most = options->nodes ? options->nodes : GRAPH_HTML_NODES;
    struct picker picker = { .pick = pick, .graph = graph, .order = sort_by_retained(graph) };
    memset(pick, 0, sizeof *pick);
    pick->place = xmalloc((graph->n + 1) * sizeof *pick->place);
    memset(pick->place, 0xff, (graph->n + 1) * sizeof *pick->place);
    pick->by = graph_chains(graph);
    put(&picker, 0);
    if (options->set)
        add_selection(&picker, options->set, (uint32_t)most);
    add_largest(&picker, true, most * STEP_TWO);
    add_references(&picker, most * STEP_THREE);
    add_largest(&picker, false, most);
    vec_sort(&pick->nodes, compare_nodes);
    for (uint32_t place = 0; place < pick->nodes.n; place++)
        pick->place[pick->nodes.items[place]] = place;
    map_release(&picker.siblings);
    free(picker.order);
}

void html_pick_release(struct html_pick *pick)
{
    free(pick->place);
    free(pick->by);
    vec_release(&pick->nodes);
    vec_release(&pick->selection);
}
