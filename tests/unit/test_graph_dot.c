/* Pictures of reference graphs: the text for Graphviz, held to what it means, and Graphviz itself: there, missing, failing, too
 * slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/output/graph_dot.h"
#include "graph_sample.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ORDERS 9u

static struct graph_sample sample;
static struct graph *graph;
static struct graph_view view;
static uint32_t history, buffer, watcher, first_order, str;

/* history in app ─▶ list ─▶ [0] … [8] Order ─▶ .note str (the first one only); list ─▶ +0x10 native; a weak reference to the
 * first Order. */
static int set_up(void **state)
{
    sample_init(&sample);
    uint32_t list = sample_type(&sample, GRAPH_PYTHON, "builtins", "list"),
             order = sample_type(&sample, GRAPH_PYTHON, "app", "Order");
    history = sample_node(&sample, list, 100);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "history in app", history);
    for (uint32_t i = 0; i < ORDERS; i++) {
        uint32_t node = sample_node(&sample, order, 48);
        sample_edge(&sample, history, HL_EDGE_INDEX, i, node);
        if (i == 0)
            first_order = node;
    }
    str = sample_node(&sample, sample_type(&sample, GRAPH_PYTHON, "builtins", "str"), 60);
    sample_edge(&sample, first_order, HL_EDGE_SLOT, sample_string(&sample, "note"), str);
    buffer = sample_node(&sample, sample_type(&sample, GRAPH_NATIVE, "libfast.so", "malloc in load (load.c:31)"), 4096);
    sample_edge(&sample, history, HL_EDGE_OFFSET, 0x10, buffer);
    watcher = sample_node(&sample, sample_type(&sample, GRAPH_PYTHON, "weakref", "ReferenceType"), 72);
    sample_root(&sample, TRACE_ROOT_GLOBAL, true, "watcher in app", watcher);
    sample_edge(&sample, watcher, HL_EDGE_WEAK, 0, first_order);
    sample_at(&sample, history)->references = sample_at(&sample, watcher)->references = 0;
    graph = sample_finish(&sample);
    return 0;
}

static int tear_down(void **state)
{
    graph_view_release(&view);
    sample_release(&sample);
    return 0;
}

static void look(enum graph_view_kind kind, uint32_t node, uint32_t depth)
{
    uint8_t *set = calloc(graph->n, 1);
    set[node] = 1;
    graph_view_neighbours(&view, graph, kind, set, "what \"was\" asked for",
                          &(struct graph_view_options){ .depth = depth, .too_many = 10, .collapse = true });
    free(set);
}

static char *print(void)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    assert_int_equal(graph_dot_print(out, graph, &view), 0);
    fclose(out);
    return text;
}

static void say(uint32_t node, const char *text)
{
    struct graph_text kept = { .kind = HL_TEXT_STRING, .bytes = text, .n = (uint32_t)strlen(text) };
    graph->nodes[node].text = graph_keep_text(graph, &kept);
    graph->nodes[node].flags |= HL_NODE_TEXT;
}

#define assert_has(text, part) do { if (!strstr((text), (part))) fail_msg("%s\nhas no\n%s", (text), (part)); } while (0)
#define assert_has_not(text, part) do { if (strstr((text), (part))) fail_msg("%s\nhas\n%s", (text), (part)); } while (0)

static void test_refs(void **state)
{
    look(GRAPH_VIEW_REFS, history, 2);
    char *text = print();
    assert_has(text, "digraph heapline {");
    assert_has(text, "[label=\"list\\n0x101000\\n100 B, holds 4.58 KiB\", fillcolor=\"#d9e8fb\", color=\"#d40000\", "
                     "penwidth=2.5];"); /* 100 + 9 * 48 + 60 + 4096 */
    assert_has(text, "label=\" [0]\"");
    assert_has(text, "label=\" +0x10\"");
    assert_has(text, "label=\" .note\"");
    assert_has(text, "malloc in load (load.c:31)");
    assert_has(text, "style=\"filled,dashed\"];");                             /* not all of nine orders are boxes of their own */
    assert_has(text, ">stands for many</TD>");
    assert_has(text, ">a native block</TD>");
    assert_has_not(text, "a C++ object");                                      /* the legend has what occurs */
    assert_has_not(text, "holds nothing");
    free(text);
}

