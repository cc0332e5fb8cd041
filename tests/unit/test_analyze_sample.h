/* A small run whose every figure can be told by heart, for the tests of analysis and output.
 *
 * Process 100 "app" has the threads main (100) and "worker" (101), and forks process 200, which a signal kills.
 *
 *     stack                                          thread   allocated   freed      at the peak   live
 *     main:10 > parse:21 > scan:31 > xmalloc:5       main     10 / 1000   4 / 400     8 /  800     6 /  600    2 / 200 temporary
 *     main:10 > push_back (header) > operator new    worker    5 /  500   5 / 500     1 /  100     0           5 / 500 temporary
 *     main:10 > libplug.so+0x40                      main      1 / 4096               1 / 4096     1 / 4096
 *     main:10 > recurse:40                           main      1 /   10               1 /   10     1 /   10
 *     main:10 > recurse:40 > recurse:40 > recurse:40 main      3 /   30               3 /   30     3 /   30
 *     main:12 > mapped memory                        main      1 / 1 MiB              1 / 1 MiB    1 / 1 MiB
 *     [truncated] > 0x7f0000001000 (made code)       worker    2 /   64   1 /  32     2 /   64     1 /   32
 *   in the child:
 *     ... > xmalloc:5                                (fork)    inherited 6 / 600, freed 6 / 600, at the peak 6 / 600
 *     main:10                                        child     1 /  128               1 /  128     1 /  128
 *
 *   process 100: epochs end at 1, 2, 3 ms with 4896, 5100 (the peak), 4768 bytes live; ends at 6 ms with status 3
 *   process 200: from 3 ms; epochs end at 4 and 5 ms with 728 (the peak) and 128 bytes live; ends at 5.5 ms by signal 9
 */
#ifndef HEAPLINE_TEST_ANALYZE_SAMPLE_H
#define HEAPLINE_TEST_ANALYZE_SAMPLE_H

#include "../../viewer/trace/writer.h"

#include <stdio.h>

#define MS 1000000u
#define SAMPLE_UNIX_NS (UINT64_C(1700000000) * 1000000000u)

enum { SAMPLE_PARSE, SAMPLE_VECTOR, SAMPLE_PLUG, SAMPLE_RECURSE1, SAMPLE_RECURSE3, SAMPLE_MAPPED, SAMPLE_MADE, SAMPLE_INHERITED,
       SAMPLE_CHILD, SAMPLE_SITES };

static void sample_symbols(struct trace_writer *w, const char *folder)
{
    char app[512], util[512];
    snprintf(app, sizeof app, "%s/app.c", folder);
    snprintf(util, sizeof util, "%s/util.c", folder);
    trace_write_symbols(w, 0, &(struct trace_symbol){ "main", app, 10 }, 1);
    trace_write_symbols(w, 1, (struct trace_symbol[]){ { "scan", app, 31 }, { "parse", app, 21 } }, 2);
    trace_write_symbols(w, 2, &(struct trace_symbol){ "xmalloc", util, 5 }, 1);
    trace_write_symbols(w, 3, &(struct trace_symbol){ "operator new(unsigned long)", NULL, 0 }, 1);
    trace_write_symbols(w, 6, &(struct trace_symbol){ "recurse", app, 40 }, 1);
    trace_write_symbols(w, 9, &(struct trace_symbol){ "std::vector<int>::push_back(int&&)",
                                                      "/usr/include/c++/0/bits/stl_vector.h", 1200 }, 1);
    trace_write_symbols(w, 10, &(struct trace_symbol){ "main", app, 12 }, 1);
}

