/* Places in a program for graphs of graph_sample.h, which have none: sites, stacks, and which line owns them.
 *
 *   site ADD      add in /src/web/app.py:31
 *   site LOAD     load in /src/load.c:31
 *   site MAIN     <module> in /src/web/main.py:5
 *   site PLUG     plug without lines in libplug.so.2, called by load: load owns what it allocates
 *   site NUMPY    numpy's extension module, called by add: add owns what it allocates
 *
 * Two snapshots are there: 1 "first" at 1 ms and 2 "second" at 5 ms, and a mark "warm" at 3 ms; the graph is of the second.
 */
#ifndef HEAPLINE_TEST_GRAPH_LINES_SAMPLE_H
#define HEAPLINE_TEST_GRAPH_LINES_SAMPLE_H

#include "../../viewer/graph/graph.h"

enum { SITE_ADD, SITE_LOAD, SITE_PLUG, SITE_NUMPY, SITE_MAIN, SITES };
enum { PLACE_NOWHERE, PLACE_ADD, PLACE_LOAD, PLACE_PLUG, PLACE_NUMPY, PLACE_MAIN, PLACES };

static const struct trace_module lines_modules[] = {
    { .path = "/opt/app/app" }, { .path = "/usr/lib/libplug.so.2" },
    { .path = "/venv/lib/python3.11/site-packages/numpy/core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so" },
};
static struct location lines_places[PLACES] = {
    [PLACE_NOWHERE] = { TRACE_FRAME_ANONYMOUS, "[no stack]", NULL, 0, TRACE_NONE, 0, RANK_PSEUDO, false },
    [PLACE_ADD] = { TRACE_FRAME_PYTHON, "add", "/src/web/app.py", 31, TRACE_NONE, 0, RANK_LINE, false },
    [PLACE_LOAD] = { TRACE_FRAME_NATIVE, "load", "/src/load.c", 31, 0, 0, RANK_LINE, false },
    [PLACE_PLUG] = { TRACE_FRAME_NATIVE, "plug", NULL, 0, 1, 0, RANK_FUNCTION, false },
    [PLACE_NUMPY] = { TRACE_FRAME_NATIVE, NULL, NULL, 0, 2, 0, RANK_FUNCTION, false },
    [PLACE_MAIN] = { TRACE_FRAME_PYTHON, "<module>", "/src/web/main.py", 5, TRACE_NONE, 0, RANK_LINE, false },
};
/* A frame is its place. */
static uint32_t lines_first[PLACES + 1] = { 0, 1, 2, 3, 4, 5, 6 }, lines_levels[PLACES] = { 0, 1, 2, 3, 4, 5 };
static const struct trace_stack lines_stacks[] = { { 0, 0 }, { 0, PLACE_ADD }, { 0, PLACE_LOAD }, { 2, PLACE_PLUG },
                                                   { 1, PLACE_NUMPY }, { 0, PLACE_MAIN } };
static const struct trace_site lines_sites[SITES] = { { 0, 1 }, { 0, 2 }, { 0, 3 }, { 0, 4 }, { 0, 5 } };
static uint32_t lines_owned[] = { PLACE_NOWHERE, PLACE_ADD, PLACE_LOAD, PLACE_LOAD, PLACE_ADD, PLACE_MAIN };

#define LINES_MS UINT64_C(1000000)
static const struct trace_snapshot lines_snapshots[] = { { .label = "first", .ns = 1 * LINES_MS, .reasons = "" },
                                                         { .label = "second", .ns = 5 * LINES_MS, .reasons = "" } };
static const struct trace_mark lines_marks[] = { { 0, 0, 3 * LINES_MS, TRACE_MARK_POINT, "warm" } };

static struct trace lines_trace = {
    .modules = lines_modules, .n_modules = 3, .n_frames = PLACES, .stacks = lines_stacks, .n_stacks = 6, .sites = lines_sites,
    .n_sites = SITES, .snapshots = lines_snapshots, .n_snapshots = 2, .marks = lines_marks, .n_marks = 1,
};
static struct profile lines_profile = {
    .trace = &lines_trace,
    .locations = { .items = lines_places, .n = PLACES, .first = lines_first, .levels = lines_levels, .trace = &lines_trace },
};

static inline void lines_attach(struct graph *graph)
{
    graph->profile = &lines_profile;
    graph->snapshot = &lines_snapshots[1];
    graph->number = 1;
    graph->owners = lines_owned;
}

#endif
