/* viewer/collect against hand-made rings of a Python process: code, objects, marks, questions; what the trace says of them. */
#include "../fuzz/drain_input.h"
#include "../../viewer/trace/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct liar liar;
static char path[64];

#define WORDS(...) (uint64_t[]){__VA_ARGS__}, sizeof (uint64_t[]){__VA_ARGS__} / sizeof(uint64_t)
#define ROOT(tid) hl_record_word(HL_RECORD_THREAD, (tid))
#define NATIVE UINT64_C(0x5000)           /* a return address in no module */

static uint64_t allocated(enum hl_record_kind kind, uint64_t address) { return hl_record_block(kind, 1, address); }
static const struct domain *heap(void) { return &liar.target->accounts.domains[DOMAIN_HEAP]; }

static void open_trace(uint32_t rings)
{
    snprintf(path, sizeof path, "/tmp/heapline-test-%d.hpl", (int)getpid());
    liar_open_at(&liar, rings, path);
    for (uint32_t i = 0; i < rings; i++)
        liar_write(&liar, i, WORDS(ROOT(100 + i)));
}

/* Ends the process and opens what was written of it. */
static struct trace *close_trace(void)
{
    struct trace_error error;
    liar_close(&liar);
    struct trace *trace = trace_open(path, &error);
    if (!trace || !trace->complete)
        fail_msg("%s", error.text);
    unlink(path);
    return trace;
}

/* Records of so many words follow, which do not wrap. */
static void make_whole(uint32_t ring, uint32_t words)
{
    uint64_t left = LIAR_RING_BYTES - liar.heads[ring] % LIAR_RING_BYTES;
    if (left >= words * 8)
        return;
    liar_write(&liar, ring, WORDS(hl_record_word(HL_RECORD_PAD, left / 8)));
    liar.heads[ring] += left - 8;
}

/* A code object whose table says: units 0 and 1 belong to `line`, 2 and 3 to the next one (HL_LINES_RANGES). `cut`: bytes that go into CODE, the
 * rest follows in CODE_MORE. */
static void write_code(uint32_t ring, uint32_t number, const char *name, const char *file, uint32_t line, size_t cut)
{
    char bytes[512] = {0};
    uint64_t words[80] = {0};
    size_t name_bytes = strlen(name), file_bytes = strlen(file), all = name_bytes + file_bytes + 4;
    memcpy(bytes, name, name_bytes);
    memcpy(bytes + name_bytes, file, file_bytes);
    memcpy(bytes + name_bytes + file_bytes, (const uint8_t[]){4, 0, 4, 1}, 4);
    if (cut > all)
        cut = all;
    words[0] = hl_record_word(HL_RECORD_CODE, number | (uint64_t)HL_LINES_RANGES << HL_PYTHON_CODE_BITS);
    words[1] = line | (uint64_t)name_bytes << 32 | (uint64_t)file_bytes << 48;
    words[2] = 4;
    words[3] = cut;
    memcpy(words + 4, bytes, cut);
    liar_write(&liar, ring, words, 4 + (cut + 7) / 8);
    if (cut == all)
        return;
    memset(words, 0, sizeof words);
    words[0] = hl_record_word(HL_RECORD_CODE_MORE, number);
    words[1] = all - cut;
    memcpy(words + 2, bytes + cut, all - cut);
    liar_write(&liar, ring, words, 2 + (all - cut + 7) / 8);
}

/* A block under the frames, given innermost first. */
static void write_block(uint32_t ring, enum hl_record_kind kind, uint64_t address, uint64_t bytes, uint32_t kept, const uint64_t *frames, uint32_t n)
{
    uint64_t words[16] = {allocated(kind, address), hl_record_stack(bytes, n, kept)};
    memcpy(words + 2, frames, n * sizeof *frames);
    liar_write(&liar, ring, words, 2 + n);
}

#define BLOCK(ring, kind, address, bytes, ...) write_block(ring, kind, address, bytes, 0, WORDS(__VA_ARGS__))
#define OBJECT(ring, address, bytes, kept, ...) write_block(ring, HL_RECORD_OBJECT, address, bytes, kept, WORDS(__VA_ARGS__))
#define FREED(ring, address) liar_write(&liar, ring, WORDS(allocated(HL_RECORD_FREE, address)))
#define PYTHON(code, unit) hl_frame_python(code, unit)

