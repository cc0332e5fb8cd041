/* Dominators and retained bytes: known graphs, deep ones, and random ones compared with taking each node away. */
#include "graph_random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define N_OF(array) (sizeof(array) / sizeof *(array))

static uint32_t add_nodes(struct graph_sample *sample, uint32_t n, uint64_t bytes)
{
    sample_init(sample);
    uint32_t type = sample_type(sample, GRAPH_PYTHON, "builtins", "dict");
    for (uint32_t i = 0; i < n; i++)
        sample_node(sample, type, bytes);
    return type;
}

/* The graph of Lengauer's and Tarjan's article (1979), with the dominators that it prints. */
static void test_article(void **state)
{
    enum { R = 1, A, B, C, D, E, F, G, H, I, J, K, L, END };
    static const uint8_t edges[][2] = { { R, A }, { R, B }, { R, C }, { A, D }, { B, A }, { B, D }, { B, E }, { C, F }, { C, G },
                                        { D, L }, { E, H }, { F, I }, { G, I }, { G, J }, { H, E }, { H, K },
                                        { I, K }, { J, I }, { K, I }, { K, R }, { L, H } };
    static const uint8_t expected[END] = { [R] = 0, [A] = R, [B] = R, [C] = R, [D] = R, [E] = R, [F] = C, [G] = C, [H] = R,
                                           [I] = R, [J] = G, [K] = R, [L] = D };
    struct graph_sample sample;
    add_nodes(&sample, END - 1, 10);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "r", R);
    for (size_t i = 0; i < N_OF(edges); i++)
        sample_edge(&sample, edges[i][0], HL_EDGE_INDEX, 0, edges[i][1]);
    struct graph *graph = sample_finish(&sample);
    graph_dominate(graph);
    for (uint32_t node = R; node < END; node++)
        assert_int_equal(graph->dominator[node], expected[node]);
    assert_int_equal(graph->retained[R], 130);         /* all 13 */
    assert_int_equal(graph->retained[C], 40);          /* C, F, G, J */
    assert_int_equal(graph->retained[G], 20);
    assert_int_equal(graph->retained[I], 10);
    assert_int_equal(graph->retained[0], 130);
    sample_release(&sample);
}

/* Two entries into a ring: neither of its nodes dominates the other. */
static void test_irreducible(void **state)
{
    struct graph_sample sample;
    add_nodes(&sample, 4, 1);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "r", 1);
    static const uint8_t edges[][2] = { { 1, 2 }, { 1, 3 }, { 2, 3 }, { 3, 2 }, { 3, 4 }, { 4, 4 }, { 4, 3 } };
    for (size_t i = 0; i < N_OF(edges); i++)
        sample_edge(&sample, edges[i][0], HL_EDGE_INDEX, 0, edges[i][1]);
    struct graph *graph = sample_finish(&sample);
    graph_dominate(graph);
    assert_int_equal(graph->dominator[2], 1);
    assert_int_equal(graph->dominator[3], 1);
    assert_int_equal(graph->dominator[4], 3);
    assert_int_equal(graph->retained[1], 4);
    assert_int_equal(graph->retained[3], 2);
    sample_release(&sample);
}

/* A weak reference does not hold, nor does what nobody reaches. */
static void test_what_does_not_hold(void **state)
{
    struct graph_sample sample;
    add_nodes(&sample, 5, 8);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "r", 1);
    sample_edge(&sample, 1, HL_EDGE_WEAK, 0, 2);               /* nobody else has 2 */
    sample_edge(&sample, 1, HL_EDGE_INDEX, 0, 3);
    sample_edge(&sample, 3, HL_EDGE_INDEX, 0, 4);
    sample_edge(&sample, 1, HL_EDGE_WEAK, 0, 4);               /* 3 alone holds it */
    sample_edge(&sample, 5, HL_EDGE_INDEX, 0, 4);              /* 5 is garbage itself */
    struct graph *graph = sample_finish(&sample);
    graph_dominate(graph);
    assert_int_equal(graph->dominator[2], GRAPH_NONE);
    assert_int_equal(graph->dominator[5], GRAPH_NONE);
    assert_int_equal(graph->dominator[4], 3);
    assert_int_equal(graph->retained[3], 16);
    assert_int_equal(graph->retained[1], 24);
    assert_int_equal(graph->retained[5], 8);
    uint8_t set[6] = { [2] = 1, [3] = 1 };
    uint64_t nodes;
    assert_int_equal(graph_retained_by(graph, set, &nodes), 24);       /* 2 itself, 3 and 4 */
    assert_int_equal(nodes, 3);
    sample_release(&sample);
}

