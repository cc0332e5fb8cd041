/* What should not be there. A Python object's reference count tells how many hold it; edges tell who. Where the count is higher, somebody that cannot be seen holds it, or
 * nobody does any more: a reference was forgotten. Where nothing leads to objects and edges among them explain all counts, they wait for the cyclic collector. */
#include "graph.h"

#include "../analyze/python_path.h"
#include "../base/xalloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define METHOD_CACHE 4096u                 /* names that an interpreter's cache of methods counts (struct type_cache); no edge tells of them */

/* Who holds an object, by kinds of holders. */
struct holders {
    uint32_t counted;                      /* edges that its count has one for */
    uint32_t native;                       /* words of native memory and of roots: each may stand for one */
    uint32_t left_over;                    /* words of the interpreter's that may be from before */
    uint32_t foreign;                      /* of the native ones, what is not the interpreter's own */
    bool named;                            /* one of these is a place of Python's that has a name, "sys.modules" */
    bool in_use;                           /* code is at work with it: a stack or a register has it */
};

static int compare_root(const void *key, const void *item)
{
    uint64_t at = *(const uint64_t *)key;
    const struct trace_root *range = item;
    return at < range->start ? -1 : at >= range->end;
}

/* A variable of the interpreter's C code. */
static bool is_interpreters_root(const struct graph *graph, const struct graph_root *root)
{
    const struct trace_snapshot *snapshot = graph->snapshot;
    const struct trace_root *range = snapshot ? bsearch(&root->at, snapshot->roots, snapshot->n_roots, sizeof *snapshot->roots, compare_root) : NULL;
    return range && range->kind == TRACE_ROOT_GLOBAL && range->module != TRACE_NONE &&
           python_is_interpreter_module(graph->profile->trace->modules[range->module].path);
}

/* To 3.12 the interpreter keeps lists and dicts for its next ones in arrays of its state, whose words stay behind when those are in use again. */
static bool may_be_left_over(const struct graph *graph, uint32_t from, const struct graph_edge_out *edge)
{
    const struct graph_type *type = graph_type_of(graph, edge->to);
    if (strcmp(type->module, "builtins") != 0 || (strcmp(type->name, "list") != 0 && strcmp(type->name, "dict") != 0))
        return false;
    if (from == 0)
        return strncmp(graph->roots[edge->value].name, "global _PyRuntime", 17) == 0;
    return graph->nodes[from].sort == GRAPH_MEMORY && strcmp(graph_type_of(graph, from)->name, "state of the interpreter") == 0;
}

/* The interpreter allocated it for itself. */
static bool is_interpreters_block(const struct graph *graph, uint32_t node)
{
    return graph->profile && graph_line_of(graph, node) == graph->profile->locations.interpreter;
}

static void add_root(struct holders *holders, const struct graph *graph, const struct graph_edge_out *edge)
{
    const struct graph_root *root = &graph->roots[edge->value];
    holders->native++;
    holders->in_use |= root->kind == TRACE_ROOT_STACK || root->kind == TRACE_ROOT_REGISTERS;
    holders->named |= root->kind == TRACE_ROOT_OTHER && root->named;
    holders->foreign += root->kind != TRACE_ROOT_OTHER && !is_interpreters_root(graph, root);
}

static struct holders holders_of(const struct graph *graph, uint32_t node)
{
    struct holders holders = { 0 };
    for (uint32_t i = graph->nodes[node].first_in; i < graph->nodes[node + 1].first_in; i++) {
        const struct graph_edge_out *edge = &graph->edges[graph->in[i].edge];
        if (may_be_left_over(graph, graph->in[i].from, edge)) {
            holders.left_over++;
        } else if (graph->in[i].from == 0) {
            add_root(&holders, graph, edge);
        } else if (graph_edge_counts(edge)) {
            holders.counted++;
        } else if (graph_edge_holds(edge)) {
            holders.native++;
            holders.foreign += graph->nodes[graph->in[i].from].sort != GRAPH_PYTHON && !is_interpreters_block(graph, graph->in[i].from);
        }
    }
    return holders;
}

/* What stands in static memory cannot leak, and before 3.12 its count begins anywhere. */
static bool is_judged(const struct graph_node *node)
{
    return node->sort == GRAPH_PYTHON && !(node->flags & HL_NODE_IMMORTAL) && node->references > 0 && node->site != TRACE_NONE;
}

/* A str that may have been asked for as an attribute. */
static bool may_be_name(const struct graph *graph, uint32_t node)
{
    struct graph_text text;
    if (!graph_text_of(graph, node, &text) || text.kind != HL_TEXT_STRING || text.n == 0)
        return false;
    for (uint32_t i = 0; i < text.n; i++)
        if (!isalnum((unsigned char)text.bytes[i]) && !strchr("_.", text.bytes[i]))
            return false;
    return true;
}

struct nodes VEC_FIELDS(uint32_t);

/* Names with references that nothing explains wait in `names`; how many those are in all comes back. */
static uint64_t judge_counts(struct graph_leaking *leaking, struct nodes *names, const struct graph *graph)
{
    uint64_t unexplained = 0;
    for (uint32_t i = 1; i < graph->n; i++) {
        if (!is_judged(&graph->nodes[i]))
            continue;
        struct holders holders = holders_of(graph, i);
        uint64_t explained = (uint64_t)holders.counted + holders.native + (is_interpreters_block(graph, i) ? holders.left_over : 0);
        if (holders.in_use)
            continue;
        if (graph->nodes[i].references <= explained) {
            if (holders.counted == 0 && holders.foreign > 0 && !holders.named)
                vec_push(&leaking->from_c, i);
        } else if (may_be_name(graph, i)) {
            vec_push(names, i);
            unexplained += graph->nodes[i].references - explained;
        } else {
            vec_push(&leaking->forgotten, i);
        }
    }
    return unexplained;
}