/* The only site whose stack is, innermost first, "Function:line", "native", "object" or "arena"; fails when there is not exactly one. */
static uint32_t site_of(const struct trace *trace, const char *expected)
{
    static const char *const names[] = {[TRACE_FRAME_ANONYMOUS] = "native", [TRACE_FRAME_OBJECT] = "object", [TRACE_FRAME_ARENA] = "arena"};
    uint32_t found = TRACE_NONE;
    for (uint32_t i = 0; i < trace->n_sites; i++) {
        char text[512] = "";
        for (uint32_t stack = trace->sites[i].stack; stack; stack = trace->stacks[stack].parent) {
            const struct trace_frame *frame = &trace->frames[trace->stacks[stack].frame];
            size_t used = strlen(text);
            if (used)
                text[used++] = ' ';
            if (frame->kind == TRACE_FRAME_PYTHON)
                snprintf(text + used, sizeof text - used, "%s:%d", trace->codes[frame->module].function, (int)frame->address);
            else
                snprintf(text + used, sizeof text - used, "%s", names[frame->kind] ? names[frame->kind] : "other");
        }
        if (strcmp(text, expected) != 0)
            continue;
        assert_int_equal(found, TRACE_NONE);
        found = i;
    }
    if (found == TRACE_NONE)
        fail_msg("no site '%s'", expected);
    return found;
}

static const struct trace_counts *counts_of(const struct trace *trace, const char *stack)
{
    uint32_t site = site_of(trace, stack);
    for (size_t i = 0; i < trace->ends[0].n_sites; i++)
        if (trace->ends[0].sites[i].site == site)
            return &trace->ends[0].sites[i].counts;
    fail_msg("site %u has no totals", site);
    return NULL;
}

/* Two numbers of one code are one code; frames of one line are one frame, whatever their instruction. */
static void test_codes(void **state)
{
    open_trace(1);
    write_code(0, 1, "f", "/src/a.py", 10, 1000);
    write_code(0, 2, "f", "/src/a.py", 10, 3);          /* again, in pieces */
    write_code(0, 3, "f", "/src/a.py", 30, 1000);
    write_code(0, 4, "<lambda>", "<string>", 7, 8);
    BLOCK(0, HL_RECORD_OBJECT, 0x10000, 8, PYTHON(1, 0));
    BLOCK(0, HL_RECORD_OBJECT, 0x10010, 8, PYTHON(1, 1));
    BLOCK(0, HL_RECORD_OBJECT, 0x10020, 8, PYTHON(2, 0));
    BLOCK(0, HL_RECORD_OBJECT, 0x10030, 8, PYTHON(2, 3));
    BLOCK(0, HL_RECORD_OBJECT, 0x10040, 8, PYTHON(3, 2));
    BLOCK(0, HL_RECORD_OBJECT, 0x10050, 8, PYTHON(4, HL_PYTHON_NO_INSTRUCTION));      /* it has not begun */
    BLOCK(0, HL_RECORD_OBJECT, 0x10060, 8, PYTHON(9, 0));       /* nobody said what this is */
    struct trace *trace = close_trace();
    assert_int_equal(trace->ends[0].losses.damaged_records, 0);
    assert_int_equal(trace->n_codes, 4);
    assert_int_equal(trace->n_frames, 5 + 1);                   /* f:10, f:11, f:31, lambda, unknown, and the leaf */
    assert_string_equal(trace->codes[0].file, "/src/a.py");
    assert_int_equal(trace->codes[1].first_line, 30);
    assert_string_equal(trace->codes[2].file, "<string>");
    site_of(trace, "object f:11");
    site_of(trace, "object f:31");
    site_of(trace, "object <lambda>:7");
    site_of(trace, "object [unknown code]:0");
    trace_close(trace);
}

