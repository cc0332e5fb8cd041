/* What the parts of the gate share. */
#ifndef HEAPLINE_ANALYZE_GATE_PARTS_H
#define HEAPLINE_ANALYZE_GATE_PARTS_H

#include "../base/strbuf.h"
#include "gate.h"
#include "growth.h"
#include "leaks.h"

/* One budget at a time: its part of the run. */
struct gate_part {
    const struct budget *budget;
    struct profile *profile;                 /* the run's is the gate's */
    bool *stacks;                            /* by stack: those of its sites; of the run NULL: all */
};

struct gate {
    struct findings *findings;
    struct trace *trace;
    const struct gate_question *question;
    struct profile *profile;                 /* of the whole, or of the process that was asked for */
    uint32_t *owners;                        /* by stack: the location that owns it */
    VEC(struct gate_part) parts;
    bool *left[LIMITS];                      /* by stack: what no part takes out of the run's budget; NULL: all */
    struct leaks *leaks;                     /* NULL: nobody asks for them */
    struct growth *growth;
};

/* "max-peak for parse_*"; lives as long as the findings. */
const char *gate_budget_name(struct gate *gate, const struct gate_part *part, enum budget_limit limit);

/* The stacks that a part's budget of lost blocks or growth is about; NULL: all. */
const bool *gate_stacks_of(const struct gate *gate, const struct gate_part *part, enum budget_limit limit);

/* Adds a finding that fails, passes or was not checked, without figures. The message is given away. */
struct finding *gate_add(struct gate *gate, enum gate_rule rule, enum gate_outcome outcome, const char *budget, char *message);

/* Gives a finding the stack that it is about, and its fingerprint. */
void gate_add_stack(struct gate *gate, struct finding *finding, uint32_t stack);

/* Appends "parse (parse.c:12)", the place that owns a stack. */
void gate_add_owner(struct strbuf *out, const struct gate *gate, uint32_t stack);

void gate_check_sums(struct gate *gate, const struct gate_part *part);           /* live, peak, allocations */
void gate_check_lost(struct gate *gate, const struct gate_part *part);
void gate_check_growth(struct gate *gate, const struct gate_part *part);
void gate_check_baseline(struct gate *gate);

#endif
