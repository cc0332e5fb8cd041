/* The interpreter's own frames, from the innermost outwards: fresh ones until the walk stands on a frame that the last walk saw, then along
 * the old ones, each read again where it stands, in the same order; where the two part, the rest is fresh. As in stack.h nothing is assumed: what is
 * read is what a walk from scratch would read. */
#include "py.h"

#include <string.h>

_Atomic uint32_t hl_py_code_deaths;

#define OWNED_BY_GENERATOR 1

/* How frames are chained: by frame objects (to 3.10), by frames that say whether they entered a loop (3.11), or with shims between loops (from 3.12 on). The
 * walk is compiled once for each. */
enum kind { OBJECTS, ENTRIES, SHIMS };

HL_INLINE enum kind kind_of(const struct hl_py_layout *layout) { return layout->counts ? OBJECTS : layout->entry_flag ? ENTRIES : SHIMS; }

/* Where a walk stands. */
struct place {
    const char *frame, *cframe;
};

HL_INLINE const char *pointer_at(const char *p, size_t offset) { return *(const char *const *)(p + offset); }

HL_INLINE uint8_t owner_of(const struct hl_py_layout *layout, const char *frame) { return *(const uint8_t *)(frame + layout->frame_owner); }

HL_INLINE uintptr_t code_of(const struct hl_py_layout *layout, const char *frame)
{
    return (uintptr_t)pointer_at(frame, layout->frame_code) & ~(uintptr_t)3;     /* from 3.14 on references are tagged */
}

HL_INLINE uintptr_t instruction_of(const struct hl_py_layout *layout, enum kind kind, const char *frame)
{
    return kind == OBJECTS ? *(const uint32_t *)(frame + layout->frame_instruction) : (uintptr_t)pointer_at(frame, layout->frame_instruction);
}

HL_INLINE bool is_shim(const struct hl_py_layout *layout, enum kind kind, const char *frame)
{
    return kind == SHIMS && owner_of(layout, frame) >= layout->shims;
}

/* A frame that has not come to its first line yet: the interpreter does not show it either (_PyFrame_IsIncomplete). */
static bool is_incomplete(const struct hl_py_layout *layout, enum kind kind, const char *frame)
{
    if (kind == OBJECTS || owner_of(layout, frame) == OWNED_BY_GENERATOR)
        return false;
    uintptr_t code = code_of(layout, frame);
    int32_t first_traceable = *(const int32_t *)(code + layout->code_first - 16);
    return instruction_of(layout, kind, frame) < code + layout->code_first + 2 * (uintptr_t)first_traceable;
}

HL_INLINE void leave_loop(const struct hl_py_layout *layout, struct place *place)
{
    if (place->cframe)
        place->cframe = pointer_at(place->cframe, layout->cframe_back);
}

/* Past shims and incomplete frames. */
static void skip(const struct hl_py_layout *layout, enum kind kind, struct place *place)
{
    while (place->frame && (is_shim(layout, kind, place->frame) || is_incomplete(layout, kind, place->frame))) {
        if (kind == ENTRIES && *(const char *)(place->frame + layout->frame_owner - 1))
            leave_loop(layout, place);
        place->frame = pointer_at(place->frame, layout->frame_back);
    }
}

/* Reads the frame at *place, but for its word, and goes on to the next one. */
HL_INLINE void read_frame(const struct hl_py_layout *layout, enum kind kind, struct place *place, struct hl_py_frame *frame)
{
    const char *at = place->frame, *next = pointer_at(at, layout->frame_back);
    frame->frame = (uintptr_t)at;
    frame->back = next;
    frame->code = code_of(layout, at);
    frame->instruction = instruction_of(layout, kind, at);
    frame->anchor = 0;
    if (kind == SHIMS) {
        if (next && owner_of(layout, next) >= layout->shims) {
            frame->anchor = (uintptr_t)next;
            next = pointer_at(next, layout->frame_back);
        }
    } else if (kind == OBJECTS || *(at + layout->frame_owner - 1)) {
        frame->anchor = place->cframe ? (uintptr_t)place->cframe : 1;
        leave_loop(layout, place);
    }
    place->frame = next;
}

HL_INLINE uint32_t instruction_number(const struct hl_py_layout *layout, enum kind kind, const struct hl_py_frame *frame)
{
    uintptr_t offset = kind == OBJECTS ? (uintptr_t)(int32_t)frame->instruction * layout->counts : frame->instruction - frame->code - layout->code_first;
    return offset / 2 < HL_PYTHON_NO_INSTRUCTION ? (uint32_t)(offset / 2) : HL_PYTHON_NO_INSTRUCTION;
}

HL_INLINE uint64_t spell(struct hl_thread *thread, const struct hl_py_layout *layout, enum kind kind, const struct hl_py_frame *frame)
{
    return hl_frame_python(hl_py_code(thread, frame->code), instruction_number(layout, kind, frame));
}