/* A frame comes through a ring that is read before the one with its code: at the end of an epoch, and inside of a drain. */
static void test_code_in_another_ring(void **state)
{
    for (int events = 0; events < 2; events++) {
        open_trace(3);
        liar.collector.all_events = events;
        write_code(1, 5, "late", "/l.py", 1, 8);
        liar_write(&liar, 2, WORDS(hl_record_word(HL_RECORD_FORK, 1)));
        BLOCK(0, HL_RECORD_OBJECT, 0x10000, 8, NATIVE, PYTHON(5, 1));
        target_drain_lane(liar.target, 0, UINT64_MAX);
        liar.collector.epoch++;
        fold_epoch(liar.target, 50);
        assert_int_equal(liar.target->lanes[1].tail, 0);        /* looked through, not read */
        struct trace *trace = close_trace();
        site_of(trace, "object native late:1");
        trace_close(trace);
    }
}

/* File names are those that the process would open. */
static void test_relative_files(void **state)
{
    char folder[512], expected[600];
    const struct { const char *file, *absolute; } cases[] = {
        {"made/up.py", "made/up.py"}, {"./b.py", "b.py"},
        {"<frozen importlib._bootstrap>", NULL}, {"<string>", NULL}, {"/abs/c.py", NULL}, {"<odd", "<odd"},
    };
    assert_non_null(getcwd(folder, sizeof folder));
    open_trace(1);
    liar.target->pid = getpid();
    for (uint32_t i = 0; i < 6; i++) {
        write_code(0, i, "f", cases[i].file, 1, 1000);
    }
    target_drain_all(liar.target);
    liar.target->pid = 0;
    struct trace *trace = close_trace();
    assert_int_equal(trace->n_codes, 6);
    for (uint32_t i = 0; i < 6; i++) {
        snprintf(expected, sizeof expected, "%s/%s", folder, cases[i].absolute);
        assert_string_equal(trace->codes[i].file, cases[i].absolute ? expected : cases[i].file);
    }
    trace_close(trace);
}

/* A name of the greatest length and a table beyond the limit; then pieces that nobody began, and a first piece whose end never comes. */
static void test_long_and_lost_codes(void **state)
{
    uint64_t words[4 + 64] = {hl_record_word(HL_RECORD_CODE, 1), 7 | UINT64_C(0xffff) << 32, UINT64_C(1) << 40, 0};
    uint64_t sent = 0, wanted = 0xffff + CODES_TABLE_MAX;
    open_trace(1);
    liar_write(&liar, 0, words, 4);
    memset(words, 'n', sizeof words);
    words[0] = hl_record_word(HL_RECORD_CODE_MORE, 1);
    words[1] = 512;
    for (; sent < wanted; sent += 512) {
        make_whole(0, 66);
        liar_write(&liar, 0, words, 66);
        target_drain_all(liar.target);
    }
    assert_false(liar.target->lanes[0].code.open);
    assert_int_equal(liar.target->codes.numbers.n, 1);
    make_whole(0, 200);
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_CODE_MORE, 8), 3, 0));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_CODE, 2), 7 | UINT64_C(100) << 32, 0, 0));
    write_code(0, 3, "after", "/a.py", 1, 4);
    struct trace *trace = close_trace();
    assert_int_equal(trace->ends[0].losses.damaged_records, 0);
    assert_int_equal(trace->n_codes, 2);
    assert_int_equal(strlen(trace->codes[0].function), 0xffff);
    assert_string_equal(trace->codes[1].function, "after");
    trace_close(trace);
}

static void test_damaged_records(void **state)
{
    const uint64_t records[][6] = {
        {hl_record_word(HL_RECORD_CODE, 3u << HL_PYTHON_CODE_BITS), 1, 0, 0, 0, 0},     /* no such table */
        {hl_record_word(HL_RECORD_CODE, 1), 1, 0, UINT64_MAX, 0, 0},                    /* longer than any record */
        {hl_record_word(HL_RECORD_CODE_MORE, 1), UINT64_MAX / 2, 0, 0, 0, 0},
        {hl_record_word(HL_RECORD_MARK, 3 << 16 | 4), 0, 0, 0, 0, 0},                   /* no such mark */
        {hl_record_word(HL_RECORD_PYTHON, UINT64_C(4) << 32), 0, 0, 0, 0, 0},           /* no such state */
        {hl_record_block(HL_RECORD_COLLECTED, 0, 1), 0, 0, 0, 0, 0},                    /* no block stands there */
        {hl_record_block(HL_RECORD_OBJECT, 0, 1), hl_record_stack(1, 0, 0), 0, 0, 0, 0},
        {hl_record_block(HL_RECORD_OBJECT, 0, 4096), hl_record_stack(1, 0, 1), 0, 0, 0, 0},   /* keeps a frame that is not there */
    };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        liar_open(&liar, 1);
        liar_write(&liar, 0, WORDS(ROOT(100)));
        liar_write(&liar, 0, records[i], 6);
        target_drain_all(liar.target);
        assert_int_equal(liar.target->damaged, 1);
        assert_int_equal(liar.target->lanes[0].tail, liar.heads[0]);
        liar_close(&liar);
    }
}

