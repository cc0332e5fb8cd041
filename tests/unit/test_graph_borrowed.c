/* Words that point to Python objects: which hold, by the count of references. */
#include "graph_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { MODULES = 1, LIST, ORDER, BUFFER };

/* sys.modules has the list, the list the order; words lead to both, from a variable, a stack and a native block. */
static struct graph *make(struct graph_sample *sample, uint32_t list_references, uint32_t order_references, uint16_t flags)
{
    sample_init(sample);
    uint32_t object = sample_type(sample, GRAPH_PYTHON, "builtins", "list");
    uint32_t native = sample_type(sample, GRAPH_NATIVE, "", "malloc in load");
    for (int i = 0; i < 3; i++)
        sample_node(sample, object, 10);
    sample_node(sample, native, 10);
    sample_at(sample, LIST)->references = list_references;
    sample_at(sample, ORDER)->references = order_references;
    sample_at(sample, ORDER)->flags |= flags;
    sample_root(sample, TRACE_ROOT_OTHER, true, "sys.modules", MODULES);
    sample_root(sample, TRACE_ROOT_GLOBAL, true, "_PyRuntime+0x10", LIST);
    sample_root(sample, TRACE_ROOT_STACK, false, "stack", ORDER);
    sample_root(sample, TRACE_ROOT_GLOBAL, true, "buffer", BUFFER);
    sample_edge(sample, MODULES, HL_EDGE_VALUE, 0, LIST);
    sample_edge(sample, LIST, HL_EDGE_INDEX, 0, ORDER);
    sample_edge(sample, BUFFER, HL_EDGE_OFFSET, 8, ORDER);
    struct graph *graph = sample_finish(sample);
    graph_drop_borrowed(graph);
    return graph;
}

static bool holds(const struct graph *graph, uint32_t from, uint32_t to)
{
    uint32_t edge = sample_find(graph, from, to);
    return edge != GRAPH_NONE && graph_edge_holds(&graph->edges[edge]);
}

/* One reference each, which the dict and the list are: no word holds. The native block is held, and named roots are left as
 * they are. */
static void test_explained(void **state)
{
    struct graph_sample sample;
    struct graph *graph = make(&sample, 1, 1, 0);
    assert_false(holds(graph, 0, LIST));
    assert_false(holds(graph, 0, ORDER));
    assert_false(holds(graph, BUFFER, ORDER));
    assert_true(holds(graph, 0, MODULES));
    assert_true(holds(graph, 0, BUFFER));
    assert_true(holds(graph, MODULES, LIST));
    assert_true(holds(graph, LIST, ORDER));
    graph_dominate(graph);
    assert_int_equal(graph->dominator[LIST], MODULES);
    assert_int_equal(graph->dominator[ORDER], LIST);
    sample_release(&sample);
}

/* A reference more than Python explains: some word has it, so all may. That of another object stays explained. */
static void test_held_from_c(void **state)
{
    struct graph_sample sample;
    struct graph *graph = make(&sample, 1, 2, 0);
    assert_false(holds(graph, 0, LIST));
    assert_true(holds(graph, 0, ORDER));
    assert_true(holds(graph, BUFFER, ORDER));
    graph_dominate(graph);
    assert_int_equal(graph->dominator[ORDER], 0);
    sample_release(&sample);
}

/* The count of an immortal object says nothing. */
static void test_immortal(void **state)
{
    struct graph_sample sample;
    struct graph *graph = make(&sample, 1, 1, HL_NODE_IMMORTAL);
    assert_true(holds(graph, 0, ORDER));
    assert_true(holds(graph, BUFFER, ORDER));
    sample_release(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_explained), cmocka_unit_test(test_held_from_c),
                                        cmocka_unit_test(test_immortal) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
