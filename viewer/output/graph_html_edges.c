/* Several references from one node to another are one item and a count; those that hold and those that do not are told apart.
 * References to and from what is not in the page are counted by type. */
#include "graph_html_parts.h"

#include "../base/xalloc.h"

enum form { FORM_NAME, FORM_INDEX, FORM_OFFSET, FORM_FAINT };

struct walk {
    struct html_edges *edges;
    const struct graph *graph;
    const struct html_pick *pick;
    struct strmap *strings;
    struct strbuf text;
    uint32_t *seen[2];                     /* by node: 1 + whose neighbour it was last; of references that hold, of faint ones */
    uint32_t *item[2];                     /* by place in the page: the item of that reference */
    uint32_t limit;                        /* items of a node, beside those of chains */
};

static bool is_faint(const struct graph *graph, uint32_t from, uint32_t edge)
{
    const struct graph_edge_out *out = &graph->edges[edge];
    return !graph_edge_holds(out) || (from == 0 && !graph->roots[out->value].named);
}

static void leave(struct html_left *left, uint32_t place, uint32_t type, uint64_t bytes)
{
    bool added;
    uint64_t key = (uint64_t)place << 32 | type, *at = map_put(&left->keys, key, &added);
    if (added) {
        *at = left->sums.n;
        vec_add(&left->sums)->key = key;
    }
    left->sums.items[*at].count++;
    left->sums.items[*at].bytes += bytes;
}

static uint32_t intern(struct walk *walk, enum form form)
{
    return strmap_intern(walk->strings, walk->text.data) << 2 | (uint32_t)form;
}

static uint32_t label_of(struct walk *walk, uint32_t from, uint32_t edge)
{
    const struct graph_edge_out *out = &walk->graph->edges[edge];
    uint32_t kind = graph_edge_kind(out);
    strbuf_clear(&walk->text);
    if (from == 0) {
        strbuf_add(&walk->text, walk->graph->roots[out->value].name);
        return intern(walk, is_faint(walk->graph, 0, edge) ? FORM_FAINT : FORM_NAME);
    }
    if (kind == HL_EDGE_INDEX)
        return (uint32_t)out->value << 2 | FORM_INDEX;
    if (kind == HL_EDGE_OFFSET)
        return (uint32_t)out->value << 2 | FORM_OFFSET;
    graph_add_edge(&walk->text, walk->graph, from, edge);
    return intern(walk, is_faint(walk->graph, from, edge) ? FORM_FAINT : FORM_NAME);
}

/* The item is that of the edge by which the chain of `to` comes. */
static bool is_of_chain(const struct walk *walk, uint32_t from, uint32_t to, bool faint)
{
    uint32_t by = walk->pick->by[to];
    return by != GRAPH_NONE && walk->graph->nodes[from].first <= by && by < walk->graph->nodes[from + 1].first &&
           is_faint(walk->graph, from, by) == faint;
}

static void add_item(struct walk *walk, uint32_t from, uint32_t edge, bool faint, uint32_t *count)
{
    const struct graph *graph = walk->graph;
    struct html_edges *edges = walk->edges;
    uint32_t to = graph->edges[edge].to, place = walk->pick->place[to];
    if (*count >= walk->limit && !is_of_chain(walk, from, to, faint)) {
        leave(&edges->refers, walk->pick->place[from], graph->nodes[to].type, graph->nodes[to].bytes);
        leave(&edges->referrers, place, graph->nodes[from].type, graph->nodes[from].bytes);
        edges->dropped++;
        walk->item[faint][place] = GRAPH_NONE;
        return;
    }
    walk->item[faint][place] = (uint32_t)edges->items.n;
    vec_push(&edges->items, ((struct html_edge){ place, label_of(walk, from, edge), 0 }));
    ++*count;
}

/* The chain's edge gives the item its name. */
static void note_chain(struct walk *walk, uint32_t from, uint32_t edge, uint32_t item)
{
    uint32_t to = walk->graph->edges[edge].to;
    if (walk->pick->by[to] != edge || to == 0)
        return;
    walk->edges->items.items[item].label = label_of(walk, from, edge);
    walk->edges->via[walk->pick->place[to]] = item;
}

