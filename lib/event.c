#include "event.h"

#include "py.h"
#include "sys.h"

#include <string.h>

#define WAIT_NS UINT64_C(100000000)      /* how long one wait for room lasts before looking whether the collector lives */
#define STALLED_NS UINT64_C(10000000000) /* the collector's clock stood still for so long: it is gone */

static uint64_t used_bytes(const struct hl_thread *thread, uint64_t *tail)
{
    *tail = atomic_load_explicit(&thread->head->tail, memory_order_acquire);
    return ((uintptr_t)thread->cursor - thread->bias) - *tail;
}

void hl_event_ring(void)
{
    struct hl_board *board = hl_session->board;
    if (atomic_load_explicit(&board->asleep, memory_order_seq_cst)) {
        atomic_fetch_add(&board->doorbell, 1);
        hl_sys_wake(&board->doorbell);
    }
}

static bool collector_gone(uint64_t since_ns, uint64_t tick)
{
    struct hl_board *board = hl_session->board;
    if (atomic_load(&board->state) == HL_BOARD_OFF)
        return true;
    return atomic_load(&board->now_ns) == tick && hl_sys_now() - since_ns > STALLED_NS;
}

#define YIELD_NS UINT64_C(200000)        /* so long a full ring is only yielded for: a processor that fell asleep wakes slowly */

