/* What a snapshot's blocks come to: groups and their sums, chains, rules, paths, rows, and when a verdict is incomplete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/leaks_rows.h"
#include "../../viewer/analyze/suppressions.h"
#include "test_leaks_sample.h"

#include <string.h>

static struct trace *trace;
static struct profile *profile;
static struct leaks *leaks;
static struct leaks_question question;
static struct selection selection;

static int set_up(void **state)
{
    question = (struct leaks_question){ 0 };
    selection = (struct selection){ .memory = MEMORY_HEAP };
    return 0;
}

static int tear_down(void **state)
{
    leaks_destroy(leaks);
    profile_destroy(profile);
    trace_close(trace);
    suppressions_destroy(question.suppressions);
    leaks = NULL;
    profile = NULL;
    trace = NULL;
    return 0;
}

static void judge(const struct sample_run *run)
{
    struct trace_error error = { "" };
    trace = leaks_sample(run);
    assert_non_null(trace);
    assert_int_equal(profile_create(&profile, trace, &selection, &error), 0);
    assert_int_equal(leaks_create(&leaks, profile, &question, &error), 0);
}

/* One process with one snapshot at its end; the forked child left nothing behind. */
static void judge_blocks(const struct trace_snapshot_block *blocks, size_t n)
{
    judge(&(struct sample_run){ .snapshots = { { .process = PARENT, .blocks = blocks, .n = n } }, .n_snapshots = 1,
                                .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_EXEC, 0, 4 * MS } }, .n_exits = 2 });
}

static void expect_group(size_t i, enum trace_reach reach, uint32_t stack, uint64_t bytes, uint64_t blocks)
{
    assert_true(i < leaks->groups.n);
    const struct leaks_group *group = &leaks->groups.items[i];
    assert_int_equal(group->reach, reach);
    assert_int_equal(group->stack, stack);
    assert_int_equal(group->bytes, bytes);
    assert_int_equal(group->blocks, blocks);
}

#define LOST TRACE_REACH_LOST
#define INDIRECT TRACE_REACH_INDIRECT
#define POSSIBLE TRACE_REACH_POSSIBLE
#define HELD TRACE_REACH_HELD

/* Address, bytes, site, born, reach, ignored, at. */
static const struct trace_snapshot_block usual[] = {
    { 0x1000, 100, SITE_A, 1 * MS, LOST, false, 0 },
    { 0x2000, 50, SITE_B, 2 * MS, INDIRECT, false, 0x1008 },
    { 0x3000, 30, SITE_C, 2 * MS, INDIRECT, false, 0x2010 },
    { 0x4000, 200, SITE_WORKER_A, 5 * MS, LOST, false, 0 },
    { 0x5000, 8, SITE_A_AGAIN, 3 * MS, LOST, false, 0 },
    { 0x6000, 64, SITE_C, 4 * MS, POSSIBLE, false, 0x7ff0100 },
    { 0x7000, 1000, SITE_B, 1 * MS, HELD, false, 0x600048 },
    { 0x8000, 10, SITE_B, 6 * MS, HELD, false, 0x7008 },
};

static void groups(void **state)
{
    judge_blocks(usual, N_OF(usual));
    assert_int_equal(leaks->verdict, LEAKS_FOUND);
    assert_int_equal(leaks->reasons.n, 0);
    assert_int_equal(leaks->groups.n, 5);
    expect_group(0, LOST, STACK_A, 308, 3);           /* threads merged, and two calls on one line */
    assert_int_equal(leaks->groups.items[0].indirect_bytes, 80);
    assert_int_equal(leaks->groups.items[0].indirect_blocks, 2);
    assert_int_equal(leaks->groups.items[0].first_ns, 1 * MS);
    assert_int_equal(leaks->groups.items[0].last_ns, 5 * MS);
    assert_int_equal(leaks->groups.items[0].n_largest, 3);
    assert_int_equal(leaks->groups.items[0].largest[0].address, 0x4000);
    assert_int_equal(leaks->groups.items[0].largest[1].address, 0x1000);
    assert_int_equal(leaks->groups.items[0].largest[2].bytes, 8);
    expect_group(1, INDIRECT, STACK_B, 50, 1);
    expect_group(2, INDIRECT, STACK_C, 30, 1);
    expect_group(3, POSSIBLE, STACK_C, 64, 1);
    expect_group(4, HELD, STACK_B, 1010, 2);
    assert_int_equal(leaks->bytes[LOST], 308);
    assert_int_equal(leaks->blocks[INDIRECT], 2);
    assert_int_equal(leaks->bytes[HELD], 1010);
    assert_string_not_equal(leaks->groups.items[0].fingerprint, leaks->groups.items[4].fingerprint);
    assert_string_equal(leaks->groups.items[1].fingerprint, leaks->groups.items[4].fingerprint);
}

