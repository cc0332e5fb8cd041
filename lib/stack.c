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

/* A walk under way, as the rare cases are handed it. frames[..top] are old frames, the outer part; `fresh` the inner one. */
struct walk {
    struct hl_thread *thread;
    struct hl_frame state;             /* where an unaligned walk stands */
    struct hl_slots slots;             /* and where its last step read */
    uintptr_t entry_fp;                /* fp at *top when the walks met there */
    struct hl_walked *top;             /* the old frame that is next outside of the fresh ones; bottom: none */
    struct hl_walked *changed;         /* old frames from here inwards have another pc than the collector knows */
    uint32_t fresh;                    /* frames in thread->fresh */
};

/* The frames as the slow path sees them, when no rule can express one. Kept frames are compared by pc alone, as far as the collector knows
 * them; all are written without stack pointers, so that no later walk is aligned with them: those stand in `fp`. */
HL_COLD static uint64_t capture_slow(struct hl_thread *thread, uintptr_t pc, uintptr_t sp, const struct hl_walked *changed)
{
    uintptr_t *pcs = (uintptr_t *)thread->fresh, *sps = pcs + HL_STACK_MAX;
    bool whole = false;
    size_t n = hl_unwind_slow(sp, pcs, sps, HL_STACK_MAX - 2, &whole);
    if (n == 0) {
        sps[n] = sp;
        pcs[n++] = pc;
    }
    if (!whole && !hl_modules_is_loader(pcs[n - 1])) {
        sps[n] = 0;
        pcs[n++] = HL_FRAME_TRUNCATED;
    }
    uint32_t known = (uint32_t)(changed - thread->frames), kept = 0;
    while (kept < known && kept < n && thread->frames[kept].pc == pcs[n - 1 - kept])
        kept++;
    for (uint32_t i = 0; i < n; i++)
        thread->frames[i] = (struct hl_walked){.pc = pcs[n - 1 - i], .fp = sps[n - 1 - i]};
    thread->depth = (uint32_t)n;
    thread->unchanged = kept;
    return HL_CAPTURE_RARE;
}

/* The frame pointer at *frame, read where it was saved: there, or at the nearest frame inside of it that did. */
HL_INLINE uintptr_t frame_pointer(const struct hl_walked *frame, const struct hl_walked *top, uintptr_t entry_fp)
{
    for (; frame < top; frame++)
        if (frame->fp_slot & ~HL_FP_USED)
            return *(const uintptr_t *)(frame->fp_slot & ~HL_FP_USED);
    return entry_fp;
}

/* The last fresh frame is the outermost one, or the last that can be stepped to: the kind of its rule says which. False: only the slow
 * path can tell. */
HL_COLD static bool finish(struct hl_thread *thread, uint32_t *fresh, enum hl_rule_kind kind, uintptr_t pc)
{
    if (kind == HL_RULE_COMPLEX)
        return false;
    if (kind == HL_RULE_END || hl_modules_is_loader(pc))
        return true;
    struct hl_walked *pseudo = &thread->fresh[(*fresh)++];
    *pseudo = (struct hl_walked){.pc = HL_FRAME_TRUNCATED, .sp = HL_ARCH_SP_OF_SLOT((uintptr_t)&truncated_word)};
    hl_arch_keep_slot(pseudo, (uintptr_t)&truncated_word);
    return true;
}

/* The walks parted again at *frame: what lies inside of it becomes fresh, and the walk stands there, unaligned. False: no room. */
HL_COLD static bool part(struct walk *walk, struct hl_walked *frame)
{
    if (walk->fresh + (size_t)(walk->top - frame) >= HL_STACK_MAX - 2)
        return false;
    uintptr_t fp = frame_pointer(frame, walk->top, walk->entry_fp);
    for (const struct hl_walked *inner = walk->top; inner > frame; inner--)
        walk->thread->fresh[walk->fresh++] = *inner;
    walk->state = (struct hl_frame){frame->pc, frame->sp, fp};
    walk->slots = (struct hl_slots){hl_arch_slot(frame), frame->fp_slot & ~HL_FP_USED};
    walk->top = frame - 1;
    walk->changed = frame;
    return true;
}