static void test_nothing(void **state)
{
    struct graph_sample sample;
    sample_init(&sample);
    struct graph *graph = sample_finish(&sample);
    graph_dominate(graph);
    assert_int_equal(graph->dominator[0], 0);
    assert_int_equal(graph->retained[0], 0);
    sample_release(&sample);
}

/* A million in a row, the last leads back to the first and all to the one before: no recursion survives that. */
static void test_deep(void **state)
{
    enum { N = 1000000 };
    struct graph_sample sample;
    add_nodes(&sample, N, 3);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "head", 1);
    for (uint32_t node = 1; node < N; node++) {
        sample_edge(&sample, node, HL_EDGE_ATTRIBUTE, 0, node + 1);
        sample_edge(&sample, node + 1, HL_EDGE_ATTRIBUTE, 0, node);
    }
    sample_edge(&sample, N, HL_EDGE_ATTRIBUTE, 0, 1);
    struct graph *graph = sample_finish(&sample);
    graph_dominate(graph);
    for (uint32_t node = 1; node <= N; node++) {
        assert_int_equal(graph->dominator[node], node - 1);
        assert_int_equal(graph->retained[node], 3 * (uint64_t)(N + 1 - node));
    }
    sample_release(&sample);
}

static void compare_dominators(struct graph *graph)
{
    uint64_t all = reached_without(graph, 0, 0), lost[64] = { all };
    graph_dominate(graph);
    for (uint32_t node = 1; node < graph->n; node++) {
        lost[node] = all & ~reached_without(graph, UINT64_C(1) << node, 0);
        if (all >> node & 1)
            assert_int_equal(graph->retained[node], bytes_of(graph, lost[node]));
    }
    for (uint32_t node = 1; node < graph->n; node++) {
        uint32_t nearest = all >> node & 1 ? 0 : GRAPH_NONE;
        for (uint32_t by = 1; by < graph->n && nearest != GRAPH_NONE; by++)
            if (by != node && lost[by] >> node & 1 && lost[nearest] >> by & 1)
                nearest = by;
        for (uint32_t by = 1; by < graph->n && nearest != GRAPH_NONE; by++)       /* whoever comes later may be nearer still */
            if (by != node && lost[by] >> node & 1 && lost[nearest] >> by & 1)
                nearest = by;
        assert_int_equal(graph->dominator[node], nearest);
    }
}

static void compare_retained(struct graph *graph)
{
    uint64_t all = reached_without(graph, 0, 0), gone = 0, nodes;
    uint8_t set[64] = { 0 };
    for (uint32_t node = 1; node < graph->n; node++)
        if (random_below(4) == 0) {
            set[node] = 1;
            gone |= UINT64_C(1) << node;
        }
    uint64_t lost = (all & ~reached_without(graph, gone, 0)) | gone;
    assert_int_equal(graph_retained_by(graph, set, &nodes), bytes_of(graph, lost));
    assert_int_equal(nodes, __builtin_popcountll(lost));
}

static void test_random(void **state)
{
    static const enum hl_graph_edge kinds[] = { HL_EDGE_INDEX, HL_EDGE_OFFSET, HL_EDGE_ATTRIBUTE, HL_EDGE_CLASS, HL_EDGE_WEAK };
    for (int round = 0; round < 4000; round++) {
        struct graph_sample sample;
        uint32_t n = 1 + random_below(30);
        struct graph *graph = random_graph(&sample, n, random_below(3 * n), random_below(4), kinds, N_OF(kinds));
        compare_dominators(graph);
        compare_retained(graph);
        sample_release(&sample);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_article), cmocka_unit_test(test_irreducible), cmocka_unit_test(test_what_does_not_hold),
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_deep), cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
