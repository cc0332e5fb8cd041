/* The trace file when things go wrong: cut, flipped, foreign and newer files, full disks, interrupted writes. */
#include "test_trace_sample.h"

#include "../../viewer/trace/format.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <zlib.h>

/* a file small enough to try every byte and bit of it */
static uint8_t *small_file(size_t *n, bool whole)
{
    char *path = sample_path("small");
    free(sample_write(path, 6, 12, whole));
    uint8_t *bytes = sample_read_file(path, n);
    unlink(path);
    free(path);
    return bytes;
}

static bool count_line(void *context, uint64_t offset, const char *line)
{
    (void)offset;
    assert_null(strchr(line, '\n'));
    ++*(uint64_t *)context;
    return true;
}

/* A sentence is one line, names a place or a cause, and is no empty word. */
static void assert_sentence(const struct trace_error *error)
{
    assert_true(strlen(error->text) > 20);
    assert_null(strchr(error->text, '\n'));
}

/* Blocks, roots and names of the sample's snapshot are there, or the snapshot says that they are not. */
static void assert_snapshot_says(const struct trace *trace, uint64_t blocks)
{
    char expected[160] = "some roots were left out";
    if (!trace->n_snapshots) {
        assert_int_equal(blocks, 0);
        return;
    }
    const struct trace_snapshot *snapshot = &trace->snapshots[0];
    assert_true(snapshot->blocks == SAMPLE_SNAPSHOT_BLOCKS && snapshot->n_roots == 2 && snapshot->n_names == 1);   /* in one chunk */
    if (blocks < SAMPLE_SNAPSHOT_BLOCKS)
        snprintf(expected, sizeof expected, "some roots were left out\n"
                 "the trace was cut before all its blocks were written: %u of 40 are there", (unsigned)blocks);
    assert_string_equal(snapshot->reasons, expected);
}

static void cut_at_every_byte(bool whole)
{
    size_t n;
    uint8_t *bytes = small_file(&n, whole);
    struct digest last = {0};
    uint64_t last_lines = 0, readable = 0;
    for (size_t cut = 0; cut <= n; cut++) {
        struct trace_error error;
        uint8_t *copy = malloc(cut ? cut : 1);                     /* no longer, so that a sanitizer sees over-reads */
        memcpy(copy, bytes, cut);
        uint64_t lines = 0;
        int dumped = trace_dump_memory(copy, cut, count_line, &lines, &error);
        assert_int_equal(dumped, cut == n ? 0 : -EBADMSG);
        struct trace *trace = trace_open_memory(copy, cut, &error);
        if (!trace) {
            assert_sentence(&error);
            assert_int_equal(readable, 0);
        } else {
            struct digest digest;
            readable++;
            assert_int_equal(trace->complete, cut == n);
            assert_true(trace->cut_offset <= cut);
            if (!trace->complete)
                assert_sentence(&error);
            assert_int_equal(digest_trace(&digest, trace, &error), 0);
            assert_true(digest.epochs >= last.epochs && digest.blocks >= last.blocks && digest.events >= last.events);
            assert_true(digest.allocations >= last.allocations && lines + 1 >= last_lines);
            uint64_t told = 0;
            for (uint32_t i = 0; i < trace->n_processes; i++)
                told += trace->ends[i].totals.heap.allocations + trace->ends[i].totals.mapped_allocations;
            assert_int_equal(told, digest.allocations);            /* totals and epochs agree at every cut */
            assert_true(digest.snapshot_blocks >= last.snapshot_blocks);
            assert_snapshot_says(trace, digest.snapshot_blocks);
            last = digest;
            last_lines = lines;
        }
        trace_close(trace);
        free(copy);
    }
    assert_true(last.epochs == 10 && last.events == 1 && last.blocks > 0 && last.snapshot_blocks == SAMPLE_SNAPSHOT_BLOCKS);
    assert_true(readable > n / 2);
    free(bytes);
}

static void test_cut_at_every_byte(void **state)
{
    (void)state;
    cut_at_every_byte(true);
    cut_at_every_byte(false);
}

