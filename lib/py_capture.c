/* Native frames and Python frames as one stack.
 *
 * Merged, outermost first: natives, the frames of loop 0 in the place of its own native frame, natives, the frames of loop 1, and so on. The merged stack
 * is not kept: what of it is as it was follows from what the two walks left unchanged, and from where the loops lie now and lay before. */
#include "event.h"
#include "modules.h"
#include "py.h"

#define MERGED_MAX 16000u                /* frames that travel; what lies further out is cut */

/* The capture before, as far as it is needed to tell what is the same. */
struct former {
    uint32_t natives, pythons, merged;
    uint32_t loops, same;                /* py->before holds loops [same, loops) */
};

/* Where a native frame's own words begin: its stack pointer, wherever the walk noted it. */
HL_INLINE uintptr_t native_sp(const struct hl_walked *frame) { return frame->sp ? frame->sp : frame->fp; }

HL_INLINE uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* Before 3.10. The loop's function may have a part elsewhere, for rare things (.cold): told by the size of its frame, where its own range does not hold
 * as many frames as there are loops. */
static bool runs_loop(struct hl_thread *thread, uint32_t native)
{
    struct hl_py_thread *py = thread->python;
    const struct hl_walked *frame = &thread->frames[native];
    uintptr_t bytes = native ? native_sp(frame - 1) - native_sp(frame) : 0;
    if (frame->pc > hl_python.loop && frame->pc <= hl_python.loop_end) {
        py->loop_bytes = bytes;
        return true;
    }
    uintptr_t distance = frame->pc > hl_python.loop ? frame->pc - hl_python.loop : hl_python.loop - frame->pc;
    return py->by_size && bytes && bytes == py->loop_bytes && distance < (16u << 20);
}

static uint32_t count_running(struct hl_thread *thread)
{
    uint32_t running = 0;
    for (uint32_t i = 0; i < thread->depth; i++)
        running += runs_loop(thread, i);
    return running;
}

/* Before 3.10, where each frame has a loop. Too few natives that run one: their outermost are beyond the cut of a truncated stack (hidden). Too many: the
 * outermost are another interpreter's (foreign). */
HL_COLD static void compare_numbers(struct hl_thread *thread)
{
    struct hl_py_thread *py = thread->python;
    bool truncated = thread->depth && thread->frames[0].pc == HL_FRAME_TRUNCATED;
    py->by_size = false;
    uint32_t running = count_running(thread);
    if (running < py->depth) {
        py->by_size = true;
        running = count_running(thread);
    }
    py->hidden = truncated && running < py->depth ? py->depth - running : 0;
    py->foreign = running > py->depth ? running - py->depth : 0;
}

/* Finds the native frame of loop k from frame `i` inwards. */
HL_INLINE void find_native(struct hl_thread *thread, uint32_t k, uint32_t i)
{
    struct hl_py_loop *loop = &thread->python->loop[k];
    uint32_t n = thread->depth;
    bool found;
    if (HL_UNLIKELY(k < thread->python->hidden)) {
        i = 1;
        found = false;
    } else if (loop->anchor > 1) {
        uint32_t bounded = thread->frames[0].pc == HL_FRAME_TRUNCATED ? 2 : 0;    /* how far the outermost known frame reaches is unknown */
        if (bounded && i == 0)
            i = 1;
        while (i < n && native_sp(&thread->frames[i]) > loop->anchor)
            i++;
        found = i < n && i >= bounded;
    } else {
        uint32_t from = i, foreign = k == 0 ? thread->python->foreign : 0;
        while (i < n && (!runs_loop(thread, i) || foreign-- > 0))
            i++;
        found = i < n;
        i = found ? i : from;
    }
    loop->native = i;
    loop->resume = i + found;
}

/* Loops [same, known) have their outermost frames where they were, and natives that changed; behind them come new ones. */
static void place_from(struct hl_thread *thread, uint32_t same, uint32_t known)
{
    struct hl_py_thread *py = thread->python;
    struct hl_py_loop *loop = py->loop;
    uint32_t k, natives = thread->unchanged;
    for (k = same; k < known; k++) {     /* the frames outside of where it was are the same: look from there on */
        uint32_t outer = k ? loop[k - 1].resume : 0;
        find_native(thread, k, loop[k].anchor > 1 && loop[k].native <= natives && loop[k].native > outer ? loop[k].native : outer);
        loop[k].before = k ? loop[k - 1].before + loop[k].native - loop[k - 1].resume : loop[k].native;
    }
    for (uint32_t i = known ? py->unchanged : 0; i < py->depth; i++) {
        if (!py->frames[i].anchor && (i > 0 || known))
            continue;
        loop[k].anchor = py->frames[i].anchor;
        loop[k].first = i;
        find_native(thread, k, k ? loop[k - 1].resume : 0);
        loop[k].before = k ? loop[k - 1].before + loop[k].native - loop[k - 1].resume : loop[k].native;
        k++;
    }
    py->loops = k;
}

