/* What every allocation site cost in the part of a trace that is looked at. All reports start from a profile.
 *
 * The whole run comes from the totals of each process, which are exact. A window of time, and a process whose totals were lost
 * with the end of a cut file, are replayed from the epochs: then live figures are those at the end of an epoch, and the peak
 * is the largest of them. Each process has its own peak; sums over processes add what each held at its own.
 */
#ifndef HEAPLINE_ANALYZE_PROFILE_H
#define HEAPLINE_ANALYZE_PROFILE_H

#include "../base/vec.h"
#include "selection.h"

struct process_figures {
    bool selected;
    bool replayed;                  /* from epochs: the peak's composition is exact to one epoch */
    bool over;                      /* ended before the end of the window: holds nothing then */
    struct costs costs;             /* of the selected sites */
    uint64_t peak_ns;
    uint64_t live_before;           /* bytes that ended processes held at their end, see `over` */
};

struct profile {
    struct trace *trace;
    struct selection selection;
    struct span *spans;             /* the selection's, copied */
    struct locations locations;
    bool *python_stacks;            /* by stack: some frame of it is Python's */
    bool has_python;                /* something selected was allocated under such a stack */
    bool filtered;
    bool *site_selected;            /* by site */
    struct costs *sites;            /* by site, zero when not selected */
    struct costs *stacks;           /* by stack: the sites' costs, threads summed */
    struct costs total;
    struct process_figures *processes;
    uint32_t n_selected;            /* processes that are selected */
    uint32_t n_holders;             /* processes that are selected and held something at their peak */
    uint32_t largest;               /* the process with the largest peak, or TRACE_NONE */
    bool replayed;                  /* some process was */
    uint64_t from_ns, to_ns;        /* the window that was really used, in whole epochs */
};

/* The selection's patterns must outlive the profile, the trace too. Returns 0, or -errno with a sentence in *error. */
int profile_create(struct profile **profile, struct trace *trace, const struct selection *selection, struct trace_error *error);
void profile_destroy(struct profile *profile);     /* accepts NULL */

/* Whether reports leave a level out: in a stack with Python frames, what the interpreter does between and around
 * them, unless the selection wants native frames. `whole` is the stack that is shown, `at` the part of it whose
 * innermost frame has the level. */
bool profile_hides(const struct profile *profile, uint32_t whole, uint32_t at, uint32_t location);

/* The levels of a stack that are shown, innermost first. */
struct level_list VEC_FIELDS(uint32_t);
void profile_levels(const struct profile *profile, uint32_t stack, struct level_list *levels);

/* True for stacks that have costs or lead to one that has: an array of trace->n_stacks, to be freed. */
bool *profile_needed_stacks(const struct profile *profile, const struct costs *stack_costs);

#endif
