/* The dominator tree by retained bytes. Siblings of one type are one group, and its members' children are children of the group:
 * what they retain is disjoint, so that sums are exact. Whoever retains a large share alone stands alone. */
#include "graph_view.h"

#include "../base/xalloc.h"

#include <string.h>

struct members VEC_FIELDS(uint32_t);

struct branch {                            /* one child in the view: a node, or a group */
    uint32_t type;
    uint64_t bytes, retained;
    struct members members;                /* the one that retains most first */
};
struct branches VEC_FIELDS(struct branch);

struct builder {
    struct graph_view *view;
    const struct graph *graph;
    const struct graph_view_options *options;
    uint32_t *first, *children;            /* of node n: children[first[n]] .. children[first[n + 1] - 1] */
    uint64_t least;                        /* bytes that a branch must retain to be shown */
    uint32_t *type_mark, marks;            /* by type: the last "more" that counted it */
};

static void index_children(struct builder *builder)
{
    const struct graph *graph = builder->graph;
    builder->first = xcalloc((size_t)graph->n + 2, sizeof *builder->first);
    builder->children = xmalloc(((size_t)graph->n + 1) * sizeof *builder->children);
    uint32_t *end = builder->first + 1;
    for (uint32_t node = 1; node < graph->n; node++)
        if (graph->dominator[node] != GRAPH_NONE)
            end[graph->dominator[node] + 1]++;
    for (uint32_t node = 1; node <= graph->n; node++)
        end[node] += end[node - 1];
    for (uint32_t node = 1; node < graph->n; node++)
        if (graph->dominator[node] != GRAPH_NONE)
            builder->children[end[graph->dominator[node]]++] = node;
}

static const struct graph *sorted_graph;      /* qsort knows no context */

static int by_type(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    const struct graph_node *nodes = sorted_graph->nodes;
    const uint64_t *retained = sorted_graph->retained;
    if (nodes[a].type != nodes[b].type)
        return nodes[a].type < nodes[b].type ? -1 : 1;
    if (retained[a] != retained[b])
        return retained[a] > retained[b] ? -1 : 1;
    return (a > b) - (a < b);
}

static int by_retained(const void *left, const void *right)
{
    const struct branch *a = left, *b = right;
    if (a->retained != b->retained)
        return a->retained > b->retained ? -1 : 1;
    return (a->members.items[0] > b->members.items[0]) - (a->members.items[0] < b->members.items[0]);
}

/* Things that hold others of their kind, such as the nodes of a list or of a tree: these are one with them. Python's own
 * containers are not: each is something else. */
static bool is_chained(const struct graph *graph, uint32_t type)
{
    return strcmp(graph->types[type].module, "builtins") != 0;
}

/* How many of the nodes of a type, the largest first, stand alone: those with a large share of everything, but not if there are
 * many, and of native ones, which have no names, only one that outweighs all others. */
static size_t count_alone(const struct builder *builder, const uint32_t *nodes, size_t n)
{
    const struct graph *graph = builder->graph;
    size_t large = 0;
    uint64_t sum = 0;
    if (!builder->options->collapse)
        return n;
    for (size_t i = 0; i < n; i++) {
        large += graph->retained[nodes[i]] >= builder->least;
        sum += graph->retained[nodes[i]];
    }
    if (graph->types[graph->nodes[nodes[0]].type].sort != GRAPH_PYTHON)
        return n > 1 && large && graph->retained[nodes[0]] >= sum - sum / 2;
    return large > GRAPH_ALIKE_SHOWN + 1 ? GRAPH_ALIKE_SHOWN : large;
}

/* Takes those of the members' own type that hang below them in. */
static void add_chained(const struct builder *builder, struct branch *branch)
{
    const struct graph *graph = builder->graph;
    for (size_t i = 0; i < branch->members.n; i++) {
        uint32_t member = branch->members.items[i];
        for (uint32_t j = builder->first[member]; j < builder->first[member + 1]; j++) {
            uint32_t child = builder->children[j];
            if (graph->nodes[child].type != branch->type)
                continue;
            branch->bytes += graph->nodes[child].bytes;
            vec_push(&branch->members, child);
        }
    }
}

