/* Two builds of one program: what a diff pairs, what a baseline allows, and what a file of one keeps.
 *
 *     before                      peak, live, allocations    after                      peak, live, allocations
 *     main m.c:10                                            main m.c:12
 *       > parse p.c:21           1000   600   10               > parse p.c:24          3000   600   10     three lines further down
 *       > parse p.c:25            500   500    5               > parse p.c:28           500   500    5
 *       > load  l.c:7           20000     0    1               > fetch f.c:7          20000     0    1     renamed
 *       > lib.so.1+0x40           300   300    3               > lib.so.2+0x90          200   200    2     no names there
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/baseline.h"
#include "../../viewer/analyze/diff.h"
#include "../../viewer/analyze/gate.h"
#include "../../viewer/analyze/lines.h"
#include "../../viewer/trace/writer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct site { struct trace_symbol symbol; uint64_t peak, live, count; };

static const struct site old_sites[] = {
    { { "parse", "/old/p.c", 21 }, 1000, 600, 10 },
    { { "parse", "/old/p.c", 25 }, 500, 500, 5 },
    { { "load", "/old/l.c", 7 }, 20000, 0, 1 },
    { { NULL, NULL, 0 }, 300, 300, 3 },
};
static const struct site new_sites[] = {
    { { "parse", "/new/here/p.c", 24 }, 3000, 600, 10 },
    { { "parse", "/new/here/p.c", 28 }, 500, 500, 5 },
    { { "fetch", "/new/here/f.c", 7 }, 20000, 0, 1 },
    { { NULL, NULL, 0 }, 200, 200, 2 },
};
#define SITES 4

static struct trace *traces[DIFF_SIDES];
static struct profile *profiles[DIFF_SIDES];

static void write_tables(struct trace_writer *w, const char *library, uint64_t base)
{
    trace_write_process(w, &(struct trace_process){ 100, TRACE_NONE, TRACE_ORIGIN_ROOT, 0, "app", "/opt/app" });
    trace_write_thread(w, &(struct trace_thread){ 0, 100, 0, "app" });
    trace_write_module(w, &(struct trace_module){ .path = "/opt/app" });
    trace_write_module(w, &(struct trace_module){ .path = library });
    trace_write_frame(w, &(struct trace_frame){ TRACE_FRAME_NATIVE, 0, base });
    trace_write_stack(w, &(struct trace_stack){ 0, 0 });
    for (uint32_t s = 0; s < SITES; s++) {
        trace_write_frame(w, &(struct trace_frame){ TRACE_FRAME_NATIVE, s == 3, base + 16 + s });
        trace_write_stack(w, &(struct trace_stack){ 1, s + 1 });
        trace_write_site(w, &(struct trace_site){ 0, s + 2 });
    }
}

static void write_totals(struct trace_writer *w, const struct site *sites)
{
    struct trace_site_totals rows[SITES] = { 0 };
    struct trace_totals totals = { .process = 0 };
    for (uint32_t s = 0; s < SITES; s++) {
        const struct site *site = &sites[s];
        uint64_t freed = site->peak - site->live;
        struct trace_counts counts = { .allocations = site->count, .allocated_bytes = site->peak, .frees = freed > 0, .freed_bytes = freed };
        rows[s] = (struct trace_site_totals){ s, counts, site->peak, site->count };
        trace_counts_add(&totals.heap, &rows[s].counts);
        totals.peak_bytes += site->peak;
        totals.peak_blocks += site->count;
    }
    trace_write_totals(w, &totals, rows, SITES);
}

static struct trace *write_run(const struct site *sites, uint32_t main_line, const char *library, uint64_t base)
{
    char path[] = "/tmp/heapline-diff-XXXXXX";
    struct trace_error error = { "" };
    struct trace_writer *w;
    close(mkstemp(path));
    assert_int_equal(trace_writer_create(&w, path, &(struct trace_run){ 0, "app", "host", "0.1.0" }), 0);
    write_tables(w, library, base);
    trace_write_symbols(w, 0, &(struct trace_symbol){ "main", "/m.c", main_line }, 1);
    for (uint32_t s = 0; s < SITES; s++)
        if (sites[s].symbol.function)
            trace_write_symbols(w, s + 1, &sites[s].symbol, 1);
    write_totals(w, sites);
    trace_write_exit(w, &(struct trace_exit){ 0, TRACE_EXIT_CODE, 0, 1000000 });
    assert_int_equal(trace_writer_close(w), 0);
    struct trace *trace = trace_open(path, &error);
    unlink(path);
    return trace;
}

static int open_both(void **state)
{
    struct trace_error error;
    traces[DIFF_BEFORE] = write_run(old_sites, 10, "/usr/lib/lib.so.1", 0x1000);
    traces[DIFF_AFTER] = write_run(new_sites, 12, "/opt/lib/lib.so.2", 0x555000);
    for (int side = 0; side < DIFF_SIDES; side++)
        if (!traces[side] || profile_create(&profiles[side], traces[side], &(struct selection){ 0 }, &error) < 0)
            return -1;
    return 0;
}

static int close_both(void **state)
{
    for (int side = 0; side < DIFF_SIDES; side++) {
        profile_destroy(profiles[side]);
        trace_close(traces[side]);
    }
    return 0;
}

static const struct diff_row *row_of(const struct diff_rows *rows, const struct diff *diff, const char *function, uint32_t line)
{
    for (size_t i = 0; i < rows->n; i++) {
        int side = diff_shown_side(&rows->items[i]);
        const struct location *location = &diff->profiles[side]->locations.items[rows->items[i].location[side]];
        if ((function ? location->function && strcmp(location->function, function) == 0 : !location->function) &&
            (!line || rows->items[i].line[side] == line))
            return &rows->items[i];
    }
    fail_msg("no row of %s:%u", function ? function : "no name", line);
    return NULL;
}

static void expect(const struct diff_row *row, enum diff_change change, uint64_t before, uint64_t after)
{
    assert_string_equal(diff_change_names[row->change], diff_change_names[change]);
    assert_int_equal(row->costs[DIFF_BEFORE].peak_bytes, before);
    assert_int_equal(row->costs[DIFF_AFTER].peak_bytes, after);
}

static void test_lines(void **state)
{
    struct diff diff;
    diff_build(&diff, profiles[DIFF_BEFORE], profiles[DIFF_AFTER], MEASURE_PEAK);
    const struct diff_row *moved = row_of(&diff.lines, &diff, "parse", 24);
    expect(moved, DIFF_GROWN, 1000, 3000);
    assert_int_equal(moved->line[DIFF_BEFORE], 21);
    expect(row_of(&diff.lines, &diff, "parse", 28), DIFF_SAME, 500, 500);
    expect(row_of(&diff.lines, &diff, "load", 7), DIFF_GONE, 20000, 0);
    expect(row_of(&diff.lines, &diff, "fetch", 7), DIFF_NEW, 0, 20000);
    assert_int_equal(diff.lines.items[0].difference, 20000);
    assert_int_equal(diff.lines.items[0].change, DIFF_NEW);
    for (size_t i = 1; i < diff.lines.n; i++)
        assert_true(diff.lines.items[i - 1].difference >= diff.lines.items[i].difference);
    diff_release(&diff);
}

/* Both lines of parse come from the same functions: one stack. The library's has no names, but its module has one. */
static void test_stacks(void **state)
{
    struct diff diff;
    diff_build(&diff, profiles[DIFF_BEFORE], profiles[DIFF_AFTER], MEASURE_PEAK);
    assert_int_equal(diff.stacks.n, 4);
    expect(row_of(&diff.stacks, &diff, "parse", 0), DIFF_GROWN, 1500, 3500);
    expect(row_of(&diff.stacks, &diff, "load", 0), DIFF_GONE, 20000, 0);
    expect(row_of(&diff.stacks, &diff, "fetch", 0), DIFF_NEW, 0, 20000);
    expect(row_of(&diff.stacks, &diff, "main", 0), DIFF_SHRUNK, 300, 200);
    diff_release(&diff);
}

