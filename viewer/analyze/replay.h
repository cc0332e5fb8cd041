/* Site costs from the epochs of a trace, for windows of time and for processes without totals. */
#ifndef HEAPLINE_ANALYZE_REPLAY_H
#define HEAPLINE_ANALYZE_REPLAY_H

#include "profile.h"

/* Fills profile->sites, `peak_ns` and the real window for the processes marked `replayed`. Two passes over the epochs: the
 * first finds the epoch of each process's peak, the second takes what was held there. Returns 0, or -errno with a sentence in
 * *error. */
int replay_processes(struct profile *profile, struct trace_error *error);

#endif
