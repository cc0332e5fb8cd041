/* Shared memory between a target and the collector.
 *
 * Two mappings. The *board* (one page, one a run) is written by the collector and seen by every process: the clock tick, the doorbell,
 * the switch. A *segment* (one a process) holds the rings; the collector creates and seals it, so that neither
 * side can pull memory from under the other.
 *
 * A ring has one producer, the thread that owns it, and one consumer, the collector. `head` and `tail` count bytes since
 * the ring was made and only grow; the word at byte b stands at data[b % size]. The producer writes a whole record and then
 * publishes it with a release store of `head`; the collector loads `head` with acquire, decodes, and releases `tail`. Records never wrap:
 * a PAD record fills the end. Everything published survives the death of the target, however it dies.
 *
 * The collector believes nothing it reads here: it copies a value, checks it, then uses the copy.
 */
#ifndef HEAPLINE_WIRE_SEGMENT_H
#define HEAPLINE_WIRE_SEGMENT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HL_WIRE_MAGIC UINT64_C(0x386c70656c686568)   /* changes with every change of record.h, segment.h, hello.h */

enum hl_board_state { HL_BOARD_ON = 1, HL_BOARD_OFF = 2 };   /* OFF: every target passes through from now on */
enum hl_python_mode { HL_PYTHON_MODE_OBJECTS, HL_PYTHON_MODE_ARENAS, HL_PYTHON_MODE_OFF };
enum hl_on_full { HL_ON_FULL_WAIT, HL_ON_FULL_DROP };

/* A process has one window of time, which begins where it is told to; what happened in it, or in all of its life before the first. */
enum hl_window_figure { HL_WINDOW_PEAK_BYTES, HL_WINDOW_ALLOCATED_BYTES, HL_WINDOW_ALLOCATIONS, HL_WINDOW_LEFT_BYTES, HL_WINDOW_LEFT_BLOCKS, HL_WINDOW_FIGURES };

struct hl_board {
    uint64_t magic;
    _Atomic uint32_t state;
    uint32_t on_full;
    uint32_t check;                                  /* compare every stack with libunwind's */
    uint32_t ring_bytes;                             /* a power of two */
    uint32_t python;                                 /* enum hl_python_mode */
    uint32_t snapshot_signal;                        /* asks a process for a snapshot; 0: nobody does */
    uint32_t snapshot_at_exit;                       /* take one when a process ends */
    uint32_t snapshot_flags;                         /* enum hl_snapshot_flag */
    uint32_t graph;                                  /* write the reference graph with every snapshot (graph.h); without, with those that are asked for */
    uint32_t mark_signal;                            /* makes a mark "iteration"; 0: none does */
    _Alignas(64) _Atomic uint64_t now_ns;            /* since the start of the run; the collector's tick */
    _Alignas(64) _Atomic uint32_t doorbell;          /* futex: targets add 1 and wake when `asleep` */
    _Atomic uint32_t asleep;                         /* the collector waits on the doorbell */
};

/* A producer that found its ring full goes on when this much of it is free, in bytes: long stretches, few switches. */
static inline uint64_t hl_ring_resume(uint32_t ring_bytes) { return ring_bytes / 2; }

struct hl_ring_head {
    _Alignas(64) _Atomic uint64_t head;              /* producer: bytes published */
    _Atomic uint32_t owner;                          /* tid of the thread that writes, 0: never used */
    _Atomic uint32_t waiting;                        /* futex: the producer waits here for room */
    _Atomic uint64_t dropped;                        /* events not recorded (--on-full drop, nested too deep) */
    _Atomic uint64_t waits, wait_ns;
    _Atomic uint64_t stacks_checked, stacks_wrong;   /* checking mode */
    _Atomic uint64_t answer_bytes, answer_peak;      /* collector: live and peak bytes of the process at the QUERY */
    _Atomic uint64_t answer_window[HL_WINDOW_FIGURES];   /* collector: of the process's window, at a QUERY with HL_QUERY_WINDOW */
    _Atomic uint32_t answer;                         /* collector, futex: number of the last QUERY that was answered */
    _Atomic uint64_t cut;                            /* bytes published when the threads stood still for snapshot `cut_number` */
    _Alignas(64) _Atomic uint64_t tail;              /* collector: bytes consumed */
};

struct hl_segment {
    uint64_t magic;
    uint32_t rings;                                  /* how many there is room for */
    uint32_t ring_bytes;
    uint64_t data_offset;                            /* of ring 0, bytes from the start of the segment */
    _Atomic uint32_t rings_used;                     /* rings 0..rings_used-1 have or had an owner */
    _Atomic uint32_t unowned_threads;                /* threads that found no ring */
    _Atomic uint64_t unowned_events;                 /* and what they could not record */
    _Atomic uint64_t map_sequence;                   /* orders mmap, munmap, mremap, mprotect, brk of all threads */
    _Atomic uint64_t self_bytes;                     /* private memory that the library mapped for itself */
    _Atomic uint32_t cut_number;                     /* target: number of the last snapshot; the rings' cuts are those of it. 0: none yet */
    _Atomic uint32_t cut_taken;                      /* collector, futex: the last snapshot for which all rings were read up to their cuts */
    _Atomic uint32_t filtered;                       /* either side, 1: the process may be forbidden system calls (seccomp): it takes no snapshots */
    _Atomic uint32_t snapshot_ready;                 /* target: 1: it listens to the board's snapshot_signal */
    struct hl_ring_head heads[];
};

static inline size_t hl_segment_bytes(uint32_t rings, uint32_t ring_bytes)
{
    size_t heads = sizeof(struct hl_segment) + rings * sizeof(struct hl_ring_head);
    return ((heads + 4095) & ~(size_t)4095) + (size_t)rings * ring_bytes;
}

static inline uint64_t *hl_segment_ring(const struct hl_segment *segment, uint64_t data_offset, uint32_t ring_bytes, uint32_t i)
{
    return (uint64_t *)((char *)segment + data_offset + (size_t)i * ring_bytes);
}

#endif
