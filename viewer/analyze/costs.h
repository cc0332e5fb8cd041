/* What a part of the program cost: the figures of every report, and the measures that order them. */
#ifndef HEAPLINE_ANALYZE_COSTS_H
#define HEAPLINE_ANALYZE_COSTS_H

#include "../trace/model.h"

/* All in blocks and bytes as the program asked for them. `live` is held at the end of what is looked at, `peak` at
 * the moment of the largest live figure of the process. Inherited blocks (held by the parent at a fork) count in live
 * and peak, not in allocations. The native figures are parts of the others: of stacks with Python frames, what
 * Python's allocators did not hand out.
 *
 * Transient blocks stand where a Python line got rid of them: at the stack that ends in the frame on that line,
 * whoever allocated them under it (trace/model.h). They say nothing of blocks that this very stack allocated, so they
 * make no costs of their own. */
struct costs {
    uint64_t allocations, allocated_bytes;
    uint64_t frees, freed_bytes;
    uint64_t temporary, temporary_bytes;
    uint64_t live_blocks, live_bytes;
    uint64_t peak_blocks, peak_bytes;
    uint64_t collected, collected_bytes;
    uint64_t moved, moved_bytes;
    uint64_t native_peak_bytes, native_live_bytes, native_allocated_bytes;
    uint64_t transient, transient_bytes;
};

enum measure {
    MEASURE_PEAK, MEASURE_LIVE, MEASURE_ALLOCATED, MEASURE_COUNT, MEASURE_TEMPORARY,
    MEASURE_TRANSIENT, MEASURE_CYCLIC, MEASURE_MOVED, MEASURE_NATIVE,
};
#define MEASURES 9

extern const char *const measure_names[];                  /* as --by takes them, NULL-terminated */
extern const char *const measure_meanings[];               /* for people: "bytes held at the peak" */

uint64_t costs_measure(const struct costs *costs, enum measure measure);
bool measure_is_bytes(enum measure measure);               /* false: a number of allocations */
bool costs_none(const struct costs *costs);                /* nothing was allocated, freed or held: only transient figures may be there */
uint64_t costs_native(const struct costs *costs, enum measure by);   /* bytes, at the measure's moment; else of all allocated */
void costs_add(struct costs *sum, const struct costs *costs);

/* For sorting: the larger measure first; equal ones by what else they cost. */
int costs_compare(const struct costs *a, const struct costs *b, enum measure by);

/* Everything but the peak. Figures that cannot be (more freed than held) give 0, never a huge number. */
void costs_set_counts(struct costs *costs, const struct trace_counts *counts);
uint64_t counts_live_bytes(const struct trace_counts *counts);
uint64_t counts_live_blocks(const struct trace_counts *counts);

#endif
