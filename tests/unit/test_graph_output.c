/* What `heapline graph` prints of a small graph: a book whose history and orders hold six orders, a buffer, and a cycle that
 * nobody holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "../../viewer/base/xalloc.h"
#include "../../viewer/output/graph_print.h"
#include "graph_sample.h"

#include <string.h>

#define ORDERS 6

static struct graph_sample sample;
static struct graph *graph;
static uint32_t book, history, orders, keys[2], order[ORDERS], buffer, circle[2];
static uint32_t order_type, node_type;

/* Retained: the book all but the circle, 100 + 56 + 64 + 16 + 60 + 1000 = 1296. History: itself, the four orders that are in
 * nothing else, and the last one's buffer, 1096. Orders: itself and its keys, 80. The last order: itself and the buffer, 1010. */
static int set_up(void **state)
{
    sample_init(&sample);
    uint32_t book_type = sample_type(&sample, GRAPH_PYTHON, "app", "Book"),
             list = sample_type(&sample, GRAPH_PYTHON, "builtins", "list");
    uint32_t dict = sample_type(&sample, GRAPH_PYTHON, "builtins", "dict"),
             number = sample_type(&sample, GRAPH_PYTHON, "app", "Key");
    uint32_t native = sample_type(&sample, GRAPH_NATIVE, "libload.so", "malloc in load (load.c:31)");
    order_type = sample_type(&sample, GRAPH_PYTHON, "app", "Order");
    node_type = sample_type(&sample, GRAPH_PYTHON, "app", "Node");
    book = sample_node(&sample, book_type, 100);
    history = sample_node(&sample, list, 56);
    orders = sample_node(&sample, dict, 64);
    keys[0] = sample_node(&sample, number, 8);
    keys[1] = sample_node(&sample, number, 8);
    for (unsigned i = 0; i < ORDERS; i++)
        order[i] = sample_node(&sample, order_type, 10);
    buffer = sample_node(&sample, native, 1000);
    circle[0] = sample_node(&sample, node_type, 30);
    circle[1] = sample_node(&sample, node_type, 30);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "global shop in app", book);
    sample_edge(&sample, book, HL_EDGE_SLOT, sample_string(&sample, "history"), history);
    sample_edge(&sample, book, HL_EDGE_SLOT, sample_string(&sample, "orders"), orders);
    uint32_t of_book = sample_string(&sample, "book"), next = sample_string(&sample, "next");
    for (unsigned i = 0; i < ORDERS; i++) {
        sample_edge(&sample, history, HL_EDGE_INDEX, i, order[i]);
        sample_edge(&sample, order[i], HL_EDGE_SLOT, of_book, book);
    }
    for (unsigned i = 0; i < 2; i++) {
        sample_edge(&sample, orders, HL_EDGE_KEY, i, keys[i]);
        sample_edge(&sample, orders, HL_EDGE_VALUE, keys[i], order[i]);
        sample_edge(&sample, circle[i], HL_EDGE_SLOT, next, circle[1 - i]);
    }
    sample_edge(&sample, order[ORDERS - 1], HL_EDGE_OFFSET, 0x18, buffer);
    graph = sample_finish(&sample);
    graph->whole = graph->python = true;
    return 0;
}

static int tear_down(void **state)
{
    sample_release(&sample);
    return 0;
}

struct printed { struct view view; char *text; size_t n; };

static void begin(struct printed *printed)
{
    *printed = (struct printed){ .view = { .colors = palette_for(COLOR_NEVER, 1), .width = 132, .utf8 = true } };
    printed->view.out = open_memstream(&printed->text, &printed->n);
}

static void expect(struct printed *printed, const char *text)
{
    fclose(printed->view.out);
    assert_string_equal(printed->text, text);
    free(printed->text);
}

