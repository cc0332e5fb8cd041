/* Frames and what they keep: variables under their names, values on their stack, who called them. Also generators, coroutines
 * and asynchronous generators, which keep a frame in themselves (from 3.11 on) or own a frame object (up to 3.10).
 *
 * Up to 3.10 a frame is an object. From 3.11 on a running frame is none, but a stretch of the thread's own stack of frames, or of
 * its generator; a frame object is made when somebody asks for it, and takes the stretch over when the function returns first.
 *
 * A frame that is being executed keeps the height of its value stack in a register, except where it called another Python
 * function from 3.11 on. Then all of the stack is looked at, and what stands there is no counted reference but a word that may
 * be left from before. */
#include "graph_py_frames.h"

#include "graph_py_int.h"
#include "py.h"

#include <string.h>

#define SLOTS_MAX 65536u
#define OWNED_BY_GENERATOR 1
#define OWNED_BY_OBJECT 2

/* Bytes from the beginning; 0: there is no such field. */
struct places {
    uint8_t minor;
    /* of a frame; `height`: of its value stack, as the version keeps it. 0 for code and function: there at 0, from 3.11 on */
    uint16_t code, function, locals, object, height, data;
    uint16_t trace, values;                                  /* up to 3.10: of a frame object */
    uint16_t executing;                                      /* up to 3.10: a byte; from 3.10 on an enum */
    /* of a code object: int; variables of all kinds (up to 3.10: of its own), height of its value stack at most */
    uint16_t slots, room;
    /* gen_data: the frame in a generator, from 3.11 on */
    uint16_t gen_frame, gen_code, gen_name, gen_qualified, gen_error, gen_origin, gen_state, gen_data;
};

static const struct places known[] = {
    {.minor = 8, .code = 32, .locals = 56, .height = 72, .data = 360, .trace = 80, .values = 64, .executing = 116, .slots = 28,
        .room = 32,
     .gen_frame = 16, .gen_code = 32, .gen_name = 48, .gen_qualified = 56, .gen_error = 64, .gen_origin = 96},
    {.minor = 9, .code = 32, .locals = 56, .height = 72, .data = 360, .trace = 80, .values = 64, .executing = 116, .slots = 28,
        .room = 32,
     .gen_frame = 16, .gen_code = 32, .gen_name = 48, .gen_qualified = 56, .gen_error = 64, .gen_origin = 96},
    {.minor = 10, .code = 32, .locals = 56, .height = 80, .data = 352, .trace = 72, .values = 64, .executing = 108, .slots = 28,
        .room = 32,
     .gen_frame = 16, .gen_code = 24, .gen_name = 40, .gen_qualified = 48, .gen_error = 56, .gen_origin = 88},
    {.minor = 11, .code = 32, .function = 0, .locals = 24, .object = 40, .height = 64, .data = 72, .slots = 76, .room = 68,
     .gen_code = 16, .gen_name = 32, .gen_qualified = 40, .gen_error = 48, .gen_origin = 64, .gen_state = 75, .gen_data = 80},
    {.minor = 12, .code = 0, .function = 16, .locals = 40, .object = 48, .height = 64, .data = 72, .slots = 72, .room = 64,
     .gen_name = 24, .gen_qualified = 32, .gen_error = 40, .gen_origin = 56, .gen_state = 67, .gen_data = 72},
    {.minor = 13, .code = 0, .function = 16, .locals = 40, .object = 48, .height = 64, .data = 72, .slots = 72, .room = 64,
     .gen_name = 24, .gen_qualified = 32, .gen_error = 40, .gen_origin = 56, .gen_state = 67, .gen_data = 72},
    {.minor = 14, .code = 0, .function = 16, .locals = 40, .object = 48, .height = 64, .data = 80, .slots = 72, .room = 64,
     .gen_name = 24, .gen_qualified = 32, .gen_error = 40, .gen_origin = 56, .gen_state = 67, .gen_data = 72},
};

/* Of a frame object up to 3.10, and from 3.11 on, where the frame is what it points to. */
enum { OBJECT_BACK_TO_310 = 24, OBJECT_BUILTINS = 40, OBJECT_GLOBALS = 48, OBJECT_BACK = 16, OBJECT_FRAME = 24,
    OBJECT_TRACE = 32, OBJECT_EXTRA = 48, OBJECT_CACHE = 56,
       OBJECT_OVERWRITTEN = 64 };

static const struct places *places(void)
{
    size_t i = (hl_python.version >> 16 & 0xff) - 8;
    return i < sizeof known / sizeof *known ? &known[i] : &known[0];
}

