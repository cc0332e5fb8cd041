/* Traces with snapshots for the tests of leaks and of what is printed of them.
 *
 * Process 100 "app" has the threads main (100) and "worker" (101), process 200 is forked from it. Places: main app.c:10, a a.c:21 and b b.c:31
 * of the program, c without lines in libplug.so. Two calls of a on the line main app.c:10 are two addresses, and stacks.
 */
#ifndef HEAPLINE_TEST_LEAKS_SAMPLE_H
#define HEAPLINE_TEST_LEAKS_SAMPLE_H

#include "../../viewer/trace/reader.h"
#include "../../viewer/trace/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS UINT64_C(1000000)
#define N_OF(array) (sizeof(array) / sizeof *(array))

enum { STACK_MAIN = 1, STACK_A, STACK_B, STACK_C, STACK_MAIN_AGAIN, STACK_A_AGAIN };
enum { SITE_A, SITE_B, SITE_C, SITE_WORKER_A, SITE_A_AGAIN, SITE_INHERITED_A, SITE_INHERITED_B, SITE_CHILD_B };
enum { PARENT, CHILD };

static void leaks_tables(struct trace_writer *w)
{
    static const struct trace_frame frames[] = { { TRACE_FRAME_NATIVE, 0, 0x10 }, { TRACE_FRAME_NATIVE, 0, 0x20 }, { TRACE_FRAME_NATIVE, 0, 0x30 },
                                                 { TRACE_FRAME_NATIVE, 1, 0x40 }, { TRACE_FRAME_NATIVE, 0, 0x18 } };
    static const struct trace_stack stacks[] = { { 0, 0 }, { 1, 1 }, { 1, 2 }, { 1, 3 }, { 0, 4 }, { 5, 1 } };
    static const struct trace_site sites[] = { { 0, STACK_A }, { 0, STACK_B }, { 0, STACK_C }, { 1, STACK_A }, { 0, STACK_A_AGAIN }, { 2, STACK_A },
                                               { 2, STACK_B }, { 3, STACK_B } };
    trace_write_process(w, &(struct trace_process){ 100, TRACE_NONE, TRACE_ORIGIN_ROOT, 0, "app --fast", "/opt/app/app" });
    trace_write_process(w, &(struct trace_process){ 200, 0, TRACE_ORIGIN_FORK, 3 * MS, "app --fast", "/opt/app/app" });
    trace_write_thread(w, &(struct trace_thread){ 0, 100, 0, "app" });
    trace_write_thread(w, &(struct trace_thread){ 0, 101, 1 * MS, "worker" });
    trace_write_thread(w, &(struct trace_thread){ 1, 0, 3 * MS, "" });
    trace_write_thread(w, &(struct trace_thread){ 1, 200, 3 * MS, "app" });
    trace_write_module(w, &(struct trace_module){ .path = "/opt/app/app" });
    trace_write_module(w, &(struct trace_module){ .path = "/usr/lib/libplug.so.2" });
    for (size_t i = 0; i < N_OF(frames); i++)
        trace_write_frame(w, &frames[i]);
    for (size_t i = 0; i < N_OF(stacks); i++)
        trace_write_stack(w, &stacks[i]);
    for (size_t i = 0; i < N_OF(sites); i++)
        trace_write_site(w, &sites[i]);
}

static void leaks_symbols(struct trace_writer *w)
{
    trace_write_symbols(w, 0, &(struct trace_symbol){ "main", "/src/app.c", 10 }, 1);
    trace_write_symbols(w, 1, &(struct trace_symbol){ "a", "/src/a.c", 21 }, 1);
    trace_write_symbols(w, 2, &(struct trace_symbol){ "b", "/src/b.c", 31 }, 1);
    trace_write_symbols(w, 3, &(struct trace_symbol){ "c", NULL, 0 }, 1);
    trace_write_symbols(w, 4, &(struct trace_symbol){ "main", "/src/app.c", 10 }, 1);
}

