/* Who holds the GIL, and the alarm: see py_state.h. */
#include "py_state.h"

#include "event.h"
#include "graph.h"
#include "py.h"
#include "session.h"
#include "sys.h"
#include "unwind.h"

#include <string.h>

#define FRAMES_MAX 65536u                /* Python frames of one run of the loop that are passed */
#define LOOP_STACK_MAX 65536u            /* bytes of its native frame */
#define LOOP_OF_TAIL_CALLS_MAX 16384u    /* bytes of _PyEval_EvalFrameDefault without its instructions; with them it has 50,000 and more */

#define THREADS_MAX 65536u               /* links that are followed */

static const struct hl_py_state_layout known[] = {
    {.minor = 8, .runtime_finalizing = 16, .runtime_interpreters = 32, .runtime_current = 1368, .interpreter_threads = 8,
        .thread_id = 176},
    {.minor = 9, .runtime_finalizing = 16, .runtime_interpreters = 32, .runtime_current = 568, .interpreter_threads = 8,
        .thread_id = 176},
    {.minor = 10, .runtime_finalizing = 16, .runtime_interpreters = 32, .runtime_current = 568, .interpreter_threads = 8,
        .thread_id = 176},
    {.minor = 11, .runtime_finalizing = 24, .runtime_interpreters = 40, .runtime_current = 576, .interpreter_threads = 16,
        .thread_id = 152},
    {.minor = 12, .runtime_finalizing = 24, .runtime_interpreters = 40, .gil = 384, .interpreter_threads = 72, .thread_id = 136},
    {.minor = 13, .runtime_finalizing = 608, .runtime_interpreters = 632, .gil = 16, .interpreter_next = 7264,
        .interpreter_threads = 7344, .thread_id = 152},
    {.minor = 14, .runtime_finalizing = 784, .runtime_interpreters = 808, .gil = 16, .interpreter_next = 7272,
        .interpreter_threads = 7344, .thread_id = 152},
};

/* From 3.13 on the interpreter says itself where these stand (_Py_DebugOffsets): the first two words of the runtime's part, then
 * the interpreter's. */
static bool agrees(const struct hl_py_state_layout *layout)
{
    const uint64_t *words = (const uint64_t *)hl_python.runtime;
    uint32_t more = layout->minor == 14;
    return layout->minor < 13 || (words[4] == layout->runtime_finalizing && words[5] == layout->runtime_interpreters &&
        words[8] == layout->interpreter_next &&
                                  words[9] == layout->interpreter_threads && words[14 + more] == layout->gil);
}

const struct hl_py_state_layout *hl_py_state_layout(void)
{
    for (size_t i = 0; i < sizeof known / sizeof *known && hl_python.runtime; i++)
        if (hl_python.version >> 16 == (0x300u | known[i].minor))
            return agrees(&known[i]) ? &known[i] : NULL;
    return NULL;
}

/* ---- the alarm ---- */

static const volatile uint64_t silence, noise = 1;
static const volatile uint64_t *_Atomic end_word = &silence;      /* where the interpreter notes that it ends, or silence */
static _Atomic bool waiting;
static bool at_end;                      /* the snapshot of the interpreter's end is being taken */
const volatile uint64_t *_Atomic hl_py_alarm = &silence;

static void settle(void)
{
    atomic_store(&hl_py_alarm, atomic_load(&waiting) ? &noise : atomic_load(&end_word));
}

void hl_py_alarm_set(bool on)
{
    atomic_store(&waiting, on);
    settle();
}

void hl_py_watch_end(void)
{
    const struct hl_py_state_layout *layout = hl_py_state_layout();
    const volatile uint64_t *word = layout ? (const volatile uint64_t *)(hl_python.runtime + layout->runtime_finalizing)
        : &silence;
    const struct hl_board *board = hl_session ? hl_session->board : NULL;
    if (!board || !board->graph || !board->snapshot_at_exit || hl_python.mode != HL_PYTHON_MODE_OBJECTS || *word ||
        atomic_load(&end_word) == word)
        return;
    atomic_store(&end_word, word);
    settle();
}

