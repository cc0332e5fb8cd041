/* `heapline graph … --json` (docs/json.md). */
#include "graph_json.h"
#include "graph_view.h"

#include "../base/xalloc.h"

static json_t *limited(const struct view *view, size_t n, size_t *shown)
{
    *shown = view->top && view->top < n ? view->top : n;
    return json_array();
}

int graph_json_types(const struct view *view, const struct graph *graph, const struct graph_wanted *wanted,
                     const struct graph_rows *rows, enum graph_by by)
{
    size_t shown;
    json_t *object = graph_json_begin("types", graph, wanted), *list = limited(view, rows->n, &shown);
    for (size_t i = 0; i < shown; i++) {
        const struct graph_row *row = &rows->items[i];
        json_t *one = json_object();
        json_object_set_new(one, "type", graph_json_type(graph, row->type));
        graph_json_number(one, "count", row->sum.count);
        graph_json_number(one, "bytes", row->sum.bytes);
        graph_json_number(one, "retained_bytes", row->sum.retained);
        json_array_append_new(list, one);
    }
    json_object_set_new(object, "by", json_string(graph_by_names[by]));
    json_object_set_new(object, "types", list);
    graph_json_number(object, "types_left_out", rows->n - shown);
    return json_finish(object, view->out);
}

static void add_rows(json_t *object, const struct view *view, const char *key, const struct graph_growth_row *rows, size_t n)
{
    size_t shown;
    json_t *list = limited(view, n, &shown);
    for (size_t i = 0; i < shown; i++) {
        const struct graph_growth_row *row = &rows[i];
        json_t *one = json_object();
        json_object_set_new(one, "type", json_text(row->name));
        json_object_set_new(one, "line", row->line && *row->line ? json_text(row->line) : json_null());
        graph_json_number(one, "count", row->count_now);
        json_object_set_new(one, "count_change", json_integer(row->count));
        graph_json_number(one, "bytes", row->bytes_now);
        json_object_set_new(one, "bytes_change", json_integer(row->bytes));
        graph_json_number(one, "count_new", row->count_new);
        graph_json_number(one, "bytes_new", row->bytes_new);
        json_array_append_new(list, one);
    }
    json_object_set_new(object, key, list);
}

int graph_json_growth(const struct view *view, const struct graph *before, const struct graph *after,
                      const struct graph_growth *growth)
{
    json_t *object = graph_json_begin("growth", after, NULL), *since = json_object();
    struct graph_sorts sums;
    graph_sort_sums(&sums, before, NULL);
    json_object_set_new(since, "snapshot", before->snapshot ? graph_json_snapshot(before->profile, before->number) : json_null());
    graph_json_number(since, "nodes", sums.all_nodes);
    graph_json_number(since, "bytes", sums.all_bytes);
    json_object_set_new(object, "since", since);
    add_rows(object, view, "types", growth->types.items, growth->types.n);
    add_rows(object, view, "lines", growth->lines.items, growth->lines.n);
    return json_finish(object, view->out);
}

int graph_json_view(const struct view *view, struct graph *graph, const struct graph_wanted *wanted,
                    const struct graph_view *shown)
{
    static const char *const names[] = {
        [GRAPH_VIEW_REFS] = "refs",   [GRAPH_VIEW_BACKREFS] = "backrefs",
        [GRAPH_VIEW_CHAIN] = "chain", [GRAPH_VIEW_DOMINATORS] = "dominators",
        [GRAPH_VIEW_FREE] = "free",   [GRAPH_VIEW_SHOW] = "show",
    };
    json_t *object = graph_json_begin(names[shown->kind], graph, wanted);
    json_object_set_new(object, "shown", graph_json_shown(graph, shown));
    return json_finish(object, view->out);
}

int graph_json_chain(const struct view *view, struct graph *graph, const struct graph_wanted *wanted,
                     const struct graph_path *path)
{
    json_t *object = graph_json_begin("chain", graph, wanted);
    struct strbuf text = STRBUF_INIT;
    graph_add_path(&text, graph, path);
    json_object_set_new(object, "expression", json_text(text.data));
    json_object_set_new(object, "steps", graph_json_steps(graph, path));
    graph_json_number(object, "steps_left_out", path->steps.n > GRAPH_JSON_STEPS ? path->steps.n - GRAPH_JSON_STEPS : 0);
    strbuf_release(&text);
    return json_finish(object, view->out);
}

