#include "thread.h"

#include "event.h"
#include "modules.h"
#include "py.h"
#include "session.h"
#include "snapshot.h"
#include "sys.h"

#include <signal.h>
#include <string.h>

__thread struct hl_thread *hl_self;

static __thread uint32_t entering;       /* the slow path is at work: what it allocates passes through */

static bool owner_is_gone(uint32_t tid)
{
    return hl_sys(SYS_tgkill, hl_session->pid, (long)tid, 0, 0, 0, 0) == -ESRCH;
}

/* Takes over ring i if its owner ended, or is this thread itself, whose thread-local storage the loader laid anew. */
static bool take_over(uint32_t i, uint32_t tid)
{
    _Atomic uint32_t *owner = &hl_session->segment->heads[i].owner;
    uint32_t old = atomic_load(owner);
    if (old == tid)
        return true;
    return old != 0 && owner_is_gone(old) && atomic_compare_exchange_strong(owner, &old, tid);
}

/* A ring for this thread: one whose owner ended if a short look finds it, else a new one, else any whose owner ended. -1: none. */
static int64_t find_ring(uint32_t tid)
{
    struct hl_segment *segment = hl_session->segment;
    uint32_t used = atomic_load(&segment->rings_used), short_look = used < 8 ? used : 8;
    if (used > hl_session->rings)
        used = hl_session->rings;
    for (uint32_t k = 0; k < short_look; k++) {
        uint32_t i = atomic_fetch_add(&hl_session->next_ring, 1) % used;
        if (take_over(i, tid))
            return i;
    }
    uint32_t i = atomic_fetch_add(&segment->rings_used, 1);
    if (i < hl_session->rings) {
        atomic_store(&segment->heads[i].owner, tid);
        return i;
    }
    atomic_store(&segment->rings_used, hl_session->rings);
    for (i = 0; i < hl_session->rings; i++)
        if (take_over(i, tid))
            return i;
    return -1;
}

static struct hl_thread *map_thread(void)
{
    struct hl_thread *thread = hl_sys_map(2 * sizeof(struct hl_thread), 1);
    return thread;
}

static void bind_nested(struct hl_thread *thread)
{
    struct hl_thread *nested = thread + 1;
    memset(nested, 0, offsetof(struct hl_thread, frames));
    nested->bottom.sp = thread->bottom.sp = UINTPTR_MAX;
    nested->ring = nested->cursor = (char *)nested->nested_words;
    nested->ring_end = nested->limit = (char *)(nested->nested_words + HL_NESTED_WORDS);
    nested->bias = (uintptr_t)nested->ring;
    nested->head = &nested->own_head;
    nested->tick = thread->tick = &hl_session->board->now_ns;
    nested->status = HL_THREAD_READY;
    thread->nested = nested;
}

static void bind_ring(struct hl_thread *thread, uint32_t i)
{
    thread->head = &hl_session->segment->heads[i];
    thread->ring = (char *)hl_segment_ring(hl_session->segment, hl_session->data_offset, hl_session->ring_bytes, i);
    thread->ring_end = thread->ring + hl_session->ring_bytes;
    thread->cursor = thread->limit = thread->ring;
    thread->bias = (uintptr_t)thread->ring;
    thread->check = hl_session->board->check;
}

/* The state that goes with ring i, fresh or as the thread before left it. NULL: no memory. */
static struct hl_thread *claim_state(uint32_t i)
{
    struct hl_thread *thread = hl_session->threads[i];
    if (!thread) {
        thread = hl_self && hl_self->status == HL_THREAD_UNREADY ? hl_self : map_thread();
        if (!thread)
            return NULL;
        bind_ring(thread, i);
        hl_session->threads[i] = thread;
    }
    bind_nested(thread);
    thread->pending = 0;
    thread->depth = 0;
    thread->ignoring = 0;
    thread->now_ns = 0;
    return thread;
}

