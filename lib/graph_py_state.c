/* What the interpreter holds itself, by name: its modules, what threads run and keep. */
#include "graph_py_frames.h"
#include "py.h"
#include "py_state.h"
#include "sys.h"

#include <string.h>

#define FIRST_MINOR 8
#define VERSIONS 7
#define LINKS_MAX 65536u                 /* that are followed of a list */
#define FRAMES_MAX 1000000u
#define CALLBACKS_MAX 65536u

/* A word of a structure that holds an object, where it stands in 3.8, 3.9, … 3.14; 0: nowhere. */
struct place { const char *name; uint32_t at[VERSIONS]; };

/* PyInterpreterState. */
static const struct place of_interpreter[] = {
    {"sys.modules", {56, 856, 856, 888, 944, 7656, 7688}},
    {"builtins.__dict__", {80, 880, 880, 912, 360, 7648, 7680}},
    {"sys.__dict__", {72, 872, 872, 904, 352, 7640, 7672}},
    {"importlib", {88, 888, 888, 920, 960, 7672, 7704}},
    {"__import__", {560, 1392, 1360, 1416, 984, 7696, 7728}},
    {"search functions of codecs", {120, 912, 912, 936, 1248, 7960, 8000}},
    {"cache of codecs", {128, 920, 920, 944, 1256, 7968, 8008}},
    {"error handlers of codecs", {136, 928, 928, 952, 1264, 7976, 8016}},
    {"the interpreter's dict", {544, 1376, 1344, 1400, 1720, 8448, 8496}},
    {"copy of sys", {0, 0, 0, 0, 1728, 8456, 8504}},
    {"copy of builtins", {552, 1384, 1352, 1408, 1736, 8464, 8512}},
    {"functions to be called before fork", {2624, 3456, 3424, 3480, 3872, 10632, 10696}},
    {"functions to be called after fork in the parent", {2632, 3464, 3432, 3488, 3880, 10640, 10704}},
    {"functions to be called after fork in the child", {2640, 3472, 3440, 3496, 3888, 10648, 10712}},
    {"warnings.filters", {0, 3504, 3456, 3504, 3896, 10656, 10720}},
    {"warnings.onceregistry", {0, 3512, 3464, 3512, 3904, 10664, 10728}},
    {"atexit", {2656, 3488, 0, 0, 0, 0, 10792}},
    {"audit hooks", {2704, 3536, 3504, 3552, 267208, 10808, 10912}},
    {"interned strings", {0, 0, 0, 0, 382936, 194328, 224624}},
};

/* PyThreadState. */
static const struct place of_thread[] = {
    {"data of the thread", {152, 152, 152, 128, 112, 128, 128}},
    {"context of the thread", {240, 240, 240, 224, 208, 208, 208}},
    {"exception for the thread", {168, 168, 168, 144, 128, 144, 144}},
    {"exception being raised", {88, 88, 88, 96, 96, 112, 112}},
    {"exception being raised", {96, 96, 96, 104, 0, 0, 0}},
    {"exception being raised", {104, 104, 104, 112, 0, 0, 0}},
    {"profile function", {72, 72, 72, 80, 80, 96, 96}},
    {"trace function", {80, 80, 80, 88, 88, 104, 104}},
    {"hook of asynchronous generators", {224, 224, 224, 208, 192, 192, 192}},
    {"hook of asynchronous generators", {232, 232, 232, 216, 200, 200, 200}},
    {"running event loop", {0, 0, 0, 0, 0, 0, 864}},
    {"running task", {0, 0, 0, 0, 0, 0, 872}},
};

enum { ERRORS, CHUNK, EXIT_CALLS, EXIT_CALLS_N, METHOD_CACHE };

/* Other words of theirs: the stack of exceptions being handled, the stretches that frames lie in, functions to be called at exit
 * (3.10 to 3.13), what look-ups of methods gave. */
static const uint32_t others[][VERSIONS] = {
    [ERRORS] = {144, 144, 144, 120, 104, 120, 120},
    [CHUNK] = {0, 0, 0, 296, 232, 232, 232},
    [EXIT_CALLS] = {0, 0, 3488, 3536, 3944, 10712, 0},
    [EXIT_CALLS_N] = {0, 0, 3496, 3544, 3952, 10720, 0},
    [METHOD_CACHE] = {0, 0, 15216, 9056, 275392, 84656, 81928},
};

#define METHOD_CACHE_BYTES 98304u        /* struct type_cache: 4,096 entries of three words */

/* _PyStackChunk: the one before, bytes. */
#define CHUNK_BYTES 8

static uint32_t version(void) { return hl_graph_py_layout.minor - FIRST_MINOR; }

static uint32_t other(uint32_t which) { return others[which][version()]; }

/* ---- roots ---- */

static void add_root(struct hl_graph *graph, const char *name, int32_t tid, uintptr_t at, uint32_t target)
{
    if (target != HL_GRAPH_NONE)
        hl_graph_root(graph, HL_ROOT_OTHER, tid, at, 0, hl_graph_string(graph, name, strlen(name)), target);
}

static void add_object(struct hl_graph *graph, const char *name, int32_t tid, uintptr_t at)
{
    uintptr_t object = hl_graph_is_readable(graph, at, 8) ? hl_py_word(at) : 0;
    if (object && hl_graph_py_object(graph, object))
        add_root(graph, name, tid, at, hl_graph_object(graph, object));
}

static void add_places(struct hl_graph *graph, const struct place *places, size_t n, int32_t tid, uintptr_t structure)
{
    for (size_t i = 0; i < n; i++)
        if (places[i].at[version()])
            add_object(graph, places[i].name, tid, structure + places[i].at[version()]);
}

