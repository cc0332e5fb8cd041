/* The fewest references to cut: known cases, and small random graphs compared with all cuts there are. */
#include "graph_random.h"

#include <errno.h>
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
        sample_node(&sample, type, UINT64_C(1) << (i % 40));
}

static int cut_off(struct graph_cut *cut, struct graph *graph, uint64_t nodes)
{
    struct trace_error error = { "" };
    uint8_t set[64] = { 0 };
    for (uint32_t node = 1; node < graph->n; node++)
        set[node] = nodes >> node & 1;
    int result = graph_cut(cut, graph, set, &error);
    assert_int_equal(result < 0, *error.text != 0);
    return result;
}

/* modules → module → dict → list → orders: the list's name is cut, not each order and not the module. */
static void test_next_to_the_set(void **state)
{
    enum { MODULES = 1, MODULE, DICT, LIST, ORDER };
    struct graph_cut cut;
    add_nodes(ORDER + 9, GRAPH_PYTHON);
    sample_root(&sample, TRACE_ROOT_OTHER, true, "sys.modules", MODULES);
    sample_edge(&sample, MODULES, HL_EDGE_VALUE, 0, MODULE);
    sample_edge(&sample, MODULE, HL_EDGE_NAMED, 0, DICT);
    sample_edge(&sample, DICT, HL_EDGE_VALUE, 0, LIST);
    for (uint32_t i = 0; i < 10; i++)
        sample_edge(&sample, LIST, HL_EDGE_INDEX, i, ORDER + i);
    sample_edge(&sample, ORDER + 3, HL_EDGE_WEAK, 0, ORDER);
    struct graph *graph = sample_finish(&sample);
    assert_int_equal(cut_off(&cut, graph, UINT64_C(0x3ff) << ORDER), 0);
    assert_int_equal(cut.edges.n, 1);
    assert_int_equal(cut.edges.items[0], sample_find(graph, DICT, LIST));
    assert_int_equal(cut.nodes, 11);
    assert_int_equal(cut.bytes, (UINT64_C(0x7ff) << LIST) >> 1);
    vec_release(&cut.edges);
    assert_int_equal(cut_off(&cut, graph, UINT64_C(1) << ORDER), 0);        /* one order alone: its place in the list */
    assert_int_equal(cut.edges.n, 1);
    assert_int_equal(cut.edges.items[0], sample_find(graph, LIST, ORDER));
    assert_int_equal(cut.nodes, 1);
    vec_release(&cut.edges);
    sample_release(&sample);
}

/* Two lists that hold an order are rather cut than the one name of their module. */
static void test_not_the_module(void **state)
{
    enum { MODULE = 1, FIRST, SECOND, ORDER };
    struct graph_cut cut;
    for (int is_module = 0; is_module < 2; is_module++) {
        add_nodes(4, GRAPH_PYTHON);
        sample_root(&sample, TRACE_ROOT_OTHER, true, "sys.modules", 5);
        sample_node(&sample, 1, 10);
        sample_at(&sample, MODULE)->type = is_module ? sample_type(&sample, GRAPH_PYTHON, "builtins", "module") : 1;
        sample_edge(&sample, 5, HL_EDGE_VALUE, 0, MODULE);
        for (uint32_t list = FIRST; list <= SECOND; list++) {
            sample_edge(&sample, MODULE, HL_EDGE_ATTRIBUTE, 0, list);
            sample_edge(&sample, list, HL_EDGE_INDEX, 0, ORDER);
        }
        struct graph *graph = sample_finish(&sample);
        assert_int_equal(cut_off(&cut, graph, 1 << ORDER), 0);
        assert_int_equal(cut.edges.n, is_module ? 2 : 1);
        assert_int_equal(cut.nodes, is_module ? 1 : 4);
        vec_release(&cut.edges);
        sample_release(&sample);
    }
}

/* Ten places of a list are rather cut than a word of a stack that leads to it, a hundred are not. */
static void check_stale(uint32_t orders, uint32_t expected)
{
    struct graph_cut cut;
    struct trace_error error;
    add_nodes(1 + orders, GRAPH_PYTHON);
    sample_root(&sample, TRACE_ROOT_STACK, false, "stack", 1);
    for (uint32_t i = 0; i < orders; i++)
        sample_edge(&sample, 1, HL_EDGE_INDEX, i, 2 + i);
    struct graph *graph = sample_finish(&sample);
    uint8_t *set = calloc(graph->n, 1);
    memset(set + 2, 1, orders);
    assert_int_equal(graph_cut(&cut, graph, set, &error), 0);
    assert_int_equal(cut.edges.n, expected);
    assert_int_equal(cut.nodes, expected == 1 ? orders + 1 : orders);
    vec_release(&cut.edges);
    free(set);
    sample_release(&sample);
}

