/* Names of nodes. Python's are told as Python people would: what an object is, then what it says of itself, how much it holds
 * or where it is. */
#include "text_parts.h"

#include "cpp_type.h"

#include <inttypes.h>
#include <string.h>

static void add_bytes(struct strbuf *out, uint64_t bytes)
{
    strbuf_printf(out, " of %" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
}

/* Types whose number of items is worth more than their address. */
static const char *const containers[] = {
    "builtins.list", "builtins.tuple", "builtins.dict", "builtins.set", "builtins.frozenset", "collections.deque",
    "collections.OrderedDict", "collections.defaultdict", "collections.Counter", NULL,
};

static bool is_container(const struct graph_type *type)
{
    for (const char *const *container = containers; *container; container++) {
        size_t n = strlen(type->module);
        if (strncmp(*container, type->module, n) == 0 && (*container)[n] == '.' && strcmp(*container + n + 1, type->name) == 0)
            return true;
    }
    return false;
}

/* Of a dict the keys and the values are counted: instances' dicts may share their keys with others. That of the interned strings,
 * which holds none of them, has weak ones alone. */
static uint64_t count_items(const struct graph *graph, uint32_t node)
{
    uint64_t items = 0, keys = 0, values = 0, weak = 0;
    for (uint32_t i = graph->nodes[node].first; i < graph->nodes[node + 1].first; i++) {
        uint32_t kind = graph_edge_kind(&graph->edges[i]);
        items += kind == HL_EDGE_INDEX || kind == HL_EDGE_ITEM;
        keys += kind == HL_EDGE_KEY;
        values += kind == HL_EDGE_VALUE;
        weak += kind == HL_EDGE_WEAK;
    }
    return values > keys ? values : keys ? keys : items ? items : weak;
}

static void add_container(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    uint64_t items = count_items(graph, node);
    bool cut = graph->nodes[node].flags & HL_NODE_CUT;
    if (items == 0 && !cut)
        strbuf_add(out, "empty ");
    graph_add_type(out, graph, graph->nodes[node].type);
    if (items || cut)
        strbuf_printf(out, " of %s%" PRIu64 " item%s", cut ? "at least " : "", items, items == 1 ? "" : "s");
    text_add_address(out, graph, node);
}

/* Names that people use for what Python calls otherwise. */
static const char *common_name(const char *type)
{
    static const char *const names[][2] = {
        { "type", "class" }, { "builtin_function_or_method", "built-in function" }, { "method_descriptor", "method" },
        { "classmethod_descriptor", "class method" }, { "wrapper_descriptor", "method" }, { "method-wrapper", "bound method" },
        { "getset_descriptor", "property" }, { "member_descriptor", "slot" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], type) == 0)
            return names[i][1];
    return NULL;
}

static void add_told(struct strbuf *out, const struct graph *graph, uint32_t node, const struct graph_text *text)
{
    const struct graph_type *type = graph_type_of(graph, node);
    const char *common = text->kind == HL_TEXT_NAME && strcmp(type->module, "builtins") == 0 ? common_name(type->name) : NULL;
    if (common)
        strbuf_add(out, common);
    else
        graph_add_type(out, graph, graph->nodes[node].type);
    strbuf_add_char(out, ' ');
    graph_add_text(out, graph, node);
}

static uint32_t named_target(const struct graph *graph, uint32_t node, const char *name)
{
    for (uint32_t i = graph->nodes[node].first; i < graph->nodes[node + 1].first; i++)
        if (text_edge_is(graph, i, name))
            return graph->edges[i].to;
    return GRAPH_NONE;
}

/* False: it cannot be told what of what it is. */
static bool add_method(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    uint32_t function = named_target(graph, node, "__func__"), self = named_target(graph, node, "__self__");
    if (function == GRAPH_NONE || self == GRAPH_NONE || !graph->nodes[function].text)
        return false;
    strbuf_add(out, "bound method ");
    graph_add_text(out, graph, function);
    strbuf_add(out, " of ");
    graph_add_type(out, graph, graph->nodes[self].type);
    text_add_address(out, graph, self);
    return true;
}

static void add_object(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    struct graph_text text;
    bool told = graph_text_of(graph, node, &text);
    if (text_is_builtin(graph, node, "NoneType") || (told && text_is_builtin(graph, node, "bool")))
        graph_add_text(out, graph, node);
    else if (told)
        add_told(out, graph, node, &text);
    else if (is_container(graph_type_of(graph, node)))
        add_container(out, graph, node);
    else if (!text_is_builtin(graph, node, "method") || !add_method(out, graph, node)) {
        graph_add_type(out, graph, graph->nodes[node].type);
        text_add_address(out, graph, node);
    }
}

/* A dict is told with whose it is. */
static void add_owned(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    uint32_t owner = text_is_builtin(graph, node, "dict") ? text_owner_of(graph, node) : GRAPH_NONE;
    add_object(out, graph, node);
    if (owner == GRAPH_NONE)
        return;
    strbuf_add(out, text_is_builtin(graph, owner, "module") ? ", globals of " : ", __dict__ of ");
    add_object(out, graph, owner);
}

static void add_location(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    const struct graph_type *type = graph_type_of(graph, node);
    struct strbuf place = STRBUF_INIT;
    graph_add_line(&place, graph, node);
    strbuf_add(out, place.length || *type->name ? " from " : "");
    if (place.length)
        strbuf_add_bytes(out, place.data, place.length);
    else
        text_add_clean(out, type->name);
    strbuf_release(&place);
}

static void add_frame(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    uint32_t code = named_target(graph, node, "f_code");
    strbuf_add(out, "frame");
    if (graph->nodes[node].text || (code != GRAPH_NONE && graph->nodes[code].text)) {
        strbuf_add_char(out, ' ');
        graph_add_text(out, graph, graph->nodes[node].text ? node : code);
    } else {
        text_add_address(out, graph, node);
    }
}

void graph_add_node(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    const struct graph_node *this = &graph->nodes[node];
    switch ((enum graph_sort)this->sort) {
    case GRAPH_ROOT:
        strbuf_add(out, "the roots");
        return;
    case GRAPH_PYTHON:
        if (text_is_builtin(graph, node, "frame"))
            add_frame(out, graph, node);
        else
            add_owned(out, graph, node);
        return;
    case GRAPH_FRAME:
        add_frame(out, graph, node);
        return;
    case GRAPH_FREE:
        strbuf_add(out, "free memory");
        add_bytes(out, this->bytes);
        break;
    case GRAPH_MEMORY:
        strbuf_add(out, "memory of Python's");
        add_bytes(out, this->bytes);
        break;
    case GRAPH_NATIVE:
        strbuf_add(out, "block");
        add_bytes(out, this->bytes);
        break;
    default:
        graph_add_type(out, graph, this->type);
        if (cpp_type_is_array(graph->types[this->type].name))
            add_bytes(out, this->bytes);
        break;
    }
    text_add_address(out, graph, node);
    if (this->sort == GRAPH_NATIVE || this->sort == GRAPH_MEMORY)
        add_location(out, graph, node);
}