static void test_backrefs(void **state)
{
    look(GRAPH_VIEW_BACKREFS, first_order, 3);
    char *text = print();
    assert_has(text, "fillcolor=\"#c62828\", fontcolor=white];");              /* the roots */
    assert_has(text, "history in app");
    assert_has(text, "style=dashed, color=\"#777777\"];");                     /* the weak reference */
    assert_has(text, ">dashed arrow: holds nothing</TD>");
    assert_has(text, ">a root: where a way begins</FONT>");
    free(text);
}

/* Nine that were asked for are one box: dashed, as what stands for many, and with the border of what was asked for. */
static void test_many_targets(void **state)
{
    uint8_t *set = calloc(graph->n, 1);
    for (uint32_t i = 0; i < graph->n; i++)
        set[i] = graph->nodes[i].type == graph->nodes[first_order].type;
    graph_view_neighbours(&view, graph, GRAPH_VIEW_BACKREFS, set, "type:Order",
                          &(struct graph_view_options){ .depth = 3, .too_many = 10, .collapse = true });
    free(set);
    char *text = print();
    assert_has(text, "[label=\"9 × Order\\n432 B, holds 492 B\", fillcolor=\"#f2f2f2\", color=\"#888888\", style=\"filled,dashed\", "
                     "color=\"#d40000\", penwidth=2.5];");
    assert_has(text, ">what was asked for</TD>");
    free(text);
}

/* The orders hang below history in one box: an arrow that is no reference, and counts none. */
static void test_dominators(void **state)
{
    graph_view_dominators(&view, graph,
                          &(struct graph_view_options){ .depth = 3, .too_many = 10, .collapse = true, .min_share = 0.05 });
    char *text = print();
    assert_has(text, "9 × Order");
    assert_has(text, "[label=\"\", style=dotted];");
    assert_has_not(text, "references)");
    free(text);
}

static void test_references_that_nobody_explains(void **state)
{
    graph->nodes[first_order].references = 3;                                  /* history has one */
    look(GRAPH_VIEW_BACKREFS, first_order, 1);
    char *text = print();
    assert_has(text, "\\nheld from C: 2");
    assert_has(text, ">held from C: references that no object explains</TD>");
    free(text);
}

static void test_escapes(void **state)
{
    say(str, "a\"b\\N\n<b>&lt;\xff");
    look(GRAPH_VIEW_REFS, str, 1);
    char *text = print();
    /* As Python's repr has it: 'a"b\\N\n<b>&lt;?'; each backslash and quote once more for Graphviz, and no entity. */
    assert_has(text, "\\n'a\\\"b\\\\\\\\N\\\\n<b>&amp;lt;\xef\xbf\xbd'\\n");
    assert_has(text, "what \\\"was\\\" asked for");
    free(text);
}

static void test_long_texts_are_cut(void **state)
{
    char name[90];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    say(str, name);
    look(GRAPH_VIEW_REFS, str, 1);
    char *text = print();
    name[63] = 0;                                                              /* with the quote before them: 64 characters */
    assert_has(text, name);
    name[63] = 'x';
    name[64] = 0;
    assert_has_not(text, name);
    assert_has(text, "x…\\n");
    free(text);
}

/* ---- Graphviz ---- */

static char *draw(const char *format, unsigned seconds, struct trace_error *error, int *result)
{
    char *drawn = NULL;
    size_t n;
    FILE *out = open_memstream(&drawn, &n);
    *result = graph_picture_print(out, graph, &view, format, seconds, error);
    fclose(out);
    return drawn;
}

static bool has_graphviz(void)
{
    bool has = system("command -v dot >/dev/null 2>&1") == 0;
    if (!has)
        print_message("skipped: Graphviz is not installed (Debian: graphviz)\n");
    return has;
}

static void test_svg(void **state)
{
    struct trace_error error = { "" };
    int result;
    if (!has_graphviz())
        skip();
    say(str, "a\"b\\N\n<b>&lt;\xff");
    look(GRAPH_VIEW_REFS, history, 3);
    char *drawn = draw("svg", GRAPH_PICTURE_SECONDS, &error, &result);
    assert_string_equal(error.text, "");
    assert_int_equal(result, 0);
    assert_has(drawn, "<svg");
    /* What a person then sees is what Python says; Graphviz writes some blanks and dashes as numbers. */
    assert_has(drawn, "&#39;a&quot;b\\\\N\\n&lt;b&gt;&amp;lt;\xef\xbf\xbd&#39;");
    assert_has(drawn, "stands for many");
    free(drawn);
    drawn = draw("png", GRAPH_PICTURE_SECONDS, &error, &result);
    assert_int_equal(result, 0);
    assert_memory_equal(drawn, "\x89PNG", 4);
    free(drawn);
}

