/* The blocks of a snapshot, 40 bytes each, sorted by address. */
#ifndef HEAPLINE_ANALYZE_LEAKS_BLOCKS_H
#define HEAPLINE_ANALYZE_LEAKS_BLOCKS_H

#include "../base/vec.h"
#include "../trace/reader.h"

struct leaks_block {
    uint64_t address;
    uint64_t bytes : 48, reach : 8, passed : 1;      /* passed: another process answers for it */
    uint64_t at;
    uint64_t born_ns;
    uint32_t site;
    uint32_t mark;                /* INDIRECT: the block that leads to it. LOST: the group. TRACE_NONE: none */
};

struct leaks_blocks {
    struct leaks_block *items;
    size_t n, capacity;
    uint64_t *samples;            /* the address of every LEAKS_SAMPLE-th block: they stay in the cache */
    size_t n_samples;
};

#define LEAKS_SAMPLE 32

/* Reads those of a snapshot. Returns 0, or -errno with a sentence in *error; what was read before stays. */
int leaks_blocks_read(struct leaks_blocks *blocks, const struct trace *trace, uint32_t snapshot, struct trace_error *error);
void leaks_blocks_release(struct leaks_blocks *blocks);

/* The block that holds the address, or TRACE_NONE. *near, where the last search ended, makes neighbours quick. */
uint32_t leaks_blocks_find(const struct leaks_blocks *blocks, uint64_t address, uint32_t *near);

/* Sets the marks of all INDIRECT blocks to the LOST blocks at the ends of their chains of holders. */
void leaks_blocks_lead(struct leaks_blocks *blocks);

#endif