/* Before 3.10: the innermost loop found no native frame, or a native frame that runs one found no loop. */
static bool numbers_differ(struct hl_thread *thread)
{
    const struct hl_py_thread *py = thread->python;
    const struct hl_py_loop *last = &py->loop[py->loops - 1];
    if (!py->loops)
        return false;
    if (last->native == last->resume)
        return py->loops > py->hidden;
    for (uint32_t i = last->resume; i < thread->depth; i++)
        if (runs_loop(thread, i))
            return true;
    return false;
}

/* Loops whose outermost frame and whose native frame are as they were stay; the others are found anew. */
static void place_loops(struct hl_thread *thread, struct former *former)
{
    struct hl_py_thread *py = thread->python;
    uint32_t known = former->loops, same;
    bool counted = hl_python.version < 0x030a0000;
    while (known && py->loop[known - 1].first >= py->unchanged)
        known--;
    for (same = known; same && py->loop[same - 1].resume > thread->unchanged; same--)
        ;
    former->same = same;
    for (uint32_t k = same; k < former->loops; k++)
        py->before[k] = py->loop[k];
    if (HL_UNLIKELY(counted && same == 0))
        compare_numbers(thread);
    place_from(thread, same, known);
    if (HL_LIKELY(!counted) || same == 0 || !numbers_differ(thread))
        return;
    for (uint32_t k = 0; k < same; k++)
        py->before[k] = py->loop[k];
    former->same = 0;
    compare_numbers(thread);
    place_from(thread, 0, known);
}

/* Nearly always no loop came or went or found another place: the native frames outside of the innermost one's own stayed, that one holds its anchor as
 * before, and its outermost Python frame stayed, at another instruction perhaps. Then what place_loops would find is there already. */
HL_INLINE bool loops_stay(const struct hl_thread *thread)
{
    const struct hl_py_thread *py = thread->python;
    const struct hl_py_loop *last = &py->loop[py->loops] - 1;
    uint32_t i = py->unchanged;
    if (HL_UNLIKELY(!py->loops) || last->anchor <= 1 || last->resume == last->native || last->native == 0 || thread->unchanged < last->native ||
        thread->depth <= last->native || native_sp(&thread->frames[last->native]) > last->anchor || i < last->first || last->first >= py->depth ||
        hl_python.version < 0x030a0000)
        return false;
    if (i == last->first && py->frames[i++].anchor != last->anchor)
        return false;
    while (i < py->depth && !py->frames[i].anchor)
        i++;
    return i >= py->depth;
}

/* What count_same says then. */
HL_INLINE uint32_t count_inner_same(const struct hl_thread *thread, const struct former *former, uint32_t merged)
{
    const struct hl_py_thread *py = thread->python;
    const struct hl_py_loop *last = &py->loop[py->loops - 1];
    uint32_t kept = smaller(former->merged, merged), pythons = smaller(former->pythons, py->depth), v = py->unchanged;
    uint32_t u = thread->unchanged > last->resume ? thread->unchanged : last->resume;
    if (v < former->pythons || v < py->depth)
        kept = smaller(kept, last->before + v);
    if (u < former->natives || u < thread->depth)
        kept = smaller(kept, last->before + (u - last->resume) + pythons);
    return kept;
}

/* How many outermost frames of the merged stack are those of the one before. */
static uint32_t count_same(struct hl_thread *thread, const struct former *former, uint32_t merged)
{
    const struct hl_py_thread *py = thread->python;
    const struct hl_py_loop *loop = py->loop, *before = py->before;
    uint32_t kept = smaller(former->merged, merged), s = former->same, u = thread->unchanged, v = py->unchanged;
    while (s < former->loops && s < py->loops && before[s].first == loop[s].first && before[s].native == loop[s].native && before[s].resume == loop[s].resume)
        s++;
    uint32_t old_end = former->pythons, new_end = py->depth;
    if (s < former->loops) {
        old_end = before[s].first;
        kept = smaller(kept, before[s].before + old_end);
    }
    if (s < py->loops) {
        new_end = loop[s].first;
        kept = smaller(kept, loop[s].before + new_end);
    }
    if (v < former->pythons || v < py->depth) {
        uint32_t k = s;
        while (k && loop[k - 1].first > v)
            k--;
        if (k)
            kept = smaller(kept, loop[k - 1].before + v);
    }
    if (u < former->natives || u < thread->depth) {
        uint32_t k = s;
        while (k && loop[k - 1].native > u)
            k--;
        if (k && u < loop[k - 1].resume)
            u = loop[k - 1].resume;      /* a loop's own frame, which is left out */
        if (k)
            kept = smaller(kept, loop[k - 1].before + (u - loop[k - 1].resume) + (k < s ? loop[k].first : smaller(old_end, new_end)));
        else
            kept = smaller(kept, u);
    }
    return kept;
}

