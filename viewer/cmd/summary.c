#include "summary.h"

#include "../analyze/lines.h"
#include "../base/color.h"
#include "../base/format.h"
#include "../base/say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOP_LINES 5

struct sums {
    uint64_t allocations, allocated_bytes, live_bytes, live_blocks, temporary;
    uint64_t lost, truncated, unmatched, waits_ns, damaged;
    uint32_t largest;
};

static struct sums add_up(const struct trace *trace)
{
    struct sums sums = {.largest = TRACE_NONE};
    for (uint32_t i = 0; i < trace->n_processes; i++) {
        const struct trace_process_end *end = &trace->ends[i];
        const struct trace_counts *heap = &end->totals.heap;
        sums.allocations += heap->allocations;
        sums.allocated_bytes += heap->allocated_bytes;
        sums.temporary += heap->temporary;
        if (end->exit.kind != TRACE_EXIT_EXEC) {
            sums.live_bytes += heap->allocated_bytes + heap->inherited_bytes - heap->freed_bytes;
            sums.live_blocks += heap->allocations + heap->inherited - heap->frees;
        }
        sums.lost += end->losses.events;
        sums.truncated += end->losses.truncated_stacks;
        sums.unmatched += end->losses.unmatched_frees;
        sums.damaged += end->losses.damaged_records;
        sums.waits_ns += end->losses.wait_ns;
        if (sums.largest == TRACE_NONE || end->totals.peak_bytes > trace->ends[sums.largest].totals.peak_bytes)
            sums.largest = i;
    }
    return sums;
}

/* The last parts of a path: enough to know the file. */
static const char *short_path(const char *path)
{
    const char *p = path + strlen(path);
    for (int slashes = 0; p > path && slashes < 3; p--)
        slashes += p[-1] == '/';
    return p > path ? p + 1 : path;
}

static void print_name(const struct profile *profile, uint32_t location)
{
    struct strbuf name = STRBUF_INIT;
    location_add_name(&name, &profile->locations, location);
    fprintf(stderr, "%s\n", name.data);
    strbuf_release(&name);
}

static void print_row(const struct trace *trace, const struct profile *profile, const struct line_row *row)
{
    const struct location *location = &profile->locations.items[row->location];
    const char *function = location->function ? location->function : "?";
    fprintf(stderr, "  %10s  ", format_bytes(row->costs.peak_bytes).text);
    if (location->file && row->line)
        fprintf(stderr, "%s:%u  %.60s\n", short_path(location->file), row->line, function);
    else if (row->location == profile->locations.interpreter)
        fprintf(stderr, "%s\n", function);
    else if (location->function && location->module != TRACE_NONE)
        fprintf(stderr, "%.60s  (%s)\n", function, short_path(trace->modules[location->module].path));
    else if (location_is_extension(location))
        print_name(profile, row->location);
    else if (location->module != TRACE_NONE)
        fprintf(stderr, "%s+0x%llx\n", short_path(trace->modules[location->module].path), (unsigned long long)location->address);
    else
        fprintf(stderr, "[unknown code]\n");
}

static void print_top(struct trace *trace)
{
    struct selection selection = {.memory = MEMORY_HEAP};
    struct trace_error error;
    struct profile *profile;
    struct lines lines;
    if (profile_create(&profile, trace, &selection, &error) != 0)
        return;
    lines_build(&lines, profile, LINES_OWN, MEASURE_PEAK);
    const struct line_row **rows = lines_sorted(&lines);
    for (uint32_t i = 0; i < lines.n_rows && i < TOP_LINES && rows[i]->costs.peak_bytes; i++)
        print_row(trace, profile, rows[i]);
    free(rows);
    lines_release(&lines);
    profile_destroy(profile);
}

/* What is missing and what it cost, in one line. */
static void print_losses(const struct trace *trace, const struct sums *sums)
{
    if (sums->lost || sums->truncated || sums->damaged)
        fprintf(stderr, "losses: %s events, %s truncated stacks, %s damaged records", format_count(sums->lost).text,
                format_count(sums->truncated).text, format_count(sums->damaged).text);
    else
        fprintf(stderr, "losses: none");
    fprintf(stderr, "; recording took %s of processor time beside the program", format_duration(trace->losses.collector_cpu_ns).text);
    if (sums->waits_ns > 1000000)
        fprintf(stderr, ", which waited %s for it", format_duration(sums->waits_ns).text);
    fprintf(stderr, "\n");
}

void summary_print(const char *path)
{
    struct trace_error error;
    struct trace *trace = trace_open(path, &error);
    if (!trace || trace->n_processes == 0) {
        say_error("%s", trace ? "the trace holds no process" : error.text);
        trace_close(trace);
        return;
    }
    struct sums sums = add_up(trace);
    const struct trace_totals *largest = &trace->ends[sums.largest].totals;
    fprintf(stderr, "heapline: peak %s at %s", format_bytes(largest->peak_bytes).text, format_duration(largest->peak_ns).text);
    if (trace->n_processes > 1)
        fprintf(stderr, " (largest of %u processes: pid %d, %.60s)", trace->n_processes, trace->processes[sums.largest].pid,
                trace->processes[sums.largest].command);
    fprintf(stderr, "\nallocations: %s, %s in all, %s%% temporary; run %s\n", format_count(sums.allocations).text,
            format_bytes(sums.allocated_bytes).text, strtok(format_percent(sums.temporary, sums.allocations).text, "%"),
            format_duration(trace->end_ns).text);
    fprintf(stderr, "live at exit: %s in %s blocks\n", format_bytes(sums.live_bytes).text, format_count(sums.live_blocks).text);
    if (largest->mapped_peak_bytes)
        fprintf(stderr, "mapped by the program itself: %s at most\n", format_bytes(largest->mapped_peak_bytes).text);
    fprintf(stderr, "lines that held the most at the peak:\n");
    print_top(trace);
    print_losses(trace, &sums);
    fprintf(stderr, "trace: %s (%s); next: heapline lines %s\n", path, format_bytes(trace->file_bytes).text, path);
    trace_close(trace);
}
