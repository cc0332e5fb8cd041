/* What a program tells heapline, and asks of it (heapline.h). */
#include "heapline.h"

#include "event.h"
#include "hook_signal.h"
#include "py.h"
#include "session.h"
#include "snapshot.h"
#include "sys.h"

#include <signal.h>
#include <string.h>

#define LABEL_MAX 256
#define ANSWER_NS UINT64_C(1000000000)
#define WINDOW_NS (10 * ANSWER_NS)         /* all live blocks are looked at */

HL_EXPORT int heapline_is_recording(void)
{
    return hl_session && atomic_load_explicit(&hl_session->status, memory_order_relaxed) == HL_SESSION_ON;
}

static void mark(enum hl_mark_kind kind, const char *label)
{
    struct hl_thread *thread = label ? hl_enter() : NULL;
    if (!thread)
        return;
    size_t length = strnlen(label, LABEL_MAX);
    uint64_t head = hl_record_word(HL_RECORD_MARK, (uint64_t)kind << 16 | length);
    if ((size_t)(thread->limit - thread->cursor) >= HL_RECORD_BYTES_MAX || hl_event_room(thread))
        hl_event_bytes(thread, &head, 1, label, length);
    hl_leave(thread);
}

HL_EXPORT void heapline_mark(const char *label) { mark(HL_MARK_POINT, label); }
HL_EXPORT void heapline_scope_begin(const char *label) { mark(HL_MARK_BEGIN, label); }
HL_EXPORT void heapline_scope_end(const char *label) { mark(HL_MARK_END, label); }

static void mark_iteration(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    heapline_mark("iteration");
    hl_arch_restart(context);
    errno = saved;
}

void hl_mark_listen(void)
{
    int signal = (int)hl_session->board->mark_signal;
    if (signal)
        hl_signal_take(signal, mark_iteration);
}

/* Asks through the thread's own ring, so that all of its events so far are in the answer. NULL: there is none in time. */
static struct hl_ring_head *ask(unsigned flags, uint64_t patience_ns)
{
    static _Atomic uint32_t questions;
    struct hl_thread *thread = hl_enter();
    if (!thread)
        return NULL;
    struct hl_ring_head *head = thread->head;
    uint32_t number = atomic_fetch_add(&questions, 1) + 1, answer;
    bool can = thread->nested != NULL;
    if (can)
        hl_event_word(thread, HL_RECORD_QUERY, (uint64_t)flags << 32 | number);
    hl_leave(thread);
    uint64_t since = hl_sys_now();
    while (can && (answer = atomic_load_explicit(&head->answer, memory_order_acquire)) != number) {
        hl_event_ring();
        if (hl_sys_now() - since > patience_ns)
            return NULL;
        hl_sys_wait(&head->answer, answer, 1000000);
    }
    return can ? head : NULL;
}

HL_EXPORT long long heapline_live_bytes(long long *peak_bytes)
{
    struct hl_ring_head *head = ask(0, ANSWER_NS);
    if (head && peak_bytes)
        *peak_bytes = (long long)atomic_load(&head->answer_peak);
    return head ? (long long)atomic_load(&head->answer_bytes) : -1;
}

HL_EXPORT int heapline_window(struct heapline_window *window, int anew)
{
    struct hl_ring_head *head = ask(HL_QUERY_WINDOW | (anew ? HL_QUERY_ANEW : 0), WINDOW_NS);
    if (head && window)
        *window = (struct heapline_window){
            .live_bytes = atomic_load(&head->answer_bytes),
            .peak_bytes = atomic_load(&head->answer_window[HL_WINDOW_PEAK_BYTES]),
            .allocated_bytes = atomic_load(&head->answer_window[HL_WINDOW_ALLOCATED_BYTES]),
            .allocations = atomic_load(&head->answer_window[HL_WINDOW_ALLOCATIONS]),
            .left_bytes = atomic_load(&head->answer_window[HL_WINDOW_LEFT_BYTES]),
            .left_blocks = atomic_load(&head->answer_window[HL_WINDOW_LEFT_BLOCKS]),
        };
    return head ? 0 : -1;
}

/* Both stand in a function of Python's own thread: its stacks carry Python frames, or there is nothing to number. */
static uint32_t number_code(struct hl_thread *thread, void *code)
{
    return thread && thread->python && code ? hl_py_code(thread, (uintptr_t)code) : 0;
}

HL_EXPORT void heapline_python_watch(void *code)
{
    struct hl_thread *thread = hl_enter();
    uint32_t number = number_code(thread, code);
    if (number) {
        hl_event_word(thread, HL_RECORD_WATCH, number);
        atomic_store(&hl_python.watching, 1);
    }
    if (thread)
        hl_leave(thread);
}

HL_EXPORT void heapline_python_executed(void *code, unsigned line, unsigned count)
{
    struct hl_thread *thread = hl_enter();
    uint32_t number = number_code(thread, code);
    uint64_t head = hl_record_word(HL_RECORD_EXECUTED, number), body = line | (uint64_t)count << 32;
    if (number)
        hl_event_bytes(thread, &head, 1, &body, sizeof body);
    if (thread)
        hl_leave(thread);
}