static void test_stale(void **state)
{
    check_stale(10, 10);
    check_stale(100, 1);
}

/* The shortest way crosses the two others: it has to be given back. Greedy search would find one way and stop. */
static void test_crossing(void **state)
{
    static const uint8_t edges[][2] = { { 1, 2 }, { 1, 3 }, { 2, 5 }, { 3, 6 }, { 2, 4 }, { 4, 8 }, { 5, 7 }, { 6, 4 },
                                        { 7, 8 } };
    struct graph_cut cut;
    add_nodes(8, GRAPH_PYTHON);
    sample_root(&sample, TRACE_ROOT_OTHER, true, "r", 1);
    for (size_t i = 0; i < N_OF(edges); i++)
        sample_edge(&sample, edges[i][0], HL_EDGE_INDEX, (uint32_t)i, edges[i][1]);
    struct graph *graph = sample_finish(&sample);
    assert_int_equal(cut_off(&cut, graph, UINT64_C(1) << 8), 0);
    assert_int_equal(cut.edges.n, 2);
    assert_int_equal(cut.nodes, 1);             /* both edges into 8 */
    vec_release(&cut.edges);
    sample_release(&sample);
}

static void test_what_cannot_be_cut(void **state)
{
    struct graph_cut cut;
    add_nodes(3, GRAPH_PYTHON);
    sample_root(&sample, TRACE_ROOT_OTHER, true, "builtins", 1);
    sample_edge(&sample, 1, HL_EDGE_CLASS, 0, 2);
    sample_edge(&sample, 2, HL_EDGE_INDEX, 0, 3);
    struct graph *graph = sample_finish(&sample);
    assert_int_equal(cut_off(&cut, graph, 1 << 2), -EBUSY);
    assert_int_equal(cut.edges.n, 0);
    assert_int_equal(cut_off(&cut, graph, 1 << 3), 0);
    assert_int_equal(cut.edges.n, 1);
    vec_release(&cut.edges);
    sample_release(&sample);
}

/* What nobody reaches needs no cut, and does not count as freed; nor does what holds it in vain. */
static void test_garbage(void **state)
{
    struct graph_cut cut;
    add_nodes(3, GRAPH_PYTHON);
    sample_root(&sample, TRACE_ROOT_OTHER, true, "r", 1);
    sample_edge(&sample, 1, HL_EDGE_INDEX, 0, 3);
    sample_edge(&sample, 2, HL_EDGE_INDEX, 0, 3);
    struct graph *graph = sample_finish(&sample);
    assert_int_equal(cut_off(&cut, graph, 1 << 2), 0);
    assert_int_equal(cut.edges.n, 0);
    assert_int_equal(cut.bytes, 0);
    assert_int_equal(cut_off(&cut, graph, 1 << 3), 0);
    assert_int_equal(cut.edges.n, 1);
    assert_int_equal(cut.edges.items[0], sample_find(graph, 1, 3));
    assert_int_equal(cut.nodes, 1);
    vec_release(&cut.edges);
    sample_release(&sample);
}

/* What the head of cut.c asks for each edge of these graphs. */
static uint32_t price_of(const struct graph *graph, uint64_t edges)
{
    uint32_t price = 0;
    for (uint32_t edge = 0; edge < graph->n_edges; edge++)
        if (edges >> edge & 1) {
            uint32_t kind = graph_edge_kind(&graph->edges[edge]);
            price += kind == HL_EDGE_INDEX ? 1 : kind == HL_EDGE_WEAK ? 0 : 2;
        }
    return price;
}

static uint32_t least_price(const struct graph *graph, uint64_t nodes)
{
    uint32_t least = UINT32_MAX;
    for (uint64_t edges = 0; edges < UINT64_C(1) << graph->n_edges; edges++)
        if (price_of(graph, edges) < least && !(reached_without(graph, 0, edges) & nodes))
            least = price_of(graph, edges);
    return least;
}

