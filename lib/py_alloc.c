/* Wrappers around Python's allocators (PEP 445). A block that the interpreter's allocator hands out is recorded as an object, whatever lies behind: while
 * the call is under way the thread is INSIDE, and what is asked of malloc passes through the hooks unrecorded. A domain that falls back on another one
 * enters once. Blocks are known by their address and generation as all others, so one that was allocated past the wrappers and is freed through
 * them, or the other way round, finds its record. */
#include "event.h"
#include "py.h"
#include "py_state.h"

#define DOMAIN_RAW 0                     /* PYMEM_DOMAIN_RAW, _MEM, _OBJ */
#define DOMAIN_OBJECT 2
#define DOMAINS 3
#define LAYERS 4                         /* so often the wrappers may be put around anew, when the interpreter has replaced them */

/* Context of a wrapper: what it stands in front of. Ordinary memory that fork copies. */
struct wrapped {
    struct hl_py_allocator real;
    bool gil;                            /* callers of this domain hold the GIL (PEP 445: all but RAW) */
};

static struct wrapped wrapped[LAYERS][DOMAINS];
static uint32_t layers;

/* Before anything is done: the interpreter's objects are whole (py_state.h). */
HL_INLINE void heed_alarm(const struct wrapped *domain)
{
    if (HL_UNLIKELY(*atomic_load_explicit(&hl_py_alarm, memory_order_relaxed)) && domain->gil)
        hl_py_alarmed();
}

/* The thread goes into the allocator. NULL: nothing is recorded. */
HL_INLINE struct hl_thread *enter_allocator(const struct wrapped *domain)
{
    heed_alarm(domain);
    struct hl_thread *thread = hl_enter();
    if (HL_LIKELY(thread && thread->nested)) {
        thread->status = HL_THREAD_INSIDE;
        HL_SIGNAL_FENCE();
    }
    return thread;
}

HL_INLINE void come_back(struct hl_thread *thread, const struct wrapped *domain)
{
    HL_SIGNAL_FENCE();
    thread->status = HL_THREAD_BUSY;
    HL_SIGNAL_FENCE();
    if (HL_UNLIKELY(!thread->python))
        hl_py_try(thread);
    if (HL_LIKELY(thread->python != NULL))
        thread->python->gil = domain->gil;
}

HL_INLINE void leave_allocator(struct hl_thread *thread)
{
    if (HL_LIKELY(thread->python != NULL))
        thread->python->gil = false;
    hl_leave(thread);
}

HL_INLINE void *born(const struct wrapped *domain, struct hl_thread *thread, void *p, size_t size, struct hl_frame origin)
{
    if (HL_LIKELY(thread != NULL)) {
        come_back(thread, domain);
        if (HL_LIKELY(p != NULL))
            hl_event_block(thread, HL_RECORD_OBJECT, p, size, origin);
        leave_allocator(thread);
    }
    return p;
}

static void *wrap_malloc(void *context, size_t size)
{
    const struct wrapped *domain = context;
    const struct hl_py_allocator *real = &domain->real;
    struct hl_thread *thread = enter_allocator(domain);
    return born(domain, thread, real->malloc(real->context, size), size, HL_ORIGIN());
}

static void *wrap_calloc(void *context, size_t n, size_t size)
{
    const struct wrapped *domain = context;
    const struct hl_py_allocator *real = &domain->real;
    struct hl_thread *thread = enter_allocator(domain);
    return born(domain, thread, real->calloc(real->context, n, size), n * size, HL_ORIGIN());
}

static void *wrap_realloc(void *context, void *p, size_t size)
{
    const struct wrapped *domain = context;
    const struct hl_py_allocator *real = &domain->real;
    struct hl_thread *thread = enter_allocator(domain);
    uint8_t generation = thread && p ? *hl_generation(p) : 0;
    void *q = real->realloc(real->context, p, size);
    if (!thread || !p)
        return born(domain, thread, q, size, HL_ORIGIN());
    come_back(thread, domain);
    if (q)
        hl_event_realloc(thread, HL_RECORD_OBJECT, p, generation, q, size, HL_ORIGIN());
    leave_allocator(thread);
    return q;
}

/* A code object's memory is recognised while its type is still in it: no block is smaller than two words. */
HL_INLINE void see_code_die(const void *p)
{
    if (HL_UNLIKELY(((const void *const *)p)[1] == hl_python.code_type))
        hl_py_code_gone((uintptr_t)p);
}

static void wrap_free(void *context, void *p)
{
    const struct wrapped *domain = context;
    const struct hl_py_allocator *real = &domain->real;
    heed_alarm(domain);
    struct hl_thread *thread = p ? hl_enter() : NULL;
    if (!thread) {
        real->free(real->context, p);
        return;
    }
    see_code_die(p);
    hl_event_free(thread, p, HL_ORIGIN());
    if (HL_LIKELY(thread->nested != NULL))
        thread->status = HL_THREAD_INSIDE;
    HL_SIGNAL_FENCE();
    real->free(real->context, p);
    hl_leave(thread);
}

/* Where objects are not recorded one by one, all but free is passed on: that sees code objects die. */
static void *pass_malloc(void *context, size_t size)
{
    const struct hl_py_allocator *real = &((const struct wrapped *)context)->real;
    return real->malloc(real->context, size);
}

static void *pass_calloc(void *context, size_t n, size_t size)
{
    const struct hl_py_allocator *real = &((const struct wrapped *)context)->real;
    return real->calloc(real->context, n, size);
}

static void *pass_realloc(void *context, void *p, size_t size)
{
    const struct hl_py_allocator *real = &((const struct wrapped *)context)->real;
    return real->realloc(real->context, p, size);
}

static void watch_free(void *context, void *p)
{
    const struct hl_py_allocator *real = &((const struct wrapped *)context)->real;
    if (p)
        see_code_die(p);
    real->free(real->context, p);
}

bool hl_py_is_unwrapped(void)
{
    const struct hl_py_allocator *first = &wrapped[0][DOMAIN_OBJECT].real;
    struct hl_py_allocator now;
    if (!layers || !hl_python.get_allocator)
        return false;
    hl_python.get_allocator(DOMAIN_OBJECT, &now);
    return now.malloc == first->malloc && now.context == first->context;
}

void hl_py_wrap(void)
{
    bool arenas = hl_python.mode == HL_PYTHON_MODE_ARENAS, any = false;
    struct hl_py_allocator now, ours = {NULL, wrap_malloc, wrap_calloc, wrap_realloc, wrap_free};
    hl_py_watch_end();
    if (arenas)
        ours = (struct hl_py_allocator){NULL, pass_malloc, pass_calloc, pass_realloc, watch_free};
    for (int domain = arenas ? DOMAIN_OBJECT : 0; domain < DOMAINS; domain++) {
        hl_python.get_allocator(domain, &now);
        if (now.malloc == ours.malloc || layers == LAYERS)
            continue;
        wrapped[layers][domain] = (struct wrapped){now, domain != DOMAIN_RAW};
        ours.context = &wrapped[layers][domain];
        hl_python.set_allocator(domain, &ours);
        any = true;
    }
    layers += any;
}
