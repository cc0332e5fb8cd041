/* The data in the page of a reference graph: read back as JSON, and held to the graph. What the page does with it is tested in
 * tests/web. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "../../viewer/output/graph_html_parts.h"
#include "graph_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS 100u

static struct graph_sample sample;
static struct graph *graph;
static uint32_t list, first_item, twice, stray;

/* app.list (1000 B) ─▶ [i] item i, of 10 + i B; ─▶ [100], [101] and weakly one more (5 B); a stray block of 7 B that nothing
 * leads to. */
static int set_up(void **state)
{
    sample_init(&sample);
    uint32_t type = sample_type(&sample, GRAPH_PYTHON, "builtins", "list"),
             item = sample_type(&sample, GRAPH_PYTHON, "app", "Item");
    list = sample_node(&sample, type, 1000);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "list in app", list);
    for (uint32_t i = 0; i < ITEMS; i++) {
        uint32_t node = sample_node(&sample, item, 10 + i);
        sample_edge(&sample, list, HL_EDGE_INDEX, i, node);
        if (i == 0)
            first_item = node;
    }
    twice = sample_node(&sample, sample_type(&sample, GRAPH_CPP, "", "Pair<int, char>"), 5);
    sample_edge(&sample, list, HL_EDGE_WEAK, 0, twice);
    sample_edge(&sample, list, HL_EDGE_INDEX, ITEMS, twice);
    sample_edge(&sample, list, HL_EDGE_INDEX, ITEMS + 1, twice);
    stray = sample_node(&sample, sample_type(&sample, GRAPH_NATIVE, "app", "malloc in f"), 7);
    graph = sample_finish(&sample);
    return 0;
}

static int tear_down(void **state)
{
    sample_release(&sample);
    return 0;
}

static char *print(const struct graph_html_options *options)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    assert_int_equal(graph_html_print(out, graph, options), 0);
    fclose(out);
    assert_int_equal(strlen(text), n);
    return text;
}

/* As a browser does: the script ends at the first "</script". */
static json_t *read_data(const struct graph_html_options *options)
{
    char *page = print(options), *start = strstr(page, "id=\"data\">") + strlen("id=\"data\">"), *end = strstr(start, "</script");
    json_error_t error;
    json_t *data = json_loadb(start, (size_t)(end - start), 0, &error);
    if (!data)
        fail_msg("%s at %d", error.text, error.position);
    free(page);
    return data;
}

static int64_t at(const json_t *data, const char *table, const char *column, size_t i)
{
    return json_integer_value(json_array_get(json_object_get(json_object_get(data, table), column), i));
}

static size_t length(const json_t *data, const char *table, const char *column)
{
    return json_array_size(json_object_get(json_object_get(data, table), column));
}

static const char *string_at(const json_t *data, int64_t i)
{
    return json_string_value(json_array_get(json_object_get(data, "strings"), (size_t)i));
}

static void test_whole(void **state)
{
    json_t *data = read_data(&(struct graph_html_options){ 0 });
    static const char *const columns[] = { "type", "address", "bytes", "retained", "line", "text",
                                           "references", "from_c", "born_ms", "dominator", "via" };
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        assert_int_equal(length(data, "nodes", columns[c]), graph->n);
    uint64_t address = 0;
    for (uint32_t node = 0; node < graph->n; node++) {
        address += (uint64_t)at(data, "nodes", "address", node);
        assert_int_equal(address, graph->nodes[node].address);
        assert_int_equal(at(data, "nodes", "bytes", node), graph->nodes[node].bytes);
    }
    assert_int_equal(at(data, "nodes", "retained", list), 1000 + ITEMS * 10 + ITEMS * (ITEMS - 1) / 2 + 5);
    assert_int_equal(at(data, "nodes", "dominator", list), 0);
    assert_int_equal(at(data, "nodes", "dominator", first_item), list);
    assert_int_equal(at(data, "nodes", "dominator", stray), -1);
    assert_int_equal(at(data, "nodes", "via", list), 0);
    assert_int_equal(at(data, "nodes", "via", first_item + 5), 1 + 5);         /* behind the root's edge those of the list */
    assert_int_equal(at(data, "nodes", "via", twice), 2 + ITEMS);              /* not the weak one */
    assert_int_equal(at(data, "nodes", "via", stray), -1);
    assert_string_equal(json_string_value(json_object_get(data, "summary")), "All 103 objects are in this page");
    json_decref(data);
}

