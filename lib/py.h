/* Python interpreters in this process: found by their exported symbols, never linked to.
 *
 * Life: the interpreter's allocators are wrapped as soon as its library is seen (py_find.c). Its objects are recorded from then on, with native stacks. When
 * the first Python frame runs, the layout of its structures is probed with reads that cannot fault (py_layout.c); if everything stands where it should, the
 * interpreter is LIVE, and from the next event on each thread's stacks carry Python frames. A pending call, which the interpreter runs at its next
 * safe point, then compares one stack with what the public API says. What does not agree is said once, and natively recorded from there on.
 *
 * A capture (py_capture.c): the native walk of stack.h, the walk along the interpreter's own frames (py_frames.c), and the merge of the two. From
 * CPython 3.10 on each run of the evaluation loop leaves an anchor on the C stack (a CFrame, from 3.12 on the shim frame under the first frame that
 * it runs), so that the native frame which holds it is known to be the loop, and stands aside for its Python frames. Before 3.10 the
 * loops are told by their function and put side by side with the frames, one by one, outermost first.
 *
 * Everything is read without calling the interpreter, in the thread that owns it: hook safe. fork: thread states and the table of
 * codes are wiped in the child (MADV_WIPEONFORK), code numbers go on; what was found of the interpreter stays true.
 */
#ifndef HEAPLINE_PY_H
#define HEAPLINE_PY_H

#include "arch.h"
#include "thread.h"

#include <stdbool.h>

/* Where things stand in CPython's structures: bytes from their start. Sources: Include/cpython/{pystate,code,unicodeobject}.h, Include/frameobject.h to 3.10,
 * Include/internal/pycore_{frame,interp,gc}.h of each version; from 3.13 on the interpreter's own _Py_DebugOffsets. */
struct hl_py_layout {
    uint16_t thread_frame;             /* PyThreadState: the innermost frame; with `cframe`: the CFrame instead */
    uint16_t thread_interpreter;
    uint16_t frame_code, frame_back, frame_instruction, frame_owner;
    uint16_t code_file, code_name, code_qualified, code_first_line, code_lines, code_first;   /* code_first: the first instruction, 0: see `counts` */
    uint16_t ascii_bytes, compact_bytes;   /* sizes of the heads of a str */
    uint32_t interpreter_collecting;   /* from the interpreter's state, before 3.9 from _PyRuntime: int, not 0 while the cyclic collector works */
    uint8_t counts;                    /* frame_instruction is an int, in so many bytes each; 0: a pointer */
    uint8_t shims;                     /* owners from this one on mark shim frames on the C stack; 0: there are none */
    uint8_t entry_flag;                /* frame_owner - 1 says whether the frame is the outermost of its loop (3.11) */
    uint8_t lines;                     /* enum hl_line_table */
    uint16_t cframe, cframe_frame, cframe_back;   /* cframe: in PyThreadState, 0: no CFrames; cframe_frame: UINT16_MAX: it does not name a frame */
};

#define HL_PY_NO_FRAME UINT16_MAX

typedef struct hl_py_allocator {       /* PyMemAllocatorEx (PEP 445) */
    void *context;
    void *(*malloc)(void *context, size_t size);
    void *(*calloc)(void *context, size_t n, size_t size);
    void *(*realloc)(void *context, void *p, size_t size);
    void (*free)(void *context, void *p);
} hl_py_allocator;

typedef void hl_py_get_allocator(int domain, hl_py_allocator *allocator);
typedef void hl_py_set_allocator(int domain, hl_py_allocator *allocator);
/* The parts of the interpreter that are used. All of them are functions and data that it exports. */
struct hl_python {
    _Atomic uint32_t state;            /* enum hl_py_progress */
    uint32_t mode;                     /* enum hl_python_mode */
    uint32_t version;                  /* PY_VERSION_HEX */
    struct hl_py_layout layout;
    void *(*thread_current)(void);     /* the thread state that holds the GIL (from 3.12 on: if it is this thread's) */
    void *(*thread_this)(void);        /* this thread's, whether it holds the GIL or not; NULL: none */
    int (*is_finalizing)(void);        /* may be NULL */
    const void *code_type, *unicode_type, *bytes_type;
    char *runtime;
    uintptr_t loop, loop_end;          /* _PyEval_EvalFrameDefault */
    void *handle;                      /* for dlsym */
    hl_py_get_allocator *get_allocator;
    hl_py_set_allocator *set_allocator;
    _Atomic uint32_t watching;         /* some function's lines are watched: frees need stacks too */
};

enum hl_py_progress { HL_PY_NONE, HL_PY_FOUND, HL_PY_LIVE, HL_PY_FAILED };

extern struct hl_python hl_python;
extern const int hl_py_not_collecting;     /* 0 */

/* py_find.c. Look: for an interpreter that the program was started with, or, with `pc`, in the module that pc lies in, which maps memory. Outside of hooks only. */
void hl_py_look(uintptr_t pc);
/* Outside of hooks, from time to time until the interpreter is LIVE: wraps allocators anew that the interpreter reset while it started. */
void hl_py_watch_start(void);
/* A thread of this process begins to record; the clock ticked. The thread's state must be BUSY. */
void hl_py_join(struct hl_thread *thread);
void hl_py_tick(struct hl_thread *thread);
/* An object was allocated and the thread's stacks are native: goes LIVE if the first Python frame runs. The thread's state must be BUSY. */
void hl_py_try(struct hl_thread *thread);