static void test_itself(void **state)
{
    struct diff diff;
    diff_build(&diff, profiles[DIFF_AFTER], profiles[DIFF_AFTER], MEASURE_COUNT);
    for (size_t i = 0; i < diff.lines.n; i++)
        assert_int_equal(diff.lines.items[i].change, DIFF_SAME);
    for (size_t i = 0; i < diff.stacks.n; i++)
        assert_int_equal(diff.stacks.items[i].change, DIFF_SAME);
    diff_release(&diff);
}

static struct baseline *baseline_of_side(int side)
{
    uint32_t *owners = lines_owners(profiles[side], LINES_OWN);
    struct baseline *baseline = baseline_of(profiles[side], owners);
    free(owners);
    return baseline;
}

static struct baseline *through_a_file(const struct baseline *baseline)
{
    char path[] = "/tmp/heapline-baseline-XXXXXX";
    struct baseline *read = NULL;
    struct trace_error error = { "" };
    bool json;
    FILE *out = fdopen(mkstemp(path), "w");
    assert_int_equal(baseline_write(baseline, out), 0);
    fclose(out);
    assert_int_equal(baseline_looks_like_json(path, &json, &error), 0);
    assert_true(json);
    if (baseline_read(&read, path, &error) < 0)
        fail_msg("%s", error.text);
    unlink(path);
    return read;
}

