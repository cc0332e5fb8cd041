/* Capture of the call stack, as the difference to the one captured before on the same thread.
 *
 * Frames are stepped by compiled rules (unwind.h) from the hook's caller outwards. The previous walk is kept as the
 * list of words it read: return address slots, and slots of saved frame pointers where outer frames needed them. When the new
 * walk reaches a frame of the old one in the same state (pc, sp, and fp if it is needed), the rest is verified by
 * reading those words again, from the inside out, up to the first that changed. A step is a function of the state and of the words it
 * reads, so an unbroken run of equal words is the walk that plain stepping would have made: the same addresses are read, in the same order, and nothing is
 * assumed of stacks, coroutines, longjmp or exceptions.
 *
 * Hook safe. The thread's state must be BUSY.
 */
#ifndef HEAPLINE_STACK_H
#define HEAPLINE_STACK_H

#include "arch.h"
#include "thread.h"

struct hl_capture {
    uint32_t kept, fresh;              /* outermost frames kept, innermost frames new: depth = kept + fresh */
};

/* Walks from `origin`, the hook's caller, and updates thread->frames; thread->depth becomes kept + fresh. */
struct hl_capture hl_stack_capture(struct hl_thread *thread, struct hl_frame origin);

/* Checking mode: compares the stack captured last with the oracle's (libunwind, loaded for the purpose) and counts. */
void hl_stack_check(struct hl_thread *thread);
extern size_t (*hl_stack_oracle)(uintptr_t sp, uintptr_t *pcs, size_t max);

#endif