/* Objects and native blocks of one stack are two sites, both heap; an arena is neither heap nor mapped. */
static void test_objects(void **state)
{
    open_trace(1);
    write_code(0, 1, "f", "/f.py", 1, 100);
    BLOCK(0, HL_RECORD_OBJECT, 0x10000, 100, NATIVE, PYTHON(1, 0));
    BLOCK(0, HL_RECORD_ALLOC, 0x20000, 1000, NATIVE, PYTHON(1, 0));
    BLOCK(0, HL_RECORD_OBJECT, 0x30000, 10, NATIVE, PYTHON(1, 0));
    liar_write(&liar, 0, WORDS(allocated(HL_RECORD_COLLECTED, 0x10000), allocated(HL_RECORD_FREE, 0x20000), allocated(HL_RECORD_FREE, 0x30000)));
    liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_MAP, HL_MAP_ARENA, 0x40000000), hl_record_stack(0, 0, 2), 0x100000, 0));
    liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_MAP, HL_MAP_ARENA, 0x50000000), hl_record_stack(0, 0, 2), 0x100000, 1));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_UNMAP, 0x40000000), 0x100000, 2));
    target_drain_all(liar.target);
    assert_int_equal(heap()->peak_bytes, 1110);
    assert_int_equal(heap()->live_bytes, 0);
    assert_int_equal(liar.target->accounts.domains[DOMAIN_APART].live_bytes, 0x100000);
    assert_int_equal(liar.target->accounts.domains[DOMAIN_MAPPED].live_bytes, 0);
    struct trace *trace = close_trace();
    const struct trace_counts *objects = counts_of(trace, "object native f:1"), *natives = counts_of(trace, "native f:1");
    assert_int_equal(objects->allocated_bytes, 110);
    assert_int_equal(objects->freed_bytes, 110);
    assert_int_equal(objects->collected, 1);
    assert_int_equal(objects->collected_bytes, 100);
    assert_int_equal(natives->allocated_bytes, 1000);
    assert_int_equal(natives->collected, 0);
    assert_int_equal(counts_of(trace, "arena native f:1")->allocations, 2);
    assert_int_equal(trace->ends[0].totals.heap.allocated_bytes, 1110);
    assert_int_equal(trace->ends[0].totals.heap.collected_bytes, 100);
    trace_close(trace);
}

/* The collector's free is read before the allocation, from another ring. */
static void test_collected_before_it_came(void **state)
{
    open_trace(2);
    liar_write(&liar, 0, WORDS(allocated(HL_RECORD_COLLECTED, 0x10000)));
    target_drain_all(liar.target);
    BLOCK(1, HL_RECORD_OBJECT, 0x10000, 40, NATIVE);
    BLOCK(1, HL_RECORD_OBJECT, 0x20000, 60, NATIVE);
    struct trace *trace = close_trace();
    assert_int_equal(counts_of(trace, "object native")->collected_bytes, 40);
    assert_int_equal(counts_of(trace, "object native")->freed_bytes, 40);
    assert_int_equal(trace->ends[0].losses.unmatched_frees, 0);
    trace_close(trace);
}

