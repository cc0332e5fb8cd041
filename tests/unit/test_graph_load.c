/* From the bytes that a program wrote to the graph in memory: parts belong to their owners, names come out, the sum is the
 * heap; and whatever the bytes are, nothing worse comes of it than a reason. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../../viewer/graph/graph.h"
#include "graph_trace.h"

#include <stdlib.h>
#include <string.h>

#define ALL_BYTES (16 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8))

struct stream { struct buffer bytes; uint64_t row, number; };

static void put(struct stream *stream, uint64_t value) { buffer_varint(&stream->bytes, value); }
static void put_signed(struct stream *stream, int64_t value) { buffer_signed(&stream->bytes, (uint64_t)value); }

static void put_string(struct stream *stream, const char *text)
{
    put(stream, HL_GRAPH_STRING);
    put(stream, strlen(text));
    buffer_put(&stream->bytes, text, strlen(text));
}

static void begin(struct stream *stream, uint64_t row, uint32_t type, uint32_t flags, uint64_t offset)
{
    put(stream, HL_GRAPH_BLOCK);
    put(stream, row - stream->row);
    stream->row = stream->number = row;
    put(stream, type);
    put(stream, flags);
    put(stream, offset);
}

static void edge(struct stream *stream, uint32_t kind, uint64_t target)
{
    put(stream, kind);
    put_signed(stream, (int64_t)(target - stream->number));
}

/* A dict (row 0, its table row 1) with the key 'k' (row 2) and the value 7 (an extra); a native block that holds the dict. */
static struct stream small_heap(void)
{
    struct stream stream = {.bytes = {0}};
    put_string(&stream, "dict");
    put_string(&stream, "builtins");
    put(&stream, HL_GRAPH_TYPE), put(&stream, HL_TYPE_PYTHON), put(&stream, 1), put(&stream, 2), put(&stream, 0x9000);
    begin(&stream, 0, 1, HL_NODE_PYTHON | HL_NODE_TRACKED, 8);
    put(&stream, 3);                       /* references */
    edge(&stream, HL_EDGE_PART, 1);
    put(&stream, HL_EDGE_KEY), put(&stream, 0), put_signed(&stream, 2);
    put(&stream, HL_EDGE_VALUE), put_signed(&stream, 2), put_signed(&stream, 8);
    put(&stream, HL_GRAPH_WHOLE);
    begin(&stream, 2, 0, HL_NODE_PYTHON | HL_NODE_TEXT, 0);
    put(&stream, 1);
    put(&stream, HL_TEXT_STRING), put(&stream, 1), put(&stream, 'k');
    put(&stream, HL_GRAPH_WHOLE);
    begin(&stream, 6, 0, 0, 0);
    put(&stream, HL_EDGE_OFFSET), put(&stream, 24), put_signed(&stream, -6);
    put(&stream, HL_EDGE_OFFSET), put(&stream, 32), put_signed(&stream, -5);         /* into the part: the dict */
    put(&stream, HL_GRAPH_WHOLE);
    put(&stream, HL_GRAPH_EXTRA), put_signed(&stream, 0x9100), put(&stream, 28), put(&stream, 0);
    put(&stream, 0), put(&stream, HL_NODE_PYTHON | HL_NODE_IMMORTAL | HL_NODE_TEXT), put(&stream, 0), put(&stream, 1);
    put(&stream, HL_TEXT_INTEGER), put_signed(&stream, 7), put(&stream, HL_GRAPH_WHOLE);
    put(&stream, HL_GRAPH_ROOT), put(&stream, TRACE_ROOT_GLOBAL), put(&stream, 0), put_signed(&stream, 0x500);
    put(&stream, 0), put(&stream, 0), put_signed(&stream, 6);
    put(&stream, HL_GRAPH_END), put(&stream, 4), put(&stream, 5);
    return stream;
}

static struct graph *load(struct graph_trace *opened, const struct stream *stream)
{
    struct graph *graph = NULL;
    struct trace_error error = {""};
    assert_true(graph_trace_open(opened, stream->bytes.data, stream->bytes.len));
    assert_int_equal(graph_load(&graph, opened->profile, NULL, &error), 0);
    return graph;
}

static uint64_t sum_of(const struct graph *graph)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < graph->n; i++)
        sum += graph->nodes[i].bytes;
    return sum;
}