/* Has `dot` be a script, or nothing at all, while the picture is drawn. */
static char *draw_with(const char *script, unsigned seconds, struct trace_error *error, int *result)
{
    char folder[] = "/tmp/heapline-dot-XXXXXX", path[64], *before = strdup(getenv("PATH"));
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/dot", folder);
    if (script) {
        FILE *file = fopen(path, "w");
        fputs(script, file);
        fclose(file);
        chmod(path, 0755);
    }
    setenv("PATH", folder, 1);
    look(GRAPH_VIEW_REFS, history, 2);
    char *drawn = draw("svg", seconds, error, result);
    setenv("PATH", before, 1);
    free(before);
    unlink(path);
    rmdir(folder);
    return drawn;
}

static void test_missing(void **state)
{
    struct trace_error error = { "" };
    int result;
    char *drawn = draw_with(NULL, 10, &error, &result);
    assert_int_equal(result, -ENOENT);
    assert_string_equal(drawn, "");
    assert_has(error.text, "\"dot\" is not in PATH; install it (Debian, Ubuntu, Fedora: the package graphviz)");
    assert_has(error.text, "--dot");
    free(drawn);
}

static void test_empty_path(void **state)
{
    struct trace_error error = { "" };
    int result;
    char *before = strdup(getenv("PATH"));
    setenv("PATH", "", 1);
    look(GRAPH_VIEW_REFS, history, 2);
    char *drawn = draw("svg", 10, &error, &result);
    setenv("PATH", before, 1);
    assert_int_equal(result, -ENOENT);
    free(drawn);
    free(before);
}

static void test_failing(void **state)
{
    struct trace_error error = { "" };
    int result;
    char *drawn = draw_with("#!/bin/sh\necho 'half a pic'\nprintf 'no such\\nfont\\n' >&2\nexit 3\n", 10, &error, &result);
    assert_int_equal(result, -EIO);
    assert_string_equal(drawn, "");
    assert_has(error.text, "could not draw the picture: no such font;");
    free(drawn);
}

static void test_silent_failures(void **state)
{
    static const struct { const char *script, *wanted; } cases[] = {
        { "#!/bin/sh\nexit 3\n", "it ended with exit code 3" },
        { "#!/bin/sh\nkill -9 $$\n", "it was ended by signal 9" },
        { "#!/bin/sh\nexit 0\n", "it ended with exit code 0" },            /* and drew nothing */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct trace_error error = { "" };
        int result;
        char *drawn = draw_with(cases[i].script, 10, &error, &result);
        graph_view_release(&view);
        assert_int_equal(result, -EIO);
        assert_has(error.text, cases[i].wanted);
        free(drawn);
    }
}

static void test_not_a_program(void **state)
{
    struct trace_error error = { "" };
    int result;
    char *drawn = draw_with("\177ELF that is none", 10, &error, &result);
    assert_true(result < 0);                       /* who starts it learns that, or only how it ended */
    assert_string_equal(drawn, "");
    assert_has(error.text, "--dot prints the text that it ");
    free(drawn);
}

/* A script that waits for ever in a program of its own, which keeps the pipes open. */
static void test_too_slow(void **state)
{
    struct trace_error error = { "" };
    int result;
    char *drawn = draw_with("#!/bin/sh\nexec /bin/sleep 1000\n", 1, &error, &result);
    assert_int_equal(result, -ETIME);
    assert_string_equal(drawn, "");
    assert_has(error.text, "within 1 s; show fewer (--depth, --too-many)");
    free(drawn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refs), TEST(test_backrefs), TEST(test_many_targets), TEST(test_dominators),
        TEST(test_references_that_nobody_explains),
        TEST(test_escapes), TEST(test_long_texts_are_cut), TEST(test_svg), TEST(test_missing),
        TEST(test_empty_path), TEST(test_failing), TEST(test_silent_failures), TEST(test_not_a_program), TEST(test_too_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
