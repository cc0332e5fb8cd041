/* What reports make of Python programs, on a run whose figures are known by heart (test_analyze_python_sample.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/line_held.h"
#include "../../viewer/analyze/marks.h"
#include "../../viewer/analyze/python_path.h"
#include "../../viewer/analyze/python_use.h"
#include "../../viewer/analyze/tree.h"
#include "test_analyze_python_sample.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/heapline-python-XXXXXX", path[64];
static struct trace *trace;

static int open_sample(void **state)
{
    struct trace_error error;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/python.hpl", folder);
    if (python_sample_write(path, "/home/me", false) < 0)
        return -1;
    trace = trace_open(path, &error);
    return trace ? 0 : -1;
}

static int close_sample(void **state)
{
    trace_close(trace);
    unlink(path);
    return rmdir(folder);
}

static struct profile *profile_of(const struct selection *selection)
{
    struct profile *profile = NULL;
    struct trace_error error;
    assert_int_equal(profile_create(&profile, trace, selection, &error), 0);
    return profile;
}

/* The row of a line of a file that is named by its end. */
static const struct line_row *find_row(const struct lines *lines, const char *end, uint32_t line)
{
    for (uint32_t r = 0; r < lines->n_rows; r++) {
        const char *file = lines->files[lines->rows[r].file].path;
        size_t n = strlen(end);
        if (file && lines->rows[r].line == line && strlen(file) >= n && strcmp(file + strlen(file) - n, end) == 0)
            return &lines->rows[r];
    }
    return NULL;
}

static uint64_t allocated_on(const struct lines *lines, const char *end, uint32_t line)
{
    const struct line_row *row = find_row(lines, end, line);
    return row ? row->costs.allocated_bytes : 0;
}

static const struct line_row *find_interpreter(const struct lines *lines, const struct profile *profile)
{
    for (uint32_t r = 0; r < lines->n_rows; r++)
        if (lines->rows[r].location == profile->locations.interpreter)
            return &lines->rows[r];
    return NULL;
}

static void test_lines_own_what_their_calls_allocate(void **state)
{
    struct profile *profile = profile_of(&(struct selection){ 0 });
    struct lines lines;
    lines_build(&lines, profile, LINES_OWN, MEASURE_PEAK);
    assert_true(profile->has_python);
    /* json and the interpreter's C lines do not take load's line away; the user's own C line and <string> do. */
    assert_int_equal(allocated_on(&lines, "app.py", 5), 1000);
    assert_int_equal(allocated_on(&lines, "fast.c", 9), 2048);
    assert_int_equal(allocated_on(&lines, "<string>", 2), 10);
    assert_int_equal(allocated_on(&lines, "app.py", 20), 20);
    /* The interpreter's start is one row. */
    assert_int_equal(lines.n_rows, 5);
    assert_int_equal(find_interpreter(&lines, profile)->costs.allocated_bytes, 50);
    assert_int_equal(lines.without_line.allocated_bytes, 0);
    assert_true(lines.files[find_row(&lines, "app.py", 5)->file].python);
    assert_false(lines.files[find_row(&lines, "fast.c", 9)->file].python);
    lines_release(&lines);
    profile_destroy(profile);
}

static void test_only_python_lines_own(void **state)
{
    struct profile *profile = profile_of(&(struct selection){ .python_lines = true });
    struct lines lines;
    lines_build(&lines, profile, LINES_OWN, MEASURE_PEAK);
    assert_int_equal(allocated_on(&lines, "app.py", 5), 1000 + 2048);
    assert_null(find_row(&lines, "fast.c", 9));
    assert_int_equal(find_interpreter(&lines, profile)->costs.allocated_bytes, 50);
    lines_release(&lines);
    profile_destroy(profile);
}

static void test_innermost_known_line(void **state)
{
    struct profile *profile = profile_of(&(struct selection){ 0 });
    struct lines lines;
    lines_build(&lines, profile, LINES_SELF, MEASURE_PEAK);
    assert_int_equal(allocated_on(&lines, "json/__init__.py", 346), 1000);
    assert_int_equal(allocated_on(&lines, "json/__init__.py", 1), 20);
    lines_release(&lines);
    profile_destroy(profile);

    profile = profile_of(&(struct selection){ .native = true });
    lines_build(&lines, profile, LINES_SELF, MEASURE_PEAK);
    assert_int_equal(allocated_on(&lines, "dictobject.c", 700), 1000);
    assert_int_equal(allocated_on(&lines, "typeobject.c", 6500), 50);
    lines_release(&lines);
    profile_destroy(profile);
}