static void test_small_heap(void **state)
{
    (void)state;
    struct stream stream = small_heap();
    struct graph_trace opened;
    struct graph *graph = load(&opened, &stream);
    assert_true(graph->whole && graph->python);
    assert_int_equal(graph->n, 1 + 7 + 1);
    assert_int_equal(sum_of(graph), ALL_BYTES);
    uint32_t dict = graph_find(graph, 0x1008), key = graph_find(graph, 0x1200), holder = graph_find(graph, 0x1600);
    uint32_t seven = graph_find(graph, 0x9100);
    assert_int_equal(graph_find(graph, 0x1100), dict);
    assert_int_equal(graph->nodes[dict].bytes, 16 + 32);
    assert_int_equal(graph->nodes[dict].address, 0x1008);
    assert_string_equal(graph_type_of(graph, dict)->name, "dict");
    assert_int_equal(graph->nodes[dict].sort, GRAPH_PYTHON);
    const struct graph_edge_out *edges = &graph->edges[graph->nodes[dict].first];
    assert_int_equal(graph->nodes[dict + 1].first - graph->nodes[dict].first, 2);
    assert_true(graph_edge_kind(&edges[0]) == HL_EDGE_KEY && edges[0].to == key);
    assert_true(graph_edge_kind(&edges[1]) == HL_EDGE_VALUE && edges[1].to == seven && edges[1].value == key);
    assert_int_equal(graph->nodes[holder].sort, GRAPH_NATIVE);
    assert_int_equal(graph->nodes[holder + 1].first - graph->nodes[holder].first, 2);
    assert_int_equal(graph->edges[graph->nodes[holder].first + 1].to, dict);
    assert_int_equal(graph_held_from_c(graph, dict), 3);           /* nothing counted leads to it */
    assert_int_equal(graph_held_from_c(graph, key), 0);
    assert_int_equal(graph_held_from_c(graph, seven), 0);
    assert_int_equal(graph->n_roots, 1);
    assert_true(graph->roots[0].to == holder && graph->roots[0].named);
    assert_string_equal(graph->roots[0].name, "global servers in app");
    graph_destroy(graph);
    graph_trace_close(&opened);
    buffer_release(&stream.bytes);
}

/* The table of one is claimed by two, and two claim each other: every block is counted once all the same. */
static void test_quarrels(void **state)
{
    (void)state;
    struct stream stream = {.bytes = {0}};
    struct graph_trace opened;
    for (uint64_t row = 0; row < 4; row++) {
        begin(&stream, row, 0, 0, 0);
        edge(&stream, HL_EDGE_PART, row < 2 ? 4 : 5 - row);        /* 0 and 1 want 4; 2 wants 3, 3 wants 2 */
        edge(&stream, HL_EDGE_PART, row);                          /* itself */
        put(&stream, HL_GRAPH_WHOLE);
    }
    struct graph *graph = load(&opened, &stream);
    assert_int_equal(sum_of(graph), ALL_BYTES);
    assert_int_equal(graph->nodes[graph_find(graph, 0x1000)].bytes, 16 + 80);
    assert_int_equal(graph->nodes[graph_find(graph, 0x1100)].bytes, 32);
    assert_false(graph->whole);
    assert_int_equal(graph->reasons.n, 1);
    graph_destroy(graph);
    graph_trace_close(&opened);
    buffer_release(&stream.bytes);
}

/* An object that is no block of the heap's, as static ones are, with memory that is: it has these bytes. */
static void test_part_of_an_extra(void **state)
{
    (void)state;
    struct stream stream = {.bytes = {0}, .number = GRAPH_TRACE_BLOCKS};
    struct graph_trace opened;
    put(&stream, HL_GRAPH_EXTRA), put_signed(&stream, 0x9100), put(&stream, 28), put(&stream, 0);
    put(&stream, 0), put(&stream, HL_NODE_PYTHON), put(&stream, 0), put(&stream, 1);
    edge(&stream, HL_EDGE_PART, 2);
    put(&stream, HL_GRAPH_WHOLE);
    struct graph *graph = load(&opened, &stream);
    uint32_t owner = graph_find(graph, 0x9100);
    assert_int_equal(sum_of(graph), ALL_BYTES);
    assert_int_equal(graph->nodes[owner].bytes, 48);
    assert_int_equal(graph_find(graph, 0x1200), owner);
    graph_destroy(graph);
    graph_trace_close(&opened);
    buffer_release(&stream.bytes);
}