static void add_reference(struct walk *walk, uint32_t from, uint32_t edge, uint32_t *count)
{
    uint32_t to = walk->graph->edges[edge].to, place = walk->pick->place[to];
    bool faint = is_faint(walk->graph, from, edge), again = walk->seen[faint][to] == from + 1,
         other = walk->seen[!faint][to] == from + 1;
    walk->seen[faint][to] = from + 1;
    if (place == GRAPH_NONE) {
        if (!again && !other)
            leave(&walk->edges->refers, walk->pick->place[from], walk->graph->nodes[to].type, walk->graph->nodes[to].bytes);
        return;
    }
    if (!again)
        add_item(walk, from, edge, faint, count);
    else if (walk->item[faint][place] != GRAPH_NONE)
        walk->edges->items.items[walk->item[faint][place]].more++;
    if (walk->item[faint][place] != GRAPH_NONE)
        note_chain(walk, from, edge, walk->item[faint][place]);
}

static void add_references(struct walk *walk)
{
    for (size_t place = 0; place < walk->pick->nodes.n; place++) {
        uint32_t from = walk->pick->nodes.items[place], count = 0;
        size_t before = walk->edges->items.n;
        for (uint32_t e = walk->graph->nodes[from].first; e < walk->graph->nodes[from + 1].first; e++)
            add_reference(walk, from, e, &count);
        vec_push(&walk->edges->counts, (uint32_t)(walk->edges->items.n - before));
    }
}

/* Each referrer that is not in the page counts once, however often it refers. */
static void add_referrers(struct walk *walk)
{
    uint32_t *seen = walk->seen[0];
    memset(seen, 0, walk->graph->n * sizeof *seen);
    for (size_t place = 0; place < walk->pick->nodes.n; place++) {
        uint32_t to = walk->pick->nodes.items[place];
        for (uint32_t i = walk->graph->nodes[to].first_in; i < walk->graph->nodes[to + 1].first_in; i++) {
            uint32_t from = walk->graph->in[i].from;
            if (walk->pick->place[from] == GRAPH_NONE && seen[from] != to + 1)
                leave(&walk->edges->referrers, (uint32_t)place, walk->graph->nodes[from].type, walk->graph->nodes[from].bytes);
            seen[from] = to + 1;
        }
    }
}

static void add_dominated(struct walk *walk)
{
    const struct graph *graph = walk->graph;
    for (uint32_t node = 1; node < graph->n; node++) {
        uint32_t by = graph->dominator[node];
        if (walk->pick->place[node] != GRAPH_NONE)
            continue;
        if (by == GRAPH_NONE)
            leave(&walk->edges->unheld, 0, graph->nodes[node].type, graph->nodes[node].bytes);
        else if (walk->pick->place[by] != GRAPH_NONE)
            leave(&walk->edges->dominated, walk->pick->place[by], graph->nodes[node].type, graph->retained[node]);
    }
}

/* The most items a node that keep the page's within `most`: halved until they fit. */
static uint32_t find_limit(const struct graph *graph, const struct html_pick *pick, uint32_t most)
{
    for (uint32_t limit = UINT32_MAX;; limit = limit == UINT32_MAX ? 1u << 20 : limit / 2) {
        uint64_t sum = 0;
        for (size_t place = 0; place < pick->nodes.n; place++) {
            uint32_t node = pick->nodes.items[place], inside = 0;
            for (uint32_t e = graph->nodes[node].first; e < graph->nodes[node + 1].first && inside < limit; e++)
                inside += pick->place[graph->edges[e].to] != GRAPH_NONE;
            sum += inside;
        }
        if (sum <= most || limit <= 1)
            return limit;
    }
}

void html_edges(struct html_edges *edges, const struct graph *graph, const struct html_pick *pick, struct strmap *strings,
                uint32_t most)
{
    struct walk walk = { .edges = edges, .graph = graph, .pick = pick, .strings = strings, .text = STRBUF_INIT };
    memset(edges, 0, sizeof *edges);
    edges->via = xmalloc(pick->nodes.n * sizeof *edges->via);
    memset(edges->via, 0xff, pick->nodes.n * sizeof *edges->via);
    walk.limit = find_limit(graph, pick, most);
    for (int faint = 0; faint < 2; faint++) {
        walk.seen[faint] = xcalloc(graph->n, sizeof *walk.seen[faint]);
        walk.item[faint] = xcalloc(pick->nodes.n, sizeof *walk.item[faint]);
    }
    add_references(&walk);
    add_referrers(&walk);
    add_dominated(&walk);
    for (int faint = 0; faint < 2; faint++) {
        free(walk.seen[faint]);
        free(walk.item[faint]);
    }
    strbuf_release(&walk.text);
}

static void release_left(struct html_left *left)
{
    map_release(&left->keys);
    vec_release(&left->sums);
}

void html_edges_release(struct html_edges *edges)
{
    vec_release(&edges->items);
    vec_release(&edges->counts);
    free(edges->via);
    release_left(&edges->dominated);
    release_left(&edges->refers);
    release_left(&edges->referrers);
    release_left(&edges->unheld);
}
