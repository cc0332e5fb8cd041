/* Turns what a hook saw into records of the thread's ring. The thread's state must be BUSY (hl_enter). Hook safe, errno kept. */
#ifndef HEAPLINE_EVENT_H
#define HEAPLINE_EVENT_H

#include "arch.h"
#include "generation.h"
#include "py.h"
#include "session.h"
#include "stack.h"
#include "thread.h"

#define HL_RECORD_BYTES_MAX (HL_RECORD_WORDS_MAX * sizeof(uint64_t))

/* The caller of the hook that this stands in: must be used in the hook itself. */
#define HL_ORIGIN() ({ struct hl_frame origin_; hl_arch_frame_start(&origin_); origin_; })

/* Makes room for one record of any length: wraps, waits, rings the doorbell. False: there is none, the event is counted as dropped. */
bool hl_event_room(struct hl_thread *thread);
void hl_event_tick(struct hl_thread *thread, uint64_t now_ns);

/* Room for a record. NULL: dropped and counted. */
HL_INLINE uint64_t *hl_event_begin(struct hl_thread *thread)
{
    if (HL_UNLIKELY((size_t)(thread->limit - thread->cursor) < HL_RECORD_BYTES_MAX) && !hl_event_room(thread))
        return NULL;
    uint64_t now = atomic_load_explicit(thread->tick, memory_order_relaxed);
    if (HL_UNLIKELY(now != thread->now_ns))
        hl_event_tick(thread, now);
    return (uint64_t *)thread->cursor;
}

/* Publishes everything up to `end`. */
HL_INLINE void hl_event_end(struct hl_thread *thread, uint64_t *end)
{
    thread->cursor = (char *)end;
    atomic_store_explicit(&thread->head->head, (uintptr_t)end - thread->bias, memory_order_release);
}

/* The rare cases after a capture: a module was announced meanwhile, the stack is too long for one record (its outer part is sent ahead), checking
 * mode. Returns where the record begins now, its return addresses at `words`, the stack word in *stack; NULL: dropped and counted. */
uint64_t *hl_event_after_capture(struct hl_thread *thread, size_t words, uint64_t *stack);

/* The same with Python frames merged in (py_capture.c). */
uint64_t *hl_py_stack(struct hl_thread *thread, struct hl_frame origin, size_t words, uint64_t size, uint64_t **end);

/* Captures the stack, writes its return addresses at record + words and returns the record, *end behind it. NULL: dropped and counted. */
HL_INLINE uint64_t *hl_event_stack(struct hl_thread *thread, struct hl_frame origin, size_t words, uint64_t size, uint64_t **end)
{
    if (HL_UNLIKELY(thread->python))
        return hl_py_stack(thread, origin, words, size, end);
    uint64_t *record = hl_event_begin(thread);
    if (HL_UNLIKELY(!record))
        return NULL;
    uint64_t stack = hl_stack_capture(thread, origin.pc, origin.sp, origin.fp, record + words);
    if (HL_UNLIKELY(stack == HL_CAPTURE_RARE || thread->check)) {
        record = hl_event_after_capture(thread, words, &stack);
        if (!record)
            return NULL;
    }
    record[1] = stack | (size & HL_RECORD_SIZE_MASK);
    *end = record + words + hl_stack_words(stack);
    return record;
}

/* Sends bits 40 and up of the size of the block that the next record tells of. */
void hl_event_size_high(struct hl_thread *thread, size_t size);

/* The block that stands at p is no leak, whatever comes. */
void hl_event_ignore(struct hl_thread *thread, const void *p);

/* A block of `size` bytes began at p. `kind`: ALLOC or OBJECT. */
HL_INLINE void hl_event_block(struct hl_thread *thread, enum hl_record_kind kind, const void *p, size_t size, struct hl_frame origin)
{
    uint8_t generation = ++*hl_generation(p);
    if (HL_UNLIKELY(size > HL_RECORD_SIZE_MASK))
        hl_event_size_high(thread, size);
    uint64_t *end, *record = hl_event_stack(thread, origin, 2, size, &end);
    if (HL_UNLIKELY(!record))
        return;
    record[0] = hl_record_block(kind, generation, (uintptr_t)p);
    hl_event_end(thread, end);
    if (HL_UNLIKELY(thread->ignoring))
        hl_event_ignore(thread, p);
}

HL_INLINE void hl_event_alloc(struct hl_thread *thread, const void *p, size_t size, struct hl_frame origin)
{
    hl_event_block(thread, HL_RECORD_ALLOC, p, size, origin);
}

/* A free in a thread of Python's where more is to be looked at: its cyclic collector is at work, or lines are watched (py_capture.c). */
enum hl_record_kind hl_py_free_kind(struct hl_thread *thread, struct hl_frame origin);

/* The block at p is about to be freed. */
HL_INLINE void hl_event_free(struct hl_thread *thread, const void *p, struct hl_frame origin)
{
    enum hl_record_kind kind = HL_UNLIKELY(thread->python && hl_py_free_is_special(thread->python)) ? hl_py_free_kind(thread, origin) : HL_RECORD_FREE;
    uint64_t *record = hl_event_begin(thread);
    if (HL_UNLIKELY(!record))
        return;
    record[0] = hl_record_block(kind, *hl_generation(p), (uintptr_t)p);
    hl_event_end(thread, record + 1);
}

/* The block at `old`, of generation `generation` when it was handed to realloc, became `size` bytes at p. `kind`: ALLOC or OBJECT. */
void hl_event_realloc(struct hl_thread *thread, enum hl_record_kind kind, const void *old, uint8_t generation, const void *p, size_t size,
                      struct hl_frame origin);

/* A mapping; `sequence` from hl_event_sequence: before the call that takes addresses away, after the one that gives them. */
uint64_t hl_event_sequence(void);
void hl_event_map(struct hl_thread *thread, const void *p, size_t length, enum hl_map_class class, struct hl_frame origin);
void hl_event_unmap(struct hl_thread *thread, const void *p, size_t length, uint64_t sequence);
void hl_event_remap(struct hl_thread *thread, const void *old, size_t old_length, const void *p, size_t length, struct hl_frame origin);
void hl_event_protect(struct hl_thread *thread, const void *p, size_t length, enum hl_map_class class);
void hl_event_break(struct hl_thread *thread, intptr_t growth, struct hl_frame origin);

/* Wakes the collector if it sleeps. */
void hl_event_ring(void);

/* A record of one word with a payload. */
void hl_event_word(struct hl_thread *thread, enum hl_record_kind kind, uint64_t payload);
/* A record of `n` words followed by bytes, zero padded; not longer than a record may be. Waits for room even where events are dropped. */
void hl_event_bytes(struct hl_thread *thread, const uint64_t *words, size_t n, const void *bytes, size_t length);
/* A text that is only in memory, under a name of at most 256 bytes. Not inside of a hook: it enters by itself, for each record. */
void hl_event_text(const char *name, const char *text, size_t bytes);
/* The same with a path; its length, cut to what fits, is added to words[0]. */
void hl_event_path(struct hl_thread *thread, uint64_t *words, size_t n, const char *path);

#endif
