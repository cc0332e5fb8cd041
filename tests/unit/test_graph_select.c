/* SELECTORs: what each takes, how they stand together, and what is said of those that are wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "graph_lines_sample.h"
#include "graph_sample.h"
#include "../../viewer/graph/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct graph_sample sample;

/* cache holds a, a holds b, both hold shared; list is nobody's; block is under cache too. */
enum { CACHE = 1, A, B, SHARED, LIST, BLOCK, MAP, ARRAY, KEPT, NODES };

static void add_types(void)
{
    static const struct { enum graph_sort sort; const char *module, *name; } types[NODES] = {
        [CACHE] = { GRAPH_PYTHON, "shop.cache", "Cache" }, [A] = { GRAPH_PYTHON, "app", "Order" },
        [B] = { GRAPH_PYTHON, "shop.cache", "load.<locals>.Order" }, [SHARED] = { GRAPH_PYTHON, "builtins", "dict" },
        [LIST] = { GRAPH_PYTHON, "builtins", "list" }, [BLOCK] = { GRAPH_NATIVE, "app", "malloc in load load.c:31" },
        [MAP] = { GRAPH_CPP, "libplug.so.2", "std::map<int, long>" }, [ARRAY] = { GRAPH_NATIVE, "", "malloc in add app.py:31" },
        [KEPT] = { GRAPH_FREE, "", "kept" },
    };
    static const uint32_t sites[NODES] = { [CACHE] = SITE_MAIN, [A] = SITE_ADD, [B] = SITE_ADD, [SHARED] = SITE_ADD,
                                           [LIST] = TRACE_NONE, [BLOCK] = SITE_LOAD, [MAP] = SITE_PLUG, [ARRAY] = SITE_NUMPY,
                                           [KEPT] = SITE_MAIN };
    static const uint64_t bytes[NODES] = { [CACHE] = 48, [A] = 56, [B] = 56, [SHARED] = 1024, [LIST] = 64, [BLOCK] = 4096,
                                           [MAP] = 200, [ARRAY] = 2 << 20, [KEPT] = 32 };
    for (uint32_t i = CACHE; i < NODES; i++) {
        uint32_t node = sample_node(&sample, sample_type(&sample, types[i].sort, types[i].module, types[i].name), bytes[i]);
        sample_at(&sample, node)->site = sites[i];
        sample_at(&sample, node)->born_ns = i * LINES_MS / 2;
    }
}

static int setup(void **state)
{
    sample_init(&sample);
    add_types();
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "cache", CACHE);
    sample_edge(&sample, CACHE, HL_EDGE_INDEX, 0, A);
    sample_edge(&sample, CACHE, HL_EDGE_INDEX, 1, BLOCK);
    sample_edge(&sample, A, HL_EDGE_INDEX, 0, B);
    sample_edge(&sample, B, HL_EDGE_INDEX, 0, SHARED);
    sample_edge(&sample, CACHE, HL_EDGE_INDEX, 2, SHARED);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "maps", MAP);
    sample_edge(&sample, MAP, HL_EDGE_OFFSET, 8, ARRAY);
    lines_attach(sample_finish(&sample));
    return 0;
}

static int teardown(void **state)
{
    sample.graph.owners = NULL;                /* the table is no allocation */
    sample_release(&sample);
    return 0;
}

static uint32_t bits_of(const uint8_t *set)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < sample.graph.n; i++)
        bits |= (uint32_t)set[i] << i;
    return bits;
}

#define BIT(node) (1u << (node))

/* `hint`: what is said although it is no error; "": nothing. */
static void expect_hint(const char *selector, uint32_t expected, const char *hint)
{
    struct trace_error error = { "left over" };
    uint8_t *set = NULL;
    uint32_t n = 99;
    assert_int_equal(graph_select(&sample.graph, selector, &set, &n, &error), 0);
    assert_int_equal(bits_of(set), expected);
    assert_int_equal(n, __builtin_popcount(expected));
    assert_string_equal(error.text, hint);
    free(set);
}

static void expect(const char *selector, uint32_t expected) { expect_hint(selector, expected, ""); }

static void expect_error(const char *selector, const char *part)
{
    struct trace_error error = { "" };
    uint8_t *set = NULL;
    uint32_t n = 99;
    assert_int_equal(graph_select(&sample.graph, selector, &set, &n, &error), -EINVAL);
    assert_null(set);
    if (!strstr(error.text, part))
        fail_msg("\"%s\" says: %s", selector, error.text);
}