static void test_columns_of_python(void **state)
{
    struct profile *profile = profile_of(&(struct selection){ 0 });
    struct lines lines;
    lines_build(&lines, profile, LINES_OWN, MEASURE_PEAK);
    const struct costs *load = &find_row(&lines, "app.py", 5)->costs, *fast = &find_row(&lines, "fast.c", 9)->costs;
    assert_int_equal(load->collected_bytes, 100);
    assert_int_equal(load->moved_bytes, 150);
    assert_int_equal(load->native_allocated_bytes, 0);
    assert_int_equal(fast->native_peak_bytes, 2048);
    assert_int_equal(fast->native_live_bytes, 2048);
    /* What was freed before loads' line or load's was left is transient of load's line, which owns all of it. */
    assert_int_equal(load->transient, 5);
    assert_int_equal(load->transient_bytes, 500);
    /* app.py:20 got rid of 100 bytes, none of which it owned: it freed nothing of its own. */
    assert_int_equal(find_row(&lines, "app.py", 20)->costs.transient_bytes, 0);
    lines_release(&lines);
    profile_destroy(profile);
}

static void test_inclusive_transients_are_exact(void **state)
{
    struct profile *profile = profile_of(&(struct selection){ 0 });
    struct lines lines;
    lines_build(&lines, profile, LINES_INCLUSIVE, MEASURE_PEAK);
    assert_int_equal(find_row(&lines, "json/__init__.py", 346)->costs.transient_bytes, 200);
    assert_int_equal(find_row(&lines, "app.py", 5)->costs.transient_bytes, 500);
    assert_int_equal(find_row(&lines, "app.py", 20)->costs.transient_bytes, 600);
    assert_int_equal(find_row(&lines, "app.py", 20)->costs.allocated_bytes, 3078);
    assert_int_equal(find_row(&lines, "app.py", 5)->costs.native_peak_bytes, 2048);
    assert_null(find_row(&lines, "dictobject.c", 700));
    lines_release(&lines);
    profile_destroy(profile);
}

/* The names of the first children, from the root on. */
static void chain_of(const struct profile *profile, const struct tree *tree, struct strbuf *out)
{
    for (uint32_t node = tree->nodes[0].child; node; node = tree->nodes[node].child) {
        strbuf_add(out, out->length ? " > " : "");
        location_add_name(out, &profile->locations, tree->nodes[node].location);
    }
}

static void check_chain(const struct selection *selection, const char *expected)
{
    struct profile *profile = profile_of(selection);
    struct tree tree;
    struct strbuf text = STRBUF_INIT;
    tree_build(&tree, profile, &(struct tree_options){ .by = MEASURE_ALLOCATED, .min_measure = 1 });
    assert_int_equal(tree.nodes[0].total.allocated_bytes, profile->total.allocated_bytes);
    chain_of(profile, &tree, &text);
    assert_string_equal(text.data, expected);
    strbuf_release(&text);
    tree_release(&tree);
    profile_destroy(profile);
}

static void test_the_interpreter_is_hidden_between_python_frames(void **state)
{
    static const char *const json[] = { "*/json/__init__.py" }, *const types[] = { "PyType_Ready" };
    struct selection loads = { .files = { json, 1 } }, native = { .files = { json, 1 }, .native = true };
    struct selection start = { .functions = { types, 1 } };
    check_chain(&loads, "<module> > load > loads");
    check_chain(&native, "_start > Py_RunMain > <module> > load > loads > PyDict_New > [Python object]");
    /* Where no Python runs, the interpreter is a program like any other. */
    check_chain(&start, "_start > Py_RunMain > PyType_Ready > [Python object]");
}

