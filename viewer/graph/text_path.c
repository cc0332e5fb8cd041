/* Names of edges and of paths. An edge alone says what place it is ("local x", "global keep of app"); in a path edges add up
 * to what a Python program would write. */
#include "text_parts.h"

#include <inttypes.h>
#include <string.h>

#define BEYOND ((1u << 28) - 1)            /* a value that did not fit */

static bool is_identifier(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!letter && c != '_' && c < 0x80 && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return n > 0;
}

/* The str that names an attribute or a variable; bare when it could stand so in a program. */
static void add_name(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    struct graph_text text;
    if (node == 0 || node >= graph->n || !graph_text_of(graph, node, &text) || text.kind != HL_TEXT_STRING)
        strbuf_add_char(out, '?');
    else if (is_identifier(text.bytes, text.n) && !(graph->nodes[node].flags & HL_NODE_TEXT_CUT))
        text_add_clean_bytes(out, text.bytes, text.n);
    else
        graph_add_text(out, graph, node);
}

static void add_key(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    struct graph_text text;
    strbuf_add_char(out, '[');
    if (node == 0 || node >= graph->n) {
        strbuf_add_char(out, '?');
    } else if (text_is_builtin(graph, node, "NoneType") || (graph_text_of(graph, node, &text) && text.kind != HL_TEXT_NAME)) {
        graph_add_text(out, graph, node);
    } else {
        strbuf_add_char(out, '<');
        if (text_is_builtin(graph, node, "type"))
            strbuf_add(out, "class");
        else
            graph_add_type(out, graph, graph->nodes[node].type);
        if (graph->nodes[node].text) {
            strbuf_add_char(out, ' ');
            graph_add_text(out, graph, node);
        }
        strbuf_add_char(out, '>');
    }
    strbuf_add_char(out, ']');
}

static bool is_name(const struct graph *graph, uint32_t node)
{
    struct graph_text text;
    return node && node < graph->n && graph_text_of(graph, node, &text) && text.kind == HL_TEXT_STRING;
}

static const char *string_of(const struct graph *graph, const struct graph_edge_out *edge)
{
    return edge->value < graph->n_strings ? graph->strings[edge->value] : "?";
}

/* A place that has a name of its own: an attribute, or a description in words. */
static void add_named(struct strbuf *out, const char *name)
{
    bool attribute = is_identifier(name, strlen(name));
    strbuf_add(out, attribute ? "." : "");
    text_add_clean(out, name);
}

static void add_offset(struct strbuf *out, const struct graph_edge_out *edge)
{
    strbuf_printf(out, "+0x%" PRIx32 "%s", edge->value, edge->value == BEYOND ? " or more" : "");
}

static void add_index(struct strbuf *out, const char *before, const struct graph_edge_out *edge)
{
    strbuf_printf(out, "%s[%" PRIu32 "%s]", before, edge->value, edge->value == BEYOND ? " or more" : "");
}

static const char *root_name(const struct graph *graph, const struct graph_edge_out *edge)
{
    return edge->value < graph->n_roots ? graph->roots[edge->value].name : "a root";
}

/* What stands in an object's own dict: an attribute of it, a global of a module. */
static void add_value(struct strbuf *out, const struct graph *graph, uint32_t from, const struct graph_edge_out *edge)
{
    bool named = is_name(graph, edge->value) && text_is_builtin(graph, from, "dict");
    uint32_t owner = named ? text_owner_of(graph, from) : GRAPH_NONE;
    if (owner == GRAPH_NONE) {
        add_key(out, graph, edge->value);
    } else if (text_is_builtin(graph, owner, "module")) {
        strbuf_add(out, "global ");
        add_name(out, graph, edge->value);
        strbuf_add(out, graph->nodes[owner].text ? " of " : "");
        graph_add_text(out, graph, owner);
    } else {
        strbuf_add_char(out, '.');
        add_name(out, graph, edge->value);
    }
}

