/* What the parts of leaks.h share. */
#ifndef HEAPLINE_ANALYZE_LEAKS_PARTS_H
#define HEAPLINE_ANALYZE_LEAKS_PARTS_H

#include "leaks.h"
#include "leaks_blocks.h"

#include "../base/arena.h"
#include "../base/map.h"
#include "suppressions.h"

struct leaks_snapshot {
    uint32_t id;                  /* in the trace */
    int status;                   /* of reading its blocks */
    struct leaks_blocks blocks;
};

/* What is behind a struct leaks. */
struct leaks_store {
    struct leaks leaks;           /* first */
    struct leaks_question question;
    VEC(struct leaks_snapshot) snapshots;        /* in the order of leaks.snapshots */
    uint32_t *snapshot_of;        /* by process: index into snapshots, or TRACE_NONE */
    uint64_t *over_ns;            /* by process: when it was about to end, UINT64_MAX: it was not */
    uint32_t *owners;             /* by stack */
    uint32_t *alike;              /* by stack: the first one of the same places, for two calls on a line are two addresses */
    struct suppressions *suppressions;           /* the question's, or `own` */
    struct suppressions *own;     /* where none were asked for: those of the program */
    struct trace_error bad_rules; /* why the program's own rules do not count; "": they do */
    struct arena texts;
    struct map fingerprints;      /* by stack: of texts */
    VEC(struct suppression_frame) frames;        /* of the stack at hand */
    VEC(struct suppression_rule *) rules;        /* by group */
};

/* Forms the groups of snapshot `index`, whose blocks have been read, and adds up what is in them. */
void leaks_group_snapshot(struct leaks_store *store, uint32_t index);

/* Sentences on what nobody could look at. Those of the snapshots and of the processes without one; of the trace. */
void leaks_add_reasons(struct leaks_store *store);

#endif
