/* A small made-up run with a reference count beside it, for the tests of the trace file. Two processes, the second forked
 * from the first; six sites each: three of native code, one of a Python line, one of Python objects, an anonymous mapping.
 * The peaks fall on the ends of epochs. */
#ifndef TEST_TRACE_SAMPLE_H
#define TEST_TRACE_SAMPLE_H

#include "../../viewer/trace/reader.h"
#include "../../viewer/trace/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLE_PROCESSES 2u
#define SAMPLE_SITES_EACH 6u
#define SAMPLE_SITES (SAMPLE_PROCESSES * SAMPLE_SITES_EACH)
#define SAMPLE_LIVE_MAX 4096u

struct sample_block {
    uint64_t address, bytes, born_ns;
    uint32_t site;
};

struct sample_process {
    struct sample_block live[SAMPLE_LIVE_MAX];
    uint32_t n_live;
    struct trace_totals totals;
    uint64_t live_bytes, live_blocks, mapped_bytes;
};

struct sample {
    struct trace_writer *writer;
    uint64_t random, now_ns;
    struct sample_process processes[SAMPLE_PROCESSES];
    struct trace_site_totals sites[SAMPLE_SITES];
    struct trace_site_counts deltas[SAMPLE_SITES];
};

/* xorshift64: the same numbers in every run. */
static inline uint64_t sample_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static const struct trace_run sample_run = {
    .unix_ns = UINT64_C(1700000000000000000), .command = "./prog 'a b'", .host = "host 6.1 x86_64", .version = "0.1.0",
};

/* A path of its own in the temporary folder; the caller frees it. */
static inline char *sample_path(const char *name)
{
    const char *folder = getenv("TMPDIR");
    char *path;
    assert_true(asprintf(&path, "%s/heapline-test-%ld-%s.hpl", folder ? folder : "/tmp", (long)getpid(), name) > 0);
    return path;
}

static inline uint8_t *sample_read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *n = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*n + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *n, file), *n);
    fclose(file);
    return bytes;
}

static inline struct trace_writer *sample_create(const char *path)
{
    struct trace_writer *writer;
    assert_int_equal(trace_writer_create(&writer, path, &sample_run), 0);
    return writer;
}

/* Closes the file, which must be whole, and opens it. */
static inline struct trace *sample_reopen(struct trace_writer *writer, const char *path)
{
    struct trace_error error;
    assert_int_equal(trace_writer_close(writer), 0);
    struct trace *trace = trace_open(path, &error);
    assert_non_null(trace);
    assert_true(trace->complete);
    assert_string_equal(error.text, "");
    return trace;
}

static inline void sample_done(struct trace *trace, char *path)
{
    trace_close(trace);
    unlink(path);
    free(path);
}

/* A field that is added and forgotten somewhere shows: this knows no names. */
static inline void sample_add(struct trace_counts *sum, const struct trace_counts *more)
{
    uint64_t a[sizeof *sum / sizeof(uint64_t)], b[sizeof *sum / sizeof(uint64_t)];
    memcpy(a, sum, sizeof a);
    memcpy(b, more, sizeof b);
    for (size_t i = 0; i < sizeof a / sizeof *a; i++)
        a[i] += b[i];
    memcpy(sum, a, sizeof a);
}

static inline bool sample_is_python(uint32_t site) { return site % SAMPLE_SITES_EACH == SAMPLE_SITES_EACH - 3; }
static inline bool sample_is_object(uint32_t site) { return site % SAMPLE_SITES_EACH == SAMPLE_SITES_EACH - 2; }
static inline bool sample_is_mapped(uint32_t site) { return site % SAMPLE_SITES_EACH == SAMPLE_SITES_EACH - 1; }