int graph_json_free(const struct view *view, struct graph *graph, const struct graph_wanted *wanted, const struct graph_cut *cut)
{
    size_t shown;
    json_t *object = graph_json_begin("free", graph, wanted), *list = limited(view, cut->edges.n, &shown);
    for (size_t i = 0; i < shown; i++) {
        uint32_t edge = cut->edges.items[i], from = graph_edge_owner(graph, edge);
        json_t *one = graph_json_edge(graph, edge);
        json_object_set_new(one, "root", from ? json_null() : graph_json_root(graph, graph_edge_root(graph, edge)));
        json_object_set_new(one, "holder", from ? graph_json_node(graph, from) : json_null());
        json_object_set_new(one, "target", graph_json_node(graph, graph->edges[edge].to));
        json_array_append_new(list, one);
    }
    json_object_set_new(object, "cut", list);
    graph_json_number(object, "cut_left_out", cut->edges.n - shown);
    graph_json_number(object, "freed_bytes", cut->bytes);
    graph_json_number(object, "freed_nodes", cut->nodes);
    return json_finish(object, view->out);
}

static json_t *json_lots(const struct view *view, struct graph *graph, const uint32_t *nodes, size_t n)
{
    struct graph_lots lots = { 0 };
    size_t shown;
    uint64_t bytes = 0;
    graph_lots_build(&lots, graph, nodes, n);
    json_t *object = json_object(), *list = limited(view, lots.n, &shown);
    for (size_t i = 0; i < n; i++)
        bytes += graph->nodes[nodes[i]].bytes;
    for (size_t i = 0; i < shown; i++) {
        const struct graph_lot *lot = &lots.items[i];
        json_t *one = json_object();
        json_object_set_new(one, "type", graph_json_type(graph, lot->type));
        json_object_set_new(one, "line", graph_json_line(graph, lot->line));
        graph_json_number(one, "count", lot->count);
        graph_json_number(one, "bytes", lot->bytes);
        graph_json_number(one, "retained_bytes", lot->retained);
        json_object_set_new(one, "example", graph_json_node(graph, lot->example));
        uint32_t edge, holder = graph_c_holder(graph, lot->example, &edge);
        bool root = holder == 0;
        json_object_set_new(one, "holder", holder == GRAPH_NONE || root ? json_null() : graph_json_node(graph, holder));
        json_object_set_new(one, "root", root ? graph_json_root(graph, graph_edge_root(graph, edge)) : json_null());
        json_array_append_new(list, one);
    }
    graph_json_number(object, "nodes", n);
    graph_json_number(object, "bytes", bytes);
    json_object_set_new(object, "lots", list);
    graph_json_number(object, "lots_left_out", lots.n - shown);
    vec_release(&lots);
    return object;
}

#define CYCLE_MEMBERS 100                  /* in JSON; `nodes` says how many there are */

static json_t *json_cycles(const struct view *view, const struct graph *graph, const struct graph_leaking *leaking)
{
    const struct graph_components *garbage = &leaking->garbage;
    size_t shown;
    json_t *object = json_object(), *list = limited(view, garbage->items.n, &shown);
    for (size_t i = 0; i < shown; i++) {
        const struct graph_component *component = &garbage->items.items[i];
        json_t *one = json_object(), *members = json_array();
        for (uint32_t j = 0; j < component->n && j < CYCLE_MEMBERS; j++)
            json_array_append_new(members, graph_json_node(graph, garbage->members.items[component->first + j]));
        uint32_t edge = graph_weakest(graph, garbage, i);
        graph_json_number(one, "nodes", component->n);
        graph_json_number(one, "bytes", component->bytes);
        json_object_set_new(one, "members", members);
        json_object_set_new(one, "weaken", edge == GRAPH_NONE ? json_null() : graph_json_edge(graph, edge));
        json_object_set_new(one, "weaken_in",
                            edge == GRAPH_NONE ? json_null() : graph_json_node(graph, graph_edge_owner(graph, edge)));
        json_array_append_new(list, one);
    }
    graph_json_number(object, "nodes", leaking->garbage_nodes);
    graph_json_number(object, "bytes", leaking->garbage_bytes);
    json_object_set_new(object, "cycles", list);
    graph_json_number(object, "cycles_left_out", garbage->items.n - shown);
    return object;
}

