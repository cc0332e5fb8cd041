/* Snapshots from the collector's side: exact to the cut, whatever the process or its marker do (snapshot_fake.h). */
#include "snapshot_fake.h"

#include <elf.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define HANG_SECONDS 100
#define A 0x10000u
#define B 0x20000u
#define C 0x30000u
#define D 0x40000u
#define E 0x50000u
#define F 0x60000u

static struct fake_run run;

static void assert_exited(int code)
{
    assert_true(WIFEXITED(run.status));
    assert_int_equal(WEXITSTATUS(run.status), code);
}

static const struct trace_snapshot *only_snapshot(void)
{
    assert_int_equal(run.trace->n_snapshots, 1);
    assert_int_equal(run.n_rows, run.trace->snapshots[0].blocks);
    return &run.trace->snapshots[0];
}

static void assert_row(uint64_t start, uint64_t bytes, enum trace_reach reach, uint64_t at)
{
    const struct trace_snapshot_block *row = fake_row(&run, start);
    assert_non_null(row);
    assert_int_equal(row->bytes, bytes);
    assert_int_equal(row->reach, reach);
    assert_int_equal(row->at, at);
}

/* ---- the cut ---- */

/* Before the cut: A, B and E live, C gone, which two rings told. Behind it B goes and D comes, and F through a ring that is new. */
static void two_rings(struct fake *fake)
{
    fake_alloc(fake, 0, A, 100);
    fake_free(fake, 0, C);                /* comes before its allocation, which is in the ring that is read next */
    fake_alloc(fake, 0, E, 500);
    fake_alloc(fake, 1, B, 200);
    fake_alloc(fake, 1, C, 300);
    int connection = fake_hello(fake, 1, HL_SNAPSHOT_EXIT, "the end");
    fake_note_cut(fake, 1);
    fake_free(fake, 0, B);
    fake_free(fake, 0, E);
    fake_alloc(fake, 1, D, 400);
    fake_alloc(fake, 2, F, 600);
    fake_let_read(fake);
    fake_await_taken(fake, 1);
    struct hl_snapshot *table = fake_receive(connection);
    fake_check(table->blocks == 3 && table->roots == 0 && table->reason_bytes == 0);
    fake_judge(table, A, HL_REACH_LOST, 0);
    fake_judge(table, B, HL_REACH_INDIRECT, A + 8);
    fake_judge(table, E, HL_REACH_HELD, 0);
    table->stopped_ns = 5000;
    table->fork_ns = 3000;
    table->mark_ns = 70000;
    table->scanned_bytes = 800;
    table->threads = 4;
    table->missed_threads = 1;
    fake_done(connection, 1);
}

static void test_exact_cut(void **state)
{
    fake_run(&run, two_rings);
    assert_exited(0);
    const struct trace_snapshot *snapshot = only_snapshot();
    assert_string_equal(snapshot->label, "the end");
    assert_string_equal(snapshot->reasons, "");
    assert_int_equal(snapshot->cause, TRACE_SNAPSHOT_EXIT);
    assert_int_equal(snapshot->stopped_ns, 5000);
    assert_int_equal(snapshot->fork_ns, 3000);
    assert_int_equal(snapshot->mark_ns, 70000);
    assert_int_equal(snapshot->scanned_bytes, 800);
    assert_int_equal(snapshot->threads, 4);
    assert_int_equal(snapshot->missed_threads, 1);
    assert_int_equal(run.n_rows, 3);
    assert_row(A, 100, TRACE_REACH_LOST, 0);
    assert_row(B, 200, TRACE_REACH_INDIRECT, A + 8);
    assert_row(E, 500, TRACE_REACH_HELD, 0);
    const struct trace_counts *all = &run.trace->ends[0].totals.heap;       /* what is behind the cut was read, too */
    assert_int_equal(all->allocations, 6);
    assert_int_equal(all->frees, 3);
    assert_int_equal(all->allocated_bytes - all->freed_bytes, 100 + 400 + 600);
    fake_close(&run);
}

/* Two snapshots of one process, one behind the other, and a fork's question between: each has its own moment. */
static void take_one(struct fake *fake, uint32_t number)
{
    int connection = fake_hello(fake, number, HL_SNAPSHOT_CALL, "");
    fake_note_cut(fake, number);
    fake_alloc(fake, 0, D + 0x100 * number, 8);
    if (number == 1)
        fake_let_read(fake);
    fake_await_taken(fake, number);
    struct hl_snapshot *table = fake_receive(connection);
    fake_check(table->blocks == number);
    fake_judge_all(table, HL_REACH_HELD);
    fake_done(connection, number);
    close(connection);
}

