/* `heapline report`: the whole run on two screens, in words that need no manual. */
#include "../base/format.h"
#include "../base/xalloc.h"
#include "chart.h"
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TOP_BY_DEFAULT 8
#define BRIEF_FRAMES 3                /* callers shown of a site */
#define ROWS_OF_TABLES 12             /* processes, threads */

static void heading(const struct view *view, const char *text)
{
    fprintf(view->out, "\n%s%s%s\n", view->colors->heading, text, view->colors->reset);
}

static void print_clipped(const struct view *view, const char *before, const char *text, size_t used)
{
    struct strbuf line = STRBUF_INIT;
    view_add_clipped(view, &line, text, strlen(text), view->width > used + 20 ? view->width - used : 20);
    fprintf(view->out, "%s%s\n", before, line.data);
    strbuf_release(&line);
}

static const char *live_when(const struct profile *profile)
{
    if (profile->selection.scope)
        return " when the last span ended";
    if (profile->selection.windowed)
        return " when the window ended";
    if (!profile->trace->complete)
        return " where the trace ends";
    return profile->n_selected > 1 ? " when their processes ended" : " when the program ended";
}

static void print_total(const struct view *view, const char *name, uint64_t bytes, uint64_t blocks, const char *remark)
{
    fprintf(view->out, "  %-10s  %s in %s block%s%s\n", name, format_bytes(bytes).text, format_count(blocks).text,
            view_plural(blocks), remark);
}

static void print_totals(const struct view *view, const struct report *report)
{
    const struct costs *total = &report->profile->total;
    heading(view, "Totals");
    print_total(view, "allocated", total->allocated_bytes, total->allocations, "");
    print_total(view, "freed", total->freed_bytes, total->frees, "");
    print_total(view, "live", total->live_bytes, total->live_blocks, live_when(report->profile));
    print_total(view, "temporary", total->temporary_bytes, total->temporary, ", freed before their thread allocated again");
    fprintf(view->out, "  duration    %s\n", format_duration(report->profile->trace->end_ns).text);
}

static void print_timeline(const struct view *view, const struct report *report)
{
    const struct timeline *timeline = &report->timeline;
    uint64_t columns[TIMELINE_SLOTS], largest = 0;
    unsigned width = view->width > 100 ? 96 : view->width > 64 ? 60 : 16, per = TIMELINE_SLOTS / width;
    for (unsigned c = 0; c < width; c++) {
        columns[c] = 0;
        for (unsigned i = c * per; i < (c + 1) * per; i++)
            columns[c] = timeline->bytes[i] > columns[c] ? timeline->bytes[i] : columns[c];
        largest = columns[c] > largest ? columns[c] : largest;
    }
    if (largest == 0)
        return;
    heading(view, "Live memory over time");
    fprintf(view->out, "  %s\n", format_bytes(largest).text);
    chart_print_columns(view, columns, width, 5, "  ");
    fprintf(view->out, "  0 s%*s\n", (int)width - 3, format_duration(report->profile->trace->end_ns).text);
}

static void print_peaks(const struct view *view, const struct report *report)
{
    struct timeline_peak peaks[REPORT_PEAKS];
    uint32_t n = timeline_top_peaks(&report->timeline, peaks, REPORT_PEAKS);
    if (n == 0)
        return;
    heading(view, n > 1 ? "Peaks (between two of them at least a tenth was freed)" : "Peak");
    for (uint32_t i = 0; i < n; i++)
        fprintf(view->out, "  %10s  at %s\n", format_bytes(peaks[i].bytes).text, format_duration(peaks[i].ns).text);
    uint64_t microseconds = (peaks[n > 1].ns + 999) / 1000;
    fprintf(view->out, "  %s\"heapline lines --at %" PRIu64 ".%06" PRIu64 "s %s\" shows what was live at the %s%s\n",
            view->colors->dim,
            microseconds / 1000000, microseconds % 1000000, view->trace_path, n > 1 ? "second" : "peak", view->colors->reset);
}

/* "parse_header src/parse.c:12" and its callers, without the runtime's own frames. */
static void add_brief(const struct view *view, struct strbuf *out, const struct profile *profile, const struct line_row *row)
{
    const struct locations *locations = &profile->locations;
    struct level_list levels = { 0 };
    unsigned shown = 0;
    bool reached = false;
    profile_levels(profile, row->heaviest, &levels);
    for (size_t i = 0; i < levels.n && shown <= BRIEF_FRAMES; i++) {
        uint32_t location = levels.items[i];
        reached |= location == row->location;
        if (!reached || (shown && locations->items[location].rank <= RANK_INTERPRETER))
            continue;
        strbuf_add(out, shown++ == 0 ? "" : view->utf8 ? " ← " : " < ");
        location_add_name(out, locations, location);
        strbuf_add_char(out, ' ');
        size_t length = out->length;
        location_add_place(out, locations, location);
        if (out->length == length)
            strbuf_truncate(out, length - 1);
    }
    if (shown == 0)
        location_add_name(out, locations, row->location);
    vec_release(&levels);
}

