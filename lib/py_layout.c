/* Where things stand in the structures of each CPython, and a look whether they do. */
#include "py.h"
#include "sys.h"

#include <string.h>
#include <sys/uio.h>

#define VERSION(minor) (0x03u << 8 | (minor))

/* Offsets of default builds on 64-bit machines; patch releases keep them. */
static const struct { uint32_t version; struct hl_py_layout layout; } known[] = {
    {VERSION(8), {.thread_frame = 24, .thread_interpreter = 16, .frame_code = 32, .frame_back = 24, .frame_instruction = 104, .counts = 1,
                  .code_file = 104, .code_name = 112, .code_qualified = 112, .code_first_line = 40, .code_lines = 120, .lines = HL_LINES_LNOTAB,
                  .ascii_bytes = 48, .compact_bytes = 72, .interpreter_collecting = 344 + 200}},
    {VERSION(9), {.thread_frame = 24, .thread_interpreter = 16, .frame_code = 32, .frame_back = 24, .frame_instruction = 104, .counts = 1,
                  .code_file = 104, .code_name = 112, .code_qualified = 112, .code_first_line = 40, .code_lines = 120, .lines = HL_LINES_LNOTAB,
                  .ascii_bytes = 48, .compact_bytes = 72, .interpreter_collecting = 616 + 200}},
    {VERSION(10), {.thread_frame = 24, .thread_interpreter = 16, .frame_code = 32, .frame_back = 24, .frame_instruction = 96, .counts = 2,
                   .cframe = 48, .cframe_frame = HL_PY_NO_FRAME, .cframe_back = 8,
                   .code_file = 104, .code_name = 112, .code_qualified = 112, .code_first_line = 40, .code_lines = 120, .lines = HL_LINES_RANGES,
                   .ascii_bytes = 48, .compact_bytes = 72, .interpreter_collecting = 616 + 200}},
    {VERSION(11), {.thread_interpreter = 16, .frame_code = 32, .frame_back = 48, .frame_instruction = 56, .frame_owner = 69, .entry_flag = 1,
                   .cframe = 56, .cframe_frame = 8, .cframe_back = 16,
                   .code_file = 112, .code_name = 120, .code_qualified = 128, .code_first_line = 72, .code_lines = 136, .code_first = 184,
                   .lines = HL_LINES_LOCATIONS, .ascii_bytes = 48, .compact_bytes = 72, .interpreter_collecting = 648 + 200}},
    {VERSION(12), {.thread_interpreter = 16, .frame_code = 0, .frame_back = 8, .frame_instruction = 56, .frame_owner = 70, .shims = 3,
                   .cframe = 56, .cframe_frame = 0, .cframe_back = 8,
                   .code_file = 112, .code_name = 120, .code_qualified = 128, .code_first_line = 68, .code_lines = 136, .code_first = 192,
                   .lines = HL_LINES_LOCATIONS, .ascii_bytes = 40, .compact_bytes = 56, .interpreter_collecting = 112 + 200}},
};

/* The head of _PyRuntime from 3.13 on: _Py_DebugOffsets, words in this order (Include/internal/pycore_runtime.h of 3.13, pycore_debug_offsets.h of 3.14). Each
 * version moves later words on by what it added before them. */
struct offset_words {
    uint16_t interpreter_gc, thread_interpreter, thread_frame, frame_back, frame_code, frame_instruction, frame_owner;
    uint16_t code_file, code_name, code_qualified, code_lines, code_first_line, code_first, ascii_bytes, gc_collecting;
    uint8_t shims;
};

static const struct { uint32_t version; struct offset_words words; } described[] = {
    /* cookie 0, version 1, free_threaded 2, runtime 3.., interpreter 6.. */
    {VERSION(13), {10, 22, 23, 29, 30, 31, 33, 35, 36, 37, 38, 39, 43, 70, 72, 3}},
    {VERSION(14), {11, 25, 26, 32, 33, 34, 36, 40, 41, 42, 43, 44, 48, 80, 82, 3}},
};

#define COOKIE "xdebugpy"

static uint64_t word_at(const char *runtime, size_t i) { return ((const uint64_t *)runtime)[i]; }

