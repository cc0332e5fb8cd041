/* Neighbourhoods of many objects at once: whatever refers, or is referred to, in the same way by the same type is one group, so
 * that a hundred thousand orders in four lists are two rows. Each node of the graph is in the group in which it was met first, so
 * that all of it takes one look at every edge. */
#include "graph_view.h"

#include "../base/xalloc.h"

#include <string.h>

#define PLACES_NAMED 4                     /* different keys or offsets of one type, before they count as one */
#define ONE 0xffffffffu                    /* value of an edge whose place does not matter */

struct way {                               /* one edge to or from a member of the group at hand */
    uint32_t rank, type, kind, value;      /* what makes it one of a kind; of roots: the root is the value */
    uint32_t other, edge;
};
struct ways VEC_FIELDS(struct way);

struct lot { size_t first, n; uint32_t rank; };                 /* ways of one kind */
struct lots VEC_FIELDS(struct lot);

struct members VEC_FIELDS(uint32_t);

struct builder {
    struct graph_view *view;
    struct graph *graph;
    const struct graph_view_options *options;
    bool incoming;
    uint32_t *place_of_node, *place_of_root;
    VEC(struct members) members;           /* by place */
    VEC(bool) ends;                        /* by place: nobody goes on from here */
    VEC(uint32_t) counts;                  /* by place: ways of the lot at hand that lead there */
};

#define COMPARE(a, b) if ((a) != (b)) return (a) < (b) ? -1 : 1

static int by_kind(const void *left, const void *right)
{
    const struct way *a = left, *b = right;
    COMPARE(a->rank, b->rank);
    COMPARE(a->type, b->type);
    COMPARE(a->kind, b->kind);
    COMPARE(a->value, b->value);
    COMPARE(a->other, b->other);
    COMPARE(a->edge, b->edge);
    return 0;
}

static bool same_kind(const struct way *a, const struct way *b, bool value)
{
    return a->rank == b->rank && a->type == b->type && a->kind == b->kind && (!value || a->value == b->value);
}

/* A key that is a text, and so may be a name: what other keys are called tells nothing. */
static bool has_name(const struct graph *graph, uint32_t key)
{
    struct graph_text text;
    return key && key < graph->n && graph_text_of(graph, key, &text) && text.kind == HL_TEXT_STRING;
}

static struct way make_way(const struct builder *builder, uint32_t other, uint32_t edge)
{
    const struct graph *graph = builder->graph;
    uint32_t kind = graph_edge_kind(&graph->edges[edge]);
    if (other == 0)
        return (struct way){ .type = GRAPH_NONE, .value = graph_edge_root(graph, edge), .edge = edge };
    bool alike = kind == HL_EDGE_INDEX || kind == HL_EDGE_KEY || kind == HL_EDGE_STACK || kind == HL_EDGE_ITEM ||
                 (kind == HL_EDGE_VALUE && !has_name(graph, graph->edges[edge].value));
    return (struct way){ .rank = graph_edge_rank(graph, edge),
                         .type = graph->nodes[other].type,
                         .kind = kind,
                         .value = alike ? ONE : graph->edges[edge].value,
                         .other = other,
                         .edge = edge };
}

static void collect(const struct builder *builder, const struct members *members, struct ways *ways)
{
    const struct graph *graph = builder->graph;
    for (size_t i = 0; i < members->n; i++) {
        uint32_t node = members->items[i];
        if (builder->incoming)
            for (uint32_t j = graph->nodes[node].first_in; j < graph->nodes[node + 1].first_in; j++)
                vec_push(ways, make_way(builder, graph->in[j].from, graph->in[j].edge));
        else
            for (uint32_t j = graph->nodes[node].first; j < graph->nodes[node + 1].first; j++)
                if (graph_edge_kind(&graph->edges[j]) != HL_EDGE_CLASS)
                    vec_push(ways, make_way(builder, graph->edges[j].to, j));
    }
}

