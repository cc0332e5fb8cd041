/* What a snapshot says of leaks: its blocks in groups by reach and allocation stack, and one verdict over all that was asked
   for. */
#ifndef HEAPLINE_ANALYZE_LEAKS_H
#define HEAPLINE_ANALYZE_LEAKS_H

#include "../base/strbuf.h"
#include "identity.h"
#include "profile.h"

#define LEAKS_LARGEST 10

enum leaks_verdict { LEAKS_CLEAN, LEAKS_FOUND, LEAKS_INCOMPLETE };
extern const char *const leaks_verdict_names[];    /* "clean", "leaks", "incomplete" */
extern const char *const leaks_reach_names[];      /* by enum trace_reach: "unknown", "lost", "indirect", "possible", "reachable" */

struct leaks_address { uint64_t address, bytes; };

struct leaks_group {
    enum trace_reach reach;
    uint32_t stack;                          /* of those of the same places (two calls on a line) the first */
    uint32_t snapshot;                       /* the one that it is in */
    uint64_t bytes, blocks;
    uint64_t indirect_bytes, indirect_blocks;      /* LOST: what its blocks keep and nobody else does */
    uint64_t first_ns, last_ns;              /* when the first and the last of its blocks were allocated */
    struct leaks_address largest[LEAKS_LARGEST];   /* largest first, then by address */
    uint32_t n_largest;
    const char *suppressed_by;               /* the rule that takes it out of the verdict, or NULL */
    const char *fingerprint;                 /* identity.h */
};

struct leaks_sentences VEC_FIELDS(char *);

/* Nothing of the process was left out: what is lost in the snapshot is lost. */
bool leaks_saw_all(const struct trace_snapshot *snapshot);

struct leaks {
    const struct profile *profile;
    enum leaks_verdict verdict;
    struct leaks_sentences reasons;          /* why it is incomplete */
    struct leaks_sentences unseen;           /* threads whose registers were not seen. What only they hold counts as lost; where nothing is,
                                                nothing was missed */
    VEC(struct leaks_group) groups;          /* LOST, INDIRECT, POSSIBLE, HELD; by bytes + indirect_bytes, largest first */
    VEC(uint32_t) snapshots;                 /* ids of the snapshots looked at: of each selected process the last one, or those asked for */
    uint64_t bytes[TRACE_REACHES], blocks[TRACE_REACHES];   /* of groups that are not suppressed */
    uint64_t suppressed_bytes, suppressed_blocks;
    uint64_t inherited_bytes, inherited_blocks;    /* of forked processes, left to those whom they have them from */
};

struct suppressions;

struct leaks_question {
    const char *label;                       /* the snapshot of this label; NULL: the last one of each process */
    struct suppressions *suppressions;       /* or NULL; told what they matched. Those that the program brought along are added */
    unsigned kinds;                          /* which make the verdict: bits by enum trace_reach; 0: LOST, and INDIRECT that no
                                                LOST block leads to */
    bool inherited;                          /* judge what a forked process inherited in it, too */
};

/* A forked process answers for what it allocated. What it inherited is left to the process that it has it from, as long as
 * that one lives; when it has ended, the child is the heir, but for blocks that were judged the same way there already.
 *
 * INDIRECT blocks go with the LOST one that leads to them: a rule that takes it takes them.
 *
 * Returns 0, or -errno with a sentence in *error. The profile must outlive *leaks. A process that has no snapshot makes the
 * verdict incomplete, with the reason: it ended by a signal, it was still running, the trace is cut, events were lost, it ran
 * unprofiled. */
int leaks_create(struct leaks **leaks, const struct profile *profile, const struct leaks_question *question,
                 struct trace_error *error);
void leaks_destroy(struct leaks *leaks);     /* accepts NULL */

#define LEAKS_PATH_END 64          /* steps that are kept at either end of a long path */

/* Who holds a block: from the root inwards. */
struct leaks_step {
    const struct trace_root *root;           /* the first step: where the search began; else NULL */
    const char *name;                        /* of the first step: "servers" in its module, or NULL */
    uint64_t address;                        /* of the root's word, or of the block */
    uint64_t offset;                         /* bytes from the beginning of this root or block to the word that holds the next step */
    uint64_t bytes;                          /* of the block */
    uint32_t stack;                          /* that allocated the block */
    uint64_t skipped;                        /* blocks between the step before and this one, of a path too long to be told */
};
struct leaks_path VEC_FIELDS(struct leaks_step);

/* Fills *path for one block of a group (one of the largest): the block itself is its last step. Empty when nothing was found
 * that holds it. The path of an INDIRECT block begins with its LOST one instead of a root. */
void leaks_path(const struct leaks *leaks, const struct leaks_group *group, uint64_t address, struct leaks_path *path);

/* Appends a path in one line: "global servers in app → +0x40 → block of 96 from conn.c:31 → +0x8". The block itself is left
   out: the reader has it. */
void leaks_add_path(struct strbuf *out, const struct leaks *leaks, const struct leaks_path *path, bool utf8);

/* The place that owns what is allocated at a stack, as lines_owners says (LINES_OWN). */
uint32_t leaks_owner(const struct leaks *leaks, uint32_t stack);

#endif