/* Cut at every byte, and every byte changed: what is loaded indexes safely and adds up. */
static void test_damage(void **state)
{
    (void)state;
    struct stream whole = small_heap();
    for (size_t i = 0; i < 2 * whole.bytes.len; i++) {
        struct graph_trace opened;
        struct stream stream = {.bytes = {malloc(whole.bytes.len), whole.bytes.len, whole.bytes.len}};
        memcpy(stream.bytes.data, whole.bytes.data, whole.bytes.len);
        if (i < whole.bytes.len)
            stream.bytes.len = i;
        else
            stream.bytes.data[i - whole.bytes.len] ^= (uint8_t)(1 + i * 37);
        struct graph *graph = NULL;
        struct trace_error error = {""};
        assert_true(graph_trace_open(&opened, stream.bytes.data, stream.bytes.len));
        if (graph_load(&graph, opened.profile, NULL, &error) == 0) {
            assert_int_equal(sum_of(graph), ALL_BYTES);
            for (uint32_t e = 0; e < graph->n_edges; e++)
                assert_true(graph->edges[e].to < graph->n && graph->in[e].from < graph->n && graph->in[e].edge < graph->n_edges);
            for (uint32_t n = 0; n < graph->n; n++)
                assert_true(graph->nodes[n].type < graph->n_types && graph->nodes[n].first <= graph->nodes[n + 1].first);
            assert_true(i >= whole.bytes.len || !graph->whole);
        }
        graph_destroy(graph);
        graph_trace_close(&opened);
        free(stream.bytes.data);
    }
    buffer_release(&whole.bytes);
}

/* Types by virtual tables, with mangled names (Itanium C++ ABI 5.1) or without: as people write them. */
static void test_classes(void **state)
{
    static const struct { const char *mangled, *name; uint64_t table; } classes[] = {
        { "N4shop3RowE", "shop::Row", 0x800 }, { "4PoolISt6vectorIiSaIiEEE", "Pool<std::vector<int>>", 0x800 },
        { "St23_Sp_counted_ptr_inplaceIN4shop3RowESaIvELN9__gnu_cxx12_Lock_policyE2EE", "shop::Row (make_shared)", 0x800 },
        { "St15_Sp_counted_ptrIPN4shop3RowELN9__gnu_cxx12_Lock_policyE2EE", "control block of shared_ptr to shop::Row", 0x800 },
        { NULL, "class without a name (app+0x340)", 0x740 }, { NULL, "class without a name (0x30)", 0x30 },
    };
    const uint64_t n = sizeof classes / sizeof *classes;
    struct stream stream = {.bytes = {0}};
    struct graph_trace opened;
    uint64_t strings = 0;
    (void)state;
    for (uint64_t i = 0; i < n; i++) {
        if (classes[i].mangled)
            put_string(&stream, classes[i].mangled), strings++;
        put(&stream, HL_GRAPH_TYPE), put(&stream, HL_TYPE_VTABLE), put(&stream, classes[i].mangled ? strings : 0);
        put(&stream, 0), put(&stream, classes[i].table);
    }
    for (uint64_t row = 0; row < n; row++) {
        begin(&stream, row, (uint32_t)row + 1, 0, 0);
        put(&stream, HL_GRAPH_WHOLE);
    }
    struct graph *graph = load(&opened, &stream);
    for (uint64_t row = 0; row < n; row++) {
        uint32_t node = graph_find(graph, 0x1000 + 0x100 * row);
        assert_int_equal(graph->nodes[node].sort, GRAPH_CPP);
        assert_string_equal(graph_type_of(graph, node)->name, classes[row].name);
    }
    graph_destroy(graph);
    graph_trace_close(&opened);
    buffer_release(&stream.bytes);
}

static void test_no_graph(void **state)
{
    (void)state;
    struct graph_trace opened;
    struct graph *graph = NULL;
    struct trace_error error = {""};
    assert_true(graph_trace_open(&opened, "", 0));
    assert_int_not_equal(graph_load(&graph, opened.profile, NULL, &error), 0);
    assert_non_null(strstr(error.text, "heapline run --graph"));
    graph_trace_close(&opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_heap),
        cmocka_unit_test(test_quarrels), cmocka_unit_test(test_part_of_an_extra), cmocka_unit_test(test_classes),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_no_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
