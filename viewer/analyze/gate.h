/* Holds a recording to its budgets: one finding for each check that passed, and for each fact that made one fail (findings.h). */
#ifndef HEAPLINE_ANALYZE_GATE_H
#define HEAPLINE_ANALYZE_GATE_H

#include "baseline.h"
#include "budgets.h"
#include "findings.h"
#include "profile.h"

#define GATE_STACKS_MOST 50       /* stacks that one check names, the largest first */
#define GATE_ITERATIONS "iteration"        /* the label of marks that is looked for by default */

struct suppressions;

struct gate_question {
    const struct budgets *budgets;
    struct suppressions *suppressions;       /* or NULL */
    const struct baseline *baseline;         /* or NULL */
    enum memory_kind memory;
    const char *root;                        /* folder that files are shown relative to; outlives the findings */
    bool utf8;
};

/* Adds what was found; the caller finishes the findings. Names in them live as long as the trace and the budgets do. Returns 0,
 * or -errno with a sentence in *error: then nothing can be said. */
int gate_check(struct findings *findings, struct trace *trace, const struct gate_question *question, struct trace_error *error);

#endif
