/* What grew between two graphs: by type and by line, and what of it is new. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "graph_lines_sample.h"
#include "graph_sample.h"

#include <string.h>

static struct graph_sample before, after;

static int setup(void **state)
{
    sample_init(&before);
    sample_init(&after);
    sample_type(&after, GRAPH_PYTHON, "shop", "Unused");        /* numbers of types differ between snapshots */
    return 0;
}

static int teardown(void **state)
{
    before.graph.owners = after.graph.owners = NULL;           /* the table is no allocation */
    sample_release(&before);
    sample_release(&after);
    return 0;
}

/* n nodes of a type, of `bytes` each, allocated at the site; the first at `address`, born at `born`. */
static void add(struct graph_sample *sample, uint32_t type, size_t n, uint64_t bytes, uint32_t site, uint64_t address,
                uint64_t born)
{
    for (size_t i = 0; i < n; i++) {
        struct graph_node *node = sample_at(sample, sample_node(sample, type, bytes));
        node->site = site;
        node->address = address + i * 0x100;
        node->born_ns = born;
    }
}

static void compare(struct graph_growth *growth)
{
    lines_attach(sample_finish(&before));
    lines_attach(sample_finish(&after));
    graph_growth(growth, &before.graph, &after.graph);
}

static void expect_row(const struct graph_growth_row *row, const char *name, const char *line, int64_t count, int64_t bytes,
                       uint64_t count_now, uint64_t bytes_now, uint64_t count_new)
{
    assert_string_equal(row->name, name);
    assert_string_equal(row->line, line);
    assert_int_equal(row->count, count);
    assert_int_equal(row->bytes, bytes);
    assert_int_equal(row->count_now, count_now);
    assert_int_equal(row->bytes_now, bytes_now);
    assert_int_equal(row->count_new, count_new);
}

/* Orders: 2 stay, 3 come from add and 1 from main. Lists: 1 goes, 1 comes at another place. Strings: 1 of two goes. Blocks:
 * as they were. */
static void build(void)
{
    uint32_t order = sample_type(&before, GRAPH_PYTHON, "app", "Order");
    uint32_t list = sample_type(&before, GRAPH_PYTHON, "builtins", "list");
    uint32_t str = sample_type(&before, GRAPH_PYTHON, "builtins", "str");
    uint32_t block = sample_type(&before, GRAPH_NATIVE, "app", "malloc in load load.c:31");
    add(&before, order, 2, 48, SITE_ADD, 0x10000, 1);
    add(&before, list, 1, 100, SITE_MAIN, 0x20000, 1);
    add(&before, str, 2, 50, SITE_ADD, 0x30000, 1);
    add(&before, block, 3, 96, SITE_LOAD, 0x40000, 1);
    block = sample_type(&after, GRAPH_NATIVE, "app", "malloc in load load.c:31");
    str = sample_type(&after, GRAPH_PYTHON, "builtins", "str");
    list = sample_type(&after, GRAPH_PYTHON, "builtins", "list");
    order = sample_type(&after, GRAPH_PYTHON, "app", "Order");
    add(&after, order, 2, 48, SITE_ADD, 0x10000, 1);
    add(&after, order, 3, 48, SITE_ADD, 0x11000, 7);
    add(&after, order, 1, 48, SITE_MAIN, 0x12000, 7);
    add(&after, list, 1, 100, SITE_MAIN, 0x21000, 7);
    add(&after, str, 1, 50, SITE_ADD, 0x30000, 1);
    add(&after, block, 3, 96, SITE_LOAD, 0x40000, 1);
}

static void by_type_with_the_line_that_let_it_grow(void **state)
{
    struct graph_growth growth;
    build();
    compare(&growth);
    assert_int_equal(growth.types.n, 2);       /* lists and blocks are as many as before */
    expect_row(&growth.types.items[0], "Order", "app.py:31 in add", 4, 192, 6, 288, 4);
    expect_row(&growth.types.items[1], "str", "", -1, -50, 1, 50, 0);
    graph_growth_release(&growth);
}

static void by_line_with_the_type_that_grew_there(void **state)
{
    struct graph_growth growth;
    build();
    compare(&growth);
    assert_int_equal(growth.lines.n, 2);
    expect_row(&growth.lines.items[0], "Order", "app.py:31 in add", 2, 94, 6, 290, 3);
    expect_row(&growth.lines.items[1], "Order", "main.py:5 in <module>", 1, 48, 2, 148, 2);
    graph_growth_release(&growth);
}

/* Another block at the same address is another one. */
static void a_birth_tells_who_is_new(void **state)
{
    struct graph_growth growth;
    uint32_t was = sample_type(&before, GRAPH_PYTHON, "app", "Order"), is = sample_type(&after, GRAPH_PYTHON, "app", "Order");
    add(&before, was, 2, 48, SITE_ADD, 0x10000, 1);
    add(&after, is, 1, 48, SITE_ADD, 0x10000, 1);
    add(&after, is, 2, 48, SITE_ADD, 0x10100, 5);
    compare(&growth);
    assert_int_equal(growth.types.n, 1);
    expect_row(&growth.types.items[0], "Order", "app.py:31 in add", 1, 48, 3, 144, 2);
    assert_int_equal(growth.types.items[0].bytes_new, 96);
    graph_growth_release(&growth);
}

/* Two types of one name are two rows, told apart by their modules; what grew most stands first, what shrank most last. */
static void rows_are_ordered_and_told_apart(void **state)
{
    struct graph_growth growth;
    uint32_t gone = sample_type(&before, GRAPH_PYTHON, "shop", "Order"), big = sample_type(&after, GRAPH_PYTHON, "app", "Order");
    uint32_t more = sample_type(&after, GRAPH_PYTHON, "builtins", "int");
    sample_type(&before, GRAPH_PYTHON, "app", "Order");
    add(&before, gone, 1, 4000, SITE_MAIN, 0x10000, 1);
    add(&after, more, 2, 28, TRACE_NONE, 0x20000, 0);
    add(&after, big, 1, 500, SITE_ADD, 0x30000, 2);
    compare(&growth);
    assert_int_equal(growth.types.n, 3);
    expect_row(&growth.types.items[0], "app.Order", "app.py:31 in add", 1, 500, 1, 500, 1);
    expect_row(&growth.types.items[1], "int", "", 2, 56, 2, 56, 2);
    expect_row(&growth.types.items[2], "shop.Order", "", -1, -4000, 0, 0, 0);
    assert_int_equal(growth.lines.n, 3);
    assert_string_equal(growth.lines.items[1].line, "");       /* what has no block */
    graph_growth_release(&growth);
}

static void equal_graphs_did_not_grow(void **state)
{
    struct graph_growth growth;
    add(&before, sample_type(&before, GRAPH_PYTHON, "app", "Order"), 5, 48, SITE_ADD, 0x10000, 1);
    add(&after, sample_type(&after, GRAPH_PYTHON, "app", "Order"), 5, 48, SITE_ADD, 0x10000, 1);
    compare(&growth);
    assert_int_equal(growth.types.n, 0);
    assert_int_equal(growth.lines.n, 0);
    graph_growth_release(&growth);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_type_with_the_line_that_let_it_grow, setup, teardown),
        cmocka_unit_test_setup_teardown(by_line_with_the_type_that_grew_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_birth_tells_who_is_new, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_are_ordered_and_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_graphs_did_not_grow, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