static void compare_cut(struct graph *graph, uint64_t nodes)
{
    struct graph_cut cut;
    uint64_t edges = 0;
    assert_int_equal(cut_off(&cut, graph, nodes), 0);
    for (size_t i = 0; i < cut.edges.n; i++) {
        assert_false(edges >> cut.edges.items[i] & 1);
        edges |= UINT64_C(1) << cut.edges.items[i];
    }
    uint64_t lost = reached_without(graph, 0, 0) & ~reached_without(graph, 0, edges);
    assert_int_equal(reached_without(graph, 0, edges) & nodes, 0);
    assert_int_equal(price_of(graph, edges), least_price(graph, nodes));
    assert_int_equal(cut.bytes, bytes_of(graph, lost));
    assert_int_equal(cut.nodes, __builtin_popcountll(lost));
    vec_release(&cut.edges);
}

static void test_random(void **state)
{
    static const enum hl_graph_edge kinds[] = { HL_EDGE_INDEX, HL_EDGE_INDEX, HL_EDGE_INDEX, HL_EDGE_OFFSET, HL_EDGE_WEAK };
    for (int round = 0; round < 1500; round++) {
        uint32_t n = 2 + random_below(7);
        struct graph *graph = random_graph(&sample, n, random_below(10), 1 + random_below(2), kinds, N_OF(kinds));
        compare_cut(graph, UINT64_C(1) << (1 + random_below(n)) | UINT64_C(1) << (1 + random_below(n)));
        sample_release(&sample);
    }
}

/* Denser ones, where ways cross and flow has to go back, too large to try all: the cut's price against as many ways without a
 * common edge, found one by one. */
static uint32_t count_ways(const struct graph *graph, uint32_t to)
{
    int used[256] = { 0 };
    for (uint32_t ways = 0;; ways++) {
        int by[64] = { 0 };                     /* 1 + edge, negative against its direction */
        uint32_t queue[64], head = 0, tail = 0, from[64];
        for (queue[tail++] = 1, by[1] = 1; head < tail && !by[to]; head++)
            for (uint32_t node = 1; node < graph->n; node++)
                for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++) {
                    uint32_t target = graph->edges[edge].to, here = queue[head];
                    bool on = node == here && !used[edge] && !by[target], back = target == here && used[edge] && !by[node];
                    if (!on && !back)
                        continue;
                    by[on ? target : node] = on ? (int)edge + 1 : -(int)edge - 1;
                    from[on ? target : node] = here;
                    queue[tail++] = on ? target : node;
                }
        if (!by[to])
            return ways;
        for (uint32_t node = to; node != 1; node = from[node])
            used[abs(by[node]) - 1] = by[node] > 0;
    }
}

static void test_dense(void **state)
{
    for (int round = 0; round < 20000; round++) {
        uint32_t n = 6 + random_below(24), edges = n + random_below(3 * n);
        struct graph_cut cut;
        add_nodes(n, GRAPH_PYTHON);
        sample_root(&sample, TRACE_ROOT_OTHER, true, "r", 1);
        /* Within one half or the other, or across: what has to be cut lies in the middle. */
        for (uint32_t i = 0; i < edges; i++) {
            uint32_t half = random_below(2), across = random_below(6) == 0;
            sample_edge(&sample, 1 + half + 2 * random_below(n / 2), HL_EDGE_INDEX, i,
                        1 + (half ^ across) + 2 * random_below(n / 2));
        }
        struct graph *graph = sample_finish(&sample);
        assert_int_equal(cut_off(&cut, graph, UINT64_C(1) << 2), 0);
        assert_int_equal(cut.edges.n, count_ways(graph, 2));
        vec_release(&cut.edges);
        sample_release(&sample);
    }
}

static void test_deep(void **state)
{
    enum { N = 1000000 };
    struct graph_cut cut;
    struct trace_error error;
    add_nodes(N, GRAPH_NATIVE);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "head", 1);
    for (uint32_t node = 1; node < N; node++)
        sample_edge(&sample, node, HL_EDGE_OFFSET, 0, node + 1);
    struct graph *graph = sample_finish(&sample);
    uint8_t *set = calloc(graph->n, 1);
    set[N] = 1;
    assert_int_equal(graph_cut(&cut, graph, set, &error), 0);
    assert_int_equal(cut.edges.n, 1);
    assert_int_equal(cut.edges.items[0], sample_find(graph, N - 1, N));
    vec_release(&cut.edges);
    free(set);
    sample_release(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_to_the_set), cmocka_unit_test(test_not_the_module), cmocka_unit_test(test_stale),
        cmocka_unit_test(test_crossing), cmocka_unit_test(test_what_cannot_be_cut),
        cmocka_unit_test(test_garbage), cmocka_unit_test(test_random), cmocka_unit_test(test_dense), cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