/* Counted only when the block moved: by the bytes that both have, on the new one's site; large blocks too. */
static void test_moved(void **state)
{
    uint64_t huge = UINT64_C(1) << HL_RECORD_SIZE_BITS;
    open_trace(1);
    BLOCK(0, HL_RECORD_OBJECT, 0x10000, 100, NATIVE);
    liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_REALLOC, 1, 0x10000)));
    liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_OBJECT, 2, 0x10000), hl_record_stack(200, 1, 0), NATIVE + 1));      /* grew where it stood */
    liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_REALLOC, 2, 0x10000)));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_SIZE_HIGH, 1), allocated(HL_RECORD_OBJECT, 0x20000), hl_record_stack(0, 0, 1)));
    liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_REALLOC, 1, 0x20000)));
    liar_write(&liar, 0, WORDS(allocated(HL_RECORD_ALLOC, 0x30000), hl_record_stack(50, 0, 1)));
    liar_write(&liar, 0, WORDS(allocated(HL_RECORD_ALLOC, 0x40000), hl_record_stack(70, 0, 1)));                             /* no realloc */
    target_drain_all(liar.target);
    assert_int_equal(heap()->live_bytes, 120);
    assert_int_equal(heap()->peak_bytes, huge);
    struct trace *trace = close_trace();
    const struct trace_totals *totals = &trace->ends[0].totals;
    assert_int_equal(totals->heap.moved, 2);
    assert_int_equal(totals->heap.moved_bytes, 200 + 50);
    trace_close(trace);
}

struct mark_sums {
    struct trace *trace;
    uint64_t at_mark[2];                  /* bytes allocated in epochs up to the mark */
};

static bool sum_epochs(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n)
{
    struct mark_sums *sums = context;
    assert_true(epoch->start_ns <= epoch->end_ns);
    for (size_t i = 0; i < n; i++)
        for (int mark = 0; mark < 2; mark++)
            if (epoch->end_ns <= sums->trace->marks[mark * 2].ns)
                sums->at_mark[mark] += deltas[i].counts.allocated_bytes;
    return true;
}

/* Epochs end at marks: what was before in any ring is on one side, what comes behind on the other. Marks with nothing between are one moment. */
static void test_marks(void **state)
{
    open_trace(2);
    uint64_t label = UINT64_C(0x64616f6c);                      /* "load" */
    BLOCK(0, HL_RECORD_ALLOC, 0x10000, 1, NATIVE);
    BLOCK(1, HL_RECORD_ALLOC, 0x20000, 10, NATIVE);
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_MARK, (uint64_t)HL_MARK_BEGIN << 16 | 4), label));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_MARK, (uint64_t)HL_MARK_POINT << 16), hl_record_word(HL_RECORD_TIME, 500)));
    BLOCK(0, HL_RECORD_ALLOC, 0x30000, 100, NATIVE);
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_MARK, (uint64_t)HL_MARK_END << 16 | 4), label));
    BLOCK(0, HL_RECORD_ALLOC, 0x40000, 1000, NATIVE);
    target_drain_all(liar.target);
    struct trace *trace = close_trace();
    struct trace_error error;
    struct mark_sums sums = {.trace = trace};
    assert_int_equal(trace->n_marks, 3);
    assert_string_equal(trace->marks[0].label, "load");
    assert_int_equal(trace->marks[0].kind, TRACE_MARK_BEGIN);
    assert_string_equal(trace->marks[1].label, "");
    assert_int_equal(trace->marks[1].ns, trace->marks[0].ns);
    assert_int_equal(trace->marks[2].kind, TRACE_MARK_END);
    assert_int_equal(trace->marks[2].ns, 500);
    assert_int_equal(trace->threads[trace->marks[2].thread].tid, 100);
    assert_int_equal(trace_each_epoch(trace, sum_epochs, &sums, &error), 0);
    assert_int_equal(sums.at_mark[0], 11);
    assert_int_equal(sums.at_mark[1], 111);
    assert_int_equal(trace->ends[0].totals.heap.allocated_bytes, 1111);
    trace_close(trace);
}

/* The answer counts what other threads did before, and comes while the ring is still being read. */
static void test_query(void **state)
{
    open_trace(2);
    struct hl_ring_head *head = &liar.target->segment->heads[0];
    BLOCK(0, HL_RECORD_OBJECT, 0x10000, 1, NATIVE);
    BLOCK(1, HL_RECORD_ALLOC, 0x20000, 10, NATIVE);
    BLOCK(1, HL_RECORD_ALLOC, 0x30000, 100, NATIVE);
    liar_write(&liar, 1, WORDS(allocated(HL_RECORD_FREE, 0x20000)));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_QUERY, 7)));
    target_drain_lane(liar.target, 0, UINT64_MAX);
    assert_int_equal(atomic_load(&head->answer), 7);
    assert_int_equal(atomic_load(&head->answer_bytes), 101);
    assert_int_equal(atomic_load(&head->answer_peak), 111);
    trace_close(close_trace());
}