static void take_offsets(const char *runtime, const struct offset_words *w, struct hl_py_layout *layout)
{
    *layout = (struct hl_py_layout){
        .thread_frame = (uint16_t)word_at(runtime, w->thread_frame),
        .thread_interpreter = (uint16_t)word_at(runtime, w->thread_interpreter),
        .frame_code = (uint16_t)word_at(runtime, w->frame_code),
        .frame_back = (uint16_t)word_at(runtime, w->frame_back),
        .frame_instruction = (uint16_t)word_at(runtime, w->frame_instruction),
        .frame_owner = (uint16_t)word_at(runtime, w->frame_owner),
        .code_file = (uint16_t)word_at(runtime, w->code_file),
        .code_name = (uint16_t)word_at(runtime, w->code_name),
        .code_qualified = (uint16_t)word_at(runtime, w->code_qualified),
        .code_lines = (uint16_t)word_at(runtime, w->code_lines),
        .code_first_line = (uint16_t)word_at(runtime, w->code_first_line),
        .code_first = (uint16_t)word_at(runtime, w->code_first),
        .shims = w->shims,
        .lines = HL_LINES_LOCATIONS,
        .ascii_bytes = (uint16_t)word_at(runtime, w->ascii_bytes),
        .compact_bytes = (uint16_t)word_at(runtime, w->ascii_bytes) + 16,
        .interpreter_collecting = (uint32_t)(word_at(runtime, w->interpreter_gc) + word_at(runtime, w->gc_collecting)),
    };
}

bool hl_py_layout_find(uint32_t version, const char *runtime, struct hl_py_layout *layout, const char **reason)
{
    uint32_t minor = version >> 16;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].version == minor) {
            *layout = known[i].layout;
            return true;
        }
    *reason = "its version is not one that heapline knows (CPython 3.8 to 3.14)";
    for (size_t i = 0; i < sizeof described / sizeof *described; i++) {
        if (described[i].version != minor)
            continue;
        *reason = "it does not describe its structures (_Py_DebugOffsets)";
        if (!runtime || memcmp(runtime, COOKIE, 8) != 0 || word_at(runtime, 1) >> 16 != minor)
            return false;
        *reason = "it is a free-threaded build";
        if (word_at(runtime, 2))
            return false;
        take_offsets(runtime, &described[i].words, layout);
        return true;
    }
    return false;
}

/* Where a sandbox forbids the call, the version's word must do. */
bool hl_py_peek(void *to, const char *from, size_t bytes)
{
    struct iovec local = {to, bytes}, remote = {(void *)from, bytes};
    long n = hl_sys(SYS_process_vm_readv, hl_sys_getpid(), (long)&local, 1, (long)&remote, 1, 0);
    if (n == -EPERM || n == -ENOSYS) {
        memcpy(to, from, bytes);
        return true;
    }
    return n == (long)bytes;
}

static const char *pointer(const char *from, size_t offset)
{
    const char *p;
    return hl_py_peek(&p, from + offset, sizeof p) ? p : NULL;
}

static bool is_a(const char *object, const void *type) { return object && pointer(object, 8) == type; }

/* The code object of a frame and what is read of it. */
static bool is_code(const char *code)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    int32_t first_line;
    return is_a(code, hl_python.code_type) && is_a(pointer(code, layout->code_file), hl_python.unicode_type) &&
           is_a(pointer(code, layout->code_qualified), hl_python.unicode_type) && is_a(pointer(code, layout->code_lines), hl_python.bytes_type) &&
           hl_py_peek(&first_line, code + layout->code_first_line, sizeof first_line) && first_line >= 0 && first_line < 1 << 28;
}

/* Up to 64 frames are looked at: enough to pass from one loop to another. */
int hl_py_probe(const char *state)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    const char *frame, *cframe = layout->cframe ? pointer(state, layout->cframe) : NULL;
    int seen = 0;
    if (layout->cframe && !cframe)
        return layout->cframe_frame == HL_PY_NO_FRAME ? -1 : 0;
    frame = cframe && layout->cframe_frame != HL_PY_NO_FRAME ? pointer(cframe, layout->cframe_frame) : pointer(state, layout->thread_frame);
    for (int i = 0; frame && i < 64; i++, frame = pointer(frame, layout->frame_back)) {
        uint8_t owner = 0;
        if (layout->shims && !hl_py_peek(&owner, frame + layout->frame_owner, 1))
            return -1;
        if (layout->shims && owner >= layout->shims)
            continue;
        if (!is_code((const char *)((uintptr_t)pointer(frame, layout->frame_code) & ~(uintptr_t)3)))
            return -1;
        seen++;
    }
    return seen > 0;
}
