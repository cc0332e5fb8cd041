/* A small run of a Python program whose every figure can be told by heart.
 *
 * Process 300 "python3 app.py", one thread. All stacks begin with _start > Py_RunMain (main.c:600), both in /usr/bin/python3.11.
 *
 *     behind these                                                   allocated   freed     live   transient
 *     [a] PyType_Ready > object                                       1 /   50              50
 *     [b] <module> app.py:20 > load app.py:5 > loads json:346
 *           > PyDict_New > object                                    10 / 1000   6 / 600   400
 *     [c] <module> app.py:20 > load app.py:5 > fill fast.c:9          2 / 2048            2048     an extension of the user's own
 *     [d] <module> app.py:20 > <module> <string>:2 > object           1 /   10              10
 *     [e] <module> app.py:20 > import machinery > <module> json:1
 *           > object                                                  1 /   20              20
 *     [f] <module> app.py:20 > load app.py:5 > arena                  1 / 1 MiB
 *     [g] <module> app.py:20 > load app.py:5 > loads                                              2 / 200
 *     [h] <module> app.py:20 > load app.py:5                                                      3 / 300
 *     [i] <module> app.py:20                                                                      1 / 100
 *
 *   Of [b] 1 / 100 waited for the collector, 3 / 150 moved. The epochs end at 2, 3, 4, 5, 6 ms:
 *     2: a. 3: b 6/600, frees 3/300, g 2/200, h 1/100. 4: b 1/100. 5: b 3/300, frees 3/300, h 2/200, i 1/100, c. 6: d, e, f.
 *   Spans "load" take epochs 3 and 5 (the first with another "load" inside), the moment "ready" is the end of 4.
 */
#ifndef HEAPLINE_TEST_ANALYZE_PYTHON_SAMPLE_H
#define HEAPLINE_TEST_ANALYZE_PYTHON_SAMPLE_H

#include "test_analyze_sample.h"

enum { PY_TYPES, PY_LOADS, PY_FAST, PY_STRING, PY_IMPORT, PY_ARENA, PY_AT_LOADS, PY_AT_LOAD, PY_AT_MODULE };

#define ALLOCATED(n, bytes) { .allocations = n, .allocated_bytes = bytes }
#define TRANSIENT(n, bytes) { .transient = n, .transient_bytes = bytes }