/* Each has a function, its arguments, and those with names. */
static void add_exit_calls(struct hl_graph *graph, uintptr_t interpreter)
{
    if (!other(EXIT_CALLS))
        return;
    uintptr_t calls = hl_py_word(interpreter + other(EXIT_CALLS));
    uint32_t n = *(const uint32_t *)(interpreter + other(EXIT_CALLS_N));
    for (uint32_t i = 0; i < n && n < CALLBACKS_MAX && hl_graph_is_readable(graph, calls + 8 * i, 8); i++) {
        uintptr_t call = hl_py_word(calls + 8 * i);
        for (uint32_t word = 0; word < 3 && hl_graph_is_readable(graph, call, 24); word++)
            add_object(graph, "atexit", 0, call + 8 * word);
    }
}

static int32_t find_tid(const struct hl_graph *graph, uintptr_t thread_pointer)
{
    const struct hl_stop *stop = graph->marker->stop;
    for (uint32_t i = 0; i < stop->n; i++)
        if (stop->threads[i].thread_pointer == thread_pointer)
            return stop->threads[i].tid;
    return 0;
}

/* "frame of thread 1234". */
static const char *name_frame(int32_t tid, char *text)
{
    char digits[12];
    size_t n = sizeof digits, at = strlen("frame of thread ");
    memcpy(text, "frame of thread ", at);
    do
        digits[--n] = (char)('0' + tid % 10);
    while ((tid /= 10) && n);
    memcpy(text + at, digits + n, sizeof digits - n);
    text[at + sizeof digits - n] = 0;
    return text;
}

static void add_frames(struct hl_graph *graph, int32_t tid, uintptr_t state)
{
    char text[40];
    const char *name = tid ? name_frame(tid, text) : "frame of a thread";
    uintptr_t frame = hl_py_frame_innermost(state);
    for (uint32_t i = 0; frame && i < FRAMES_MAX; i++, frame = hl_py_frame_outer(frame))
        add_root(graph, name, tid, frame, hl_py_frame_number(graph, frame));
}

/* Up to 3.10 an item has type, value and traceback, then the one before; from 3.11 on the value. */
static void add_errors(struct hl_graph *graph, int32_t tid, uintptr_t state)
{
    const uint32_t words = hl_graph_py_layout.minor < 11 ? 3 : 1;
    uintptr_t item = hl_py_word(state + other(ERRORS));
    for (uint32_t i = 0; item && i < LINKS_MAX && hl_graph_is_readable(graph, item, 8 * (words + 1)); i++,
        item = hl_py_word(item + 8 * words))
        for (uint32_t word = 0; word < words; word++)
            add_object(graph, "exception being handled", tid, item + 8 * word);
}

/* Memory that frames lie in: behind the innermost one old frames' words are left, and those in use have names. */
static void know_chunks(struct hl_graph *graph, uintptr_t state)
{
    uintptr_t chunk = other(CHUNK) ? hl_py_word(state + other(CHUNK)) : 0;
    for (uint32_t i = 0; chunk && i < LINKS_MAX && hl_graph_is_readable(graph, chunk, 24); i++, chunk = hl_py_word(chunk))
        hl_graph_known(graph, chunk, chunk + hl_py_word(chunk + CHUNK_BYTES));
}

static void add_thread(struct hl_graph *graph, const struct hl_py_state_layout *layout, uintptr_t state)
{
    int32_t tid = find_tid(graph, hl_py_word(state + layout->thread_id));
    add_frames(graph, tid, state);
    add_places(graph, of_thread, sizeof of_thread / sizeof *of_thread, tid, state);
    add_errors(graph, tid, state);
    know_chunks(graph, state);
}

static void add_interpreter(struct hl_graph *graph, const struct hl_py_state_layout *layout, uintptr_t interpreter)
{
    uint32_t n = 0;
    add_places(graph, of_interpreter, sizeof of_interpreter / sizeof *of_interpreter, 0, interpreter);
    add_exit_calls(graph, interpreter);
    if (other(METHOD_CACHE))
        hl_graph_known(graph, interpreter + other(METHOD_CACHE), interpreter + other(METHOD_CACHE) + METHOD_CACHE_BYTES);
    for (uintptr_t state = hl_py_word(interpreter + layout->interpreter_threads); state && n++ < LINKS_MAX;
        state = hl_py_word(state + HL_THREAD_NEXT))
        add_thread(graph, layout, state);
}

void hl_graph_py_roots(struct hl_graph *graph)
{
    const struct hl_py_state_layout *layout = hl_py_state_layout();
    uintptr_t interpreter = layout ? hl_py_word((uintptr_t)hl_python.runtime + layout->runtime_interpreters) : 0;
    for (uint32_t i = 0; interpreter && i < LINKS_MAX; i++, interpreter = hl_py_word(interpreter + layout->interpreter_next))
        add_interpreter(graph, layout, interpreter);
}

/* ---- memory that is no object ---- */

void hl_graph_py_claim_state(struct hl_graph *graph)
{
    const struct hl_py_state_layout *layout = hl_py_state_layout();
    uintptr_t interpreter = layout ? hl_py_word((uintptr_t)hl_python.runtime + layout->runtime_interpreters) : 0;
    uint32_t n = 0;
    for (uint32_t i = 0; interpreter && i < LINKS_MAX; i++, interpreter = hl_py_word(interpreter + layout->interpreter_next)) {
        hl_graph_py_table(graph, interpreter, "state of the interpreter");
        for (uintptr_t state = hl_py_word(interpreter + layout->interpreter_threads); state && n++ < LINKS_MAX;
            state = hl_py_word(state + HL_THREAD_NEXT))
            hl_graph_py_table(graph, state, "state of a thread");
    }
}