static inline void sample_tables(struct trace_writer *writer)
{
    struct trace_module module = {"/usr/bin/a prog", {1, 2, 3, 4}, 4};
    trace_write_module(writer, &module);
    struct trace_code module_code = {"<module>", "/src/a.py", 1}, code = {"Book.add", "<string>", 40};
    assert_int_equal(trace_write_code(writer, &module_code), 0);
    assert_int_equal(trace_write_code(writer, &code), 1);
    trace_write_source(writer, "<string>", "class Book:\n", 12);
    for (uint32_t p = 0; p < SAMPLE_PROCESSES; p++) {
        struct trace_process process = {(int32_t)(100 + p), p ? 0 : TRACE_NONE, p ? TRACE_ORIGIN_FORK : TRACE_ORIGIN_ROOT,
                                        p * 10, "./prog 'a b'", "/usr/bin/a prog"};
        assert_int_equal(trace_write_process(writer, &process), p);
        struct trace_thread thread = {p, (int32_t)(100 + p), p * 10, "main"};
        assert_int_equal(trace_write_thread(writer, &thread), p);
    }
    for (uint32_t i = 0; i < SAMPLE_SITES_EACH; i++) {
        struct trace_frame frame = {TRACE_FRAME_NATIVE, 0, 0x1000 + 16 * i};
        if (sample_is_python(i))
            frame = (struct trace_frame){TRACE_FRAME_PYTHON, 1, 42};
        if (sample_is_object(i))
            frame = (struct trace_frame){TRACE_FRAME_OBJECT, TRACE_NONE, 0};
        if (sample_is_mapped(i))
            frame = (struct trace_frame){TRACE_FRAME_MAPPED, TRACE_NONE, 0};
        assert_int_equal(trace_write_frame(writer, &frame), i);
        struct trace_stack stack = {i, i};
        assert_int_equal(trace_write_stack(writer, &stack), i + 1);
    }
    for (uint32_t i = 0; i < SAMPLE_SITES; i++) {
        struct trace_site site = {i / SAMPLE_SITES_EACH, i % SAMPLE_SITES_EACH + 1};
        assert_int_equal(trace_write_site(writer, &site), i);
    }
    struct trace_symbol symbols[] = {{"inlined", "/src/a.h", 7}, {"function", "/src/a.c", 42}};
    trace_write_symbols(writer, 1, symbols, 2);
}

static inline void sample_alloc(struct sample *sample, uint32_t p, struct trace_counts *delta, uint32_t site)
{
    struct sample_process *process = &sample->processes[p];
    uint64_t bytes = sample_is_mapped(site) ? 4096 : 16 + sample_random(&sample->random) % 240;
    struct sample_block block = {0x555500000000 + (sample_random(&sample->random) & 0xffffff0), bytes, sample->now_ns, site};
    process->live[process->n_live++] = block;
    bool moved = bytes & 1;
    struct trace_counts step = {.allocations = 1, .allocated_bytes = bytes, .moved = moved, .moved_bytes = moved ? bytes / 2 : 0};
    sample_add(delta, &step);
    if (sample_is_mapped(site)) {
        process->mapped_bytes += bytes;
        process->totals.mapped_allocations++;
        process->totals.mapped_bytes += bytes;
        return;
    }
    process->live_bytes += bytes;
    process->live_blocks++;
    sample_add(&process->totals.heap, &step);
}

static inline void sample_free(struct sample *sample, uint32_t p)
{
    struct sample_process *process = &sample->processes[p];
    uint32_t victim = (uint32_t)(sample_random(&sample->random) % process->n_live);
    struct sample_block block = process->live[victim];
    bool temporary = victim == process->n_live - 1, collected = sample_is_object(block.site) && block.bytes & 2;
    struct trace_counts step = {
        .frees = 1, .freed_bytes = block.bytes,
        .temporary = temporary, .temporary_bytes = temporary ? block.bytes : 0,
        .collected = collected, .collected_bytes = collected ? block.bytes : 0,
    };
    process->live[victim] = process->live[--process->n_live];
    sample_add(&sample->deltas[block.site].counts, &step);
    if (sample_is_mapped(block.site)) {
        process->mapped_bytes -= block.bytes;
        return;
    }
    process->live_bytes -= block.bytes;
    process->live_blocks--;
    sample_add(&process->totals.heap, &step);
}