static int32_t int_at(uintptr_t at) { return *(const int32_t *)at; }

/* From 3.14 on references in frames are tagged: bit 0 says that it is not counted, both that it is a number. */
static uintptr_t reference(uintptr_t word)
{
    return hl_graph_py_layout.minor < 14 ? word : (word & 3) == 3 ? 0 : word & ~(uintptr_t)3;
}

static bool is_counted(uintptr_t word) { return hl_graph_py_layout.minor < 14 || !(word & 1); }

/* ---- variables and value stack ---- */

/* The name of a variable's slot; 0: it has none. Up to 3.10 own variables, cells and free variables follow each other. */
static uintptr_t slot_name(uintptr_t code, uint32_t slot)
{
    const struct hl_graph_py_layout *layout = &hl_graph_py_layout;
    uintptr_t name = hl_graph_py_tuple_item(hl_py_word(code + layout->code_names_local), slot);
    uint32_t own = (uint32_t)int_at(code + places()->slots);
    if (layout->minor >= 11 || slot < own)
        return name;
    uintptr_t cells = hl_py_word(code + layout->code_cells), n = hl_py_size(cells);
    return slot - own < n ? hl_graph_py_tuple_item(cells, slot - own)
        : hl_graph_py_tuple_item(hl_py_word(code + layout->code_free), slot - own - n);
}

static uint32_t count_slots(uintptr_t code)
{
    const struct hl_graph_py_layout *layout = &hl_graph_py_layout;
    uint64_t n = (uint32_t)int_at(code + places()->slots);
    if (layout->minor < 11)
        n += hl_py_size(hl_py_word(code + layout->code_cells)) + hl_py_size(hl_py_word(code + layout->code_free));
    return n < SLOTS_MAX ? (uint32_t)n : 0;
}

struct stretch {
    uintptr_t code, data;                /* the code object; the first variable */
    uintptr_t values;                    /* the bottom of the value stack */
    uint32_t slots, height;
    bool sure;                           /* the height is known */
};

static void write_slots(struct hl_graph *graph, const struct stretch *stretch)
{
    for (uint32_t i = 0; i < stretch->slots; i++) {
        uintptr_t object = reference(hl_py_word(stretch->data + 8 * i));
        if (object)
            hl_graph_py_edge_named(graph, HL_EDGE_LOCAL, slot_name(stretch->code, i), object);
    }
}

/* `origin`: offsets of uncounted words are told from there. `waits_for`: what the top of the
 * stack is called; NULL: as the rest. */
static void write_values(struct hl_graph *graph, const struct stretch *stretch, uintptr_t origin, const char *waits_for)
{
    for (uint32_t i = 0; i < stretch->height; i++) {
        uintptr_t at = stretch->values + 8 * i, word = hl_py_word(at), object = reference(word);
        if (!object)
            continue;
        if (waits_for && i + 1 == stretch->height) {
            hl_graph_py_edge_at(graph, waits_for, object);
        } else if (stretch->sure && is_counted(word)) {
            hl_graph_py_edge(graph, HL_EDGE_STACK, i, object);
        } else {
            uint32_t target = hl_graph_py_number(graph, object);
            if (target != HL_GRAPH_NONE)
                hl_graph_edge(graph, HL_EDGE_OFFSET, at - origin, target);
        }
    }
}

static uint32_t stack_room(uintptr_t code)
{
    uint32_t room = (uint32_t)int_at(code + places()->room);
    return room < SLOTS_MAX ? room : 0;
}

/* From 3.11 on. False: it has not begun, or is over. */
static bool read_stretch(struct hl_graph *graph, uintptr_t frame, struct stretch *stretch)
{
    const struct places *p = places();
    uintptr_t code = reference(hl_py_word(frame + p->code));
    if (hl_graph_py_kind(graph, code) != HL_PY_CODE)
        return false;
    *stretch = (struct stretch){.code = code, .data = frame + p->data, .slots = count_slots(code)};
    uint32_t room = stack_room(code);
    int64_t height;
    stretch->values = stretch->data + 8 * stretch->slots;
    if (p->minor >= 14)
        height = hl_py_word(frame + p->height) ? (int64_t)(hl_py_word(frame + p->height) - stretch->values) / 8 : -1;
    else
        height = (int64_t)int_at(frame + p->height) - stretch->slots;
    stretch->sure = height >= 0 && height <= room;
    stretch->height = stretch->sure ? (uint32_t)height : room;
    return hl_graph_is_readable(graph, stretch->data, 8 * ((size_t)stretch->slots + stretch->height) + 1);
}