/* Lets others run for a moment. True: the ring has `bytes` free by now. */
static bool yield_for_room(struct hl_thread *thread, uint64_t bytes, uint64_t began)
{
    uint64_t tail;
    hl_event_ring();
    do {
        if (hl_session->ring_bytes - used_bytes(thread, &tail) >= bytes)
            return true;
        hl_sys(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    } while (hl_sys_now() - began < YIELD_NS);
    return false;
}

/* Waits until the ring has `bytes` free. False when the collector is gone. */
static bool wait_for_room(struct hl_thread *thread, uint64_t bytes)
{
    struct hl_ring_head *head = thread->head;
    uint64_t began = hl_sys_now(), since = began, tail;
    uint64_t tick = atomic_load(&hl_session->board->now_ns);
    yield_for_room(thread, bytes, began);
    while (hl_session->ring_bytes - used_bytes(thread, &tail) < bytes) {
        if (collector_gone(since, tick)) {
            hl_session_off();
            return false;
        }
        if (atomic_load(&hl_session->board->now_ns) != tick) {
            tick = atomic_load(&hl_session->board->now_ns);
            since = hl_sys_now();
        }
        atomic_store(&head->waiting, 1);
        hl_event_ring();
        if (hl_session->ring_bytes - used_bytes(thread, &tail) >= bytes)
            break;
        hl_sys_wait(&head->waiting, 1, WAIT_NS);
    }
    atomic_store(&head->waiting, 0);
    atomic_fetch_add_explicit(&head->waits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&head->wait_ns, hl_sys_now() - began, memory_order_relaxed);
    return true;
}

static void drop(struct hl_thread *thread)
{
    thread->depth = 0;                   /* what was captured for this event did not reach the collector */
    struct hl_ring_head *head = thread->nested ? thread->head : ((struct hl_thread *)hl_self)->head;
    atomic_fetch_add_explicit(&head->dropped, 1, memory_order_relaxed);
}

/* Fills the end of the ring and goes on at its start. */
static void wrap(struct hl_thread *thread)
{
    uint64_t left = (uint64_t)(thread->ring_end - thread->cursor);
    if (left)
        *(uint64_t *)thread->cursor = hl_record_word(HL_RECORD_PAD, left / sizeof(uint64_t));
    uintptr_t published = (uintptr_t)thread->ring_end - thread->bias;
    thread->cursor = thread->ring;
    thread->bias = (uintptr_t)thread->ring - published;
    atomic_store_explicit(&thread->head->head, published, memory_order_release);
}

/* `must`: records without which others make no sense wait even where events are dropped. */
static bool make_room(struct hl_thread *thread, bool must)
{
    if (!thread->nested)
        return (size_t)(thread->limit - thread->cursor) >= HL_RECORD_BYTES_MAX;
    if ((size_t)(thread->ring_end - thread->cursor) < HL_RECORD_BYTES_MAX) {
        uint64_t left = (uint64_t)(thread->ring_end - thread->cursor), tail;
        if (hl_session->ring_bytes - used_bytes(thread, &tail) < left + HL_RECORD_BYTES_MAX) {
            if (!must && hl_session->board->on_full == HL_ON_FULL_DROP)
                return hl_event_ring(), false;
            if (!wait_for_room(thread, hl_ring_resume(hl_session->ring_bytes)))
                return false;
        }
        wrap(thread);
    }
    uint64_t tail, size = hl_session->ring_bytes, used = used_bytes(thread, &tail);
    if (size - used < HL_RECORD_BYTES_MAX) {
        if (!must && hl_session->board->on_full == HL_ON_FULL_DROP)
            return hl_event_ring(), false;
        if (!wait_for_room(thread, hl_ring_resume((uint32_t)size)))
            return false;
        used = used_bytes(thread, &tail);
    } else if (used > size / 4) {
        hl_event_ring();
    }
    uint64_t room = size - used, stretch = size / 4 + HL_RECORD_BYTES_MAX;
    if (room > stretch)
        room = stretch;
    if (room > (uint64_t)(thread->ring_end - thread->cursor))
        room = (uint64_t)(thread->ring_end - thread->cursor);
    thread->limit = thread->cursor + room;
    return true;
}

HL_COLD bool hl_event_room(struct hl_thread *thread)
{
    if (make_room(thread, false))
        return true;
    drop(thread);
    return false;
}

HL_COLD void hl_event_tick(struct hl_thread *thread, uint64_t now_ns)
{
    thread->now_ns = now_ns;
    uint64_t *record = (uint64_t *)thread->cursor;
    record[0] = hl_record_word(HL_RECORD_TIME, now_ns & ((UINT64_C(1) << 56) - 1));
    thread->cursor = (char *)(record + 1);
    hl_py_tick(thread);
}

/* Sends frames [from, to) counted from the outermost. */
static bool send_frames(struct hl_thread *thread, uint32_t from, uint32_t to)
{
    if ((size_t)(thread->limit - thread->cursor) < HL_RECORD_BYTES_MAX && !hl_event_room(thread))
        return false;
    uint64_t *record = (uint64_t *)thread->cursor;
    record[0] = hl_record_word(HL_RECORD_FRAMES, 0);
    record[1] = hl_record_stack(0, to - from, from);
    for (uint32_t i = from; i < to; i++)
        record[2 + to - 1 - i] = thread->frames[i].pc;
    hl_event_end(thread, record + 2 + (to - from));
    return true;
}

HL_COLD uint64_t *hl_event_after_capture(struct hl_thread *thread, size_t words, uint64_t *stack)
{
    uint32_t depth = thread->depth, kept = thread->unchanged;
    if (thread->check) {                 /* every stack whole, so that the differences can be compared with it too */
        hl_stack_check(thread);
        kept = 0;
    }
    for (; depth - kept > HL_RECORD_FRESH_MAX; kept += HL_RECORD_FRESH_MAX)
        if (!send_frames(thread, kept, kept + HL_RECORD_FRESH_MAX))
            return NULL;
    if ((size_t)(thread->limit - thread->cursor) < HL_RECORD_BYTES_MAX && !hl_event_room(thread))
        return NULL;
    uint64_t *record = (uint64_t *)thread->cursor;
    for (uint32_t k = 0; k < depth - kept; k++)
        record[words + k] = thread->frames[depth - 1 - k].pc;
    *stack = hl_record_stack(0, depth - kept, kept);
    return record;
}

HL_COLD void hl_event_size_high(struct hl_thread *thread, size_t size)
{
    hl_event_word(thread, HL_RECORD_SIZE_HIGH, size >> HL_RECORD_SIZE_BITS);
}

void hl_event_realloc(struct hl_thread *thread, enum hl_record_kind kind, const void *old, uint8_t generation, const void *p, size_t size,
                      struct hl_frame origin)
{
    uint8_t next = ++*hl_generation(p);
    if (HL_UNLIKELY(size > HL_RECORD_SIZE_MASK))
        hl_event_size_high(thread, size);
    uint64_t *end, *record = hl_event_stack(thread, origin, 3, size, &end);
    if (HL_UNLIKELY(!record))
        return;
    /* hl_event_stack wrote the stack word at [1] and the frames at [3]: make way for the old block in front. */
    record[2] = record[1];
    record[1] = hl_record_block(kind, next, (uintptr_t)p);
    record[0] = hl_record_block(HL_RECORD_REALLOC, generation, (uintptr_t)old);
    hl_event_end(thread, end);
    if (HL_UNLIKELY(thread->ignoring))
        hl_event_ignore(thread, p);
}

HL_COLD void hl_event_ignore(struct hl_thread *thread, const void *p)
{
    hl_event_word(thread, HL_RECORD_IGNORE, hl_record_payload(hl_record_block(HL_RECORD_IGNORE, *hl_generation(p), (uintptr_t)p)));
}

uint64_t hl_event_sequence(void)
{
    return atomic_fetch_add_explicit(&hl_session->segment->map_sequence, 1, memory_order_acq_rel);
}

void hl_event_map(struct hl_thread *thread, const void *p, size_t length, enum hl_map_class class, struct hl_frame origin)
{
    uint64_t sequence = hl_event_sequence();
    uint64_t *end, *record = hl_event_stack(thread, origin, 4, 0, &end);
    if (!record)
        return;
    record[0] = hl_record_block(HL_RECORD_MAP, (uint8_t)class, (uintptr_t)p);
    record[2] = length;
    record[3] = sequence;
    hl_event_end(thread, end);
}

void hl_event_unmap(struct hl_thread *thread, const void *p, size_t length, uint64_t sequence)
{
    uint64_t *record = hl_event_begin(thread);
    if (!record)
        return;
    record[0] = hl_record_block(HL_RECORD_UNMAP, 0, (uintptr_t)p);
    record[1] = length;
    record[2] = sequence;
    hl_event_end(thread, record + 3);
}

void hl_event_remap(struct hl_thread *thread, const void *old, size_t old_length, const void *p, size_t length, struct hl_frame origin)
{
    uint64_t sequence = hl_event_sequence();
    uint64_t *end, *record = hl_event_stack(thread, origin, 6, 0, &end);
    if (!record)
        return;
    record[0] = hl_record_block(HL_RECORD_REMAP, 0, (uintptr_t)p);
    record[2] = length;
    record[3] = sequence;
    record[4] = (uintptr_t)old;
    record[5] = old_length;
    hl_event_end(thread, end);
}

void hl_event_protect(struct hl_thread *thread, const void *p, size_t length, enum hl_map_class class)
{
    uint64_t *record = hl_event_begin(thread);
    if (!record)
        return;
    record[0] = hl_record_block(HL_RECORD_PROTECT, (uint8_t)class, (uintptr_t)p);
    record[1] = length;
    record[2] = hl_event_sequence();
    hl_event_end(thread, record + 3);
}

void hl_event_break(struct hl_thread *thread, intptr_t growth, struct hl_frame origin)
{
    uint64_t sequence = hl_event_sequence();
    uint64_t *end, *record = hl_event_stack(thread, origin, 4, 0, &end);
    if (!record)
        return;
    record[0] = hl_record_word(HL_RECORD_BREAK, 0);
    record[2] = (uint64_t)growth;
    record[3] = sequence;
    hl_event_end(thread, end);
}

void hl_event_word(struct hl_thread *thread, enum hl_record_kind kind, uint64_t payload)
{
    if ((size_t)(thread->limit - thread->cursor) < HL_RECORD_BYTES_MAX && !make_room(thread, true))
        return;
    uint64_t *record = (uint64_t *)thread->cursor;
    record[0] = hl_record_word(kind, payload);
    hl_event_end(thread, record + 1);
}

void hl_event_bytes(struct hl_thread *thread, const uint64_t *words, size_t n, const void *bytes, size_t length)
{
    if ((size_t)(thread->limit - thread->cursor) < HL_RECORD_BYTES_MAX && !make_room(thread, true))
        return;
    uint64_t *record = (uint64_t *)thread->cursor;
    memcpy(record, words, n * sizeof(uint64_t));
    size_t byte_words = (length + 7) / 8;
    if (byte_words)
        record[n + byte_words - 1] = 0;
    memcpy(record + n, bytes, length);
    hl_event_end(thread, record + n + byte_words);
}

void hl_event_path(struct hl_thread *thread, uint64_t *words, size_t n, const char *path)
{
    size_t length = strlen(path), limit = HL_RECORD_BYTES_MAX - n * sizeof(uint64_t) - 64;
    if (length > limit)
        length = limit;
    words[0] |= length;
    hl_event_bytes(thread, words, n, path, length);
}