static void two_snapshots(struct fake *fake)
{
    fake_alloc(fake, 0, A, 100);
    take_one(fake, 1);
    take_one(fake, 2);
}

static void test_two_snapshots(void **state)
{
    fake_run(&run, two_snapshots);
    assert_exited(0);
    assert_int_equal(run.trace->n_snapshots, 2);
    assert_int_equal(run.trace->snapshots[0].blocks, 1);
    assert_int_equal(run.trace->snapshots[1].blocks, 2);
    assert_true(run.trace->snapshots[0].ns < run.trace->snapshots[1].ns);
    fake_close(&run);
}

/* Objects of Python's and ignored blocks are marked; a block that comes to an ignored one's place is another. */
static void flags(struct fake *fake)
{
    fake_write(fake, 0, FAKE_WORDS(hl_record_block(HL_RECORD_IGNORE, 0, C)));         /* it comes through the other ring */
    fake_write(fake, 0, FAKE_WORDS(hl_record_block(HL_RECORD_OBJECT, 0, A), hl_record_stack(64, 0, 0)));
    fake_alloc(fake, 0, B, 10);
    fake_alloc(fake, 1, C, 20);
    fake_alloc(fake, 1, D, 30);
    fake_write(fake, 1, FAKE_WORDS(hl_record_block(HL_RECORD_IGNORE, 0, D)));
    fake_free(fake, 1, D);
    fake_alloc(fake, 1, D, 40);
    fake_write(fake, 1, FAKE_WORDS(hl_record_block(HL_RECORD_MAP, HL_MAP_ARENA, 0x700000), hl_record_stack(0, 0, 0), 8192, 0));
    int connection = fake_hello(fake, 1, HL_SNAPSHOT_CHECK, "");
    fake_note_cut(fake, 1);
    fake_let_read(fake);
    struct hl_snapshot *table = fake_receive(connection);
    const struct hl_snapshot_mapping *mapping = (const struct hl_snapshot_mapping *)((char *)table + table->mappings_offset);
    fake_check(hl_block_flags(fake_block(table, A)) == HL_BLOCK_OBJECT);
    fake_check(hl_block_flags(fake_block(table, B)) == 0);
    fake_check(hl_block_flags(fake_block(table, C)) == HL_BLOCK_IGNORED);
    fake_check(hl_block_flags(fake_block(table, D)) == 0 && hl_block_bytes(fake_block(table, D)) == 40);
    fake_check(table->mappings == 1 && mapping->start == 0x700000 && mapping->end == 0x702000 && mapping->class == HL_MAP_ARENA);
    fake_judge_all(table, HL_REACH_HELD);
    fake_done(connection, 1);
}

static void test_flags(void **state)
{
    fake_run(&run, flags);
    assert_exited(0);
    assert_string_equal(only_snapshot()->reasons, "");
    assert_int_equal(only_snapshot()->cause, TRACE_SNAPSHOT_CHECK);
    assert_true(fake_row(&run, C)->ignored);
    assert_false(fake_row(&run, A)->ignored);
    assert_false(fake_row(&run, D)->ignored);
    fake_close(&run);
}

/* ---- ends in the midst ---- */

static enum step { AT_HELLO, AT_CUT, AT_TABLE, IN_MARKING, AFTER_DONE, STEPS } last_step;
static bool by_signal;

static void end_here(enum step step)
{
    if (step != last_step)
        return;
    if (by_signal)
        kill(getpid(), SIGKILL);
    _exit(0);
}

static void ends_at_a_step(struct fake *fake)
{
    fake_alloc(fake, 0, A, 100);
    fake_alloc(fake, 1, B, 200);
    int connection = fake_hello(fake, 1, HL_SNAPSHOT_EXIT, "");
    if (last_step == AT_HELLO)
        fake_let_read(fake);
    end_here(AT_HELLO);
    fake_note_cut(fake, 1);
    fake_free(fake, 0, B);                /* never seen by the snapshot */
    fake_let_read(fake);
    end_here(AT_CUT);
    struct hl_snapshot *table = fake_receive(connection);
    fake_check(table->blocks == 2);
    end_here(AT_TABLE);
    fake_judge_all(table, HL_REACH_LOST);
    end_here(IN_MARKING);
    fake_done(connection, 1);
    end_here(AFTER_DONE);
}

