/* From sums to the trace: what changed in an epoch, and everything at the end of a process.
 *
 * Only sites that changed are written, as differences; stacks, frames and modules are written when they are first needed, shared by all processes.
 */
#ifndef HEAPLINE_COLLECT_FOLD_H
#define HEAPLINE_COLLECT_FOLD_H

#include "../../lib/wire/record.h"
#include "target.h"

/* Pseudo return addresses, innermost: what kind of mapping the site made, or that Python's allocators gave the block. HL_FRAME_TRUNCATED is 1. */
enum { FOLD_PC_MAPPED = 2, FOLD_PC_FILE, FOLD_PC_RESERVED, FOLD_PC_BREAK, FOLD_PC_ARENA, FOLD_PC_OBJECT, FOLD_PC_LAST = FOLD_PC_OBJECT };

/* What all processes of the run share in the trace. */
struct fold_shared {
    struct codes_shared codes;
    struct map modules;           /* hash of path and build-id -> module id + 1 */
    struct map frames;            /* hash of module and address -> frame id + 1 */
    struct map stacks;            /* parent stack << 32 | frame -> stack id */
    struct map sites;             /* thread << 32 | stack -> site id + 1; several accounts may make one site: they differ in instructions of a line */
    VEC(uint32_t) rows;           /* by site id: its row among those that are being collected */
    VEC(struct trace_frame) frame_list;      /* by frame id, for the symbols at the end */
    VEC(struct trace_module) module_list;    /* by module id; strings owned here */
};

void fold_shared_release(struct fold_shared *shared);

/* Takes a MODULE record, whose memory may change under it. `ahead`: before its time; what stands in the way is left there then. */
void fold_module_record(struct target *target, const uint64_t *w, uint32_t words, bool ahead);
void fold_unload(struct target *target, uint64_t start);
void fold_event(struct target *target, const struct lane *lane, enum trace_event_kind kind, const struct live_block *block);

/* Ends the epoch of one process at `now_ns`, or where the one before ended if that is later. */
void fold_epoch(struct target *target, uint64_t now_ns);

/* Ends the epoch of one process now, for blocks that are told apart from those that come behind. Returns the time of its end. */
uint64_t fold_cut(struct target *target);

/* The id of an account's site in the trace, written with its stack when it is new. */
uint32_t fold_trace_site(struct target *target, uint32_t site);

/* Ends the epoch at this moment of the program and marks it. */
void fold_mark(struct target *target, const struct lane *lane, enum trace_mark_kind kind, const char *label);

/* Totals, peaks, live blocks, losses and the exit of a process that ended. */
void fold_end(struct target *target, const struct trace_exit *exit);

#endif
