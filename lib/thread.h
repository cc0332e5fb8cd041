/* What the library keeps for each thread, and how a hook enters and leaves it.
 *
 * A thread's state lives in memory of our own mapping (thread-local storage holds only the pointer, so that small stacks stay small), which the
 * kernel wipes in a forked child: state HL_THREAD_UNREADY then sends the first hook to the slow path, which attaches
 * the child to the collector as a process of its own. No decision hangs on getpid.
 *
 * Threads end without telling us. A new thread takes over the ring and the state of one whose tid is gone.
 *
 * Signals: between hl_enter and hl_leave the state is BUSY. A handler that allocates meanwhile is given the thread's `nested`
 * state, whose records go to a side buffer with whole stacks; the interrupted hook appends them to the ring when it leaves.
 */
#ifndef HEAPLINE_THREAD_H
#define HEAPLINE_THREAD_H

#include "arch.h"
#include "base.h"
#include "wire/record.h"
#include "wire/segment.h"

#define HL_STACK_MAX 16000             /* frames; deeper stacks are truncated at the outer end */
#define HL_NESTED_WORDS 4096

/* INSIDE: in an allocator that stands in front of malloc, and is recorded in its place: what it asks of malloc passes through. */
enum hl_thread_status { HL_THREAD_UNREADY, HL_THREAD_READY, HL_THREAD_BUSY, HL_THREAD_INSIDE };
enum hl_thread_pending {
    HL_PENDING_NESTED = 1,             /* records of the nested state */
    HL_PENDING_PYTHON = 2,             /* a look at the interpreter */
    HL_PENDING_SNAPSHOT = 4,           /* the snapshot signal came inside of the hook */
};

/* One frame of the last walk: the state in which unwinding arrived there, and where the words stand that led to it. */
struct hl_walked {
    uintptr_t pc, sp;                  /* return address; stack pointer */
    HL_ARCH_SLOT_FIELD                 /* where pc was read; of the innermost frame: nowhere */
    uintptr_t fp;                      /* with HL_FP_USED: the frame pointer that the frame's rule starts from */
    uintptr_t fp_slot;                 /* where fp was read, 0: it is still that of the next inner frame; | HL_FP_USED */
};

#define HL_FP_USED ((uintptr_t)1)

struct hl_thread {
    uint32_t status;                   /* enum hl_thread_status */
    uint32_t pending;                  /* something is to be done when the hook has left: enum hl_thread_pending */
    char *cursor, *limit;              /* next record goes to cursor; limit: when to look for room */
    uintptr_t bias;                    /* bytes ever published = cursor - bias */
    struct hl_ring_head *head;
    uint64_t now_ns;                   /* the tick in the last TIME record */
    const _Atomic uint64_t *tick;      /* the board's clock */
    uint32_t depth;                    /* frames of the last walk that the collector knows too */
    uint32_t unchanged;                /* how many outermost frames the last walk left as they were */
    uint32_t check;                    /* checking mode */
    uint32_t ignoring;                 /* how often the program said that what it allocates now is no leak */
    uintptr_t origin_sp;               /* of the last walk's innermost frame */
    char *ring, *ring_end;
    struct hl_thread *nested;          /* NULL in a nested state */
    struct hl_py_thread *python, *python_room;   /* py.h; NULL: stacks are native; what is mapped for it, also of the thread before */
    struct hl_ring_head own_head;      /* of a nested state */
    uint64_t patches[HL_RECORD_PATCHES_MAX + 1];   /* scratch of the walk at work */
    struct hl_walked bottom;                 /* stands outside of frames[0], its sp above all others: stops searches */
    struct hl_walked frames[HL_STACK_MAX];   /* of the last walk, outermost first */
    struct hl_walked fresh[HL_STACK_MAX];    /* scratch of the walk at work, innermost first */
    uint64_t nested_words[HL_NESTED_WORDS];
};

extern __thread struct hl_thread *hl_self;

/* A signal handler asks: the thread (NULL: none of ours) is inside of a hook, and what has to wait for its end goes into `pending`. */
HL_INLINE int hl_is_inside(const struct hl_thread *thread)
{
    return thread && (thread->status == HL_THREAD_BUSY || thread->status == HL_THREAD_INSIDE);
}

/* Slow entry: attach, take a ring, or hand out the nested state. NULL: pass through, nothing is recorded. */
struct hl_thread *hl_enter_slow(void);
/* Does what is pending: appends what handlers recorded meanwhile; looks at the interpreter. */
void hl_leave_slow(struct hl_thread *thread);

HL_INLINE struct hl_thread *hl_enter(void)
{
    struct hl_thread *thread = hl_self;
    if (HL_UNLIKELY(!thread || thread->status != HL_THREAD_READY))
        return hl_enter_slow();
    thread->status = HL_THREAD_BUSY;
    HL_SIGNAL_FENCE();
    return thread;
}

HL_INLINE void hl_leave(struct hl_thread *thread)
{
    HL_SIGNAL_FENCE();
    thread->status = HL_THREAD_READY;
    HL_SIGNAL_FENCE();
    if (HL_UNLIKELY(thread->pending))
        hl_leave_slow(thread);
}

#endif