static void print_top(const struct view *view, const struct profile *profile, const struct lines *lines)
{
    static const char *const titles[] = {
        "Who held the memory at the peak", "Who still held memory at the end", "Who allocated the most bytes",
        "Who allocated most often",
        "Who allocated only to throw away (temporary allocations)",
        "Whose memory was freed before its line was left (transient)", "Whose memory waited for the cyclic collector",
        "Who moved memory by reallocating it", "Who held memory beside Python's objects at the peak",
    };
    const struct line_row **rows = lines_sorted(lines);
    uint64_t total = costs_measure(&lines->total, lines->by);
    uint32_t top = view->top ? view->top : TOP_BY_DEFAULT, shown = 0;
    struct strbuf brief = STRBUF_INIT;
    if (total)
        heading(view, titles[lines->by]);
    for (; total && shown < lines->n_rows && shown < top; shown++) {
        uint64_t measure = costs_measure(&rows[shown]->costs, lines->by);
        char figures[128];
        if (measure == 0)
            break;
        strbuf_clear(&brief);
        add_brief(view, &brief, profile, rows[shown]);
        snprintf(figures, sizeof figures, "  %11s %6s  ", view_measure(lines->by, measure).text,
                 format_percent(measure, total).text);
        print_clipped(view, figures, brief.data, 22);
    }
    if (total && lines->n_rows > shown)
        fprintf(view->out, "  %s%s %" PRIu32 " more%s\n", view->colors->dim, view->utf8 ? "…" : "...", lines->n_rows - shown,
                view->colors->reset);
    strbuf_release(&brief);
    free(rows);
}

static void print_sizes(const struct view *view, const struct report *report)
{
    uint64_t largest = 0;
    for (unsigned k = 0; k < TRACE_SIZE_CLASSES; k++)
        largest = report->size_count[k] > largest ? report->size_count[k] : largest;
    if (!report->has_sizes || largest == 0)
        return;
    heading(view, "Sizes of blocks");
    fprintf(view->out, "  %s%10s %14s %12s%s\n", view->colors->dim, "up to", "allocations", "in all", view->colors->reset);
    for (unsigned k = 0; k < TRACE_SIZE_CLASSES; k++) {
        if (report->size_count[k] == 0)
            continue;
        struct strbuf bar = STRBUF_INIT;
        chart_add_bar(view, &bar, report->size_count[k], largest, 30);
        fprintf(view->out, "  %10s %14s %12s  %s\n", format_bytes(report_size_limit(k)).text,
                format_count(report->size_count[k]).text,
                format_bytes(report->size_bytes[k]).text, bar.data);
        strbuf_release(&bar);
    }
}

static void print_process(const struct view *view, const struct report *report, uint32_t p)
{
    const struct profile *profile = report->profile;
    const struct trace *trace = profile->trace;
    const struct process_figures *figures = &profile->processes[p];
    const struct trace_process *process = &trace->processes[p];
    static const char *const origins[] = { "", "forked, ", "after exec, ", "" };
    struct strbuf exit = STRBUF_INIT;
    char before[320];
    view_add_exit(&exit, &trace->ends[p]);
    int n = snprintf(before, sizeof before, "  %8" PRId32 " %10s %10s %10s %12s  ", process->pid,
                     format_bytes(report_peak_bytes(profile, p)).text, format_duration(figures->peak_ns).text,
                     format_bytes(figures->costs.live_bytes).text, format_count(figures->costs.allocations).text);
    print_clipped(view, before, process->command, (size_t)n);
    fprintf(view->out, "  %s%8s %s%s, ran from %s to %s%s\n", view->colors->dim, "", origins[process->origin], exit.data,
            format_duration(process->start_ns).text,
            format_duration(trace->ends[p].ended ? trace->ends[p].exit.end_ns : trace->ends[p].last_ns).text,
            view->colors->reset);
    strbuf_release(&exit);
}

