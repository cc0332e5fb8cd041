/* Names of nodes, edges and paths as people read them; whatever the program calls its things, the text stays UTF-8 without
 * control characters. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "graph_lines_sample.h"
#include "graph_sample.h"

#include <math.h>
#include <string.h>

static struct graph_sample sample;
static uint32_t t_str, t_int, t_dict, t_list, t_order, t_module;

static int setup(void **state)
{
    sample_init(&sample);
    t_str = sample_type(&sample, GRAPH_PYTHON, "builtins", "str");
    t_int = sample_type(&sample, GRAPH_PYTHON, "builtins", "int");
    t_dict = sample_type(&sample, GRAPH_PYTHON, "builtins", "dict");
    t_list = sample_type(&sample, GRAPH_PYTHON, "builtins", "list");
    t_order = sample_type(&sample, GRAPH_PYTHON, "app", "Order");
    t_module = sample_type(&sample, GRAPH_PYTHON, "builtins", "module");
    return 0;
}

static int teardown(void **state)
{
    sample_release(&sample);
    return 0;
}

static uint32_t told_bytes(uint32_t type, uint32_t kind, const char *bytes, size_t n)
{
    uint32_t node = sample_node(&sample, type, 50);
    sample_at(&sample, node)->text = graph_keep_text(&sample.graph,
                                                     &(struct graph_text){ .kind = kind, .bytes = bytes, .n = (uint32_t)n });
    return node;
}

static uint32_t told(uint32_t type, uint32_t kind, const char *text) { return told_bytes(type, kind, text, strlen(text)); }
static uint32_t string(const char *text) { return told(t_str, HL_TEXT_STRING, text); }

static uint32_t number(uint32_t type, int64_t integer)
{
    uint32_t node = sample_node(&sample, type, 28);
    sample_at(&sample, node)->text = graph_keep_text(&sample.graph,
                                                     &(struct graph_text){ .kind = HL_TEXT_INTEGER, .integer = integer });
    return node;
}

static uint32_t real(double value)
{
    uint32_t node = sample_node(&sample, sample_type(&sample, GRAPH_PYTHON, "builtins", "float"), 24);
    sample_at(&sample, node)->text = graph_keep_text(&sample.graph, &(struct graph_text){ .kind = HL_TEXT_REAL, .real = value });
    return node;
}

static uint32_t builtin(const char *type)
{
    return sample_node(&sample, sample_type(&sample, GRAPH_PYTHON, "builtins", type), 64);
}

typedef void add_fn(struct strbuf *out, const struct graph *graph, uint32_t node);

static void expect(add_fn *add, uint32_t node, const char *text)
{
    struct strbuf out = STRBUF_INIT;
    add(&out, &sample.graph, node);
    assert_string_equal(out.data, text);
    strbuf_release(&out);
}

static void expect_edge(uint32_t from, uint32_t to, const char *text)
{
    struct strbuf out = STRBUF_INIT;
    uint32_t edge = sample_find(&sample.graph, from, to);
    assert_int_not_equal(edge, GRAPH_NONE);
    graph_add_edge(&out, &sample.graph, from, edge);
    assert_string_equal(out.data, text);
    strbuf_release(&out);
}

static void values_look_as_in_python(void **state)
{
    uint32_t plain = string("order 12"), quoted = string("it's"), both = string("it's \"so\""), slash = string("a\\b");
    uint32_t empty = string("");
    uint32_t big = number(t_int, INT64_MIN), yes = number(sample_type(&sample, GRAPH_PYTHON, "builtins", "bool"), 1);
    uint32_t octets = told_bytes(sample_type(&sample, GRAPH_PYTHON, "builtins", "bytes"), HL_TEXT_OCTETS, "a\0\xff'\n", 5);
    uint32_t none = builtin("NoneType"), bare = sample_node(&sample, t_order, 48);
    uint32_t tenth = real(0.1), hundred = real(100), small = real(1e-5), large = real(1e16), below = real(1234567890123456.0);
    uint32_t infinite = real(-INFINITY);
    sample_finish(&sample);
    expect(graph_add_text, plain, "'order 12'");
    expect(graph_add_text, quoted, "\"it's\"");
    expect(graph_add_text, both, "'it\\'s \"so\"'");
    expect(graph_add_text, slash, "'a\\\\b'");
    expect(graph_add_text, empty, "''");
    expect(graph_add_text, big, "-9223372036854775808");
    expect(graph_add_text, yes, "True");
    expect(graph_add_text, octets, "b\"a\\x00\\xff'\\n\"");
    expect(graph_add_text, none, "None");
    expect(graph_add_text, bare, "");
    expect(graph_add_text, tenth, "0.1");
    expect(graph_add_text, hundred, "100.0");
    expect(graph_add_text, small, "1e-05");
    expect(graph_add_text, large, "1e+16");
    expect(graph_add_text, below, "1234567890123456.0");
    expect(graph_add_text, infinite, "-inf");
}

static void strange_characters_cannot_lie(void **state)
{
    uint32_t control = string("a\x1b[31m\n\x7f"), reversed = string("a\xe2\x80\xae" "b"), broken = string("a\xff\xc3(z");
    uint32_t umlaut = string("Bücher 📚");
    uint32_t cut = string("B\xc3"), whole = string("Bü");
    sample_at(&sample, cut)->flags |= HL_NODE_TEXT_CUT;
    sample_at(&sample, whole)->flags |= HL_NODE_TEXT_CUT;
    uint32_t named = sample_node(&sample, sample_type(&sample, GRAPH_PYTHON, "app", "a\nb\xff"), 8);
    sample_finish(&sample);
    expect(graph_add_text, control, "'a\\x1b[31m\\n\\x7f'");
    expect(graph_add_text, reversed, "'a\\u202eb'");
    expect(graph_add_text, broken, "'a\xef\xbf\xbd\xef\xbf\xbd(z'");
    expect(graph_add_text, umlaut, "'Bücher 📚'");
    expect(graph_add_text, cut, "'B'…");
    expect(graph_add_text, whole, "'Bü'…");
    struct strbuf out = STRBUF_INIT;
    graph_add_node(&out, &sample.graph, named);
    assert_non_null(strstr(out.data, "a\\nb\xef\xbf\xbd at 0x"));
    strbuf_release(&out);
}

static void long_names_are_cut_between_characters(void **state)
{
    char name[1000] = "x";
    for (size_t i = 1; i + 2 < sizeof name; i += 2)
        memcpy(name + i, "ü", 3);
    uint32_t type = sample_type(&sample, GRAPH_CPP, "libplug.so.2", name);
    sample_finish(&sample);
    struct strbuf out = STRBUF_INIT;
    graph_add_type(&out, &sample.graph, type);
    assert_int_equal(out.length, 1 + 2 * 149 + strlen("…"));          /* of 300 bytes the last is half a character */
    assert_string_equal(out.data + out.length - strlen("ü…"), "ü…");
    strbuf_release(&out);
}

