/* What a gate makes of a recording: passed, failed, or not checked, and never passed by mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/gate.h"
#include "../../viewer/analyze/suppressions.h"
#include "test_leaks_sample.h"

#include <string.h>

#define LOST TRACE_REACH_LOST
#define INDIRECT TRACE_REACH_INDIRECT
#define HELD TRACE_REACH_HELD

static struct trace *trace;
static struct budgets budgets;
static struct findings findings;
static struct suppressions *suppressions;

static int set_up(void **state)
{
    budgets_init(&budgets);
    suppressions = suppressions_create();
    return 0;
}

static int tear_down(void **state)
{
    findings_release(&findings);
    suppressions_destroy(suppressions);
    budgets_release(&budgets);
    trace_close(trace);
    trace = NULL;
    return 0;
}

static void check(const struct sample_run *run, enum gate_outcome expected)
{
    struct gate_question question = { .budgets = &budgets, .suppressions = suppressions, .root = "/src" };
    struct trace_error error = { "" };
    findings_release(&findings);
    trace_close(trace);
    trace = leaks_sample(run);
    assert_non_null(trace);
    assert_int_equal(gate_check(&findings, trace, &question, &error), 0);
    findings_finish(&findings);
    assert_int_equal(findings.outcome, expected);
}

static const struct finding *find(enum gate_rule rule, enum gate_outcome outcome, const char *words)
{
    for (size_t i = 0; i < findings.items.n; i++) {
        const struct finding *finding = &findings.items.items[i];
        if (finding->rule == rule && finding->outcome == outcome && strstr(finding->message, words))
            return finding;
    }
    fail_msg("no %s finding says \"%s\"", gate_rule_names[rule], words);
    return NULL;
}

/* 100 bytes of a are lost and lead to 40 of b; 60 of b are lost; 500 of a are held. */
static const struct trace_snapshot_block blocks[] = {
    { 0x1000, 100, SITE_A, 1 * MS, LOST, false, 0 },
    { 0x2000, 40, SITE_B, 1 * MS, INDIRECT, false, 0x1008 },
    { 0x3000, 60, SITE_B, 2 * MS, LOST, false, 0 },
    { 0x4000, 500, SITE_A, 2 * MS, HELD, false, 0x600040 },
};
static const struct sample_run leaking = { .snapshots = { { .process = PARENT, .blocks = blocks, .n = 4 }, { .process = CHILD } },
                                           .n_snapshots = 2,
                                           .exits = { CHILD_ENDS, PARENT_ENDS },
                                           .n_exits = 2 };
static const struct sample_run clean = { .snapshots = { { .process = PARENT, .blocks = &blocks[3], .n = 1 },
                                                        { .process = CHILD } },
                                         .n_snapshots = 2,
                                         .exits = { CHILD_ENDS, PARENT_ENDS },
                                         .n_exits = 2 };

static uint64_t *run_limit(enum budget_limit limit)
{
    return &budgets.items.items[0].limits[limit];
}

static void test_clean(void **state)
{
    *run_limit(LIMIT_LOST) = 0;
    check(&clean, GATE_PASS);
    assert_int_equal(findings.items.n, 3);
    find(RULE_LOST, GATE_PASS, "0 B are lost, within the budget of 0 B");
    find(RULE_TARGET, GATE_PASS, "status 0");
    find(RULE_CHECK, GATE_PASS, "2 processes, no event lost");
    assert_null(findings.target_text);
    assert_string_equal(findings.command, "app --fast");
}

static void test_lost(void **state)
{
    *run_limit(LIMIT_LOST) = 0;
    check(&leaking, GATE_FAIL);
    const struct finding *sum = find(RULE_LOST, GATE_FAIL, "200 B in 3 blocks are lost, from 2 stacks; the budget is 0 B.");
    assert_int_equal(sum->value, 200);
    const struct finding *a = find(RULE_LOST, GATE_FAIL,
                                   "100 B in 1 block is lost, and 40 B in 1 block that only they lead to: allocated by a "
                                   "(a.c:21).");
    assert_int_equal(a->value, 140);
    assert_int_equal(a->blocks, 2);
    assert_int_equal(a->n_frames, 2);
    assert_int_equal(a->owner, 0);
    assert_string_equal(a->frames[0].function, "a");
    assert_string_equal(a->frames[0].file, "a.c");             /* relative to /src */
    assert_int_equal(a->frames[0].line, 21);
    assert_string_equal(a->frames[1].module, "app");
    assert_int_equal(find(RULE_LOST, GATE_FAIL, "allocated by b")->value, 60);
    *run_limit(LIMIT_LOST) = 200;
    check(&leaking, GATE_PASS);
    assert_int_equal(find(RULE_LOST, GATE_PASS, "within")->value, 200);
}