static void print_processes(const struct view *view, const struct report *report)
{
    const struct profile *profile = report->profile;
    uint32_t left = profile->n_selected;
    heading(view, profile->n_selected == 1 ? "Process" : "Processes");
    fprintf(view->out, "  %s%8s %10s %10s %10s %12s  command%s\n", view->colors->dim, "pid", "peak", "at", "live", "allocations",
            view->colors->reset);
    for (uint32_t p = 0, rows = 0; p < profile->trace->n_processes && (rows < ROWS_OF_TABLES || view->top); p++) {
        if (!profile->processes[p].selected)
            continue;
        print_process(view, report, p);
        rows++;
        left--;
    }
    if (left)
        fprintf(view->out, "  %s%s %" PRIu32 " more processes (--top lists all, --json too)%s\n", view->colors->dim,
                view->utf8 ? "…" : "...", left, view->colors->reset);
}

static int by_allocated(const void *a, const void *b, void *context)
{
    const struct costs *costs = context;
    const struct costs *x = &costs[*(const uint32_t *)a], *y = &costs[*(const uint32_t *)b];
    return costs_compare(x, y, MEASURE_ALLOCATED);
}

static void print_threads(const struct view *view, const struct report *report)
{
    const struct trace *trace = report->profile->trace;
    uint32_t *order = xcalloc(trace->n_threads, sizeof *order), n = 0;
    for (uint32_t t = 0; t < trace->n_threads; t++)
        if (!costs_none(&report->threads[t]))
            order[n++] = t;
    if (n > 1) {
        qsort_r(order, n, sizeof *order, by_allocated, report->threads);
        heading(view, "Threads");
        fprintf(view->out, "  %s%8s %10s %10s %12s %12s  name%s\n", view->colors->dim, "tid", "peak", "live", "allocated",
                "allocations",
                view->colors->reset);
    }
    for (uint32_t i = 0; n > 1 && i < n && (i < ROWS_OF_TABLES || view->top); i++) {
        const struct trace_thread *thread = &trace->threads[order[i]];
        const struct costs *costs = &report->threads[order[i]];
        char before[320];
        int used = snprintf(before, sizeof before, "  %8" PRId32 " %10s %10s %12s %12s  ", thread->tid,
                            format_bytes(costs->peak_bytes).text,
                            format_bytes(costs->live_bytes).text, format_bytes(costs->allocated_bytes).text,
                            format_count(costs->allocations).text);
        print_clipped(view, before, thread->tid ? thread->name : "(held since the fork)", (size_t)used);
    }
    if (n > ROWS_OF_TABLES && !view->top)
        fprintf(view->out, "  %s%s %" PRIu32 " more threads%s\n", view->colors->dim, view->utf8 ? "…" : "...", n - ROWS_OF_TABLES,
                view->colors->reset);
    free(order);
}

static void print_unprofiled(const struct view *view, const struct trace *trace)
{
    if (trace->n_unprofiled)
        heading(view, "Ran without being profiled");
    for (uint32_t i = 0; i < trace->n_unprofiled; i++) {
        const struct trace_unprofiled *child = &trace->unprofiled[i];
        char pid[32] = "";
        if (child->pid)
            snprintf(pid, sizeof pid, " (process %" PRId32 ")", child->pid);
        fprintf(view->out, "  %s%s: %s\n", child->path, pid, child->reason);
    }
}

static void print_mappings(const struct view *view, const struct profile *profile)
{
    uint64_t live = 0, peak = 0, calls = 0;
    for (uint32_t p = 0; p < profile->trace->n_processes; p++) {
        const struct trace_totals *totals = &profile->trace->ends[p].totals;
        live += profile->processes[p].selected ? totals->mapped_live_bytes : 0;
        peak += profile->processes[p].selected ? totals->mapped_peak_bytes : 0;
        calls += profile->processes[p].selected ? totals->mapped_allocations : 0;
    }
    if (calls == 0 || profile->filtered || selection_is_part(&profile->selection) || profile->selection.memory != MEMORY_HEAP)
        return;
    heading(view, "Mapped by the program itself (mmap, brk), beside the heap");
    fprintf(view->out, "  peak        %s\n  live        %s\n  calls       %s\n", format_bytes(peak).text, format_bytes(live).text,
            format_count(calls).text);
}

void report_print_text(const struct view *view, const struct report *report)
{
    const struct profile *profile = report->profile;
    view_print_header(view, profile, "Memory report");
    if (!view_print_nothing(view, profile)) {
        print_totals(view, report);
        report_print_python(view, report);
        print_timeline(view, report);
        print_peaks(view, report);
        report_print_marks(view, report);
        for (uint32_t i = 0; i < report->n_tops; i++)
            print_top(view, profile, &report->tops[i]);
        print_sizes(view, report);
        print_mappings(view, profile);
        print_processes(view, report);
        print_threads(view, report);
    }
    print_unprofiled(view, profile->trace);
    view_print_notes(view, profile);
}