/* A filter takes groups away; what a lost block keeps stays the same, whoever allocated it. */
static void filters(void **state)
{
    const char *pattern = "a";
    selection.functions = (struct patterns){ &pattern, 1 };
    judge_blocks(usual, N_OF(usual));
    assert_int_equal(leaks->groups.n, 1);
    expect_group(0, LOST, STACK_A, 308, 3);
    assert_int_equal(leaks->groups.items[0].indirect_bytes, 80);
}

/* Of twelve blocks the ten largest, of equal ones those that come first. */
static void the_largest(void **state)
{
    struct trace_snapshot_block blocks[12];
    for (uint64_t i = 0; i < 12; i++)
        blocks[i] = (struct trace_snapshot_block){ 0x1000 * (i + 1), i < 6 ? 16 : 32, SITE_A, 0, LOST, false, 0 };
    judge_blocks(blocks, 12);
    const struct leaks_group *group = &leaks->groups.items[0];
    assert_int_equal(group->n_largest, LEAKS_LARGEST);
    assert_int_equal(group->largest[0].address, 0x7000);
    assert_int_equal(group->largest[5].address, 0xc000);
    assert_int_equal(group->largest[6].address, 0x1000);
    assert_int_equal(group->largest[9].address, 0x4000);
}

#define CHAIN 100000

/* Block i + 1 is held by block i; the last one is the head of the list, and lost. */
static struct trace_snapshot_block *chain(enum trace_reach reach, uint64_t at)
{
    struct trace_snapshot_block *blocks = calloc(CHAIN, sizeof *blocks);
    for (uint64_t i = 0; i < CHAIN; i++)
        blocks[i] = (struct trace_snapshot_block){ 0x10000000 + 64 * i, 48, SITE_A, 0, reach, false, 0x10000000 + 64 * (i + 1) + 8 };
    blocks[CHAIN - 1].at = at;
    return blocks;
}

static void long_chains_have_one_leader(void **state)
{
    struct trace_snapshot_block *blocks = chain(INDIRECT, 0);
    blocks[CHAIN - 1].reach = LOST;
    blocks[CHAIN - 1].site = SITE_B;
    judge_blocks(blocks, CHAIN);
    expect_group(0, LOST, STACK_B, 48, 1);
    assert_int_equal(leaks->groups.items[0].indirect_blocks, CHAIN - 1);
    assert_int_equal(leaks->groups.items[0].indirect_bytes, UINT64_C(48) * (CHAIN - 1));
    free(blocks);
}

/* A damaged trace may lead in a circle: it is a leak all the same, and nobody waits for ever. */
static void circles_have_no_leader(void **state)
{
    const struct trace_snapshot_block blocks[] = {
        { 0x1000, 100, SITE_A, 0, INDIRECT, false, 0x2008 }, { 0x2000, 100, SITE_A, 0, INDIRECT, false, 0x1008 },
        { 0x3000, 100, SITE_B, 0, INDIRECT, false, 0x1010 }, { 0x4000, 100, SITE_C, 0, INDIRECT, false, 0x999000 },
        { 0x5000, 100, SITE_C, 0, HELD, false, 0x5008 },
    };
    struct leaks_path path = { 0 };
    judge_blocks(blocks, N_OF(blocks));
    assert_int_equal(leaks->verdict, LEAKS_FOUND);
    assert_int_equal(leaks->blocks[INDIRECT], 4);
    leaks_path(leaks, &leaks->groups.items[0], 0x1000, &path);
    assert_int_equal(path.n, 0);
    leaks_path(leaks, &leaks->groups.items[3], 0x5000, &path);
    assert_int_equal(path.n, 0);
    vec_release(&path);
}