void graph_add_edge(struct strbuf *out, const struct graph *graph, uint32_t from, uint32_t place)
{
    const struct graph_edge_out *edge = &graph->edges[place];
    if (from == 0) {
        text_add_clean(out, root_name(graph, edge));
        return;
    }
    switch ((enum hl_graph_edge)graph_edge_kind(edge)) {
    case HL_EDGE_OFFSET:
        add_offset(out, edge);
        break;
    case HL_EDGE_INSIDE:
        add_offset(out, edge);
        strbuf_add(out, " → inside");
        break;
    case HL_EDGE_FIELD:
        strbuf_add(out, "field ");
        add_offset(out, edge);
        break;
    case HL_EDGE_NAMED:
        add_named(out, string_of(graph, edge));
        break;
    case HL_EDGE_ATTRIBUTE:
        strbuf_add_char(out, '.');
        add_name(out, graph, edge->value);
        break;
    case HL_EDGE_SLOT:
        strbuf_add_char(out, '.');
        text_add_clean(out, string_of(graph, edge));
        break;
    case HL_EDGE_INDEX:
        add_index(out, "", edge);
        break;
    case HL_EDGE_VALUE:
        add_value(out, graph, from, edge);
        break;
    case HL_EDGE_KEY:
        strbuf_add(out, "key");
        break;
    case HL_EDGE_ITEM:
        strbuf_add(out, "item");
        break;
    case HL_EDGE_LOCAL:
        strbuf_add(out, "local ");
        add_name(out, graph, edge->value);
        break;
    case HL_EDGE_STACK:
        strbuf_add(out, "value in use");
        break;
    case HL_EDGE_CELL:
        if (text_is_builtin(graph, from, "cell"))
            strbuf_add(out, "contents of cell");
        else
            strbuf_printf(out, "cell %" PRIu32 " of closure", edge->value);
        break;
    case HL_EDGE_CLASS:
        strbuf_add(out, "class");
        break;
    case HL_EDGE_WEAK:
        strbuf_add(out, "weak reference");
        break;
    default:
        strbuf_add(out, "part");
        break;
    }
}

/* ---- paths ---- */

bool graph_step_is_hidden(const struct graph *graph, const struct graph_path *path, size_t step)
{
    const struct graph_step *steps = path->steps.items;
    if (step == 0 || step + 1 >= path->steps.n || steps[step - 1].node == 0)
        return false;
    if (steps[step].edge == GRAPH_NONE || steps[step + 1].edge == GRAPH_NONE)
        return false;
    const struct graph_edge_out *next = &graph->edges[steps[step + 1].edge];
    return text_edge_is(graph, steps[step].edge, "__dict__") && graph_edge_kind(next) == HL_EDGE_VALUE &&
           is_name(graph, next->value);
}

/* What is added to an expression of Python's; false: it is none, and stands for itself. */
static bool add_expression(struct strbuf *out, const struct graph *graph, uint32_t from, const struct graph_edge_out *edge,
                           bool attribute)
{
    switch ((enum hl_graph_edge)graph_edge_kind(edge)) {
    case HL_EDGE_VALUE:
        if (!attribute) {
            add_key(out, graph, edge->value);
            return true;
        }
        strbuf_add_char(out, '.');
        add_name(out, graph, edge->value);
        return true;
    case HL_EDGE_NAMED:
        if (!is_identifier(string_of(graph, edge), strlen(string_of(graph, edge))))
            return false;
        add_named(out, string_of(graph, edge));
        return true;
    case HL_EDGE_CELL:
        if (text_is_builtin(graph, from, "cell"))
            strbuf_add(out, ".cell_contents");
        else
            add_index(out, ".__closure__", edge);
        return true;
    case HL_EDGE_CLASS:
        strbuf_add(out, ".__class__");
        return true;
    default:
        return false;
    }
}

/* How a step is told: one edge, or the way through a __dict__ that is told as one. */
struct told { uint32_t from, edge; bool attribute; };

static size_t next_step(const struct graph *graph, const struct graph_path *path, size_t at, struct told *told)
{
    bool hidden = graph_step_is_hidden(graph, path, at);
    *told = (struct told){ path->steps.items[hidden ? at : at - 1].node, path->steps.items[at + hidden].edge, hidden };
    return at + 1 + hidden;
}

static bool is_alike(const struct graph *graph, const struct told *a, const struct told *b)
{
    const struct graph_edge_out *one = &graph->edges[a->edge], *two = &graph->edges[b->edge];
    uint32_t kind = graph_edge_kind(one);
    if (kind != graph_edge_kind(two) || a->attribute != b->attribute || (one->value != two->value && hl_edge_has_value(kind)))
        return false;
    return graph->nodes[a->from].type == graph->nodes[b->from].type && graph->nodes[one->to].type == graph->nodes[two->to].type;
}

