/* Forgotten references, objects that only C holds, lost blocks, cycles that wait for the collector: each with its near miss. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "graph_sample.h"

#include <stdbool.h>
#include <string.h>

static struct graph_sample sample;
static struct graph_leaking leaking;
static uint32_t t_order, t_list, t_block;

static int setup(void **state)
{
    sample_init(&sample);
    t_order = sample_type(&sample, GRAPH_PYTHON, "app", "Order");
    t_list = sample_type(&sample, GRAPH_PYTHON, "builtins", "list");
    t_block = sample_type(&sample, GRAPH_NATIVE, "", "malloc in load load.c:31");
    return 0;
}

static int teardown(void **state)
{
    graph_leaking_release(&leaking);
    sample_release(&sample);
    return 0;
}

static uint32_t object(uint32_t references)
{
    uint32_t node = sample_node(&sample, t_order, 48);
    sample_at(&sample, node)->references = references;
    sample_at(&sample, node)->site = 0;        /* it has a block, and so could leak */
    return node;
}

static uint32_t block(uint64_t bytes, enum trace_reach reach)
{
    uint32_t node = sample_node(&sample, t_block, bytes);
    sample_at(&sample, node)->reach = (uint8_t)reach;
    return node;
}

static void hold(uint32_t from, uint32_t to) { sample_edge(&sample, from, HL_EDGE_INDEX, 0, to); }

/* A list that sys.modules leads to. */
static uint32_t held_list(void)
{
    uint32_t list = sample_node(&sample, t_list, 64);
    sample_root(&sample, TRACE_ROOT_OTHER, true, "sys.modules", list);
    return list;
}

static void judge(void) { graph_leaking(&leaking, sample_finish(&sample)); }

static void expect_nodes(const uint32_t *nodes, size_t n, const uint32_t *expected, size_t n_expected)
{
    assert_int_equal(n, n_expected);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(nodes[i], expected[i]);
}

#define EXPECT(list, ...) \
    expect_nodes(leaking.list.items, leaking.list.n, (uint32_t[]){ __VA_ARGS__ }, \
                 sizeof (uint32_t[]){ __VA_ARGS__ } / sizeof(uint32_t))

static void expect_nothing(void)
{
    assert_int_equal(leaking.forgotten.n, 0);
    assert_int_equal(leaking.from_c.n, 0);
    assert_int_equal(leaking.lost.n, 0);
    assert_int_equal(leaking.garbage.items.n, 0);
    assert_int_equal(leaking.garbage_bytes, 0);
}

static void what_is_explained_does_not_leak(void **state)
{
    uint32_t list = held_list(), one = object(2), immortal = object(UINT32_MAX), used = object(3), extra = object(5);
    uint32_t weak = object(1), reference = object(1);
    hold(list, one);
    hold(list, one);
    hold(list, immortal);
    sample_at(&sample, immortal)->flags |= HL_NODE_IMMORTAL;
    hold(list, used);                          /* C code is at work with it: its own references are on the stack */
    sample_root(&sample, TRACE_ROOT_STACK, false, "stack of thread 1", used);
    sample_at(&sample, extra)->sort = GRAPH_FREE;
    hold(list, weak);
    hold(list, reference);
    sample_edge(&sample, reference, HL_EDGE_WEAK, 0, weak);
    judge();
    expect_nothing();
}

static void a_forgotten_decref(void **state)
{
    uint32_t list = held_list(), more = object(3), nobody = object(1), below = object(1), weakly = object(1);
    hold(list, more);
    hold(list, more);
    hold(nobody, below);
    hold(list, weakly);
    sample_edge(&sample, more, HL_EDGE_WEAK, 0, nobody);       /* holds nothing */
    judge();
    EXPECT(forgotten, more, nobody);
    assert_int_equal(leaking.garbage.items.n, 0);
    assert_int_equal(leaking.from_c.n, 0);
}