/* Names are worth a word only if they are more than the cache of methods can hold. */
static void judge_objects(struct graph_leaking *leaking, const struct graph *graph)
{
    struct nodes names = { 0 };
    if (judge_counts(leaking, &names, graph) > METHOD_CACHE)
        vec_append(&leaking->forgotten, names.items, names.n);
    vec_release(&names);
}

/* ---- cycles ---- */

/* From all nodes of the set on, along edges that hold, as far as `within` goes. */
static void spread(const struct graph *graph, uint8_t *set, const uint8_t *within)
{
    VEC(uint32_t) open = { 0 };
    for (uint32_t i = 0; i < graph->n; i++)
        if (set[i])
            vec_push(&open, i);
    while (open.n) {
        uint32_t node = vec_pop(&open);
        for (uint32_t e = graph->nodes[node].first; e < graph->nodes[node + 1].first; e++) {
            uint32_t to = graph->edges[e].to;
            if (set[to] || !within[to] || !graph_edge_holds(&graph->edges[e]))
                continue;
            set[to] = 1;
            vec_push(&open, to);
        }
    }
    vec_release(&open);
}

/* What the collector would find: no root leads there, and nothing that is held from somewhere unseen does. */
static uint8_t *find_unheld(const struct graph *graph)
{
    uint8_t *unheld = xcalloc(graph->n, 1), *held = xcalloc(graph->n, 1);
    for (uint32_t i = 1; i < graph->n; i++) {
        unheld[i] = graph->dominator[i] == GRAPH_NONE;
        held[i] = unheld[i] && graph_held_from_c(graph, i) > 0;
    }
    spread(graph, held, unheld);
    for (uint32_t i = 1; i < graph->n; i++)
        unheld[i] &= !held[i];
    free(held);
    return unheld;
}

static bool has_python(const struct graph *graph, const struct graph_components *components, const struct graph_component *component)
{
    for (uint32_t i = 0; i < component->n; i++)
        if (graph->nodes[components->members.items[component->first + i]].sort == GRAPH_PYTHON)
            return true;
    return false;
}

/* Cycles of native blocks alone are lost, nobody collects them. What hangs on a cycle goes with it. Returns all of it, one byte a node. */
static uint8_t *find_garbage(struct graph_leaking *leaking, const struct graph *graph)
{
    uint8_t *unheld = find_unheld(graph), *garbage = xcalloc(graph->n, 1);
    struct graph_components *cycles = &leaking->garbage;
    size_t kept = 0;
    graph_components(cycles, graph, unheld);
    for (size_t i = 0; i < cycles->items.n; i++) {
        struct graph_component component = cycles->items.items[i];
        if (!has_python(graph, cycles, &component))
            continue;
        cycles->items.items[kept++] = component;
        for (uint32_t m = 0; m < component.n; m++)
            garbage[cycles->members.items[component.first + m]] = 1;
    }
    cycles->items.n = kept;
    spread(graph, garbage, unheld);
    free(unheld);
    return garbage;
}

static void sum_garbage(struct graph_leaking *leaking, const struct graph *graph, const uint8_t *garbage)
{
    for (uint32_t i = 1; i < graph->n; i++) {
        leaking->garbage_nodes += garbage[i];
        leaking->garbage_bytes += garbage[i] ? graph->nodes[i].bytes : 0;
    }
}

/* ---- blocks ---- */

static void find_lost(struct graph_leaking *leaking, const struct graph *graph, const uint8_t *garbage)
{
    for (uint32_t i = 1; i < graph->n; i++) {
        const struct graph_node *node = &graph->nodes[i];
        bool native = node->sort == GRAPH_NATIVE || node->sort == GRAPH_CPP || node->sort == GRAPH_MEMORY;
        if (native && !garbage[i] && (node->reach == TRACE_REACH_LOST || node->reach == TRACE_REACH_INDIRECT))
            vec_push(&leaking->lost, i);
    }
}

static int compare_retained(const void *a, const void *b, void *context)
{
    const uint64_t *retained = context;
    uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;
    if (retained[one] != retained[two])
        return retained[one] < retained[two] ? 1 : -1;
    return one < two ? -1 : one > two;
}

/* Most bytes first that go with them. */
static void sort_nodes(uint32_t *nodes, size_t n, const struct graph *graph)
{
    if (n)
        qsort_r(nodes, n, sizeof *nodes, compare_retained, graph->retained);
}

void graph_leaking(struct graph_leaking *leaking, struct graph *graph)
{
    *leaking = (struct graph_leaking){ 0 };
    graph_dominate(graph);
    judge_objects(leaking, graph);
    uint8_t *garbage = find_garbage(leaking, graph);
    sum_garbage(leaking, graph, garbage);
    find_lost(leaking, graph, garbage);
    free(garbage);
    sort_nodes(leaking->forgotten.items, leaking->forgotten.n, graph);
    sort_nodes(leaking->from_c.items, leaking->from_c.n, graph);
    sort_nodes(leaking->lost.items, leaking->lost.n, graph);
}

void graph_leaking_release(struct graph_leaking *leaking)
{
    vec_release(&leaking->forgotten);
    vec_release(&leaking->from_c);
    vec_release(&leaking->lost);
    graph_components_release(&leaking->garbage);
}
