/* The window of time that a process may ask about (heapline.h, heapline_window): tests are measured by it. */
#ifndef HEAPLINE_COLLECT_WINDOW_H
#define HEAPLINE_COLLECT_WINDOW_H

#include <stdint.h>

struct hl_ring_head;
struct target;

struct window {
    uint32_t epoch;               /* blocks born in it or later are of the window */
    uint64_t allocated_bytes, allocations;   /* of the process's heap before it */
};

/* Both want all events up to this moment read, and held blocks settled. The answer takes time with the number of live blocks and of sites. */
void window_answer(const struct target *target, struct hl_ring_head *head);
void window_begin(struct target *target);

#endif