bool hl_py_is_live(void) { return atomic_load(&hl_python.state) == HL_PY_LIVE; }

bool hl_py_holds_gil(void)
{
    const void *state = hl_py_is_live() ? hl_python.thread_this() : NULL;
    return state && hl_python.thread_current() == state;
}

HL_COLD void hl_py_alarmed(void)
{
    const volatile uint64_t *word = atomic_load(&end_word);
    int saved = errno;
    if (!hl_is_inside(hl_self) && hl_py_holds_gil()) {
        if (*word == (uintptr_t)hl_python.thread_this()) {
            atomic_store(&end_word, &silence);
            settle();
            at_end = true;
            hl_snapshot_end_of_python();
            at_end = false;
        } else if (atomic_load(&waiting)) {
            hl_snapshot_at_point();
        }
    }
    errno = saved;
}

/* ---- who is at work ---- */

/* Copies a word; 0: there is none. The process itself reads here, and a wrong word must not end it. */
static uintptr_t word_at(uintptr_t address)
{
    uintptr_t word;
    return address && hl_py_peek(&word, (const char *)address, sizeof word) ? word : 0;
}

/* The thread state that holds a GIL; 0: there is none. */
static uintptr_t find_holder(const struct hl_py_state_layout *layout)
{
    uintptr_t runtime = (uintptr_t)hl_python.runtime, interpreter = word_at(runtime + layout->runtime_interpreters);
    if (layout->runtime_current)
        return word_at(runtime + layout->runtime_current);
    for (uint32_t i = 0; interpreter && i < THREADS_MAX; i++, interpreter = word_at(interpreter + layout->interpreter_next)) {
        uintptr_t gil = word_at(interpreter + layout->gil);
        if (gil && (uint32_t)word_at(gil + HL_GIL_LOCKED) == 1)
            return word_at(gil + HL_GIL_HOLDER);
    }
    return 0;
}

/* A collection is under way, by the first interpreter that has one. */
static bool is_collecting(const struct hl_py_state_layout *layout)
{
    uintptr_t runtime = (uintptr_t)hl_python.runtime, interpreter = word_at(runtime + layout->runtime_interpreters);
    uint32_t offset = hl_python.layout.interpreter_collecting;
    if (layout->minor == 8)
        return (uint32_t)word_at(runtime + offset) != 0;
    for (uint32_t i = 0; interpreter && i < THREADS_MAX; i++, interpreter = word_at(interpreter + layout->interpreter_next))
        if ((uint32_t)word_at(interpreter + offset) != 0)
            return true;
    return false;
}

static uint32_t append(char *text, uint32_t at, uint32_t size, const char *more)
{
    while (*more && at + 1 < size)
        text[at++] = *more++;
    text[at] = 0;
    return at;
}

static char busy[200];

bool hl_py_will_pass(const char *reason) { return reason == busy; }

/* "Python's objects are missing: thread 123 <what>". */
static const char *name_thread(int32_t tid, const char *what)
{
    char digits[12];
    int n = sizeof digits - 1;
    digits[n] = 0;
    for (uint32_t rest = (uint32_t)tid; rest || n == sizeof digits - 1; rest /= 10)
        digits[--n] = (char)('0' + rest % 10);
    uint32_t at = append(busy, 0, sizeof busy, "Python's objects are missing: thread ");
    at = append(busy, at, sizeof busy, tid ? digits + n : "(unknown)");
    append(busy, at, sizeof busy, what);
    return busy;
}

static const struct hl_stopped *find_thread(const struct hl_stop *stop, uintptr_t thread_pointer)
{
    for (uint32_t i = 0; i < stop->n; i++)
        if (stop->threads[i].thread_pointer == thread_pointer && atomic_load(&stop->threads[i].state) == HL_STOP_STANDS)
            return &stop->threads[i];
    return NULL;
}

static bool is_in_loop(uintptr_t pc) { return pc >= hl_python.loop && pc < hl_python.loop_end; }