static void types_are_told_apart_by_module(void **state)
{
    uint32_t other = sample_type(&sample, GRAPH_PYTHON, "shop", "Order");
    uint32_t native = sample_type(&sample, GRAPH_CPP, "libplug.so.2", "Order");
    uint32_t alone = sample_type(&sample, GRAPH_PYTHON, "shop", "Cart");
    sample_finish(&sample);
    expect(graph_add_type, t_order, "app.Order");
    expect(graph_add_type, other, "shop.Order");
    expect(graph_add_type, native, "Order of libplug.so.2");
    expect(graph_add_type, alone, "Cart");
}

static void objects_say_what_they_are(void **state)
{
    uint32_t order = sample_node(&sample, t_order, 48), list = sample_node(&sample, t_list, 120);
    uint32_t dict = sample_node(&sample, t_dict, 64), empty = sample_node(&sample, t_list, 56);
    uint32_t key = string("history"), value = number(t_int, 12), broken = sample_node(&sample, t_list, 56);
    uint32_t function = told(sample_type(&sample, GRAPH_PYTHON, "builtins", "function"), HL_TEXT_NAME, "Book.add");
    uint32_t method = builtin("method");
    uint32_t class = told(sample_type(&sample, GRAPH_PYTHON, "builtins", "type"), HL_TEXT_NAME, "Order");
    uint32_t app = told(t_module, HL_TEXT_NAME, "app");
    sample_edge(&sample, list, HL_EDGE_INDEX, 0, order);
    sample_edge(&sample, list, HL_EDGE_INDEX, 1, order);
    sample_edge(&sample, dict, HL_EDGE_KEY, 0, key);
    sample_edge(&sample, dict, HL_EDGE_VALUE, key, value);
    sample_edge(&sample, broken, HL_EDGE_INDEX, 0, order);
    sample_at(&sample, broken)->flags |= HL_NODE_CUT;
    sample_edge(&sample, method, HL_EDGE_NAMED, sample_string(&sample, "__func__"), function);
    sample_edge(&sample, method, HL_EDGE_NAMED, sample_string(&sample, "__self__"), order);
    uint32_t interned = sample_node(&sample, t_dict, 64);
    sample_edge(&sample, interned, HL_EDGE_WEAK, 0, key);
    sample_finish(&sample);
    expect(graph_add_node, 0, "the roots");
    expect(graph_add_node, order, "Order at 0x101000");
    expect(graph_add_node, list, "list of 2 items at 0x102000");
    expect(graph_add_node, dict, "dict of 1 item at 0x103000");
    expect(graph_add_node, empty, "empty list at 0x104000");
    expect(graph_add_node, key, "str 'history'");
    expect(graph_add_node, value, "int 12");
    expect(graph_add_node, broken, "list of at least 1 item at 0x107000");
    expect(graph_add_node, function, "function Book.add");
    expect(graph_add_node, method, "bound method Book.add of Order at 0x101000");
    expect(graph_add_node, interned, "dict of 1 item at 0x10c000");
    expect(graph_add_node, class, "class Order");
    expect(graph_add_node, app, "module app");
}