static char *path_text(uint64_t address)
{
    struct leaks_path path = { 0 };
    struct strbuf text = STRBUF_INIT;
    leaks_path(leaks, &leaks->groups.items[0], address, &path);
    leaks_add_path(&text, leaks, &path, false);
    vec_release(&path);
    return strbuf_detach(&text);
}

static void expect_path(uint64_t address, const char *expected)
{
    char *text = path_text(address);
    assert_string_equal(text, expected);
    free(text);
}

static void paths(void **state)
{
    const struct trace_snapshot_block blocks[] = {
        { 0x1000, 96, SITE_A, 0, HELD, false, 0x600040 }, { 0x2000, 64, SITE_B, 0, HELD, false, 0x1040 }, { 0x3000, 32, SITE_C, 0, HELD, false, 0x2000 },
        { 0x4000, 16, SITE_C, 0, HELD, false, 0x3018 }, { 0x5000, 16, SITE_C, 0, HELD, false, 0x600048 },
        { 0x6000, 16, SITE_C, 0, HELD, false, 0x600050 }, { 0x7000, 16, SITE_C, 0, HELD, false, 0x700010 },
        { 0x8000, 16, SITE_C, 0, HELD, false, 0x7ff0010 }, { 0x9000, 16, SITE_C, 0, HELD, false, 0x7ff9010 },
        { 0xa000, 16, SITE_C, 0, HELD, false, 0x9999990 }, { 0xb000, 16, SITE_C, 0, HELD, true, 0 },
        { 0xc000, 16, SITE_C, 0, LOST, false, 0 }, { 0xd000, 16, SITE_C, 0, INDIRECT, false, 0xc008 },
    };
    judge_blocks(blocks, N_OF(blocks));
    expect_path(0x1000, "global servers in app");
    expect_path(0x4000, "global servers in app -> block of 96 from a.c:21 -> +0x40 -> block of 64 from b.c:31 -> block of 32 from app.c:10 -> "
                        "+0x18");
    expect_path(0x5000, "global pool in app -> +0x8");
    expect_path(0x6000, "globals of app, app+0x100050");
    expect_path(0x7000, "memory that the program mapped -> +0x10");
    expect_path(0x8000, "stack of thread 100 (app)");
    expect_path(0x9000, "a register of thread 101 (worker)");
    expect_path(0xa000, "memory at 0x9999990");
    expect_path(0xb000, "");
    expect_path(0xc000, "");
    expect_path(0xd000, "block of 16 from app.c:10 -> +0x8");
}

/* Of a long list both ends are kept, and how many are between. */
static void long_paths(void **state)
{
    struct trace_snapshot_block *blocks = chain(HELD, 0x600040);
    struct leaks_path path = { 0 };
    judge_blocks(blocks, CHAIN);
    leaks_path(leaks, &leaks->groups.items[0], 0x10000000, &path);
    assert_int_equal(path.n, 1 + 2 * LEAKS_PATH_END);
    assert_non_null(path.items[0].root);
    assert_int_equal(path.items[1].address, blocks[CHAIN - 1].address);
    assert_int_equal(path.items[LEAKS_PATH_END].skipped, 0);
    assert_int_equal(path.items[LEAKS_PATH_END + 1].skipped, CHAIN - 2 * LEAKS_PATH_END);
    assert_int_equal(vec_last(&path).address, 0x10000000);
    assert_int_equal(vec_last(&path).offset, 0);
    vec_release(&path);
    expect_path(0x10000000, "global servers in app -> 99,999 blocks of 48 from a.c:21 -> +0x8");
    expect_path(0x10000000 + 64 * (CHAIN - 2), "global servers in app -> block of 48 from a.c:21 -> +0x8");
    free(blocks);
}