/* What the innermost run of the evaluation loop keeps on its own stack: a CFrame, later a shim frame (py.h). 0: before 3.10. */
static uintptr_t find_anchor(uintptr_t state)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    if (layout->cframe)
        return word_at(state + layout->cframe);
    uintptr_t frame = layout->shims ? word_at(state + layout->thread_frame) : 0;
    for (uint32_t i = 0; frame && i < FRAMES_MAX; i++, frame = word_at(frame + layout->frame_back))
        if ((word_at(frame + layout->frame_owner) & 0xff) >= layout->shims)
            return frame;
    return 0;
}

/* Between two steps of the program: in the evaluation loop itself, no function of the interpreter's is at work. The loop may be in
 * several pieces, of which only one has the name: then the frame that runs is the one which holds the anchor. Where 3.14 is built
 * with tail calls, each instruction is a function that takes the place of the one before on the stack, and returns to the loop's own. */
static bool stands_in_loop(const struct hl_stopped *thread, uintptr_t state)
{
    uintptr_t registers[HL_ARCH_DWARF_REGISTERS];
    uintptr_t pc = thread->context ? hl_arch_registers(thread->context, registers) : 0, sp = pc ? registers[HL_ARCH_DWARF_SP] : 0;
    struct hl_rule rule;
    if (!pc || is_in_loop(pc))
        return pc;
    hl_rule_compile(pc + 1, &rule);
    if (rule.kind != HL_RULE_SP && rule.kind != HL_RULE_FP)
        return false;
    uintptr_t anchor = find_anchor(state), cfa = (rule.kind == HL_RULE_SP ? sp : registers[HL_ARCH_DWARF_FP]) + (uintptr_t)(intptr_t)rule.cfa;
    if (cfa <= sp || cfa - sp > LOOP_STACK_MAX)
        return false;
    bool tail_calls = hl_python.loop_end - hl_python.loop <= LOOP_OF_TAIL_CALLS_MAX;
    return anchor - sp < cfa - sp || (tail_calls && is_in_loop(word_at(cfa + (uintptr_t)(intptr_t)rule.ra)));
}

static const char *judge(const struct hl_stop *stop, const struct hl_py_state_layout *layout)
{
    uintptr_t holder = find_holder(layout);
    const struct hl_stopped *thread = holder ? find_thread(stop, word_at(holder + layout->thread_id)) : NULL;
    bool called = thread == stop->threads && thread && !thread->context;
    if (is_collecting(layout))
        return name_thread(thread ? thread->tid : 0, " was collecting garbage");
    if (!holder || called || (thread && stands_in_loop(thread, holder)))
        return NULL;
    return name_thread(thread ? thread->tid : 0,
        " held the interpreter's lock (GIL) in the middle of an operation, and came to no point where its objects are whole");
}

const char *hl_graph_py_unready(const struct hl_stop *stop)
{
    const struct hl_py_state_layout *layout;
    switch (atomic_load(&hl_python.state)) {
    case HL_PY_NONE: return "";
    case HL_PY_FOUND: return "Python's objects are missing: the interpreter had not run any Python code yet";
    case HL_PY_FAILED: return "Python's objects are missing: heapline cannot read the structures of this Python";
    }
    if (hl_python.mode != HL_PYTHON_MODE_OBJECTS)
        return "Python's objects are missing: they were not recorded one by one (--python arenas)";
    layout = hl_py_state_layout();
    if (!layout)
        return "Python's objects are missing: heapline does not know where this Python keeps its state";
    if (!word_at((uintptr_t)hl_python.runtime + layout->runtime_interpreters))
        return "Python's objects are missing: the interpreter had ended; the snapshot before shows them as they were when it "
            "began to end";
    if (!at_end && word_at((uintptr_t)hl_python.runtime + layout->runtime_finalizing))
        return "Python's objects are missing: the interpreter was ending; the snapshot before shows them as they were when that "
            "began";
    return judge(stop, layout);
}