/* *frame is in another state than the old walk found: steps it by its rule. True: its caller stands where the old one stood, and the words
 * to read there are noted. `outermost`: it is frames[0]. */
HL_INLINE bool step_changed(struct hl_walked *frame, bool outermost, const struct hl_walked *top, uintptr_t entry_fp)
{
    struct hl_walked *caller = frame - 1;
    uint64_t rule = hl_rule_word(frame->pc);
    struct hl_frame state = {frame->pc, frame->sp, 0};
    frame->fp_slot &= ~HL_FP_USED;
    if (HL_UNLIKELY(!hl_word_steps(rule))) {
        if (hl_word_kind(rule) == HL_RULE_END || (hl_word_kind(rule) == HL_RULE_MISSING && hl_modules_is_loader(frame->pc)))
            return outermost;
        return hl_word_kind(rule) == HL_RULE_MISSING && !outermost && caller->pc == HL_FRAME_TRUNCATED;
    }
    if (HL_UNLIKELY(hl_word_kind(rule) != HL_RULE_SP)) {
        state.fp = frame->fp = frame_pointer(frame, top, entry_fp);
        frame->fp_slot |= HL_FP_USED;
    }
    uintptr_t cfa = hl_step_cfa(&state, rule), fp_slot = 0;
    if (HL_UNLIKELY(cfa != caller->sp || outermost))
        return false;
    if (hl_word_fp_kind(rule) != HL_FP_SAME)
        fp_slot = (hl_word_fp_kind(rule) == HL_FP_AT_CFA ? cfa : state.fp) + (uintptr_t)hl_word_fp(rule);
    hl_arch_keep_slot(caller, cfa + (uintptr_t)hl_word_ra(rule));
    caller->fp_slot = fp_slot | (caller->fp_slot & HL_FP_USED);
    return true;
}

/* A frame that a walk along the old frames passes without a closer look: it stands where it stood, and its rule starts from sp. */
HL_INLINE bool stands(const struct hl_walked *frame)
{
    return frame->pc == hl_arch_strip(*(const uintptr_t *)hl_arch_slot(frame)) && !(frame->fp_slot & HL_FP_USED);
}

/* From *frame outwards to the first that does not; frames - 1: all do. Each is read only when those inside of it stand. */
HL_INLINE struct hl_walked *pass_standing(struct hl_walked *frame, struct hl_walked *frames)
{
    for (; frame >= frames + 3; frame -= 4) {
        if (HL_UNLIKELY(!stands(frame)))
            return frame;
        if (HL_UNLIKELY(!stands(frame - 1)))
            return frame - 1;
        if (HL_UNLIKELY(!stands(frame - 2)))
            return frame - 2;
        if (HL_UNLIKELY(!stands(frame - 3)))
            return frame - 3;
    }
    while (frame >= frames && HL_LIKELY(stands(frame)))
        frame--;
    return frame;
}

/* One function, because what it carries from frame to frame should stay in registers: first stepping frame by frame into thread->fresh until
 * the walk stands where an old frame stood, then outwards along the old frames; and once more from the start where the two part. */