static void test_ends_at_every_step(void **state)
{
    for (int step = 0; step < STEPS; step++)
        for (int way = 0; way < 2; way++) {
            last_step = (enum step)step;
            by_signal = way;
            fake_run(&run, ends_at_a_step);
            assert_true(way ? WIFSIGNALED(run.status) : WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0);
            const struct trace_snapshot *snapshot = only_snapshot();
            assert_int_equal(run.n_rows, 2);
            assert_row(A, 100, step == AFTER_DONE ? TRACE_REACH_LOST : TRACE_REACH_UNKNOWN, 0);
            assert_row(B, 200, step == AFTER_DONE ? TRACE_REACH_LOST : TRACE_REACH_UNKNOWN, 0);
            assert_string_equal(snapshot->reasons, step == AFTER_DONE ? "" : "the process that searched the memory ended early");
            fake_close(&run);
        }
}

/* It says why it cannot go on, and closes. */
static void says_why(struct fake *fake)
{
    static const char why[] = "two threads\tcould not be stopped\nnothing more";
    fake_alloc(fake, 0, A, 100);
    int connection = fake_hello(fake, 1, HL_SNAPSHOT_EXIT, "");
    fake_note_cut(fake, 1);
    fake_let_read(fake);
    struct hl_snapshot *table = fake_receive(connection);
    memcpy(table->reasons, why, sizeof why - 1);
    table->reason_bytes = sizeof why - 1;
    table->unseen_bytes = strlen("two threads\tcould not be stopped");
}

static void test_says_why(void **state)
{
    fake_run(&run, says_why);
    assert_string_equal(only_snapshot()->unseen, "two threads?could not be stopped");
    assert_string_equal(only_snapshot()->reasons, "nothing more");
    assert_row(A, 100, TRACE_REACH_UNKNOWN, 0);
    fake_close(&run);
}

/* The process could not copy itself, and lives on: its rings are read on. */
static void gives_up(struct fake *fake)
{
    fake_alloc(fake, 0, A, 100);
    close(fake_hello(fake, 1, HL_SNAPSHOT_CALL, "given up"));
    fake_let_read(fake);
    fake_alloc(fake, 0, B, 200);
    int connection = fake_hello(fake, 1, HL_SNAPSHOT_CALL, "again");
    fake_note_cut(fake, 1);
    struct hl_snapshot *table = fake_receive(connection);
    fake_check(table->blocks == 2);
    fake_judge_all(table, HL_REACH_HELD);
    fake_done(connection, 1);
}

static void test_gives_up(void **state)
{
    fake_start(&run, gives_up);
    fake_finish(&run);
    assert_exited(0);
    assert_int_equal(run.trace->n_snapshots, 2);
    for (uint32_t i = 0; i < 2; i++) {
        bool first = strcmp(run.trace->snapshots[i].label, "given up") == 0;
        assert_int_equal(run.trace->snapshots[i].blocks, first ? 0 : 2);
        assert_string_equal(run.trace->snapshots[i].reasons, first ? "the program could not be copied, and gave the snapshot up" : "");
    }
    fake_close(&run);
}

/* A cut without a hello must not hold up the rings, nor the end. */
static void never_says_hello(struct fake *fake)
{
    fake_alloc(fake, 0, A, 100);
    fake_note_cut(fake, 1);
    fake_alloc(fake, 0, B, 200);
    fake_let_read(fake);
    fake_await_taken(fake, 1);
}

static void test_never_says_hello(void **state)
{
    fake_run(&run, never_says_hello);
    assert_exited(0);
    assert_int_equal(run.trace->n_snapshots, 0);
    assert_int_equal(run.trace->ends[0].totals.heap.allocations, 2);
    fake_close(&run);
}

/* Somebody else, or a process that was never welcomed, gets no snapshot of this one. */
static void another_says_hello(struct fake *fake)
{
    int status = 0;
    fake_alloc(fake, 0, A, 100);
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        fake_let_read(fake);
        fake_check(recv(fake_hello(fake, 1, HL_SNAPSHOT_EXIT, ""), &byte, 1, 0) <= 0);
        _exit(0);
    }
    fake_check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_another_says_hello(void **state)
{
    fake_run(&run, another_says_hello);
    assert_exited(0);
    assert_int_equal(run.trace->n_snapshots, 0);
    fake_close(&run);
}

/* The recording ends while the memory is searched. */
static void searches_for_ever(struct fake *fake)
{
    fake_alloc(fake, 0, A, 100);
    int connection = fake_hello(fake, 1, HL_SNAPSHOT_CALL, "");
    fake_note_cut(fake, 1);
    fake_let_read(fake);
    struct hl_snapshot *table = fake_receive(connection);
    fake_judge_all(table, HL_REACH_LOST);
    for (;;)
        pause();
}