/* The holder's block explains one reference, not two. */
static void only_c_holds_them(void **state)
{
    uint32_t holder = block(32, TRACE_REACH_HELD), from_block = object(1), from_global = object(1), both = object(2);
    uint32_t twice = object(2), list = held_list();
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "holder", holder);
    sample_edge(&sample, holder, HL_EDGE_OFFSET, 8, from_block);
    sample_edge(&sample, holder, HL_EDGE_OFFSET, 16, both);
    hold(list, both);
    sample_edge(&sample, holder, HL_EDGE_OFFSET, 24, twice);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "cached", from_global);
    judge();
    EXPECT(from_c, from_block, from_global);
    EXPECT(forgotten, twice);
}

static void lost_blocks_largest_first(void **state)
{
    uint32_t small = block(10, TRACE_REACH_LOST), large = block(100, TRACE_REACH_LOST), below = block(5, TRACE_REACH_INDIRECT);
    uint32_t held = block(7, TRACE_REACH_HELD);
    sample_edge(&sample, large, HL_EDGE_OFFSET, 0, below);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "held", held);
    judge();
    EXPECT(lost, large, small, below);
    assert_int_equal(leaking.forgotten.n, 0);
}

static uint32_t name(const char *text, uint32_t references)
{
    uint32_t node = sample_node(&sample, sample_type(&sample, GRAPH_PYTHON, "builtins", "str"), 50);
    sample_at(&sample, node)->references = references;
    sample_at(&sample, node)->site = 0;
    sample_at(&sample, node)->text = graph_keep_text(&sample.graph, &(struct graph_text){ .kind = HL_TEXT_STRING, .bytes = text,
                                                                                          .n = (uint32_t)strlen(text) });
    return node;
}

/* The interpreter remembers the names of methods that were looked up, and counts them. */
static void names_may_be_in_the_cache_of_methods(void **state)
{
    uint32_t list = held_list(), held = name("add_all", 2), alone = name("spec_for_x.y", 1), text = name("order 12", 1);
    hold(list, held);
    judge();
    EXPECT(forgotten, text);
    assert_int_equal(sample.graph.nodes[alone].references, 1);
}

static void more_names_than_the_cache_holds_are_leaked(void **state)
{
    uint32_t list = held_list(), held = name("add_all", 4096), alone = name("close", 1);
    hold(list, held);
    judge();                                   /* 4,095 and 1: the cache could have them all */
    expect_nothing();
    graph_leaking_release(&leaking);
    sample.graph.nodes[alone].references = 2;
    graph_leaking(&leaking, &sample.graph);
    EXPECT(forgotten, held, alone);
}

/* Counts of what stands in static memory begin at 999,999,999 in 3.11. */
static void static_objects_do_not_leak(void **state)
{
    uint32_t list = held_list(), zero = object(1000000000);
    sample_at(&sample, zero)->site = TRACE_NONE;
    hold(list, zero);
    judge();
    expect_nothing();
}

/* Dicts that were taken from the interpreter's spare ones: the array still has their addresses, one beside the other. Three,
 * and one apart, are no such array. */
static void left_over_words_hold_nothing(void **state)
{
    uint32_t types[] = { sample_type(&sample, GRAPH_PYTHON, "builtins", "dict"),
                         sample_type(&sample, GRAPH_PYTHON, "builtins", "list") };
    uint32_t nodes[9];
    for (size_t i = 0; i < 9; i++) {
        nodes[i] = object(1);
        sample_at(&sample, nodes[i])->type = types[i >= 4 && i < 8];
        if (i == 7)
            sample_root(&sample, TRACE_ROOT_GLOBAL, true, "global _PyRuntime+0x40 in python3.11",
                        sample_node(&sample, t_block, 16));
        /* Words follow each other. */
        sample_root(&sample, TRACE_ROOT_GLOBAL, true, "global _PyRuntime+0x80 in python3.11", nodes[i]);
    }
    judge();
    EXPECT(forgotten, nodes[0], nodes[1], nodes[2], nodes[3]);
}