/* Of many keys or offsets none is worth a row: they become one. */
static void join_places(struct ways *ways)
{
    for (size_t i = 0, end; i < ways->n; i = end) {
        size_t values = 1;
        for (end = i + 1; end < ways->n && same_kind(&ways->items[i], &ways->items[end], false); end++)
            values += ways->items[end].value != ways->items[end - 1].value;
        bool joins = ways->items[i].kind == HL_EDGE_VALUE || ways->items[i].kind == HL_EDGE_OFFSET ||
                     ways->items[i].kind == HL_EDGE_INSIDE;
        for (size_t j = i; j < end && joins && values > PLACES_NAMED && ways->items[i].other; j++)
            ways->items[j].value = ONE;
    }
    vec_sort(ways, by_kind);
}

static int by_size(const void *left, const void *right)
{
    const struct lot *a = left, *b = right;
    COMPARE(a->rank, b->rank);
    COMPARE(b->n, a->n);
    COMPARE(a->first, b->first);
    return 0;
}

static void divide(const struct ways *ways, struct lots *lots)
{
    for (size_t i = 0, end; i < ways->n; i = end) {
        for (end = i + 1; end < ways->n && same_kind(&ways->items[i], &ways->items[end], true);)
            end++;
        vec_push(lots, ((struct lot){ i, end - i, ways->items[i].rank }));
    }
    vec_sort(lots, by_size);
}

/* Bytes that go with all of them. */
static uint64_t retained_together(struct builder *builder, const struct members *members)
{
    if (members->n == 1)
        return builder->graph->retained[members->items[0]];
    uint8_t *set = xcalloc(builder->graph->n, 1);
    for (size_t i = 0; i < members->n; i++)
        set[members->items[i]] = 1;
    uint64_t bytes = graph_retained_by(builder->graph, set, NULL);
    free(set);
    return bytes;
}

static uint32_t add_group(struct builder *builder, struct members *members, uint32_t depth, bool ends)
{
    const struct graph *graph = builder->graph;
    uint32_t largest = members->items[0];
    uint64_t bytes = 0;
    for (size_t i = 0; i < members->n; i++) {
        largest = graph->retained[members->items[i]] > graph->retained[largest] ? members->items[i] : largest;
        bytes += graph->nodes[members->items[i]].bytes;
    }
    enum graph_view_role alone = depth ? GRAPH_VIEW_NODE : GRAPH_VIEW_TARGET;
    uint32_t place = graph_view_add_node(builder->view, graph, members->n > 1 ? GRAPH_VIEW_GROUP : alone, largest, depth);
    struct graph_view_node *node = &builder->view->nodes.items[place];
    node->count = (uint32_t)members->n;
    node->bytes = bytes;
    node->retained = retained_together(builder, members);
    for (size_t i = 0; i < members->n; i++)
        builder->place_of_node[members->items[i]] = place;
    vec_push(&builder->members, *members);
    vec_push(&builder->ends, ends);
    *members = (struct members){ 0 };
    return place;
}

static uint32_t add_root(struct builder *builder, uint32_t root, uint32_t depth)
{
    uint32_t place = graph_view_add_holder(builder->view, builder->graph, root, depth);
    vec_push(&builder->members, ((struct members){ 0 }));
    vec_push(&builder->ends, true);
    if (root != GRAPH_NONE)
        builder->place_of_root[root] = place;
    return place;
}

static const char *text_of(struct builder *builder, const struct way *way, size_t n)
{
    if (way->kind == HL_EDGE_KEY)
        return "keys";
    if (n > 1 && way->value == ONE && (way->kind == HL_EDGE_INDEX || way->kind == HL_EDGE_VALUE))
        return "[…]";
    if (n > 1 && way->value == ONE)
        return way->kind == HL_EDGE_ITEM ? "items" : way->kind == HL_EDGE_STACK ? "value stack" : "+…";
    struct strbuf text = STRBUF_INIT;
    if (way->other)
        graph_add_edge(&text, builder->graph, graph_edge_owner(builder->graph, way->edge), way->edge);
    const char *kept = graph_view_keep(builder->view, &text);
    strbuf_release(&text);
    return kept;
}

static void add_edge(struct builder *builder, uint32_t from, uint32_t place, const struct way *way, size_t n, bool tree)
{
    struct graph_view_edge edge = {
        .from = builder->incoming ? place : from, .to = builder->incoming ? from : place, .edge = way->edge, .count = (uint32_t)n,
        .text = text_of(builder, way, n), .holds = way->rank != GRAPH_RANK_WEAK, .tree = tree,
    };
    vec_push(&builder->view->edges, edge);
}