/* What came and went under the Python line in the epoch. */
static inline void sample_transient(struct sample *sample, uint32_t p, uint64_t n)
{
    struct trace_counts step = {.transient = n, .transient_bytes = 24 * n};
    sample_add(&sample->deltas[p * SAMPLE_SITES_EACH + SAMPLE_SITES_EACH - 3].counts, &step);
    sample_add(&sample->processes[p].totals.heap, &step);
}

static inline uint64_t sample_live_bytes(const struct trace_counts *counts)
{
    return counts->allocated_bytes + counts->inherited_bytes - counts->freed_bytes;
}

static inline void sample_keep_peak(struct sample *sample, uint32_t p, bool mapped)
{
    for (uint32_t i = p * SAMPLE_SITES_EACH; i < (p + 1) * SAMPLE_SITES_EACH; i++)
        if (sample_is_mapped(i) == mapped) {
            const struct trace_counts *counts = &sample->sites[i].counts;
            sample->sites[i].peak_bytes = sample_live_bytes(counts);
            sample->sites[i].peak_blocks = counts->allocations + counts->inherited - counts->frees;
        }
}

static inline void sample_end_epoch(struct sample *sample, uint32_t p, uint64_t start_ns)
{
    struct sample_process *process = &sample->processes[p];
    struct trace_epoch epoch = {
        .process = p, .start_ns = start_ns, .end_ns = sample->now_ns,
        .live_bytes = process->live_bytes, .live_blocks = process->live_blocks,
        .max_live_bytes = process->live_bytes, .max_ns = sample->now_ns,
        .mapped_bytes = process->mapped_bytes, .rss_bytes = process->live_bytes + 8192,
    };
    static const struct trace_counts none;
    struct trace_site_counts deltas[SAMPLE_SITES_EACH];
    size_t n = 0;
    for (uint32_t i = (p + 1) * SAMPLE_SITES_EACH; i-- > p * SAMPLE_SITES_EACH;) {      /* in falling order, on purpose */
        sample_add(&sample->sites[i].counts, &sample->deltas[i].counts);
        if (memcmp(&sample->deltas[i].counts, &none, sizeof none))
            deltas[n++] = (struct trace_site_counts){i, sample->deltas[i].counts};
        sample->deltas[i].counts = (struct trace_counts){0};
    }
    trace_write_epoch(sample->writer, &epoch, deltas, n);
    if (process->live_bytes > process->totals.peak_bytes) {
        process->totals.peak_bytes = process->live_bytes;
        process->totals.peak_blocks = process->live_blocks;
        process->totals.peak_ns = sample->now_ns;
        sample_keep_peak(sample, p, false);
    }
    if (process->mapped_bytes > process->totals.mapped_peak_bytes) {
        process->totals.mapped_peak_bytes = process->mapped_bytes;
        process->totals.mapped_peak_ns = sample->now_ns;
        sample_keep_peak(sample, p, true);
    }
    process->totals.mapped_live_bytes = process->mapped_bytes;
}

/* The child begins with what the parent holds (heap only, to keep it simple), at sites of its own. */
static inline void sample_fork(struct sample *sample)
{
    struct sample_process *parent = &sample->processes[0], *child = &sample->processes[1];
    for (uint32_t i = 0; i < parent->n_live; i++) {
        struct sample_block block = parent->live[i];
        if (sample_is_mapped(block.site))
            continue;
        block.site += SAMPLE_SITES_EACH;
        child->live[child->n_live++] = block;
        child->live_bytes += block.bytes;
        child->live_blocks++;
        child->totals.heap.inherited++;
        child->totals.heap.inherited_bytes += block.bytes;
        sample->deltas[block.site].counts.inherited++;
        sample->deltas[block.site].counts.inherited_bytes += block.bytes;
    }
}