static void native_blocks_say_where_they_are_from(void **state)
{
    uint32_t t_load = sample_type(&sample, GRAPH_NATIVE, "app", "malloc in load load.c:31");
    uint32_t t_map = sample_type(&sample, GRAPH_CPP, "", "std::map<int, long> node");
    uint32_t block = sample_node(&sample, t_load, 96), unknown = sample_node(&sample, t_load, 1);
    uint32_t map = sample_node(&sample, t_map, 48);
    uint32_t plug = sample_node(&sample, t_load, 2), order = sample_node(&sample, t_order, 48);
    uint32_t frame = told(sample_type(&sample, GRAPH_FRAME, "", "frame"), HL_TEXT_NAME, "main (app.py:42)");
    uint32_t kept = sample_node(&sample, sample_type(&sample, GRAPH_FREE, "", "free"), 56);
    sample_at(&sample, block)->site = SITE_LOAD;
    sample_at(&sample, plug)->site = SITE_PLUG;
    sample_at(&sample, order)->site = SITE_ADD;
    struct graph *graph = sample_finish(&sample);
    expect(graph_add_node, unknown, "block of 1 byte at 0x102000 from malloc in load load.c:31");
    expect(graph_add_line, order, "");
    lines_attach(graph);
    expect(graph_add_node, block, "block of 96 bytes at 0x101000 from load.c:31 in load");
    expect(graph_add_node, map, "std::map<int, long> node at 0x103000");
    expect(graph_add_node, frame, "frame main (app.py:42)");
    expect(graph_add_node, kept, "free memory of 56 bytes at 0x107000");
    expect(graph_add_line, order, "app.py:31 in add");
    expect(graph_add_line, unknown, "");
    lines_owned[3] = PLACE_PLUG;               /* as when nothing with a line called it */
    expect(graph_add_line, plug, "plug in libplug.so.2");
    lines_owned[3] = PLACE_LOAD;
    graph->owners = NULL;                      /* the table is no allocation */
}