static void sample_tables(struct trace_writer *w)
{
    static const char *const modules[] = { "/opt/app/app", "/lib/x86_64-linux-gnu/libc.so.6",
                                           "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
                                           "/usr/lib/libplug.so" };
    static const struct trace_frame frames[] = {
        { TRACE_FRAME_NATIVE, 0, 0x1010 }, { TRACE_FRAME_NATIVE, 0, 0x1021 }, { TRACE_FRAME_NATIVE, 0, 0x1005 },
        { TRACE_FRAME_NATIVE, 2, 0x2000 }, { TRACE_FRAME_NATIVE, 3, 0x40 }, { TRACE_FRAME_ANONYMOUS, TRACE_NONE, 0x7f0000001000 },
        { TRACE_FRAME_NATIVE, 0, 0x1040 }, { TRACE_FRAME_MAPPED, TRACE_NONE, 0 }, { TRACE_FRAME_TRUNCATED, TRACE_NONE, 0 },
        { TRACE_FRAME_NATIVE, 0, 0x1200 }, { TRACE_FRAME_NATIVE, 0, 0x1012 },
    };
    static const struct trace_stack stacks[] = {
        { 0, 0 }, { 1, 1 }, { 2, 2 }, { 1, 9 }, { 4, 3 }, { 1, 4 }, { 1, 6 }, { 7, 6 }, { 8, 6 }, { 0, 10 }, { 10, 7 },
        { 0, 8 }, { 12, 5 },
    };
    static const struct trace_site sites[] = { { 0, 3 }, { 1, 5 }, { 0, 6 }, { 0, 7 }, { 0, 9 }, { 0, 11 }, { 1, 13 },
                                               { 2, 3 }, { 3, 1 } };
    trace_write_process(w, &(struct trace_process){ 100, TRACE_NONE, TRACE_ORIGIN_ROOT, 0, "app --fast", "/opt/app/app-2.1" });
    trace_write_process(w, &(struct trace_process){ 200, 0, TRACE_ORIGIN_FORK, 3 * MS, "app --fast", "/opt/app/app-2.1" });
    trace_write_thread(w, &(struct trace_thread){ 0, 100, 0, "app" });
    trace_write_thread(w, &(struct trace_thread){ 0, 101, 1 * MS, "worker" });
    trace_write_thread(w, &(struct trace_thread){ 1, 0, 3 * MS, "" });
    trace_write_thread(w, &(struct trace_thread){ 1, 200, 3 * MS, "app" });
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        trace_write_module(w, &(struct trace_module){ .path = modules[i] });
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        trace_write_frame(w, &frames[i]);
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        trace_write_stack(w, &stacks[i]);
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
        trace_write_site(w, &sites[i]);
}

/* Allocations and bytes, frees and bytes, temporary and bytes, inherited and bytes. */
#define COUNTS(a, ab, f, fb, t, tb, i, ib) \
    { .allocations = a, .allocated_bytes = ab, .frees = f, .freed_bytes = fb, .temporary = t, .temporary_bytes = tb, \
      .inherited = i, .inherited_bytes = ib }

static void sample_epochs(struct trace_writer *w)
{
    static const struct trace_site_counts first[] = {
        { SAMPLE_PARSE, COUNTS(10, 1000, 2, 200, 2, 200, 0, 0) }, { SAMPLE_PLUG, COUNTS(1, 4096, 0, 0, 0, 0, 0, 0) } };
    static const struct trace_site_counts second[] = {
        { SAMPLE_VECTOR, COUNTS(5, 500, 4, 400, 4, 400, 0, 0) }, { SAMPLE_RECURSE1, COUNTS(1, 10, 0, 0, 0, 0, 0, 0) },
        { SAMPLE_RECURSE3, COUNTS(3, 30, 0, 0, 0, 0, 0, 0) }, { SAMPLE_MADE, COUNTS(2, 64, 0, 0, 0, 0, 0, 0) } };
    static const struct trace_site_counts third[] = {
        { SAMPLE_PARSE, COUNTS(0, 0, 2, 200, 0, 0, 0, 0) }, { SAMPLE_VECTOR, COUNTS(0, 0, 1, 100, 1, 100, 0, 0) },
        { SAMPLE_MAPPED, COUNTS(1, 1 << 20, 0, 0, 0, 0, 0, 0) }, { SAMPLE_MADE, COUNTS(0, 0, 1, 32, 0, 0, 0, 0) } };
    static const struct trace_site_counts fourth[] = {
        { SAMPLE_INHERITED, COUNTS(0, 0, 0, 0, 0, 0, 6, 600) }, { SAMPLE_CHILD, COUNTS(1, 128, 0, 0, 0, 0, 0, 0) } };
    static const struct trace_site_counts fifth[] = { { SAMPLE_INHERITED, COUNTS(0, 0, 6, 600, 0, 0, 0, 0) } };
    trace_write_epoch(w, &(struct trace_epoch){ 0, 0, 1 * MS, 4896, 9, 4896, 1 * MS, 0, 0 }, first, 2);
    trace_write_epoch(w, &(struct trace_epoch){ 0, 1 * MS, 2 * MS, 5100, 16, 5100, 2 * MS, 0, 8192 }, second, 4);
    trace_write_epoch(w, &(struct trace_epoch){ 0, 2 * MS, 3 * MS, 4768, 12, 5100, 2 * MS, 1 << 20, 0 }, third, 4);
    trace_write_epoch(w, &(struct trace_epoch){ 1, 3 * MS, 4 * MS, 728, 7, 728, 4 * MS, 0, 0 }, fourth, 2);
    trace_write_epoch(w, &(struct trace_epoch){ 1, 4 * MS, 5 * MS, 128, 1, 728, 4 * MS, 0, 0 }, fifth, 1);
}