static void add_rules(const char *text)
{
    struct trace_error error;
    question.suppressions = question.suppressions ? question.suppressions : suppressions_create();
    assert_int_equal(suppressions_parse(question.suppressions, "my.supp", text, strlen(text), &error), 0);
}

/* A rule that takes a lost block takes what only that leads to. */
static void suppressed_leaders_take_theirs(void **state)
{
    add_rules("leak:^a$\nleak:nobody\n");
    judge_blocks(usual, N_OF(usual));
    assert_int_equal(leaks->verdict, LEAKS_CLEAN);
    assert_int_equal(leaks->blocks[LOST], 0);
    assert_int_equal(leaks->blocks[INDIRECT], 0);
    assert_int_equal(leaks->bytes[POSSIBLE], 64);
    assert_int_equal(leaks->suppressed_bytes, 388);
    assert_int_equal(leaks->suppressed_blocks, 5);
    const struct suppression_rule *rule = suppressions_rule(question.suppressions, 0);
    assert_int_equal(rule->groups, 3);
    assert_int_equal(rule->blocks, 5);
    assert_int_equal(rule->bytes, 388);
    assert_int_equal(suppressions_rule(question.suppressions, 1)->groups, 0);
    assert_string_equal(leaks->groups.items[0].suppressed_by, "^a$");
}

/* Two lost blocks lead to blocks of one stack: only those of the suppressed one go. */
static void indirect_blocks_follow_their_own_leader(void **state)
{
    const struct trace_snapshot_block blocks[] = {
        { 0x1000, 100, SITE_A, 0, LOST, false, 0 }, { 0x2000, 1, SITE_B, 0, INDIRECT, false, 0x1008 },
        { 0x3000, 100, SITE_C, 0, LOST, false, 0 }, { 0x4000, 2, SITE_B, 0, INDIRECT, false, 0x3008 },
    };
    add_rules("rule x\nfun: a\n");
    judge_blocks(blocks, N_OF(blocks));
    assert_int_equal(leaks->verdict, LEAKS_FOUND);
    assert_int_equal(leaks->bytes[LOST], 100);
    assert_int_equal(leaks->bytes[INDIRECT], 2);
    assert_int_equal(leaks->suppressed_bytes, 101);
}

/* __lsan_default_suppressions count unasked, and behind the user's own. */
static void rules_that_the_program_brings_along(void **state)
{
    struct sample_run run = { .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_EXEC, 0, 4 * MS } }, .n_exits = 2, .n_snapshots = 1,
                              .snapshots = { { .process = PARENT, .blocks = usual, .n = N_OF(usual) } }, .rules = "leak:^a$\n" };
    judge(&run);
    assert_int_equal(leaks->verdict, LEAKS_CLEAN);
    assert_string_equal(leaks->groups.items[0].suppressed_by, "^a$");
    tear_down(NULL);
    add_rules("rule mine\nfun: a\n");
    judge(&run);
    assert_string_equal(leaks->groups.items[0].suppressed_by, "mine");
    assert_int_equal(suppressions_count(question.suppressions), 2);
    tear_down(NULL);
    question.suppressions = NULL;
    run.rules = "leak:^a$\nleek:b\n";
    judge(&run);
    assert_int_equal(leaks->verdict, LEAKS_FOUND);
    assert_string_equal(leaks->reasons.items[0], "The suppressions that the program brings along do not count. [suppressions]:2: \"leek:b\" is no "
                                                 "suppression of a sanitizer; those that count here are leak:PATTERN.");
}

static void kinds_decide(void **state)
{
    question.kinds = 1u << POSSIBLE;
    judge_blocks(&usual[5], 1);
    assert_int_equal(leaks->verdict, LEAKS_FOUND);
}

static void possible_alone_is_clean(void **state)
{
    judge_blocks(&usual[5], 3);
    assert_int_equal(leaks->verdict, LEAKS_CLEAN);
}

