/* Finds the interpreter, and says how far it can be followed. */
#include "event.h"
#include "library.h"
#include "py.h"
#include "py_state.h"
#include "say.h"
#include "session.h"
#include "sys.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

struct hl_python hl_python;
const int hl_py_not_collecting;

static _Atomic uint32_t looking;         /* one thread looks at a time */
static const char *verdict = "";         /* why it is not LIVE */
static uint32_t told_state;              /* enum hl_python_state */
static _Atomic uint64_t told_serial;     /* the process to whose collector it was told */

static void send_verdict(struct hl_thread *thread)
{
    size_t length = strlen(verdict);
    uint64_t head = hl_record_word(HL_RECORD_PYTHON, (uint64_t)length << 40 | (uint64_t)told_state << 32 | hl_python.version);
    atomic_store(&told_serial, hl_session->serial);
    hl_event_bytes(thread, &head, 1, verdict, length);
}

/* Outside of hooks. */
static void tell(enum hl_python_state state, const char *reason)
{
    told_state = state;
    verdict = reason;
    struct hl_thread *thread = hl_enter();
    if (!thread)
        return;
    if (thread->nested)
        send_verdict(thread);
    hl_leave(thread);
}

static void give_up(enum hl_python_state state, const char *reason)
{
    if (state == HL_PYTHON_OBJECTS_ONLY && hl_python.mode != HL_PYTHON_MODE_OBJECTS)
        state = HL_PYTHON_NATIVE;
    atomic_store(&hl_python.state, HL_PY_FAILED);
    tell(state, reason);
    hl_say(state == HL_PYTHON_NATIVE ? "this Python is recorded without Python objects and lines:" : "this Python is recorded without Python lines:", 0);
    hl_say(reason, 0);
}

/* "3.9.18 (...)" as PY_VERSION_HEX without its last byte. */
static uint32_t parse_version(const char *text)
{
    uint32_t parts[3] = {0};
    for (int i = 0; i < 3 && *text >= '0' && *text <= '9'; i++) {
        while (*text >= '0' && *text <= '9')
            parts[i] = parts[i] * 10 + (uint32_t)(*text++ - '0');
        text += *text == '.';
    }
    return parts[0] << 24 | (parts[1] & 0xff) << 16 | (parts[2] & 0xff) << 8 | 0xf0;
}

/* dlsym, out of the program's account: what is not there leaves an error message, which is taken away again. */
static void *find(void *handle, const char *name)
{
    struct hl_thread *thread = hl_enter();
    if (thread && thread->nested)
        thread->status = HL_THREAD_INSIDE;
    void *found = dlsym(handle, name);
    if (!found) {
        dlerror();
        dlerror();
    }
    if (thread)
        hl_leave(thread);
    return found;
}

static uint32_t find_version(void *handle)
{
    const unsigned long *version = find(handle, "Py_Version");
    const char *(*text)(void) = (const char *(*)(void))find(handle, "Py_GetVersion");
    return version && *version ? (uint32_t)*version : text ? parse_version(text()) : 0;
}