static void types_by_name_module_and_pattern(void **state)
{
    expect("type:Cache", BIT(CACHE));
    expect("type:Order", BIT(A) | BIT(B));
    expect("type:app.Order", BIT(A));
    expect("type:shop.*", BIT(CACHE) | BIT(B));
    expect("type:O*r", BIT(A) | BIT(B));
    expect("type:std::map<int, long>", BIT(MAP));
    expect("type:\"malloc in load*\"", BIT(BLOCK));
    expect("Order", BIT(A) | BIT(B));
    expect("std::map<*", BIT(MAP));
}

/* Of C++ the namespaces may be left out, and arrays and what make_shared made are meant too. */
static void classes_in_all_their_shapes(void **state)
{
    static const struct { const char *selector, *name; bool matches; } shapes[] = {
        { "type:\"map<int, long>\"", "std::map<int, long>", true }, { "type:Order[]", "Order[]", true },
        { "type:Order", "shop::Order[]", true }, { "type:Row", "ns::{lambda(a::b)#1}::Row[]", true },
        { "type:Row", "std::vector<ns::Row>[]", false }, { "type:Row", "ns::Row (make_shared)", true },
        { "type:ns::Row", "ns::Row (make_shared)", true }, { "type:Row", "Row*[]", false }, { "type:Row", "tree node of Row", false },
        { "type:Row", "tree node of ns::Row", false }, { "type:Row", "(anonymous namespace)::Row", true },
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct trace_error error = { "" };
        uint8_t *set = NULL;
        uint32_t n = 0;
        sample.graph.types[sample.graph.nodes[MAP].type].name = shapes[i].name;
        assert_int_equal(graph_select(&sample.graph, shapes[i].selector, &set, &n, &error), 0);
        if (set[MAP] != shapes[i].matches)
            fail_msg("\"%s\" %s %s", shapes[i].selector, set[MAP] ? "takes" : "does not take", shapes[i].name);
        free(set);
    }
}

static void unknown_names_are_answered_with_near_ones(void **state)
{
    expect_hint("type:Ordr", 0, "nothing is of a type \"Ordr\"; did you mean \"Order\"?");
    expect_hint("type:Zebra", 0, "nothing is of a type \"Zebra\"");
    expect_hint("line:apq.py:3", 0, "nothing was allocated in a file \"apq.py\"; did you mean \"app.py\"?");
    expect_hint("module:shop.cach", 0, "nothing is of a module \"shop.cach\"; did you mean \"shop.cache\"?");
    expect_error("Ordr", "did you mean \"Order\"?");
    expect_error("typ:Order", "did you mean \"type:\"?");
    expect_error("colour:red", "selectors are type:Order, line:app.py:42");
    expect_error("sort:nativ", "did you mean \"native\"?");
}

static void lines_that_own_the_allocation(void **state)
{
    expect("line:app.py:31", BIT(A) | BIT(B) | BIT(SHARED) | BIT(ARRAY));
    expect("line:app.py", BIT(A) | BIT(B) | BIT(SHARED) | BIT(ARRAY));
    expect("line:app.py:30", 0);
    expect("line:app.py:30-31", BIT(A) | BIT(B) | BIT(SHARED) | BIT(ARRAY));
    expect("line:app.py:32-40", 0);
    expect("line:/src/web/app.py:31", BIT(A) | BIT(B) | BIT(SHARED) | BIT(ARRAY));
    expect("line:web/main.py", BIT(CACHE) | BIT(KEPT));
    expect("line:web/m*.py:5", BIT(CACHE) | BIT(KEPT));
    expect("line:load.c:31", BIT(BLOCK) | BIT(MAP));
    expect("line:*:31", BIT(A) | BIT(B) | BIT(SHARED) | BIT(ARRAY) | BIT(BLOCK) | BIT(MAP));
    expect_error("line:app.py:9-3", "the last line comes before the first");
}

static void modules_of_types_and_of_code(void **state)
{
    expect("module:app", BIT(A) | BIT(BLOCK));          /* app's class, and what the program of that name allocated */
    expect("module:shop", BIT(CACHE) | BIT(B));
    expect("module:shop.cache", BIT(CACHE) | BIT(B));
}

static void libraries_by_file_stem_and_python_name(void **state)
{
    expect("module:libplug.so.2", BIT(MAP));
    expect("module:libplug", BIT(MAP));
    expect("module:/usr/lib/*", BIT(MAP));
    expect("module:numpy", BIT(ARRAY));
    expect("module:numpy.core._multiarray_umath", BIT(ARRAY));
}