static void sample_totals(struct trace_writer *w)
{
    static const struct trace_site_totals parent[] = {
        { SAMPLE_PARSE, COUNTS(10, 1000, 4, 400, 2, 200, 0, 0), 800, 8 },
        { SAMPLE_VECTOR, COUNTS(5, 500, 5, 500, 5, 500, 0, 0), 100, 1 },
        { SAMPLE_PLUG, COUNTS(1, 4096, 0, 0, 0, 0, 0, 0), 4096, 1 }, { SAMPLE_RECURSE1, COUNTS(1, 10, 0, 0, 0, 0, 0, 0), 10, 1 },
        { SAMPLE_RECURSE3, COUNTS(3, 30, 0, 0, 0, 0, 0, 0), 30, 3 },
        { SAMPLE_MAPPED, COUNTS(1, 1 << 20, 0, 0, 0, 0, 0, 0), 1 << 20, 1 },
        { SAMPLE_MADE, COUNTS(2, 64, 1, 32, 0, 0, 0, 0), 64, 2 } };
    static const struct trace_site_totals child[] = {
        { SAMPLE_INHERITED, COUNTS(0, 0, 6, 600, 0, 0, 6, 600), 600, 6 },
        { SAMPLE_CHILD, COUNTS(1, 128, 0, 0, 0, 0, 0, 0), 128, 1 } };
    struct trace_totals totals = {
        .process = 0, .heap = COUNTS(22, 5700, 10, 932, 7, 700, 0, 0), .peak_bytes = 5100, .peak_blocks = 16, .peak_ns = 2 * MS,
        .mapped_allocations = 1, .mapped_bytes = 1 << 20, .mapped_live_bytes = 1 << 20, .mapped_peak_bytes = 1 << 20,
        .mapped_peak_ns = 3 * MS,
    };
    totals.size_count[4] = 4, totals.size_bytes[4] = 40;
    totals.size_count[5] = 2, totals.size_bytes[5] = 64;
    totals.size_count[7] = 15, totals.size_bytes[7] = 1500;
    totals.size_count[12] = 1, totals.size_bytes[12] = 4096;
    trace_write_totals(w, &totals, parent, 7);
    struct trace_totals forked = { .process = 1, .heap = COUNTS(1, 128, 6, 600, 0, 0, 6, 600), .peak_bytes = 728,
                                   .peak_blocks = 7, .peak_ns = 4 * MS };
    forked.size_count[7] = 1, forked.size_bytes[7] = 128;
    trace_write_totals(w, &forked, child, 2);
}

static void sample_end(struct trace_writer *w)
{
    trace_write_exit(w, &(struct trace_exit){ 1, TRACE_EXIT_SIGNAL, 9, 5500 * (MS / 1000) });
    trace_write_exit(w, &(struct trace_exit){ 0, TRACE_EXIT_CODE, 3, 6 * MS });
    trace_write_losses(w, &(struct trace_losses){ .process = 0, .truncated_stacks = 2, .unmatched_frees = 1,
                                                  .self_bytes = 262144 });
    trace_write_losses(w, &(struct trace_losses){ .process = TRACE_NONE, .collector_cpu_ns = 2 * MS });
    trace_write_unprofiled(w, &(struct trace_unprofiled){ 300, 0, "/bin/static", "It is linked statically." });
}

/* Sources are said to stand in `folder`. With `whole` false the trace has no totals, exits and symbols, as after a kill. */
__attribute__((unused)) static int sample_write(const char *path, const char *folder, bool whole)
{
    struct trace_writer *w;
    struct trace_run run = { SAMPLE_UNIX_NS, "app --fast", "host, Linux 6.1, x86_64", "0.1.0" };
    int status = trace_writer_create(&w, path, &run);
    if (status < 0)
        return status;
    sample_tables(w);
    sample_epochs(w);
    if (whole) {
        sample_symbols(w, folder);
        sample_totals(w);
        sample_end(w);
    }
    return trace_writer_close(w);
}

#endif