static void test_file_of_a_baseline(void **state)
{
    struct baseline *baseline = baseline_of_side(DIFF_BEFORE), *read = through_a_file(baseline);
    assert_int_equal(read->groups.n, 3);              /* parse, load, and the library without names */
    assert_int_equal(read->total.peak_bytes, 21800);
    assert_int_equal(read->total.live_bytes, 1400);
    assert_int_equal(read->total.allocations, 19);
    assert_string_equal(read->command, "app");
    for (size_t i = 0; i < baseline->groups.n; i++) {
        const struct baseline_group *group = &baseline->groups.items[i], *again = baseline_find(read, group->fingerprint);
        assert_non_null(again);
        assert_string_equal(again->name, group->name);
        assert_int_equal(again->costs.peak_bytes, group->costs.peak_bytes);
        assert_int_equal(again->costs.live_blocks, group->costs.live_blocks);
    }
    assert_null(baseline_find(read, "0000000000000000"));
    baseline_destroy(read);
    baseline_destroy(baseline);
}

static void expect_bad_file(const char *text, const char *words)
{
    char path[] = "/tmp/heapline-baseline-XXXXXX";
    struct baseline *baseline = NULL;
    struct trace_error error = { "" };
    FILE *out = fdopen(mkstemp(path), "w");
    fputs(text, out);
    fclose(out);
    assert_true(baseline_read(&baseline, path, &error) < 0);
    assert_null(baseline);
    assert_non_null(strstr(error.text, words));
    unlink(path);
}

#define HEAD "{\"schema\":\"heapline-baseline/1\",\"command\":\"a\",\"version\":\"0\","
#define FIGURES "\"peak_bytes\":1,\"peak_blocks\":1,\"live_bytes\":1,\"live_blocks\":1,\"allocated_bytes\":1,\"allocations\":1"

static void test_bad_files(void **state)
{
    expect_bad_file("{", "line 1");
    expect_bad_file("{\"schema\":\"heapline-lines/1\"}", "--write-baseline writes such a file");
    expect_bad_file("{\"schema\":\"heapline-baseline/1\"}", "a field is missing");
    expect_bad_file(HEAD "\"totals\":{" FIGURES "},\"groups\":[{}]}", "a field is missing");
    expect_bad_file(HEAD "\"totals\":{\"peak_bytes\":-1},\"groups\":[]}", "a field is missing");
}

static struct budgets budgets;

static void check(const struct baseline *baseline, enum gate_outcome expected, struct findings *findings)
{
    struct gate_question question = { .budgets = &budgets, .baseline = baseline };
    struct trace_error error = { "" };
    *findings = (struct findings){ 0 };
    assert_int_equal(gate_check(findings, traces[DIFF_AFTER], &question, &error), 0);
    findings_finish(findings);
    assert_int_equal(findings->outcome, expected);
}

