#include "graph_json.h"
#include "graph_view.h"

void graph_json_number(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

json_t *graph_json_snapshot(const struct profile *profile, uint32_t id)
{
    const struct trace_snapshot *snapshot = &profile->trace->snapshots[id];
    json_t *object = json_object();
    graph_json_number(object, "number", id + 1);
    graph_json_number(object, "process", snapshot->process);
    json_object_set_new(object, "pid", json_integer(profile->trace->processes[snapshot->process].pid));
    json_object_set_new(object, "cause", json_string(graph_cause_name(snapshot->cause)));
    json_object_set_new(object, "label", *snapshot->label ? json_text(snapshot->label) : json_null());
    json_object_set_new(object, "time_s", json_seconds(snapshot->ns));
    graph_json_number(object, "blocks", snapshot->blocks);
    return object;
}

static json_t *json_sums(const struct graph *graph, const uint8_t *set)
{
    struct graph_sorts sums;
    json_t *object = json_object(), *sorts = json_object();
    graph_sort_sums(&sums, graph, set);
    graph_json_number(object, "nodes", sums.all_nodes);
    graph_json_number(object, "bytes", sums.all_bytes);
    for (unsigned sort = GRAPH_PYTHON; sort < GRAPH_SORTS; sort++) {
        json_t *one = json_object();
        graph_json_number(one, "nodes", sums.nodes[sort]);
        graph_json_number(one, "bytes", sums.bytes[sort]);
        json_object_set_new(sorts, graph_sort_names[sort], one);
    }
    json_object_set_new(object, "sorts", sorts);
    return object;
}

static json_t *json_trace(const struct graph *graph)
{
    if (!graph->profile)
        return json_null();
    const struct trace *trace = graph->profile->trace;
    json_t *object = json_object();
    json_object_set_new(object, "command", json_text(trace->run.command));
    json_object_set_new(object, "started_unix_s", json_seconds(trace->run.unix_ns));
    json_object_set_new(object, "complete", json_boolean(trace->complete));
    return object;
}

json_t *graph_json_begin(const char *what, const struct graph *graph, const struct graph_wanted *wanted)
{
    json_t *object = json_object(), *whole = json_sums(graph, NULL), *reasons = json_array();
    uint64_t live, blocks;
    json_object_set_new(object, "schema", json_string("heapline-graph/1"));
    json_object_set_new(object, "what", json_string(what));
    json_object_set_new(object, "trace", json_trace(graph));
    json_object_set_new(object, "snapshot", graph->snapshot ? graph_json_snapshot(graph->profile, graph->number) : json_null());
    for (size_t i = 0; i < graph->reasons.n; i++)
        json_array_append_new(reasons, json_text(graph->reasons.items[i]));
    json_object_set_new(whole, "whole", json_boolean(graph->whole));
    json_object_set_new(whole, "python", json_boolean(graph->python));
    json_object_set_new(whole, "reasons", reasons);
    json_object_set_new(whole, "live_bytes", graph_live(graph, &live, &blocks) ? json_integer((json_int_t)live) : json_null());
    json_object_set_new(object, "graph", whole);
    if (wanted && wanted->selector) {
        json_t *selection = json_sums(graph, wanted->set);
        json_object_set_new(selection, "selector", json_text(wanted->selector));
        json_object_set_new(object, "selection", selection);
    } else {
        json_object_set_new(object, "selection", json_null());
    }
    return object;
}

json_t *graph_json_type(const struct graph *graph, uint32_t type)
{
    const struct graph_type *real = &graph->types[type];
    struct strbuf text = STRBUF_INIT;
    json_t *object = json_object();
    graph_add_type(&text, graph, type);
    json_object_set_new(object, "text", json_text(text.data));
    json_object_set_new(object, "name", json_text(real->name));
    json_object_set_new(object, "module", *real->module ? json_text(real->module) : json_null());
    json_object_set_new(object, "sort", json_string(graph_sort_names[real->sort]));
    strbuf_release(&text);
    return object;
}

json_t *graph_json_line(const struct graph *graph, uint32_t line)
{
    if (line == GRAPH_NONE || !graph->profile)
        return json_null();
    json_t *object = json_object();
    json_add_location(object, &graph->profile->locations, line);
    return object;
}

json_t *graph_json_root(const struct graph *graph, uint32_t root)
{
    static const char *const kinds[] = { "other", "global", "stack", "tls", "registers", "mapping", "region", "other" };
    if (root == GRAPH_NONE)
        return json_null();
    const struct graph_root *real = &graph->roots[root];
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(kinds[real->kind <= TRACE_ROOT_OTHER ? real->kind : 0]));
    json_object_set_new(object, "name", json_text(real->name));
    json_object_set_new(object, "named", json_boolean(real->named));
    json_object_set_new(object, "tid",
                        graph->profile && real->thread != TRACE_NONE
                            ? json_integer(graph->profile->trace->threads[real->thread].tid)
                            : json_null());
    json_object_set_new(object, "address", real->at ? json_integer((json_int_t)real->at) : json_null());
    return object;
}