/* Of a frame object up to 3.10. Without a stack pointer one that is not executed has no values. */
static void read_object(uintptr_t frame, struct stretch *stretch)
{
    const struct places *p = places();
    uintptr_t code = hl_py_word(frame + p->code);
    bool executing = p->minor == 10 ? *(const int8_t *)(frame + p->executing) == 0 : *(const char *)(frame + p->executing) != 0;
    *stretch = (struct stretch){.code = code, .data = frame + p->data, .values = hl_py_word(frame + p->values),
                                .slots = count_slots(code)};
    uint32_t room = stack_room(code);
    int64_t height = p->minor == 10 ? int_at(frame + p->height)
        : ((int64_t)hl_py_word(frame + p->height) - (int64_t)stretch->values) / 8;
    stretch->sure = !executing;
    stretch->height = executing ? room : height > 0 && height <= room ? (uint32_t)height : 0;
}

/* ---- frames ---- */

uintptr_t hl_py_frame_outer(uintptr_t frame)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    for (frame = hl_py_word(frame + layout->frame_back); frame && layout->shims &&
        *(const uint8_t *)(frame + layout->frame_owner) >= layout->shims;)
        frame = hl_py_word(frame + layout->frame_back);
    return frame;
}

uintptr_t hl_py_frame_innermost(uintptr_t state)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    uintptr_t frame, cframe = layout->cframe ? hl_py_word(state + layout->cframe) : 0;
    if (layout->cframe && layout->cframe_frame != HL_PY_NO_FRAME)
        frame = cframe ? hl_py_word(cframe + layout->cframe_frame) : 0;
    else
        frame = hl_py_word(state + layout->thread_frame);
    bool shim = frame && layout->shims && *(const uint8_t *)(frame + layout->frame_owner) >= layout->shims;
    return shim ? hl_py_frame_outer(frame) : frame;
}

uint32_t hl_py_frame_number(struct hl_graph *graph, uintptr_t frame)
{
    const struct places *p = places();
    if (p->minor < 11)
        return hl_graph_py_number(graph, frame);
    if (*(const uint8_t *)(frame + hl_python.layout.frame_owner) == OWNED_BY_GENERATOR)
        return hl_graph_py_number(graph, frame - p->gen_data);
    return hl_graph_frame(graph, frame);
}

/* From 3.11 on: what a frame refers to, but its caller. Globals and builtins are its function's. `own`: the object that the frame
 * lies in, which it does not refer to. */
static void write_frame(struct hl_graph *graph, uintptr_t frame, uintptr_t own, uintptr_t origin, const char *waits_for)
{
    const struct places *p = places();
    struct stretch stretch;
    if (!read_stretch(graph, frame, &stretch))
        return;
    uintptr_t object = hl_py_word(frame + p->object);
    hl_graph_py_edge_at(graph, "__code__", stretch.code);
    hl_graph_py_edge_at(graph, "f_func", reference(hl_py_word(frame + p->function)));
    hl_graph_py_edge_at(graph, "f_locals", hl_py_word(frame + p->locals));
    if (object && object != own)
        hl_graph_py_edge_at(graph, "frame object", object);
    write_slots(graph, &stretch);
    write_values(graph, &stretch, origin, waits_for);
}

static void write_caller(struct hl_graph *graph, uintptr_t frame)
{
    uintptr_t outer = hl_py_frame_outer(frame);
    uint32_t target = outer ? hl_py_frame_number(graph, outer) : HL_GRAPH_NONE;
    if (target != HL_GRAPH_NONE)
        hl_graph_edge(graph, HL_EDGE_NAMED, hl_graph_string(graph, "f_back", 6), target);
}

void hl_graph_py_frame_node(struct hl_graph *graph, uint32_t number, uintptr_t frame)
{
    static uint32_t type;
    char text[HL_GRAPH_TEXT_MAX];
    struct hl_graph_node node = {.flags = HL_NODE_FRAME, .text = HL_TEXT_NAME, .bytes = text};
    if (!type)
        type = hl_graph_type(graph, HL_TYPE_TABLE, hl_graph_string(graph, "frame", 5), 0, 0);
    node.type = type;
    node.n_bytes = hl_py_frame_text(graph, frame, text);
    hl_graph_begin(graph, number, &node);
    write_frame(graph, frame, 0, frame, NULL);
    write_caller(graph, frame);
    hl_graph_end(graph);
}