/* A part's own budget takes its stacks out of the run's. */
static void test_lost_by_part(void **state)
{
    *run_limit(LIMIT_LOST) = 60;
    budgets_part(&budgets, SCOPE_FUNCTION, "a")->limits[LIMIT_LOST] = 140;
    check(&leaking, GATE_PASS);
    assert_string_equal(find(RULE_LOST, GATE_PASS, "140 B are lost")->budget, "max-lost for a");
    assert_string_equal(find(RULE_LOST, GATE_PASS, "60 B are lost")->budget, "max-lost");
    budgets_part(&budgets, SCOPE_FUNCTION, "a")->limits[LIMIT_LOST] = 139;
    check(&leaking, GATE_FAIL);
    budgets_part(&budgets, SCOPE_FUNCTION, "a")->limits[LIMIT_LOST] = LIMIT_NONE;
    budgets_part(&budgets, SCOPE_FILE, "b.c")->limits[LIMIT_LOST] = 0;
    *run_limit(LIMIT_LOST) = 1000;
    check(&leaking, GATE_FAIL);
    assert_string_equal(find(RULE_LOST, GATE_FAIL, "60 B")->budget, "max-lost for file b.c");
}

static void test_suppressed(void **state)
{
    struct trace_error error;
    *run_limit(LIMIT_LOST) = 60;
    assert_int_equal(suppressions_parse(suppressions, "x.supp", "leak:a.c\n", 9, &error), 0);
    check(&leaking, GATE_PASS);
    assert_int_equal(find(RULE_LOST, GATE_PASS, "within")->value, 60);
}

static void expect_unchecked(struct sample_run run, enum gate_rule rule, const char *words)
{
    check(&run, GATE_UNCHECKED);
    find(rule, GATE_UNCHECKED, words);
}

/* Whatever is missing: no pass, and no verdict on blocks that may be held where nobody looked. */
static void test_incomplete(void **state)
{
    struct sample_run run = clean;
    *run_limit(LIMIT_LOST) = 0;
    run.n_snapshots = 1;
    expect_unchecked(run, RULE_LOST, "Process 200: ended without a snapshot");
    run = leaking;
    run.snapshots[0].reasons = "A mapping could not be read.";
    expect_unchecked(run, RULE_LOST, "the snapshot is incomplete, they may be held where it did not look.");
    find(RULE_LOST, GATE_UNCHECKED, "A mapping could not be read.");
    run = leaking;
    run.snapshots[0].missed_threads = 1;
    expect_unchecked(run, RULE_LOST, "1 of its 2 threads could not be stopped");
    find(RULE_LOST, GATE_UNCHECKED, "the snapshot is incomplete, they may be held where it did not look.");
    run = clean;
    run.losses = (struct trace_losses){ .process = PARENT, .events = 1234 };
    expect_unchecked(run, RULE_CHECK, "1,234 events of process 100 were dropped");
    run = clean;
    run.unprofiled = "/bin/static";
    expect_unchecked(run, RULE_CHECK, "/bin/static ran without being recorded: It is linked statically.");
    run = clean;
    run.n_exits = 1;
    expect_unchecked(run, RULE_TARGET, "How the program ends is not known");
}

/* A leak that is certain fails, whatever else could not be seen. */
static void test_certain_among_the_incomplete(void **state)
{
    struct sample_run run = leaking;
    *run_limit(LIMIT_LOST) = 0;
    run.n_snapshots = 1;
    check(&run, GATE_FAIL);
    find(RULE_LOST, GATE_FAIL, "allocated by a");
    find(RULE_LOST, GATE_UNCHECKED, "Process 200");
}

static void test_target(void **state)
{
    struct sample_run run = clean;
    *run_limit(LIMIT_LOST) = 0;
    run.exits[1].value = 3;
    check(&run, GATE_FAIL);
    find(RULE_TARGET, GATE_FAIL, "The program ended with status 3.");
    assert_string_equal(findings.target_text, "ended with status 3");
    run.exits[1] = (struct trace_exit){ PARENT, TRACE_EXIT_SIGNAL, 11, 10 * MS };
    check(&run, GATE_FAIL);
    find(RULE_TARGET, GATE_FAIL, "The program was killed by signal 11 (Segmentation fault).");
    run.exits[1] = (struct trace_exit){ PARENT, TRACE_EXIT_RUNNING, 0, 10 * MS };
    check(&run, GATE_UNCHECKED);
    find(RULE_TARGET, GATE_UNCHECKED, "still running");
    run.exits[1] = clean.exits[1];
    run.exits[0].value = 1;                         /* a child's status is its parent's business */
    check(&run, GATE_PASS);
}

static void test_one_process(void **state)
{
    struct sample_run run = clean;
    *run_limit(LIMIT_LOST) = 0;
    run.n_snapshots = 1;
    budgets.process = "100";
    check(&run, GATE_PASS);
    budgets.process = "server";
    expect_unchecked(run, RULE_CHECK, "No process of the recording matches \"server\".");
}

static void test_growth_without_iterations(void **state)
{
    struct sample_run run = clean;
    *run_limit(LIMIT_GROWTH) = 0;
    expect_unchecked(run, RULE_GROWTH, "The program marked no \"iteration\"");
    budgets.every_ns = 60 * 1000 * MS;
    expect_unchecked(run, RULE_GROWTH, "The run is too short for intervals of 1 m 00 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clean, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lost_by_part, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_suppressed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_incomplete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_certain_among_the_incomplete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_target, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_growth_without_iterations, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