static void edges_have_the_names_of_places(void **state)
{
    uint32_t order = sample_node(&sample, t_order, 48), name = string("history"), odd = string("my key");
    uint32_t list = sample_node(&sample, t_list, 56), dict = sample_node(&sample, t_dict, 64);
    uint32_t tuple = builtin("tuple"), none = builtin("NoneType"), twelve = number(t_int, 12), function = builtin("function");
    uint32_t cell = builtin("cell"), weak = builtin("weakref");
    uint32_t class = told(sample_type(&sample, GRAPH_PYTHON, "builtins", "type"), HL_TEXT_NAME, "Order");
    uint32_t frame = sample_node(&sample, sample_type(&sample, GRAPH_FRAME, "", "frame"), 0);
    uint32_t block = sample_node(&sample, sample_type(&sample, GRAPH_NATIVE, "", "malloc"), 96), set = builtin("set");
    struct { uint32_t from; enum hl_graph_edge kind; uint32_t value, to; const char *text; } edges[] = {
        { order, HL_EDGE_ATTRIBUTE, name, list, ".history" },
        { order, HL_EDGE_ATTRIBUTE, 0, set, ".?" },
        { order, HL_EDGE_SLOT, sample_string(&sample, "price"), dict, ".price" },
        { order, HL_EDGE_CLASS, 0, class, "class" },
        { list, HL_EDGE_INDEX, 17, order, "[17]" },
        { list, HL_EDGE_INDEX, (1 << 28) - 1, set, "[268435455 or more]" },
        { dict, HL_EDGE_VALUE, odd, order, "['my key']" },
        { dict, HL_EDGE_VALUE, twelve, list, "[12]" },
        { dict, HL_EDGE_VALUE, none, set, "[None]" },
        { dict, HL_EDGE_VALUE, tuple, cell, "[<tuple>]" },
        { dict, HL_EDGE_VALUE, class, weak, "[<class Order>]" },
        { dict, HL_EDGE_VALUE, 0, function, "[?]" },
        { dict, HL_EDGE_KEY, 0, tuple, "key" },
        { set, HL_EDGE_ITEM, 0, tuple, "item" },
        { frame, HL_EDGE_LOCAL, name, order, "local history" },
        { frame, HL_EDGE_LOCAL, odd, list, "local 'my key'" },
        { frame, HL_EDGE_STACK, 2, set, "value in use" },
        { function, HL_EDGE_CELL, 1, cell, "cell 1 of closure" },
        { cell, HL_EDGE_CELL, 0, order, "contents of cell" },
        { function, HL_EDGE_NAMED, sample_string(&sample, "__globals__"), dict, ".__globals__" },
        { weak, HL_EDGE_WEAK, 0, order, "weak reference" },
        { weak, HL_EDGE_NAMED, sample_string(&sample, "its callback"), function, "its callback" },
        { block, HL_EDGE_OFFSET, 0x18, order, "+0x18" },
        { block, HL_EDGE_INSIDE, 0x40, list, "+0x40 → inside" },
        { order, HL_EDGE_FIELD, 16, function, "field +0x10" },
    };
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        sample_edge(&sample, edges[i].from, edges[i].kind, edges[i].value, edges[i].to);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "servers in app", block);
    sample_finish(&sample);
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        expect_edge(edges[i].from, edges[i].to, edges[i].text);
    expect_edge(0, block, "servers in app");
}

/* sys.modules -> 'app' -> module -> __dict__ -> books -> [0] -> Book -> __dict__ -> history -> [17] */
static void build_shop(uint32_t nodes[9])
{
    uint32_t app = string("app"), books = string("books"), history = string("history"), own = sample_string(&sample, "__dict__");
    uint32_t modules = nodes[0] = sample_node(&sample, t_dict, 64), module = nodes[1] = told(t_module, HL_TEXT_NAME, "app");
    uint32_t globals = nodes[2] = sample_node(&sample, t_dict, 64);
    uint32_t list = nodes[3] = sample_node(&sample, t_list, 64);
    uint32_t book = nodes[4] = sample_node(&sample, sample_type(&sample, GRAPH_PYTHON, "app", "Book"), 48);
    uint32_t attributes = nodes[5] = sample_node(&sample, t_dict, 64), kept = nodes[6] = sample_node(&sample, t_list, 64);
    uint32_t order = nodes[7] = sample_node(&sample, t_order, 48);
    sample_root(&sample, TRACE_ROOT_OTHER, true, "sys.modules", modules);
    sample_edge(&sample, modules, HL_EDGE_VALUE, app, module);
    sample_edge(&sample, module, HL_EDGE_NAMED, own, globals);
    sample_edge(&sample, globals, HL_EDGE_VALUE, books, list);
    sample_edge(&sample, list, HL_EDGE_INDEX, 0, book);
    sample_edge(&sample, book, HL_EDGE_NAMED, own, attributes);
    sample_edge(&sample, attributes, HL_EDGE_VALUE, history, kept);
    sample_edge(&sample, kept, HL_EDGE_INDEX, 17, order);
}

static struct graph_path path_through(const uint32_t *nodes, size_t n)
{
    struct graph_path path = { 0 };
    vec_push(&path.steps, ((struct graph_step){ 0, GRAPH_NONE }));
    for (size_t i = 0; i < n; i++)
        vec_push(&path.steps, ((struct graph_step){ nodes[i], sample_find(&sample.graph, i ? nodes[i - 1] : 0, nodes[i]) }));
    return path;
}

static void expect_path(const uint32_t *nodes, size_t n, const char *text)
{
    struct graph_path path = path_through(nodes, n);
    struct strbuf out = STRBUF_INIT;
    strbuf_add(&out, "> ");
    graph_add_path(&out, &sample.graph, &path);
    assert_string_equal(out.data + 2, text);
    strbuf_release(&out);
    vec_release(&path.steps);
}