static void write_object_to_310(struct hl_graph *graph, uintptr_t object)
{
    struct stretch stretch;
    read_object(object, &stretch);
    hl_graph_py_edge_at(graph, "f_back", hl_py_word(object + OBJECT_BACK_TO_310));
    hl_graph_py_edge_at(graph, "__code__", stretch.code);
    hl_graph_py_edge_at(graph, "f_builtins", hl_py_word(object + OBJECT_BUILTINS));
    hl_graph_py_edge_at(graph, "f_globals", hl_py_word(object + OBJECT_GLOBALS));
    hl_graph_py_edge_at(graph, "f_locals", hl_py_word(object + places()->locals));
    hl_graph_py_edge_at(graph, "f_trace", hl_py_word(object + places()->trace));
    write_slots(graph, &stretch);
    write_values(graph, &stretch, object, NULL);
}

static void write_object(struct hl_graph *graph, uintptr_t object)
{
    uintptr_t frame = hl_py_word(object + OBJECT_FRAME);
    hl_graph_py_edge_at(graph, "f_back", hl_py_word(object + OBJECT_BACK));
    hl_graph_py_edge_at(graph, "f_trace", hl_py_word(object + OBJECT_TRACE));
    if (places()->minor >= 13) {
        hl_graph_py_edge_at(graph, "f_extra_locals", hl_py_word(object + OBJECT_EXTRA));
        hl_graph_py_edge_at(graph, "f_locals", hl_py_word(object + OBJECT_CACHE));
    }
    if (places()->minor >= 14)
        hl_graph_py_edge_at(graph, "overwritten variables", hl_py_word(object + OBJECT_OVERWRITTEN));
    if (frame > object && *(const uint8_t *)(frame + hl_python.layout.frame_owner) == OWNED_BY_OBJECT)
        write_frame(graph, frame, object, object, NULL);
}

/* ---- generators ---- */

enum { STATE_EXECUTING = 0, STATE_WAITS_FROM_313 = -1 };

/* What a suspended generator waits for, if it is another one: the top of its value stack. From 3.13 on its state says so;
 * in 3.11 and 3.12 the instruction that comes next, RESUME after `yield from` or `await`. */
static bool waits_for_other(const struct places *p, uintptr_t generator)
{
    int8_t state = *(const int8_t *)(generator + p->gen_state);
    if (p->minor >= 13)
        return state == STATE_WAITS_FROM_313;
    const uint8_t *instruction = (const uint8_t *)hl_py_word(generator + p->gen_data + hl_python.layout.frame_instruction);
    return state == -1 && (instruction[3] & 3) >= 2;         /* the argument of the next one; state -1: suspended */
}

static void write_generator(struct hl_graph *graph, uintptr_t generator)
{
    const struct places *p = places();
    const char *type = (const char *)hl_py_word(hl_py_type_of(generator) + HL_TYPE_NAME);
    bool coroutine = strcmp(type, "coroutine") == 0, asynchronous = strcmp(type, "async_generator") == 0;
    hl_graph_py_edge_at(graph, "__name__", hl_py_word(generator + p->gen_name));
    hl_graph_py_edge_at(graph, "__qualname__", hl_py_word(generator + p->gen_qualified));
    for (uint32_t i = 0; i < (p->minor < 11 ? 3u : 1u); i++)
        hl_graph_py_edge_at(graph, "exception being handled", hl_py_word(generator + p->gen_error + 8 * i));
    if (coroutine || asynchronous)       /* where there is the word for others, it is not set */
        hl_graph_py_edge_at(graph, asynchronous ? "finalizer" : "cr_origin", hl_py_word(generator + p->gen_origin));
    if (p->gen_code)
        hl_graph_py_edge_at(graph, coroutine ? "cr_code" : asynchronous ? "ag_code" : "gi_code",
            hl_py_word(generator + p->gen_code));
    if (p->gen_frame)
        hl_graph_py_edge_at(graph, coroutine ? "cr_frame" : asynchronous ? "ag_frame" : "gi_frame",
            hl_py_word(generator + p->gen_frame));
    if (!p->gen_data || *(const int8_t *)(generator + p->gen_state) > STATE_EXECUTING)
        return;
    bool executing = *(const int8_t *)(generator + p->gen_state) == STATE_EXECUTING;
    const char *other = coroutine ? "cr_await" : asynchronous ? "ag_await" : "gi_yieldfrom";
    write_frame(graph, generator + p->gen_data, 0, generator, !executing && waits_for_other(p, generator) ? other : NULL);
    if (executing)
        write_caller(graph, generator + p->gen_data);
}

void hl_graph_py_frame_edges(struct hl_graph *graph, uintptr_t object)
{
    if (hl_graph_py_kind(graph, object) == HL_PY_GENERATOR)
        write_generator(graph, object);
    else if (places()->minor < 11)
        write_object_to_310(graph, object);
    else
        write_object(graph, object);
}
