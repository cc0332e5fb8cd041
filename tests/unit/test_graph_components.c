/* Cycles and the edge that breaks them: known ones, deep ones, and random ones compared with who reaches whom. */
#include "graph_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define N_OF(array) (sizeof(array) / sizeof *(array))

static void add_nodes(struct graph_sample *sample, uint32_t n, uint64_t bytes)
{
    sample_init(sample);
    uint32_t type = sample_type(sample, GRAPH_PYTHON, "app", "Node");
    for (uint32_t i = 0; i < n; i++)
        sample_node(sample, type, bytes + i);
}

static uint64_t members_of(const struct graph_components *components, size_t i)
{
    uint64_t members = 0;
    for (uint32_t j = 0; j < components->items.items[i].n; j++)
        members |= UINT64_C(1) << components->members.items[components->items.items[i].first + j];
    return members;
}

/* 1 → 2 → 3 → 1, 3 → 4 ⇄ 5, 6 holds itself, 7 holds itself weakly, 8 nothing. Bytes are 101 … 108. */
static void add_three_cycles(struct graph_sample *sample)
{
    static const uint8_t edges[][2] = { { 1, 2 }, { 2, 3 }, { 3, 1 }, { 3, 4 }, { 4, 5 }, { 5, 4 }, { 6, 6 }, { 5, 8 } };
    add_nodes(sample, 8, 101);
    for (size_t i = 0; i < N_OF(edges); i++)
        sample_edge(sample, edges[i][0], HL_EDGE_ATTRIBUTE, 0, edges[i][1]);
    sample_edge(sample, 7, HL_EDGE_WEAK, 0, 7);
}

static void test_known(void **state)
{
    struct graph_sample sample;
    struct graph_components components;
    add_three_cycles(&sample);
    graph_components(&components, sample_finish(&sample), NULL);
    assert_int_equal(components.items.n, 3);
    assert_int_equal(components.items.items[0].bytes, 306);
    assert_int_equal(members_of(&components, 0), 1 << 1 | 1 << 2 | 1 << 3);
    assert_int_equal(components.items.items[1].bytes, 209);
    assert_int_equal(members_of(&components, 1), 1 << 4 | 1 << 5);
    assert_int_equal(components.items.items[2].bytes, 106);
    assert_int_equal(members_of(&components, 2), 1 << 6);
    assert_int_equal(components.members.n, 6);
    graph_components_release(&components);
    sample_release(&sample);
}

/* A cycle whose one node is not in the set is none. */
static void test_set(void **state)
{
    static const uint8_t set[] = { 1, 1, 1, 0, 1, 1, 0, 1, 1 };
    struct graph_sample sample;
    struct graph_components components;
    add_three_cycles(&sample);
    graph_components(&components, sample_finish(&sample), set);
    assert_int_equal(components.items.n, 1);
    assert_int_equal(members_of(&components, 0), 1 << 4 | 1 << 5);
    graph_components_release(&components);
    sample_release(&sample);
}

static void test_deep(void **state)
{
    enum { N = 1000000 };
    struct graph_sample sample;
    struct graph_components components;
    add_nodes(&sample, N, 1);
    for (uint32_t node = 1; node < N; node++)
        sample_edge(&sample, node, HL_EDGE_ATTRIBUTE, 0, node + 1);
    sample_edge(&sample, N, HL_EDGE_SLOT, 0, 1);
    struct graph *graph = sample_finish(&sample);
    graph_components(&components, graph, NULL);
    assert_int_equal(components.items.n, 1);
    assert_int_equal(components.items.items[0].n, N);
    uint32_t edge = graph_weakest(graph, &components, 0);      /* any of them; the search must not take for ever */
    assert_true(edge < graph->n_edges);
    graph_components_release(&components);
    sample_release(&sample);
}

static void reach_of(const struct graph *graph, uint64_t among, uint32_t without, uint64_t reach[64])
{
    memset(reach, 0, 64 * sizeof *reach);
    for (uint32_t node = 0; node < graph->n; node++)
        for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++)
            if (edge != without && graph_edge_kind(&graph->edges[edge]) != HL_EDGE_WEAK &&
                among >> node & among >> graph->edges[edge].to & 1)
                reach[node] |= UINT64_C(1) << graph->edges[edge].to;
    for (uint32_t by = 0; by < graph->n; by++)
        for (uint32_t node = 0; node < graph->n; node++)
            if (reach[node] >> by & 1)
                reach[node] |= reach[by];
}

/* The nodes on cycles, as bits. */
static uint64_t on_cycles(const struct graph *graph, uint64_t among, uint32_t without)
{
    uint64_t reach[64], nodes = 0;
    reach_of(graph, among, without, reach);
    for (uint32_t node = 0; node < graph->n; node++)
        nodes |= (reach[node] >> node & 1) << node;
    return nodes;
}