/* Globals of the program from 0x600000 on, whose word 0x600040 is "servers" and 0x600048 "pool+0x8"; the main thread's stack, the worker's registers. */
static const struct trace_root sample_roots[] = {
    { TRACE_ROOT_GLOBAL, 0x600000, 0x601000, TRACE_NONE, 0, 0x500000 }, { TRACE_ROOT_MAPPING, 0x700000, 0x701000, TRACE_NONE, TRACE_NONE, 0 },
    { TRACE_ROOT_STACK, 0x7ff0000, 0x7ff8000, 0, TRACE_NONE, 0 }, { TRACE_ROOT_REGISTERS, 0x7ff9000, 0x7ff9100, 1, TRACE_NONE, 0 },
};
static const struct trace_root_name sample_names[] = { { 0x600040, "servers" }, { 0x600048, "pool+0x8" } };

struct sample_snapshot {
    uint32_t process;
    enum trace_snapshot_cause cause;
    const char *label, *reasons, *unseen;
    uint64_t ns;
    const struct trace_snapshot_block *blocks;
    size_t n;
    uint32_t missed_threads;
};

static void write_snapshot(struct trace_writer *w, const struct sample_snapshot *sample)
{
    struct trace_snapshot snapshot = {
        .process = sample->process, .cause = sample->cause ? sample->cause : TRACE_SNAPSHOT_EXIT, .label = sample->label ? sample->label : "",
        .ns = sample->ns ? sample->ns : 9 * MS, .stopped_ns = 2 * MS, .fork_ns = 1 * MS, .mark_ns = 5 * MS, .scanned_bytes = 1 << 20, .threads = 2,
        .missed_threads = sample->missed_threads, .blocks = sample->n, .reasons = sample->reasons ? sample->reasons : "",
        .unseen = sample->unseen ? sample->unseen : "",
        .roots = sample_roots, .n_roots = N_OF(sample_roots), .names = sample_names, .n_names = N_OF(sample_names),
    };
    uint32_t id = trace_write_snapshot(w, &snapshot);
    trace_write_snapshot_blocks(w, id, sample->blocks, sample->n);
}

struct sample_run {
    struct sample_snapshot snapshots[4];
    size_t n_snapshots;
    struct trace_exit exits[2];
    size_t n_exits;
    struct trace_losses losses;
    const char *unprofiled, *rules;
};

#define PARENT_ENDS { PARENT, TRACE_EXIT_CODE, 0, 10 * MS }
#define CHILD_ENDS { CHILD, TRACE_EXIT_CODE, 0, 9500 * MS / 1000 }

/* Writes the trace to a file that is gone once it is open, and opens it. */
static struct trace *leaks_sample(const struct sample_run *run)
{
    char path[] = "/tmp/heapline-leaks-XXXXXX";
    struct trace_error error = { "" };
    struct trace_writer *w;
    int fd = mkstemp(path);
    if (fd < 0 || trace_writer_create(&w, path, &(struct trace_run){ 0, "app --fast", "host", "0.1.0" }) < 0)
        return NULL;
    close(fd);
    leaks_tables(w);
    for (size_t i = 0; i < run->n_snapshots; i++)
        write_snapshot(w, &run->snapshots[i]);
    leaks_symbols(w);
    if (run->rules)
        trace_write_source(w, "[suppressions]", run->rules, strlen(run->rules));
    for (size_t i = 0; i < run->n_exits; i++)
        trace_write_exit(w, &run->exits[i]);
    if (run->losses.events)
        trace_write_losses(w, &run->losses);
    trace_write_losses(w, &(struct trace_losses){ .process = TRACE_NONE, .collector_cpu_ns = 2 * MS });
    if (run->unprofiled)
        trace_write_unprofiled(w, &(struct trace_unprofiled){ 300, PARENT, run->unprofiled, "It is linked statically." });
    if (trace_writer_close(w) < 0)
        return NULL;
    struct trace *trace = trace_open(path, &error);
    if (!trace)
        fprintf(stderr, "%s\n", error.text);
    unlink(path);
    return trace;
}

#endif
