/* What the lines of a program held at one time, as well as epochs can tell. */
#ifndef HEAPLINE_ANALYZE_LINE_HELD_H
#define HEAPLINE_ANALYZE_LINE_HELD_H

#include "lines.h"

struct line_held {
    uint64_t most_bytes;              /* see lines_held */
    uint64_t first_ns;                /* the start of the first epoch in which the line did something; UINT64_MAX: none */
    uint64_t before_bytes;            /* live in that process when that epoch began */
};

/* By row of inclusive lines, an array of n_rows that is zeroed by the caller; only rows of Python lines are filled.
 * The most that a row held, what it called included: in each epoch at most what it held at the start and what it
 * allocated in it, but for what was freed before the line was left; the largest of these. Exact for a line that
 * allocates within one epoch; what a loop replaces in other epochs counts once. Returns 0, or -errno with a sentence
 * in *error. */
int lines_held(const struct lines *lines, const struct profile *profile, struct line_held *held, struct trace_error *error);

#endif