static void test_imports_lead_from_line_to_module(void **state)
{
    struct profile *profile = profile_of(&(struct selection){ 0 });
    struct level_list levels = { 0 };
    struct strbuf text = STRBUF_INIT;
    profile_levels(profile, trace->sites[PY_IMPORT].stack, &levels);
    for (size_t i = 0; i < levels.n; i++) {
        location_add_name(&text, &profile->locations, levels.items[i]);
        strbuf_add_char(&text, ' ');
        location_add_place(&text, &profile->locations, levels.items[i]);
        strbuf_add_char(&text, ';');
    }
    assert_string_equal(text.data, "<module> (json/__init__.py:1);<module> (app.py:20);");
    strbuf_release(&text);
    vec_release(&levels);
    profile_destroy(profile);
}

static void test_inverted_tree_skips_what_is_hidden(void **state)
{
    struct profile *profile = profile_of(&(struct selection){ 0 });
    struct tree tree;
    tree_build(&tree, profile, &(struct tree_options){ .by = MEASURE_COUNT, .inverted = true, .fold_recursion = true,
                                                       .min_measure = 10 });
    struct strbuf text = STRBUF_INIT;
    chain_of(profile, &tree, &text);
    assert_string_equal(text.data, "loads > load > <module>");
    assert_int_equal(tree.nodes[tree.nodes[0].child].total.allocations, 10);
    assert_int_equal(tree.nodes[0].total.transient, 0);
    strbuf_release(&text);
    tree_release(&tree);
    profile_destroy(profile);
}

static void test_arenas_are_apart(void **state)
{
    struct profile *arenas = profile_of(&(struct selection){ .memory = MEMORY_ARENAS });
    assert_int_equal(arenas->total.allocated_bytes, 1 << 20);
    profile_destroy(arenas);
    struct profile *all = profile_of(&(struct selection){ .memory = MEMORY_ALL });
    assert_int_equal(all->total.allocated_bytes, 3128);
    profile_destroy(all);
}

static void test_spans_of_a_label(void **state)
{
    size_t n;
    struct span *spans = marks_spans(trace, "load", &n);
    /* The one inside of another makes no span of its own. */
    assert_int_equal(n, 2);
    assert_int_equal(spans[0].from_ns, 2 * MS);
    assert_int_equal(spans[0].to_ns, 3 * MS);
    assert_int_equal(spans[1].from_ns, 4 * MS);
    struct profile *profile = profile_of(&(struct selection){ .scope = "load", .spans = { spans, n } });
    assert_int_equal(profile->total.allocations, 6 + 3 + 2);
    assert_int_equal(profile->total.allocated_bytes, 600 + 300 + 2048);
    assert_int_equal(profile->total.freed_bytes, 600);
    assert_int_equal(profile->total.transient_bytes, 600);
    /* Live is what was held when the last span ended, whenever it was allocated; the peak is the most held inside. */
    assert_int_equal(profile->total.live_bytes, 2498);
    assert_int_equal(profile->total.peak_bytes, 2498);
    assert_int_equal(profile->from_ns, 2 * MS);
    assert_int_equal(profile->to_ns, 5 * MS);
    profile_destroy(profile);

    /* One of the two, by a window. */
    struct selection both = { .scope = "load", .spans = { spans, n }, .windowed = true, .to_ns = 4 * MS };
    profile = profile_of(&both);
    assert_int_equal(profile->total.allocated_bytes, 600);
    assert_int_equal(profile->total.live_bytes, 450);
    assert_int_equal(profile->total.peak_bytes, 350);
    profile_destroy(profile);
    free(spans);
    free(marks_spans(trace, "ready", &n));
    assert_int_equal(n, 0);
}

static void test_labels(void **state)
{
    struct strbuf text = STRBUF_INIT;
    size_t n;
    uint64_t ns = 0;
    struct mark_label *labels = marks_labels(trace, &n);
    assert_int_equal(n, 2);
    assert_int_equal(labels[0].spans, 3);
    assert_int_equal(labels[0].inside_ns, 2 * MS);
    assert_int_equal(labels[1].points, 1);
    free(labels);
    assert_true(marks_time(trace, "load", false, &ns));
    assert_int_equal(ns, 2 * MS);
    assert_true(marks_time(trace, "load", true, &ns));
    assert_int_equal(ns, 5 * MS);
    assert_false(marks_time(trace, "loaf", false, &ns));
    marks_add_labels(&text, trace, false);
    assert_string_equal(text.data, "\"load\" and \"ready\"");
    strbuf_clear(&text);
    marks_add_labels(&text, trace, true);
    assert_string_equal(text.data, "\"load\"");
    strbuf_release(&text);
}

