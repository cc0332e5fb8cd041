/* What goes into a trace comes out of it: every kind of record, with edge values; replay against recorded totals. */
#include "test_trace_sample.h"

#define MANY 70000u                       /* more rows than one record takes */

/* one process, one thread, `n` sites */
static void write_sites(struct trace_writer *writer, uint32_t n)
{
    struct trace_process process = {1, TRACE_NONE, TRACE_ORIGIN_ROOT, 0, "p", "/p"};
    struct trace_thread thread = {0, 1, 0, ""};
    struct trace_frame frame = {TRACE_FRAME_ANONYMOUS, TRACE_NONE, 0x1000};
    trace_write_process(writer, &process);
    trace_write_thread(writer, &thread);
    trace_write_frame(writer, &frame);
    for (uint32_t i = 0; i < n; i++) {
        struct trace_stack stack = {i, 0};
        struct trace_site site = {0, i + 1};
        assert_int_equal(trace_write_stack(writer, &stack), i + 1);
        assert_int_equal(trace_write_site(writer, &site), i);
    }
}

static void test_run_and_empty(void **state)
{
    (void)state;
    char *path = sample_path("empty");
    struct trace *trace = sample_reopen(sample_create(path), path);
    assert_true(trace->run.unix_ns == sample_run.unix_ns);
    assert_string_equal(trace->run.command, sample_run.command);
    assert_string_equal(trace->run.host, sample_run.host);
    assert_string_equal(trace->run.version, sample_run.version);
    assert_int_equal(trace->n_processes, 0);
    assert_int_equal(trace->n_stacks, 1);
    assert_int_equal(trace->losses.process, TRACE_NONE);
    assert_int_equal(trace->cut_offset, trace->file_bytes);
    sample_done(trace, path);
}

static void test_processes_and_threads(void **state)
{
    (void)state;
    char *path = sample_path("processes"), *long_text = malloc(5001);
    memset(long_text, 'x', 5000);
    long_text[5000] = '\0';
    struct trace_writer *writer = sample_create(path);
    struct trace_process processes[] = {
        {INT32_MAX, TRACE_NONE, TRACE_ORIGIN_ROOT, 0, "", ""},
        {INT32_MIN, 0, TRACE_ORIGIN_SPAWN, UINT64_MAX, long_text, "/a b/\xc3\xa4\xff"},
        {0, 1, TRACE_ORIGIN_EXEC, 1, NULL, "line\nbreak"},
    };
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(trace_write_process(writer, &processes[i]), i);
    struct trace_thread threads[] = {{2, INT32_MAX, UINT64_MAX, "worker"}, {0, 0, 0, ""}};
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(trace_write_thread(writer, &threads[i]), i);
    trace_write_thread_name(writer, 1, "first name");
    assert_int_equal(trace_writer_flush(writer), 0);
    trace_write_thread_name(writer, 1, "last name");

    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_processes, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(trace->processes[i].pid, processes[i].pid);
        assert_int_equal(trace->processes[i].parent, processes[i].parent);
        assert_int_equal(trace->processes[i].origin, processes[i].origin);
        assert_true(trace->processes[i].start_ns == processes[i].start_ns);
        assert_string_equal(trace->processes[i].command, processes[i].command ? processes[i].command : "");
        assert_string_equal(trace->processes[i].executable, processes[i].executable);
        assert_false(trace->ends[i].ended || trace->ends[i].has_totals);
    }
    assert_int_equal(trace->n_threads, 2);
    assert_int_equal(trace->threads[0].tid, INT32_MAX);
    assert_int_equal(trace->threads[0].process, 2);
    assert_true(trace->threads[0].start_ns == UINT64_MAX && trace->end_ns == UINT64_MAX);
    assert_string_equal(trace->threads[0].name, "worker");
    assert_string_equal(trace->threads[1].name, "last name");
    free(long_text);
    sample_done(trace, path);
}