static inline void sample_one_epoch(struct sample *sample, uint32_t p, unsigned n_events)
{
    struct sample_process *process = &sample->processes[p];
    uint64_t start_ns = sample->now_ns;
    for (unsigned i = 0; i < n_events; i++) {
        bool can_free = process->n_live > 0, can_alloc = process->n_live < SAMPLE_LIVE_MAX;
        sample->now_ns += 1 + sample_random(&sample->random) % 1000;
        if (can_free && (!can_alloc || sample_random(&sample->random) % 100 < 48)) {
            sample_free(sample, p);
            continue;
        }
        uint32_t site = p * SAMPLE_SITES_EACH + (uint32_t)(sample_random(&sample->random) % SAMPLE_SITES_EACH);
        sample_alloc(sample, p, &sample->deltas[site].counts, site);
    }
    sample_transient(sample, p, n_events / 4);
    sample_end_epoch(sample, p, start_ns);
}

static inline void sample_mark(struct sample *sample, enum trace_mark_kind kind)
{
    struct trace_mark mark = {0, 0, sample->now_ns, kind, "load"};
    trace_write_mark(sample->writer, &mark);
}

static inline void sample_write_ends(struct sample *sample)
{
    for (uint32_t p = 0; p < SAMPLE_PROCESSES; p++) {
        struct trace_block blocks[SAMPLE_LIVE_MAX];
        struct sample_process *process = &sample->processes[p];
        for (uint32_t i = 0; i < process->n_live; i++) {
            struct sample_block *block = &process->live[i];
            blocks[i] = (struct trace_block){block->address, block->bytes, block->site, block->born_ns};
        }
        trace_write_blocks(sample->writer, p, blocks, process->n_live);
        struct trace_losses losses = {.process = p, .events = 3 + p, .waits = 1};
        trace_write_losses(sample->writer, &losses);
        struct trace_python python = {p, 0x030b07f0, p ? TRACE_PYTHON_OBJECTS_ONLY : TRACE_PYTHON_LIVE, p ? "not confirmed" : ""};
        trace_write_python(sample->writer, &python);
        struct trace_line lines[] = {{p, 1, 42, 7, -96, 4096}, {p, 1, 43, 0, 1 << 20, 8192}};
        trace_write_lines(sample->writer, lines, 2);
    }
}

#define SAMPLE_SNAPSHOT_BLOCKS 40u

/* A list whose nodes hold each other, in process 1: the last one is lost. */
static inline void sample_snapshot(struct sample *sample)
{
    struct trace_root roots[] = {{TRACE_ROOT_GLOBAL, 0x601000, 0x602000, TRACE_NONE, 0, 0x600000},
                                 {TRACE_ROOT_STACK, 0x7ffd00001000, 0x7ffd00009000, 1, TRACE_NONE, 0}};
    struct trace_root_name name = {0x601010, "list"};
    struct trace_snapshot snapshot = {
        .process = 1, .cause = TRACE_SNAPSHOT_EXIT, .label = "end", .ns = sample->now_ns, .stopped_ns = 9, .fork_ns = 7,
        .mark_ns = 5,
        .scanned_bytes = 4096, .threads = 2, .blocks = SAMPLE_SNAPSHOT_BLOCKS, .reasons = "some roots were left out",
        .unseen = "a thread could not be stopped",
        .roots = roots, .n_roots = 2, .names = &name, .n_names = 1,
    };
    struct trace_snapshot_block blocks[SAMPLE_SNAPSHOT_BLOCKS];
    for (uint32_t i = 0; i < SAMPLE_SNAPSHOT_BLOCKS; i++)
        blocks[i] = (struct trace_snapshot_block){0x5555000 + 48 * i, 24 + i % 16, i % SAMPLE_SITES, 10 * (i / 7), TRACE_REACH_HELD,
                                                  false, i ? blocks[i - 1].address : 0x601010};
    blocks[SAMPLE_SNAPSHOT_BLOCKS - 1].reach = TRACE_REACH_LOST;
    blocks[SAMPLE_SNAPSHOT_BLOCKS - 1].at = 0;
    uint32_t id = trace_write_snapshot(sample->writer, &snapshot);
    trace_write_snapshot_blocks(sample->writer, id, blocks, SAMPLE_SNAPSHOT_BLOCKS / 2);
    assert_int_equal(trace_writer_flush(sample->writer), 0);
    sample_mark(sample, TRACE_MARK_POINT);
    trace_write_snapshot_blocks(sample->writer, id, blocks + SAMPLE_SNAPSHOT_BLOCKS / 2, SAMPLE_SNAPSHOT_BLOCKS / 2);
}