static void test_abandoned(void **state)
{
    fake_start(&run, searches_for_ever);
    while (!run.collector.snapshots.all.n || atomic_load(&run.collector.snapshots.all.items[0]->state) != SNAPSHOT_SEARCH)
        collector_turn(&run.collector);
    assert_false(collector_done(&run.collector));
    kill(run.collector.root_pid, SIGKILL);
    fake_open_trace(&run);
    const char *reasons = only_snapshot()->reasons;      /* whichever comes first */
    assert_true(strcmp(reasons, "the recording was ended before the memory had been searched") == 0 ||
                strcmp(reasons, "the process that searched the memory ended early") == 0);
    assert_row(A, 100, TRACE_REACH_UNKNOWN, 0);
    fake_close(&run);
}

/* ---- lies ---- */

static enum lie { LIE_REACH, LIE_AT, LIE_ROOTS, LIE_REASON_BYTES, LIE_BLOCKS, LIE_START, LIE_SITE, LIE_NUMBER, LIE_COUNTS, LIE_OVERLAPS, LIES } lie;

static void liar(struct fake *fake)
{
    fake_alloc(fake, 0, A, 100);
    fake_alloc(fake, 0, B, 200);
    int connection = fake_hello(fake, 1, HL_SNAPSHOT_EXIT, "");
    fake_note_cut(fake, 1);
    fake_let_read(fake);
    struct hl_snapshot *table = fake_receive(connection);
    fake_judge_all(table, HL_REACH_HELD);
    switch (lie) {
    case LIE_REACH: fake_judge(table, A, (enum hl_reach)200, 0); break;
    case LIE_AT: fake_judge(table, A, HL_REACH_HELD, B + 200); break;
    case LIE_ROOTS:
        fake_root(table, 0x1000, 0x2000, HL_ROOT_STACK, 1);
        fake_root(table, 0x3000, 0x3000, HL_ROOT_STACK, 1);
        fake_root(table, 0x5000, 0x6000, (enum hl_root_kind)99, 1);
        break;
    case LIE_REASON_BYTES: table->reason_bytes = UINT32_MAX; memset(table->reasons, 'x', sizeof table->reasons); break;
    case LIE_BLOCKS: table->blocks = UINT64_MAX; table->blocks_offset = UINT64_MAX; break;
    case LIE_START: fake_block(table, A)->start = B + 8; break;
    case LIE_SITE: fake_block(table, A)->site = UINT32_MAX; break;
    case LIE_NUMBER: fake_done(connection, 2); break;
    case LIE_COUNTS: table->roots = UINT32_MAX; break;
    case LIE_OVERLAPS:
        fake_root(table, 0x1000, 0x3000, HL_ROOT_MAPPING, 0);
        fake_root(table, 0x2000, 0x2800, HL_ROOT_REGION, 0);
        fake_root(table, 0x2000, 0x4000, HL_ROOT_OTHER, 0);
        break;
    case LIES: break;
    }
    fake_done(connection, 1);
}

static void test_lies(void **state)
{
    static const char *const said[LIES] = {
        [LIE_REACH] = "1 blocks came back with an impossible result",
        [LIE_AT] = "1 blocks came back with an impossible result",
        [LIE_ROOTS] = "2 of the roots that were searched came back damaged",
        [LIE_BLOCKS] = "",
        [LIE_START] = "the table came back from the search damaged",
        [LIE_SITE] = "the table came back from the search damaged",
        [LIE_NUMBER] = "the process that searched the memory ended early",
        [LIE_OVERLAPS] = "",
    };
    for (int i = 0; i < LIES; i++) {
        lie = (enum lie)i;
        fake_run(&run, liar);
        const struct trace_snapshot *snapshot = only_snapshot();
        if (said[i])
            assert_string_equal(snapshot->reasons, said[i]);
        if (i == LIE_REASON_BYTES)
            assert_int_equal(strlen(snapshot->reasons), HL_SNAPSHOT_REASON_BYTES);
        if (i == LIE_COUNTS)
            assert_string_equal(snapshot->reasons, "4097 of the roots that were searched came back damaged");
        bool damaged = i == LIE_START || i == LIE_SITE;
        assert_int_equal(run.n_rows, damaged ? 0 : 2);
        if (!damaged && i != LIE_NUMBER) {
            assert_row(A, 100, i == LIE_REACH || i == LIE_AT ? TRACE_REACH_UNKNOWN : TRACE_REACH_HELD, 0);
            assert_row(B, 200, TRACE_REACH_HELD, 0);
        }
        for (uint32_t root = 1; root < snapshot->n_roots; root++)
            assert_true(snapshot->roots[root - 1].end <= snapshot->roots[root].start);
        if (i == LIE_OVERLAPS)
            assert_int_equal(snapshot->roots[snapshot->n_roots - 1].end, 0x4000);
        fake_close(&run);
    }
}

