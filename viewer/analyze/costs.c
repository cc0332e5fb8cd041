#include "costs.h"

const char *const measure_names[] = {
    "peak", "live", "allocated", "count", "temporary", "transient", "cyclic", "moved", "native", NULL,
};
const char *const measure_meanings[] = {
    "bytes held at the peak", "bytes held at the end", "bytes allocated", "number of allocations",
    "number of temporary allocations", "bytes freed before their line was left", "bytes that waited for the cyclic collector",
    "bytes moved by reallocation", "bytes beside Python's objects, held at the peak", NULL,
};

uint64_t costs_measure(const struct costs *costs, enum measure measure)
{
    switch (measure) {
    case MEASURE_PEAK: return costs->peak_bytes;
    case MEASURE_LIVE: return costs->live_bytes;
    case MEASURE_ALLOCATED: return costs->allocated_bytes;
    case MEASURE_COUNT: return costs->allocations;
    case MEASURE_TEMPORARY: return costs->temporary;
    case MEASURE_TRANSIENT: return costs->transient_bytes;
    case MEASURE_CYCLIC: return costs->collected_bytes;
    case MEASURE_MOVED: return costs->moved_bytes;
    case MEASURE_NATIVE: return costs->native_peak_bytes;
    }
    return 0;
}

bool measure_is_bytes(enum measure measure)
{
    return measure != MEASURE_COUNT && measure != MEASURE_TEMPORARY;
}

bool costs_none(const struct costs *costs)
{
    return !(costs->allocations | costs->frees | costs->live_blocks | costs->live_bytes | costs->peak_blocks | costs->peak_bytes);
}

uint64_t costs_native(const struct costs *costs, enum measure by)
{
    if (by == MEASURE_PEAK)
        return costs->native_peak_bytes;
    return by == MEASURE_LIVE ? costs->native_live_bytes : costs->native_allocated_bytes;
}

void costs_add(struct costs *sum, const struct costs *costs)
{
    sum->allocations += costs->allocations;
    sum->allocated_bytes += costs->allocated_bytes;
    sum->frees += costs->frees;
    sum->freed_bytes += costs->freed_bytes;
    sum->temporary += costs->temporary;
    sum->temporary_bytes += costs->temporary_bytes;
    sum->live_blocks += costs->live_blocks;
    sum->live_bytes += costs->live_bytes;
    sum->peak_blocks += costs->peak_blocks;
    sum->peak_bytes += costs->peak_bytes;
    sum->collected += costs->collected;
    sum->collected_bytes += costs->collected_bytes;
    sum->moved += costs->moved;
    sum->moved_bytes += costs->moved_bytes;
    sum->native_peak_bytes += costs->native_peak_bytes;
    sum->native_live_bytes += costs->native_live_bytes;
    sum->native_allocated_bytes += costs->native_allocated_bytes;
    sum->transient += costs->transient;
    sum->transient_bytes += costs->transient_bytes;
}

static int larger_first(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

int costs_compare(const struct costs *a, const struct costs *b, enum measure by)
{
    int order = larger_first(costs_measure(a, by), costs_measure(b, by));
    if (order == 0)
        order = larger_first(a->peak_bytes, b->peak_bytes);
    return order ? order : larger_first(a->allocated_bytes, b->allocated_bytes);
}

static uint64_t left(uint64_t came, uint64_t went)
{
    return came > went ? came - went : 0;
}

uint64_t counts_live_bytes(const struct trace_counts *counts)
{
    return left(counts->allocated_bytes + counts->inherited_bytes, counts->freed_bytes);
}

uint64_t counts_live_blocks(const struct trace_counts *counts)
{
    return left(counts->allocations + counts->inherited, counts->frees);
}

void costs_set_counts(struct costs *costs, const struct trace_counts *counts)
{
    costs->allocations = counts->allocations;
    costs->allocated_bytes = counts->allocated_bytes;
    costs->frees = counts->frees;
    costs->freed_bytes = counts->freed_bytes;
    costs->temporary = counts->temporary;
    costs->temporary_bytes = counts->temporary_bytes;
    costs->collected = counts->collected;
    costs->collected_bytes = counts->collected_bytes;
    costs->moved = counts->moved;
    costs->moved_bytes = counts->moved_bytes;
    costs->transient = counts->transient;
    costs->transient_bytes = counts->transient_bytes;
    costs->live_blocks = counts_live_blocks(counts);
    costs->live_bytes = counts_live_bytes(counts);
}