#define QUERY(number, flags) hl_record_word(HL_RECORD_QUERY, (uint64_t)(flags) << 32 | (number))

static void assert_window(uint64_t peak, uint64_t bytes, uint64_t allocations, uint64_t left_bytes, uint64_t left_blocks)
{
    const uint64_t expected[HL_WINDOW_FIGURES] = {peak, bytes, allocations, left_bytes, left_blocks};
    for (size_t i = 0; i < HL_WINDOW_FIGURES; i++)
        assert_int_equal(atomic_load(&liar.target->segment->heads[0].answer_window[i]), expected[i]);
}

/* Windows follow one another within one epoch of time: each knows its own blocks, and the peak of its own. */
static void test_window(void **state)
{
    open_trace(2);
    BLOCK(0, HL_RECORD_ALLOC, 0x10000, 5000, NATIVE);
    FREED(0, 0x10000);
    BLOCK(0, HL_RECORD_ALLOC, 0x20000, 1000, NATIVE);
    BLOCK(1, HL_RECORD_OBJECT, 0x30000, 10, NATIVE);
    liar_write(&liar, 0, WORDS(QUERY(1, HL_QUERY_WINDOW | HL_QUERY_ANEW)));
    target_drain_lane(liar.target, 0, UINT64_MAX);
    assert_window(5000, 6010, 3, 1010, 2);
    BLOCK(0, HL_RECORD_ALLOC, 0x40000, 300, NATIVE);
    FREED(0, 0x20000);
    BLOCK(1, HL_RECORD_OBJECT, 0x50000, 50, NATIVE);
    FREED(1, 0x50000);
    liar_write(&liar, 0, WORDS(QUERY(2, HL_QUERY_WINDOW)));
    target_drain_lane(liar.target, 0, UINT64_MAX);
    assert_window(1310, 350, 2, 300, 1);
    liar_write(&liar, 0, WORDS(QUERY(3, HL_QUERY_WINDOW | HL_QUERY_ANEW)));
    liar_write(&liar, 0, WORDS(QUERY(4, HL_QUERY_WINDOW)));
    target_drain_lane(liar.target, 0, UINT64_MAX);
    assert_window(310, 0, 0, 0, 0);
    assert_int_equal(atomic_load(&liar.target->segment->heads[0].answer_peak), 5000);
    trace_close(close_trace());
}

/* What the interpreter said last counts; a forked child says nothing and is the same. */
static void test_python(void **state)
{
    uint64_t text[2] = {0};
    memcpy(text, "no layout", 9);
    open_trace(1);
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_PYTHON, 0x030b07f0)));
    uint64_t said = 0x030b07f0 | (uint64_t)HL_PYTHON_OBJECTS_ONLY << 32 | UINT64_C(9) << 40;
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_PYTHON, said), text[0], text[1]));
    struct trace *trace = close_trace();
    assert_int_equal(trace->n_pythons, 1);
    assert_int_equal(trace->pythons[0].version, 0x030b07f0);
    assert_int_equal(trace->pythons[0].state, TRACE_PYTHON_OBJECTS_ONLY);
    assert_string_equal(trace->pythons[0].reason, "no layout");
    trace_close(trace);
}

/* A child knows its parent's codes; the ones that it announces itself replace them; and it may free what was live. */
static void test_fork(void **state)
{
    open_trace(1);
    write_code(0, 1, "parent", "/p.py", 1, 100);
    write_code(0, 2, "other", "/p.py", 5, 100);
    BLOCK(0, HL_RECORD_OBJECT, 0x10000, 8, PYTHON(1, 0));
    target_drain_all(liar.target);
    target_settle(liar.target, false);
    struct target *parent = liar.target, *child = liar_child(&liar);
    target_inherit(child, parent, &parent->live);
    uint64_t *mine = map_put(&child->codes.numbers, 2, NULL);
    uint32_t before = codes_find(parent, 2);
    *mine = *map_get(&parent->codes.numbers, 1);
    assert_int_equal(codes_find(parent, 2), before);
    assert_int_equal(codes_find(child, 2), codes_find(child, 1));
    assert_int_equal(codes_resolve(child, PYTHON(1, 3)).line, 2);
    assert_int_equal(child->accounts.domains[DOMAIN_HEAP].live_bytes, 8);
    liar_end_child(child);
    trace_close(close_trace());
}

