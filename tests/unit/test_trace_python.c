/* What a trace keeps of Python: code objects and their frames, sources, marks, interpreters, watched lines; what the counters
 * that only Python has cost where nothing of it happened. */
#include "test_trace_sample.h"

#include "../../viewer/trace/columns.h"
#include "../../viewer/trace/format.h"

#define MANY 70000u                       /* more rows than one record takes */

static void write_processes(struct trace_writer *writer, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct trace_process process = {(int32_t)i + 1, TRACE_NONE, TRACE_ORIGIN_ROOT, 0, "p", "/p"};
        struct trace_thread thread = {i, (int32_t)i + 1, 0, ""};
        assert_int_equal(trace_write_process(writer, &process), i);
        assert_int_equal(trace_write_thread(writer, &thread), i);
    }
}

static void test_codes(void **state)
{
    (void)state;
    static const struct trace_code codes[] = {
        {"Book.add", "/src/b.py", UINT32_MAX}, {"", NULL, 0}, {NULL, "<string>", 7}, {"Book.add", "/src/a.py", 1},
    };
    char *path = sample_path("codes");
    struct trace_writer *writer = sample_create(path);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(trace_write_code(writer, &codes[i]), i);
        if (i == 1)
            assert_int_equal(trace_writer_flush(writer), 0);
    }
    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_codes, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_string_equal(trace->codes[i].function, codes[i].function ? codes[i].function : "");
        assert_string_equal(trace->codes[i].file, codes[i].file ? codes[i].file : "");
        assert_int_equal(trace->codes[i].first_line, codes[i].first_line);
    }
    sample_done(trace, path);
}

/* Code and the frames that lie in it leave in groups; none leaves before what it names. */
static void test_many_codes(void **state)
{
    (void)state;
    char *path = sample_path("manycodes"), name[32];
    struct trace_writer *writer = sample_create(path);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "f%u", i / 2);
        struct trace_code code = {name, i % 3 ? "/a.py" : name, MANY - i};
        struct trace_frame frame = {TRACE_FRAME_PYTHON, i, i};
        assert_int_equal(trace_write_code(writer, &code), i);
        assert_int_equal(trace_write_frame(writer, &frame), i);
    }
    struct trace *trace = sample_reopen(writer, path);
    assert_true(trace->n_codes == MANY && trace->n_frames == MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "f%u", i / 2);
        assert_string_equal(trace->codes[i].function, name);
        assert_string_equal(trace->codes[i].file, i % 3 ? "/a.py" : name);
        assert_int_equal(trace->codes[i].first_line, MANY - i);
        assert_int_equal(trace->symbols[i].n, 1);
        assert_string_equal(trace->symbols[i].symbols->function, name);
        assert_int_equal(trace->symbols[i].symbols->line, i);
    }
    sample_done(trace, path);
}

static void test_frames(void **state)
{
    (void)state;
    static const struct trace_frame frames[] = {
        {TRACE_FRAME_PYTHON, 0, UINT32_MAX}, {TRACE_FRAME_OBJECT, TRACE_NONE, 0}, {TRACE_FRAME_ARENA, TRACE_NONE, 0},
        {TRACE_FRAME_PYTHON, 0, 0},
    };
    static const struct trace_symbol symbol = {"other", "/other.c", 3};
    char *path = sample_path("frames");
    struct trace_writer *writer = sample_create(path);
    struct trace_code code = {"f", "/a.py", 1};
    trace_write_code(writer, &code);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(trace_write_frame(writer, &frames[i]), i);
    trace_write_symbols(writer, 0, &symbol, 1);
    trace_write_symbols(writer, 3, NULL, 0);
    trace_write_symbols(writer, 1, &symbol, 1);
    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_frames, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(trace->frames[i].kind, frames[i].kind);
        assert_int_equal(trace->frames[i].module, frames[i].module);
        assert_true(trace->frames[i].address == frames[i].address);
    }
    for (uint32_t i = 0; i < 4; i += 3) {                          /* a Python frame keeps what its code says */
        assert_int_equal(trace->symbols[i].n, 1);
        assert_string_equal(trace->symbols[i].symbols->function, "f");
        assert_string_equal(trace->symbols[i].symbols->file, "/a.py");
        assert_int_equal(trace->symbols[i].symbols->line, frames[i].address);
    }
    assert_int_equal(trace->symbols[1].n, 1);
    assert_int_equal(trace->symbols[2].n, 0);
    sample_done(trace, path);
}