uint32_t hl_py_instruction(const struct hl_py_frame *frame) { return instruction_number(&hl_python.layout, kind_of(&hl_python.layout), frame); }

HL_INLINE uint16_t *seat_of(struct hl_py_thread *py, uintptr_t frame)
{
    return &py->seats[(frame >> 4 ^ frame >> 11) % HL_PY_SEATS];
}

static struct place innermost(const struct hl_py_layout *layout, const char *state)
{
    struct place place = {NULL, layout->cframe ? pointer_at(state, layout->cframe) : NULL};
    if (layout->cframe && layout->cframe_frame != HL_PY_NO_FRAME)
        place.frame = place.cframe ? pointer_at(place.cframe, layout->cframe_frame) : NULL;
    else
        place.frame = pointer_at(state, layout->thread_frame);
    return place;
}

size_t hl_py_frames_read(const char *state, struct hl_py_frame *frames, size_t max)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    enum kind kind = kind_of(layout);
    struct place place = innermost(layout, state);
    size_t n = 0;
    for (skip(layout, kind, &place); place.frame && n < max; skip(layout, kind, &place))
        read_frame(layout, kind, &place, &frames[n++]);
    return n;
}

/* frames[from..to] turn into fresh ones. False: there is no room. */
static bool part(struct hl_py_thread *py, uint32_t *fresh, uint32_t from, uint32_t to)
{
    if (*fresh + (to + 1 - from) > HL_PY_FRAMES_MAX)
        return false;
    for (uint32_t i = to + 1; i-- > from;)
        py->fresh[(*fresh)++] = py->frames[i];
    return true;
}

/* Puts the fresh frames on top of the `kept` old ones. */
static void settle(struct hl_py_thread *py, uint32_t kept, uint32_t fresh, uint32_t changed)
{
    for (uint32_t i = 0; i < fresh; i++) {
        uint32_t index = kept + fresh - 1 - i;
        py->frames[index] = py->fresh[i];
        *seat_of(py, py->fresh[i].frame) = (uint16_t)index;
    }
    py->depth = kept + fresh;
    py->unchanged = changed < kept ? changed : kept;
}

/* From *frame outwards past the frames that stand as they stood; *place follows. Returns the first that has to be looked at more closely; when all
 * stand, place->frame is NULL. An instruction says which code it is in, where it is a pointer. */
HL_INLINE const struct hl_py_frame *pass_same(const struct hl_py_layout *layout, enum kind kind, struct place *place, const struct hl_py_frame *frame)
{
    const size_t instruction = layout->frame_instruction, code = layout->frame_code, back = layout->frame_back;
    const size_t entry = (size_t)layout->frame_owner - 1, cframe_back = layout->cframe_back;
    const char *cframe = place->cframe;
    for (; frame->frame; frame--) {       /* of py->bottom it is 0 */
        const char *at = (const char *)frame->frame, *outer = (const char *)frame[-1].frame;
        if (kind == OBJECTS ? *(const uint32_t *)(at + instruction) != frame->instruction || (uintptr_t)pointer_at(at, code) != frame->code
                            : (uintptr_t)pointer_at(at, instruction) != frame->instruction)
            break;
        if (kind == SHIMS) {
            if (pointer_at(at, back) != frame->back || (frame->anchor ? pointer_at((const char *)frame->anchor, back) : frame->back) != outer)
                break;
            continue;
        }
        if (pointer_at(at, back) != outer)
            break;
        if (kind == ENTRIES && !*(at + entry)) {
            if (frame->anchor)
                break;
            continue;
        }
        if (HL_UNLIKELY(!frame->anchor) || (cframe && (uintptr_t)cframe != frame->anchor))
            break;
        if (cframe)
            cframe = pointer_at(cframe, cframe_back);
    }
    place->frame = (const char *)frame->frame;
    place->cframe = cframe;
    return frame;
}

/* What nearly all walks find: the innermost frame is one of the last walk's, at another instruction perhaps, and all that is outside of it stands as it
 * stood. False: something else is the case, and nothing was changed. */
