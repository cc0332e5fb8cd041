/* A target that lies: bytes turned into ring words, heads and lane counts, which the collector reads as it would a real one's. */
#ifndef HEAPLINE_TESTS_DRAIN_INPUT_H
#define HEAPLINE_TESTS_DRAIN_INPUT_H

#include "../../viewer/collect/collector.h"

#define LIAR_RING_BYTES 8192u

/* A target with `rings` rings whose segment ends where an allocation ends, and the collector that reads it into nothing. */
struct liar {
    struct collector collector;
    struct hl_board board;
    struct target *target;
    uint64_t heads[2048];                 /* bytes written to each ring, apart from what it claims */
};

void liar_open(struct liar *liar, uint32_t rings);
void liar_open_at(struct liar *liar, uint32_t rings, const char *trace);       /* which is written there, not into nothing */
void liar_open_with(struct liar *liar, uint32_t rings, uint32_t ring_bytes);

/* Writes words at a ring's head and publishes them. They wrap where the ring ends, as real records never do. */
void liar_write(struct liar *liar, uint32_t ring, const uint64_t *words, size_t n);

/* Another process of the same collector, without rings; and its end. */
struct target *liar_child(struct liar *liar);
void liar_end_child(struct target *child);

/* Reads the rest, ends the section and gives everything back. */
void liar_close(struct liar *liar);

/* Plays the bytes as a script of writes, false heads, drains, epochs and forks. */
void drain_input(const uint8_t *data, size_t size);

#endif
