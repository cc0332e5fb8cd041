/* What grows: the live bytes of each allocation stack at the iterations of a process, and which of them rise without end
 * (growth_trend.h).
 *
 * An iteration ends at a mark of a label, or, where the program marks nothing, every so many nanoseconds. Of many iterations
 * neighbours are taken together, and of those together the smallest figure counts. */
#ifndef HEAPLINE_ANALYZE_GROWTH_H
#define HEAPLINE_ANALYZE_GROWTH_H

#include "../base/vec.h"
#include "growth_trend.h"
#include "profile.h"

#define GROWTH_LEAST 12           /* iterations of a process with fewer say nothing */

struct growth_question {
    const char *label;            /* of the marks; with every_ns 0 */
    uint64_t every_ns;
};

/* The live bytes of one stack of one process. */
struct growth_series {
    uint32_t process;             /* index into growth->processes */
    uint32_t stack;               /* TRACE_NONE: all that is selected of the process */
    double *values;               /* a point each */
    int64_t live;                 /* while they are gathered: now, and the iterations that are filled in */
    uint64_t filled;
    bool started;                 /* by the point that is being filled */
    uint32_t warm_up;             /* points that are left out */
};

struct growth_process {
    uint32_t process;             /* trace id */
    uint64_t *ends;               /* of its iterations, ns */
    uint64_t iterations;
    uint32_t points;
    uint32_t total;               /* series */
    uint32_t n_series;            /* of single stacks */
};

struct growth {
    const struct profile *profile;
    VEC(struct growth_process) processes;     /* selected ones with GROWTH_LEAST iterations or more */
    VEC(struct growth_series) series;         /* of stacks whose live bytes ever changed after the first iteration */
    uint64_t most_iterations;                 /* of any selected process: when no process has enough */
};

/* Looks at the sites that the profile selects. Returns 0, or -errno with a sentence in *error. */
int growth_create(struct growth **growth, const struct profile *profile, const struct growth_question *question,
                  struct trace_error *error);
void growth_destroy(struct growth *growth);    /* accepts NULL */

struct growth_found {
    uint32_t process;             /* trace id */
    uint32_t stack;               /* TRACE_NONE: the process as a whole, where no single stack stands out */
    struct trend trend;           /* bytes an iteration */
    uint64_t iterations, warm_up;
};
struct growth_list VEC_FIELDS(struct growth_found);

/* Appends the stacks that grow by more than `limit` bytes an iteration, the fastest first. `taken` (by stack) narrows; NULL: all.
 * What one stack gains while another gives it back has moved, not grown. *fastest gets the slope of the fastest that grows at
 * all, or 0. */
void growth_judge(const struct growth *growth, double limit, const bool *taken, struct growth_list *found, double *fastest);

#endif
