/* Who refers to whom around the nodes that were asked for: breadth first, so that every node stands where it is nearest.
 *
 * The neighbours of a node are ordered by what they say: named places first, then what it retains; keys, classes and globals of
 * functions last, and nobody goes on from these: they lead to half of the program. Of more than a few of one type the first stand
 * for all. */
#include "graph_view.h"

#include "../base/xalloc.h"

#include <string.h>

#define TEXTS_SHOWN 3                      /* of edges between the same two nodes */

struct neighbour {
    uint32_t node, root;                   /* root: place in roots when node is 0 */
    uint32_t edge;                         /* the first of them */
    uint32_t type;
    uint32_t n_edges;
    enum graph_rank rank;
    bool named;
    uint64_t weight;
};
struct neighbours VEC_FIELDS(struct neighbour);

/* What stands for neighbours in the view: one of them, or many. */
struct entry {
    bool more, key;
    uint32_t first;                        /* place among the neighbours */
    uint32_t count, n_edges, n_types, type, mark;
    uint64_t bytes, retained;
    bool holds;
};
struct entries VEC_FIELDS(struct entry);

struct builder {
    struct graph_view *view;
    const struct graph *graph;
    const struct graph_view_options *options;
    uint32_t *place_of_node, *place_of_root;       /* GRAPH_NONE: not in the view */
    uint32_t *mark;                        /* by node: the last "more" that it was counted in */
    uint32_t marks;
    struct { uint32_t n, seen, more, mark; } *of_type;      /* of the node at hand; the last is that of roots */
    VEC(bool) ends;                        /* by place: nobody goes on from here */
};

static struct neighbour make_neighbour(const struct builder *builder, uint32_t node, uint32_t edge)
{
    const struct graph *graph = builder->graph;
    uint32_t kind = graph_edge_kind(&graph->edges[edge]);
    struct neighbour made = {
        .node = node,
        .root = GRAPH_NONE,
        .edge = edge,
        .type = graph->nodes[node].type,
        .n_edges = 1,
        .rank = graph_edge_rank(graph, edge),
        .named = kind != HL_EDGE_OFFSET && kind != HL_EDGE_INSIDE,
        .weight = graph->retained[node],
    };
    if (node == 0) {
        made.root = graph_edge_root(graph, edge);
        made.type = GRAPH_NONE;
        made.named = made.root != GRAPH_NONE && graph->roots[made.root].named;
        made.weight = UINT64_MAX;
        made.rank = GRAPH_RANK_HOLDS;
    }
    return made;
}

