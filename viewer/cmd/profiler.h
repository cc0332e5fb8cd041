/* memory_profiler's tables, for `heapline lines --style memory_profiler` and for the end of a run in which functions were decorated; and the stand-in for
 * that tool's module, which scripts written for it import. */
#ifndef HEAPLINE_CMD_PROFILER_H
#define HEAPLINE_CMD_PROFILER_H

#include <stdbool.h>

struct view;
struct profile;
struct profiler_options;

/* Prints the tables to view->out and what is to be said of them to stderr. Returns the exit code. */
int profiler_show(const struct view *view, const struct profile *profile, const struct profiler_options *wanted);

/* The tables of the functions that the run watched, on standard output; nothing if it watched none. */
void profiler_show_watched(const char *trace_path);

/* Puts the package and its stand-in for memory_profiler in front of PYTHONPATH, for the programs that are started from now on. False after one sentence. */
bool profiler_set_path(void);

#endif
