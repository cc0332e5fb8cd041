/* What should not be there. A Python object's reference count tells how many hold it; edges tell who. Where the count is
 * higher, somebody that cannot be seen holds it, or nobody does any more: a reference was forgotten. Where nothing leads to
 * objects and edges among them explain all counts, they wait for the cyclic collector. */
#include "graph.h"

#include "../analyze/python_path.h"
#include "../base/map.h"
#include "../base/xalloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Names that an interpreter's cache of methods counts (struct type_cache); no edge tells of them. */
#define METHOD_CACHE 4096u

/* Who holds an object, by kinds of holders. */
struct holders {
    uint32_t counted;                      /* edges that its count has one for */
    uint32_t native;                       /* words of native memory and of roots: each may stand for one */
    uint32_t foreign;                      /* of the native ones those that are not the interpreter's */
    bool named;                            /* one of these is the interpreter's own: "sys.modules", a variable of its C code */
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
    if (!snapshot)
        return false;
    const struct trace_root *range = bsearch(&root->at, snapshot->roots, snapshot->n_roots, sizeof *range, compare_root);
    return range && range->kind == TRACE_ROOT_GLOBAL && range->module != TRACE_NONE &&
           python_is_interpreter_module(graph->profile->trace->modules[range->module].path);
}

/* To 3.12 the interpreter keeps lists and dicts for its next ones in arrays of its state, whose words stay behind when those
 * are in use again. A word in a row of several that lead to the same type is one of these; what the interpreter keeps for a
 * type are two at most. */
#define ROW 4

struct words {
    const struct graph *graph;
    struct map types;                      /* by address of an interpreter's word: 1 + type of what it leads to */
};

static bool leads_to(const struct words *words, uint64_t at, uint32_t type)
{
    const uint64_t *found = map_get(&words->types, at);
    return found && *found == 1 + (uint64_t)type;
}

/* How many in a row, up to ROW. */
static unsigned count_row(const struct words *words, uint64_t at, uint32_t type)
{
    unsigned n = 1;
    for (uint64_t up = at + 8; n < ROW && leads_to(words, up, type); up += 8)
        n++;
    for (uint64_t down = at - 8; n < ROW && leads_to(words, down, type); down -= 8)
        n++;
    return n;
}

static bool is_runtime(const struct graph_root *root)
{
    return root->kind == TRACE_ROOT_GLOBAL && strncmp(root->name, "global _PyRuntime", 17) == 0;
}

static void note_state(struct words *words, uint32_t state)
{
    const struct graph *graph = words->graph;
    for (uint32_t i = graph->nodes[state].first; i < graph->nodes[state + 1].first; i++) {
        const struct graph_edge_out *edge = &graph->edges[i];
        *map_put(&words->types, graph->nodes[state].address + edge->value, NULL) = 1 + (uint64_t)graph->nodes[edge->to].type;
    }
}

static void words_init(struct words *words, const struct graph *graph)
{
    *words = (struct words){ .graph = graph };
    for (uint32_t i = 0; i < graph->n_roots; i++)
        if (is_runtime(&graph->roots[i]))
            *map_put(&words->types, graph->roots[i].at, NULL) = 1 + (uint64_t)graph->nodes[graph->roots[i].to].type;
    for (uint32_t i = 1; i < graph->n; i++)
        if (graph->nodes[i].sort == GRAPH_MEMORY && strcmp(graph_type_of(graph, i)->name, "state of the interpreter") == 0)
            note_state(words, i);
}

static bool may_be_left_over(const struct words *words, uint32_t from, const struct graph_edge_out *edge)
{
    const struct graph *graph = words->graph;
    uint32_t type = graph->nodes[edge->to].type;
    uint64_t at = from ? graph->nodes[from].address + edge->value : graph->roots[edge->value].at;
    const char *name = graph->types[type].name;
    if (strcmp(graph->types[type].module, "builtins") != 0 || (strcmp(name, "list") != 0 && strcmp(name, "dict") != 0))
        return false;
    return leads_to(words, at, type) && count_row(words, at, type) == ROW;
}

/* The interpreter allocated it for itself. */
static bool is_interpreters_block(const struct graph *graph, uint32_t node)
{
    return graph->profile && graph_line_of(graph, node) == graph->profile->locations.interpreter;
}

static void add_root(struct holders *holders, const struct graph *graph, const struct graph_edge_out *edge)
{
    const struct graph_root *root = &graph->roots[edge->value];
    bool own = (root->kind == TRACE_ROOT_OTHER && root->named) || is_interpreters_root(graph, root);
    holders->native++;
    holders->in_use |= root->kind == TRACE_ROOT_STACK || root->kind == TRACE_ROOT_REGISTERS;
    holders->named |= own;
    holders->foreign += !own;
}

static void add_native(struct holders *holders, const struct graph *graph, uint32_t from)
{
    bool own = is_interpreters_block(graph, from);
    holders->native++;
    holders->named |= own;
    holders->foreign += !own && graph->nodes[from].sort != GRAPH_PYTHON;
}

static struct holders holders_of(const struct words *words, uint32_t node)
{
    const struct graph *graph = words->graph;
    struct holders holders = { 0 };
    for (uint32_t i = graph->nodes[node].first_in; i < graph->nodes[node + 1].first_in; i++) {
        const struct graph_edge_out *edge = &graph->edges[graph->in[i].edge];
        if (graph->in[i].from && graph_edge_counts(edge))
            holders.counted++;
        else if (!graph_edge_holds(edge) || may_be_left_over(words, graph->in[i].from, edge))
            continue;
        else if (graph->in[i].from == 0)
            add_root(&holders, graph, edge);
        else
            add_native(&holders, graph, graph->in[i].from);
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

/* What the interpreter made for itself and Python leads to is no leak of the program's: its C code counts where nobody sees it.
 * Names with references that nothing explains wait in `names`; how many those are in all comes back. */
static uint64_t judge_counts(struct graph_leaking *leaking, struct nodes *names, const struct words *words)
{
    const struct graph *graph = words->graph;
    uint64_t unexplained = 0;
    for (uint32_t i = 1; i < graph->n; i++) {
        if (!is_judged(&graph->nodes[i]))
            continue;
        struct holders holders = holders_of(words, i);
        uint64_t explained = (uint64_t)holders.counted + holders.native;
        if (holders.in_use || (holders.counted && is_interpreters_block(graph, i)))
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
    struct words words;
    words_init(&words, graph);
    if (judge_counts(leaking, &names, &words) > METHOD_CACHE)
        vec_append(&leaking->forgotten, names.items, names.n);
    vec_release(&names);
    map_release(&words.types);
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

static bool has_python(const struct graph *graph, const struct graph_components *components,
                       const struct graph_component *component)
{
    for (uint32_t i = 0; i < component->n; i++)
        if (graph->nodes[components->members.items[component->first + i]].sort == GRAPH_PYTHON)
            return true;
    return false;
}

/* Cycles of native blocks alone are lost, nobody collects them. What hangs on a cycle goes with it. Returns all of it, one
 * byte a node. */
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