static void python_tables(struct trace_writer *w, const char *folder)
{
    static const char *const modules[] = { "/usr/bin/python3.11", "/home/me/fast/_fast.so" };
    static const struct trace_frame frames[] = {
        { TRACE_FRAME_NATIVE, 0, 0x10 }, { TRACE_FRAME_NATIVE, 0, 0x20 }, { TRACE_FRAME_NATIVE, 0, 0x30 },
        { TRACE_FRAME_OBJECT, TRACE_NONE, 0 }, { TRACE_FRAME_PYTHON, 0, 20 }, { TRACE_FRAME_PYTHON, 1, 5 },
        { TRACE_FRAME_PYTHON, 2, 346 }, { TRACE_FRAME_NATIVE, 0, 0x40 }, { TRACE_FRAME_NATIVE, 1, 0x50 },
        { TRACE_FRAME_PYTHON, 3, 2 }, { TRACE_FRAME_PYTHON, 4, 1176 }, { TRACE_FRAME_PYTHON, 5, 1 },
        { TRACE_FRAME_ARENA, TRACE_NONE, 0 },
    };
    static const struct trace_stack stacks[] = {
        { 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 3 },          /* 1 _start, 2 Py_RunMain, 3 PyType_Ready, 4 a */
        { 2, 4 }, { 5, 5 }, { 6, 6 }, { 7, 7 }, { 8, 3 },/* 5 app:20, 6 app:5, 7 json:346, 8 PyDict_New, 9 b */
        { 6, 8 },                                        /* 10 c */
        { 5, 9 }, { 11, 3 },                             /* 11 <string>:2, 12 d */
        { 5, 10 }, { 13, 11 }, { 14, 3 },                /* 13 _find_and_load, 14 json:1, 15 e */
        { 6, 12 },                                       /* 16 f */
    };
    static const struct trace_site sites[] = {
        { 0, 4 }, { 0, 9 }, { 0, 10 }, { 0, 12 }, { 0, 15 }, { 0, 16 }, { 0, 7 }, { 0, 6 }, { 0, 5 } };
    char app[512];
    snprintf(app, sizeof app, "%s/app.py", folder);
    trace_write_process(w, &(struct trace_process){ 300, TRACE_NONE, TRACE_ORIGIN_ROOT, 0,
                                                    "python3 app.py", "/usr/bin/python3.11" });
    trace_write_thread(w, &(struct trace_thread){ 0, 300, 0, "python3" });
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        trace_write_module(w, &(struct trace_module){ .path = modules[i] });
    trace_write_code(w, &(struct trace_code){ "<module>", app, 1 });
    trace_write_code(w, &(struct trace_code){ "load", app, 3 });
    trace_write_code(w, &(struct trace_code){ "loads", "/opt/python/lib/python3.11/json/__init__.py", 299 });
    trace_write_code(w, &(struct trace_code){ "<module>", "<string>", 1 });
    trace_write_code(w, &(struct trace_code){ "_find_and_load", "<frozen importlib._bootstrap>", 1165 });
    trace_write_code(w, &(struct trace_code){ "<module>", "/opt/python/lib/python3.11/json/__init__.py", 1 });
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        trace_write_frame(w, &frames[i]);
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        trace_write_stack(w, &stacks[i]);
    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++)
        trace_write_site(w, &sites[i]);
    trace_write_symbols(w, 0, &(struct trace_symbol){ "_start", NULL, 0 }, 1);
    trace_write_symbols(w, 1, &(struct trace_symbol){ "Py_RunMain", "/build/python3.11/Modules/main.c", 600 }, 1);
    trace_write_symbols(w, 2, &(struct trace_symbol){ "PyType_Ready", "/build/python3.11/Objects/typeobject.c", 6500 }, 1);
    trace_write_symbols(w, 7, &(struct trace_symbol){ "PyDict_New", "/build/python3.11/Objects/dictobject.c", 700 }, 1);
    trace_write_symbols(w, 8, &(struct trace_symbol){ "fill", "/home/me/fast/fast.c", 9 }, 1);
}

static void python_epochs(struct trace_writer *w)
{
    static const struct trace_site_counts first[] = { { PY_TYPES, ALLOCATED(1, 50) } };
    static const struct trace_site_counts second[] = {
        { PY_LOADS, { .allocations = 6, .allocated_bytes = 600, .frees = 3, .freed_bytes = 300 } },
        { PY_AT_LOADS, TRANSIENT(2, 200) }, { PY_AT_LOAD, TRANSIENT(1, 100) } };
    static const struct trace_site_counts third[] = { { PY_LOADS, ALLOCATED(1, 100) } };
    static const struct trace_site_counts fourth[] = {
        { PY_LOADS, { .allocations = 3, .allocated_bytes = 300, .frees = 3, .freed_bytes = 300, .collected = 1,
                      .collected_bytes = 100,
                      .moved = 3, .moved_bytes = 150 } },
        { PY_FAST, ALLOCATED(2, 2048) }, { PY_AT_LOAD, TRANSIENT(2, 200) }, { PY_AT_MODULE, TRANSIENT(1, 100) } };
    static const struct trace_site_counts fifth[] = { { PY_STRING, ALLOCATED(1, 10) }, { PY_IMPORT, ALLOCATED(1, 20) },
                                                      { PY_ARENA, ALLOCATED(1, 1 << 20) } };
    trace_write_epoch(w, &(struct trace_epoch){ 0, 0, 2 * MS, 50, 1, 50, 2 * MS, 0, 0 }, first, 1);
    trace_write_epoch(w, &(struct trace_epoch){ 0, 2 * MS, 3 * MS, 350, 4, 350, 3 * MS, 0, 0 }, second, 3);
    trace_write_epoch(w, &(struct trace_epoch){ 0, 3 * MS, 4 * MS, 450, 5, 450, 4 * MS, 0, 0 }, third, 1);
    trace_write_epoch(w, &(struct trace_epoch){ 0, 4 * MS, 5 * MS, 2498, 7, 2498, 5 * MS, 0, 0 }, fourth, 4);
    trace_write_epoch(w, &(struct trace_epoch){ 0, 5 * MS, 6 * MS, 2528, 9, 2528, 6 * MS, 0, 0 }, fifth, 3);
}