/* Nodes of one type, the largest first: some alone, the others together. */
static void divide(const struct builder *builder, struct branches *branches, const uint32_t *nodes, size_t n)
{
    const struct graph *graph = builder->graph;
    size_t alone = count_alone(builder, nodes, n), first = branches->n;
    for (size_t i = 0; i < n; i++) {
        if (i <= alone)
            vec_add(branches)->type = graph->nodes[nodes[i]].type;
        struct branch *branch = &vec_last(branches);
        branch->bytes += graph->nodes[nodes[i]].bytes;
        branch->retained += graph->retained[nodes[i]];
        vec_push(&branch->members, nodes[i]);
    }
    for (size_t i = first; i < branches->n; i++)
        if (builder->options->collapse && is_chained(graph, branches->items[i].type))
            add_chained(builder, &branches->items[i]);
}

/* Those of the parents' own type are among the parents. */
static void leave_out(const struct graph *graph, struct members *nodes, uint32_t type)
{
    size_t n = 0;
    for (size_t i = 0; i < nodes->n; i++)
        if (graph->nodes[nodes->items[i]].type != type)
            nodes->items[n++] = nodes->items[i];
    nodes->n = n;
}

static void find_branches(const struct builder *builder, struct branches *branches, const uint32_t *parents, size_t n)
{
    struct members all = { 0 };
    for (size_t i = 0; i < n; i++)
        vec_append(&all, builder->children + builder->first[parents[i]],
                   builder->first[parents[i] + 1] - builder->first[parents[i]]);
    if (n && parents[0] && builder->options->collapse && is_chained(builder->graph, builder->graph->nodes[parents[0]].type))
        leave_out(builder->graph, &all, builder->graph->nodes[parents[0]].type);
    sorted_graph = builder->graph;
    vec_sort(&all, by_type);
    for (size_t i = 0, end; i < all.n; i = end) {
        for (end = i + 1; end < all.n && builder->graph->nodes[all.items[end]].type == builder->graph->nodes[all.items[i]].type;)
            end++;
        divide(builder, branches, all.items + i, end - i);
    }
    vec_sort(branches, by_retained);
    vec_release(&all);
}

static bool is_named_root(const struct graph *graph, uint32_t edge)
{
    uint32_t root = graph_edge_root(graph, edge);
    return root != GRAPH_NONE && graph->roots[root].named;
}

/* The edge by which a node's dominator holds it itself, of several roots one with a name; GRAPH_NONE: it does so through
 * others. */
static uint32_t edge_between(const struct graph *graph, uint32_t from, uint32_t to)
{
    uint32_t found = GRAPH_NONE;
    for (uint32_t i = graph->nodes[to].first_in; i < graph->nodes[to + 1].first_in; i++) {
        uint32_t edge = graph->in[i].edge;
        if (graph->in[i].from != from || !graph_edge_holds(&graph->edges[edge]))
            continue;
        if (found == GRAPH_NONE || (from == 0 && is_named_root(graph, edge)))
            found = edge;
        if (from || is_named_root(graph, found))
            break;
    }
    return found;
}

