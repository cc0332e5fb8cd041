#include "ways.h"

#include "../base/xalloc.h"

static const char *const detours[] = {
    "__globals__", "__builtins__", "__mro__", "__bases__", "__base__", "__subclasses__", "__class__", "__objclass__",
    "__loader__", "__spec__", "f_back", "f_globals", "f_builtins", "f_locals",
};

static bool is_detour(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof detours / sizeof *detours; i++)
        if (strlen(detours[i]) == n && memcmp(detours[i], name, n) == 0)
            return true;
    return false;
}

static void note_kinds(struct graph_ways *ways)
{
    static const uint8_t kinds[HL_EDGE_KINDS] = {
        [HL_EDGE_OFFSET] = WAY_POINTER, [HL_EDGE_INSIDE] = WAY_INSIDE, [HL_EDGE_FIELD] = WAY_POINTER, [HL_EDGE_NAMED] = WAY_PLAIN,
        [HL_EDGE_ATTRIBUTE] = WAY_NAME, [HL_EDGE_SLOT] = WAY_NAME, [HL_EDGE_INDEX] = WAY_NAME, [HL_EDGE_VALUE] = WAY_NAME,
        [HL_EDGE_KEY] = WAY_NAME, [HL_EDGE_ITEM] = WAY_NAME, [HL_EDGE_LOCAL] = WAY_NAME, [HL_EDGE_STACK] = WAY_PASSING,
        [HL_EDGE_CELL] = WAY_NAME, [HL_EDGE_CLASS] = WAY_CLASS, [HL_EDGE_WEAK] = WAY_WEAK,
        [HL_EDGE_PART] = WAY_PLAIN,
    };
    memcpy(ways->kinds, kinds, sizeof kinds);
}

void graph_ways_init(struct graph_ways *ways, const struct graph *graph)
{
    ways->graph = graph;
    note_kinds(ways);
    ways->detours = xcalloc(graph->n_strings / 8 + 1, 1);
    ways->detour_keys = xcalloc(graph->n / 8 + 1, 1);
    for (uint32_t i = 0; i < graph->n_strings; i++)
        if (graph->strings[i] && is_detour(graph->strings[i], strlen(graph->strings[i])))
            ways->detours[i / 8] |= (uint8_t)(1u << (i % 8));
    for (uint32_t node = 1; node < graph->n; node++) {
        struct graph_text text;
        if (graph->nodes[node].text && graph_text_of(graph, node, &text) && text.kind == HL_TEXT_STRING &&
            is_detour(text.bytes, text.n))
            ways->detour_keys[node / 8] |= (uint8_t)(1u << (node % 8));
    }
}

void graph_ways_release(struct graph_ways *ways)
{
    free(ways->detours);
    free(ways->detour_keys);
}

enum graph_way graph_way_of_root(const struct graph *graph, const struct graph_edge_out *edge)
{
    const struct graph_root *root = edge->value < graph->n_roots ? &graph->roots[edge->value] : NULL;
    if (!graph_edge_holds(edge))
        return WAY_WEAK;
    if (graph->nodes[edge->to].sort == GRAPH_FRAME || (root && root->named && root->kind == TRACE_ROOT_OTHER))
        return WAY_START;
    return root && root->named ? WAY_GLOBAL : WAY_STALE;
}