static void test_modules_frames_symbols(void **state)
{
    (void)state;
    char *path = sample_path("modules");
    struct trace_writer *writer = sample_create(path);
    struct trace_module modules[] = {{"[vdso]", {0}, 0}, {"/lib/x y.so", {0}, TRACE_BUILD_ID_MAX}};
    memset(modules[1].build_id, 0xa5, TRACE_BUILD_ID_MAX);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(trace_write_module(writer, &modules[i]), i);
    struct trace_frame frames[] = {
        {TRACE_FRAME_NATIVE, 1, UINT64_MAX},    {TRACE_FRAME_NATIVE, 0, 0},          {TRACE_FRAME_ANONYMOUS, TRACE_NONE, 1},
        {TRACE_FRAME_MAPPED, TRACE_NONE, 0},    {TRACE_FRAME_FILE, TRACE_NONE, 0},   {TRACE_FRAME_RESERVED, TRACE_NONE, 0},
        {TRACE_FRAME_BREAK, TRACE_NONE, 0},     {TRACE_FRAME_TRUNCATED, TRACE_NONE, 0},
    };
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(trace_write_frame(writer, &frames[i]), i);
    struct trace_symbol old = {"old", NULL, 0};
    struct trace_symbol symbols[] = {{"inner<int>", "/a.h", UINT32_MAX}, {NULL, NULL, 0}, {"", "", 1}};
    trace_write_symbols(writer, 0, &old, 1);
    trace_write_symbols(writer, 0, symbols, 3);
    trace_write_symbols(writer, 7, NULL, 0);

    struct trace *trace = sample_reopen(writer, path);
    assert_int_equal(trace->n_modules, 2);
    assert_string_equal(trace->modules[1].path, "/lib/x y.so");
    assert_int_equal(trace->modules[0].build_id_len, 0);
    assert_memory_equal(trace->modules[1].build_id, modules[1].build_id, TRACE_BUILD_ID_MAX);
    assert_int_equal(trace->n_frames, 8);
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(trace->frames[i].kind, frames[i].kind);
        assert_int_equal(trace->frames[i].module, frames[i].module);
        assert_true(trace->frames[i].address == frames[i].address);
    }
    assert_int_equal(trace->symbols[0].n, 3);
    assert_string_equal(trace->symbols[0].symbols[0].function, "inner<int>");
    assert_string_equal(trace->symbols[0].symbols[0].file, "/a.h");
    assert_int_equal(trace->symbols[0].symbols[0].line, UINT32_MAX);
    assert_null(trace->symbols[0].symbols[1].function);
    assert_null(trace->symbols[0].symbols[1].file);
    assert_string_equal(trace->symbols[0].symbols[2].file, "");
    assert_int_equal(trace->symbols[7].n, 0);
    assert_null(trace->symbols[1].symbols);
    sample_done(trace, path);
}

struct seen {
    struct trace_epoch epochs[4];
    struct trace_site_counts first, last;
    size_t n_deltas[4];
    unsigned n, stop_after;
};

static bool see_epoch(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n)
{
    struct seen *seen = context;
    seen->epochs[seen->n] = *epoch;
    seen->n_deltas[seen->n++] = n;
    for (size_t i = 1; i < n; i++)
        assert_true(deltas[i - 1].site < deltas[i].site);
    if (n) {
        seen->first = deltas[0];
        seen->last = deltas[n - 1];
    }
    return seen->n != seen->stop_after;
}

static void assert_counts(const struct trace_counts *a, const struct trace_counts *b)
{
    assert_memory_equal(a, b, sizeof *a);
}