static void show_root(struct builder *builder, uint32_t from, const struct way *way, size_t n, uint32_t depth)
{
    uint32_t place = way->value == GRAPH_NONE ? GRAPH_NONE : builder->place_of_root[way->value];
    bool met = place != GRAPH_NONE;
    add_edge(builder, from, met ? place : add_root(builder, way->value, depth), way, n, !met);
}

/* Those that were met before stand where they are; the others are a new group. */
static void show_lot(struct builder *builder, uint32_t from, const struct way *ways, size_t n, uint32_t depth)
{
    struct members new = { 0 };
    size_t fresh = 0;
    if (ways->other == 0) {
        show_root(builder, from, ways, n, depth);
        return;
    }
    vec_clear(&builder->counts);
    for (size_t i = 0; i < builder->view->nodes.n; i++)
        vec_push(&builder->counts, 0);
    for (size_t i = 0; i < n; i++) {
        uint32_t place = builder->place_of_node[ways[i].other];
        if (place != GRAPH_NONE) {
            builder->counts.items[place]++;
            continue;
        }
        fresh++;
        if (new.n == 0 || vec_last(&new) != ways[i].other)
            vec_push(&new, ways[i].other);
    }
    size_t known = builder->view->nodes.n;
    if (new.n)
        add_edge(builder, from, add_group(builder, &new, depth, ways->rank != GRAPH_RANK_HOLDS), ways, fresh, true);
    for (uint32_t place = 0; place < known; place++)
        if (builder->counts.items[place])
            add_edge(builder, from, place, ways, builder->counts.items[place], false);
}

/* Everything in the lots from `first` on. */
static void show_rest(struct builder *builder, uint32_t from, const struct ways *ways, const struct lots *lots, size_t first,
                      uint32_t depth)
{
    const struct graph *graph = builder->graph;
    struct graph_view_node sum = {
        .role = GRAPH_VIEW_MORE, .node = GRAPH_NONE, .root = GRAPH_NONE, .type = GRAPH_NONE, .depth = depth, .place = from
    };
    uint8_t *types = xcalloc(graph->n_types, 1);
    struct members all = { 0 };
    size_t n = 0;
    for (size_t i = first; i < lots->n; i++) {
        for (size_t j = 0; j < lots->items[i].n; j++, n++) {
            uint32_t other = ways->items[lots->items[i].first + j].other;
            if (other == 0) {
                sum.count++;
            } else if (builder->place_of_node[other] == GRAPH_NONE) {
                builder->place_of_node[other] = (uint32_t)builder->view->nodes.n;
                vec_push(&all, other);
                sum.bytes += graph->nodes[other].bytes;
                sum.type = graph->nodes[other].type;
                sum.n_types += !types[sum.type];
                types[sum.type] = 1;
            }
        }
    }
    sum.count += (uint32_t)all.n;
    sum.type = sum.n_types == 1 ? sum.type : GRAPH_NONE;
    sum.retained = all.n ? retained_together(builder, &all) : 0;
    if (sum.count) {
        vec_push(&builder->view->nodes, sum);
        vec_push(&builder->members, all);
        vec_push(&builder->ends, true);
        struct way way = { .kind = HL_EDGE_OFFSET, .edge = ways->items[lots->items[first].first].edge };
        add_edge(builder, from, (uint32_t)builder->view->nodes.n - 1, &way, n, true);
    }
    free(types);
}

static void go_on(struct builder *builder, uint32_t from, uint32_t most)
{
    struct ways ways = { 0 };
    struct lots lots = { 0 };
    uint32_t depth = builder->view->nodes.items[from].depth;
    size_t shown = builder->options->too_many ? builder->options->too_many : SIZE_MAX;
    collect(builder, &builder->members.items[from], &ways);
    vec_sort(&ways, by_kind);
    join_places(&ways);
    divide(&ways, &lots);
    if (depth >= most) {
        builder->view->nodes.items[from].hidden = (uint32_t)ways.n;
    } else {
        for (size_t i = 0; i < lots.n && i < shown; i++)
            show_lot(builder, from, ways.items + lots.items[i].first, lots.items[i].n, depth + 1);
        if (lots.n > shown)
            show_rest(builder, from, &ways, &lots, shown, depth + 1);
    }
    vec_release(&lots);
    vec_release(&ways);
}

