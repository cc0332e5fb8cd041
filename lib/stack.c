#include "stack.h"

#include "arch.h"
#include "modules.h"
#include "say.h"
#include "session.h"
#include "unwind.h"
#include "unwind_table.h"

#include <string.h>

/* What a frame's rule did with fp, for hl_walked.fp_slot of its caller. */
enum trait { FP_USED = 1, FP_KEPT = 2 };

/* The slot of a truncated stack's pseudo frame always holds what it held. */
static const uintptr_t truncated_word = HL_FRAME_TRUNCATED;

/* The outermost word of the old walk that still holds, going outwards from frame `i`, whose own state is known to be the same:
 * returns the index of the first frame that changed, -1 when none did. */
HL_INLINE int32_t verify_outwards(const struct hl_walked *frames, int32_t i)
{
    for (i--; i >= 0; i--) {
        const struct hl_walked *frame = &frames[i];
        if (*(const uintptr_t *)frame->slot != frame->pc)
            return i;
        if (HL_UNLIKELY(frame->fp_slot > 1) && *(const uintptr_t *)(frame->fp_slot & ~(uintptr_t)1) != frame->fp)
            return i;
    }
    return -1;
}

/* Knowing how each fresh frame's rule used fp, tells from the outside in which frames' fp outer frames need. `needed`: whether the innermost kept
 * frame needs it. */
HL_INLINE void mark_needed(struct hl_thread *thread, uint32_t fresh, int needed)
{
    for (uint32_t k = fresh; k-- > 0;) {
        struct hl_walked *frame = &thread->fresh[k];
        uint8_t trait = thread->traits[k];
        needed = (trait & FP_USED) || ((trait & FP_KEPT) && needed);
        frame->fp_slot = needed ? frame->fp_slot | 1 : 0;
    }
}

/* The frames that libunwind sees, when a rule cannot express one of them. Kept frames are compared by pc alone; those that are
 * written here have no slots, so that no later walk takes them for verified. */
HL_COLD static struct hl_capture capture_slow(struct hl_thread *thread, struct hl_frame origin)
{
    uintptr_t *pcs = (uintptr_t *)thread->fresh;
    bool whole = false;
    size_t n = hl_unwind_slow(origin.sp, pcs, HL_STACK_MAX - 2, &whole);
    if (n == 0)
        pcs[n++] = origin.pc;
    if (!whole)
        pcs[n++] = HL_FRAME_TRUNCATED;
    uint32_t kept = 0;
    while (kept < thread->depth && kept < n && thread->frames[kept].pc == pcs[n - 1 - kept])
        kept++;
    for (uint32_t i = kept; i < n; i++)
        thread->frames[i] = (struct hl_walked){.pc = pcs[n - 1 - i]};
    thread->depth = (uint32_t)n;
    return (struct hl_capture){kept, (uint32_t)n - kept};
}

/* The pseudo frame outside of a stack whose outer frames cannot be read. */
HL_COLD static uint32_t push_truncated(struct hl_thread *thread, uint32_t fresh)
{
    thread->fresh[fresh] = (struct hl_walked){.pc = HL_FRAME_TRUNCATED, .sp = ~(uintptr_t)0, .slot = (uintptr_t)&truncated_word};
    thread->traits[fresh] = 0;
    return fresh + 1;
}

/* How the rule of a frame treats fp. */
HL_INLINE uint8_t trait_of(uint64_t rule)
{
    if (HL_LIKELY(hl_word_kind(rule) == HL_RULE_SP))
        return hl_word_fp_kind(rule) == HL_FP_SAME ? FP_KEPT : hl_word_fp_kind(rule) == HL_FP_AT_FP ? FP_USED : 0;
    return FP_USED;
}

struct hl_capture hl_stack_capture(struct hl_thread *thread, struct hl_frame origin)
{
    const struct hl_walked *frames = thread->frames;
    thread->origin_sp = origin.sp;
    struct hl_walked state = {.pc = origin.pc, .sp = origin.sp, .fp = origin.fp};
    int32_t i = (int32_t)thread->depth - 1;
    uint32_t fresh = 0, kept = 0;
    int needed = 0;

    for (;;) {
        while (i >= 0 && frames[i].sp < state.sp)
            i--;
        if (i >= 0 && frames[i].sp == state.sp && frames[i].pc == state.pc &&
            (frames[i].fp_slot == 0 || frames[i].fp == state.fp)) {
            int32_t changed = verify_outwards(frames, i);
            if (HL_LIKELY(changed < 0)) {
                kept = (uint32_t)i + 1;
                needed = frames[i].fp_slot != 0;
                break;
            }
            i = changed - 1;             /* what lies inside of the change must be sent anew: step on, match beyond */
        }
        if (HL_UNLIKELY(fresh >= HL_STACK_MAX - 2)) {
            fresh = push_truncated(thread, fresh);
            break;
        }
        thread->fresh[fresh] = state;
        uint64_t rule = hl_rule_word(state.pc);
        if (HL_UNLIKELY(!hl_word_steps(rule))) {
            if (hl_word_kind(rule) == HL_RULE_COMPLEX)
                return capture_slow(thread, origin);
            thread->traits[fresh++] = 0;
            if (hl_word_kind(rule) != HL_RULE_END && !hl_modules_is_loader(state.pc))
                fresh = push_truncated(thread, fresh);
            break;
        }
        thread->traits[fresh++] = trait_of(rule);
        struct hl_frame next = {state.pc, state.sp, state.fp};
        struct hl_slots slots;
        uintptr_t cfa = hl_step_cfa(&next, rule);
        if (HL_UNLIKELY(cfa <= state.sp))        /* no stack that grows outwards: let libunwind say what it is */
            return capture_slow(thread, origin);
        hl_step_to(&next, rule, cfa, &slots);
        if (HL_UNLIKELY(next.pc == 0))
            break;
        state = (struct hl_walked){.pc = next.pc, .sp = next.sp, .slot = slots.ra, .fp = next.fp, .fp_slot = slots.fp};
    }
    mark_needed(thread, fresh, needed);
    for (uint32_t k = 0; k < fresh; k++)
        thread->frames[kept + fresh - 1 - k] = thread->fresh[k];
    thread->depth = kept + fresh;
    return (struct hl_capture){kept, fresh};
}

size_t (*hl_stack_oracle)(uintptr_t sp, uintptr_t *pcs, size_t max);

/* The frames of the library itself are left out by the stack pointer of the innermost frame. A truncated stack need only be the beginning. */
HL_COLD void hl_stack_check(struct hl_thread *thread)
{
    const struct hl_walked *frames = thread->frames;
    uintptr_t *pcs = (uintptr_t *)thread->fresh;
    if (!hl_stack_oracle || !thread->nested || thread->depth == 0)
        return;
    size_t truncated = frames[0].pc == HL_FRAME_TRUNCATED, ours = thread->depth - truncated, same = 0;
    size_t n = hl_stack_oracle(thread->origin_sp, pcs, HL_STACK_MAX);
    while (same < n && same < ours && pcs[same] == frames[thread->depth - 1 - same].pc)
        same++;
    atomic_fetch_add_explicit(&thread->head->stacks_checked, 1, memory_order_relaxed);
    if (same == ours && (n == ours || truncated))
        return;
    if (atomic_fetch_add_explicit(&thread->head->stacks_wrong, 1, memory_order_relaxed) == 0)
        hl_say_numbers("a stack differs from libunwind's: ours, theirs, the same from the inside, pc there:", (uint64_t[]){ours, n, same,
                       same < ours ? frames[thread->depth - 1 - same].pc : 0, same < n ? pcs[same] : 0}, 5);
}