static void python_totals(struct trace_writer *w)
{
    static const struct trace_site_totals sites[] = {
        { PY_TYPES, ALLOCATED(1, 50), 50, 1 },
        { PY_LOADS, { .allocations = 10, .allocated_bytes = 1000, .frees = 6, .freed_bytes = 600, .collected = 1,
                      .collected_bytes = 100,
                      .moved = 3, .moved_bytes = 150 }, 400, 4 },
        { PY_FAST, ALLOCATED(2, 2048), 2048, 2 }, { PY_STRING, ALLOCATED(1, 10), 10, 1 }, { PY_IMPORT, ALLOCATED(1, 20), 20, 1 },
        { PY_ARENA, ALLOCATED(1, 1 << 20), 1 << 20, 1 }, { PY_AT_LOADS, TRANSIENT(2, 200), 0, 0 },
        { PY_AT_LOAD, TRANSIENT(3, 300), 0, 0 }, { PY_AT_MODULE, TRANSIENT(1, 100), 0, 0 } };
    struct trace_totals totals = {
        .process = 0, .heap = { .allocations = 15, .allocated_bytes = 3128, .frees = 6, .freed_bytes = 600 }, .peak_bytes = 2528,
        .peak_blocks = 9, .peak_ns = 6 * MS,
    };
    trace_write_totals(w, &totals, sites, sizeof sites / sizeof *sites);
}

static void python_marks(struct trace_writer *w)
{
    static const struct trace_mark marks[] = {
        { 0, 0, 2 * MS, TRACE_MARK_BEGIN, "load" }, { 0, 0, 2 * MS, TRACE_MARK_BEGIN, "load" },
        { 0, 0, 3 * MS, TRACE_MARK_END, "load" }, { 0, 0, 3 * MS, TRACE_MARK_END, "load" },
        { 0, 0, 4 * MS, TRACE_MARK_POINT, "ready" }, { 0, 0, 4 * MS, TRACE_MARK_BEGIN, "load" },
        { 0, 0, 5 * MS, TRACE_MARK_END, "load" },
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        trace_write_mark(w, &marks[i]);
}

/* app.py is said to stand in `folder`. With `watched`, load is a watched function of three lines with figures. */
static int python_sample_write(const char *path, const char *folder, bool watched)
{
    static const struct trace_line lines[] = {
        { 0, 1, 5, 2, 3 << 20, 10 << 20 }, { 0, 1, 6, 1, -(1 << 20), 9 << 20 }, { 0, 1, 7, 0, 0, 0 } };
    struct trace_writer *w;
    struct trace_run run = { SAMPLE_UNIX_NS, "python3 app.py", "host, Linux 6.1, x86_64", "0.1.0" };
    int status = trace_writer_create(&w, path, &run);
    if (status < 0)
        return status;
    python_tables(w, folder);
    trace_write_source(w, "<string>", "first\nsecond = []\n", 18);
    python_epochs(w);
    python_totals(w);
    python_marks(w);
    trace_write_python(w, &(struct trace_python){ 0, 0x030b07f0, TRACE_PYTHON_LIVE, "" });
    if (watched)
        trace_write_lines(w, lines, 3);
    trace_write_exit(w, &(struct trace_exit){ 0, TRACE_EXIT_CODE, 0, 7 * MS });
    trace_write_losses(w, &(struct trace_losses){ .process = TRACE_NONE, .collector_cpu_ns = 2 * MS });
    return trace_writer_close(w);
}

#endif