/* How often blocks were counted as transient at a stack, and their bytes; the site may have none. */
static void expect_transient(const struct trace *trace, const char *stack, uint64_t n, uint64_t bytes)
{
    const struct trace_counts *counts = counts_of(trace, stack);
    assert_int_equal(counts->transient, n);
    assert_int_equal(counts->transient_bytes, bytes);
}

/* f calls g. Code 1 and 2: units 0 and 1 are on the first line, 2 and 3 on the next. Each block is freed by the ring that allocated it. */
static void test_transient(void **state)
{
    open_trace(2);
    write_code(0, 1, "f", "/f.py", 1, 100);
    write_code(0, 2, "g", "/f.py", 10, 100);
    OBJECT(0, 0x10000, 1, 0, NATIVE, PYTHON(1, 0));
    OBJECT(0, 0x20000, 10, 0, NATIVE + 1, PYTHON(1, 1));                /* another instruction of the line */
    FREED(0, 0x10000);                                                  /* 1 at f:1 */
    OBJECT(0, 0x10000, 100, 0, NATIVE + 1, PYTHON(1, 2));
    FREED(0, 0x20000);                                                  /* f left the line */
    OBJECT(0, 0x20000, 1000, 1, NATIVE, PYTHON(2, 0));
    FREED(0, 0x20000);                                                  /* 1000 at g:10 f:2 */
    OBJECT(0, 0x20000, 10000, 1, NATIVE, PYTHON(2, 0));
    OBJECT(0, 0x30000, 100000, 2, NATIVE);                              /* g stays */
    FREED(0, 0x20000);                                                  /* 10000 at g:10 f:2 */
    OBJECT(0, 0x40000, 1000000, 1, NATIVE);                             /* g returned */
    FREED(0, 0x30000);                                                  /* 100000 at f:2 */
    OBJECT(0, 0x50000, 10000000, 1, NATIVE, PYTHON(2, 0));              /* and again */
    FREED(0, 0x40000);                                                  /* 1000000 at f:2: was no part of g */
    FREED(0, 0x10000);                                                  /* 100 at f:2 */
    OBJECT(1, 0x60000, 5, 0, NATIVE, PYTHON(1, 3));                     /* another thread stands on the same lines */
    FREED(1, 0x50000);
    FREED(0, 0x60000);
    OBJECT(1, 0x70000, 5, 0, NATIVE);                                   /* no Python at all */
    FREED(1, 0x70000);
    target_drain_all(liar.target);
    target_settle(liar.target, false);
    assert_int_equal(heap()->live_bytes, 0);
    struct trace *trace = close_trace();
    expect_transient(trace, "f:1", 1, 1);
    expect_transient(trace, "g:10 f:2", 2, 11000);
    expect_transient(trace, "f:2", 3, 1100100);
    assert_int_equal(trace->ends[0].totals.heap.transient, 6);
    trace_close(trace);
}

/* A patch puts an outer frame on another line or another instruction of its line: what is further in begins anew, also when it looks the same. */
static void test_transient_patches(void **state)
{
    open_trace(1);
    write_code(0, 1, "f", "/f.py", 1, 100);
    write_code(0, 2, "g", "/f.py", 10, 100);
    OBJECT(0, 0x10000, 1, 0, NATIVE, PYTHON(2, 0), PYTHON(1, 0));
    liar_write(&liar, 0, WORDS(allocated(HL_RECORD_OBJECT, 0x20000), hl_record_stack_patched(10, 1, 1, 2), NATIVE, hl_record_patch(0, PYTHON(1, 1))));
    FREED(0, 0x10000);                                                  /* at f:1 */
    liar_write(&liar, 0, WORDS(allocated(HL_RECORD_OBJECT, 0x30000), hl_record_stack_patched(100, 1, 0, 3), hl_record_patch(0, PYTHON(1, 2))));
    FREED(0, 0x20000);                                                  /* nowhere */
    FREED(0, 0x30000);                                                  /* at g:10 f:2 */
    struct trace *trace = close_trace();
    expect_transient(trace, "f:1", 1, 1);
    expect_transient(trace, "g:10 f:2", 1, 100);
    assert_int_equal(trace->ends[0].totals.heap.transient, 2);
    trace_close(trace);
}

