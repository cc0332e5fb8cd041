/* Snapshots in the trace file: what goes in comes out, whatever the pieces; of a cut file what came before stays, and the rest is
 * missed aloud. */
#include "test_trace_sample.h"

#include "../../viewer/trace/columns.h"
#include "../../viewer/trace/format.h"

#include <errno.h>

#define N_ROWS 100000u                    /* more than one record takes */

static const struct trace_snapshot no_blocks = {.process = 0, .cause = TRACE_SNAPSHOT_CALL, .label = "", .reasons = ""};

struct heap {
    struct trace_snapshot_block *blocks;
    size_t n;
};

static uint64_t random_at(uint64_t *random, const struct trace_snapshot_block *block, size_t i)
{
    switch (sample_random(random) % 7) {
    case 0: return 0;
    case 1: return 0x7ff000000000 + 8 * i;
    case 2: return i ? block[-1].address + 8 : 8;
    case 3: return sample_random(random);
    case 4: return UINT64_MAX - sample_random(random) % 8;
    default: return i ? block[-1].at + 8 * (sample_random(random) % 5) : 1;
    }
}

/* Any bytes and any distance, in order and disjoint; runs of blocks as glibc would place them between. */
static struct heap random_heap(uint64_t *random, size_t n)
{
    struct heap heap = {calloc(n + 1, sizeof *heap.blocks), n};
    uint64_t address = 1 + sample_random(random) % 100;
    assert_non_null(heap.blocks);
    for (size_t i = 0; i < n; i++) {
        struct trace_snapshot_block *block = &heap.blocks[i];
        uint64_t wide = sample_random(random) % 50;
        block->address = address;
        block->bytes = wide ? sample_random(random) % 200 : sample_random(random) >> 24;
        block->site = (uint32_t)(sample_random(random) % SAMPLE_SITES);
        block->born_ns = wide == 1 ? sample_random(random) : sample_random(random) % 9 * 1000003;
        block->reach = (enum trace_reach)(sample_random(random) % TRACE_REACHES);
        block->ignored = !(sample_random(random) % 10);
        block->at = random_at(random, block, i);
        address += block->bytes ? block->bytes : 1;
        if (wide % 3)
            address = (address + 8 + 15) & ~UINT64_C(15);
        else
            address += sample_random(random) % 100;
    }
    return heap;
}

static void assert_same_block(const struct trace_snapshot_block *a, const struct trace_snapshot_block *b)
{
    assert_true(a->address == b->address && a->bytes == b->bytes && a->site == b->site && a->born_ns == b->born_ns);
    assert_true(a->reach == b->reach && a->ignored == b->ignored && a->at == b->at);
}

/* By hand from docs/format.md: writer and reader share what they expect, and must not change it together. */
static void test_forms(void **state)
{
    (void)state;
    static const uint8_t record[] = {
        2, 9, 3,                           /* snapshot, first row, rows */
        4 + 48 + 64, 4 + 16, 1 + 8 + 32,   /* held, plain at, plain address; held, at by the row; lost, ignored, at by the block */
        3, 2, 1, 8, 40, 0,                 /* sites, bytes */
        16, 2, 0,                          /* 16; 16 + max(32, 16) + 8; 56 + 48 */
        2, 5, 7, 1, 0, 1,                  /* two times, 5 and 12 */
        123, 3, 23,                        /* 123; 123 - 2 * 8; 104 - 12 * 8 */
    };
    static const struct trace_snapshot_block expected[] = {
        {16, 8, 3, 12, TRACE_REACH_HELD, false, 123},
        {56, 40, 2, 5, TRACE_REACH_HELD, false, 107},
        {104, 0, 1, 12, TRACE_REACH_LOST, true, 8},
    };
    struct cursor in = {record, record + sizeof record, false};
    struct trace_snapshot_block blocks[3];
    struct columns columns = {0};
    struct buffer out = {0};
    uint32_t snapshot, rows;
    uint64_t first;
    columns_get_snapshot_blocks_head(&in, &snapshot, &first, &rows);
    assert_true(snapshot == 2 && first == 9 && rows == 3);
    columns_get_snapshot_blocks(&columns, &in, blocks, 3);
    assert_false(in.bad || in.at != in.end);
    for (uint32_t i = 0; i < 3; i++)
        assert_same_block(&blocks[i], &expected[i]);
    columns_put_snapshot_blocks(&columns, &out, 2, 9, expected, 3);
    assert_int_equal(out.len, sizeof record);
    assert_memory_equal(out.data, record, sizeof record);
    buffer_release(&out);
    columns_release(&columns);
}

struct reading {
    const struct heap *heap;
    size_t n, stop_after;
};