static void compare_components(const struct graph *graph, const struct graph_components *components)
{
    uint64_t reach[64], found = 0, before = UINT64_MAX;
    reach_of(graph, UINT64_MAX, GRAPH_NONE, reach);
    for (size_t i = 0; i < components->items.n; i++) {
        uint64_t members = members_of(components, i), expected = 0;
        uint32_t one = components->members.items[components->items.items[i].first];
        for (uint32_t node = 0; node < graph->n; node++)
            expected |= (reach[one] >> node & reach[node] >> one & 1) << node;
        assert_int_equal(members, expected);
        assert_int_equal(components->items.items[i].bytes, bytes_of(graph, members));
        assert_int_equal(components->items.items[i].n, __builtin_popcountll(members));
        assert_true(components->items.items[i].bytes < before);        /* bytes are powers of two: no two are equal */
        before = components->items.items[i].bytes;
        found |= members;
    }
    assert_int_equal(found, on_cycles(graph, UINT64_MAX, GRAPH_NONE));
}

/* No edge inside leaves less on cycles than the one that is named. */
static void compare_weakest(const struct graph *graph, const struct graph_components *components, size_t i)
{
    uint64_t members = members_of(components, i), least = UINT64_MAX;
    for (uint32_t edge = 0; edge < graph->n_edges; edge++) {
        uint64_t left = on_cycles(graph, members, edge), bytes = bytes_of(graph, left) + (uint64_t)__builtin_popcountll(left);
        if (bytes < least)
            least = bytes;
    }
    uint64_t left = on_cycles(graph, members, graph_weakest(graph, components, i));
    assert_int_equal(bytes_of(graph, left) + (uint64_t)__builtin_popcountll(left), least);
}

static void test_random(void **state)
{
    static const enum hl_graph_edge kinds[] = { HL_EDGE_INDEX, HL_EDGE_OFFSET, HL_EDGE_ATTRIBUTE, HL_EDGE_CLASS, HL_EDGE_WEAK };
    for (int round = 0; round < 4000; round++) {
        struct graph_sample sample;
        struct graph_components components;
        uint32_t n = 1 + random_below(20);
        struct graph *graph = random_graph(&sample, n, random_below(2 * n), 1, kinds, N_OF(kinds));
        graph_components(&components, graph, NULL);
        compare_components(graph, &components);
        for (size_t i = 0; i < components.items.n; i++)
            compare_weakest(graph, &components, i);
        graph_components_release(&components);
        sample_release(&sample);
    }
}

/* A parent with a list of children that know their parent. All ways go by the list, so one edge frees all: the parent's to the
 * list, an attribute, and not the children's, of which each breaks one cycle only. */
static void test_parent_of_two(void **state)
{
    struct graph_sample sample;
    struct graph_components components;
    add_nodes(&sample, 4, 100);
    enum { PARENT = 1, LIST, FIRST, SECOND };
    sample_edge(&sample, PARENT, HL_EDGE_ATTRIBUTE, 0, LIST);
    sample_edge(&sample, LIST, HL_EDGE_INDEX, 0, FIRST);
    sample_edge(&sample, LIST, HL_EDGE_INDEX, 1, SECOND);
    sample_edge(&sample, FIRST, HL_EDGE_ATTRIBUTE, 0, PARENT);
    sample_edge(&sample, SECOND, HL_EDGE_ATTRIBUTE, 0, PARENT);
    struct graph *graph = sample_finish(&sample);
    graph_components(&components, graph, NULL);
    assert_int_equal(graph_weakest(graph, &components, 0), sample_find(graph, PARENT, LIST));
    graph_components_release(&components);
    sample_release(&sample);
}

/* With one child both attributes break it. The child is younger: its way back to the parent is the one to weaken, whichever
 * comes first. */
static void check_parent_of_one(uint32_t parent, uint32_t child)
{
    struct graph_sample sample;
    struct graph_components components;
    add_nodes(&sample, 3, 100);
    sample_at(&sample, parent)->born_ns = 1000;
    sample_at(&sample, 2)->born_ns = 2000;
    sample_at(&sample, child)->born_ns = 3000;
    sample_edge(&sample, parent, HL_EDGE_ATTRIBUTE, 0, 2);
    sample_edge(&sample, 2, HL_EDGE_INDEX, 0, child);
    sample_edge(&sample, child, HL_EDGE_ATTRIBUTE, 0, parent);
    struct graph *graph = sample_finish(&sample);
    graph_components(&components, graph, NULL);
    assert_int_equal(graph_weakest(graph, &components, 0), sample_find(graph, child, parent));
    graph_components_release(&components);
    sample_release(&sample);
}

static void test_parent_of_one(void **state)
{
    check_parent_of_one(1, 3);
    check_parent_of_one(3, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known), cmocka_unit_test(test_set), cmocka_unit_test(test_deep), cmocka_unit_test(test_random),
        cmocka_unit_test(test_parent_of_two), cmocka_unit_test(test_parent_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
