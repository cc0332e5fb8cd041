/* Writes names and lines of every frame into the trace, while the files are there that ran. */
#ifndef HEAPLINE_COLLECT_SYMBOLIZE_H
#define HEAPLINE_COLLECT_SYMBOLIZE_H

#include "fold.h"

struct trace_writer;

void symbolize_all(struct trace_writer *writer, const struct fold_shared *shared);

#endif