static bool read_blocks(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    struct reading *reading = context;
    assert_true(n > 0 && reading->n + n <= reading->heap->n);
    for (size_t i = 0; i < n; i++)
        assert_same_block(&blocks[i], &reading->heap->blocks[reading->n++]);
    return !reading->stop_after || reading->n < reading->stop_after;
}

static size_t rows_of(struct trace *trace, uint32_t snapshot, const struct heap *heap, size_t stop_after)
{
    struct reading reading = {.heap = heap, .stop_after = stop_after};
    struct trace_error error = {""};
    assert_int_equal(trace_each_snapshot_block(trace, snapshot, read_blocks, &reading, &error), 0);
    assert_string_equal(error.text, "");
    return reading.n;
}

static void write_in_pieces(struct trace_writer *writer, uint32_t id, const struct heap *heap, uint64_t *random, size_t most)
{
    for (size_t done = 0; done < heap->n;) {
        size_t n = sample_random(random) % most;
        n = n < heap->n - done ? n : heap->n - done;
        trace_write_snapshot_blocks(writer, id, heap->blocks + done, n);
        done += n;
        struct trace_mark mark = {0, 0, done, TRACE_MARK_POINT, "between"};
        if (!(sample_random(random) % 4))
            trace_write_mark(writer, &mark);
        if (!(sample_random(random) % 64))
            assert_int_equal(trace_writer_flush(writer), 0);
    }
}

static void test_blocks(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, N_ROWS, 777, 0, 40000};
    static const uint64_t times[] = {30, 10, 10, 40, 20, 50, 60};              /* snapshot 4 is of the time between 1, 2 and 0 */
    static const uint32_t order[] = {1, 2, 4, 0, 3, 5, 6};                     /* by time, then as they stand in the file */
    uint64_t random = 1234567;
    char *path = sample_path("snapshots");
    struct trace_writer *writer = sample_create(path);
    sample_tables(writer);
    struct heap heaps[7];
    for (uint32_t i = 0; i < 7; i++) {
        heaps[i] = random_heap(&random, sizes[i]);
        struct trace_snapshot snapshot = no_blocks;
        snapshot.ns = times[i];
        snapshot.blocks = sizes[i];
        assert_int_equal(trace_write_snapshot(writer, &snapshot), i);
        write_in_pieces(writer, i, &heaps[i], &random, i == 3 ? 3000 : 70000);
    }
    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_snapshots, 7);
    for (uint32_t i = 0; i < 7; i++) {
        const struct heap *heap = &heaps[order[i]];
        assert_int_equal(trace->snapshots[i].ns, times[order[i]]);
        assert_int_equal(trace->snapshots[i].blocks, heap->n);
        assert_string_equal(trace->snapshots[i].reasons, "");
        assert_int_equal(rows_of(trace, i, heap, 0), heap->n);
        if (heap->n > 1)
            assert_true(rows_of(trace, i, heap, 1) <= 65536);              /* one record, then it stops */
    }
    struct trace_error error;
    assert_int_equal(trace_each_snapshot_block(trace, 7, read_blocks, NULL, &error), -EINVAL);
    assert_non_null(strstr(error.text, "has no snapshot 7"));
    for (uint32_t i = 0; i < 7; i++)
        free(heaps[i].blocks);
    sample_done(trace, path);
}

/* The file before the chunk of a snapshot's blocks with number `n`, counted from 0. */
static size_t offset_of_blocks(const uint8_t *bytes, size_t n)
{
    size_t at = FORMAT_HEADER_BYTES;
    for (size_t seen = 0; bytes[at + 4] != FORMAT_SNAPSHOTS || seen++ < n;)
        at += FORMAT_CHUNK_HEADER_BYTES + format_get32(bytes + at + 8);
    return at;
}