static const struct graph *sorted_graph;      /* qsort knows no context */

static int by_type(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    COMPARE(sorted_graph->nodes[a].type, sorted_graph->nodes[b].type);
    COMPARE(a, b);
    return 0;
}

static int by_bytes(const void *left, const void *right)
{
    const struct members *a = left, *b = right;
    uint64_t x = 0, y = 0;
    for (size_t i = 0; i < a->n; i++)
        x += sorted_graph->nodes[a->items[i]].bytes;
    for (size_t i = 0; i < b->n; i++)
        y += sorted_graph->nodes[b->items[i]].bytes;
    COMPARE(y, x);
    COMPARE(a->items[0], b->items[0]);
    return 0;
}

/* One group for each type of the selection. */
static void show_targets(struct builder *builder, struct members *targets)
{
    VEC(struct members) types = { 0 };
    size_t most = builder->options->too_many ? builder->options->too_many : SIZE_MAX;
    sorted_graph = builder->graph;
    vec_sort(targets, by_type);
    for (size_t i = 0; i < targets->n; i++) {
        if (i == 0 || builder->graph->nodes[targets->items[i]].type != builder->graph->nodes[targets->items[i - 1]].type)
            (void)vec_add(&types);
        vec_push(&vec_last(&types), targets->items[i]);
    }
    vec_sort(&types, by_bytes);
    struct graph_view_node rest = {
        .role = GRAPH_VIEW_MORE, .node = GRAPH_NONE, .root = GRAPH_NONE, .type = GRAPH_NONE, .place = GRAPH_NONE
    };
    for (size_t i = 0; i < types.n; i++) {
        struct members *of_type = &types.items[i];
        if (i < most) {
            add_group(builder, of_type, 0, false);
            continue;
        }
        rest.n_types++;
        rest.count += (uint32_t)of_type->n;
        rest.type = builder->graph->nodes[of_type->items[0]].type;
        for (size_t j = 0; j < of_type->n; j++)
            rest.bytes += builder->graph->nodes[of_type->items[j]].bytes;
        rest.retained = rest.bytes;
        vec_release(of_type);
    }
    if (rest.count) {
        rest.type = rest.n_types == 1 ? rest.type : GRAPH_NONE;
        vec_push(&builder->view->nodes, rest);
        vec_push(&builder->members, ((struct members){ 0 }));
        vec_push(&builder->ends, true);
    }
    vec_release(&types);
}

static uint32_t *filled(size_t n)
{
    uint32_t *made = xmalloc(n * sizeof *made);
    memset(made, 0xff, n * sizeof *made);
    return made;
}

bool graph_view_merge(struct graph_view *view, struct graph *graph, const uint8_t *set, const struct graph_view_options *options)
{
    struct builder builder = { .view = view, .graph = graph, .options = options, .incoming = view->kind == GRAPH_VIEW_BACKREFS };
    struct members targets = { 0 };
    uint32_t most = options->depth ? options->depth : UINT32_MAX;
    for (uint32_t node = 1; node < graph->n; node++)
        if (set[node])
            vec_push(&targets, node);
    bool many = targets.n > GRAPH_ALIKE_SHOWN + 1;
    if (many) {
        view->targets = targets.n;
        builder.place_of_node = filled(graph->n);
        builder.place_of_root = filled(graph->n_roots);
        show_targets(&builder, &targets);
        for (uint32_t place = 0; place < view->nodes.n; place++)
            if (!builder.ends.items[place])
                go_on(&builder, place, most);
        for (size_t i = 0; i < builder.members.n; i++)
            vec_release(&builder.members.items[i]);
        free(builder.place_of_root);
        free(builder.place_of_node);
    }
    vec_release(&builder.members);
    vec_release(&builder.ends);
    vec_release(&builder.counts);
    vec_release(&targets);
    return many;
}