static void collect(const struct builder *builder, uint32_t node, bool incoming, struct neighbours *found)
{
    const struct graph *graph = builder->graph;
    uint32_t first = incoming ? graph->nodes[node].first_in : graph->nodes[node].first;
    uint32_t end = incoming ? graph->nodes[node + 1].first_in : graph->nodes[node + 1].first;
    for (uint32_t i = first; i < end; i++)
        if (incoming)
            vec_push(found, make_neighbour(builder, graph->in[i].from, graph->in[i].edge));
        else if (graph_edge_kind(&graph->edges[i]) != HL_EDGE_CLASS)        /* an object's class is in its name */
            vec_push(found, make_neighbour(builder, graph->edges[i].to, i));
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int by_node(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    if (a->node != b->node)
        return COMPARE(a->node, b->node);
    return a->root != b->root ? COMPARE(a->root, b->root) : COMPARE(a->edge, b->edge);
}

static int by_interest(const void *left, const void *right)
{
    const struct neighbour *a = left, *b = right;
    if (a->rank != b->rank)
        return COMPARE(a->rank, b->rank);
    if (a->named != b->named)
        return a->named ? -1 : 1;
    if (a->weight != b->weight)
        return COMPARE(b->weight, a->weight);
    return COMPARE(a->edge, b->edge);
}

/* Several edges between the same two nodes are one neighbour, of their best rank. */
static void merge_parallel(struct neighbours *found)
{
    size_t n = 0;
    vec_sort(found, by_node);
    for (size_t i = 0; i < found->n; i++) {
        const struct neighbour *next = &found->items[i];
        struct neighbour *last = n ? &found->items[n - 1] : NULL;
        if (!last || last->node != next->node || last->root != next->root) {
            found->items[n++] = *next;
            continue;
        }
        last->n_edges++;
        last->named |= next->named;
        if (next->rank < last->rank) {
            last->rank = next->rank;
            last->edge = next->edge;
        }
    }
    found->n = n;
    vec_sort(found, by_interest);
}

static uint32_t *place_of(const struct builder *builder, const struct neighbour *neighbour)
{
    static uint32_t nowhere;
    nowhere = GRAPH_NONE;
    if (neighbour->node)
        return &builder->place_of_node[neighbour->node];
    return neighbour->root == GRAPH_NONE ? &nowhere : &builder->place_of_root[neighbour->root];
}

static uint32_t add_place(struct builder *builder, const struct neighbour *neighbour, uint32_t depth)
{
    uint32_t place = neighbour->node ? graph_view_add_node(builder->view, builder->graph, GRAPH_VIEW_NODE, neighbour->node, depth)
                                     : graph_view_add_holder(builder->view, builder->graph, neighbour->root, depth);
    vec_push(&builder->ends, neighbour->rank != GRAPH_RANK_HOLDS || neighbour->node == 0);
    *place_of(builder, neighbour) = place;
    return place;
}

/* The texts of all edges between two nodes: ".a, .b and 3 more". */
static void add_parallel_texts(struct builder *builder, struct graph_view_edge *added, const struct neighbour *neighbour,
                               uint32_t owner)
{
    const struct graph *graph = builder->graph;
    struct strbuf text = STRBUF_INIT;
    uint32_t target = graph->edges[neighbour->edge].to, said = 0;
    for (uint32_t i = graph->nodes[owner].first; i < graph->nodes[owner + 1].first && said < TEXTS_SHOWN; i++) {
        if (graph->edges[i].to != target)
            continue;
        strbuf_add(&text, said++ ? ", " : "");
        graph_add_edge(&text, graph, owner, i);
    }
    if (neighbour->n_edges > said)
        strbuf_printf(&text, " and %u more", neighbour->n_edges - said);
    added->text = graph_view_keep(builder->view, &text);
    strbuf_release(&text);
}

static void show_neighbour(struct builder *builder, uint32_t from, const struct neighbour *neighbour, bool incoming,
                           uint32_t depth)
{
    uint32_t place = *place_of(builder, neighbour);
    bool met = place != GRAPH_NONE;
    if (!met)
        place = add_place(builder, neighbour, depth);
    struct graph_view_edge *added = graph_view_add_edge(builder->view, builder->graph, incoming ? place : from,
                                                        incoming ? from : place, neighbour->edge);
    added->tree = !met;
    added->count = neighbour->n_edges;
    if (neighbour->n_edges > 1 && neighbour->node)
        add_parallel_texts(builder, added, neighbour, incoming ? neighbour->node : builder->view->nodes.items[from].node);
}

/* Neighbours of which some may be counted only: each gets its entry. */

static uint32_t type_place(const struct builder *builder, const struct neighbour *one)
{
    return one->type == GRAPH_NONE ? builder->graph->n_types : one->type;
}

static uint32_t add_entry(struct entries *entries, bool more, size_t first)
{
    struct entry added = { .more = more, .first = (uint32_t)first, .type = GRAPH_NONE };
    vec_push(entries, added);
    return (uint32_t)entries->n - 1;
}

/* The entry of neighbour i; *rest is that of those beyond too many. */
static uint32_t choose_entry(struct builder *builder, struct entries *entries, const struct neighbours *found, size_t i,
                             uint32_t *rest)
{
    uint32_t type = type_place(builder, &found->items[i]);
    bool full = builder->options->too_many && entries->n >= builder->options->too_many;
    bool key = found->items[i].rank == GRAPH_RANK_KEY;       /* keys are named where their values are: all are one */
    bool alike = builder->options->collapse && builder->of_type[type].n > GRAPH_ALIKE_SHOWN + 1 &&
                 builder->of_type[type].seen >= GRAPH_ALIKE_SHOWN;
    alike |= builder->options->collapse && key;
    builder->of_type[type].seen++;
    if (alike && builder->of_type[type].more != GRAPH_NONE && entries->items[builder->of_type[type].more].key == key)
        return builder->of_type[type].more;
    if (full && *rest == GRAPH_NONE)
        *rest = add_entry(entries, true, i);
    if (full)
        return *rest;
    uint32_t entry = add_entry(entries, alike, i);
    entries->items[entry].key = key;
    if (alike)
        builder->of_type[type].more = entry;
    return entry;
}

static void count_in(struct builder *builder, struct entry *entry, const struct neighbour *one, uint32_t mark)
{
    entry->count++;
    entry->n_edges += one->n_edges;
    entry->holds |= one->rank != GRAPH_RANK_WEAK;
    entry->mark = mark;
    if (one->node == 0)
        return;
    entry->bytes += builder->graph->nodes[one->node].bytes;
    entry->n_types += builder->of_type[one->type].mark != mark;
    entry->type = one->type;
    builder->of_type[one->type].mark = builder->mark[one->node] = mark;
}

/* Bytes that go with this one, without those that go with another of the same entry already. */
static uint64_t retained_apart(const struct builder *builder, uint32_t node, uint32_t mark)
{
    const struct graph *graph = builder->graph;
    uint32_t at = graph->dominator[node];
    for (unsigned steps = 0; at && at != GRAPH_NONE && steps < 1000; steps++, at = graph->dominator[at])
        if (builder->mark[at] == mark)
            return 0;
    return graph->retained[node];
}

/* One pass finds how many there are of each type, the next gives entries. Returns the entry of each neighbour, to be freed. */
static uint32_t *make_entries(struct builder *builder, const struct neighbours *found, struct entries *entries)
{
    uint32_t *entry_of = xcalloc(found->n, sizeof *entry_of), rest = GRAPH_NONE, first_mark = builder->marks + 1;
    for (size_t i = 0; i < found->n; i++) {
        uint32_t type = type_place(builder, &found->items[i]);
        builder->of_type[type].n = builder->of_type[type].seen = 0;
        builder->of_type[type].more = GRAPH_NONE;
    }
    for (size_t i = 0; i < found->n; i++)
        builder->of_type[type_place(builder, &found->items[i])].n++;
    for (size_t i = 0; i < found->n; i++) {
        entry_of[i] = choose_entry(builder, entries, found, i, &rest);
        count_in(builder, &entries->items[entry_of[i]], &found->items[i], first_mark + entry_of[i]);
    }
    builder->marks += (uint32_t)entries->n;
    for (size_t i = 0; i < found->n; i++)
        if (found->items[i].node && entries->items[entry_of[i]].more)
            entries->items[entry_of[i]].retained += retained_apart(builder, found->items[i].node, first_mark + entry_of[i]);
    return entry_of;
}

static uint32_t show_more(struct builder *builder, const struct entry *entry, uint32_t first, uint32_t from, uint32_t depth)
{
    struct graph_view_node node = {
        .role = entry->key ? GRAPH_VIEW_GROUP : GRAPH_VIEW_MORE,
        .node = entry->key ? first : GRAPH_NONE,
        .root = GRAPH_NONE,
        .type = entry->n_types == 1 ? entry->type : GRAPH_NONE,
        .n_types = entry->n_types,
        .count = entry->count,
        .depth = depth,
        .bytes = entry->bytes,
        .retained = entry->retained,
        .place = from,
    };
    vec_push(&builder->view->nodes, node);
    vec_push(&builder->ends, true);
    return (uint32_t)builder->view->nodes.n - 1;
}

static void show_entry(struct builder *builder, const struct entry *entry, const struct neighbours *found, uint32_t from,
                       bool incoming, uint32_t depth)
{
    if (!entry->more || entry->count == 1) {
        show_neighbour(builder, from, &found->items[entry->first], incoming, depth);
        return;
    }
    uint32_t place = show_more(builder, entry, found->items[entry->first].node, from, depth);
    struct graph_view_edge edge = {
        .from = incoming ? place : from,
        .to = incoming ? from : place,
        .edge = found->items[entry->first].edge,
        .count = entry->n_edges,
        .text = entry->key ? "keys" : "",
        .holds = entry->holds,
        .tree = true,
    };
    vec_push(&builder->view->edges, edge);
}

/* Shows who stands around the node at a place of the view, or counts them where the depth ends. */
static void go_on(struct builder *builder, uint32_t from, bool incoming, uint32_t most)
{
    struct neighbours found = { 0 };
    struct entries entries = { 0 };
    uint32_t node = builder->view->nodes.items[from].node, depth = builder->view->nodes.items[from].depth;
    collect(builder, node, incoming, &found);
    merge_parallel(&found);
    if (depth >= most) {
        builder->view->nodes.items[from].hidden = (uint32_t)found.n;
    } else {
        uint32_t *entry_of = make_entries(builder, &found, &entries);
        for (size_t i = 0; i < entries.n; i++)
            show_entry(builder, &entries.items[i], &found, from, incoming, depth + 1);
        free(entry_of);
    }
    vec_release(&entries);
    vec_release(&found);
}

static void show_targets(struct builder *builder, const uint8_t *set)
{
    struct neighbours targets = { 0 };
    struct entries entries = { 0 };
    for (uint32_t node = 1; node < builder->graph->n; node++) {
        struct neighbour one = {
            .node = node, .root = GRAPH_NONE, .edge = node, .type = builder->graph->nodes[node].type, .n_edges = 1, .named = true,
            .weight = builder->graph->retained[node],
        };
        if (set[node])
            vec_push(&targets, one);
    }
    vec_sort(&targets, by_interest);
    builder->view->targets = targets.n;
    uint32_t *entry_of = make_entries(builder, &targets, &entries);
    for (size_t i = 0; i < entries.n; i++) {
        const struct entry *entry = &entries.items[i];
        if (entry->more && entry->count > 1) {
            show_more(builder, entry, GRAPH_NONE, GRAPH_NONE, 0);
            continue;
        }
        uint32_t place = add_place(builder, &targets.items[entry->first], 0);
        builder->view->nodes.items[place].role = GRAPH_VIEW_TARGET;
    }
    free(entry_of);
    vec_release(&entries);
    vec_release(&targets);
}

static void set_title(struct graph_view *view, const char *what)
{
    static const char *const forms[] = { [GRAPH_VIEW_REFS] = "What %s refers to",
                                         [GRAPH_VIEW_BACKREFS] = "Who refers to %s",
                                         [GRAPH_VIEW_SHOW] = "%s" };
    struct strbuf title = STRBUF_INIT;
    const char *form = forms[view->kind], *name = strstr(form, "%s");
    strbuf_add_bytes(&title, form, (size_t)(name - form));
    strbuf_add(&title, what);
    strbuf_add(&title, name + 2);
    view->title = graph_view_keep(view, &title);
    strbuf_release(&title);
}

static uint32_t *filled(size_t n)
{
    uint32_t *made = xmalloc(n * sizeof *made);
    memset(made, 0xff, n * sizeof *made);
    return made;
}

void graph_view_neighbours(struct graph_view *view, struct graph *graph, enum graph_view_kind kind, const uint8_t *set,
                           const char *what, const struct graph_view_options *options)
{
    struct builder builder = { .view = view, .graph = graph, .options = options };
    uint32_t most = kind == GRAPH_VIEW_SHOW ? 1 : options->depth ? options->depth : UINT32_MAX;
    *view = (struct graph_view){ .kind = kind };
    graph_dominate(graph);
    set_title(view, what);
    if (options->collapse && kind != GRAPH_VIEW_SHOW && graph_view_merge(view, graph, set, options))
        return;
    builder.place_of_node = filled(graph->n);
    builder.place_of_root = filled(graph->n_roots);
    builder.mark = xcalloc(graph->n, sizeof *builder.mark);
    builder.of_type = xcalloc((size_t)graph->n_types + 1, sizeof *builder.of_type);
    show_targets(&builder, set);
    for (uint32_t place = 0; place < view->nodes.n; place++) {
        if (builder.ends.items[place])
            continue;
        if (kind != GRAPH_VIEW_REFS && (kind != GRAPH_VIEW_SHOW || view->nodes.items[place].depth == 0))
            go_on(&builder, place, true, most);
        if (kind != GRAPH_VIEW_BACKREFS && (kind != GRAPH_VIEW_SHOW || view->nodes.items[place].depth == 0))
            go_on(&builder, place, false, most);
    }
    vec_release(&builder.ends);
    free(builder.of_type);
    free(builder.mark);
    free(builder.place_of_root);
    free(builder.place_of_node);
}
