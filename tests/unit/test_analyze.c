/* Costs by site, line, call and time, on a run whose figures are known by heart (test_analyze_sample.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/lines.h"
#include "../../viewer/analyze/timeline.h"
#include "../../viewer/analyze/tree.h"
#include "test_analyze_sample.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Allocations, frees, temporary, live, peak: blocks and bytes of each. */
#define FIGURES(a, ab, f, fb, t, tb, l, lb, p, pb) \
    { .allocations = a, .allocated_bytes = ab, .frees = f, .freed_bytes = fb, .temporary = t, .temporary_bytes = tb, \
      .live_blocks = l, .live_bytes = lb, .peak_blocks = p, .peak_bytes = pb }

static char folder[] = "/tmp/heapline-analyze-XXXXXX";
static char whole_path[64], cut_path[64];
static struct trace *whole, *cut;

static int open_samples(void **state)
{
    struct trace_error error;
    if (!mkdtemp(folder))
        return -1;
    snprintf(whole_path, sizeof whole_path, "%s/whole.hpl", folder);
    snprintf(cut_path, sizeof cut_path, "%s/cut.hpl", folder);
    if (sample_write(whole_path, "/src", true) < 0 || sample_write(cut_path, "/src", false) < 0)
        return -1;
    whole = trace_open(whole_path, &error);
    cut = trace_open(cut_path, &error);
    return whole && cut ? 0 : -1;
}

static int close_samples(void **state)
{
    trace_close(whole);
    trace_close(cut);
    unlink(whole_path);
    unlink(cut_path);
    return rmdir(folder);
}

static struct profile *profile_of(struct trace *trace, const struct selection *selection)
{
    struct profile *profile = NULL;
    struct trace_error error;
    assert_int_equal(profile_create(&profile, trace, selection, &error), 0);
    return profile;
}

/* The row of a line of a file, or of a function without one (line 0). */
static const struct line_row *find_row(const struct profile *profile, const struct lines *lines, const char *function,
                                       uint32_t line)
{
    for (uint32_t r = 0; r < lines->n_rows; r++) {
        struct strbuf name = STRBUF_INIT;
        location_add_name(&name, &profile->locations, lines->rows[r].location);
        bool found = lines->rows[r].line == line && strcmp(name.data, function) == 0;
        strbuf_release(&name);
        if (found)
            return &lines->rows[r];
    }
    return NULL;
}

static void check_sum(const struct lines *lines, const struct costs *total)
{
    struct costs rows = { 0 }, files = { 0 };
    for (uint32_t r = 0; r < lines->n_rows; r++)
        costs_add(&rows, &lines->rows[r].costs);
    for (uint32_t f = 0; f < lines->n_files; f++)
        costs_add(&files, &lines->files[f].costs);
    assert_memory_equal(&rows, total, sizeof rows);
    assert_memory_equal(&files, total, sizeof files);
}

static void test_totals_of_the_run(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct costs expected = FIGURES(23, 5828, 16, 1532, 7, 700, 13, 4896, 23, 5828);
    assert_memory_equal(&profile->total, &expected, sizeof expected);
    assert_int_equal(profile->processes[0].costs.peak_bytes, 5100);
    assert_int_equal(profile->processes[0].peak_ns, 2 * MS);
    assert_int_equal(profile->processes[1].costs.peak_bytes, 728);
    assert_int_equal(profile->n_holders, 2);
    assert_int_equal(profile->largest, 0);
    assert_false(profile->replayed);
    profile_destroy(profile);
}

static void test_memory_kinds(void **state)
{
    struct profile *mapped = profile_of(whole, &(struct selection){ .memory = MEMORY_MAPPED });
    assert_int_equal(mapped->total.allocated_bytes, 1 << 20);
    assert_int_equal(mapped->processes[0].peak_ns, 3 * MS);
    profile_destroy(mapped);
    struct profile *all = profile_of(whole, &(struct selection){ .memory = MEMORY_ALL });
    assert_int_equal(all->total.allocated_bytes, 5828 + (1 << 20));
    profile_destroy(all);
    struct profile *file = profile_of(whole, &(struct selection){ .memory = MEMORY_FILE });
    assert_true(costs_none(&file->total));
    profile_destroy(file);
}