/* Two references that hold to the same node are one and a count; the weak one stands for itself. */
static void test_edges(void **state)
{
    json_t *data = read_data(&(struct graph_html_options){ 0 });
    assert_int_equal(length(data, "edges", "to"), 1 + ITEMS + 2);
    assert_int_equal(at(data, "edges", "count", 0), 1);
    assert_int_equal(at(data, "edges", "count", list), ITEMS + 2);
    assert_string_equal(string_at(data, at(data, "edges", "label", 0) >> 2), "list in app");
    assert_int_equal(at(data, "edges", "label", 0) & 3, 0);
    assert_int_equal(at(data, "edges", "label", 1 + 7), 7 << 2 | 1);
    assert_int_equal(at(data, "edges", "label", 1 + ITEMS) & 3, 3);            /* weak */
    assert_int_equal(at(data, "edges", "label", 2 + ITEMS), (int64_t)ITEMS << 2 | 1);
    assert_int_equal(length(data, "edges", "more"), 2);
    assert_int_equal(at(data, "edges", "more", 0), 2 + ITEMS);
    assert_int_equal(at(data, "edges", "more", 1), 1);
    json_decref(data);
}

/* Eleven nodes: two thirds are what retains most, the list and items of 109 … 104 B; then up to nine tenths what these refer to,
 * the list's first item; then what retains most of the rest, items of 103 … 101 B. Beside the list: 90 items, 11 + 12 + … + 100 =
 * 4,995 B, and the pair; [node, type, count, bytes] by bytes. */
static void test_bounded(void **state)
{
    json_t *data = read_data(&(struct graph_html_options){ .nodes = 11, .option = "--many N" });
    assert_int_equal(length(data, "nodes", "type"), 1 + 11);
    assert_int_equal(at(data, "nodes", "bytes", 2), 10);
    assert_int_equal(at(data, "nodes", "bytes", 3), 101);
    static const int64_t wanted[] = { 1, 2, 90, 4995, 0, 3, 1, 5 };
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(at(data, "left_out", "dominated", i), wanted[i]);
        assert_int_equal(at(data, "left_out", "refers", i), wanted[i]);
    }
    assert_int_equal(length(data, "left_out", "dominated"), 8);
    assert_int_equal(length(data, "left_out", "referrers"), 0);
    static const int64_t unheld[] = { 0, 4, 1, 7 };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(at(data, "left_out", "unheld", i), unheld[i]);
    /* 1,000 + 10 + 101 + … + 109 = 1,955 of 1,000 + 5,950 + 5 + 7. */
    assert_string_equal(json_string_value(json_object_get(data, "summary")), "11 of 103 objects are in this page, with 1.91 KiB "
                                                                             "of 6.80 KiB");
    assert_non_null(strstr(json_string_value(json_array_get(json_object_get(data, "notes"), 0)), "More are in a page that is "
                                                                                                 "written with --many N."));
    assert_int_equal(at(data, "types", "count", 2), ITEMS);                    /* types are whole */
    json_decref(data);
}

/* The smallest item is in the page when it is asked for, with the list that leads to it. */
static void test_selection(void **state)
{
    uint8_t *set = calloc(graph->n, 1);
    set[first_item] = 1;
    json_t *data = read_data(
        &(struct graph_html_options){ .start = GRAPH_HTML_BACKREFS, .selector = "type:\"</script>\"", .set = set, .nodes = 2 });
    json_t *selection = json_object_get(data, "selection");
    assert_int_equal(json_array_size(selection), 1);
    assert_int_equal(at(data, "nodes", "bytes", (size_t)json_integer_value(json_array_get(selection, 0))), 10);
    assert_int_equal(at(data, "nodes", "bytes", 1), 1000);
    assert_int_equal(json_integer_value(json_object_get(data, "selected")), 1);
    assert_string_equal(json_string_value(json_object_get(data, "selector")), "type:\"</script>\"");
    assert_string_equal(json_string_value(json_object_get(data, "start")), "backrefs");
    json_decref(data);
    free(set);
}

