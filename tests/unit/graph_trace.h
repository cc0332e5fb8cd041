/* A trace with one snapshot and the graph that its program wrote, in memory: what viewer/graph/load.c begins with. */
#ifndef HEAPLINE_TEST_GRAPH_TRACE_H
#define HEAPLINE_TEST_GRAPH_TRACE_H

#include "../../viewer/analyze/profile.h"
#include "../../viewer/trace/reader.h"
#include "../../viewer/trace/varint.h"

#define GRAPH_TRACE_BLOCKS 8u             /* at 0x1000, 0x1100, …, of 16, 32, 48, … bytes; all but the last two from Python's
                                             allocators */

struct graph_trace {
    struct trace *trace;
    struct profile *profile;
    char *path;
};

/* False: the trace cannot be read (which a graph can never cause). */
bool graph_trace_open(struct graph_trace *opened, const void *graph, size_t n);
void graph_trace_close(struct graph_trace *opened);

#endif