static uint32_t show_branch(struct builder *builder, const struct branch *branch, uint32_t parent, uint32_t depth)
{
    const struct graph *graph = builder->graph;
    uint32_t node = branch->members.items[0], above = builder->view->nodes.items[parent].node;
    bool alone = branch->members.n == 1, parent_alone = builder->view->nodes.items[parent].role != GRAPH_VIEW_GROUP;
    uint32_t place = graph_view_add_node(builder->view, graph, alone ? GRAPH_VIEW_NODE : GRAPH_VIEW_GROUP, node, depth);
    struct graph_view_node *added = &builder->view->nodes.items[place];
    added->count = (uint32_t)branch->members.n;
    added->bytes = branch->bytes;
    added->retained = branch->retained;
    uint32_t edge = alone && parent_alone ? edge_between(graph, above, node) : GRAPH_NONE;
    struct graph_view_edge *between = graph_view_add_edge(builder->view, graph, parent, place, edge);
    between->tree = true;
    between->count = added->count;
    if (edge != GRAPH_NONE && above == 0 && graph_edge_root(graph, edge) != GRAPH_NONE)
        between->text = graph->roots[graph_edge_root(graph, edge)].name;
    return place;
}

/* The branches from `first` on are counted only. */
static void show_small(struct builder *builder, const struct branches *branches, size_t first, uint32_t parent, uint32_t depth)
{
    struct graph_view_node sum = {
        .role = GRAPH_VIEW_MORE, .node = GRAPH_NONE, .root = GRAPH_NONE, .type = GRAPH_NONE, .depth = depth, .place = parent
    };
    builder->marks++;
    for (size_t i = first; i < branches->n; i++) {
        const struct branch *branch = &branches->items[i];
        sum.count += (uint32_t)branch->members.n;
        sum.bytes += branch->bytes;
        sum.retained += branch->retained;
        sum.n_types += builder->type_mark[branch->type] != builder->marks;
        builder->type_mark[branch->type] = builder->marks;
        sum.type = branch->type;
    }
    if (sum.count == 0)
        return;
    if (sum.n_types > 1)
        sum.type = GRAPH_NONE;
    vec_push(&builder->view->nodes, sum);
    struct graph_view_edge *edge = graph_view_add_edge(builder->view, builder->graph, parent,
                                                       (uint32_t)builder->view->nodes.n - 1, GRAPH_NONE);
    edge->tree = true;
    edge->count = sum.count;
}

/* Depth first, so that members need not be kept: as deep as the view. */
static void go_on(struct builder *builder, uint32_t place, const uint32_t *members, size_t n, uint32_t depth)
{
    struct branches branches = { 0 };
    uint32_t most = builder->options->too_many;
    size_t shown = 0;
    find_branches(builder, &branches, members, n);
    if (builder->options->depth && depth > builder->options->depth) {
        for (size_t i = 0; i < branches.n; i++)
            builder->view->nodes.items[place].hidden += (uint32_t)branches.items[i].members.n;
    } else {
        while (shown < branches.n && branches.items[shown].retained >= builder->least && (!most || shown < most)) {
            const struct branch *branch = &branches.items[shown++];
            uint32_t child = show_branch(builder, branch, place, depth);
            go_on(builder, child, branch->members.items, branch->members.n, depth + 1);
        }
        show_small(builder, &branches, shown, place, depth);
    }
    for (size_t i = 0; i < branches.n; i++)
        vec_release(&branches.items[i].members);
    vec_release(&branches);
}

void graph_view_dominators(struct graph_view *view, struct graph *graph, const struct graph_view_options *options)
{
    struct builder builder = { .view = view, .graph = graph, .options = options };
    *view = (struct graph_view){ .kind = GRAPH_VIEW_DOMINATORS, .title = "Who alone holds what, by retained bytes" };
    graph_dominate(graph);
    index_children(&builder);
    builder.least = (uint64_t)((double)graph->retained[0] * options->min_share);
    builder.least = builder.least ? builder.least : 1;
    builder.type_mark = xcalloc((size_t)graph->n_types + 1, sizeof *builder.type_mark);
    uint32_t top = graph_view_add_holder(view, graph, GRAPH_NONE, 0);
    view->nodes.items[top].retained = graph->retained[0];
    go_on(&builder, top, &(uint32_t){ 0 }, 1, 1);
    free(builder.type_mark);
    free(builder.children);
    free(builder.first);
}
