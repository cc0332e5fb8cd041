/* Sums by type: shallow bytes, what goes with all of a type, and the lower bound from the dominator tree. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "graph_sample.h"

#include <string.h>

static struct graph_sample sample;
static uint32_t t_cache, t_order, t_str;

static int setup(void **state)
{
    sample_init(&sample);
    t_cache = sample_type(&sample, GRAPH_PYTHON, "app", "Cache");
    t_order = sample_type(&sample, GRAPH_PYTHON, "app", "Order");
    t_str = sample_type(&sample, GRAPH_PYTHON, "builtins", "str");
    sample_type(&sample, GRAPH_PYTHON, "builtins", "list");
    return 0;
}

static int teardown(void **state)
{
    sample_release(&sample);
    return 0;
}

static void expect_row(const struct graph_row *row, uint32_t type, uint64_t count, uint64_t bytes, uint64_t retained)
{
    assert_int_equal(row->type, type);
    assert_int_equal(row->sum.count, count);
    assert_int_equal(row->sum.bytes, bytes);
    assert_int_equal(row->sum.retained, retained);
}

/* A cache of two orders, the second under the first; both hold one text, and one of their own each. */
static void build_cache(void)
{
    uint32_t cache = sample_node(&sample, t_cache, 1000), one = sample_node(&sample, t_order, 100);
    uint32_t two = sample_node(&sample, t_order, 100);
    uint32_t shared = sample_node(&sample, t_str, 10), own = sample_node(&sample, t_str, 20);
    uint32_t below = sample_node(&sample, t_str, 30);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "cache", cache);
    sample_edge(&sample, cache, HL_EDGE_INDEX, 0, one);
    sample_edge(&sample, one, HL_EDGE_INDEX, 0, two);
    sample_edge(&sample, one, HL_EDGE_INDEX, 1, own);
    sample_edge(&sample, two, HL_EDGE_INDEX, 0, below);
    sample_edge(&sample, two, HL_EDGE_INDEX, 1, shared);
    sample_edge(&sample, cache, HL_EDGE_INDEX, 1, shared);
}

static void nothing_counts_twice_for_a_type(void **state)
{
    struct graph_rows rows = { 0 };
    build_cache();
    graph_types(&rows, sample_finish(&sample), NULL, 0);
    assert_int_equal(rows.n, 3);                /* no list is there */
    expect_row(&rows.items[0], t_cache, 1, 1000, 1260);
    expect_row(&rows.items[1], t_order, 2, 200, 250);          /* two lies under one; the shared text stays with the cache */
    expect_row(&rows.items[2], t_str, 3, 60, 60);
    vec_release(&rows);
}

/* Two orders hold a text together: no single one retains it, both do. */
static void first_rows_are_exact(void **state)
{
    struct graph_rows rows = { 0 };
    uint32_t one = sample_node(&sample, t_order, 100), two = sample_node(&sample, t_order, 100);
    uint32_t text = sample_node(&sample, t_str, 10);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "one", one);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "two", two);
    sample_edge(&sample, one, HL_EDGE_INDEX, 0, text);
    sample_edge(&sample, two, HL_EDGE_INDEX, 0, text);
    struct graph *graph = sample_finish(&sample);
    graph_types(&rows, graph, NULL, 0);
    expect_row(&rows.items[0], t_order, 2, 200, 200);
    vec_clear(&rows);
    graph_types(&rows, graph, NULL, 1);
    expect_row(&rows.items[0], t_order, 2, 200, 210);
    expect_row(&rows.items[1], t_str, 1, 10, 10);
    vec_release(&rows);
}

static void a_selection_narrows_the_sums(void **state)
{
    struct graph_rows rows = { 0 };
    build_cache();
    struct graph *graph = sample_finish(&sample);
    uint8_t set[7] = { [3] = 1 };              /* the second order */
    graph_types(&rows, graph, set, 0);
    assert_int_equal(rows.n, 1);
    expect_row(&rows.items[0], t_order, 1, 100, 130);
    vec_clear(&rows);
    graph_types(&rows, graph, set, 5);
    expect_row(&rows.items[0], t_order, 1, 100, 130);
    vec_release(&rows);
}

/* What nothing leads to is summed up, too: the sum of all types is the heap. */
static void unreachable_nodes_count(void **state)
{
    struct graph_rows rows = { 0 };
    uint32_t held = sample_node(&sample, t_str, 10), lost = sample_node(&sample, t_str, 5);
    uint32_t cycle = sample_node(&sample, t_order, 7);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "held", held);
    sample_edge(&sample, cycle, HL_EDGE_INDEX, 0, lost);
    sample_edge(&sample, lost, HL_EDGE_INDEX, 0, cycle);
    graph_types(&rows, sample_finish(&sample), NULL, 0);
    assert_int_equal(rows.n, 2);
    expect_row(&rows.items[0], t_str, 2, 15, 15);
    expect_row(&rows.items[1], t_order, 1, 7, 7);
    vec_release(&rows);
}

static void equal_bytes_are_ordered_by_count_then_name(void **state)
{
    struct graph_rows rows = { 0 };
    sample_node(&sample, t_order, 10);
    sample_node(&sample, t_str, 5);
    sample_node(&sample, t_str, 5);
    sample_node(&sample, t_cache, 10);
    graph_types(&rows, sample_finish(&sample), NULL, 0);
    assert_int_equal(rows.items[0].type, t_str);
    assert_int_equal(rows.items[1].type, t_cache);
    assert_int_equal(rows.items[2].type, t_order);
    vec_release(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_counts_twice_for_a_type, setup, teardown),
        cmocka_unit_test_setup_teardown(first_rows_are_exact, setup, teardown),
        cmocka_unit_test_setup_teardown(a_selection_narrows_the_sums, setup, teardown),
        cmocka_unit_test_setup_teardown(unreachable_nodes_count, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_bytes_are_ordered_by_count_then_name, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