HL_INLINE bool walk_same(struct hl_py_thread *py, const char *state, enum kind kind)
{
    const struct hl_py_layout *const layout = &hl_python.layout;
    struct place place = innermost(layout, state);
    uint32_t n = py->depth, changed;
    if (HL_UNLIKELY(!n || !place.frame))
        return false;
    if (py->frames[n - 1].frame != (uintptr_t)place.frame) {
        n = *seat_of(py, (uintptr_t)place.frame) + 1u;
        if (n > py->depth || py->frames[n - 1].frame != (uintptr_t)place.frame)
            return false;
    }
    struct hl_py_frame *frame = &py->frames[n - 1], now;
    now.instruction = instruction_of(layout, kind, place.frame);
    if (now.instruction == frame->instruction) {
        pass_same(layout, kind, &place, frame);
        if (place.frame)
            return false;
        changed = n;
    } else {
        if (is_incomplete(layout, kind, place.frame))
            return false;
        read_frame(layout, kind, &place, &now);
        if (now.code != frame->code || now.anchor != frame->anchor || now.back != frame->back || !hl_frame_code(frame->word) ||
            (uintptr_t)place.frame != frame[-1].frame)
            return false;
        pass_same(layout, kind, &place, frame - 1);
        if (place.frame)
            return false;
        frame->instruction = now.instruction;
        changed = n;
        uint64_t word = hl_frame_python(hl_frame_code(frame->word), instruction_number(layout, kind, frame));
        if (word != frame->word)
            changed = n - 1;
        frame->word = word;
    }
    py->depth = n;
    py->unchanged = changed;
    return true;
}

HL_INLINE void walk(struct hl_thread *thread, const char *state, enum kind kind, bool names_moved)
{
    const struct hl_py_layout *const layout = &hl_python.layout;
    struct place place = innermost(layout, state);
    struct hl_py_thread *const py = thread->python;
    uint32_t fresh = 0, limit = py->depth;

    for (;;) {
        uint32_t seat;
        for (;;) {
            if (place.frame && HL_UNLIKELY(is_shim(layout, kind, place.frame) || is_incomplete(layout, kind, place.frame)))
                skip(layout, kind, &place);
            if (!place.frame || fresh == HL_PY_FRAMES_MAX)
                return settle(py, 0, fresh, 0);
            seat = *seat_of(py, (uintptr_t)place.frame);
            if (seat < limit && py->frames[seat].frame == (uintptr_t)place.frame && fresh + seat < HL_PY_FRAMES_MAX)
                break;
            struct hl_py_frame *added = &py->fresh[fresh++];
            read_frame(layout, kind, &place, added);
            added->word = spell(thread, layout, kind, added);
        }
        uint32_t i = seat, changed = seat + 1;
        for (;; i--) {
            if (HL_LIKELY(!names_moved)) {
                const struct hl_py_frame *left = pass_same(layout, kind, &place, &py->frames[i]);
                if (!place.frame)
                    return settle(py, seat + 1, fresh, changed);
                i = (uint32_t)(left - py->frames);
            }
            struct hl_py_frame now, *frame = &py->frames[i];
            read_frame(layout, kind, &place, &now);
            if (now.code != frame->code || now.instruction != frame->instruction || now.anchor != frame->anchor || names_moved) {
                now.word = spell(thread, layout, kind, &now);
                if (now.word != frame->word || now.anchor != frame->anchor)
                    changed = i;
            } else {
                now.word = frame->word;
            }
            *frame = now;
            if (i == 0 || (uintptr_t)place.frame != py->frames[i - 1].frame)
                break;
            /* An old frame's memory that a new one, not begun yet, has taken: it is not to be seen. */
            if (HL_UNLIKELY(instruction_of(layout, kind, place.frame) != py->frames[i - 1].instruction && is_incomplete(layout, kind, place.frame)))
                break;
        }
        if (i == 0 && !place.frame)
            return settle(py, seat + 1, fresh, changed);
        if (!part(py, &fresh, i, seat))
            return settle(py, 0, fresh, 0);
        limit = i;
    }
}

static __attribute__((noinline)) void walk_anew(struct hl_thread *thread, const char *state, bool names_moved)
{
    switch (kind_of(&hl_python.layout)) {
    case OBJECTS: walk(thread, state, OBJECTS, names_moved); break;
    case ENTRIES: walk(thread, state, ENTRIES, names_moved); break;
    case SHIMS: walk(thread, state, SHIMS, names_moved); break;
    }
}

static __attribute__((noinline)) bool objects_same(struct hl_py_thread *py, const char *state) { return walk_same(py, state, OBJECTS); }
static __attribute__((noinline)) bool entries_same(struct hl_py_thread *py, const char *state) { return walk_same(py, state, ENTRIES); }
static __attribute__((noinline)) bool shims_same(struct hl_py_thread *py, const char *state) { return walk_same(py, state, SHIMS); }

void hl_py_frames(struct hl_thread *thread, const char *state)
{
    struct hl_py_thread *const py = thread->python;
    uint32_t deaths = atomic_load_explicit(&hl_py_code_deaths, memory_order_relaxed);
    bool names_moved = deaths != py->deaths, same = false;     /* another code may stand where one stood */
    py->deaths = deaths;
    if (HL_LIKELY(!names_moved)) {
        switch (kind_of(&hl_python.layout)) {
        case OBJECTS: same = objects_same(py, state); break;
        case ENTRIES: same = entries_same(py, state); break;
        case SHIMS: same = shims_same(py, state); break;
        }
    }
    if (HL_UNLIKELY(!same))
        walk_anew(thread, state, names_moved);
}