static void expect_reasons(enum leaks_verdict verdict, const char *first, size_t n)
{
    assert_int_equal(leaks->verdict, verdict);
    if (n)
        assert_string_equal(leaks->reasons.items[0], first);
    assert_int_equal(leaks->reasons.n, n);
}

static void a_killed_process_is_incomplete(void **state)
{
    judge(&(struct sample_run){ .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_SIGNAL, 9, 5 * MS } }, .n_exits = 2, .n_snapshots = 1,
                                .snapshots = { { .process = PARENT, .blocks = &usual[6], .n = 2 } } });
    expect_reasons(LEAKS_INCOMPLETE, "Process 200: killed by signal 9 (Killed); there was no time to look at its memory.", 1);
}

static void leaks_are_leaks_though_incomplete(void **state)
{
    judge(&(struct sample_run){ .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_SIGNAL, 9, 5 * MS } }, .n_exits = 2, .n_snapshots = 1,
                                .snapshots = { { .process = PARENT, .blocks = usual, .n = 1 } } });
    expect_reasons(LEAKS_FOUND, "Process 200: killed by signal 9 (Killed); there was no time to look at its memory.", 1);
}

static void no_snapshots_are_told_once(void **state)
{
    judge(&(struct sample_run){ .exits = { PARENT_ENDS, CHILD_ENDS }, .n_exits = 2 });
    expect_reasons(LEAKS_INCOMPLETE, "Processes 100, 200: ended without a snapshot: it was recorded with --no-leak-check, or ended in a way that cannot be "
                                     "waited for.", 1);
}

static void running_processes_are_incomplete(void **state)
{
    judge(&(struct sample_run){ .exits = { { PARENT, TRACE_EXIT_RUNNING, 0, 9 * MS }, { CHILD, TRACE_EXIT_EXEC, 0, 4 * MS } }, .n_exits = 2 });
    expect_reasons(LEAKS_INCOMPLETE, "Process 100: still running when the recording stopped, and no snapshot was taken (\"heapline snapshot PID\" takes "
                                     "one).", 1);
}

static void an_early_snapshot_is_incomplete(void **state)
{
    judge(&(struct sample_run){ .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_EXEC, 0, 4 * MS } }, .n_exits = 2, .n_snapshots = 1,
                                .snapshots = { { .process = PARENT, .cause = TRACE_SNAPSHOT_REQUEST, .ns = 5 * MS } } });
    expect_reasons(LEAKS_INCOMPLETE, "Process 100: its last snapshot was taken at 5.00 ms, and there is none at its end; what it lost later is not known.",
                   1);
}

static void a_snapshots_own_reasons_count(void **state)
{
    judge(&(struct sample_run){ .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_EXEC, 0, 4 * MS } }, .n_exits = 2, .n_snapshots = 1,
                                .snapshots = { { .process = PARENT, .reasons = "thread 7 blocks all signals.\nit was dark" } } });
    expect_reasons(LEAKS_INCOMPLETE, "Process 100: thread 7 blocks all signals.", 2);
    assert_string_equal(leaks->reasons.items[1], "Process 100: it was dark.");
}

/* A thread that was not seen may hold what counts as lost; where nothing does, it hides nothing. */
static void missed_threads_hide_nothing(void **state)
{
    struct sample_run run = { .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_EXEC, 0, 4 * MS } }, .n_exits = 2, .n_snapshots = 1,
                              .snapshots = { { .process = PARENT, .missed_threads = 1 } } };
    judge(&run);
    expect_reasons(LEAKS_CLEAN, NULL, 0);
    assert_int_equal(leaks->unseen.n, 1);
    assert_string_equal(leaks->unseen.items[0], "Process 100: 1 of its 2 threads could not be stopped.");
    tear_down(NULL);
    run.snapshots[0].unseen = "thread 7 blocks all signals";
    run.snapshots[0].blocks = usual;
    run.snapshots[0].n = 1;
    judge(&run);
    expect_reasons(LEAKS_FOUND, NULL, 0);
    assert_int_equal(leaks->unseen.n, 1);
    assert_string_equal(leaks->unseen.items[0], "Process 100: thread 7 blocks all signals.");
    tear_down(NULL);
    run.snapshots[0].reasons = "it was dark";
    run.snapshots[0].n = 0;
    judge(&run);
    expect_reasons(LEAKS_INCOMPLETE, "Process 100: it was dark.", 1);
    assert_int_equal(leaks->unseen.n, 1);
}