/* py_alloc.c: puts our wrappers around the domains that have others now; in the arenas mode just one, around the free of objects. While nobody else wraps them: until the interpreter is LIVE. */
void hl_py_wrap(void);

/* The interpreter took its own allocators back, as its start does. Cheap enough for every tick. */
bool hl_py_is_unwrapped(void);

/* py_layout.c: the layout for a version; false: none is known. `runtime`: _PyRuntime. *reason: why. */
bool hl_py_layout_find(uint32_t version, const char *runtime, struct hl_py_layout *layout, const char **reason);
/* Copies from anywhere; false: nothing is mapped there. */
bool hl_py_peek(void *to, const char *from, size_t bytes);
/* Follows the thread state's frames with reads that cannot fault. 1: all is where it should be; 0: no frame yet; -1: something is not. */
int hl_py_probe(const char *thread_state);

/* py_code.c: the number of a code object that a frame of this thread runs; announces it if need be, which writes records. 0: unknown. */
uint32_t hl_py_code(struct hl_thread *thread, uintptr_t code);
/* A block at p is freed: if it is a code object, its number is not used again. */
void hl_py_code_gone(uintptr_t p);
uint64_t hl_py_codes_resident(void);
extern _Atomic uint32_t hl_py_code_deaths;    /* codes with a number that were freed so far */

/* One frame of the last walk. */
struct hl_py_frame {
    uintptr_t frame, code, instruction;    /* as read */
    const char *back;                  /* as read: the next one outwards, or the shim between */
    uintptr_t anchor;                  /* of the outermost frame of a loop: the anchor on the C stack, or 1: unknown; else 0 */
    uint64_t word;                     /* as it travels */
};

/* A run of the evaluation loop, outermost first: its Python frames and where they go among the native ones. */
struct hl_py_loop {
    uintptr_t anchor;
    uint32_t first;                    /* its outermost Python frame */
    uint32_t native, resume;           /* natives before `native` are outside of it, those from `resume` on inside: the loop's own is left out */
    uint32_t before;                   /* natives that are outside of it and not left out */
};

#define HL_PY_FRAMES_MAX HL_STACK_MAX
#define HL_PY_SEATS 512

struct hl_py_thread {
    const char *state;                 /* PyThreadState of the last walk */
    const volatile int *collecting;    /* not 0: its interpreter's cyclic collector is at work */
    uint32_t deaths;                   /* of codes, at the last walk */
    bool gil;                          /* the event at work comes from one who holds the GIL */
    uint32_t depth, unchanged;         /* frames of the last walk; how many outermost ones are as they were */
    uint32_t loops;                    /* of the last capture */
    uint32_t merged;                   /* frames of the last capture, which the collector has; 0: none */
    uint32_t cut;                      /* outermost frames of it that were left out, because they are too many */
    uint32_t hidden, foreign;          /* before 3.10: outermost loops without a native frame, and natives without a loop, see py_capture.c */
    bool by_size;                      /* natives that run a loop are told by their size, too */
    uintptr_t loop_bytes;              /* before 3.10: size of the loop's own native frame */
    uint16_t seats[HL_PY_SEATS];       /* hash of a frame's address -> where it was in `frames`; a guess */
    struct hl_py_frame bottom;         /* stands right outside of frames[0], never written */
    struct hl_py_frame frames[HL_PY_FRAMES_MAX];      /* outermost first */
    struct hl_py_frame fresh[HL_PY_FRAMES_MAX];       /* scratch, innermost first */
    struct hl_py_loop loop[HL_PY_FRAMES_MAX + 1];     /* outermost first */
    struct hl_py_loop before[HL_PY_FRAMES_MAX + 1];   /* scratch: of the capture before, the loops that may have changed */
};

/* Frees on this thread need hl_py_free_kind. */
HL_INLINE bool hl_py_free_is_special(const struct hl_py_thread *py)
{
    return *py->collecting || atomic_load_explicit(&hl_python.watching, memory_order_relaxed);
}

/* The thread's, mapped if it has none yet; its stacks carry Python frames from the next event on. */
void hl_py_attach(struct hl_thread *thread);

/* py_frames.c: walks the frames of thread state `state` into py->frames, py->depth, py->unchanged. May write CODE records. */
void hl_py_frames(struct hl_thread *thread, const char *state);
/* The innermost `max` frames as they are read, innermost first, without their words; returns how many. */
size_t hl_py_frames_read(const char *state, struct hl_py_frame *frames, size_t max);
/* The instruction that it executes, in units of 2 bytes from the first. */
uint32_t hl_py_instruction(const struct hl_py_frame *frame);

/* py_source.c: code of a file that is only in memory ("<string>", a notebook's cell) was met: its text is sent if linecache has it. Hook safe; it
 * is asked for at the interpreter's next safe point, which hl_py_sources_soon sees to outside of hooks. */
void hl_py_source_met(struct hl_thread *thread, const char *name, size_t length);
void hl_py_sources_soon(void);

/* py_check.c: has the interpreter compare, at its next safe point, what is read of its frames with what it shows; hl_py_distrust (py_find.c) if they differ. */
void hl_py_check_soon(void);
/* Has the interpreter call the function at its next safe point: in the main thread, with the GIL. False: it cannot. Outside of hooks. */
bool hl_py_call_soon(int (*function)(void *));
void hl_py_distrust(void);

/* py_capture.c: hl_py_stack and hl_py_free_kind, declared in event.h. */

#endif
