#include "python_use.h"

#include "costs.h"
#include "selection.h"

#include <stdio.h>

static void add_site(const struct trace *trace, const struct trace_site_totals *site, struct python_use *use)
{
    uint64_t live = counts_live_bytes(&site->counts);
    enum trace_frame_kind leaf = stack_leaf_kind(trace, trace->sites[site->site].stack);
    if (leaf == TRACE_FRAME_OBJECT) {
        use->objects += site->counts.allocations;
        use->object_bytes += site->counts.allocated_bytes;
        use->object_peak += site->peak_bytes;
        use->object_live += live;
    } else if (leaf == TRACE_FRAME_ARENA) {
        use->arena_peak += site->peak_bytes;
        use->arena_live += live;
    } else if (selection_takes_kind(MEMORY_HEAP, leaf)) {
        use->native_peak += site->peak_bytes;
        use->native_live += live;
    }
}

void python_use_of(const struct trace *trace, uint32_t process, struct python_use *use)
{
    *use = (struct python_use){ 0 };
    for (size_t i = 0; i < trace->ends[process].n_sites; i++)
        add_site(trace, &trace->ends[process].sites[i], use);
}

struct python_version python_version_text(uint32_t hex)
{
    struct python_version version;
    unsigned major = hex >> 24, minor = hex >> 16 & 0xff, micro = hex >> 8 & 0xff, level = hex >> 4 & 0xf, serial = hex & 0xf;
    int n = snprintf(version.text, sizeof version.text, "%u.%u.%u", major, minor, micro);
    if (level != 0xf && level >= 0xa && level <= 0xc)
        snprintf(version.text + n, sizeof version.text - (size_t)n, "%s%u", level == 0xa ? "a" : level == 0xb ? "b" : "rc",
                 serial);
    return version;
}