json_t *graph_json_edge(const struct graph *graph, uint32_t edge)
{
    static const char *const kinds[HL_EDGE_KINDS] = {
        [HL_EDGE_OFFSET] = "offset", [HL_EDGE_INSIDE] = "inside",       [HL_EDGE_FIELD] = "field",
        [HL_EDGE_NAMED] = "named",   [HL_EDGE_ATTRIBUTE] = "attribute", [HL_EDGE_SLOT] = "slot",
        [HL_EDGE_INDEX] = "index",   [HL_EDGE_VALUE] = "value",         [HL_EDGE_KEY] = "key",
        [HL_EDGE_ITEM] = "item",     [HL_EDGE_LOCAL] = "local",         [HL_EDGE_STACK] = "stack",
        [HL_EDGE_CELL] = "cell",     [HL_EDGE_CLASS] = "class",         [HL_EDGE_WEAK] = "weak",
        [HL_EDGE_PART] = "part",
    };
    json_t *object = json_object();
    if (edge == GRAPH_NONE) {
        json_object_set_new(object, "kind", json_null());
        json_object_set_new(object, "text", json_string(""));
        return object;
    }
    uint32_t owner = graph_edge_owner(graph, edge), kind = graph_edge_kind(&graph->edges[edge]);
    struct strbuf text = STRBUF_INIT;
    if (owner)
        graph_add_edge(&text, graph, owner, edge);
    json_object_set_new(object, "kind", json_string(owner ? kinds[kind] : "root"));
    json_object_set_new(object, "text", json_text(text.data));
    json_object_set_new(object, "holds", json_boolean(graph_edge_holds(&graph->edges[edge])));
    json_object_set_new(object, "counted", json_boolean(owner && graph_edge_counts(&graph->edges[edge])));
    strbuf_release(&text);
    return object;
}

static void add_flags(json_t *object, const struct graph_node *node)
{
    json_object_set_new(object, "tracked", json_boolean(node->flags & HL_NODE_TRACKED));
    json_object_set_new(object, "immortal", json_boolean(node->flags & HL_NODE_IMMORTAL));
    json_object_set_new(object, "cut", json_boolean(node->flags & HL_NODE_CUT));
}

json_t *graph_json_node(const struct graph *graph, uint32_t node)
{
    static const char *const reaches[] = { "unknown", "lost", "indirect", "possible", "reachable" };
    const struct graph_node *real = &graph->nodes[node];
    struct strbuf text = STRBUF_INIT;
    json_t *object = json_object();
    graph_add_node(&text, graph, node);
    graph_json_number(object, "id", node);
    json_object_set_new(object, "text", json_text(text.data));
    strbuf_clear(&text);
    graph_add_text(&text, graph, node);
    json_object_set_new(object, "value", text.length ? json_text(text.data) : json_null());
    graph_json_number(object, "address", real->address);
    json_object_set_new(object, "type", graph_json_type(graph, real->type));
    json_object_set_new(object, "sort", json_string(graph_sort_names[real->sort]));
    graph_json_number(object, "bytes", real->bytes);
    json_object_set_new(object, "retained_bytes",
                        graph->retained ? json_integer((json_int_t)graph->retained[node]) : json_null());
    bool python = real->flags & HL_NODE_PYTHON;
    json_object_set_new(object, "references", python ? json_integer(real->references) : json_null());
    json_object_set_new(object, "held_from_c", python ? json_integer(graph_held_from_c(graph, node)) : json_null());
    json_object_set_new(object, "born_s", real->site == TRACE_NONE ? json_null() : json_seconds(real->born_ns));
    json_object_set_new(object, "reach", json_string(reaches[real->reach < TRACE_REACHES ? real->reach : 0]));
    json_object_set_new(object, "line", graph_json_line(graph, graph_line_of(graph, node)));
    add_flags(object, real);
    strbuf_release(&text);
    return object;
}