static void test_sources(void **state)
{
    (void)state;
    char *path = sample_path("sources"), *longest = malloc(FORMAT_STRING_MAX + 9);
    memset(longest, 'x', FORMAT_STRING_MAX + 9);
    struct trace_writer *writer = sample_create(path);
    trace_write_source(writer, "<string>", "a = 1\n", 6);
    trace_write_source(writer, "<cell 2>", NULL, 0);
    assert_int_equal(trace_writer_flush(writer), 0);
    trace_write_source(writer, "<string>", "b\0c", 3);
    trace_write_source(writer, "<long>", longest, FORMAT_STRING_MAX + 9);
    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_texts, 3);
    assert_string_equal(trace->texts[0].file, "<string>");
    assert_int_equal(trace->texts[0].bytes, 3);
    assert_memory_equal(trace->texts[0].text, "b\0c", 4);          /* a NUL behind it, for convenience */
    assert_string_equal(trace->texts[1].file, "<cell 2>");
    assert_int_equal(trace->texts[1].bytes, 0);
    assert_string_equal(trace->texts[1].text, "");
    assert_int_equal(trace->texts[2].bytes, FORMAT_STRING_MAX);
    assert_memory_equal(trace->texts[2].text, longest, FORMAT_STRING_MAX);
    free(longest);
    sample_done(trace, path);
}

static void test_marks(void **state)
{
    (void)state;
    static const struct trace_mark marks[] = {
        {1, 1, 50, TRACE_MARK_BEGIN, "load"}, {0, 0, 20, TRACE_MARK_POINT, NULL}, {1, 1, 50, TRACE_MARK_END, "load"},
        {0, 1, UINT64_MAX, TRACE_MARK_POINT, "late \xc3\xa4"}, {1, 0, 50, TRACE_MARK_POINT, "x"}, {0, 0, 0, TRACE_MARK_POINT, ""},
    };
    static const unsigned by_time[] = {5, 1, 0, 2, 4, 3};
    char *path = sample_path("marks");
    struct trace_writer *writer = sample_create(path);
    write_processes(writer, 2);
    for (unsigned i = 0; i < 6; i++) {
        trace_write_mark(writer, &marks[i]);
        if (i == 2)
            assert_int_equal(trace_writer_flush(writer), 0);
    }
    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_marks, 6);
    for (unsigned i = 0; i < 6; i++) {
        const struct trace_mark *expected = &marks[by_time[i]], *mark = &trace->marks[i];
        assert_int_equal(mark->process, expected->process);
        assert_int_equal(mark->thread, expected->thread);
        assert_true(mark->ns == expected->ns);
        assert_int_equal(mark->kind, expected->kind);
        assert_string_equal(mark->label, expected->label ? expected->label : "");
    }
    assert_true(trace->ends[0].last_ns == UINT64_MAX && trace->ends[1].last_ns == 50);
    sample_done(trace, path);
}

static void test_pythons(void **state)
{
    (void)state;
    static const struct trace_python pythons[] = {
        {2, 0x030d00f0, TRACE_PYTHON_LIVE, ""},          {0, 0x030800f0, TRACE_PYTHON_NATIVE, "no layout is known"},
        {2, 0x030d00f0, TRACE_PYTHON_OBJECTS_ONLY, "x"}, {1, UINT32_MAX, TRACE_PYTHON_ARENAS, NULL},
    };
    static const unsigned stays[] = {1, 3, 2};
    char *path = sample_path("pythons");
    struct trace_writer *writer = sample_create(path);
    write_processes(writer, 4);
    for (unsigned i = 0; i < 4; i++)
        trace_write_python(writer, &pythons[i]);
    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_pythons, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct trace_python *expected = &pythons[stays[i]];
        assert_int_equal(trace->pythons[i].process, i);
        assert_int_equal(trace->pythons[i].version, expected->version);
        assert_int_equal(trace->pythons[i].state, expected->state);
        assert_string_equal(trace->pythons[i].reason, expected->reason ? expected->reason : "");
    }
    sample_done(trace, path);
}

/* every place once, in falling order, with edge values */
static struct trace_line line_of(uint32_t i)
{
    return (struct trace_line){
        1 - i / 35000, i % 35000 / 17500, i % 17500,
        i % 7 ? i : UINT64_MAX, i % 5 ? -(int64_t)i : INT64_MIN, i % 3 ? i : UINT64_MAX,
    };
}

static void assert_line(const struct trace_line *a, const struct trace_line *b)
{
    assert_true(a->process == b->process && a->code == b->code && a->line == b->line);
    assert_true(a->executed == b->executed && a->increment_bytes == b->increment_bytes && a->live_bytes == b->live_bytes);
}

static void test_lines(void **state)
{
    (void)state;
    char *path = sample_path("lines");
    struct trace_writer *writer = sample_create(path);
    struct trace_code code = {"f", "/a.py", 1};
    struct trace_line *lines = calloc(MANY, sizeof *lines);
    struct trace_line again = {1, 0, 5, 1, 2, 3}, last = {1, 0, UINT32_MAX, 4, INT64_MAX, 0};
    write_processes(writer, 2);
    trace_write_code(writer, &code);
    trace_write_code(writer, &code);
    for (uint32_t i = 0; i < MANY; i++)
        lines[MANY - 1 - i] = line_of(i);
    trace_write_lines(writer, lines, MANY);
    trace_write_lines(writer, lines, 0);
    trace_write_lines(writer, &last, 1);
    trace_write_lines(writer, &again, 1);
    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_lines, MANY + 1);
    for (uint32_t i = 0; i < MANY; i++) {                          /* process 0 was made of the second half */
        uint32_t place = i < 35000 ? i : i < 52500 ? i : i + 1;
        struct trace_line expected = i == 35005 ? again : line_of((i + 35000) % MANY);
        assert_line(&trace->lines[place], &expected);
    }
    assert_line(&trace->lines[52500], &last);                      /* behind the lines of process 1, code 0 */
    free(lines);
    sample_done(trace, path);
}