/* The length of an exported function, by its symbol. */
static uintptr_t end_of(uintptr_t function)
{
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    if (!dladdr1((void *)function, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol)
        return function;
    return function + symbol->st_size;
}

/* Takes what is exported; false: it is no interpreter that can be followed at all. */
static bool take_symbols(void *handle)
{
    struct hl_python *p = &hl_python;
    p->handle = handle;
    p->get_allocator = (hl_py_get_allocator *)find(handle, "PyMem_GetAllocator");
    p->set_allocator = (hl_py_set_allocator *)find(handle, "PyMem_SetAllocator");
    p->thread_this = (void *(*)(void))find(handle, "PyGILState_GetThisThreadState");
    p->thread_current = (void *(*)(void))find(handle, "PyThreadState_GetUnchecked");
    if (!p->thread_current)
        p->thread_current = (void *(*)(void))find(handle, "_PyThreadState_UncheckedGet");
    p->is_finalizing = (int (*)(void))find(handle, "Py_IsFinalizing");
    if (!p->is_finalizing)
        p->is_finalizing = (int (*)(void))find(handle, "_Py_IsFinalizing");
    p->code_type = find(handle, "PyCode_Type");
    p->unicode_type = find(handle, "PyUnicode_Type");
    p->bytes_type = find(handle, "PyBytes_Type");
    p->runtime = find(handle, "_PyRuntime");
    p->loop = (uintptr_t)find(handle, "_PyEval_EvalFrameDefault");
    if (p->loop)
        p->loop_end = end_of(p->loop);
    return p->get_allocator && p->set_allocator && p->thread_this && p->thread_current && p->code_type && p->unicode_type && p->bytes_type;
}

static bool has_plain_heads(void *handle)
{
    const void *type_type = find(handle, "PyType_Type");
    return type_type && ((const void *const *)hl_python.code_type)[1] == type_type;
}

static void found(void *handle)
{
    const char *reason = "";
    hl_python.version = find_version(handle);
    hl_python.mode = hl_session->board->python;
    bool layout = hl_py_layout_find(hl_python.version, hl_python.runtime, &hl_python.layout, &reason);
    bool plain = has_plain_heads(handle);
    if (!layout && strstr(reason, "free-threaded")) {
        give_up(HL_PYTHON_NATIVE, reason);
        return;
    }
    hl_py_wrap();
    if (layout && plain)
        atomic_store(&hl_python.state, HL_PY_FOUND);
    else
        give_up(HL_PYTHON_OBJECTS_ONLY, layout ? "its object heads are not the usual ones (Py_TRACE_REFS)" : reason);
}

/* The module that pc lies in, which is loaded and set up, since it calls; if it is called like an interpreter's library. A look-up that fails would allocate,
 * in programs that have nothing to do with Python. */
static void *module_of(uintptr_t pc)
{
    Dl_info info;
    const char *name = dladdr((void *)(pc - 1), &info) && info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
    return name && strstr(name, "python") ? dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD) : NULL;
}

/* In the program or in a library that it was started with: answered by the loader when it loaded us. */
extern void PyMem_SetAllocator(int domain, void *allocator) __attribute__((weak));

/* Code of the interpreter itself, which maps memory past our wrappers. */
static bool is_interpreter(uintptr_t pc)
{
    Dl_info here, there;
    return hl_python.loop && dladdr((void *)(pc - 1), &here) && dladdr((void *)hl_python.loop, &there) && here.dli_fbase == there.dli_fbase;
}

HL_COLD void hl_py_look(uintptr_t pc)
{
    uint32_t idle = 0, state = atomic_load_explicit(&hl_python.state, memory_order_relaxed);
    if (pc && (state == HL_PY_FOUND || (state == HL_PY_LIVE && is_interpreter(pc))))
        hl_py_wrap();                    /* it chose other allocators (PYTHONMALLOC, -X dev, a second Py_Initialize): this is their first arena */
    if (state != HL_PY_NONE || hl_session->board->python == HL_PYTHON_MODE_OFF ||
        !atomic_compare_exchange_strong(&looking, &idle, 1))
        return;
    int saved = errno;
    void *handle = pc ? module_of(pc) : RTLD_DEFAULT;
    if ((pc ? handle != NULL : PyMem_SetAllocator != NULL) && atomic_load(&hl_python.state) == HL_PY_NONE && find(handle, "PyMem_SetAllocator") && take_symbols(handle))
        found(handle);
    errno = saved;
    atomic_store(&looking, 0);
}

void hl_py_attach(struct hl_thread *thread)
{
    if (!thread->python_room)
        thread->python_room = hl_sys_map(sizeof *thread->python_room, 1);
    struct hl_py_thread *py = thread->python_room;
    if (!py)
        return;
    py->merged = py->depth = py->loops = py->cut = 0;
    py->state = NULL;
    py->collecting = &hl_py_not_collecting;
    thread->python = py;
}

static void go_live(struct hl_thread *thread)
{
    atomic_store(&hl_python.state, HL_PY_LIVE);
    told_state = hl_python.mode == HL_PYTHON_MODE_ARENAS ? HL_PYTHON_ARENAS : HL_PYTHON_LIVE;
    send_verdict(thread);
    hl_py_attach(thread);
    thread->pending |= HL_PENDING_PYTHON;
}

