/* Writes names and lines of every native frame into the trace, from the files that ran, while they are there.
 *
 * Reading debug information takes its time, so a thread does it beside the recording, with the frames that were handed over so far; at the end the rest is done
 * by whoever finishes. One symbolizer, used by the thread alone until it is joined.
 */
#ifndef HEAPLINE_COLLECT_SYMBOLIZE_H
#define HEAPLINE_COLLECT_SYMBOLIZE_H

#include "fold.h"

struct trace_writer;
struct symbolize;

/* NULL: it cannot be done. */
struct symbolize *symbolize_start(void);

/* Hands over the frames that came since the last call. The collector's thread only; NULL is accepted. */
void symbolize_more(struct symbolize *symbolize, const struct fold_shared *shared);

/* All frames' symbols into the trace; frees `symbolize`, NULL is accepted. Returns the processor time that the thread took, ns. */
uint64_t symbolize_finish(struct symbolize *symbolize, struct trace_writer *writer, const struct fold_shared *shared);

#endif