static void losses_and_unprofiled_programs_are_incomplete(void **state)
{
    judge(&(struct sample_run){ .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_EXEC, 0, 4 * MS } }, .n_exits = 2, .n_snapshots = 1,
                                .snapshots = { { .process = PARENT } }, .losses = { .process = PARENT, .events = 1234 }, .unprofiled = "/bin/static" });
    expect_reasons(LEAKS_INCOMPLETE, "Process 100: 1,234 events were dropped because the rings were full; blocks are missing or counted too long "
                                     "(--on-full wait loses none).", 2);
    assert_string_equal(leaks->reasons.items[1], "Process 300: /bin/static ran without being recorded. It is linked statically.");
}

static void blocks_without_judgement_are_incomplete(void **state)
{
    const struct trace_snapshot_block block = { 0x1000, 5, SITE_A, 0, TRACE_REACH_UNKNOWN, false, 0 };
    judge_blocks(&block, 1);
    expect_reasons(LEAKS_INCOMPLETE, "The search did not reach a judgement on 1 blocks.", 1);
    assert_int_equal(leaks->groups.n, 0);
}

static void the_last_snapshot_of_a_label(void **state)
{
    struct sample_run run = { .exits = { PARENT_ENDS, { CHILD, TRACE_EXIT_EXEC, 0, 4 * MS } }, .n_exits = 2, .n_snapshots = 3, .snapshots = {
        { .process = PARENT, .cause = TRACE_SNAPSHOT_CALL, .label = "load", .ns = 2 * MS, .blocks = usual, .n = 1 },
        { .process = PARENT, .cause = TRACE_SNAPSHOT_CALL, .label = "load", .ns = 3 * MS, .blocks = &usual[6], .n = 1 },
        { .process = PARENT, .blocks = &usual[3], .n = 1 } } };
    question.label = "load";
    judge(&run);
    expect_reasons(LEAKS_CLEAN, NULL, 0);
    assert_int_equal(leaks->snapshots.n, 1);
    assert_int_equal(leaks->snapshots.items[0], 1);
    tear_down(NULL);
    question.label = "save";
    judge(&run);
    expect_reasons(LEAKS_INCOMPLETE, "No snapshot has the label \"save\"; there are \"load\".", 1);
    tear_down(NULL);
    question.label = NULL;
    judge(&run);
    assert_int_equal(leaks->snapshots.items[0], 2);
    assert_int_equal(leaks->bytes[LOST], 200);
}

/* The parent has lost 0x1000 already when it forks; the child loses 0x2000 as well, which it inherited, and 0x9000, which is its own. */
static const struct trace_snapshot_block parents[] = { { 0x1000, 100, SITE_A, 1 * MS, LOST, false, 0 },
                                                       { 0x2000, 50, SITE_B, 1 * MS, HELD, false, 0x600040 } };
static const struct trace_snapshot_block childs[] = { { 0x1000, 100, SITE_INHERITED_A, 1 * MS, LOST, false, 0 },
                                                      { 0x2000, 50, SITE_INHERITED_B, 1 * MS, LOST, false, 0 },
                                                      { 0x3000, 7, SITE_INHERITED_B, 1 * MS, INDIRECT, false, 0x2008 },
                                                      { 0x9000, 9, SITE_CHILD_B, 5 * MS, LOST, false, 0 } };

