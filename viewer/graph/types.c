/* Sums by type. */
#include "graph.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* The dominator tree from the top down: who is right below a node. */
struct below {
    uint32_t *first;                       /* by node: [first, next node's first) in items */
    uint32_t *items;
};

static void below_init(struct below *below, const struct graph *graph)
{
    below->first = xcalloc((size_t)graph->n + 2, sizeof *below->first);
    below->items = xcalloc(graph->n, sizeof *below->items);
    for (uint32_t i = 1; i < graph->n; i++)
        if (graph->dominator[i] != GRAPH_NONE)
            below->first[graph->dominator[i] + 2]++;
    for (uint32_t i = 1; i <= graph->n; i++)
        below->first[i + 1] += below->first[i];
    for (uint32_t i = 1; i < graph->n; i++)
        if (graph->dominator[i] != GRAPH_NONE)
            below->items[below->first[graph->dominator[i] + 1]++] = i;
}

static void below_release(struct below *below)
{
    free(below->first);
    free(below->items);
}

/* Goes through the tree and adds up what each node retains unless another of its type, further up, does so already: no byte
 * counts twice for a type. */
static void add_retained(struct graph_sum *sums, const struct graph *graph, const struct below *below, const uint8_t *set)
{
    VEC(uint32_t) stack = { 0 };
    uint32_t *open = xcalloc(graph->n_types, sizeof *open);      /* by type: how many such nodes are being gone through */
    uint32_t *next = xmemdup(below->first, (size_t)graph->n * sizeof *next);
    vec_push(&stack, 0);
    while (stack.n) {
        uint32_t node = vec_last(&stack);
        if (next[node] == below->first[node + 1]) {
            open[graph->nodes[node].type] -= !set || set[node];
            (void)vec_pop(&stack);
            continue;
        }
        uint32_t child = below->items[next[node]++], type = graph->nodes[child].type;
        if (!set || set[child])
            sums[type].retained += open[type]++ ? 0 : graph->retained[child];
        vec_push(&stack, child);
    }
    free(next);
    free(open);
    vec_release(&stack);
}

static void add_shallow(struct graph_sum *sums, const struct graph *graph, const uint8_t *set)
{
    for (uint32_t i = 1; i < graph->n; i++) {
        const struct graph_node *node = &graph->nodes[i];
        if (set && !set[i])
            continue;
        sums[node->type].count++;
        sums[node->type].bytes += node->bytes;
        if (graph->dominator[i] == GRAPH_NONE)
            sums[node->type].retained += node->bytes;            /* nothing leads to it: it goes, whoever goes with it */
    }
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct graph_row *one = a, *two = b;
    const struct graph_type *types = context;
    if (one->sum.bytes != two->sum.bytes)
        return one->sum.bytes < two->sum.bytes ? 1 : -1;
    if (one->sum.count != two->sum.count)
        return one->sum.count < two->sum.count ? 1 : -1;
    int order = strcmp(types[one->type].name, types[two->type].name);
    return order ? order : one->type < two->type ? -1 : 1;
}

static void make_exact(struct graph_rows *rows, struct graph *graph, const uint8_t *set, size_t exact)
{
    uint8_t *of_type = xmalloc(graph->n);
    for (size_t row = 0; row < rows->n && row < exact; row++) {
        for (uint32_t i = 0; i < graph->n; i++)
            of_type[i] = i > 0 && graph->nodes[i].type == rows->items[row].type && (!set || set[i]);
        rows->items[row].sum.retained = graph_retained_by(graph, of_type, NULL);
    }
    free(of_type);
}

void graph_types(struct graph_rows *rows, struct graph *graph, const uint8_t *set, size_t exact)
{
    struct graph_sum *sums = xcalloc(graph->n_types, sizeof *sums);
    struct below below;
    if (!graph->dominator)
        graph_dominate(graph);
    below_init(&below, graph);
    add_shallow(sums, graph, set);
    add_retained(sums, graph, &below, set);
    below_release(&below);
    for (uint32_t i = 0; i < graph->n_types; i++)
        if (sums[i].count)
            vec_push(rows, ((struct graph_row){ i, sums[i] }));
    if (rows->n)
        qsort_r(rows->items, rows->n, sizeof *rows->items, compare_rows, graph->types);
    make_exact(rows, graph, set, exact);
    free(sums);
}