/* Its threads notice at their next tick. */
HL_COLD void hl_py_distrust(void)
{
    give_up(HL_PYTHON_OBJECTS_ONLY,
            "its frames, as heapline reads them, are not the ones that it shows itself");
}

#define STATE_BYTES 1024                 /* no thread state's CFrame of its own stands further in */

/* A thread state that runs a frame, as far as can be told without reads that could fault; NULL: none. As cheaply as possible: this is asked for every
 * object until there is one. A thread that runs nothing has a CFrame all the same, from 3.11 on an empty one in the thread state itself. */
static const char *running_state(void)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    const char *state = hl_python.thread_this();
    if (!state || !layout->cframe || layout->cframe_frame == HL_PY_NO_FRAME)
        return state && *(const char *const *)(state + layout->thread_frame) ? state : NULL;
    const char *cframe = *(const char *const *)(state + layout->cframe);
    if (cframe > state && cframe < state + STATE_BYTES)
        return *(const char *const *)(cframe + layout->cframe_frame) ? state : NULL;
    return cframe ? state : NULL;
}

HL_COLD void hl_py_try(struct hl_thread *thread)
{
    uint32_t state = atomic_load(&hl_python.state);
    if (!thread->nested)
        return;
    if (state == HL_PY_LIVE) {
        hl_py_attach(thread);
        return;
    }
    const char *running = state == HL_PY_FOUND ? running_state() : NULL;
    int probe = running ? hl_py_probe(running) : 0;
    if (probe > 0)
        go_live(thread);
    else if (probe < 0)
        thread->pending |= HL_PENDING_PYTHON;
}

/* Probes again outside of the hook: what is not where it should be now has to be said. */
HL_COLD void hl_py_watch_start(void)
{
    static _Atomic uint32_t checked;
    uint32_t progress = atomic_load(&hl_python.state);
    const char *state;
    if (progress == HL_PY_LIVE && !atomic_exchange(&checked, 1))
        hl_py_check_soon();
    if (progress == HL_PY_LIVE && hl_py_is_unwrapped())
        hl_py_wrap();                    /* a second Py_Initialize that went on with the first one's arenas */
    if (progress == HL_PY_LIVE)
        hl_py_sources_soon();
    if (progress == HL_PY_FAILED && hl_self->python) {
        hl_self->python = NULL;
        hl_self->depth = 0;
    }
    if (progress != HL_PY_FOUND)
        return;
    state = running_state();
    int probe = state ? hl_py_probe(state) : 0;
    if (probe < 0)
        give_up(HL_PYTHON_OBJECTS_ONLY, "its frames are not laid out as in other builds of its version");
    if (probe > 0)
        hl_py_wrap();                    /* an object would have told sooner, had the wrappers been there */
    struct hl_thread *thread = probe > 0 ? hl_enter() : NULL;
    if (!thread)
        return;
    if (thread->nested && !thread->python)
        go_live(thread);
    hl_leave(thread);
}

HL_COLD void hl_py_join(struct hl_thread *thread)
{
    uint32_t state = atomic_load(&hl_python.state);
    if ((state == HL_PY_LIVE || state == HL_PY_FAILED) && atomic_load(&told_serial) != hl_session->serial)
        send_verdict(thread);
    if (state == HL_PY_LIVE)
        hl_py_attach(thread);
}

void hl_py_tick(struct hl_thread *thread)
{
    uint32_t state = atomic_load_explicit(&hl_python.state, memory_order_relaxed);
    if (HL_LIKELY(state == HL_PY_NONE) || !thread->nested)
        return;
    hl_py_watch_end();
    if (state == HL_PY_FOUND)
        thread->pending |= HL_PENDING_PYTHON;
    else if (state == HL_PY_LIVE && !thread->python)
        hl_py_attach(thread);
    else if (thread->python && (state == HL_PY_FAILED || hl_py_is_unwrapped()))
        thread->pending |= HL_PENDING_PYTHON;
}