static void test_what_lines_held(void **state)
{
    struct profile *profile = profile_of(&(struct selection){ 0 });
    struct lines lines;
    struct trace_error error;
    lines_build(&lines, profile, LINES_INCLUSIVE, MEASURE_PEAK);
    struct line_held *held = calloc(lines.n_rows, sizeof *held);
    assert_int_equal(lines_held(&lines, profile, held, &error), 0);
    /* json: 400 kept in the second epoch; 300 held and 100 more in the third; in the fourth 400 and 300 more. */
    const struct line_held *loads = &held[find_row(&lines, "json/__init__.py", 346) - lines.rows];
    assert_int_equal(loads->most_bytes, 700);
    assert_int_equal(loads->first_ns, 2 * MS);
    assert_int_equal(loads->before_bytes, 50);
    /* load: in the fourth 400 held, 2348 allocated, 200 of which were transient. */
    assert_int_equal(held[find_row(&lines, "app.py", 5) - lines.rows].most_bytes, 2548);
    free(held);
    lines_release(&lines);
    profile_destroy(profile);
}

static void test_use_of_the_interpreter(void **state)
{
    struct python_use use;
    python_use_of(trace, 0, &use);
    assert_int_equal(use.objects, 13);
    assert_int_equal(use.object_peak, 480);
    assert_int_equal(use.native_live, 2048);
    assert_int_equal(use.arena_live, 1 << 20);
    assert_string_equal(python_version_text(trace->pythons[0].version).text, "3.11.7");
    assert_string_equal(python_version_text(0x030e00c2).text, "3.14.0rc2");
}

static void test_paths(void **state)
{
    static const char *const libraries[] = {
        "/usr/lib/python3.11/json/__init__.py", "/usr/lib/python3/dist-packages/numpy/core.py", "/root/v/lib64/python3.13t/re.py",
        "/home/me/venv/lib/python3.9/site-packages/web.py", "/opt/lib/python312.zip/abc.py", "<frozen os>",
        "<__array_function__ internals>",
    };
    static const char *const own[] = {
        "/home/me/app.py", "/home/me/venv/bin/tool", "/usr/lib/tool/main.py", "/srv/lib/python-tools/a.py", "<string>", "<stdin>",
        "<ipython-input-3-f00>",
    };
    static const char *const tails[][2] = {
        { "/usr/lib/python3.11/json/__init__.py", "json/__init__.py" }, { "/home/me/app.py", "app.py" },
        { "/v/lib/python3.9/site-packages/web/core.py", "web/core.py" }, { "/home/me/web/__init__.py", "web/__init__.py" },
        { "__main__.py", "__main__.py" }, { "/__init__.py", "__init__.py" }, { "<string>", "<string>" }, { "app.py", "app.py" },
        { "/odd/", "/odd/" },
    };
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        assert_true(python_path_is_library(libraries[i]));
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        assert_false(python_path_is_library(own[i]));
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
        assert_string_equal(python_path_tail(tails[i][0]), tails[i][1]);
    assert_true(python_is_interpreter_module("/usr/bin/python3.11"));
    assert_true(python_is_interpreter_module("/opt/lib/libpython3.13t.so.1.0"));
    assert_false(python_is_interpreter_module("/opt/bin/pythonista"));
    assert_false(python_is_interpreter_module("/usr/lib/python3.11/lib-dynload/_json.so"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_own_what_their_calls_allocate), cmocka_unit_test(test_only_python_lines_own),
        cmocka_unit_test(test_innermost_known_line), cmocka_unit_test(test_columns_of_python),
        cmocka_unit_test(test_inclusive_transients_are_exact),
        cmocka_unit_test(test_the_interpreter_is_hidden_between_python_frames),
        cmocka_unit_test(test_imports_lead_from_line_to_module), cmocka_unit_test(test_inverted_tree_skips_what_is_hidden),
        cmocka_unit_test(test_arenas_are_apart), cmocka_unit_test(test_spans_of_a_label), cmocka_unit_test(test_labels),
        cmocka_unit_test(test_what_lines_held), cmocka_unit_test(test_use_of_the_interpreter), cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, open_sample, close_sample);
}
