/* What a part of the program cost: the figures of every report, and the measures that order them. */
#ifndef HEAPLINE_ANALYZE_COSTS_H
#define HEAPLINE_ANALYZE_COSTS_H

#include "../trace/model.h"

/* All in blocks and bytes as the program asked for them. `live` is held at the end of what is looked at, `peak` at the moment
 * of the largest live figure of the process. Inherited blocks (held by the parent at a fork) count in live and peak, not in
 * allocations. */
struct costs {
    uint64_t allocations, allocated_bytes;
    uint64_t frees, freed_bytes;
    uint64_t temporary, temporary_bytes;
    uint64_t live_blocks, live_bytes;
    uint64_t peak_blocks, peak_bytes;
};

enum measure { MEASURE_PEAK, MEASURE_LIVE, MEASURE_ALLOCATED, MEASURE_COUNT, MEASURE_TEMPORARY };
#define MEASURES 5

extern const char *const measure_names[];                  /* as --by takes them, NULL-terminated */
extern const char *const measure_meanings[];               /* for people: "bytes held at the peak" */

uint64_t costs_measure(const struct costs *costs, enum measure measure);
bool measure_is_bytes(enum measure measure);               /* false: a number of allocations */
bool costs_none(const struct costs *costs);                /* every figure is 0 */
void costs_add(struct costs *sum, const struct costs *costs);

/* For sorting: the larger measure first; equal ones by what else they cost. */
int costs_compare(const struct costs *a, const struct costs *b, enum measure by);

/* Everything but the peak. Figures that cannot be (more freed than held) give 0, never a huge number. */
void costs_set_counts(struct costs *costs, const struct trace_counts *counts);
void counts_add(struct trace_counts *sum, const struct trace_counts *counts);
uint64_t counts_live_bytes(const struct trace_counts *counts);
uint64_t counts_live_blocks(const struct trace_counts *counts);

#endif
