/* `heapline lines`, as text and as JSON. */
#ifndef HEAPLINE_OUTPUT_LINES_H
#define HEAPLINE_OUTPUT_LINES_H

#include "../analyze/lines.h"
#include "view.h"

/* `whole_files`: every line of the files, allocating or not, and every row. */
void lines_print_text(const struct view *view, const struct profile *profile, const struct lines *lines, bool whole_files);

/* What must be said beside tables that hold nothing but figures. */
struct profiler_remarks {
    bool watched;                   /* the tables are those of watched functions */
    bool executed, allocations;     /* how occurrences were counted; both: it differs from line to line */
    uint32_t tables, without_source;
    const char *missing;            /* a source that was not found */
};

struct profiler_options {
    bool all_functions;             /* those that hold little too */
    unsigned digits;                /* of MiB behind the point; memory_profiler's default is 1, 3 with python -m */
};

/* The layout of memory_profiler 0.61. `lines` are inclusive. Returns 0, or -errno with a sentence in *error. */
int profiler_print_text(const struct view *view, const struct profile *profile, const struct lines *lines,
                        const struct profiler_options *options, struct profiler_remarks *remarks, struct trace_error *error);

/* "heapline-lines/1" of docs/json.md. Returns 0 or -errno. */
int lines_print_json(const struct view *view, const struct profile *profile, const struct lines *lines);

#endif
