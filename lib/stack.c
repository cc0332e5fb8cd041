#include "stack.h"

#include "arch.h"
#include "modules.h"
#include "say.h"
#include "session.h"
#include "unwind.h"
#include "unwind_table.h"

#include <string.h>

/* The slot of a truncated stack's pseudo frame always holds what it held. */
static const uintptr_t truncated_word = HL_FRAME_TRUNCATED;
static const struct hl_walked truncated_frame = {.pc = HL_FRAME_TRUNCATED, .sp = ~(uintptr_t)0, .slot = (uintptr_t)&truncated_word};

/* A walk under way. Aligned with thread->frames from `top` inwards to nothing: frames[0..top] are the outer part, `fresh` the inner one. */
struct walk {
    struct hl_thread *thread;
    int32_t top;                       /* the old frame that is next outside of the fresh ones */
    uint32_t fresh;                    /* frames in thread->fresh */
    uint32_t changed;                  /* old frames from here inwards have another pc than the collector knows */
    uintptr_t entry_fp;                /* fp at frames[top] when the walks met there */
    struct hl_frame state;             /* where an unaligned walk stands */
    struct hl_slots slots;             /* and where its last step read */
};

enum progress { WALK_ON, WALK_DONE, WALK_SLOW };

/* The frames as the slow path sees them, when no rule can express one. Kept frames are compared by pc alone; those that are written here
 * have no stack pointers, so that no later walk is aligned with them. */
HL_COLD static struct hl_capture capture_slow(struct hl_thread *thread, struct hl_frame origin)
{
    uintptr_t *pcs = (uintptr_t *)thread->fresh;
    bool whole = false;
    size_t n = hl_unwind_slow(origin.sp, pcs, HL_STACK_MAX - 2, &whole);
    if (n == 0)
        pcs[n++] = origin.pc;
    if (!whole && !hl_modules_is_loader(pcs[n - 1]))
        pcs[n++] = HL_FRAME_TRUNCATED;
    uint32_t kept = 0;
    while (kept < thread->depth && kept < n && thread->frames[kept].pc == pcs[n - 1 - kept])
        kept++;
    for (uint32_t i = 0; i < n; i++)
        thread->frames[i] = (struct hl_walked){.pc = pcs[n - 1 - i]};
    thread->depth = (uint32_t)n;
    return (struct hl_capture){kept, (uint32_t)n - kept};
}

/* The frame pointer at frames[k], read where it was saved. */
static uintptr_t frame_pointer(const struct walk *walk, int32_t k)
{
    const struct hl_walked *frames = walk->thread->frames;
    for (; k < walk->top; k++)
        if (frames[k].fp_slot & ~HL_FP_USED)
            return *(const uintptr_t *)(frames[k].fp_slot & ~HL_FP_USED);
    return walk->entry_fp;
}

static void push(struct walk *walk, const struct hl_walked *frame) { walk->thread->fresh[walk->fresh++] = *frame; }

/* The last fresh frame is the outermost one, or the last that can be stepped to: the kind of its rule says which. */
HL_COLD static enum progress finish(struct walk *walk, enum hl_rule_kind kind, uintptr_t pc)
{
    if (kind == HL_RULE_COMPLEX)
        return WALK_SLOW;
    if (kind != HL_RULE_END && !hl_modules_is_loader(pc))
        push(walk, &truncated_frame);
    walk->top = -1;
    walk->changed = 0;
    return WALK_DONE;
}

/* Steps frame by frame into thread->fresh until the walk stands where an old frame stood. */
HL_INLINE enum progress walk_fresh(struct walk *walk)
{
    const struct hl_walked *frames = walk->thread->frames;
    struct hl_frame state = walk->state;
    struct hl_slots slots = walk->slots;
    int32_t top = walk->top;
    for (;;) {
        while (top >= 0 && frames[top].sp < state.sp)
            top--;
        walk->top = top;
        if (top >= 0 && frames[top].sp == state.sp) {
            walk->state = state;
            walk->slots = slots;
            return WALK_ON;
        }
        uint64_t rule = hl_rule_word(state.pc);
        struct hl_walked *frame = &walk->thread->fresh[walk->fresh++];
        *frame = (struct hl_walked){state.pc, state.sp, slots.ra, 0, slots.fp};
        if (HL_UNLIKELY(!hl_word_steps(rule)))
            return finish(walk, hl_word_kind(rule), state.pc);
        if (HL_UNLIKELY(walk->fresh >= HL_STACK_MAX - 2))
            return finish(walk, HL_RULE_MISSING, 0);
        if (HL_UNLIKELY(hl_word_kind(rule) != HL_RULE_SP)) {
            frame->fp = state.fp;
            frame->fp_slot |= HL_FP_USED;
        }
        uintptr_t cfa = hl_step_cfa(&state, rule);
        if (HL_UNLIKELY(cfa <= state.sp))    /* no stack that grows outwards */
            return WALK_SLOW;
        hl_step_to(&state, rule, cfa, &slots);
        if (HL_UNLIKELY(state.pc == 0))
            return finish(walk, HL_RULE_END, 0);
    }
}