/* Two snapshots; the file ends somewhere in the blocks of the second. The first is whole, the second says what it lacks. */
static void test_cut_blocks(void **state)
{
    (void)state;
    uint64_t random = 4711;
    char *path = sample_path("cut");
    struct trace_writer *writer = sample_create(path);
    sample_tables(writer);
    struct heap heaps[] = {random_heap(&random, 50), random_heap(&random, 140000)};
    for (uint32_t i = 0; i < 2; i++) {
        struct trace_snapshot snapshot = no_blocks;
        snapshot.ns = 5 + i;
        snapshot.blocks = heaps[i].n;
        snapshot.reasons = i ? "" : "of its own";
        trace_write_snapshot_blocks(writer, trace_write_snapshot(writer, &snapshot), heaps[i].blocks, heaps[i].n);
        assert_int_equal(trace_writer_flush(writer), 0);
    }
    assert_int_equal(trace_writer_close(writer), 0);
    size_t n;
    uint8_t *bytes = sample_read_file(path, &n);
    static const size_t rows[] = {0, 65536, 131072};                          /* of the second, before its chunks 0, 1 and 2 */
    for (size_t i = 0; i < 3; i++) {
        struct trace_error error;
        char reasons[100];
        struct trace *trace = trace_open_memory(bytes, offset_of_blocks(bytes, i + 1) + 100, &error);
        assert_non_null(trace);
        assert_false(trace->complete);
        assert_int_equal(trace->n_snapshots, 2);
        assert_string_equal(trace->snapshots[0].reasons, "of its own");
        assert_int_equal(rows_of(trace, 0, &heaps[0], 0), 50);
        snprintf(reasons, sizeof reasons, "the trace was cut before all its blocks were written: %zu of 140000 are there", rows[i]);
        assert_string_equal(trace->snapshots[1].reasons, reasons);
        assert_int_equal(rows_of(trace, 1, &heaps[1], 0), rows[i]);
        trace_close(trace);
    }
    bytes[offset_of_blocks(bytes, 2) + 200] ^= 1;                              /* damaged: rows before are given, then it fails */
    struct trace_error error;
    struct reading reading = {.heap = &heaps[1]};
    struct trace *trace = trace_open_memory(bytes, n, &error);
    assert_non_null(trace);
    assert_string_equal(trace->snapshots[1].reasons, "");
    assert_int_equal(trace_each_snapshot_block(trace, 1, read_blocks, &reading, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "wrong checksum"));
    assert_int_equal(reading.n, 65536);
    trace_close(trace);
    bytes[offset_of_blocks(bytes, 2) + 200] ^= 1;
    bytes[offset_of_blocks(bytes, 0) + 100] ^= 1;                              /* by its times the index tells whose damage it is */
    trace = trace_open_memory(bytes, n, &error);
    assert_non_null(trace);
    assert_int_equal(rows_of(trace, 1, &heaps[1], 0), 140000);
    assert_int_equal(trace_each_snapshot_block(trace, 0, read_blocks, &reading, &error), -EBADMSG);
    trace_close(trace);
    free(bytes);
    free(heaps[0].blocks);
    free(heaps[1].blocks);
    unlink(path);
    free(path);
}

/* A file that is whole and lacks blocks was not written by us, or wrongly: never a silent nothing. */
static void test_missing_blocks(void **state)
{
    (void)state;
    uint64_t random = 99;
    char *path = sample_path("missing");
    struct trace_writer *writer = sample_create(path);
    sample_tables(writer);
    struct heap heap = random_heap(&random, 2);
    struct trace_snapshot snapshot = no_blocks;
    snapshot.blocks = 3;
    trace_write_snapshot_blocks(writer, trace_write_snapshot(writer, &snapshot), heap.blocks, 2);
    struct trace *trace = sample_reopen(writer, path);
    struct trace_error error;
    struct reading reading = {.heap = &heap};
    assert_int_equal(trace_each_snapshot_block(trace, 0, read_blocks, &reading, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "of snapshot 0 only 2 of 3 blocks are there"));
    free(heap.blocks);
    sample_done(trace, path);
}

static void assert_root(const struct trace_root *root, enum trace_root_kind kind, uint64_t start, uint64_t end)
{
    assert_int_equal(root->kind, kind);
    assert_true(root->start == start && root->end == end);
}