/* Lists hold themselves together by their next pointers: how many steps from `at` on are the same as the one told, itself
 * included. The place behind them. */
static size_t skip_alike(const struct graph *graph, const struct graph_path *path, size_t at, const struct told *told,
                         size_t *times)
{
    struct told next;
    *times = 1;
    while (at < path->steps.n && told->from) {
        size_t behind = next_step(graph, path, at, &next);
        if (!is_alike(graph, told, &next))
            break;
        at = behind;
        ++*times;
    }
    return at;
}

static bool is_frame(const struct graph *graph, uint32_t node)
{
    return graph->nodes[node].sort == GRAPH_FRAME || text_is_builtin(graph, node, "frame");
}

struct line {
    struct strbuf *out;
    const struct graph *graph;
    size_t start;                          /* where the path begins in `out` */
    bool expression;                       /* what stands there is one of Python's, that can be added to */
    bool frames;                           /* only frames so far: a local variable begins anew */
};

static void add_step(struct line *line, const struct told *told)
{
    const struct graph *graph = line->graph;
    const struct graph_edge_out *edge = &graph->edges[told->edge];
    uint32_t kind = graph_edge_kind(edge);
    struct strbuf text = STRBUF_INIT;
    bool expression = kind == HL_EDGE_ATTRIBUTE || kind == HL_EDGE_SLOT || kind == HL_EDGE_INDEX;
    if (expression || !(expression = add_expression(&text, graph, told->from, edge, told->attribute)))
        graph_add_edge(&text, graph, told->from, told->edge);
    if (line->frames && kind == HL_EDGE_LOCAL) {
        strbuf_truncate(line->out, line->start);
        graph_add_node(line->out, graph, told->from);
        strbuf_add(line->out, ": ");
        strbuf_clear(&text);
        add_name(&text, graph, edge->value);
        expression = true;
    } else if (line->out->length > line->start && !(expression && line->expression)) {
        strbuf_add(line->out, " → ");
    }
    strbuf_add_bytes(line->out, text.data, text.length);
    line->expression = expression;
    line->frames = line->frames && is_frame(graph, edge->to);
    strbuf_release(&text);
}

static void add_root(struct line *line, const struct told *told)
{
    const struct graph_edge_out *edge = &line->graph->edges[told->edge];
    const char *name = root_name(line->graph, edge);
    text_add_clean(line->out, name);
    line->expression = !strchr(name, ' ') && line->graph->nodes[edge->to].sort == GRAPH_PYTHON;
    line->frames = is_frame(line->graph, edge->to);
}

void graph_add_path(struct strbuf *out, const struct graph *graph, const struct graph_path *path)
{
    struct line line = { out, graph, out->length, false, false };
    struct told told;
    for (size_t at = 1; at < path->steps.n;) {
        size_t behind = next_step(graph, path, at, &told), times;
        size_t alike = skip_alike(graph, path, behind, &told, &times);
        if (told.from == 0)
            add_root(&line, &told);
        else
            add_step(&line, &told);
        if (times > 3) {
            strbuf_printf(out, " (%zu times)", times);
            line.expression = false;
        }
        at = times > 3 ? alike : behind;
    }
}

void graph_add_steps(struct strbuf *out, const struct graph *graph, const struct graph_path *path, size_t indent)
{
    struct told told;
    for (size_t at = 1; at < path->steps.n;) {
        size_t behind = next_step(graph, path, at, &told), times;
        size_t alike = skip_alike(graph, path, behind, &told, &times);
        bool many = times > 3;
        at = many ? alike : behind;
        strbuf_fill(out, ' ', told.from ? indent + 2 : indent);
        if (!told.attribute || !text_is_builtin(graph, path->steps.items[behind - 3].node, "module"))
            graph_add_edge(out, graph, told.from, told.edge);
        else
            add_expression(out, graph, told.from, &graph->edges[told.edge], true);
        strbuf_add(out, " → ");
        graph_add_node(out, graph, path->steps.items[at - 1].node);
        if (many)
            strbuf_printf(out, ", %zu times so", times);
        strbuf_add_char(out, '\n');
    }
}