/* Frames of the two walks as one stack. */
HL_INLINE uint32_t count_merged(const struct hl_thread *thread)
{
    const struct hl_py_thread *py = thread->python;
    const struct hl_py_loop *last = &py->loop[py->loops] - 1;
    return py->depth + thread->depth - (py->loops ? last->resume - last->before : 0);
}

/* Both where loops may have moved; `former` by value, so that the common case need not store it. */
static __attribute__((noinline)) uint32_t place_and_count(struct hl_thread *thread, struct former former)
{
    place_loops(thread, &former);
    return count_same(thread, &former, count_merged(thread));
}

/* The `n` innermost frames of the merged stack, innermost first. */
HL_INLINE void spell(const struct hl_thread *thread, uint64_t *words, uint32_t n)
{
    const struct hl_py_thread *py = thread->python;
    const struct hl_walked *natives = thread->frames;
    uint32_t i = thread->depth, j = py->depth;
    for (uint32_t k = py->loops; n; k--) {
        uint32_t outer = k ? py->loop[k - 1].resume : 0;
        for (; n && i > outer; n--)
            *words++ = natives[--i].pc;
        if (!k)
            return;
        for (; n && j > py->loop[k - 1].first; n--)
            *words++ = py->frames[--j].word;
        i = py->loop[k - 1].native;
    }
}

/* The native walk wrote its fresh frames where they are wanted: does that do? `natives`: what it returned. */
HL_INLINE bool are_spelled(const struct hl_thread *thread, uint64_t natives, uint32_t n)
{
    const struct hl_py_thread *py = thread->python;
    return natives != HL_CAPTURE_RARE && !hl_stack_patches(natives) && n <= hl_stack_fresh(natives) && n <= thread->depth - py->loop[py->loops - 1].resume;
}

/* The same where none of them is outside of the innermost loop. */
HL_INLINE void spell_inner(const struct hl_thread *thread, uint64_t *words, uint32_t n)
{
    const struct hl_py_thread *py = thread->python;
    const struct hl_walked *native = &thread->frames[thread->depth], *const outer = &thread->frames[py->loop[py->loops - 1].resume];
    uint64_t *const end = words + n;
    while (words < end && native > outer)
        *words++ = (--native)->pc;
    for (const struct hl_py_frame *frame = &py->frames[py->depth]; words < end;)
        *words++ = (--frame)->word;
}

/* A stack longer than MERGED_MAX loses its outer part: as many frames as the last one lost while that will do, so that what is inside can stay with the
 * collector; a mark stands in their place. Turns `merged` and `kept` into what is left. */
HL_COLD static void cut(struct hl_py_thread *py, uint32_t *merged, uint32_t *kept)
{
    uint32_t before = py->cut;
    if (*merged <= MERGED_MAX)
        py->cut = 0;
    else if (!before || before + MERGED_MAX <= *merged || before + MERGED_MAX / 4 > *merged)
        py->cut = *merged - MERGED_MAX / 2;
    if (py->cut != before)
        *kept = 0;
    if (!py->cut)
        return;
    *kept = *kept > py->cut ? *kept - py->cut + 1 : 0;
    *merged = *merged - py->cut + 1;
}

/* The `n` innermost frames of what is left. */
static void spell_cut(const struct hl_thread *thread, uint64_t *words, uint32_t n, uint32_t merged)
{
    bool mark = thread->python->cut && n == merged;
    spell(thread, words, n - mark);
    if (HL_UNLIKELY(mark))
        words[n - 1] = HL_FRAME_TRUNCATED;
}

/* More frames than a record holds: the outer ones go ahead. Returns how many are with the collector then; UINT32_MAX: dropped. */
HL_COLD static uint32_t send_outer(struct hl_thread *thread, uint32_t kept, uint32_t merged)
{
    uint64_t *words = (uint64_t *)thread->python->fresh;
    spell_cut(thread, words, merged - kept, merged);
    for (; merged - kept > HL_RECORD_FRESH_MAX; kept += HL_RECORD_FRESH_MAX) {
        if ((size_t)(thread->limit - thread->cursor) < HL_RECORD_BYTES_MAX && !hl_event_room(thread))
            return UINT32_MAX;
        uint64_t *record = (uint64_t *)thread->cursor;
        record[0] = hl_record_word(HL_RECORD_FRAMES, 0);
        record[1] = hl_record_stack(0, HL_RECORD_FRESH_MAX, kept);
        for (uint32_t i = 0; i < HL_RECORD_FRESH_MAX; i++)
            record[2 + i] = words[merged - kept - HL_RECORD_FRESH_MAX + i];
        hl_event_end(thread, record + 2 + HL_RECORD_FRESH_MAX);
    }
    return kept;
}