static const struct finding *find(const struct findings *findings, enum gate_rule rule, const char *words)
{
    for (size_t i = 0; i < findings->items.n; i++)
        if (findings->items.items[i].rule == rule && strstr(findings->items.items[i].message, words))
            return &findings->items.items[i];
    fail_msg("no finding says \"%s\"", words);
    return NULL;
}

/* In all the peak went from 21800 to 23700, by 8.7 %; parse from 1500 to 3500; fetch is new with 20000. */
static void test_gate_of_a_baseline(void **state)
{
    struct baseline *before = baseline_of_side(DIFF_BEFORE), *after = baseline_of_side(DIFF_AFTER);
    struct findings findings;
    budgets_init(&budgets);
    budgets.baseline_by = MEASURE_PEAK;
    budgets.baseline = "x";
    check(after, GATE_PASS, &findings);
    find(&findings, RULE_BASELINE, "no stack has more than is allowed");
    findings_release(&findings);

    check(before, GATE_FAIL, &findings);
    const struct finding *fetch =
        find(&findings, RULE_BASELINE, "fetch (f.c:7): 19.5 KiB held at the peak, nothing in the baseline");
    assert_int_equal(fetch->value, 20000);
    assert_int_equal(fetch->limit, 4096);
    assert_string_equal(fetch->budget, "baseline of peak");
    assert_int_equal(findings.items.n, 1 + 2);                 /* parse's 2000 bytes are below 4 KiB, and so are the 1900 in all */
    findings_release(&findings);

    budgets.min_increase = 0;
    budgets.max_increase = 800;                                /* 8 % of 21800 are 1744 */
    check(before, GATE_FAIL, &findings);
    const struct finding *total = find(&findings, RULE_BASELINE, "In all 23.1 KiB");
    assert_int_equal(total->value, 23700);
    assert_int_equal(total->limit, 23544);
    assert_int_equal(find(&findings, RULE_BASELINE, "parse (p.c:24)")->limit, 1620);
    findings_release(&findings);

    budgets.baseline_by = MEASURE_COUNT;                       /* 19 before, 18 now; fetch is new with one */
    budgets.min_increase = 1;
    check(before, GATE_PASS, &findings);
    findings_release(&findings);
    budgets_release(&budgets);
    baseline_destroy(before);
    baseline_destroy(after);
}

/* 23700 at the peak, 1300 live, 18 allocations; of parse 3500, 1100, 15. */
static void test_gate_of_limits(void **state)
{
    struct findings findings;
    budgets_init(&budgets);
    struct budget *parse = budgets_part(&budgets, SCOPE_FUNCTION, "par*");
    parse->limits[LIMIT_PEAK] = 3500;
    parse->limits[LIMIT_ALLOCATIONS] = 15;
    budgets.items.items[0].limits[LIMIT_PEAK] = 23700;
    budgets.items.items[0].limits[LIMIT_LIVE] = 1300;
    check(NULL, GATE_PASS, &findings);
    findings_release(&findings);
    budgets.items.items[0].limits[LIMIT_PEAK] = 23699;
    check(NULL, GATE_FAIL, &findings);
    const struct finding *peak = find(&findings, RULE_PEAK, "the largest part, 19.5 KiB, is from fetch (f.c:7).");
    assert_int_equal(peak->value, 23700);
    assert_string_equal(peak->frames[peak->owner].function, "fetch");
    findings_release(&findings);
    budgets_part(&budgets, SCOPE_FUNCTION, "par*")->limits[LIMIT_ALLOCATIONS] = 14;
    check(NULL, GATE_FAIL, &findings);
    const struct finding *count =
        find(&findings, RULE_ALLOCATIONS, "15 allocations are made, 1 allocation more than the budget of 14 allocations");
    assert_string_equal(count->budget, "max-allocations for par*");
    findings_release(&findings);
    budgets_release(&budgets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_stacks),
        cmocka_unit_test(test_itself),
        cmocka_unit_test(test_file_of_a_baseline),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_gate_of_a_baseline),
        cmocka_unit_test(test_gate_of_limits),
    };
    return cmocka_run_group_tests(tests, open_both, close_both);
}