static void test_epochs(void **state)
{
    (void)state;
    static const struct trace_counts odd = {3, 100, 2, UINT64_MAX, 0, 7, 1, 0, 5, 1, 0, UINT64_MAX, 9, 0};
    struct trace_counts all;
    memset(&all, 0xff, sizeof all);
    char *path = sample_path("epochs");
    struct trace_writer *writer = sample_create(path);
    write_sites(writer, MANY);
    struct trace_epoch high = {0, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    struct trace_epoch low = {.process = 0}, turned = {0, 9, 5, 1, 2, 0, 100, 3, 4};
    struct trace_site_counts deltas[] = {{5, odd}, {2, all}, {5, odd}};         /* out of order, and one site twice */
    trace_write_epoch(writer, &high, deltas, 3);
    trace_write_epoch(writer, &low, NULL, 0);
    assert_int_equal(trace_writer_flush(writer), 0);
    trace_write_epoch(writer, &turned, deltas, 1);
    struct trace_site_counts *many = calloc(MANY, sizeof *many);
    for (uint32_t i = 0; i < MANY; i++)
        many[i] = (struct trace_site_counts){MANY - 1 - i, {.allocations = i, .allocated_bytes = 16 * i}};
    trace_write_epoch(writer, &low, many, MANY);

    struct trace *trace = sample_reopen(writer, path);
    struct seen seen = {0};
    assert_int_equal(trace_each_epoch(trace, see_epoch, &seen, NULL), 0);
    assert_int_equal(seen.n, 4);
    assert_memory_equal(&seen.epochs[0].start_ns, &high.start_ns, sizeof high - offsetof(struct trace_epoch, start_ns));
    assert_memory_equal(&seen.epochs[2].start_ns, &turned.start_ns, sizeof turned - offsetof(struct trace_epoch, start_ns));
    assert_int_equal(seen.n_deltas[0], 2);
    assert_int_equal(seen.n_deltas[1], 0);
    assert_int_equal(seen.n_deltas[3], MANY);
    assert_true(seen.first.site == 0 && seen.first.counts.allocations == MANY - 1);
    assert_true(seen.last.site == MANY - 1 && seen.last.counts.allocations == 0);

    seen = (struct seen){.stop_after = 1};
    assert_int_equal(trace_each_epoch(trace, see_epoch, &seen, NULL), 0);
    assert_int_equal(seen.n, 1);
    struct trace_counts twice = {6, 200, 4, UINT64_MAX * 2, 0, 14, 2, 0, 10, 2, 0, UINT64_MAX * 2, 18, 0};
    assert_int_equal(seen.first.site, 2);
    assert_counts(&seen.first.counts, &all);
    assert_int_equal(seen.last.site, 5);
    assert_counts(&seen.last.counts, &twice);
    free(many);
    sample_done(trace, path);
}

static void test_totals(void **state)
{
    (void)state;
    char *path = sample_path("totals");
    struct trace_writer *writer = sample_create(path);
    write_sites(writer, MANY);
    struct trace_totals totals = {.peak_bytes = UINT64_MAX, .peak_blocks = 1, .peak_ns = 2, .mapped_allocations = 3,
                                  .mapped_bytes = 4, .mapped_live_bytes = 5, .mapped_peak_bytes = 6, .mapped_peak_ns = 7};
    totals.heap = (struct trace_counts){1, 2, 3, 4, 5, 6, 7, UINT64_MAX, 9, 10, 11, 12, 13, UINT64_MAX - 1};
    totals.size_count[0] = 8;
    totals.size_bytes[TRACE_SIZE_CLASSES - 1] = UINT64_MAX;
    struct trace_site_totals *sites = calloc(MANY, sizeof *sites);
    for (uint32_t i = 0; i < MANY; i++)
        sites[i] = (struct trace_site_totals){i, {i, UINT64_MAX - i, i / 2, 3 * i, i, i, 0, 0, i / 3, 5 * i, i, 7, 0, i},
                                              UINT64_MAX / (i + 1), i};
    trace_write_totals(writer, &totals, sites, MANY);
    struct trace_exit ending = {0, TRACE_EXIT_SIGNAL, INT32_MIN, UINT64_MAX};
    trace_write_exit(writer, &ending);
    struct trace_losses losses = {0, 1, 2, 3, 4, 5, 6, 7, UINT64_MAX}, run = {TRACE_NONE, UINT64_MAX, 9, 8, 7, 6, 5, 4, 3};
    trace_write_losses(writer, &run);
    trace_write_losses(writer, &losses);
    struct trace_unprofiled unprofiled = {INT32_MAX, TRACE_NONE, "/bin/static", "it is statically linked"};
    trace_write_unprofiled(writer, &unprofiled);

    struct trace *trace = sample_reopen(writer, path);
    const struct trace_process_end *end = &trace->ends[0];
    assert_true(end->has_totals && end->ended);
    assert_memory_equal(&end->totals.heap, &totals.heap, sizeof totals - offsetof(struct trace_totals, heap));
    assert_int_equal(end->n_sites, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        assert_int_equal(end->sites[i].site, i);
        assert_counts(&end->sites[i].counts, &sites[i].counts);
        assert_true(end->sites[i].peak_bytes == sites[i].peak_bytes && end->sites[i].peak_blocks == i);
    }
    assert_true(end->exit.kind == TRACE_EXIT_SIGNAL && end->exit.value == INT32_MIN && end->exit.end_ns == UINT64_MAX);
    assert_memory_equal(&end->losses.events, &losses.events, sizeof losses - offsetof(struct trace_losses, events));
    assert_memory_equal(&trace->losses.events, &run.events, sizeof run - offsetof(struct trace_losses, events));
    assert_int_equal(trace->n_unprofiled, 1);
    assert_int_equal(trace->unprofiled[0].pid, INT32_MAX);
    assert_int_equal(trace->unprofiled[0].parent, TRACE_NONE);
    assert_string_equal(trace->unprofiled[0].path, "/bin/static");
    assert_string_equal(trace->unprofiled[0].reason, "it is statically linked");
    free(sites);
    sample_done(trace, path);
}

struct stream_check {
    uint64_t n, random;
};

static struct trace_block block_of(uint64_t random, uint64_t n)
{
    return (struct trace_block){random, n % 3 ? n : UINT64_MAX, (uint32_t)(random % MANY), n % 5 ? random >> 3 : UINT64_MAX};
}

static bool check_blocks(void *context, uint32_t process, const struct trace_block *blocks, size_t n)
{
    struct stream_check *check = context;
    assert_int_equal(process, 0);
    for (size_t i = 0; i < n; i++) {
        struct trace_block expected = block_of(sample_random(&check->random), check->n++);
        assert_true(blocks[i].address == expected.address && blocks[i].bytes == expected.bytes);
        assert_true(blocks[i].site == expected.site && blocks[i].born_ns == expected.born_ns);
    }
    return true;
}

static struct trace_event event_of(uint64_t random, uint64_t n)
{
    return (struct trace_event){n & 1 ? TRACE_EVENT_FREE : TRACE_EVENT_ALLOC, 0, (uint32_t)(random % MANY), random,
                                n % 7 ? n : UINT64_MAX, n % 11 ? random : 0};
}

static bool check_event(void *context, const struct trace_event *event)
{
    struct stream_check *check = context;
    struct trace_event expected = event_of(sample_random(&check->random), check->n++);
    assert_true(event->kind == expected.kind && event->thread == 0 && event->site == expected.site);
    assert_true(event->address == expected.address && event->bytes == expected.bytes && event->ns == expected.ns);
    return true;
}

static void test_blocks_and_events(void **state)
{
    (void)state;
    char *path = sample_path("blocks");
    struct trace_writer *writer = sample_create(path);
    write_sites(writer, MANY);
    struct trace_block *blocks = calloc(MANY, sizeof *blocks);
    struct stream_check check = {.random = 99};
    for (uint32_t i = 0; i < MANY; i++)
        blocks[i] = block_of(sample_random(&check.random), i);
    trace_write_blocks(writer, 0, blocks, MANY);
    trace_write_blocks(writer, 0, blocks, 0);
    check.random = 77;
    for (uint32_t i = 0; i < MANY; i++) {
        struct trace_event event = event_of(sample_random(&check.random), i);
        trace_write_event(writer, &event);
    }
    struct trace *trace = sample_reopen(writer, path);
    check = (struct stream_check){.random = 99};
    assert_int_equal(trace_each_block(trace, check_blocks, &check, NULL), 0);
    assert_int_equal(check.n, MANY);
    check = (struct stream_check){.random = 77};
    assert_int_equal(trace_each_event(trace, check_event, &check, NULL), 0);
    assert_int_equal(check.n, MANY);
    free(blocks);
    sample_done(trace, path);
}

/* Three accounts of one run: the reference of the test, the TOTALS of a whole file, the replay of one without. */
static void assert_totals(const struct trace *trace, const struct sample *sample, bool recorded)
{
    for (uint32_t p = 0; p < SAMPLE_PROCESSES; p++) {
        const struct trace_process_end *end = &trace->ends[p];
        assert_int_equal(end->has_totals, recorded);
        assert_int_equal(end->totals.process, p);
        assert_memory_equal(&end->totals.heap, &sample->processes[p].totals.heap,
                            sizeof end->totals - offsetof(struct trace_totals, heap));
        assert_int_equal(end->n_sites, SAMPLE_SITES_EACH);
        for (uint32_t i = 0; i < SAMPLE_SITES_EACH; i++) {
            const struct trace_site_totals *expected = &sample->sites[p * SAMPLE_SITES_EACH + i];
            assert_int_equal(end->sites[i].site, expected->site);
            assert_counts(&end->sites[i].counts, &expected->counts);
            assert_true(end->sites[i].peak_bytes == expected->peak_bytes && end->sites[i].peak_blocks == expected->peak_blocks);
        }
        assert_true(end->last_ns > 0 && end->last_ns <= trace->end_ns);
    }
}

static void test_replay_equals_totals(void **state)
{
    (void)state;
    char *path = sample_path("replay");
    struct trace_error error;
    for (unsigned n_epochs = 6; n_epochs < 400; n_epochs = n_epochs * 2 + 1)
        for (unsigned whole = 0; whole < 2; whole++) {
            struct sample *sample = sample_write(path, n_epochs, 100, whole);
            struct trace *trace = trace_open(path, &error);
            assert_non_null(trace);
            assert_true(trace->complete);
            assert_totals(trace, sample, whole);
            trace_close(trace);
            free(sample);
        }
    unlink(path);
    free(path);
}

/* The heap is largest inside the second epoch, at whose beginning it held more than at its end. */
static void test_replay_inside_an_epoch(void **state)
{
    (void)state;
    char *path = sample_path("inside");
    struct trace_writer *writer = sample_create(path);
    write_sites(writer, 2);
    struct trace_epoch up = {.end_ns = 10, .live_bytes = 100, .live_blocks = 1, .max_live_bytes = 100, .max_ns = 9};
    struct trace_epoch down = {.start_ns = 10, .end_ns = 20, .live_bytes = 30, .live_blocks = 1, .max_live_bytes = 130,
                               .max_ns = 12};
    struct trace_site_counts first = {0, {.allocations = 1, .allocated_bytes = 100}};
    struct trace_site_counts second[] = {{0, {.frees = 1, .freed_bytes = 100}}, {1, {.allocations = 1, .allocated_bytes = 30}}};
    trace_write_epoch(writer, &up, &first, 1);
    trace_write_epoch(writer, &down, second, 2);
    struct trace *trace = sample_reopen(writer, path);
    const struct trace_process_end *end = &trace->ends[0];
    assert_true(end->totals.peak_bytes == 130 && end->totals.peak_ns == 12 && end->totals.peak_blocks == 1);
    assert_int_equal(end->n_sites, 2);
    assert_true(end->sites[0].peak_bytes == 100 && end->sites[1].peak_bytes == 0);
    sample_done(trace, path);
}

/* A program that churns: 256 sites of random sizes, 10,000 events an epoch. */
static void test_size(void **state)
{
    (void)state;
    char *path = sample_path("size");
    struct trace_writer *writer = sample_create(path);
    write_sites(writer, 256);
    uint64_t random = 5, n_events = 0;
    struct trace_site_counts deltas[256];
    for (uint64_t e = 0; e < 200; e++) {
        memset(deltas, 0, sizeof deltas);
        for (unsigned i = 0; i < 256; i++)
            deltas[i].site = i;
        for (unsigned i = 0; i < 5000; i++, n_events += 2) {
            struct trace_counts *born = &deltas[sample_random(&random) % 256].counts;
            struct trace_counts *dead = &deltas[sample_random(&random) % 256].counts;
            born->allocations++;
            born->allocated_bytes += 16 + sample_random(&random) % 240;
            dead->frees++;
            dead->freed_bytes += 16 + sample_random(&random) % 240;
        }
        struct trace_epoch epoch = {0, e * 1000003, (e + 1) * 1000003, 130000 + random % 1000, 1000, 140000, e * 1000003 + 5,
                                    0, 0};
        trace_write_epoch(writer, &epoch, deltas, 256);
    }
    struct trace *trace = sample_reopen(writer, path);
    assert_true(trace->file_bytes * 5 < n_events);
    sample_done(trace, path);
}

struct lines {
    const char *const *expected;
    uint64_t found;
    unsigned n, n_expected;
};

static bool find_line(void *context, uint64_t offset, const char *line)
{
    struct lines *lines = context;
    (void)offset;
    lines->n++;
    for (unsigned i = 0; i < lines->n_expected; i++)
        if (!strcmp(line, lines->expected[i]))
            lines->found |= UINT64_C(1) << i;
    return true;
}

static void test_dump(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "header version=1.2 flags=0x0",
        "run unix_ns=1700000000000000000 command=\"./prog 'a b'\" host=\"host 6.1 x86_64\" version=\"0.1.0\"",
        "string id=1 text=\"./prog 'a b'\"",
        "process id=1 pid=101 parent=0 origin=fork start_ns=10 command=\"./prog 'a b'\" executable=\"/usr/bin/a prog\"",
        "thread id=1 process=1 tid=101 start_ns=10 name=\"main\"",
        "thread_name thread=1 name=\"a\\\"\\\\\\x0a\"",
        "module id=0 build_id=01020304 path=\"/usr/bin/a prog\"",
        "frame id=1 kind=native module=0 address=0x1010",
        "frame id=5 kind=mapped module=- address=0x0",
        "code id=1 first_line=40 function=\"Book.add\" file=\"<string>\"",
        "source file=\"<string>\" text=\"class Book:\\x0a\"",
        "frame id=3 kind=python code=1 line=42",
        "frame id=4 kind=object module=- address=0x0",
        "stack id=2 parent=1 frame=1",
        "site id=7 thread=1 stack=2",
        "symbol frame=1 level=1 line=42 function=\"function\" file=\"/src/a.c\"",
        "epoch process=1 start_ns=1 end_ns=2 live_bytes=3 live_blocks=4 max_live_bytes=5 max_ns=2 mapped_bytes=6 "
        "rss_bytes=7 sites=1",
        "delta site=7 allocations=1 allocated_bytes=2 frees=3 freed_bytes=4 temporary=5 temporary_bytes=6 inherited=7 "
        "inherited_bytes=8 collected=9 collected_bytes=10 moved=11 moved_bytes=12 transient=13 transient_bytes=14",
        "event kind=free thread=1 site=7 address=0x50 bytes=48 ns=9",
        "block process=1 address=0x60 bytes=32 site=7 born_ns=1",
        "totals process=1 allocations=0 allocated_bytes=0 frees=0 freed_bytes=0 temporary=0 temporary_bytes=0 inherited=0 "
        "inherited_bytes=0 collected=0 collected_bytes=0 moved=0 moved_bytes=0 transient=0 transient_bytes=0 "
        "peak_bytes=1 peak_blocks=2 peak_ns=3 mapped_allocations=0 mapped_bytes=0 mapped_live_bytes=0 "
        "mapped_peak_bytes=0 mapped_peak_ns=0 sites=1",
        "size_class process=1 class=4 count=2 bytes=32",
        "site_totals process=1 site=7 allocations=0 allocated_bytes=0 frees=0 freed_bytes=0 temporary=0 temporary_bytes=0 "
        "inherited=0 inherited_bytes=0 collected=0 collected_bytes=0 moved=0 moved_bytes=0 transient=0 transient_bytes=0 "
        "peak_bytes=8 peak_blocks=1",
        "exit process=1 kind=signal value=9 end_ns=2",
        "losses process=- events=1 truncated_stacks=0 unmatched_frees=0 damaged_records=0 waits=0 wait_ns=0 self_bytes=0 "
        "collector_cpu_ns=0",
        "unprofiled pid=7 parent=1 path=\"/s\" reason=\"static\"",
        "mark process=1 thread=0 ns=12 kind=begin label=\"load\"",
        "python process=1 version=0x030b07f0 state=objects_only reason=\"why\"",
        "line process=1 code=1 line=42 executed=7 increment_bytes=-96 live_bytes=4096",
        "snapshot id=0 process=1 cause=request label=\"now\" ns=12 stopped_ns=3 fork_ns=2 mark_ns=4 scanned_bytes=5 threads=6 "
        "missed_threads=1 blocks=2 roots=2 names=1 reasons=\"a\\x0ab\" unseen=\"c\"",
        "snapshot_root snapshot=0 kind=global start=0x1000 end=0x2000 thread=- module=0 bias=0x400",
        "snapshot_root snapshot=0 kind=registers start=0x3000 end=0x3100 thread=1 module=- bias=0x0",
        "snapshot_name snapshot=0 address=0x1010 name=\"servers\"",
        "snapshot_block snapshot=0 row=1 address=0x60 bytes=32 site=7 born_ns=1 reach=possible ignored=1 at=0x1012",
        "index type=1 offset=24 first_ns=0 last_ns=0",
    };
    char *path = sample_path("dump");
    struct trace_writer *writer = sample_create(path);
    sample_tables(writer);
    trace_write_thread_name(writer, 1, "a\"\\\n");
    struct trace_epoch epoch = {1, 1, 2, 3, 4, 5, 2, 6, 7};
    struct trace_site_counts delta = {7, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}};
    struct trace_event event = {TRACE_EVENT_FREE, 1, 7, 0x50, 48, 9};
    struct trace_block block = {0x60, 32, 7, 1};
    struct trace_totals totals = {.process = 1, .peak_bytes = 1, .peak_blocks = 2, .peak_ns = 3};
    totals.size_count[4] = 2;
    totals.size_bytes[4] = 32;
    struct trace_site_totals site = {.site = 7, .peak_bytes = 8, .peak_blocks = 1};
    struct trace_exit ending = {1, TRACE_EXIT_SIGNAL, 9, 2};
    struct trace_losses losses = {.process = TRACE_NONE, .events = 1};
    struct trace_unprofiled unprofiled = {7, 1, "/s", "static"};
    trace_write_epoch(writer, &epoch, &delta, 1);
    trace_write_event(writer, &event);
    trace_write_blocks(writer, 1, &block, 1);
    trace_write_totals(writer, &totals, &site, 1);
    trace_write_exit(writer, &ending);
    trace_write_losses(writer, &losses);
    trace_write_unprofiled(writer, &unprofiled);
    struct trace_mark mark = {1, 0, 12, TRACE_MARK_BEGIN, "load"};
    struct trace_python python = {1, 0x030b07f0, TRACE_PYTHON_OBJECTS_ONLY, "why"};
    struct trace_line line = {1, 1, 42, 7, -96, 4096};
    trace_write_mark(writer, &mark);
    trace_write_python(writer, &python);
    trace_write_lines(writer, &line, 1);
    struct trace_root roots[] = {{TRACE_ROOT_GLOBAL, 0x1000, 0x2000, TRACE_NONE, 0, 0x400},
                                 {TRACE_ROOT_REGISTERS, 0x3000, 0x3100, 1, TRACE_NONE, 0}};
    struct trace_root_name name = {0x1010, "servers"};
    struct trace_snapshot snapshot = {1, TRACE_SNAPSHOT_REQUEST, "now", 12, 3, 2, 4, 5, 6, 1, 2, "a\nb", "c", roots, 2, &name, 1, 0};
    struct trace_snapshot_block held[] = {{0x40, 32, 7, 0, TRACE_REACH_LOST, false, 0},
                                          {0x60, 32, 7, 1, TRACE_REACH_POSSIBLE, true, 0x1012}};
    trace_write_snapshot_blocks(writer, trace_write_snapshot(writer, &snapshot), held, 2);
    assert_int_equal(trace_writer_close(writer), 0);

    struct trace_error error;
    struct lines lines = {.expected = expected, .n_expected = sizeof expected / sizeof *expected};
    assert_int_equal(trace_dump(path, find_line, &lines, &error), 0);
    for (unsigned i = 0; i < lines.n_expected; i++)
        if (!(lines.found >> i & 1))
            fail_msg("no line is: %s", expected[i]);
    unlink(path);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_and_empty),
        cmocka_unit_test(test_processes_and_threads),
        cmocka_unit_test(test_modules_frames_symbols),
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_blocks_and_events),
        cmocka_unit_test(test_replay_equals_totals),
        cmocka_unit_test(test_replay_inside_an_epoch),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