static void test_every_bit_flipped(void **state)
{
    (void)state;
    size_t n, harmless = 0;
    uint8_t *bytes = small_file(&n, true);
    struct trace_error error;
    struct digest right, digest;
    struct trace *trace = trace_open_memory(bytes, n, &error);
    assert_non_null(trace);
    assert_int_equal(digest_trace(&right, trace, &error), 0);
    trace_close(trace);
    for (size_t bit = 0; bit < 8 * n; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        uint64_t lines = 0;
        trace_dump_memory(bytes, n, count_line, &lines, &error);
        trace = trace_open_memory(bytes, n, &error);
        if (!trace || !trace->complete)
            assert_sentence(&error);
        if (trace && trace->complete && !digest_trace(&digest, trace, &error)) {
            assert_true(digest.hash == right.hash);
            harmless++;
        }
        trace_close(trace);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(harmless, 0);                                 /* every byte of a file is under a checksum */
    free(bytes);
}

static void refuse(const void *bytes, size_t n, const char *expected)
{
    struct trace_error error;
    assert_null(trace_open_memory(bytes, n, &error));
    assert_non_null(strstr(error.text, expected));
    uint64_t lines = 0;
    assert_true(trace_dump_memory(bytes, n, count_line, &lines, &error) < 0);
    assert_non_null(strstr(error.text, expected));
}

static void seal_header(uint8_t *header) { format_put32(header + 20, (uint32_t)crc32(0, header, 20)); }

static void test_other_versions(void **state)
{
    (void)state;
    size_t n;
    struct trace_error error;
    uint8_t *bytes = small_file(&n, true);
    format_put16(bytes + 8, 2);
    seal_header(bytes);
    refuse(bytes, n, "format 2.2, and this heapline reads format 1");
    format_put16(bytes + 8, 1);
    format_put16(bytes + 10, 9);                                   /* a newer minor version is read */
    seal_header(bytes);
    struct trace *trace = trace_open_memory(bytes, n, &error);
    assert_non_null(trace);
    assert_true(trace->complete);
    trace_close(trace);
    format_put32(bytes + 12, 4);
    seal_header(bytes);
    refuse(bytes, n, "flags 0x4 at byte 12");
    format_put32(bytes + 12, 0x10000);                             /* a flag that may be ignored */
    seal_header(bytes);
    trace = trace_open_memory(bytes, n, &error);
    assert_non_null(trace);
    trace_close(trace);
    free(bytes);
}

static void test_no_trace(void **state)
{
    (void)state;
    refuse("", 0, "is empty");
    refuse("#!/bin/sh\n", 10, "is not a heapline trace: it begins with \"#!/bin/s\"");
    refuse("\x7f" "ELF", 4, "is not a heapline trace: it begins with \"\\x7fELF\"");
    refuse("\x89HPL\r", 5, "is cut at byte 5");

    struct trace_error error;
    assert_null(trace_open("/", &error));
    assert_string_equal(error.text, "'/' is a directory; name the trace file inside it");
    assert_null(trace_open("/no/such/file.hpl", &error));
    assert_string_equal(error.text, "cannot open '/no/such/file.hpl': No such file or directory");
    assert_null(trace_open("/dev/null", &error));
    assert_string_equal(error.text, "'/dev/null' is not a regular file; copy the trace into a file first");
    char *path = sample_path("fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(trace_open(path, &error));                         /* and does not wait for a writer */
    assert_non_null(strstr(error.text, "is not a regular file"));
    unlink(path);
    free(path);
}

/* A chunk with right checksums and wrong contents. Returns what stands in the file then. */
static size_t put_chunk(uint8_t *at, uint8_t type, uint8_t codec, const void *payload, uint32_t stored, uint32_t raw)
{
    memset(at, 0, FORMAT_CHUNK_HEADER_BYTES);
    memcpy(at, FORMAT_CHUNK_MARK, 4);
    at[4] = type;
    at[5] = codec;
    format_put32(at + 8, stored);
    format_put32(at + 12, raw);
    format_put32(at + 16, (uint32_t)crc32(0, payload, stored));
    seal_header(at);
    memcpy(at + FORMAT_CHUNK_HEADER_BYTES, payload, stored);
    return FORMAT_CHUNK_HEADER_BYTES + stored;
}

/* The header and first chunk of the small file, with room for what a test adds. */
static uint8_t *begun_file(size_t *n)
{
    uint8_t *bytes = small_file(n, true);
    uint32_t stored = format_get32(bytes + FORMAT_HEADER_BYTES + 8);
    *n = FORMAT_HEADER_BYTES + FORMAT_CHUNK_HEADER_BYTES + stored;
    bytes = realloc(bytes, *n + 4096);
    assert_non_null(bytes);
    return bytes;
}

static void expect_damage(uint8_t type, uint8_t codec, const void *payload, uint32_t stored, uint32_t raw, const char *expected)
{
    size_t n;
    struct trace_error error;
    uint8_t *bytes = begun_file(&n);
    size_t end = n + put_chunk(bytes + n, type, codec, payload, stored, raw);
    struct trace *trace = trace_open_memory(bytes, end, &error);
    assert_non_null(trace);
    assert_false(trace->complete);
    assert_int_equal(trace->cut_offset, n);
    assert_non_null(strstr(error.text, expected));
    trace_close(trace);
    free(bytes);
}

static void test_lies_under_right_checksums(void **state)
{
    (void)state;
    static const uint8_t thread[] = {FORMAT_THREAD, 4, 9, 2, 0, 0};             /* of process 9 */
    static const uint8_t stack[] = {FORMAT_STACKS, 4, 1, 1, 1, 0};              /* frame 0, there is none */
    static const uint8_t own_parent[] = {FORMAT_STACKS, 4, 1, 1, 0, 0};         /* stack 1 is its own parent */
    static const uint8_t long_rows[] = {FORMAT_FRAMES, 5, 0, 0xff, 0xff, 3, 0}; /* 65535 frames in one byte */
    static const uint8_t too_long[] = {FORMAT_STRING, 100, 'a'};
    static const uint8_t exits[] = {FORMAT_EXIT, 4, 0, 1, 0, 0};
    static const uint8_t varint[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};
    expect_damage(FORMAT_TABLES, FORMAT_STORED, thread, sizeof thread, sizeof thread, "a process that does not exist");
    expect_damage(FORMAT_TABLES, FORMAT_STORED, stack, sizeof stack, sizeof stack, "a parent or a frame that does not exist");
    expect_damage(FORMAT_TABLES, FORMAT_STORED, own_parent, sizeof own_parent, sizeof own_parent, "does not exist");
    expect_damage(FORMAT_TABLES, FORMAT_STORED, long_rows, sizeof long_rows, sizeof long_rows, "frames is malformed");
    expect_damage(FORMAT_TABLES, FORMAT_STORED, too_long, sizeof too_long, sizeof too_long, "runs over the end of its chunk");
    expect_damage(FORMAT_TABLES, FORMAT_STORED, varint, sizeof varint, sizeof varint, "runs over the end of its chunk");
    expect_damage(FORMAT_TOTALS, FORMAT_STORED, exits, sizeof exits, sizeof exits, "a process that does not exist ends");
    expect_damage(FORMAT_TABLES, FORMAT_STORED, thread, sizeof thread, 7, "packed in a way");
    expect_damage(FORMAT_TABLES, 9, thread, sizeof thread, sizeof thread, "packed in a way");
    expect_damage(FORMAT_TABLES, FORMAT_ZSTD, thread, sizeof thread, 1000, "cannot be unpacked");
    expect_damage(FORMAT_TABLES, FORMAT_ZSTD, thread, sizeof thread, FORMAT_CHUNK_RAW_MAX + 1, "longer than a chunk may be");
}

/* One process with a thread, one code object "" of file "": what the lies below refer to. */
#define PYTHON_TABLES FORMAT_PROCESS, 6, 2, 0, 0, 0, 0, 0, FORMAT_THREAD, 4, 0, 2, 0, 0, FORMAT_CODES, 5, 0, 1, 0, 0, 2

static void expect_lie(uint8_t type, const uint8_t *record, uint32_t n, const char *expected)
{
    static const uint8_t tables[] = {PYTHON_TABLES};
    size_t at;
    struct trace_error error;
    uint8_t *bytes = begun_file(&at);
    at += put_chunk(bytes + at, FORMAT_TABLES, FORMAT_STORED, tables, sizeof tables, sizeof tables);
    size_t end = at + put_chunk(bytes + at, type, FORMAT_STORED, record, n, n);
    struct trace *trace = trace_open_memory(bytes, end, &error);
    assert_non_null(trace);
    assert_int_equal(trace->n_codes, 1);
    assert_int_equal(trace->complete, false);
    assert_int_equal(trace->cut_offset, at);
    assert_non_null(strstr(error.text, expected));
    assert_int_equal(trace->n_frames + trace->n_marks + trace->n_pythons + trace->n_lines + trace->n_texts, 0);
    trace_close(trace);
    free(bytes);
}

#define EXPECT_LIE(type, expected, ...) \
    expect_lie((type), (const uint8_t[]){__VA_ARGS__}, sizeof (const uint8_t[]){__VA_ARGS__}, (expected))

static void test_lies_about_python(void **state)
{
    (void)state;
    EXPECT_LIE(FORMAT_TABLES, "code names a string", FORMAT_CODES, 5, 1, 1, 18, 0, 2);
    EXPECT_LIE(FORMAT_TABLES, "code names a string", FORMAT_CODES, 5, 1, 1, 0, 18, 2);
    EXPECT_LIE(FORMAT_TABLES, "code is malformed", FORMAT_CODES, 5, 0, 1, 0, 0, 2);              /* that id was given */
    EXPECT_LIE(FORMAT_TABLES, "code is malformed", FORMAT_CODES, 5, 1, 1, 1, 0, 2);              /* reference -1 */
    EXPECT_LIE(FORMAT_TABLES, "code is malformed", FORMAT_CODES, 5, 1, 0xff, 0xff, 3, 0);        /* 65535 rows in a byte */
    EXPECT_LIE(FORMAT_TABLES, "code is malformed", FORMAT_CODES, 4, 1, 1, 0, 0);
    EXPECT_LIE(FORMAT_TABLES, "in code that does not exist", FORMAT_FRAMES, 5, 0, 1, TRACE_FRAME_PYTHON, 2, 0);
    EXPECT_LIE(FORMAT_TABLES, "in code that does not exist", FORMAT_FRAMES, 5, 0, 1, TRACE_FRAME_PYTHON, 0, 0);   /* no code */
    EXPECT_LIE(FORMAT_TABLES, "in code that does not exist",                                     /* line 2^32 */
               FORMAT_FRAMES, 9, 0, 1, TRACE_FRAME_PYTHON, 1, 0x80, 0x80, 0x80, 0x80, 0x20);
    EXPECT_LIE(FORMAT_TABLES, "a record of frames is malformed", FORMAT_FRAMES, 5, 0, 1, TRACE_FRAME_ARENA + 1, 0, 0);
    EXPECT_LIE(FORMAT_TABLES, "a source is malformed", FORMAT_SOURCE, 3, 1, 2, 'a');
    EXPECT_LIE(FORMAT_TABLES, "a source is malformed", FORMAT_SOURCE, 2, 9, 0);
    EXPECT_LIE(FORMAT_TOTALS, "a mark is malformed", FORMAT_MARK, 5, 0, 0, 1, TRACE_MARK_END + 1, 0);
    EXPECT_LIE(FORMAT_TOTALS, "a mark is malformed", FORMAT_MARK, 5, 0, 0, 1, 0, 9);
    EXPECT_LIE(FORMAT_TOTALS, "a mark names", FORMAT_MARK, 5, 1, 0, 1, 0, 0);
    EXPECT_LIE(FORMAT_TOTALS, "a mark names", FORMAT_MARK, 5, 0, 1, 1, 0, 0);
    EXPECT_LIE(FORMAT_TOTALS, "an interpreter is malformed", FORMAT_PYTHON, 4, 0, 1, TRACE_PYTHON_NATIVE + 1, 0);
    EXPECT_LIE(FORMAT_TOTALS, "an interpreter is malformed", FORMAT_PYTHON, 4, 0, 1, 0, 9);
    EXPECT_LIE(FORMAT_TOTALS, "an interpreter runs", FORMAT_PYTHON, 4, 1, 1, 0, 0);
    EXPECT_LIE(FORMAT_TOTALS, "a line names", FORMAT_LINES, 7, 1, 2, 0, 0, 0, 0, 0);             /* process 1 */
    EXPECT_LIE(FORMAT_TOTALS, "a line names", FORMAT_LINES, 7, 1, 0, 2, 0, 0, 0, 0);             /* code 1 */
    EXPECT_LIE(FORMAT_TOTALS, "lines is malformed", FORMAT_LINES, 7, 1, 0, 0, 1, 0, 0, 0);       /* line -1 */
    EXPECT_LIE(FORMAT_TOTALS, "lines is malformed", FORMAT_LINES, 7, 2, 0, 0, 0, 0, 0, 0);       /* room for one row */
}

/* A snapshot of process 0 with two blocks, a root and a name to come. */
#define SNAPSHOT_HEAD FORMAT_SNAPSHOT, 14, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1

static void test_lies_about_snapshots(void **state)
{
    (void)state;
    EXPECT_LIE(FORMAT_TABLES, "a snapshot is malformed",
               FORMAT_SNAPSHOT, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1);  /* cause 0 */
    EXPECT_LIE(FORMAT_TABLES, "a snapshot is malformed", FORMAT_SNAPSHOT, 14, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1);
    EXPECT_LIE(FORMAT_TABLES, "a snapshot is malformed",
               FORMAT_SNAPSHOT, 14, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1);  /* label 9 */
    EXPECT_LIE(FORMAT_TABLES, "a snapshot is malformed", FORMAT_SNAPSHOT, 14, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 9, 1, 1);
    EXPECT_LIE(FORMAT_TABLES, "a snapshot is malformed", FORMAT_SNAPSHOT, 13, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1);
    EXPECT_LIE(FORMAT_TABLES, "of a process that does not exist", FORMAT_SNAPSHOT, 14, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 1);
    EXPECT_LIE(FORMAT_TABLES, "roots that no snapshot announced", FORMAT_ROOTS, 8, 0, 1, 1, 16, 16, 0, 0, 0);
    EXPECT_LIE(FORMAT_TABLES, "roots that no snapshot announced", SNAPSHOT_HEAD, FORMAT_ROOTS, 8, 1, 1, 1, 16, 16, 0, 0, 0);
    EXPECT_LIE(FORMAT_TABLES, "roots that no snapshot announced", SNAPSHOT_HEAD, SNAPSHOT_HEAD,  /* too late */
               FORMAT_ROOTS, 8, 0, 1, 1, 16, 16, 0, 0, 0);
    EXPECT_LIE(FORMAT_TABLES, "roots that no snapshot announced", SNAPSHOT_HEAD,
               FORMAT_ROOTS, 14, 0, 2, 1, 1, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0);
    EXPECT_LIE(FORMAT_TABLES, "roots is malformed", SNAPSHOT_HEAD, FORMAT_ROOTS, 8, 0, 1, 0, 16, 16, 0, 0, 0);  /* kind 0 */
    EXPECT_LIE(FORMAT_TABLES, "roots is malformed", SNAPSHOT_HEAD, FORMAT_ROOTS, 8, 0, 1, TRACE_ROOT_OTHER + 1, 16, 16, 0, 0, 0);
    EXPECT_LIE(FORMAT_TABLES, "a root is out of order or names", SNAPSHOT_HEAD,
               FORMAT_ROOTS, 8, 0, 1, 1, 16, 16, 2, 0, 0);  /* thread 1 */
    EXPECT_LIE(FORMAT_TABLES, "a root is out of order or names", SNAPSHOT_HEAD,
               FORMAT_ROOTS, 8, 0, 1, 1, 16, 16, 0, 1, 0);  /* module 0 */
    EXPECT_LIE(FORMAT_TABLES, "a root is out of order or names", SNAPSHOT_HEAD,  /* its end wraps */
               FORMAT_ROOTS, 17, 0, 1, 1, 16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0);
    EXPECT_LIE(FORMAT_TABLES, "names of roots that no snapshot", SNAPSHOT_HEAD, FORMAT_ROOT_NAMES, 4, 1, 1, 16, 0);
    EXPECT_LIE(FORMAT_TABLES, "names of roots that no snapshot", SNAPSHOT_HEAD, FORMAT_ROOT_NAMES, 6, 0, 2, 16, 16, 0, 0);
    EXPECT_LIE(FORMAT_TABLES, "the name of a root is", SNAPSHOT_HEAD, FORMAT_ROOT_NAMES, 4, 0, 1, 16, 9);  /* string 9 */
    EXPECT_LIE(FORMAT_TABLES, "the name of a root is",  /* addresses fall */
               FORMAT_SNAPSHOT, 14, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 2,
               FORMAT_ROOT_NAMES, 15, 0, 2, 16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0);
}

static bool count_blocks(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    (void)blocks;
    *(size_t *)context += n;
    return true;
}

/* Reads `record` as the blocks of a snapshot that announced two, in a process with one site. `expected` NULL: it is right. */
static void expect_blocks(const uint8_t *record, uint32_t n, const char *expected)
{
    static const uint8_t tables[] = {
        FORMAT_PROCESS, 6, 2, 0, 0, 0, 0, 0, FORMAT_THREAD, 4, 0, 2, 0, 0, FORMAT_FRAMES, 5, 0, 1, TRACE_FRAME_ANONYMOUS, 0, 2,
        FORMAT_STACKS, 4, 1, 1, 1, 0, FORMAT_SITES, 4, 0, 1, 0, 2, SNAPSHOT_HEAD,
    };
    size_t at, rows = 0;
    struct trace_error error;
    uint8_t *bytes = begun_file(&at);
    at += put_chunk(bytes + at, FORMAT_TABLES, FORMAT_STORED, tables, sizeof tables, sizeof tables);
    size_t end = at + put_chunk(bytes + at, FORMAT_SNAPSHOTS, FORMAT_STORED, record, n, n);
    struct trace *trace = trace_open_memory(bytes, end, &error);
    assert_non_null(trace);
    assert_int_equal(trace->cut_offset, end);
    assert_int_equal(trace->n_snapshots, 1);
    assert_non_null(strstr(trace->snapshots[0].reasons, "cut before all its roots were written"));
    if (record[3])                                                 /* rows that do not begin where those before end are not counted */
        assert_non_null(strstr(trace->snapshots[0].reasons, ": 0 of 2 are there"));
    int result = trace_each_snapshot_block(trace, 0, count_blocks, &rows, &error);
    assert_int_equal(result, expected ? -EBADMSG : 0);
    assert_int_equal(rows, expected ? 0 : 1);
    if (expected)
        assert_non_null(strstr(error.text, expected));
    trace_close(trace);
    free(bytes);
}

#define EXPECT_BLOCKS(expected, ...) \
    expect_blocks((const uint8_t[]){FORMAT_SNAPSHOT_BLOCKS, __VA_ARGS__}, 1 + sizeof (const uint8_t[]){__VA_ARGS__}, (expected))
#define LAST_ADDRESS 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1

static void test_lies_about_blocks(void **state)
{
    (void)state;
    EXPECT_BLOCKS(NULL, 10, 0, 0, 1, 64, 0, 8, 16, 1, 5, 0);
    EXPECT_BLOCKS(NULL, 11, 0, 0, 1, 8 + 16 + 4, 0, 8, 4, 1, 5, 0, 3);                      /* ignored, held, at and address told by steps */
    EXPECT_BLOCKS("malformed", 10, 0, 0, 1, 64 + TRACE_REACHES, 0, 8, 16, 1, 5, 0);
    EXPECT_BLOCKS("malformed", 11, 0, 0, 1, 0xc0, 1, 0, 8, 16, 1, 5, 0);                    /* state 192 */
    EXPECT_BLOCKS("malformed", 10, 0, 0, 1, 64, 0, 8, 16, 1, 5, 1);                         /* time 1 of 1 */
    EXPECT_BLOCKS("malformed", 11, 0, 0, 1, 64, 0, 8, 16, 2, 5, 6, 0);                      /* two times for one row */
    EXPECT_BLOCKS("malformed", 9, 0, 0, 1, 64, 0, 8, 16, 1, 5);
    EXPECT_BLOCKS("malformed", 10, 0, 0, 1, 64 + 48, 0, 8, 16, 1, 5, 0);                    /* where is its at? */
    EXPECT_BLOCKS("malformed", 10, 0, 0, 0xff, 0xff, 3, 0, 0, 0, 0, 0);                     /* 65535 rows in five bytes */
    EXPECT_BLOCKS("a site that does not exist", 10, 0, 0, 1, 64, 1, 8, 16, 1, 5, 0);
    EXPECT_BLOCKS("a snapshot that does not exist", 10, 1, 0, 1, 64, 0, 8, 16, 1, 5, 0);
    EXPECT_BLOCKS("lacks blocks", 10, 0, 1, 1, 64, 0, 8, 16, 1, 5, 0);
    EXPECT_BLOCKS("more than it announced", 20, 0, 0, 3, 64, 64, 64, 0, 0, 0, 8, 8, 8, 16, 32, 48, 1, 5, 0, 0, 0);
    EXPECT_BLOCKS("out of order or overlap", 15, 0, 0, 2, 64, 64, 0, 0, 8, 8, 16, 23, 1, 5, 0, 0);
    EXPECT_BLOCKS("out of order or overlap", 15, 0, 0, 2, 64, 64, 0, 0, 8, 8, 24, 16, 1, 5, 0, 0);
    EXPECT_BLOCKS("out of order or overlap", 15, 0, 0, 2, 64, 64, 0, 0, 0, 0, 16, 16, 1, 5, 0, 0);
    EXPECT_BLOCKS("out of order or overlap", 19, 0, 0, 1, 64, 0, 1, LAST_ADDRESS, 1, 5, 0);
    EXPECT_BLOCKS("out of order or overlap", 19, 0, 0, 1, 64, 0, LAST_ADDRESS, 16, 1, 5, 0);
}

static void test_unknown_things_are_skipped(void **state)
{
    (void)state;
    static const uint8_t record[] = {120, 3, 1, 2, 3, FORMAT_STRING, 1, 'x', FORMAT_MODULE, 6, 4, 0, 0xff, 0xff, 0xff, 0xff};
    size_t n;
    struct trace_error error;
    uint8_t *bytes = begun_file(&n);
    n += put_chunk(bytes + n, 77, FORMAT_STORED, "?", 1, 1);
    n += put_chunk(bytes + n, FORMAT_TABLES, FORMAT_STORED, record, sizeof record, sizeof record);
    struct trace *trace = trace_open_memory(bytes, n, &error);
    assert_non_null(trace);
    assert_int_equal(trace->cut_offset, n);
    assert_int_equal(trace->n_modules, 1);                         /* string 4 is "x"; newer fields follow */
    assert_string_equal(trace->modules[0].path, "x");
    trace_close(trace);
    free(bytes);
}

static void test_file_shrinks(void **state)
{
    (void)state;
    char *path = sample_path("shrinks");
    struct trace_error error;
    struct digest digest;
    free(sample_write(path, 30, 200, true));
    struct trace *trace = trace_open(path, &error);
    assert_non_null(trace);
    assert_int_equal(truncate(path, (off_t)(trace->file_bytes / 2)), 0);
    assert_int_equal(digest_trace(&digest, trace, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "became shorter while it was read"));
    trace_close(trace);
    unlink(path);
    free(path);
}

/* writer */

static void write_noise(struct trace_writer *writer, unsigned n)
{
    uint64_t random = 42;
    struct trace_module module = {.path = ""};
    for (unsigned i = 0; i < n; i++) {
        struct trace_frame frame = {TRACE_FRAME_ANONYMOUS, TRACE_NONE, sample_random(&random)};
        trace_write_frame(writer, &frame);
    }
    trace_write_module(writer, &module);
}

static void test_disk_errors(void **state)
{
    (void)state;
    struct trace_writer *writer = NULL;
    assert_int_equal(trace_writer_create(&writer, "/dev/full", &sample_run), -ENOSPC);
    assert_int_equal(trace_writer_create(&writer, "/no/such/folder/x.hpl", &sample_run), -ENOENT);
    assert_int_equal(trace_writer_create(&writer, "/", &sample_run), -EISDIR);
    assert_int_equal(trace_writer_close(NULL), 0);

    char *path = sample_path("limited");
    struct rlimit old, limit;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(trace_writer_create(&writer, path, &sample_run), 0);
    limit = (struct rlimit){100000, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    write_noise(writer, 100000);
    int flushed = trace_writer_flush(writer);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);            /* the room that comes back changes nothing */
    assert_int_equal(flushed, -EFBIG);
    assert_int_equal(trace_writer_error(writer), -EFBIG);
    struct trace_frame frame = {TRACE_FRAME_ANONYMOUS, TRACE_NONE, 1};
    assert_int_equal(trace_write_frame(writer, &frame), 100000);   /* ids go on */
    assert_int_equal(trace_writer_flush(writer), -EFBIG);
    assert_int_equal(trace_writer_close(writer), -EFBIG);
    signal(SIGXFSZ, handler);

    struct stat facts;
    struct trace_error error;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_size, 100000);
    struct trace *trace = trace_open(path, &error);                /* the run's record stands at least */
    assert_non_null(trace);
    assert_false(trace->complete);
    assert_string_equal(trace->run.command, sample_run.command);
    trace_close(trace);
    unlink(path);
    free(path);
}

struct drain {
    int fd;
    uint8_t *bytes;
    size_t n;
};

static void *drain_pipe(void *argument)
{
    struct drain *drain = argument;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (ssize_t got; (got = read(drain->fd, drain->bytes + drain->n, 4096)) > 0;)
        drain->n += (size_t)got;
    return NULL;
}

static volatile sig_atomic_t interruptions;

static void count_interruption(int number)
{
    (void)number;
    interruptions++;
}

/* A pipe that is read slowly gives short writes, the timer gives EINTR: the file must be the same as on a disk. */
static void test_interrupted_writes(void **state)
{
    (void)state;
    int ends[2];
    char path[64];
    struct trace_writer *writer;
    pthread_t thread;
    struct drain drain = {.bytes = malloc(8 << 20)};
    assert_int_equal(pipe(ends), 0);
    drain.fd = ends[0];
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);

    struct sigaction action = {.sa_handler = count_interruption}, old;       /* no SA_RESTART */
    sigaction(SIGALRM, &action, &old);
    struct itimerval timer = {{0, 200}, {0, 200}}, off = {{0, 0}, {0, 0}};
    assert_int_equal(pthread_create(&thread, NULL, drain_pipe, &drain), 0);
    assert_int_equal(trace_writer_create(&writer, path, &sample_run), 0);
    close(ends[1]);
    setitimer(ITIMER_REAL, &timer, NULL);
    unsigned n = 0;
    while (interruptions < 20 && n < 500000) {
        write_noise(writer, 50000);
        n += 50000;
    }
    int closed = trace_writer_close(writer);
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &old, NULL);
    assert_int_equal(closed, 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(ends[0]);

    struct trace_error error;
    struct trace *trace = trace_open_memory(drain.bytes, drain.n, &error);
    assert_non_null(trace);
    assert_true(trace->complete);
    assert_int_equal(trace->n_frames, n);
    trace_close(trace);
    free(drain.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_every_bit_flipped),
        cmocka_unit_test(test_other_versions),
        cmocka_unit_test(test_no_trace),
        cmocka_unit_test(test_lies_under_right_checksums),
        cmocka_unit_test(test_lies_about_python),
        cmocka_unit_test(test_lies_about_snapshots),
        cmocka_unit_test(test_lies_about_blocks),
        cmocka_unit_test(test_unknown_things_are_skipped),
        cmocka_unit_test(test_file_shrinks),
        cmocka_unit_test(test_disk_errors),
        cmocka_unit_test(test_interrupted_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
