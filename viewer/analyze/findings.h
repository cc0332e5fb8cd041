/* What a gate found: one row a fact that made it fail, or would have, in the form that all its outputs share. */
#ifndef HEAPLINE_ANALYZE_FINDINGS_H
#define HEAPLINE_ANALYZE_FINDINGS_H

#include "../base/arena.h"
#include "../base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum gate_outcome { GATE_PASS, GATE_FAIL, GATE_UNCHECKED };      /* exit codes 0, 1, 3 */
extern const char *const gate_outcome_names[];                    /* "pass", "fail", "could not check" */

/* What is checked. The names are stable: SARIF's rule ids, Code Quality's check names, JUnit's test names. */
enum gate_rule {
    RULE_LOST,                /* "lost": bytes that nothing leads to */
    RULE_LIVE,                /* "live": bytes live at the end */
    RULE_PEAK,                /* "peak" */
    RULE_ALLOCATIONS,         /* "allocations" */
    RULE_GROWTH,              /* "growth": bytes per iteration */
    RULE_BASELINE,            /* "baseline": more than before */
    RULE_TARGET,              /* "target": the program itself failed */
    RULE_CHECK,               /* "check": something could not be checked */
    RULES,
};
extern const char *const gate_rule_names[];        /* stable, see above */
extern const char *const gate_rule_titles[];       /* for people: "Memory that nothing leads to any more" */
extern const char *const gate_rule_help[];         /* a sentence or two: what it means and what to do */

/* Any may be NULL, the line 0; the file is relative to the root where it lies below it. */
struct finding_frame { const char *function, *file, *module; uint32_t line; };

struct finding {
    enum gate_rule rule;
    enum gate_outcome outcome;                /* PASS: within its budget, shown among what was checked */
    const char *budget;                       /* which limit: "max-lost", "max-peak for parse_*"; a stable part of its identity */
    char *message;                            /* one sentence with its figures */
    uint64_t value, limit;                    /* bytes, bytes an iteration, or a count */
    uint64_t blocks;
    const char *fingerprint;                  /* identity.h; of the rule and budget where there is no stack */
    const struct finding_frame *frames;       /* innermost first; reported at the first below the root, from the owner outwards */
    uint32_t n_frames, owner;                 /* owner: which frame is to blame, as reports say; n_frames: none */
    const char *path;                         /* who holds it, as one line of text, or NULL */
};

struct findings {
    enum gate_outcome outcome;
    VEC(struct finding) items;                /* in the order of findings_finish */
    struct arena texts;                       /* what rows point to and nobody else owns: stacks, budgets, fingerprints, paths */
    const char *command;                      /* what ran */
    const char *trace_path;
    const char *version;                      /* of heapline */
    uint64_t started_unix_ns;                 /* when the program started, 0: unknown */
    uint64_t duration_ns;
    const char *root;                         /* folder that files are relative to */
    const char *target_text;                  /* the program's own end: "ended with status 3", or NULL when it ended well */
};

/* Puts failures first, then what could not be checked, what passed last; among them the program's own end first, then by
 * rule, largest first. And judges: one failure fails; else one row that could not be checked leaves all unchecked; so does
 * having no row at all, which adds one that says so. */
void findings_finish(struct findings *findings);

void findings_release(struct findings *findings);   /* messages, texts and rows; empty and usable again */

#endif