/* What the interpreter's own variables hold is its business; what an extension's do is told. */
static void holders_in_the_interpreter_are_not_told(void **state)
{
    static const struct trace_module modules[] = { { .path = "/usr/lib/libpython3.11.so.1.0" }, { .path = "/app/fast.so" } };
    static const struct trace_root ranges[] = { { TRACE_ROOT_GLOBAL, 0x600000, 0x600008, TRACE_NONE, 0, 0 },
                                                { TRACE_ROOT_GLOBAL, 0x600008, 0x600010, TRACE_NONE, 1, 0 } };
    static struct trace trace = { .modules = modules, .n_modules = 2 };
    static const struct profile profile = { .trace = &trace };
    static const struct trace_snapshot snapshot = { .roots = ranges, .n_roots = 2 };
    uint32_t interned = object(1), cached = object(1);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "interned", interned);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "cached", cached);
    struct graph *graph = sample_finish(&sample);
    graph->profile = &profile;
    graph->snapshot = &snapshot;
    graph_leaking(&leaking, graph);
    EXPECT(from_c, cached);
    assert_int_equal(leaking.forgotten.n, 0);
}

/* Two hold each other and a buffer; nothing else does. */
static void a_cycle_waits_for_the_collector(void **state)
{
    uint32_t one = object(1), two = object(1), leaf = object(1), buffer = block(1000, TRACE_REACH_LOST), list = held_list();
    uint32_t kept = object(2), other = object(1);
    hold(one, two);
    hold(two, one);
    hold(two, leaf);
    sample_edge(&sample, leaf, HL_EDGE_OFFSET, 24, buffer);
    hold(list, kept);                          /* a cycle that is held */
    hold(kept, other);
    hold(other, kept);
    judge();
    assert_int_equal(leaking.garbage.items.n, 1);
    assert_int_equal(leaking.garbage.items.items[0].n, 2);
    assert_int_equal(leaking.garbage_nodes, 4);
    assert_int_equal(leaking.garbage_bytes, 3 * 48 + 1000);
    assert_int_equal(leaking.lost.n, 0);       /* the collector frees it with its owner */
    assert_int_equal(leaking.forgotten.n, 0);
}

/* One more reference than the cycle explains: the collector will not take it, nor what it leads to. */
static void a_forgotten_reference_keeps_a_cycle(void **state)
{
    uint32_t one = object(2), two = object(1), three = object(2), four = object(1);
    hold(one, two);
    hold(two, one);
    hold(two, three);
    hold(three, four);
    hold(four, three);
    judge();
    EXPECT(forgotten, one);
    assert_int_equal(leaking.garbage.items.n, 0);
    assert_int_equal(leaking.garbage_nodes, 0);
}

static void native_cycles_are_lost(void **state)
{
    uint32_t one = block(20, TRACE_REACH_LOST), two = block(30, TRACE_REACH_LOST);
    sample_edge(&sample, one, HL_EDGE_OFFSET, 0, two);
    sample_edge(&sample, two, HL_EDGE_OFFSET, 0, one);
    judge();
    EXPECT(lost, two, one);
    assert_int_equal(leaking.garbage.items.n, 0);
}

static void a_cycle_that_lost_memory_points_to_is_held_by_it(void **state)
{
    uint32_t self = object(2), holder = block(16, TRACE_REACH_LOST);
    hold(self, self);
    sample_edge(&sample, holder, HL_EDGE_OFFSET, 0, self);
    judge();
    EXPECT(lost, holder);
    assert_int_equal(leaking.garbage.items.n, 0);
    assert_int_equal(leaking.forgotten.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_explained_does_not_leak, setup, teardown),
        cmocka_unit_test_setup_teardown(a_forgotten_decref, setup, teardown),
        cmocka_unit_test_setup_teardown(only_c_holds_them, setup, teardown),
        cmocka_unit_test_setup_teardown(names_may_be_in_the_cache_of_methods, setup, teardown),
        cmocka_unit_test_setup_teardown(more_names_than_the_cache_holds_are_leaked, setup, teardown),
        cmocka_unit_test_setup_teardown(static_objects_do_not_leak, setup, teardown),
        cmocka_unit_test_setup_teardown(left_over_words_hold_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(holders_in_the_interpreter_are_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(lost_blocks_largest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cycle_waits_for_the_collector, setup, teardown),
        cmocka_unit_test_setup_teardown(a_forgotten_reference_keeps_a_cycle, setup, teardown),
        cmocka_unit_test_setup_teardown(native_cycles_are_lost, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cycle_that_lost_memory_points_to_is_held_by_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