/* Writes the run and gives the reference; free() it. With `whole` totals and exits are written. Flushed every few epochs. */
static inline struct sample *sample_write(const char *path, unsigned n_epochs, unsigned n_events, bool whole)
{
    struct sample *sample = calloc(1, sizeof *sample);
    assert_non_null(sample);
    sample->random = 88172645463325252;
    assert_int_equal(trace_writer_create(&sample->writer, path, &sample_run), 0);
    sample_tables(sample->writer);
    for (uint32_t i = 0; i < SAMPLE_SITES; i++)
        sample->sites[i].site = i;
    for (unsigned e = 0; e < n_epochs; e++) {
        if (e == n_epochs / 3)
            sample_fork(sample);
        if (e == 1)
            sample_mark(sample, TRACE_MARK_BEGIN);
        sample_one_epoch(sample, 0, n_events);
        if (e == n_epochs / 2)
            sample_mark(sample, TRACE_MARK_END);
        if (e >= n_epochs / 3)
            sample_one_epoch(sample, 1, n_events);
        if (e % 3 == 2)
            assert_int_equal(trace_writer_flush(sample->writer), 0);
    }
    struct trace_event event = {TRACE_EVENT_FREE, 1, 7, 0x5555000, 48, sample->now_ns};
    trace_write_event(sample->writer, &event);
    sample_snapshot(sample);
    sample_write_ends(sample);
    for (uint32_t p = 0; p < SAMPLE_PROCESSES; p++) {
        struct trace_exit ending = {p, TRACE_EXIT_CODE, (int32_t)p, sample->now_ns};
        sample->processes[p].totals.process = p;
        if (!whole)
            continue;
        trace_write_totals(sample->writer, &sample->processes[p].totals, sample->sites + p * SAMPLE_SITES_EACH,
                           SAMPLE_SITES_EACH);
        trace_write_exit(sample->writer, &ending);
    }
    assert_int_equal(trace_writer_close(sample->writer), 0);
    sample->writer = NULL;
    return sample;
}

/* A digest of everything that a reader gives (FNV-1a), and the sums that must only grow with the length of a prefix. */
struct digest {
    uint64_t hash;
    uint64_t epochs, blocks, events, allocations, snapshot_blocks;
};