static void test_own_lines(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct lines lines;
    lines_build(&lines, profile, LINES_OWN, MEASURE_PEAK);
    check_sum(&lines, &profile->total);
    assert_int_equal(lines.n_rows, 4);

    /* The wrapper xmalloc does not swallow the answer; the header and operator new do not either. */
    struct costs scan = FIGURES(10, 1000, 10, 1000, 2, 200, 6, 600, 14, 1400);
    assert_memory_equal(&find_row(profile, &lines, "scan", 31)->costs, &scan, sizeof scan);
    struct costs main_line = FIGURES(7, 4724, 5, 500, 5, 500, 2, 4224, 3, 4324);
    assert_memory_equal(&find_row(profile, &lines, "main", 10)->costs, &main_line, sizeof main_line);
    assert_int_equal(find_row(profile, &lines, "recurse", 40)->costs.allocated_bytes, 40);
    assert_int_equal(find_row(profile, &lines, "0x7f0000001000 [unknown code]", 0)->costs.live_bytes, 32);

    /* Files and rows by the measure: app.c with main:10, scan:31, recurse:40, then the code made at run time. */
    assert_int_equal(lines.n_files, 2);
    assert_string_equal(lines.files[0].path, "/src/app.c");
    assert_int_equal(lines.rows[lines.files[0].first].line, 10);
    assert_int_equal(lines.rows[lines.files[0].first + 1].line, 31);
    assert_int_equal(lines.rows[lines.files[0].first + 2].line, 40);
    assert_null(lines.files[1].path);
    assert_int_equal(lines.without_line.peak_bytes, 64);
    lines_release(&lines);
    profile_destroy(profile);
}

static void test_self_lines(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct lines lines;
    lines_build(&lines, profile, LINES_SELF, MEASURE_PEAK);
    check_sum(&lines, &profile->total);
    assert_int_equal(find_row(profile, &lines, "xmalloc", 5)->costs.allocated_bytes, 1000);
    assert_int_equal(find_row(profile, &lines, "std::vector<int>::push_back(int&&)", 1200)->costs.allocated_bytes, 500);
    assert_null(find_row(profile, &lines, "scan", 31));
    lines_release(&lines);
    profile_destroy(profile);
}

static void test_inclusive_lines(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct lines lines;
    lines_build(&lines, profile, LINES_INCLUSIVE, MEASURE_ALLOCATED);
    assert_int_equal(find_row(profile, &lines, "main", 10)->costs.allocated_bytes, 5828 - 64);
    assert_int_equal(find_row(profile, &lines, "parse", 21)->costs.allocated_bytes, 1000);
    assert_int_equal(find_row(profile, &lines, "xmalloc", 5)->costs.allocated_bytes, 1000);
    assert_int_equal(find_row(profile, &lines, "recurse", 40)->costs.allocated_bytes, 40);
    assert_int_equal(find_row(profile, &lines, "libplug.so+0x40", 0)->costs.allocated_bytes, 4096);
    assert_string_equal(lines.files[0].path, "/src/app.c");
    assert_int_equal(lines.files[0].costs.allocated_bytes, 5828 - 64);
    lines_release(&lines);
    profile_destroy(profile);
}

static void test_wrappers_of_the_user(void **state)
{
    static const char *const wrappers[] = { "sca*" };
    struct profile *profile = profile_of(whole, &(struct selection){ .wrappers = { wrappers, 1 } });
    struct lines lines;
    lines_build(&lines, profile, LINES_OWN, MEASURE_PEAK);
    assert_int_equal(find_row(profile, &lines, "parse", 21)->costs.allocated_bytes, 1000);
    lines_release(&lines);
    profile_destroy(profile);
}

static uint64_t allocated_with(const struct selection *selection)
{
    struct profile *profile = profile_of(whole, selection);
    uint64_t bytes = profile->total.allocated_bytes;
    profile_destroy(profile);
    return bytes;
}