HL_COLD static void change_state(struct hl_py_thread *py, const char *state)
{
    const char *interpreter = hl_python.version >> 16 < 0x0309 ? hl_python.runtime : *(const char *const *)(state + hl_python.layout.thread_interpreter);
    py->state = state;
    py->collecting = interpreter ? (const int *)(interpreter + hl_python.layout.interpreter_collecting) : &hl_py_not_collecting;
    if (*py->collecting & ~1)            /* not what it is taken for */
        py->collecting = &hl_py_not_collecting;
}

/* The thread state whose frames this thread runs. Before 3.12 the current one belongs to who holds the GIL; the thread's own, which else must do, is
 * that of its first interpreter. */
HL_INLINE const char *thread_state(const struct hl_py_thread *py)
{
    const char *state = py->gil || hl_python.version >= 0x030c0000 ? hl_python.thread_current() : NULL;
    return state ? state : hl_python.thread_this();
}

static void walk_python(struct hl_thread *thread)
{
    struct hl_py_thread *py = thread->python;
    const char *state = thread_state(py);
    if (HL_UNLIKELY(!state)) {
        py->depth = py->unchanged = 0;
        return;
    }
    if (HL_UNLIKELY(state != py->state))
        change_state(py, state);
    hl_py_frames(thread, state);
}

uint64_t *hl_py_stack(struct hl_thread *thread, struct hl_frame origin, size_t words, uint64_t size, uint64_t **end)
{
    struct hl_py_thread *py = thread->python;
    uint64_t *record = hl_event_begin(thread);
    if (HL_UNLIKELY(!record))
        return NULL;
    if (HL_UNLIKELY(thread->depth == 0))
        py->merged = py->depth = py->loops = py->cut = 0;
    const char *cursor = thread->cursor;
    struct former former = {thread->depth, py->depth, py->merged, py->loops, 0};
    uint64_t natives = hl_stack_capture(thread, origin.pc, origin.sp, origin.fp, record + words);
    if (HL_UNLIKELY(thread->check))
        hl_stack_check(thread);
    walk_python(thread);
    bool stay = loops_stay(thread);
    uint32_t moved = HL_LIKELY(stay) ? 0 : place_and_count(thread, former), merged = count_merged(thread);
    uint32_t kept = HL_UNLIKELY(thread->check) ? 0 : stay ? count_inner_same(thread, &former, merged) : moved;
    py->merged = merged;
    if (HL_UNLIKELY(merged > MERGED_MAX || py->cut))
        cut(py, &merged, &kept);
    if (HL_UNLIKELY(merged - kept > HL_RECORD_FRESH_MAX) && (kept = send_outer(thread, kept, merged)) == UINT32_MAX)
        return NULL;
    if (HL_UNLIKELY(thread->cursor != cursor) && (size_t)(thread->limit - thread->cursor) < HL_RECORD_BYTES_MAX && !hl_event_room(thread))
        return NULL;
    record = (uint64_t *)thread->cursor;
    if (HL_LIKELY(stay && !thread->check && !py->cut)) {
        if (!are_spelled(thread, natives, merged - kept))
            spell_inner(thread, record + words, merged - kept);
    } else {
        spell_cut(thread, record + words, merged - kept, merged);
    }
    record[1] = hl_record_stack(size, merged - kept, kept);
    *end = record + words + (merged - kept);
    return record;
}

enum hl_record_kind hl_py_free_kind(struct hl_thread *thread, struct hl_frame origin)
{
    if (HL_UNLIKELY(atomic_load_explicit(&hl_python.watching, memory_order_relaxed))) {
        uint64_t *end, *record = hl_py_stack(thread, origin, 2, 0, &end);
        if (record) {
            record[0] = hl_record_word(HL_RECORD_FRAMES, 0);
            hl_event_end(thread, end);
        }
    }
    if (HL_LIKELY(!*thread->python->collecting))
        return HL_RECORD_FREE;
    bool ends = hl_python.is_finalizing && hl_python.is_finalizing();    /* then all that is left is collected, whether it had to wait or not */
    return ends ? HL_RECORD_FREE : HL_RECORD_COLLECTED;
}