/* That the parent ended is noticed 9 ms after its last snapshot. */
static void judge_fork(uint64_t parent_end, uint64_t child_snapshot)
{
    judge(&(struct sample_run){ .exits = { { PARENT, TRACE_EXIT_CODE, 0, parent_end + 9 * MS }, { CHILD, TRACE_EXIT_CODE, 0, 8 * MS } }, .n_exits = 2,
                                .n_snapshots = 2, .snapshots = { { .process = PARENT, .ns = parent_end, .blocks = parents, .n = N_OF(parents) },
                                                                 { .process = CHILD, .ns = child_snapshot, .blocks = childs, .n = N_OF(childs) } } });
    assert_int_equal(leaks->verdict, LEAKS_FOUND);
}

static void a_living_parent_answers_for_what_it_gave(void **state)
{
    judge_fork(10 * MS, 8 * MS);
    assert_int_equal(leaks->bytes[LOST], 109);
    assert_int_equal(leaks->blocks[INDIRECT], 0);
    assert_int_equal(leaks->inherited_blocks, 3);
    assert_int_equal(leaks->inherited_bytes, 157);
}

/* A daemon: the parent ended first, the child is the heir; what the parent had lost itself is told there. */
static void the_child_of_a_dead_parent_is_its_heir(void **state)
{
    judge_fork(4 * MS, 8 * MS);
    assert_int_equal(leaks->bytes[LOST], 159);
    assert_int_equal(leaks->bytes[INDIRECT], 7);
    assert_int_equal(leaks->inherited_bytes, 100);
}

static void each_process_alone(void **state)
{
    question.inherited = true;
    judge_fork(10 * MS, 8 * MS);
    assert_int_equal(leaks->bytes[LOST], 259);
    assert_int_equal(leaks->inherited_blocks, 0);
}

static void rows(void **state)
{
    struct leaks_rows rows = { 0 };
    question.inherited = true;
    judge_fork(10 * MS, 8 * MS);
    leaks_rows_build(&rows, leaks, LEAKS_BY_STACK, 1u << LOST);
    assert_int_equal(rows.n, 2);
    assert_int_equal(rows.items[0].sum.stack, STACK_A);          /* 100 in both */
    assert_int_equal(rows.items[0].sum.bytes, 200);
    assert_int_equal(rows.items[0].processes, 2);
    assert_int_equal(rows.items[0].sum.n_largest, 2);
    assert_int_equal(rows.items[1].sum.bytes, 59);
    assert_int_equal(rows.items[1].sum.indirect_bytes, 7);
    assert_int_equal(rows.items[1].processes, 1);
    leaks_rows_build(&rows, leaks, LEAKS_BY_MODULE, 1u << LOST | 1u << HELD);
    assert_int_equal(rows.n, 2);
    assert_int_equal(rows.items[0].sum.bytes, 259);
    assert_int_equal(rows.items[0].groups, 3);
    assert_int_equal(rows.items[1].sum.reach, HELD);
    leaks_rows_build(&rows, leaks, LEAKS_BY_LINE, 1u << LOST);
    assert_int_equal(rows.n, 2);
    leaks_rows_release(&rows);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(groups), TEST(filters), TEST(the_largest), TEST(long_chains_have_one_leader), TEST(circles_have_no_leader), TEST(paths), TEST(long_paths),
        TEST(suppressed_leaders_take_theirs), TEST(indirect_blocks_follow_their_own_leader), TEST(rules_that_the_program_brings_along),
        TEST(kinds_decide), TEST(possible_alone_is_clean),
        TEST(a_killed_process_is_incomplete), TEST(leaks_are_leaks_though_incomplete), TEST(no_snapshots_are_told_once),
        TEST(running_processes_are_incomplete), TEST(an_early_snapshot_is_incomplete), TEST(a_snapshots_own_reasons_count), TEST(missed_threads_hide_nothing),
        TEST(losses_and_unprofiled_programs_are_incomplete), TEST(blocks_without_judgement_are_incomplete), TEST(the_last_snapshot_of_a_label),
        TEST(a_living_parent_answers_for_what_it_gave), TEST(the_child_of_a_dead_parent_is_its_heir), TEST(each_process_alone), TEST(rows),
    };
    return cmocka_run_group_tests_name("leaks", tests, NULL, NULL);
}