/* The walks parted again at frames[k]: what lies inside of it becomes fresh, and the walk stands at frame k. */
HL_COLD static enum progress part(struct walk *walk, int32_t k)
{
    const struct hl_walked *frames = walk->thread->frames;
    if (walk->fresh + (uint32_t)(walk->top - k) >= HL_STACK_MAX - 2)
        return WALK_SLOW;
    uintptr_t fp = frame_pointer(walk, k);
    for (int32_t i = walk->top; i > k; i--)
        push(walk, &frames[i]);
    walk->state = (struct hl_frame){frames[k].pc, frames[k].sp, fp};
    walk->slots = (struct hl_slots){frames[k].slot, frames[k].fp_slot & ~HL_FP_USED};
    walk->top = k - 1;
    walk->changed = (uint32_t)k;
    return WALK_ON;
}

/* frames[k] is in another state than the old walk found: steps it by its rule. True: its caller stands where the old one stood. */
HL_INLINE bool step_changed(struct walk *walk, int32_t k)
{
    struct hl_walked *frame = &walk->thread->frames[k], *caller = frame - 1;
    uint64_t rule = hl_rule_word(frame->pc);
    if (HL_UNLIKELY(!hl_word_steps(rule))) {
        frame->fp_slot &= ~HL_FP_USED;
        if (hl_word_kind(rule) == HL_RULE_END || (hl_word_kind(rule) == HL_RULE_MISSING && hl_modules_is_loader(frame->pc)))
            return k == 0;
        return hl_word_kind(rule) == HL_RULE_MISSING && k == 1 && caller->pc == HL_FRAME_TRUNCATED;
    }
    if (k == 0)
        return false;
    struct hl_frame state = {frame->pc, frame->sp, 0};
    frame->fp_slot &= ~HL_FP_USED;
    if (HL_UNLIKELY(hl_word_kind(rule) != HL_RULE_SP)) {
        state.fp = frame->fp = frame_pointer(walk, k);
        frame->fp_slot |= HL_FP_USED;
    }
    uintptr_t cfa = hl_step_cfa(&state, rule);
    if (HL_UNLIKELY(cfa != caller->sp))
        return false;
    uintptr_t fp_slot = 0;
    if (hl_word_fp_kind(rule) != HL_FP_SAME)
        fp_slot = (hl_word_fp_kind(rule) == HL_FP_AT_CFA ? cfa : state.fp) + (uintptr_t)hl_word_fp(rule);
    caller->slot = cfa + (uintptr_t)hl_word_ra(rule);
    caller->fp_slot = fp_slot | (caller->fp_slot & HL_FP_USED);
    return true;
}

/* Goes outwards along old frames, from frames[top] where the walks met. */
HL_INLINE enum progress walk_aligned(struct walk *walk)
{
    struct hl_walked *frames = walk->thread->frames;
    int32_t k = walk->top;
    uintptr_t pc = walk->state.pc;
    walk->entry_fp = walk->state.fp;
    frames[k].slot = walk->slots.ra;
    frames[k].fp_slot = walk->slots.fp | (frames[k].fp_slot & HL_FP_USED);
    for (;;) {
        bool same = frames[k].pc == pc;
        if (HL_UNLIKELY(!same)) {
            frames[k].pc = pc;
            walk->changed = (uint32_t)k;
        } else if (HL_UNLIKELY(frames[k].fp_slot & HL_FP_USED)) {
            same = frames[k].fp == frame_pointer(walk, k);
        }
        if (!same && !step_changed(walk, k))
            return part(walk, k);
        if (k-- == 0)
            return WALK_DONE;
        pc = hl_arch_strip(*(const uintptr_t *)frames[k].slot);
        if (HL_UNLIKELY(pc == 0))
            return WALK_SLOW;
    }
}

struct hl_capture hl_stack_capture(struct hl_thread *thread, struct hl_frame origin)
{
    struct walk walk = {.thread = thread, .top = (int32_t)thread->depth - 1, .changed = UINT32_MAX, .state = origin};
    enum progress progress;
    thread->origin_sp = origin.sp;
    do {
        progress = walk_fresh(&walk);
        if (progress == WALK_ON)
            progress = walk_aligned(&walk);
    } while (HL_UNLIKELY(progress == WALK_ON));
    if (HL_UNLIKELY(progress == WALK_SLOW))
        return capture_slow(thread, origin);
    struct hl_walked *next = thread->frames + walk.top;
    for (uint32_t i = walk.fresh; i-- > 0;)
        *++next = thread->fresh[i];
    uint32_t outer = (uint32_t)(walk.top + 1), kept = outer < walk.changed ? outer : walk.changed;
    thread->depth = outer + walk.fresh;
    return (struct hl_capture){kept, thread->depth - kept};
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