/* The marker keeps its mapping, and writes on after it said that it is done. */
static void writes_on(struct fake *fake)
{
    fake_alloc(fake, 0, A, 100);
    int connection = fake_hello(fake, 1, HL_SNAPSHOT_EXIT, "");
    fake_note_cut(fake, 1);
    fake_let_read(fake);
    struct hl_snapshot *table = fake_receive(connection);
    fake_judge_all(table, HL_REACH_LOST);
    fake_done(connection, 1);
    close(connection);
    for (;;)
        table->mark_ns++;
}

static void test_writes_on(void **state)
{
    fake_start(&run, writes_on);
    while (run.collector.targets.items[0]->cut_taken != 1 || run.collector.snapshots.all.n)
        collector_turn(&run.collector);
    kill(run.collector.root_pid, SIGKILL);
    fake_finish(&run);
    assert_string_equal(only_snapshot()->reasons, "");
    assert_row(A, 100, TRACE_REACH_LOST, 0);
    fake_close(&run);
}

/* ---- roots and their names ---- */

struct node { void *next; };
struct node snapshot_named[4] __attribute__((visibility("default")));

static int first_object(struct dl_phdr_info *info, size_t size, void *data)
{
    *(uint64_t *)data = info->dlpi_addr;
    return 1;
}

static void names(struct fake *fake)
{
    uint64_t words[64] = {0}, bias = 0;
    ssize_t n = readlink("/proc/self/exe", (char *)&words[1 + sizeof(struct hl_module_record) / 8], 300);
    uint64_t page = (uint64_t)snapshot_named & ~UINT64_C(4095), global = (uint64_t)snapshot_named;
    fake_check(n > 0);
    dl_iterate_phdr(first_object, &bias);
    struct hl_module_record module = {.bias = bias, .start = bias, .end = page + 0x10000};
    words[0] = hl_record_word(HL_RECORD_MODULE, (uint64_t)n);
    memcpy(words + 1, &module, sizeof module);
    fake_write(fake, 0, words, hl_record_words(words, 64));
    fake_alloc(fake, 0, A, 100);
    fake_alloc(fake, 0, B, 200);
    fake_alloc(fake, 0, C, 300);
    int connection = fake_hello(fake, 1, HL_SNAPSHOT_EXIT, "");
    fake_note_cut(fake, 1);
    fake_let_read(fake);
    struct hl_snapshot *table = fake_receive(connection);
    fake_root(table, 0x7f0000000000, 0x7f0000001000, HL_ROOT_STACK, 1000);
    fake_root(table, page, page + 0x2000, HL_ROOT_GLOBAL, 0);
    fake_judge(table, A, HL_REACH_HELD, global);
    fake_judge(table, B, HL_REACH_HELD, global + 16);
    fake_judge(table, C, HL_REACH_HELD, 0x7f0000000800);
    fake_done(connection, 1);
}

static void test_names_of_roots(void **state)
{
    fake_run(&run, names);
    assert_exited(0);
    const struct trace_snapshot *snapshot = only_snapshot();
    uint64_t global = (uint64_t)snapshot_named;
    assert_string_equal(snapshot->reasons, "");
    assert_int_equal(snapshot->n_roots, 2);
    assert_int_equal(snapshot->roots[0].kind, TRACE_ROOT_GLOBAL);
    assert_int_not_equal(snapshot->roots[0].module, TRACE_NONE);
    assert_int_equal(snapshot->roots[1].kind, TRACE_ROOT_STACK);
    assert_int_equal(run.trace->threads[snapshot->roots[1].thread].tid, 1000);
    assert_int_equal(snapshot->n_names, 2);
    assert_int_equal(snapshot->names[0].address, global);
    assert_string_equal(snapshot->names[0].name, "snapshot_named");
    assert_int_equal(snapshot->names[1].address, global + 16);
    assert_string_equal(snapshot->names[1].name, "snapshot_named+0x10");
    assert_row(C, 300, TRACE_REACH_HELD, 0x7f0000000800);
    fake_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_cut),
        cmocka_unit_test(test_two_snapshots),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_ends_at_every_step),
        cmocka_unit_test(test_says_why),
        cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_never_says_hello),
        cmocka_unit_test(test_another_says_hello),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_lies),
        cmocka_unit_test(test_writes_on),
        cmocka_unit_test(test_names_of_roots),
    };
    alarm(HANG_SECONDS);                  /* a collector that hangs is killed, and the test fails */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
