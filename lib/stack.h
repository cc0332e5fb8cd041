/* Capture of the call stack, as the difference to the one captured before on the same thread.
 *
 * Frames are stepped by compiled rules (unwind.h) from the hook's caller outwards. A step is a function of the state (pc, sp, and fp where
 * the rule starts from it) and of the words that it reads: the return address and, where the rule restores it, fp. The last walk is kept
 * with the addresses of those words. When the new walk stands on a stack pointer where the last one stood, the two are aligned: from there a frame whose
 * state is the old one needs no rule, its caller stands where it stood, and only the return address there is read again; a frame whose
 * state changed is stepped by its rule, and in most cases stands where the old one did. So the memory read is what plain stepping would read, in
 * the same order; nothing is assumed of stacks, coroutines, longjmp or exceptions; and the reads do not wait for each other.
 *
 * Hook safe. The thread's state must be BUSY.
 */
#ifndef HEAPLINE_STACK_H
#define HEAPLINE_STACK_H

#include "arch.h"
#include "thread.h"

#define HL_CAPTURE_RARE UINT64_MAX

/* Walks from the hook's caller, whose state is pc (where the hook returns to), sp and fp, and updates thread->frames and thread->depth. Writes
 * the fresh return addresses, innermost first, and the patches to `words` and returns the stack word of the record (wire/record.h), size 0.
 * HL_CAPTURE_RARE: nothing was written, because there are more than HL_RECORD_FRESH_MAX fresh frames, or because a module announced itself on the
 * way and stands where `words` points; thread->unchanged then says how many outermost frames are the collector's too. */
uint64_t hl_stack_capture(struct hl_thread *thread, uintptr_t pc, uintptr_t sp, uintptr_t fp, uint64_t *words);

/* Checking mode: compares the stack captured last with the oracle's (libunwind, loaded for the purpose) and counts. */
void hl_stack_check(struct hl_thread *thread);
extern size_t (*hl_stack_oracle)(uintptr_t sp, uintptr_t *pcs, size_t max);

#endif