/* Of 1,000 equal objects that are larger than all others only some stand for all, as long as there is something else. */
static void test_siblings_leave_room(void **state)
{
    struct graph_sample many;
    sample_init(&many);
    uint32_t item = sample_type(&many, GRAPH_PYTHON, "app", "Item"), other = sample_type(&many, GRAPH_PYTHON, "app", "Other");
    uint32_t all = sample_node(&many, sample_type(&many, GRAPH_PYTHON, "builtins", "list"), 100);
    sample_root(&many, TRACE_ROOT_GLOBAL, true, "all in app", all);
    for (uint32_t i = 0; i < 1000; i++)
        sample_edge(&many, all, HL_EDGE_INDEX, i, sample_node(&many, item, 5000));
    for (uint32_t i = 0; i < 50; i++)
        sample_edge(&many, all, HL_EDGE_INDEX, 1000 + i, sample_node(&many, other, 10));
    struct graph *before = graph;
    graph = sample_finish(&many);
    json_t *data = read_data(&(struct graph_html_options){ .nodes = 500 });
    unsigned n[3] = { 0 };
    for (size_t i = 1; i < length(data, "nodes", "type"); i++)
        n[at(data, "nodes", "type", i) == item ? 0 : at(data, "nodes", "type", i) == other ? 1 : 2]++;
    assert_int_equal(n[1], 50);
    assert_int_equal(n[0], 500 - 50 - 1);          /* and then they fill the page */
    json_decref(data);
    graph = before;
    sample_release(&many);
}

static void test_incomplete(void **state)
{
    graph->whole = false;
    vec_push(&graph->reasons, "Python's objects are missing: <it> was at work.");
    json_t *data = read_data(&(struct graph_html_options){ 0 }), *notes = json_object_get(data, "notes");
    assert_true(json_is_true(json_object_get(data, "incomplete")));
    assert_string_equal(json_string_value(json_object_get(data, "summary")), "All 103 objects are in this page; the graph itself "
                                                                             "is incomplete");
    assert_string_equal(json_string_value(json_array_get(notes, json_array_size(notes) - 1)), "Python's objects are missing: "
                                                                                              "<it> was at work.");
    json_decref(data);
}

/* Too many references: each node keeps as many as all may, chains stay whole, and both ends count what was dropped. */
static void test_too_many_edges(void **state)
{
    struct html_pick pick;
    struct html_edges edges;
    struct strmap strings = { 0 };
    graph_dominate(graph);
    html_pick(&pick, graph, &(struct graph_html_options){ 0 });
    html_edges(&edges, graph, &pick, &strings, 40);
    assert_int_equal(edges.dropped, 1); /* the weak one: all others are of the chains of their nodes */
    assert_int_equal(edges.items.n, 1 + ITEMS + 1);
    assert_int_equal(edges.refers.sums.n, 1);
    assert_int_equal(edges.referrers.sums.n, 1);
    assert_int_equal(edges.referrers.sums.items[0].bytes, 1000);
    html_edges_release(&edges);
    html_pick_release(&pick);
    strmap_release(&strings);
}

static void test_strings(void **state)
{
    static const struct { const char *text, *wanted; } cases[] = {
        { "", "\"\"" },
        { "a\"b\\c", "\"a\\\"b\\\\c\"" },
        { "</script><!--&", "\"\\u003c/script\\u003e\\u003c!--\\u0026\"" },
        { "\n\x01\x7f", "\"\\u000a\\u0001\\u007f\"" },
        { "é\xff\xe2\x82", "\"é\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = STRBUF_INIT;
        html_add_string(&out, cases[i].text);
        assert_string_equal(out.data, cases[i].wanted);
        strbuf_release(&out);
    }
}

/* Names of everything that a program chooses may not end the script. */
static void test_script_does_not_end_early(void **state)
{
    struct graph_text text = { .kind = HL_TEXT_STRING, .bytes = "</script><script>", .n = 17 };
    graph->nodes[first_item].text = graph_keep_text(graph, &text);
    graph->types[2].name = "<!--<script>";
    graph->roots[0].name = "</SCRIPT >";
    json_t *data = read_data(&(struct graph_html_options){ 0 });
    assert_string_equal(string_at(data, at(data, "nodes", "text", first_item)), "'</script><script>'");
    assert_string_equal(string_at(data, at(data, "edges", "label", 0) >> 2), "</SCRIPT >");
    char *page = print(&(struct graph_html_options){ 0 }), *start = strstr(page, "id=\"data\">") + strlen("id=\"data\">");
    assert_ptr_equal(strchr(start, '<'), strstr(start, "</script>"));
    free(page);
    json_decref(data);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whole), TEST(test_edges), TEST(test_bounded), TEST(test_selection), TEST(test_siblings_leave_room),
        TEST(test_incomplete), TEST(test_too_many_edges), TEST(test_strings), TEST(test_script_does_not_end_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
