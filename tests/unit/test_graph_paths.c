/* Chains: the one that a person would tell, and random ones compared with the costs that paths.c promises. */
#include "graph_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define N_OF(array) (sizeof(array) / sizeof *(array))

static struct graph_sample sample;

static void add_nodes(uint32_t n, enum graph_sort sort)
{
    sample_init(&sample);
    uint32_t type = sample_type(&sample, sort, "app", "Order");
    for (uint32_t i = 0; i < n; i++)
        sample_node(&sample, type, 10);
}

/* Expects the chain to `to` to go over these nodes (0 to begin with), by edges that belong to it. */
static void check_chain(struct graph *graph, uint32_t to, const uint32_t *nodes, size_t n)
{
    uint8_t *set = calloc(graph->n, 1);
    struct graph_path path;
    set[to] = 1;
    assert_true(graph_chain(&path, graph, set));
    assert_int_equal(path.steps.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(path.steps.items[i].node, nodes[i]);
        if (i == 0) {
            assert_int_equal(path.steps.items[i].edge, GRAPH_NONE);
            continue;
        }
        assert_int_equal(graph->edges[path.steps.items[i].edge].to, nodes[i]);
        assert_in_range(path.steps.items[i].edge, graph->nodes[nodes[i - 1]].first, graph->nodes[nodes[i - 1] + 1].first - 1);
    }
    vec_release(&path.steps);
    free(set);
}
#define CHECK_CHAIN(graph, to, ...) \
    check_chain((graph), (to), (const uint32_t[]){ __VA_ARGS__ }, N_OF(((const uint32_t[]){ __VA_ARGS__ })))

/* A word of a stack leads straight there, a variable over three names. */
static void test_named_before_stale(void **state)
{
    add_nodes(4, GRAPH_NATIVE);
    sample_root(&sample, TRACE_ROOT_STACK, false, "stack", 4);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "servers", 1);
    for (uint32_t node = 1; node < 4; node++)
        sample_edge(&sample, node, HL_EDGE_OFFSET, 8, node + 1);
    CHECK_CHAIN(sample_finish(&sample), 4, 0, 1, 2, 3, 4);
    sample_release(&sample);
}

/* If only the stack has it, the stack it is. */
static void test_only_stale(void **state)
{
    add_nodes(2, GRAPH_NATIVE);
    sample_root(&sample, TRACE_ROOT_STACK, false, "stack", 1);
    sample_edge(&sample, 1, HL_EDGE_INSIDE, 8, 2);
    CHECK_CHAIN(sample_finish(&sample), 2, 0, 1, 2);
    sample_release(&sample);
}

/* A running function's globals, which are a module's own frame's locals, lead to the list in one step less than the module
 * does. */
static void check_module_before(const char *name)
{
    enum { MODULES = 1, MODULE, DICT, LIST, FUNCTION };
    add_nodes(5, GRAPH_PYTHON);
    uint32_t globals = sample_string(&sample, name), dict = sample_string(&sample, "__dict__");
    sample_root(&sample, TRACE_ROOT_OTHER, true, "thread MainThread", FUNCTION);
    sample_root(&sample, TRACE_ROOT_OTHER, true, "sys.modules", MODULES);
    sample_edge(&sample, FUNCTION, HL_EDGE_NAMED, globals, DICT);
    sample_edge(&sample, MODULES, HL_EDGE_VALUE, 0, MODULE);
    sample_edge(&sample, MODULE, HL_EDGE_NAMED, dict, DICT);
    sample_edge(&sample, DICT, HL_EDGE_VALUE, 0, LIST);
    CHECK_CHAIN(sample_finish(&sample), LIST, 0, MODULES, MODULE, DICT, LIST);
    sample_release(&sample);
}

/* A word of a running frame that has no name may be a left-over. */
static void test_names_before_words_of_frames(void **state)
{
    enum { FRAME = 1, START, LONGER, STILL, THING };
    for (int object = 0; object < 2; object++) {
        add_nodes(5, GRAPH_PYTHON);
        sample_at(&sample, FRAME)->type = sample_type(&sample, object ? GRAPH_PYTHON : GRAPH_FRAME, "builtins", "frame");
        sample_at(&sample, FRAME)->sort = object ? GRAPH_PYTHON : GRAPH_FRAME;
        sample_root(&sample, TRACE_ROOT_OTHER, true, "thread MainThread", FRAME);
        sample_root(&sample, TRACE_ROOT_OTHER, true, "sys.modules", START);
        sample_edge(&sample, FRAME, HL_EDGE_OFFSET, 0x178, THING);
        sample_edge(&sample, START, HL_EDGE_INDEX, 0, LONGER);
        sample_edge(&sample, LONGER, HL_EDGE_INDEX, 0, STILL);
        sample_edge(&sample, STILL, HL_EDGE_OFFSET, 0, THING);
        CHECK_CHAIN(sample_finish(&sample), THING, 0, START, LONGER, STILL, THING);
        sample_release(&sample);
    }
}

static void test_module_before_globals(void **state)
{
    check_module_before("__globals__");
    check_module_before("f_locals");
}