/* The clock of stacks wraps, and frames that stay for longer than half of its range are still there. */
static void test_transient_wraps(void **state)
{
    open_trace(1);
    write_code(0, 1, "f", "/f.py", 1, 100);
    OBJECT(0, 0x10000, 1, 0, NATIVE, PYTHON(1, 0));
    target_drain_all(liar.target);
    struct lane *lane = &liar.target->lanes[0];
    for (uint64_t i = 1; i <= 5; i++) {                                 /* five quarters of the range */
        lane->clock = (uint32_t)(i << 30) - 2;
        for (int k = 0; k < 4; k++)
            OBJECT(0, 0x20000 + i * 0x100 + (uint64_t)k * 16, 10, 1, NATIVE);
        target_drain_all(liar.target);
        FREED(0, 0x20000 + i * 0x100);
    }
    struct trace *trace = close_trace();
    expect_transient(trace, "f:1", 5, 50);
    trace_close(trace);
}

static const struct trace_line *line_of(const struct trace *trace, const char *function, uint32_t line)
{
    for (uint32_t i = 0; i < trace->n_lines; i++)
        if (trace->lines[i].line == line && strcmp(trace->codes[trace->lines[i].code].function, function) == 0)
            return &trace->lines[i];
    fail_msg("no line %s:%u", function, line);
    return NULL;
}

/* f calls itself and h; the library sends the stack before each free. Each event counts once for each line of f that frames stand on. */
static void test_watch(void **state)
{
    open_trace(1);
    write_code(0, 1, "f", "/f.py", 1, 100);
    write_code(0, 2, "h", "/f.py", 10, 100);
    OBJECT(0, 0x10000, 1, 0, NATIVE, PYTHON(1, 0));                     /* not watched yet */
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_WATCH, 1), hl_record_word(HL_RECORD_WATCH, 1)));
    OBJECT(0, 0x20000, 10, 2, NATIVE);                                  /* f was there when that began */
    OBJECT(0, 0x30000, 100, 0, NATIVE, PYTHON(1, 0), PYTHON(1, 1), PYTHON(1, 2), NATIVE);     /* f:2, f:1, f:1 */
    OBJECT(0, 0x40000, 1000, 2, NATIVE, PYTHON(2, 0));                  /* f:2, h */
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_FRAMES, 0), hl_record_stack(0, 1, 0), PYTHON(1, 3)));
    FREED(0, 0x30000);                                                  /* f:2 */
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_FRAMES, 0), hl_record_stack(0, 0, 0)));
    FREED(0, 0x40000);                                                  /* nobody */
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_EXECUTED, 1), 2 | UINT64_C(3) << 32));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_EXECUTED, 1), 2 | UINT64_C(4) << 32));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_EXECUTED, 1), 7 | UINT64_C(1) << 32));
    struct trace *trace = close_trace();
    assert_int_equal(trace->n_lines, 3);
    assert_int_equal(line_of(trace, "f", 1)->increment_bytes, 10 + 100);
    assert_int_equal(line_of(trace, "f", 1)->live_bytes, 111);
    assert_int_equal(line_of(trace, "f", 2)->increment_bytes, 100 + 1000 - 100);
    assert_int_equal(line_of(trace, "f", 2)->live_bytes, 1011);
    assert_int_equal(line_of(trace, "f", 2)->executed, 7);
    assert_int_equal(line_of(trace, "f", 1)->executed, 0);
    assert_int_equal(line_of(trace, "f", 7)->executed, 1);
    trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_code_in_another_ring),
        cmocka_unit_test(test_relative_files),
        cmocka_unit_test(test_long_and_lost_codes),
        cmocka_unit_test(test_damaged_records),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_collected_before_it_came),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_python),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_transient),
        cmocka_unit_test(test_transient_patches),
        cmocka_unit_test(test_transient_wraps),
        cmocka_unit_test(test_watch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