static inline void digest_bytes(struct digest *digest, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        digest->hash = (digest->hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
}

static inline void digest_number(struct digest *digest, uint64_t number) { digest_bytes(digest, &number, sizeof number); }

static inline void digest_text(struct digest *digest, const char *text)
{
    digest_bytes(digest, text ? text : "\xff", text ? strlen(text) + 1 : 1);
}

static inline bool digest_epoch(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas,
                                size_t n)
{
    struct digest *digest = context;
    digest->epochs++;
    digest_number(digest, epoch->process);
    digest_bytes(digest, &epoch->start_ns, sizeof *epoch - offsetof(struct trace_epoch, start_ns));
    for (size_t i = 0; i < n; i++) {
        digest->allocations += deltas[i].counts.allocations;
        digest_number(digest, deltas[i].site);
        digest_bytes(digest, &deltas[i].counts, sizeof deltas[i].counts);
    }
    return true;
}

static inline bool digest_blocks(void *context, uint32_t process, const struct trace_block *blocks, size_t n)
{
    struct digest *digest = context;
    digest->blocks += n;
    for (size_t i = 0; i < n; i++) {
        digest_number(digest, process);
        digest_number(digest, blocks[i].address);
        digest_number(digest, blocks[i].bytes);
        digest_number(digest, blocks[i].site);
        digest_number(digest, blocks[i].born_ns);
    }
    return true;
}

static inline bool digest_event(void *context, const struct trace_event *event)
{
    struct digest *digest = context;
    digest->events++;
    digest_number(digest, event->kind);
    digest_number(digest, event->thread);
    digest_number(digest, event->site);
    digest_number(digest, event->address);
    digest_number(digest, event->bytes);
    digest_number(digest, event->ns);
    return true;
}

static inline bool digest_snapshot_blocks(void *context, const struct trace_snapshot_block *blocks, size_t n)
{
    struct digest *digest = context;
    digest->snapshot_blocks += n;
    for (size_t i = 0; i < n; i++) {
        digest_number(digest, blocks[i].address);
        digest_number(digest, blocks[i].bytes);
        digest_number(digest, blocks[i].site);
        digest_number(digest, blocks[i].born_ns);
        digest_number(digest, blocks[i].reach);
        digest_number(digest, blocks[i].ignored);
        digest_number(digest, blocks[i].at);
    }
    return true;
}

static inline void digest_snapshot(struct digest *digest, const struct trace *trace, const struct trace_snapshot *snapshot)
{
    digest_text(digest, trace->processes[snapshot->process].command);
    digest_number(digest, snapshot->cause);
    digest_text(digest, snapshot->label);
    digest_bytes(digest, &snapshot->ns, offsetof(struct trace_snapshot, threads) - offsetof(struct trace_snapshot, ns));
    digest_number(digest, snapshot->threads);
    digest_number(digest, snapshot->missed_threads);
    digest_number(digest, snapshot->blocks);
    digest_text(digest, snapshot->reasons);
    digest_text(digest, snapshot->unseen);
    for (uint32_t i = 0; i < snapshot->n_roots; i++) {
        const struct trace_root *root = &snapshot->roots[i];
        digest_number(digest, root->kind);
        digest_number(digest, root->start);
        digest_number(digest, root->end);
        digest_number(digest, root->bias);
        digest_text(digest, root->thread == TRACE_NONE ? NULL : trace->threads[root->thread].name);
        digest_text(digest, root->module == TRACE_NONE ? NULL : trace->modules[root->module].path);
    }
    for (uint32_t i = 0; i < snapshot->n_names; i++) {
        digest_number(digest, snapshot->names[i].address);
        digest_text(digest, snapshot->names[i].name);
    }
}

static inline void digest_ends(struct digest *digest, const struct trace *trace)
{
    for (uint32_t i = 0; i < trace->n_processes; i++) {
        const struct trace_process_end *end = &trace->ends[i];
        digest_number(digest, end->ended);
        digest_number(digest, end->exit.kind);
        digest_number(digest, (uint64_t)end->exit.value);
        digest_number(digest, end->exit.end_ns);
        digest_number(digest, end->totals.process);
        digest_bytes(digest, &end->totals.heap, sizeof end->totals - offsetof(struct trace_totals, heap));
        digest_bytes(digest, &end->losses.events, sizeof end->losses - offsetof(struct trace_losses, events));
        for (size_t k = 0; k < end->n_sites; k++) {
            digest_number(digest, trace->sites[end->sites[k].site].stack);
            digest_bytes(digest, &end->sites[k].counts, sizeof end->sites[k].counts);
            digest_number(digest, end->sites[k].peak_bytes);
            digest_number(digest, end->sites[k].peak_blocks);
        }
    }
}

static inline void digest_python(struct digest *digest, const struct trace *trace)
{
    for (uint32_t i = 0; i < trace->n_marks; i++) {
        digest_text(digest, trace->marks[i].label);
        digest_number(digest, trace->marks[i].ns);
        digest_number(digest, trace->marks[i].kind);
        digest_text(digest, trace->processes[trace->marks[i].process].command);
        digest_text(digest, trace->threads[trace->marks[i].thread].name);
    }
    for (uint32_t i = 0; i < trace->n_pythons; i++) {
        digest_number(digest, trace->pythons[i].process);
        digest_number(digest, trace->pythons[i].version);
        digest_number(digest, trace->pythons[i].state);
        digest_text(digest, trace->pythons[i].reason);
    }
    for (uint32_t i = 0; i < trace->n_lines; i++) {
        digest_number(digest, trace->lines[i].process);
        digest_text(digest, trace->codes[trace->lines[i].code].function);
        digest_number(digest, trace->lines[i].line);
        digest_number(digest, trace->lines[i].executed);
        digest_number(digest, (uint64_t)trace->lines[i].increment_bytes);
        digest_number(digest, trace->lines[i].live_bytes);
    }
    for (uint32_t i = 0; i < trace->n_texts; i++) {
        digest_text(digest, trace->texts[i].file);
        digest_bytes(digest, trace->texts[i].text, trace->texts[i].bytes);
    }
}

static inline void digest_tables(struct digest *digest, const struct trace *trace)
{
    digest_text(digest, trace->run.command);
    digest_text(digest, trace->run.host);
    digest_text(digest, trace->run.version);
    digest_number(digest, trace->run.unix_ns);
    for (uint32_t i = 0; i < trace->n_processes; i++) {
        digest_text(digest, trace->processes[i].command);
        digest_text(digest, trace->processes[i].executable);
        digest_number(digest, (uint64_t)trace->processes[i].pid);
        digest_number(digest, trace->processes[i].start_ns);
    }
    for (uint32_t i = 0; i < trace->n_threads; i++) {
        digest_text(digest, trace->threads[i].name);
        digest_number(digest, (uint64_t)trace->threads[i].tid);
        digest_text(digest, trace->processes[trace->threads[i].process].command);
    }
    for (uint32_t i = 0; i < trace->n_modules; i++) {
        digest_text(digest, trace->modules[i].path);
        digest_bytes(digest, trace->modules[i].build_id, trace->modules[i].build_id_len);
    }
    for (uint32_t i = 0; i < trace->n_frames; i++) {
        digest_number(digest, trace->frames[i].kind);
        digest_number(digest, trace->frames[i].address);
        if (trace->frames[i].kind == TRACE_FRAME_PYTHON)
            digest_number(digest, trace->codes[trace->frames[i].module].first_line);
        else if (trace->frames[i].module != TRACE_NONE)
            digest_text(digest, trace->modules[trace->frames[i].module].path);
        for (uint32_t k = 0; k < trace->symbols[i].n; k++) {
            digest_text(digest, trace->symbols[i].symbols[k].function);
            digest_text(digest, trace->symbols[i].symbols[k].file);
            digest_number(digest, trace->symbols[i].symbols[k].line);
        }
    }
    for (uint32_t i = 1; i < trace->n_stacks; i++) {
        digest_number(digest, trace->frames[trace->stacks[i].frame].address);
        digest_number(digest, trace->stacks[trace->stacks[i].parent].frame);
    }
    for (uint32_t i = 0; i < trace->n_sites; i++) {
        digest_number(digest, (uint64_t)trace->threads[trace->sites[i].thread].tid);
        digest_number(digest, trace->stacks[trace->sites[i].stack].parent);
    }
    for (uint32_t i = 0; i < trace->n_unprofiled; i++) {
        digest_text(digest, trace->unprofiled[i].path);
        digest_text(digest, trace->unprofiled[i].reason);
    }
}

/* Touches everything. Returns the first error of the streams, with its sentence. */
static inline int digest_trace(struct digest *digest, struct trace *trace, struct trace_error *error)
{
    *digest = (struct digest){.hash = UINT64_C(0xcbf29ce484222325)};
    digest_tables(digest, trace);
    digest_ends(digest, trace);
    digest_python(digest, trace);
    int result = trace_each_epoch(trace, digest_epoch, digest, error);
    if (!result)
        result = trace_each_block(trace, digest_blocks, digest, error);
    if (!result)
        result = trace_each_event(trace, digest_event, digest, error);
    for (uint32_t i = 0; i < trace->n_snapshots && !result; i++) {
        digest_snapshot(digest, trace, &trace->snapshots[i]);
        result = trace_each_snapshot_block(trace, i, digest_snapshot_blocks, digest, error);
    }
    return result;
}

#endif