static json_t *read_json(struct printed *printed)
{
    json_error_t error;
    fclose(printed->view.out);
    json_t *object = json_loads(printed->text, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(object);
    assert_string_equal(json_string_value(json_object_get(object, "schema")), "heapline-graph/1");
    free(printed->text);
    return object;
}

static json_int_t number_in(const json_t *object, const char *key) { return json_integer_value(json_object_get(object, key)); }
static const char *text_in(const json_t *object, const char *key) { return json_string_value(json_object_get(object, key)); }

/* Every node of a type. */
static struct graph_wanted select_type(uint32_t type, const char *name)
{
    uint8_t *set = xcalloc(graph->n, 1);
    struct graph_wanted wanted = { .selector = name, .set = set };
    for (uint32_t node = 1; node < graph->n; node++)
        if (graph->nodes[node].type == type)
            set[node] = 1, wanted.n++;
    return wanted;
}

static struct graph_wanted select_node(uint32_t node, const char *name)
{
    uint8_t *set = xcalloc(graph->n, 1);
    set[node] = 1;
    return (struct graph_wanted){ name, set, 1 };
}

#define HEAD "snapshot  1.32 KiB in 14 nodes\n"          /* 1296 + 60 */
#define COLUMNS "\n   retained     shallow\n"
#define LEGEND                                                                                                                   \
    "\n\"retained\" goes when this goes; \"shallow\" is the block and its parts alone. Keys, classes and a function's globals "  \
    "are not followed.\n"                                                                                                        \
    "Many objects that are held in the same way are one row; --no-collapse shows them one by one, --depth goes further.\n"

static void print_near(enum graph_view_kind kind, struct graph_wanted wanted, struct graph_view_options options,
                       const char *expected)
{
    struct printed printed;
    struct graph_view shown;
    begin(&printed);
    graph_view_neighbours(&shown, graph, kind, wanted.set, wanted.selector, &options);
    graph_text_view(&printed.view, graph, &wanted, &shown);
    expect(&printed, expected);
    graph_view_release(&shown);
    free((void *)wanted.set);
}

static void types(void **state)
{
    struct printed printed;
    struct graph_wanted wanted = { 0 };
    struct graph_rows rows = { 0 };
    begin(&printed);
    graph_types(&rows, graph, NULL, 0);
    graph_rows_sort(&rows, graph, GRAPH_BY_BYTES);
    graph_rows_exact(&rows, graph, NULL, SIZE_MAX);
    graph_text_types(&printed.view, graph, &wanted, &rows, GRAPH_BY_BYTES);
    /* Shares of 1356. Node goes nowhere: what nobody holds goes by itself, but counts with its type. */
    expect(&printed, "Types, by shallow bytes\n" HEAD
           "\n      count     shallow  share    retained  type\n"
           "          1      1000 B  73.7%      1000 B  malloc in load (load.c:31)\n"
           "          1       100 B   7.4%    1.27 KiB  Book (app)\n"
           "          1        64 B   4.7%        80 B  dict\n"
           "          2        60 B   4.4%        60 B  Node (app)\n"
           "          6        60 B   4.4%    1.04 KiB  Order (app)\n"
           "          1        56 B   4.1%    1.07 KiB  list\n"
           "          2        16 B   1.2%        16 B  Key (app)\n"
           "\nPython objects 356 B + other native blocks 1,000 B = 1,356 B, all of the graph.\n");
    vec_release(&rows);
}

/* All types in one walk say the same as one type after the other; with a selection only its objects are taken out. */
static void retained_two_ways(void **state)
{
    for (int selected = 0; selected < 2; selected++) {
        struct graph_rows rows = { 0 };
        uint8_t *set = selected ? xcalloc(graph->n, 1) : NULL, *of_type = xmalloc(graph->n);
        for (uint32_t node = 1; set && node < graph->n; node += 2)
            set[node] = 1;
        graph_types(&rows, graph, set, 0);
        graph_rows_exact(&rows, graph, set, SIZE_MAX);
        assert_true(rows.n > 4);
        for (size_t i = 0; i < rows.n; i++) {
            for (uint32_t node = 0; node < graph->n; node++)
                of_type[node] = node && graph->nodes[node].type == rows.items[i].type && (!set || set[node]);
            assert_int_equal(rows.items[i].sum.retained, graph_retained_by(graph, of_type, NULL));
        }
        vec_release(&rows);
        free(of_type);
        free(set);
    }
}

static void types_json(void **state)
{
    struct printed printed;
    struct graph_wanted wanted = select_type(order_type, "type:Order");
    struct graph_rows rows = { 0 };
    begin(&printed);
    graph_types(&rows, graph, wanted.set, 0);
    graph_rows_sort(&rows, graph, GRAPH_BY_COUNT);
    graph_rows_exact(&rows, graph, wanted.set, SIZE_MAX);
    assert_int_equal(graph_json_types(&printed.view, graph, &wanted, &rows, GRAPH_BY_COUNT), 0);
    json_t *object = read_json(&printed), *row = json_array_get(json_object_get(object, "types"), 0);
    assert_int_equal(json_array_size(json_object_get(object, "types")), 1);
    assert_int_equal(number_in(row, "count"), 6);
    assert_int_equal(number_in(row, "bytes"), 60);
    assert_int_equal(number_in(row, "retained_bytes"), 1060);
    assert_string_equal(text_in(json_object_get(row, "type"), "module"), "app");
    assert_int_equal(number_in(json_object_get(object, "selection"), "nodes"), 6);
    assert_int_equal(number_in(json_object_get(object, "graph"), "bytes"), 1356);
    assert_int_equal(number_in(json_object_get(json_object_get(json_object_get(object, "graph"), "sorts"), "native"), "bytes"),
                     1000);
    json_decref(object);
    vec_release(&rows);
    free((void *)wanted.set);
}

/* Six orders are one row, and so are their places in the list. */
static void backrefs_together(void **state)
{
    print_near(GRAPH_VIEW_BACKREFS, select_type(order_type, "type:Order"),
               (struct graph_view_options){ .depth = 3, .too_many = 10, .collapse = true },
               "Who refers to type:Order\n" HEAD "only      type:Order: 60 B in 6 nodes\n" COLUMNS
               "   1.04 KiB        60 B  6 × Order\n"
               "   1.07 KiB        56 B  ├─ […] of list of 6 items at 0x102000  (6 references)\n"
               "   1.27 KiB       100 B  │  └─ .history of Book at 0x101000\n"
               "                         │     ├─ .book of 6 × Order  ↺ among those above  (6 references)\n"
               "                         │     └─ global shop in app\n"
               "       80 B        64 B  └─ […] of dict of 2 items at 0x103000  (2 references)\n"
               "                            └─ .orders of Book at 0x101000  (also shown elsewhere)\n" LEGEND);
}

static void refs_one_by_one(void **state)
{
    print_near(GRAPH_VIEW_REFS, select_node(book, "type:Book"),
               (struct graph_view_options){ .depth = 2, .too_many = 10, .collapse = true },
               "What type:Book refers to\n" HEAD "only      type:Book: 100 B in 1 node\n" COLUMNS
               "   1.27 KiB       100 B  Book at 0x101000\n"
               "   1.07 KiB        56 B  ├─ .history: list of 6 items at 0x102000\n"
               "     1010 B        10 B  │  ├─ [5]: Order at 0x10b000  (refers to 2)\n"
               "       10 B        10 B  │  ├─ [0]: Order at 0x106000  (refers to 1)\n"
               "       10 B        10 B  │  ├─ [1]: Order at 0x107000  (refers to 1)\n"
               "       30 B        30 B  │  └─ … 3 more of Order\n"
               "       80 B        64 B  └─ .orders: dict of 2 items at 0x103000\n"
               "                            ├─ [<Key>]: Order at 0x106000  (also shown elsewhere)\n"
               "                            ├─ [<Key>]: Order at 0x107000  (also shown elsewhere)\n"
               "       16 B        16 B     └─ keys: 2 × Key\n" LEGEND);
}

/* With --no-collapse and --too-many 2, the rest is counted whatever it is. */
static void too_many(void **state)
{
    print_near(GRAPH_VIEW_REFS, select_node(history, "type:list"),
               (struct graph_view_options){ .depth = 1, .too_many = 2, .collapse = false },
               "What type:list refers to\n" HEAD "only      type:list: 56 B in 1 node\n" COLUMNS
               "   1.07 KiB        56 B  list of 6 items at 0x102000\n"
               "     1010 B        10 B  ├─ [5]: Order at 0x10b000  (refers to 2)\n"
               "       10 B        10 B  ├─ [0]: Order at 0x106000  (refers to 1)\n"
               "       40 B        40 B  └─ … 4 more of Order\n" LEGEND);
}

static void in_ascii(void **state)
{
    struct printed printed;
    struct graph_view shown;
    struct graph_view_options options = { .depth = 1, .too_many = 10, .collapse = true };
    struct graph_wanted wanted = select_type(order_type, "type:Order");
    begin(&printed);
    printed.view.utf8 = false;
    graph_view_neighbours(&shown, graph, GRAPH_VIEW_BACKREFS, wanted.set, "", &options);
    graph_text_trees(&printed.view, graph, &shown, true);
    expect(&printed,
           "   1.04 KiB        60 B  6 x Order\n"
           "   1.07 KiB        56 B  |- [...] of list of 6 items at 0x102000  (6 references)  (held by 1)\n"
           "       80 B        64 B  `- [...] of dict of 2 items at 0x103000  (2 references)  (held by 1)\n");
    graph_view_release(&shown);
    free((void *)wanted.set);
}

static void dominators(void **state)
{
    struct printed printed;
    struct graph_view shown;
    struct graph_view_options options = { .depth = 5, .too_many = 10, .collapse = true, .min_share = 0.02 };
    struct graph_wanted wanted = { 0 };
    begin(&printed);
    graph_view_dominators(&shown, graph, &options);
    graph_text_view(&printed.view, graph, &wanted, &shown);
    /* 2% of what is held are 25 bytes: the last order stands alone, three others are one row, the two in both are small, and so
     * are the keys. */
    expect(&printed,
           "Who alone holds what, by retained bytes\n" HEAD COLUMNS "                         roots\n"
           "   1.27 KiB       100 B  └─ global shop in app: Book at 0x101000\n"
           "   1.07 KiB        56 B     ├─ .history: list of 6 items at 0x102000\n"
           "     1010 B        10 B     │  ├─ [5]: Order at 0x10b000\n"
           "     1000 B      1000 B     │  │  └─ +0x18: block of 1000 bytes at 0x10c000 from malloc in load (load.c:31)\n"
           "       30 B        30 B     │  └─ 3 × Order\n"
           "       80 B        64 B     ├─ .orders: dict of 2 items at 0x103000\n"
           "       16 B        16 B     │  └─ … 2 more of Key\n"
           "       20 B        20 B     └─ … 2 more of Order\n"
           "\n\"retained\" is what goes when this goes: its own bytes and all that can be reached only through it, which stands "
           "below it.\n");
    graph_view_release(&shown);
}

static void chain(void **state)
{
    struct printed printed;
    struct graph_path path = { 0 };
    struct graph_wanted wanted = select_node(order[3], "type:Order");
    begin(&printed);
    graph_dominate(graph);
    assert_true(graph_chain(&path, graph, wanted.set));
    graph_text_chain(&printed.view, graph, &wanted, &path);
    expect(&printed, "The shortest way from a root to type:Order\n" HEAD "only      type:Order: 10 B in 1 node\n"
           "\nglobal shop in app → .history[3]\n"
           "\n   retained     shallow\n"
           "                         global shop in app\n"
           "   1.27 KiB       100 B  Book at 0x101000\n"
           "   1.07 KiB        56 B  .history: list of 6 items at 0x102000\n"
           "       10 B        10 B  [3]: Order at 0x109000\n");
    begin(&printed);
    assert_int_equal(graph_json_chain(&printed.view, graph, &wanted, &path), 0);
    json_t *object = read_json(&printed), *steps = json_object_get(object, "steps");
    assert_int_equal(json_array_size(steps), 4);
    assert_string_equal(text_in(json_object_get(json_array_get(steps, 0), "root"), "name"), "global shop in app");
    assert_string_equal(text_in(json_object_get(json_array_get(steps, 3), "edge"), "text"), "[3]");
    assert_string_equal(text_in(json_object_get(json_array_get(steps, 3), "edge"), "kind"), "index");
    assert_int_equal(number_in(json_object_get(json_array_get(steps, 3), "node"), "address"), 0x109000);
    json_decref(object);
    vec_release(&path.steps);
    free((void *)wanted.set);
}

/* A list of a hundred links under a root: a chain of 101 steps shows the first 20 and the last 15, as text and as a view. */
static void long_chain(void **state)
{
    struct graph_sample list;
    struct graph_path path = { 0 };
    struct graph_view shown;
    struct printed printed;
    uint32_t link[100];
    sample_init(&list);
    uint32_t type = sample_type(&list, GRAPH_PYTHON, "app", "Link"), next = sample_string(&list, "next");
    for (unsigned i = 0; i < 100; i++) {
        link[i] = sample_node(&list, type, 10);
        if (i)
            sample_edge(&list, link[i - 1], HL_EDGE_SLOT, next, link[i]);
    }
    sample_root(&list, TRACE_ROOT_GLOBAL, true, "global first in app", link[0]);
    struct graph *links = sample_finish(&list);
    links->whole = true;
    uint8_t *set = xcalloc(links->n, 1);
    set[link[99]] = 1;
    graph_dominate(links);
    assert_true(graph_chain(&path, links, set));
    begin(&printed);
    graph_text_chain(&printed.view, links, &(struct graph_wanted){ "type:Link", set, 1 }, &path);
    fclose(printed.view.out);
    assert_non_null(strstr(printed.text, "\n                         … 66 more steps\n"));
    free(printed.text);
    graph_view_path(&shown, links, &path, "type:Link");
    assert_int_equal(shown.nodes.n, 20 + 1 + 15);
    assert_int_equal(shown.edges.n, shown.nodes.n - 1);
    assert_int_equal(shown.nodes.items[20].role, GRAPH_VIEW_MORE);
    assert_int_equal(shown.nodes.items[20].count, 66);
    assert_int_equal(shown.nodes.items[20].bytes, 660);
    assert_int_equal(shown.nodes.items[35].role, GRAPH_VIEW_TARGET);
    graph_view_release(&shown);
    vec_release(&path.steps);
    free(set);
    sample_release(&list);
}

/* One cut frees the third order, none frees what nobody holds. */
static void cuts(void **state)
{
    struct printed printed;
    struct graph_cut cut = { 0 };
    struct trace_error error = { "" };
    struct graph_wanted wanted = select_node(order[2], "addr:0x108000");
    begin(&printed);
    assert_int_equal(graph_cut(&cut, graph, wanted.set, &error), 0);
    graph_text_free(&printed.view, graph, &wanted, &cut);
    expect(&printed, "What must let go to free addr:0x108000\n" HEAD "only      addr:0x108000: 10 B in 1 node\n"
           "\nOne reference to cut\n   retained     shallow  holder\n"
           "   1.07 KiB        56 B  [2] of list of 6 items at 0x102000 → Order at 0x108000\n"
           "                           which is global shop in app → .history\n"
           "\nThen 10 B in 1 object goes.\n");
    begin(&printed);
    assert_int_equal(graph_json_free(&printed.view, graph, &wanted, &cut), 0);
    json_t *object = read_json(&printed), *edge = json_array_get(json_object_get(object, "cut"), 0);
    assert_int_equal(number_in(object, "freed_bytes"), 10);
    assert_int_equal(number_in(json_object_get(edge, "holder"), "id"), history);
    assert_int_equal(number_in(json_object_get(edge, "target"), "id"), order[2]);
    json_decref(object);
    vec_release(&cut.edges);
    free((void *)wanted.set);
    wanted = select_type(node_type, "type:Node");
    cut = (struct graph_cut){ 0 };
    begin(&printed);
    assert_int_equal(graph_cut(&cut, graph, wanted.set, &error), 0);
    graph_text_free(&printed.view, graph, &wanted, &cut);
    expect(&printed, "What must let go to free type:Node\n" HEAD "only      type:Node: 60 B in 2 nodes\n"
           "\nNothing leads to type:Node: there is nothing to cut. \"heapline graph leaking\" says why it is still there.\n");
    vec_release(&cut.edges);
    free((void *)wanted.set);
}

static void leaking(void **state)
{
    struct printed printed;
    struct graph_leaking found = { 0 };
    graph_leaking(&found, graph);
    begin(&printed);
    assert_int_equal(graph_json_leaking(&printed.view, graph, &found), 0);
    json_t *object = read_json(&printed), *garbage = json_object_get(object, "garbage"),
           *cycle = json_array_get(json_object_get(garbage, "cycles"), 0);
    assert_int_equal(number_in(garbage, "nodes"), 2);
    assert_int_equal(number_in(garbage, "bytes"), 60);
    assert_int_equal(json_array_size(json_object_get(cycle, "members")), 2);
    assert_string_equal(text_in(json_object_get(cycle, "weaken"), "text"), ".next");
    json_decref(object);
    begin(&printed);
    graph_text_leaking(&printed.view, graph, &found);
    fclose(printed.view.out);
    assert_non_null(strstr(printed.text, "\nCycles that wait for the collector: 2 objects, 60 B\n"));
    assert_non_null(strstr(
        printed.text,
        "       60 B         2  2 × Node\n                       it goes by itself when this is weak: .next of Node at 0x10"));
    assert_non_null(strstr(printed.text, "\nLost native blocks: none\n"));
    free(printed.text);
    graph_leaking_release(&found);
}

static void show(void **state)
{
    struct printed printed;
    struct graph_wanted wanted = select_node(order[ORDERS - 1], "addr:0x10b000");
    begin(&printed);
    graph_text_show(&printed.view, graph, &wanted, 3);
    expect(&printed, "One object\n" HEAD "only      addr:0x10b000: 10 B in 1 node\n"
           "\nOrder at 0x10b000\n"
           "  type        Order, of app (python)\n"
           "  size        10 B\n"
           "  retains     1,010 B: with it 1 object goes that only it leads to\n"
           "  allocated   at a place that is not known\n"
           "  references  1 counted, 1 found\n"
           "  reached by  global shop in app → .history[5]\n"
           "  held by\n"
           "   1.07 KiB        56 B  └─ [5] of list of 6 items at 0x102000\n"
           "  refers to\n"
           "   1.27 KiB       100 B  ├─ .book: Book at 0x101000\n"
           "     1000 B      1000 B  └─ +0x18: block of 1000 bytes at 0x10c000 from malloc in load (load.c:31)\n");
    free((void *)wanted.set);
}

/* What is missing is said, whatever the verb. */
static void reasons(void **state)
{
    struct printed printed;
    graph->whole = false;
    vec_push(&graph->reasons, xstrdup("the graph ends early"));
    begin(&printed);
    graph_text_notes(&printed.view, graph);
    expect(&printed, "\nNot everything could be seen\n  The graph ends early.\n  References are missing, and what they led to "
                     "seems to be held by nobody.\n");
    free(graph->reasons.items[0]);
    graph->reasons.n = 0;
}

static void growth(void **state)
{
    struct printed printed;
    struct graph_growth grown = { 0 };
    struct graph_growth_row rows[] = {
        { "Order", "app.py:31 in add", 99996, 9599616, 100000, 9600000, 99996, 9599616 }, { "Node", "", -2, -60, 2, 60, 0, 0 },
    };
    grown.types.items = rows;
    grown.types.n = 2;
    begin(&printed);
    graph_text_growth(&printed.view, graph, graph, &grown);
    fclose(printed.view.out);
    assert_non_null(strstr(printed.text,
                           "\ntype      count    change       bytes       change  the line that let it grow most\n"
                           "Order    100000    +99996    9.16 MiB    +9.15 MiB  app.py:31 in add\n"
                           "1 type shrank\n"));
    free(printed.text);
    begin(&printed);
    assert_int_equal(graph_json_growth(&printed.view, graph, graph, &grown), 0);
    json_t *object = read_json(&printed), *row = json_array_get(json_object_get(object, "types"), 1);
    assert_int_equal(number_in(row, "bytes_change"), -60);
    assert_true(json_is_null(json_object_get(row, "line")));
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(types_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(retained_two_ways, set_up, tear_down),
        cmocka_unit_test_setup_teardown(backrefs_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refs_one_by_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_ascii, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dominators, set_up, tear_down),
        cmocka_unit_test_setup_teardown(chain, set_up, tear_down),
        cmocka_unit_test(long_chain), cmocka_unit_test_setup_teardown(cuts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaking, set_up, tear_down),
        cmocka_unit_test_setup_teardown(show, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reasons, set_up, tear_down),
        cmocka_unit_test_setup_teardown(growth, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