static void test_filters(void **state)
{
    static const char *const util[] = { "util.c" }, *const scan[] = { "scan" }, *const plug[] = { "libplug*" };
    static const char *const both[] = { "scan", "rec*" };
    static const char *const none[] = { "nothing*" }, *const bare[] = { "operator new" };
    assert_int_equal(allocated_with(&(struct selection){ .files = { util, 1 } }), 1000);
    assert_int_equal(allocated_with(&(struct selection){ .functions = { scan, 1 } }), 1000);
    assert_int_equal(allocated_with(&(struct selection){ .functions = { both, 2 } }), 1040);
    assert_int_equal(allocated_with(&(struct selection){ .functions = { bare, 1 } }), 500);
    assert_int_equal(allocated_with(&(struct selection){ .modules = { plug, 1 } }), 4096);
    assert_int_equal(allocated_with(&(struct selection){ .modules = { plug, 1 }, .functions = { scan, 1 } }), 0);
    assert_int_equal(allocated_with(&(struct selection){ .functions = { none, 1 } }), 0);
    assert_int_equal(allocated_with(&(struct selection){ .process = "200" }), 128);
    assert_int_equal(allocated_with(&(struct selection){ .process = "app" }), 5828);
    assert_int_equal(allocated_with(&(struct selection){ .process = "app-2.1" }), 5828);
    assert_int_equal(allocated_with(&(struct selection){ .process = "--fast" }), 0);
    assert_int_equal(allocated_with(&(struct selection){ .thread = "101" }), 564);
    assert_int_equal(allocated_with(&(struct selection){ .thread = "work*" }), 564);
}

static void test_at(void **state)
{
    /* 1.5 ms lies in the second epoch, which counts whole. */
    struct profile *profile = profile_of(whole, &(struct selection){ .windowed = true, .to_ns = 3 * MS / 2 });
    assert_int_equal(profile->to_ns, 2 * MS);
    assert_int_equal(profile->total.live_bytes, 5100);
    assert_int_equal(profile->total.peak_bytes, 5100);
    assert_int_equal(profile->total.allocated_bytes, 5700);
    assert_int_equal(profile->sites[SAMPLE_VECTOR].live_bytes, 100);
    profile_destroy(profile);

    profile = profile_of(whole, &(struct selection){ .windowed = true, .to_ns = 1 * MS });
    assert_int_equal(profile->to_ns, 1 * MS);
    assert_int_equal(profile->total.live_bytes, 4896);
    profile_destroy(profile);
}

static void test_at_a_time_when_a_process_is_gone(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ .windowed = true, .to_ns = 57 * MS / 10 });
    assert_true(profile->processes[1].over);
    assert_int_equal(profile->processes[1].live_before, 128);
    assert_int_equal(profile->total.live_bytes, 4768);
    profile_destroy(profile);

    /* The end of the run is the moment of everybody's own end. */
    profile = profile_of(whole, &(struct selection){ .windowed = true, .to_ns = 6 * MS });
    assert_int_equal(profile->total.live_bytes, 4896);
    profile_destroy(profile);
}

static void test_window(void **state)
{
    /* The third epoch alone: frees only, the heap's peak is what was held at its start. */
    struct profile *profile = profile_of(whole, &(struct selection){ .windowed = true, .from_ns = 2 * MS, .to_ns = 3 * MS });
    assert_int_equal(profile->from_ns, 2 * MS);
    assert_int_equal(profile->to_ns, 3 * MS);
    struct costs expected = FIGURES(0, 0, 4, 332, 1, 100, 12, 4768, 16, 5100);
    assert_memory_equal(&profile->total, &expected, sizeof expected);
    assert_int_equal(profile->processes[0].peak_ns, 2 * MS);
    profile_destroy(profile);

    /* Nobody did anything after 5 ms; the parent still holds what it held, the child is gone from 5.5 ms on. */
    profile = profile_of(whole, &(struct selection){ .windowed = true, .from_ns = 56 * MS / 10, .to_ns = 58 * MS / 10 });
    assert_int_equal(profile->total.allocations, 0);
    assert_int_equal(profile->total.frees, 0);
    assert_int_equal(profile->total.live_bytes, 4768);
    assert_int_equal(profile->total.peak_bytes, 4768);
    profile_destroy(profile);
}

static void test_windows_add_up(void **state)
{
    static const uint64_t borders[] = { 0, 5 * MS / 10, 2 * MS, 33 * MS / 10, 6 * MS };
    struct costs sum = { 0 };
    uint64_t from = 0;
    for (size_t i = 1; i < 5; i++) {
        struct selection selection = { .windowed = true, .from_ns = from, .to_ns = borders[i] };
        struct profile *profile = profile_of(whole, &selection);
        costs_add(&sum, &profile->total);
        from = profile->to_ns;
        profile_destroy(profile);
    }
    assert_int_equal(sum.allocations, 23);
    assert_int_equal(sum.allocated_bytes, 5828);
    assert_int_equal(sum.freed_bytes, 1532);
    assert_int_equal(sum.temporary, 7);
}