int graph_json_leaking(const struct view *view, struct graph *graph, const struct graph_leaking *leaking)
{
    json_t *object = graph_json_begin("leaking", graph, NULL);
    json_object_set_new(object, "forgotten", json_lots(view, graph, leaking->forgotten.items, leaking->forgotten.n));
    json_object_set_new(object, "garbage", json_cycles(view, graph, leaking));
    json_object_set_new(object, "held_from_c", json_lots(view, graph, leaking->from_c.items, leaking->from_c.n));
    json_object_set_new(object, "lost", json_lots(view, graph, leaking->lost.items, leaking->lost.n));
    return json_finish(object, view->out);
}

static json_t *json_stack(const struct graph *graph, uint32_t node)
{
    json_t *stack = json_array();
    struct level_list levels = { 0 };
    if (!graph->profile || graph->nodes[node].site == TRACE_NONE)
        return stack;
    profile_levels(graph->profile, graph->profile->trace->sites[graph->nodes[node].site].stack, &levels);
    for (size_t i = 0; i < levels.n; i++)
        json_array_append_new(stack, graph_json_line(graph, levels.items[i]));
    vec_release(&levels);
    return stack;
}

static json_t *json_object_of(const struct view *view, struct graph *graph, uint32_t node)
{
    json_t *one = graph_json_node(graph, node);
    struct graph_view shown;
    struct graph_view_options options = { .depth = 1, .too_many = view->top, .collapse = true };
    struct graph_path path = { 0 };
    uint8_t *set = xcalloc(graph->n, 1);
    uint64_t nodes;
    set[node] = 1;
    graph_json_number(one, "own_bytes", graph_own_bytes(graph, node));
    graph_json_number(one, "retained_bytes", graph_retained_by(graph, set, &nodes));
    graph_json_number(one, "retained_nodes", nodes);
    json_object_set_new(one, "stack", json_stack(graph, node));
    json_object_set_new(one, "chain", graph_chain(&path, graph, set) ? graph_json_steps(graph, &path) : json_null());
    graph_view_neighbours(&shown, graph, GRAPH_VIEW_SHOW, set, "", &options);
    json_object_set_new(one, "shown", graph_json_shown(graph, &shown));
    graph_view_release(&shown);
    vec_release(&path.steps);
    free(set);
    return one;
}

int graph_json_show(const struct view *view, struct graph *graph, const struct graph_wanted *wanted, size_t most)
{
    uint32_t nodes[GRAPH_SHOW_MOST];
    size_t n = graph_largest(graph, wanted->set, nodes, most < GRAPH_SHOW_MOST ? most : GRAPH_SHOW_MOST);
    json_t *object = graph_json_begin("show", graph, wanted), *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_object_of(view, graph, nodes[i]));
    json_object_set_new(object, "objects", list);
    graph_json_number(object, "objects_left_out", wanted->n - n);
    return json_finish(object, view->out);
}

int graph_json_snapshots(const struct view *view, const struct profile *profile)
{
    json_t *object = json_object(), *list = json_array();
    for (uint32_t i = 0; i < profile->trace->n_snapshots; i++) {
        if (!profile->processes[profile->trace->snapshots[i].process].selected)
            continue;
        struct graph_kept kept = graph_kept(profile, i);
        json_t *one = graph_json_snapshot(profile, i);
        json_object_set_new(one, "graph", json_boolean(kept.graph));
        json_object_set_new(one, "whole", kept.graph ? json_boolean(kept.whole) : json_null());
        json_object_set_new(one, "python", kept.graph ? json_boolean(kept.python) : json_null());
        json_array_append_new(list, one);
    }
    json_object_set_new(object, "schema", json_string("heapline-graph/1"));
    json_object_set_new(object, "what", json_string("snapshots"));
    json_object_set_new(object, "snapshots", list);
    return json_finish(object, view->out);
}
