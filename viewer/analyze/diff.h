/* What changed between two recordings, line by line and stack by stack, however the program was built and wherever it was loaded.
 *
 * Stacks are the same by identity.h. Lines are compared inside of a function of a file: as many lines before as after are the
 * same ones in their order; else the shift that lets most of them meet is taken, and what is left over is new or gone. */
#ifndef HEAPLINE_ANALYZE_DIFF_H
#define HEAPLINE_ANALYZE_DIFF_H

#include "../base/vec.h"
#include "profile.h"

enum diff_change { DIFF_NEW, DIFF_GONE, DIFF_GROWN, DIFF_SHRUNK, DIFF_SAME };
extern const char *const diff_change_names[];      /* "new", "gone", "grown", "shrunk", "same" */

enum { DIFF_BEFORE, DIFF_AFTER, DIFF_SIDES };

struct diff_row {
    struct costs costs[DIFF_SIDES];
    uint32_t location[DIFF_SIDES];           /* of the side's profile, TRACE_NONE where there is none */
    uint32_t line[DIFF_SIDES];               /* 0: none */
    uint32_t stack[DIFF_SIDES];              /* the heaviest, TRACE_NONE where there is none */
    enum diff_change change;
    uint64_t difference;                     /* of the measure, without sign */
};
struct diff_rows VEC_FIELDS(struct diff_row);

struct diff {
    const struct profile *profiles[DIFF_SIDES];
    enum measure by;
    struct diff_rows lines, stacks;          /* the largest difference first; those without one last */
};

/* The profiles must outlive *diff. */
void diff_build(struct diff *diff, const struct profile *before, const struct profile *after, enum measure by);
void diff_release(struct diff *diff);

/* The side that a row is shown by: after, unless it is gone. */
int diff_shown_side(const struct diff_row *row);

#endif