/* Without totals everything is replayed, and as epochs end at the peaks here, nothing differs. */
static void test_run_without_totals(void **state)
{
    struct profile *profile = profile_of(cut, &(struct selection){ 0 });
    struct costs expected = FIGURES(23, 5828, 16, 1532, 7, 700, 13, 4896, 23, 5828);
    assert_true(profile->replayed);
    assert_memory_equal(&profile->total, &expected, sizeof expected);
    assert_int_equal(profile->processes[1].peak_ns, 4 * MS);
    profile_destroy(profile);
}

static const struct tree_node *child_named(const struct profile *profile, const struct tree *tree,
                                           const struct tree_node *node, const char *name)
{
    for (uint32_t child = node->child; child; child = tree->nodes[child].sibling) {
        struct strbuf text = STRBUF_INIT;
        location_add_name(&text, &profile->locations, tree->nodes[child].location);
        bool found = strcmp(text.data, name) == 0;
        strbuf_release(&text);
        if (found)
            return &tree->nodes[child];
    }
    return NULL;
}

static void test_tree_top_down(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct tree tree;
    tree_build(&tree, profile, &(struct tree_options){ .by = MEASURE_ALLOCATED, .fold_recursion = true, .min_measure = 60 });
    assert_memory_equal(&tree.nodes[0].total, &profile->total, sizeof profile->total);
    const struct tree_node *top = child_named(profile, &tree, &tree.nodes[0], "main");
    assert_int_equal(top->total.allocated_bytes, 5764);
    assert_int_equal(top->self.allocated_bytes, 128);
    const struct tree_node *parse = child_named(profile, &tree, top, "parse"), *scan = child_named(profile, &tree, parse, "scan");
    assert_int_equal(child_named(profile, &tree, scan, "xmalloc")->self.allocated_bytes, 1000);
    assert_int_equal(tree.nodes[top->child].total.allocated_bytes, 4096);
    assert_null(child_named(profile, &tree, top, "recurse"));
    assert_int_equal(top->hidden, 1);
    assert_int_equal(top->hidden_measure, 40);
    tree_release(&tree);
    profile_destroy(profile);
}

static void test_tree_recursion(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct tree tree;
    tree_build(&tree, profile, &(struct tree_options){ .by = MEASURE_ALLOCATED, .fold_recursion = true, .min_measure = 1 });
    const struct tree_node *recurse = child_named(profile, &tree, child_named(profile, &tree, &tree.nodes[0], "main"), "recurse");
    assert_int_equal(recurse->self.allocated_bytes, 40);
    assert_int_equal(recurse->recursion, 2);
    assert_int_equal(recurse->child, 0);
    tree_release(&tree);
    tree_build(&tree, profile, &(struct tree_options){ .by = MEASURE_ALLOCATED, .min_measure = 1 });
    recurse = child_named(profile, &tree, child_named(profile, &tree, &tree.nodes[0], "main"), "recurse");
    assert_int_equal(recurse->self.allocated_bytes, 10);
    assert_int_equal(recurse->total.allocated_bytes, 40);
    const struct tree_node *again = child_named(profile, &tree, recurse, "recurse");
    assert_int_equal(again->total.allocated_bytes, 30);
    assert_int_equal(again->self.allocated_bytes, 0);
    tree_release(&tree);
    profile_destroy(profile);
}

static void test_tree_inverted(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct tree tree;
    tree_build(&tree, profile, &(struct tree_options){ .by = MEASURE_COUNT, .inverted = true, .fold_recursion = true,
                                                       .min_measure = 1 });
    assert_memory_equal(&tree.nodes[0].total, &profile->total, sizeof profile->total);
    const struct tree_node *wrapper = child_named(profile, &tree, &tree.nodes[0], "xmalloc");
    assert_int_equal(wrapper->total.allocations, 10);
    assert_int_equal(child_named(profile, &tree, child_named(profile, &tree, wrapper, "scan"), "parse")->total.allocations, 10);
    const struct tree_node *recurse = child_named(profile, &tree, &tree.nodes[0], "recurse");
    assert_int_equal(recurse->total.allocations, 4);
    assert_true(recurse->recursion > 0);
    assert_int_equal(child_named(profile, &tree, recurse, "main")->total.allocations, 4);
    assert_non_null(child_named(profile, &tree, child_named(profile, &tree, &tree.nodes[0], "0x7f0000001000 [unknown code]"),
                                "[truncated]"));
    tree_release(&tree);
    profile_destroy(profile);
}