static void sizes_with_units_limits_and_ranges(void **state)
{
    expect("size:>1M", BIT(ARRAY));
    expect("size:>2M", 0);
    expect("size:>=2M", BIT(ARRAY));
    expect("size:<56", BIT(CACHE) | BIT(KEPT));
    expect("size:<=56", BIT(CACHE) | BIT(A) | BIT(B) | BIT(KEPT));
    expect("size:1k..4k", BIT(SHARED) | BIT(BLOCK));
    expect("size:64", BIT(LIST));
    expect("size:=64", BIT(LIST));
    expect("size:>=1k size:<2M", BIT(SHARED) | BIT(BLOCK));
    expect_error("size:big", "is no size");
    expect_error("size:4k..1k", "is no size");
    expect_error("size:<0", "is no size");
}

/* Node k is born at k / 2 ms: at 1 ms (the first snapshot) A, at 3 ms (the mark) BLOCK. */
static void births_since_a_snapshot_a_mark_or_a_time(void **state)
{
    uint32_t blocks = (BIT(NODES) - BIT(CACHE)) & ~BIT(LIST);         /* the list has no block, nothing is known of its birth */
    expect("new-since:first", blocks & ~BIT(CACHE));
    expect("new-since:1", blocks & ~BIT(CACHE));
    expect("new-since:#1", blocks & ~BIT(CACHE));
    expect("new-since:warm", BIT(BLOCK) | BIT(MAP) | BIT(ARRAY) | BIT(KEPT));
    expect("new-since:@3.5ms", BIT(MAP) | BIT(ARRAY) | BIT(KEPT));
    expect("new-since:second", 0);
    expect_error("new-since:frist", "did you mean \"first\"?");
    expect_error("new-since:3", "there is no snapshot 3");
}

static void what_others_hold_alone(void **state)
{
    expect("held-by:type:Cache", BIT(A) | BIT(B) | BIT(SHARED) | BIT(BLOCK));
    expect("held-by:app.Order", BIT(B));                /* the cache holds the shared one, too */
    expect("held-by:(type:Cache line:main.py)", BIT(A) | BIT(B) | BIT(SHARED) | BIT(BLOCK));
    expect("held-by:(type:Cache line:app.py)", 0);
    expect("held-by:(held-by:Cache)", BIT(B));
    expect("type:dict held-by:Cache", BIT(SHARED));
    expect("held-by:sort:c++", BIT(ARRAY));
}

static void sorts_and_addresses(void **state)
{
    expect("sort:native", BIT(BLOCK) | BIT(ARRAY));
    expect("sort:c++", BIT(MAP));
    expect("sort:free", BIT(KEPT));
    expect("sort:python size:64", BIT(LIST));
    expect_hint("addr:0x42", 0, "nothing is at 0x42 in this snapshot");
    struct graph_index index = { .starts = (uint64_t[]){ 0x1000, 0x2000 }, .bytes = (uint64_t[]){ 56, 64 },
                                 .nodes = (uint32_t[]){ A, LIST }, .n = 2 };
    sample.graph.index = &index;
    expect("addr:0x1037|8192|0x42", BIT(A) | BIT(LIST));
    expect("addr:0x42|0x1000|0x2000 type:list", BIT(LIST));
    expect_hint("addr:0x42|0x43", 0, "nothing is at 0x43 in this snapshot");
    expect_error("addr:0x1000|x", "\"addr:x\" is no address");
    sample.graph.index = NULL;
}

static void several_must_all_hold(void **state)
{
    expect("type:Order module:app", BIT(A));
    expect(" type:Order,module:app ", BIT(A));
    expect("(type:Order) (line:app.py)", BIT(A) | BIT(B));
    expect("Order, size:56", BIT(A) | BIT(B));
    expect("type:'Order'", BIT(A) | BIT(B));
    expect_error("", "a selector is missing");
    expect_error(" , ", "a selector is missing");
    expect_error("type:", "lacks a value, as in type:Order");
    expect_error("held-by:()", "lacks a value");
    expect_error("held-by:( )", "a selector is missing");
    expect_error("((((((((((((((((((Order))))))))))))))))))", "more than 16 deep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types_by_name_module_and_pattern, setup, teardown),
        cmocka_unit_test_setup_teardown(classes_in_all_their_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(unknown_names_are_answered_with_near_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(lines_that_own_the_allocation, setup, teardown),
        cmocka_unit_test_setup_teardown(modules_of_types_and_of_code, setup, teardown),
        cmocka_unit_test_setup_teardown(libraries_by_file_stem_and_python_name, setup, teardown),
        cmocka_unit_test_setup_teardown(sizes_with_units_limits_and_ranges, setup, teardown),
        cmocka_unit_test_setup_teardown(births_since_a_snapshot_a_mark_or_a_time, setup, teardown),
        cmocka_unit_test_setup_teardown(what_others_hold_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(sorts_and_addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(several_must_all_hold, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
