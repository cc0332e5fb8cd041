#include "report.h"

#include "../base/xalloc.h"

#include <stdlib.h>

uint64_t report_size_limit(unsigned size_class)
{
    return UINT64_C(1) << size_class;
}

uint64_t report_peak_bytes(const struct profile *profile, uint32_t process)
{
    const struct trace_process_end *end = &profile->trace->ends[process];
    const struct selection *selection = &profile->selection;
    bool part = selection->thread || selection->files.n || selection->functions.n || selection->modules.n;
    if (!part && !profile->processes[process].replayed && profile->selection.memory == MEMORY_HEAP)
        return end->totals.peak_bytes;
    return profile->processes[process].costs.peak_bytes;
}

static void sum_sizes(struct report *report)
{
    const struct profile *profile = report->profile;
    const struct selection *selection = &profile->selection;
    if (selection_is_part(selection) || selection->thread || selection->files.n || selection->functions.n ||
        selection->modules.n || selection->memory != MEMORY_HEAP)
        return;
    for (uint32_t p = 0; p < profile->trace->n_processes; p++) {
        const struct trace_process_end *end = &profile->trace->ends[p];
        if (!profile->processes[p].selected || !end->has_totals)
            continue;
        report->has_sizes = true;
        for (unsigned k = 0; k < TRACE_SIZE_CLASSES; k++) {
            report->size_count[k] += end->totals.size_count[k];
            report->size_bytes[k] += end->totals.size_bytes[k];
        }
    }
}

static void add_top(struct report *report, enum measure by, const uint32_t *owners)
{
    for (uint32_t i = 0; i < report->n_tops; i++)
        if (report->tops[i].by == by)
            return;
    lines_build_owned(&report->tops[report->n_tops++], report->profile, LINES_OWN, by, owners);
}

int report_init(struct report *report, const struct profile *profile, enum measure by, struct trace_error *error)
{
    const struct trace *trace = profile->trace;
    *report = (struct report){ .profile = profile, .threads = xcalloc(trace->n_threads, sizeof *report->threads) };
    for (uint32_t s = 0; s < trace->n_sites; s++)
        costs_add(&report->threads[trace->sites[s].thread], &profile->sites[s]);
    sum_sizes(report);
    uint32_t *owners = lines_owners(profile, LINES_OWN);
    add_top(report, by, owners);
    add_top(report, MEASURE_PEAK, owners);
    add_top(report, MEASURE_COUNT, owners);
    add_top(report, MEASURE_TEMPORARY, owners);
    if (profile->has_python)
        add_top(report, MEASURE_TRANSIENT, owners);
    free(owners);
    int status = timeline_build(&report->timeline, profile, error);
    if (status < 0)
        report_release(report);
    return status;
}

void report_release(struct report *report)
{
    for (uint32_t i = 0; i < report->n_tops; i++)
        lines_release(&report->tops[i]);
    free(report->threads);
    *report = (struct report){ 0 };
}