static void test_heads(void **state)
{
    (void)state;
    struct trace_root roots[] = {
        {TRACE_ROOT_STACK, 0x7ffe0000, 0x7fff0000, 1, TRACE_NONE, 0},
        {TRACE_ROOT_GLOBAL, 0x4000, 0x5000, TRACE_NONE, 0, UINT64_MAX - 15},
        {TRACE_ROOT_MAPPING, 0x4800, 0x6000, TRACE_NONE, TRACE_NONE, 0},       /* its first half is the one before */
        {TRACE_ROOT_REGION, 0x4900, 0x5000, TRACE_NONE, TRACE_NONE, 0},        /* all of it */
        {TRACE_ROOT_OTHER, 0x80000000, UINT64_MAX, TRACE_NONE, TRACE_NONE, 0},
        {TRACE_ROOT_REGISTERS, 0x6000, 0x6000, 0, TRACE_NONE, 0},              /* none of it */
    };
    struct trace_root_name names[] = {{0x4010, "servers"}, {0x4008, "pool+0x40"}, {UINT64_MAX, ""}};
    struct trace_snapshot full = {
        .process = 1, .cause = TRACE_SNAPSHOT_CHECK, .label = "after \"load\"", .ns = 77, .stopped_ns = UINT64_MAX, .fork_ns = 2,
        .mark_ns = 3, .scanned_bytes = 4, .threads = 500, .missed_threads = UINT32_MAX, .reasons = "one\ntwo", .unseen = "three",
        .roots = roots, .n_roots = 6, .names = names, .n_names = 3,
    };
    char *path = sample_path("heads");
    struct trace_writer *writer = sample_create(path);
    sample_tables(writer);
    struct trace_snapshot bare = no_blocks;
    trace_write_snapshot(writer, &bare);
    assert_int_equal(trace_write_snapshot(writer, &full), 1);
    bare.ns = 90;
    trace_write_snapshot(writer, &bare);

    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_snapshots, 3);
    const struct trace_snapshot *read = &trace->snapshots[1];
    assert_true(read->process == 1 && read->cause == TRACE_SNAPSHOT_CHECK && read->ns == 77 && read->stopped_ns == UINT64_MAX);
    assert_true(read->fork_ns == 2 && read->mark_ns == 3 && read->scanned_bytes == 4 && read->blocks == 0);
    assert_true(read->threads == 500 && read->missed_threads == UINT32_MAX);
    assert_string_equal(read->label, "after \"load\"");
    assert_string_equal(read->reasons, "one\ntwo");
    assert_string_equal(read->unseen, "three");
    assert_int_equal(read->n_roots, 4);
    assert_root(&read->roots[0], TRACE_ROOT_GLOBAL, 0x4000, 0x5000);
    assert_true(read->roots[0].module == 0 && read->roots[0].thread == TRACE_NONE && read->roots[0].bias == UINT64_MAX - 15);
    assert_root(&read->roots[1], TRACE_ROOT_MAPPING, 0x5000, 0x6000);
    assert_root(&read->roots[2], TRACE_ROOT_STACK, 0x7ffe0000, 0x7fff0000);
    assert_true(read->roots[2].thread == 1 && read->roots[2].module == TRACE_NONE && read->roots[2].bias == 0);
    assert_root(&read->roots[3], TRACE_ROOT_OTHER, 0x80000000, UINT64_MAX);
    assert_int_equal(read->n_names, 3);
    assert_true(read->names[0].address == 0x4008 && read->names[1].address == 0x4010 && read->names[2].address == UINT64_MAX);
    assert_string_equal(read->names[0].name, "pool+0x40");
    assert_string_equal(read->names[1].name, "servers");
    assert_string_equal(read->names[2].name, "");
    sample_done(trace, path);
}

/* More roots and names than one record takes, more names than one chunk; then the file without its last chunk of tables. */
static void test_many_roots(void **state)
{
    (void)state;
    enum { MANY = 70000 };
    struct trace_root *roots = calloc(MANY, sizeof *roots);
    struct trace_root_name *names = calloc(MANY, sizeof *names);
    char (*texts)[16] = calloc(MANY, sizeof *texts), *path = sample_path("roots");
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "root %u", i);
        uint64_t start = 4096 * (uint64_t)i;
        roots[MANY - 1 - i] = (struct trace_root){TRACE_ROOT_MAPPING, start, start + 1000, TRACE_NONE, TRACE_NONE, 0};
        names[MANY - 1 - i] = (struct trace_root_name){start, texts[i]};
    }
    struct trace_snapshot snapshot = no_blocks;
    snapshot.roots = roots;
    snapshot.names = names;
    snapshot.n_roots = snapshot.n_names = MANY;
    struct trace_writer *writer = sample_create(path);
    sample_tables(writer);
    trace_write_snapshot(writer, &snapshot);
    struct trace *trace = sample_reopen(writer, path);
    assert_true(trace->snapshots[0].n_roots == MANY && trace->snapshots[0].n_names == MANY);
    assert_string_equal(trace->snapshots[0].reasons, "");
    for (uint32_t i = 0; i < MANY; i++) {
        assert_root(&trace->snapshots[0].roots[i], TRACE_ROOT_MAPPING, 4096 * (uint64_t)i, 4096 * (uint64_t)i + 1000);
        assert_true(trace->snapshots[0].names[i].address == 4096 * (uint64_t)i);
        assert_string_equal(trace->snapshots[0].names[i].name, texts[i]);
    }
    trace_close(trace);

    size_t n, last = 0;
    uint8_t *bytes = sample_read_file(path, &n);
    for (size_t at = FORMAT_HEADER_BYTES; bytes[at + 4] != FORMAT_INDEX;) {
        last = bytes[at + 4] == FORMAT_TABLES ? at : last;
        at += FORMAT_CHUNK_HEADER_BYTES + format_get32(bytes + at + 8);
    }
    struct trace_error error;
    trace = trace_open_memory(bytes, last, &error);
    assert_non_null(trace);
    assert_int_equal(trace->snapshots[0].n_names, 65536);
    assert_string_equal(trace->snapshots[0].reasons, "the trace was cut before all its roots were written");
    free(bytes);
    free(roots);
    free(names);
    free(texts);
    sample_done(trace, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_cut_blocks),
        cmocka_unit_test(test_missing_blocks),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_many_roots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