uint64_t hl_stack_capture(struct hl_thread *thread, uintptr_t pc, uintptr_t sp, uintptr_t fp, uint64_t *words)
{
    struct hl_walked *const frames = thread->frames, *top = frames + thread->depth - 1, *changed = top + 1, *frame, *innermost;
    struct hl_frame state = {pc, sp, fp};
    struct hl_slots slots = {0, 0};
    uint32_t fresh = 0, patches = 0, limit = HL_STACK_MAX - 2, inner = 0, depth;
    const char *cursor = thread->cursor;
    thread->origin_sp = sp;

unaligned:
    for (;;) {
        while (top->sp < state.sp)
            top--;
        if (top->sp == state.sp)
            break;
        uint64_t rule = hl_rule_word(state.pc);
        struct hl_walked *added = &thread->fresh[fresh++];
        added->pc = state.pc;
        added->sp = state.sp;
        added->fp_slot = slots.fp;
        hl_arch_keep_slot(added, slots.ra);
        bool steps = hl_word_steps(rule);
        if (HL_UNLIKELY(!steps || fresh >= limit)) {
            if (!finish(thread, &fresh, steps ? HL_RULE_MISSING : hl_word_kind(rule), state.pc))
                return capture_slow(thread, pc, sp, changed);
            top = changed = frames - 1;
            patches = 0;
            goto done;
        }
        if (HL_UNLIKELY(hl_word_kind(rule) != HL_RULE_SP)) {
            added->fp = state.fp;
            added->fp_slot |= HL_FP_USED;
        }
        uintptr_t cfa = hl_step_cfa(&state, rule);
        if (HL_UNLIKELY(cfa <= state.sp))        /* no stack that grows outwards */
            return capture_slow(thread, pc, sp, changed);
        hl_step_to(&state, rule, cfa, &slots);
        if (HL_UNLIKELY(state.pc == 0)) {
            top = changed = frames - 1;
            patches = 0;
            goto done;
        }
    }

    frame = top;
    hl_arch_keep_slot(frame, slots.ra);
    frame->fp_slot = slots.fp | (frame->fp_slot & HL_FP_USED);
    for (uintptr_t now = state.pc;; now = hl_arch_strip(*(const uintptr_t *)hl_arch_slot(frame))) {
        bool same = frame->pc == now;
        if (!same) {
            frame->pc = now;
            changed = frame;
            thread->patches[patches++ & HL_RECORD_PATCHES_MAX] = hl_record_patch((uint32_t)(frame - frames), now);
        } else if (HL_UNLIKELY(frame->fp_slot & HL_FP_USED)) {
            same = frame->fp == frame_pointer(frame, top, state.fp);
        }
        if (!same && HL_UNLIKELY(now == 0 || !step_changed(frame, frame == frames, top, state.fp))) {
            struct walk walk = {thread, state, slots, state.fp, top, changed, fresh};
            if (now == 0 || !part(&walk, frame))
                return capture_slow(thread, pc, sp, changed);
            state = walk.state;
            slots = walk.slots;
            top = walk.top;
            changed = walk.changed;
            fresh = walk.fresh;
            patches = 0;                 /* they are among the fresh frames now */
            goto unaligned;
        }
        frame = pass_standing(frame - 1, frames);
        if (frame < frames)
            break;
    }

done:
    innermost = top + fresh;
    depth = (uint32_t)(innermost + 1 - frames);
    if (HL_UNLIKELY(depth > HL_STACK_MAX - 2)) {     /* half of it anew: then there is room to grow for a while */
        limit = HL_STACK_MAX / 2;
        fresh = patches = 0;
        state = (struct hl_frame){pc, sp, fp};
        slots = (struct hl_slots){0, 0};
        top = frames - 1;
        goto unaligned;
    }
    if (HL_UNLIKELY(changed < frames))
        changed = frames;
    if (changed <= top)
        inner = (uint32_t)(top + 1 - changed);
    thread->depth = depth;
    thread->unchanged = depth - fresh - inner;
    if (HL_UNLIKELY(fresh + inner > HL_RECORD_FRESH_MAX || thread->cursor != cursor)) {
        for (uint32_t i = 0; i < fresh; i++)
            innermost[-(ptrdiff_t)i] = thread->fresh[i];
        return HL_CAPTURE_RARE;
    }
    for (const struct hl_walked *from = thread->fresh; innermost > top; from++) {
        *words++ = from->pc;
        *innermost-- = *from;
    }
    if (patches < inner && patches <= HL_RECORD_PATCHES_MAX) {     /* fewer words than all frames from the outermost changed one inwards */
        for (uint32_t i = 0; i < patches; i++)
            *words++ = thread->patches[i];
        return hl_record_stack_patched(0, patches, fresh, depth - fresh);
    }
    for (frame = top; frame >= changed; frame--)
        *words++ = frame->pc;
    return hl_record_stack(0, fresh + inner, depth - fresh - inner);
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