/* The same by a dict's key "__builtins__", which is a detour as a str, and by an object's class. */
static void test_detours(void **state)
{
    enum { START = 1, LONGER, STILL, KEY, THING, OTHER };
    for (int by_class = 0; by_class < 2; by_class++) {
        add_nodes(6, GRAPH_PYTHON);
        sample_root(&sample, TRACE_ROOT_OTHER, true, "sys.modules", START);
        sample_edge(&sample, START, by_class ? HL_EDGE_CLASS : HL_EDGE_VALUE, by_class ? 0 : KEY, THING);
        sample_edge(&sample, START, HL_EDGE_VALUE, OTHER, LONGER);
        sample_edge(&sample, LONGER, HL_EDGE_INDEX, 0, STILL);
        sample_edge(&sample, STILL, HL_EDGE_INDEX, 0, THING);
        struct graph *graph = sample_finish(&sample);
        graph->nodes[KEY].text = graph_keep_text(graph, &(struct graph_text){ .kind = HL_TEXT_STRING, .bytes = "__builtins__",
                                                                              .n = 12 });
        CHECK_CHAIN(graph, THING, 0, START, LONGER, STILL, THING);
        sample_release(&sample);
    }
}

static void test_nothing_leads_there(void **state)
{
    struct graph_path path;
    uint8_t set[5] = { [2] = 1, [3] = 1 };
    add_nodes(4, GRAPH_PYTHON);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "g", 1);
    sample_edge(&sample, 1, HL_EDGE_WEAK, 0, 2);
    sample_edge(&sample, 4, HL_EDGE_INDEX, 0, 3);
    struct graph *graph = sample_finish(&sample);
    assert_false(graph_chain(&path, graph, set));
    assert_int_equal(path.steps.n, 0);
    set[1] = 1;                                 /* of several the nearest */
    assert_true(graph_chain(&path, graph, set));
    assert_int_equal(path.steps.n, 2);
    assert_int_equal(path.steps.items[1].node, 1);
    vec_release(&path.steps);
    sample_release(&sample);
}

static void test_deep(void **state)
{
    enum { N = 1000000 };
    add_nodes(N, GRAPH_NATIVE);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "head", 1);
    for (uint32_t node = 1; node < N; node++)
        sample_edge(&sample, node, HL_EDGE_OFFSET, 0, node + 1);
    struct graph *graph = sample_finish(&sample);
    uint32_t *nodes = malloc((N + 1) * sizeof *nodes);
    for (uint32_t node = 0; node <= N; node++)
        nodes[node] = node;
    check_chain(graph, N, nodes, N + 1);
    free(nodes);
    sample_release(&sample);
}

/* As the head of paths.c has it; roots of random graphs are variables that hold Python objects. */
static uint32_t cost_of(const struct graph *graph, uint32_t from, uint32_t edge)
{
    switch (graph_edge_kind(&graph->edges[edge])) {
    case HL_EDGE_OFFSET: return from == 0 ? 8 : 6;
    case HL_EDGE_INSIDE: return 10;
    case HL_EDGE_STACK: return 12;
    case HL_EDGE_CLASS: return 24;
    case HL_EDGE_INDEX: return 2;
    default: fail(); return 0;
    }
}

/* Bellman and Ford: until nothing gets cheaper. */
static uint32_t cheapest(const struct graph *graph, const uint8_t *set)
{
    uint32_t cost[64], best = UINT32_MAX;
    bool changed = true;
    memset(cost, 0x7f, sizeof cost);
    for (cost[0] = 0; changed;) {
        changed = false;
        for (uint32_t node = 0; node < graph->n; node++)
            for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++) {
                uint32_t to = graph->edges[edge].to;
                if (graph_edge_kind(&graph->edges[edge]) == HL_EDGE_WEAK || cost[node] + cost_of(graph, node, edge) >= cost[to])
                    continue;
                cost[to] = cost[node] + cost_of(graph, node, edge);
                changed = true;
            }
    }
    for (uint32_t node = 1; node < graph->n; node++)
        if (set[node] && cost[node] < best)
            best = cost[node];
    return best < 0x7f7f7f7f ? best : UINT32_MAX;
}

static void test_random(void **state)
{
    static const enum hl_graph_edge kinds[] = { HL_EDGE_INDEX, HL_EDGE_OFFSET, HL_EDGE_INSIDE, HL_EDGE_CLASS, HL_EDGE_STACK,
                                                HL_EDGE_WEAK };
    uint32_t found = 0;
    for (int round = 0; round < 4000; round++) {
        uint32_t n = 2 + random_below(30), cost = 0;
        uint8_t set[64] = { 0 };
        struct graph_path path;
        struct graph *graph = random_graph(&sample, n, random_below(4 * n), 1 + random_below(3), kinds, N_OF(kinds));
        set[1 + random_below(n)] = set[1 + random_below(n)] = 1;
        uint32_t expected = cheapest(graph, set);
        assert_int_equal(graph_chain(&path, graph, set), expected != UINT32_MAX);
        for (size_t i = 1; i < path.steps.n; i++)
            cost += cost_of(graph, path.steps.items[i - 1].node, path.steps.items[i].edge);
        if (expected != UINT32_MAX) {
            assert_int_equal(cost, expected);
            assert_true(set[vec_last(&path.steps).node]);
            found++;
        }
        vec_release(&path.steps);
        sample_release(&sample);
    }
    assert_in_range(found, 500, 3999);          /* both outcomes are met */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_before_stale), cmocka_unit_test(test_only_stale),
        cmocka_unit_test(test_module_before_globals), cmocka_unit_test(test_names_before_words_of_frames),
        cmocka_unit_test(test_detours), cmocka_unit_test(test_nothing_leads_there), cmocka_unit_test(test_deep),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