static void dicts_of_objects_tell_whose_they_are(void **state)
{
    uint32_t nodes[9];
    build_shop(nodes);
    sample_finish(&sample);
    expect(graph_add_node, nodes[2], "dict of 1 item at 0x106000, globals of module app");
    expect(graph_add_node, nodes[5], "dict of 1 item at 0x109000, __dict__ of Book at 0x108000");
    expect_edge(nodes[0], nodes[1], "['app']");
    expect_edge(nodes[2], nodes[3], "global books of app");
    expect_edge(nodes[5], nodes[6], ".history");
}

static void a_path_reads_like_a_program(void **state)
{
    uint32_t nodes[9];
    build_shop(nodes);
    sample_finish(&sample);
    expect_path(nodes, 8, "sys.modules['app'].books[0].history[17]");
    expect_path(nodes, 3, "sys.modules['app'].__dict__");
    struct graph_path path = path_through(nodes, 8);
    struct strbuf out = STRBUF_INIT;
    graph_add_steps(&out, &sample.graph, &path, 2);
    assert_string_equal(out.data, "  sys.modules → dict of 1 item at 0x104000\n"
                                  "    ['app'] → module app\n"
                                  "    .books → list of 1 item at 0x107000\n"
                                  "    [0] → Book at 0x108000\n"
                                  "    .history → list of 1 item at 0x10a000\n"
                                  "    [17] → Order at 0x10b000\n");
    strbuf_release(&out);
    vec_release(&path.steps);
}

static void a_path_through_frames_begins_at_the_variable(void **state)
{
    uint32_t t_frame = sample_type(&sample, GRAPH_FRAME, "", "frame"), outer = told(t_frame, HL_TEXT_NAME, "main (app.py:42)");
    uint32_t inner = told(t_frame, HL_TEXT_NAME, "add (app.py:7)");
    uint32_t list = sample_node(&sample, t_list, 64), order = sample_node(&sample, t_order, 48), tasks = string("tasks");
    uint32_t generator = builtin("generator"), item = string("item"), last = sample_node(&sample, t_order, 48);
    sample_root(&sample, TRACE_ROOT_STACK, true, "thread 1", inner);
    sample_edge(&sample, inner, HL_EDGE_NAMED, sample_string(&sample, "f_back"), outer);
    sample_edge(&sample, outer, HL_EDGE_LOCAL, tasks, list);
    sample_edge(&sample, list, HL_EDGE_INDEX, 3, order);
    sample_edge(&sample, list, HL_EDGE_INDEX, 4, generator);
    sample_edge(&sample, generator, HL_EDGE_LOCAL, item, last);
    sample_finish(&sample);
    expect_path((uint32_t[]){ inner, outer, list, order }, 4, "frame main (app.py:42): tasks[3]");
    expect_path((uint32_t[]){ inner, outer, list, generator, last }, 5, "frame main (app.py:42): tasks[4] → local item");
}

static void native_steps_are_offsets(void **state)
{
    uint32_t type = sample_type(&sample, GRAPH_NATIVE, "", "malloc"), nodes[102];
    nodes[0] = sample_node(&sample, type, 96);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "servers in app", nodes[0]);
    for (size_t i = 1; i <= 100; i++) {
        nodes[i] = sample_node(&sample, type, 16);
        sample_edge(&sample, nodes[i - 1], HL_EDGE_OFFSET, 8, nodes[i]);
    }
    nodes[101] = sample_node(&sample, t_order, 48);
    sample_edge(&sample, nodes[100], HL_EDGE_OFFSET, 0x10, nodes[101]);
    sample_finish(&sample);
    expect_path(nodes, 4, "servers in app → +0x8 → +0x8 → +0x8");
    expect_path(nodes, 102, "servers in app → +0x8 (100 times) → +0x10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_look_as_in_python, setup, teardown),
        cmocka_unit_test_setup_teardown(strange_characters_cannot_lie, setup, teardown),
        cmocka_unit_test_setup_teardown(long_names_are_cut_between_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(types_are_told_apart_by_module, setup, teardown),
        cmocka_unit_test_setup_teardown(objects_say_what_they_are, setup, teardown),
        cmocka_unit_test_setup_teardown(native_blocks_say_where_they_are_from, setup, teardown),
        cmocka_unit_test_setup_teardown(edges_have_the_names_of_places, setup, teardown),
        cmocka_unit_test_setup_teardown(dicts_of_objects_tell_whose_they_are, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_reads_like_a_program, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_through_frames_begins_at_the_variable, setup, teardown),
        cmocka_unit_test_setup_teardown(native_steps_are_offsets, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
