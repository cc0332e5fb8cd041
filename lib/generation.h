/* One byte per 16 bytes of address space that counts how often a block began there.
 *
 * After the real malloc returned p its owner adds one: generation(p) names this block among all that stood at p, so that a free
 * finds its allocation in whatever order the rings are read. Only the owner of an address touches its byte: no atomics. Allocators that hand
 * out addresses at odd multiples of 8 use a second table, so that two owners never share a byte.
 *
 * Tables appear on first use, 4 MB of address space for 64 MB of heap, of which the kernel gives pages when they are touched:
 * 1/16 of the heap. Hook safe; a forked child inherits its own copy.
 */
#ifndef HEAPLINE_GENERATION_H
#define HEAPLINE_GENERATION_H

#include "base.h"

#define HL_GENERATION_SPAN_BITS 26     /* one table covers 64 MB */
#define HL_GENERATION_TABLES (1u << (47 - HL_GENERATION_SPAN_BITS))

extern uint8_t **hl_generation_tables[2];            /* [odd multiples of 8]: HL_GENERATION_TABLES pointers, or NULL */

/* Makes the table for `address`; where that is impossible, a shared byte that pairs as well as addresses alone do. */
uint8_t *hl_generation_make(uintptr_t address);

/* Bytes of the tables that are resident now. */
uint64_t hl_generation_resident(void);

HL_INLINE uint8_t *hl_generation(const void *p)
{
    uintptr_t address = (uintptr_t)p;
    /* Relaxed: tables come zeroed from the kernel, there is nothing before them to be ordered. */
    uint8_t **tables = __atomic_load_n(&hl_generation_tables[address >> 3 & 1], __ATOMIC_RELAXED);
    if (HL_LIKELY(tables != NULL)) {
        uint8_t *bytes = __atomic_load_n(&tables[address >> HL_GENERATION_SPAN_BITS & (HL_GENERATION_TABLES - 1)], __ATOMIC_RELAXED);
        if (HL_LIKELY(bytes))
            return bytes + (address >> 4 & ((1u << (HL_GENERATION_SPAN_BITS - 4)) - 1));
    }
    return hl_generation_make(address);
}

#endif