static struct hl_thread *join_session(void)
{
    uint32_t tid = (uint32_t)hl_sys_gettid();
    int64_t i = find_ring(tid);
    struct hl_thread *thread = i < 0 ? NULL : claim_state((uint32_t)i);
    if (!thread) {
        atomic_fetch_add(&hl_session->segment->unowned_threads, 1);
        return NULL;
    }
    thread->status = HL_THREAD_BUSY;
    hl_self = thread;
    thread->python = NULL;
    hl_event_word(thread, HL_RECORD_THREAD, tid);
    hl_modules_announce(thread);
    hl_py_join(thread);
    return thread;
}

static struct hl_thread *enter_nested(struct hl_thread *thread)
{
    struct hl_thread *nested = thread->nested;
    if (!nested || nested->status == HL_THREAD_BUSY) {
        if (thread->head)
            atomic_fetch_add_explicit(&thread->head->dropped, 1, memory_order_relaxed);
        return NULL;
    }
    nested->status = HL_THREAD_BUSY;
    nested->depth = 0;                   /* every nested record carries its whole stack */
    nested->check = 0;
    thread->pending |= HL_PENDING_NESTED;
    return nested;
}

HL_COLD struct hl_thread *hl_enter_slow(void)
{
    struct hl_thread *thread = hl_self;
    if (entering || (thread && thread->status == HL_THREAD_INSIDE))
        return NULL;
    if (thread && thread->status == HL_THREAD_BUSY)
        return enter_nested(thread);
    if (hl_session && atomic_load_explicit(&hl_session->status, memory_order_relaxed) == HL_SESSION_OFF)
        return NULL;
    int saved = errno;
    entering = 1;
    thread = hl_session_attach() == HL_SESSION_ON ? join_session() : NULL;
    if (!thread && hl_session && hl_session->segment)
        atomic_fetch_add(&hl_session->segment->unowned_events, 1);
    entering = 0;
    errno = saved;
    return thread;
}

/* Copies whole records, as many as fit each time. */
static void append(struct hl_thread *thread, const uint64_t *words, size_t n)
{
    while (n) {
        uint32_t length = hl_record_words(words, n);
        if (!length || !hl_event_begin(thread))
            return;
        memcpy(thread->cursor, words, length * sizeof(uint64_t));
        hl_event_end(thread, (uint64_t *)thread->cursor + length);
        words += length;
        n -= length;
    }
}

static void flush_nested(struct hl_thread *thread)
{
    uint64_t all = ~UINT64_C(0), before = 0;
    hl_sys(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all, 0, 0);
    thread->status = HL_THREAD_BUSY;
    thread->pending &= ~(uint32_t)HL_PENDING_NESTED;
    struct hl_thread *nested = thread->nested;
    append(thread, nested->nested_words, (size_t)((uint64_t *)nested->cursor - nested->nested_words));
    uint64_t dropped = atomic_exchange(&nested->own_head.dropped, 0);
    atomic_fetch_add_explicit(&thread->head->dropped, dropped, memory_order_relaxed);
    nested->cursor = nested->ring;
    thread->depth = 0;                   /* the collector's previous stack is a nested one now */
    HL_SIGNAL_FENCE();
    thread->status = HL_THREAD_READY;
    hl_sys(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof all, 0, 0);
}

HL_COLD void hl_leave_slow(struct hl_thread *thread)
{
    int saved = errno;
    if (thread->pending & HL_PENDING_NESTED)
        flush_nested(thread);
    if (thread->pending & HL_PENDING_PYTHON) {
        thread->pending &= ~(uint32_t)HL_PENDING_PYTHON;
        hl_py_watch_start();
    }
    if (thread->pending & HL_PENDING_SNAPSHOT) {
        thread->pending &= ~(uint32_t)HL_PENDING_SNAPSHOT;
        hl_snapshot_after_hook();
    }
    errno = saved;
}