static void test_timeline(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct timeline timeline;
    struct timeline_peak peaks[4];
    struct trace_error error;
    assert_int_equal(timeline_build(&timeline, profile, &error), 0);
    /* 5100 at 2 ms fell to 4768 only, less than a tenth; the child's 728 on top of it make the peak. */
    assert_int_equal(timeline_top_peaks(&timeline, peaks, 4), 1);
    assert_int_equal(peaks[0].bytes, 4768 + 728);
    assert_int_equal(peaks[0].ns, 4 * MS);
    assert_int_equal(timeline.end[TIMELINE_SLOTS - 1], 4768);
    assert_int_equal(timeline.end[(uint64_t)(53 * MS / 10) / timeline.slot_ns], 4768 + 128);
    assert_int_equal(timeline.bytes[0], 0);
    profile_destroy(profile);

    profile = profile_of(whole, &(struct selection){ .thread = "worker" });
    assert_int_equal(timeline_build(&timeline, profile, &error), 0);
    assert_int_equal(timeline_top_peaks(&timeline, peaks, 4), 1);
    assert_int_equal(peaks[0].bytes, 164);
    assert_int_equal(timeline.end[TIMELINE_SLOTS - 1], 32);
    profile_destroy(profile);
}

static void feed(struct peak_finder *finder, const uint64_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        peak_finder_feed(finder, i, values[i]);
    peak_finder_finish(finder);
}

static void test_peaks_stand_apart(void **state)
{
    static const uint64_t values[] = { 0, 50, 100, 95, 91, 99, 90, 92, 80, 89, 60, 70, 200, 10, 0 };
    struct peak_finder finder = { 0 };
    feed(&finder, values, sizeof values / sizeof *values);
    /* 100 falls to 90, so 99 is no peak of its own; 92 does not rise a tenth above 90; 89 stands a tenth above
     * 80 and falls to 60; 70 goes on to 200. */
    assert_int_equal(finder.n, 3);
    assert_int_equal(finder.peaks[0].bytes, 100);
    assert_int_equal(finder.peaks[0].ns, 2);
    assert_int_equal(finder.peaks[1].bytes, 89);
    assert_int_equal(finder.peaks[1].valley, 80);
    assert_int_equal(finder.peaks[2].bytes, 200);
    assert_int_equal(finder.peaks[2].ns, 12);
    assert_int_equal(finder.peaks[2].valley, 60);
}

static void test_many_peaks_need_little_room(void **state)
{
    struct timeline timeline = { 0 };
    struct peak_finder finder = { 0 };
    struct timeline_peak top[3];
    for (uint64_t i = 0; i < 10000; i++) {
        peak_finder_feed(&finder, 2 * i, 1000 + i % 7000);
        peak_finder_feed(&finder, 2 * i + 1, 10);
    }
    peak_finder_finish(&finder);
    memcpy(timeline.peaks, finder.peaks, sizeof finder.peaks);
    timeline.n_peaks = finder.n;
    assert_int_equal(finder.n, TIMELINE_PEAKS);
    assert_int_equal(timeline_top_peaks(&timeline, top, 3), 3);
    assert_int_equal(top[0].bytes, 7999);
    assert_int_equal(top[0].ns, 2 * 6999);
    assert_int_equal(top[1].bytes, 7998);
    assert_int_equal(top[2].bytes, 7997);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_totals_of_the_run), cmocka_unit_test(test_memory_kinds), cmocka_unit_test(test_own_lines),
        cmocka_unit_test(test_self_lines), cmocka_unit_test(test_inclusive_lines), cmocka_unit_test(test_wrappers_of_the_user),
        cmocka_unit_test(test_filters), cmocka_unit_test(test_at), cmocka_unit_test(test_at_a_time_when_a_process_is_gone),
        cmocka_unit_test(test_window), cmocka_unit_test(test_windows_add_up), cmocka_unit_test(test_run_without_totals),
        cmocka_unit_test(test_tree_top_down), cmocka_unit_test(test_tree_recursion), cmocka_unit_test(test_tree_inverted),
        cmocka_unit_test(test_timeline), cmocka_unit_test(test_peaks_stand_apart),
        cmocka_unit_test(test_many_peaks_need_little_room),
    };
    return cmocka_run_group_tests(tests, open_samples, close_samples);
}