json_t *graph_json_steps(struct graph *graph, const struct graph_path *path)
{
    json_t *steps = json_array();
    for (size_t i = 0; i < path->steps.n; i++) {
        const struct graph_step *step = &path->steps.items[i];
        if (i >= GRAPH_JSON_STEPS / 2 && i + GRAPH_JSON_STEPS / 2 < path->steps.n)
            continue;
        uint32_t next = i + 1 < path->steps.n ? path->steps.items[i + 1].edge : GRAPH_NONE;
        json_t *object = json_object();
        bool root = step->node == 0;
        json_object_set_new(object, "root",
                            root && next != GRAPH_NONE ? graph_json_root(graph, graph_edge_root(graph, next)) : json_null());
        json_object_set_new(object, "edge", root || step->edge == GRAPH_NONE ? json_null() : graph_json_edge(graph, step->edge));
        json_object_set_new(object, "node", root ? json_null() : graph_json_node(graph, step->node));
        json_array_append_new(steps, object);
    }
    return steps;
}

static json_t *json_shown_node(const struct graph *graph, const struct graph_view *shown, uint32_t place)
{
    static const char *const roles[] = { "node", "target", "root", "more", "group" };
    const struct graph_view_node *node = &shown->nodes.items[place];
    struct strbuf label = STRBUF_INIT;
    json_t *object = json_object();
    graph_view_add_label(&label, graph, shown, place);
    bool one = node->role == GRAPH_VIEW_NODE || node->role == GRAPH_VIEW_TARGET;
    json_object_set_new(object, "role", json_string(roles[node->role]));
    json_object_set_new(object, "label", json_text(label.data));
    json_object_set_new(object, "node", one ? graph_json_node(graph, node->node) : json_null());
    json_object_set_new(object, "root", node->role == GRAPH_VIEW_HOLDER ? graph_json_root(graph, node->root) : json_null());
    json_object_set_new(object, "type", node->type == GRAPH_NONE ? json_null() : graph_json_type(graph, node->type));
    graph_json_number(object, "count", node->count);
    graph_json_number(object, "bytes", node->bytes);
    graph_json_number(object, "retained_bytes", node->retained);
    graph_json_number(object, "depth", node->depth);
    graph_json_number(object, "not_shown", node->hidden);
    strbuf_release(&label);
    return object;
}

json_t *graph_json_shown(struct graph *graph, const struct graph_view *shown)
{
    json_t *object = json_object(), *nodes = json_array(), *edges = json_array();
    for (uint32_t i = 0; i < shown->nodes.n; i++)
        json_array_append_new(nodes, json_shown_node(graph, shown, i));
    for (size_t i = 0; i < shown->edges.n; i++) {
        const struct graph_view_edge *edge = &shown->edges.items[i];
        json_t *one = graph_json_edge(graph, edge->count > 1 && !*edge->text ? GRAPH_NONE : edge->edge);
        json_object_set_new(one, "text", json_text(edge->text));
        json_object_set_new(one, "holds", json_boolean(edge->holds));
        json_object_set_new(one, "counted",
                            json_boolean(edge->edge != GRAPH_NONE && graph_edge_owner(graph, edge->edge) &&
                                         graph_edge_counts(&graph->edges[edge->edge])));
        graph_json_number(one, "from", edge->from);
        graph_json_number(one, "to", edge->to);
        graph_json_number(one, "count", edge->count);
        json_object_set_new(one, "first_met", json_boolean(edge->tree));
        json_array_append_new(edges, one);
    }
    json_object_set_new(object, "title", json_text(shown->title));
    json_object_set_new(object, "nodes", nodes);
    json_object_set_new(object, "edges", edges);
    return object;
}