static size_t counts_bytes(const struct trace_counts *counts)
{
    struct columns columns = {0};
    struct buffer out = {0};
    struct trace_site_counts row = {0, *counts}, back;
    columns_put_counts(&columns, &out, &row, 1);
    size_t n = out.len;
    struct cursor in = {out.data, out.data + n, false};
    assert_int_equal(columns_get_rows(&in, 1), 1);
    columns_get_counts(&columns, &in, &back, 1);
    assert_false(in.bad);
    assert_int_equal(cursor_left(&in), 0);
    assert_memory_equal(&back.counts, counts, sizeof *counts);
    columns_release(&columns);
    buffer_release(&out);
    return n;
}

/* rows, site and mask take a byte each, and so does every small number that cannot be guessed */
static void test_counts_cost_what_they_tell(void **state)
{
    (void)state;
    struct trace_counts counts = {.allocations = 5, .allocated_bytes = 80};
    assert_int_equal(counts_bytes(&counts), 3 + 3);                /* and frees - allocations */
    counts = (struct trace_counts){.allocations = 5, .allocated_bytes = 80, .frees = 5, .freed_bytes = 80};
    assert_int_equal(counts_bytes(&counts), 3 + 2);
    counts.collected = 2;
    counts.collected_bytes = 32;                                   /* of one size: their bytes follow from the freed ones */
    assert_int_equal(counts_bytes(&counts), 4 + 3);                /* the mask has a second byte */
    counts = (struct trace_counts){.frees = 3, .freed_bytes = 100, .collected = 3, .collected_bytes = 100};
    assert_int_equal(counts_bytes(&counts), 4 + 4);                /* freed bytes take two, and no allocation tells them */
    counts.collected = 2;
    counts.collected_bytes = 67;                                   /* guessed 66 */
    assert_int_equal(counts_bytes(&counts), 4 + 5);
    counts = (struct trace_counts){.transient = 9, .transient_bytes = 99};
    assert_int_equal(counts_bytes(&counts), 4 + 2);
    counts = (struct trace_counts){.moved = 9, .moved_bytes = 99};
    assert_int_equal(counts_bytes(&counts), 4 + 2);
}

/* A cut before the totals: what the epochs told of Python is in the sums, arenas are apart from the heap and the mappings. */
static void test_replay(void **state)
{
    (void)state;
    static const struct trace_frame frames[] = {
        {TRACE_FRAME_PYTHON, 0, 3}, {TRACE_FRAME_OBJECT, TRACE_NONE, 0}, {TRACE_FRAME_ARENA, TRACE_NONE, 0},
    };
    char *path = sample_path("pyreplay");
    struct trace_writer *writer = sample_create(path);
    struct trace_code code = {"f", "/a.py", 1};
    write_processes(writer, 1);
    trace_write_code(writer, &code);
    for (uint32_t i = 0; i < 3; i++) {
        struct trace_stack stack = {i ? 1 : 0, i};                 /* the line; an object and an arena by it */
        struct trace_site site = {0, i + 1};
        trace_write_frame(writer, &frames[i]);
        trace_write_stack(writer, &stack);
        trace_write_site(writer, &site);
    }
    struct trace_epoch epoch = {.end_ns = 10, .live_bytes = 60, .live_blocks = 1, .max_live_bytes = 100, .max_ns = 9};
    struct trace_site_counts deltas[] = {
        {0, {.transient = 4, .transient_bytes = 96}},
        {1, {.allocations = 2, .allocated_bytes = 100, .frees = 1, .freed_bytes = 40, .collected = 1, .collected_bytes = 40,
             .moved = 1, .moved_bytes = 30}},
        {2, {.allocations = 1, .allocated_bytes = 262144}},
    };
    trace_write_epoch(writer, &epoch, deltas, 3);
    struct trace *trace = sample_reopen(writer, path);
    const struct trace_process_end *end = &trace->ends[0];
    struct trace_counts heap = {2, 100, 1, 40, 0, 0, 0, 0, 1, 40, 1, 30, 4, 96};
    assert_false(end->has_totals);
    assert_memory_equal(&end->totals.heap, &heap, sizeof heap);
    assert_true(end->totals.peak_bytes == 100 && end->totals.mapped_allocations == 0 && end->totals.mapped_bytes == 0);
    assert_int_equal(end->n_sites, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_memory_equal(&end->sites[i].counts, &deltas[i].counts, sizeof heap);
    sample_done(trace, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_many_codes),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_pythons),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_counts_cost_what_they_tell),
        cmocka_unit_test(test_replay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
