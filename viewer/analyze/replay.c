#include "replay.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define NO_EPOCH UINT64_MAX

/* Where one process stands during a pass. */
struct standing {
    int64_t live;                       /* bytes of the selected kind of memory, whatever the other filters say */
    int64_t peak;
    uint64_t epoch;                     /* epochs seen; 0: the state before the first */
    uint64_t peak_epoch, peak_ns;
    bool in_window, was_in_window;      /* a window of several spans is entered several times */
    uint64_t entered_ns;                /* end of the last epoch before the window */
    size_t span;                        /* the one that comes next, or that the pass is in */
};

struct replay {
    struct profile *profile;
    bool *kind_taken;                   /* by site: counts for `live` */
    struct standing *standing;          /* by process */
    struct trace_counts *inside, *now;  /* by site: what happened in the window, and all up to where the pass stands */
    uint32_t *first_site, *process_sites;   /* sites by process */
    bool peaks_known;                   /* second pass */
};

static bool is_before_window(const struct selection *selection, const struct trace_epoch *epoch)
{
    return selection->windowed && epoch->end_ns <= selection->from_ns;
}

static bool is_after_window(const struct selection *selection, const struct trace_epoch *epoch)
{
    return selection->windowed && epoch->start_ns >= selection->to_ns && !(selection->to_ns == 0 && epoch->start_ns == 0);
}

static bool has_span(const struct spans *spans, size_t span, uint32_t process)
{
    return span < spans->n && spans->items[span].process == process;
}

/* Epochs end where spans begin and end: each lies inside of one or outside of all. */
static bool is_in_span(struct standing *standing, const struct spans *spans, const struct trace_epoch *epoch)
{
    while (has_span(spans, standing->span, epoch->process) && spans->items[standing->span].to_ns < epoch->end_ns)
        standing->span++;
    return has_span(spans, standing->span, epoch->process) && spans->items[standing->span].from_ns <= epoch->start_ns;
}

static int64_t held(const struct trace_counts *counts)
{
    return (int64_t)(counts->allocated_bytes + counts->inherited_bytes - counts->freed_bytes);
}

static void group_sites(struct replay *replay)
{
    const struct trace *trace = replay->profile->trace;
    replay->first_site = xcalloc((size_t)trace->n_processes + 2, sizeof *replay->first_site);
    replay->process_sites = xcalloc(trace->n_sites, sizeof *replay->process_sites);
    uint32_t *next = replay->first_site + 1;
    for (uint32_t s = 0; s < trace->n_sites; s++)
        next[trace->threads[trace->sites[s].thread].process + 1]++;
    for (uint32_t p = 0; p < trace->n_processes; p++)
        next[p + 1] += next[p];
    for (uint32_t s = 0; s < trace->n_sites; s++)
        replay->process_sites[next[trace->threads[trace->sites[s].thread].process]++] = s;
}

/* Second pass, at the peak: what the sites of the process hold now. */
static void take_peak(struct replay *replay, uint32_t process)
{
    for (uint32_t i = replay->first_site[process]; i < replay->first_site[process + 1]; i++) {
        uint32_t s = replay->process_sites[i];
        replay->profile->sites[s].peak_bytes = counts_live_bytes(&replay->now[s]);
        replay->profile->sites[s].peak_blocks = counts_live_blocks(&replay->now[s]);
    }
}

static bool ended_before(const struct profile *profile, uint32_t process)
{
    const struct trace_process_end *end = &profile->trace->ends[process];
    return profile->selection.windowed && end->ended && end->exit.end_ns < profile->selection.from_ns;
}

/* The window of a process begins: what it holds already is a candidate for the peak. */
static void enter_window(struct replay *replay, uint32_t process)
{
    struct standing *standing = &replay->standing[process];
    bool first = !standing->was_in_window;
    standing->in_window = standing->was_in_window = true;
    if (replay->peaks_known) {
        if (standing->peak_epoch == standing->epoch)
            take_peak(replay, process);
    } else if (first || standing->live > standing->peak) {
        standing->peak = standing->live;
        standing->peak_epoch = ended_before(replay->profile, process) ? NO_EPOCH : standing->epoch;
        standing->peak_ns = standing->entered_ns;
    }
}

static void apply_deltas(struct replay *replay, struct standing *standing, const struct trace_site_counts *deltas, size_t n,
                         bool inside)
{
    for (size_t i = 0; i < n; i++) {
        if (replay->kind_taken[deltas[i].site])
            standing->live += held(&deltas[i].counts);
        if (!replay->peaks_known)
            continue;
        trace_counts_add(&replay->now[deltas[i].site], &deltas[i].counts);
        if (inside)
            trace_counts_add(&replay->inside[deltas[i].site], &deltas[i].counts);
    }
}

static void widen_window(struct profile *profile, const struct trace_epoch *epoch)
{
    if (epoch->start_ns < profile->from_ns)
        profile->from_ns = epoch->start_ns;
    if (epoch->end_ns > profile->to_ns)
        profile->to_ns = epoch->end_ns;
}

static bool on_epoch(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n)
{
    struct replay *replay = context;
    struct profile *profile = replay->profile;
    struct standing *standing = &replay->standing[epoch->process];
    if (!profile->processes[epoch->process].replayed || is_after_window(&profile->selection, epoch))
        return true;
    bool inside = !is_before_window(&profile->selection, epoch);
    if (profile->selection.scope) {
        inside &= is_in_span(standing, &profile->selection.spans, epoch);
        if (!has_span(&profile->selection.spans, standing->span, epoch->process))
            return true;
    }
    if (inside && !standing->in_window)
        enter_window(replay, epoch->process);
    apply_deltas(replay, standing, deltas, n, inside);
    standing->epoch++;
    standing->in_window = inside;
    if (!inside) {
        standing->entered_ns = epoch->end_ns;
        return true;
    }
    widen_window(profile, epoch);
    if (!replay->peaks_known && standing->live > standing->peak) {
        standing->peak = standing->live;
        standing->peak_epoch = standing->epoch;
        standing->peak_ns = epoch->end_ns;
    }
    if (replay->peaks_known && standing->peak_epoch == standing->epoch)
        take_peak(replay, epoch->process);
    return true;
}

/* Processes that did nothing inside the window still hold what they held. */
static void enter_the_idle(struct replay *replay)
{
    const struct profile *profile = replay->profile;
    if (profile->selection.scope)
        return;
    for (uint32_t p = 0; p < profile->trace->n_processes; p++)
        if (profile->processes[p].replayed && !replay->standing[p].was_in_window)
            enter_window(replay, p);
}

static int pass(struct replay *replay, struct trace_error *error)
{
    int status = trace_each_epoch(replay->profile->trace, on_epoch, replay, error);
    enter_the_idle(replay);
    return status;
}

static size_t first_span(const struct spans *spans, uint32_t process)
{
    size_t span = 0;
    while (span < spans->n && spans->items[span].process < process)
        span++;
    return span;
}

static void rewind_standings(struct replay *replay)
{
    for (uint32_t p = 0; p < replay->profile->trace->n_processes; p++) {
        replay->standing[p].live = 0;
        replay->standing[p].epoch = 0;
        replay->standing[p].in_window = replay->standing[p].was_in_window = false;
        replay->standing[p].span = first_span(&replay->profile->selection.spans, p);
    }
}

static void set_site(struct replay *replay, uint32_t s)
{
    struct costs *costs = &replay->profile->sites[s];
    costs_set_counts(costs, &replay->inside[s]);
    costs->live_bytes = counts_live_bytes(&replay->now[s]);
    costs->live_blocks = counts_live_blocks(&replay->now[s]);
}

static void set_processes(struct replay *replay)
{
    struct profile *profile = replay->profile;
    for (uint32_t p = 0; p < profile->trace->n_processes; p++) {
        struct process_figures *figures = &profile->processes[p];
        if (!figures->replayed)
            continue;
        figures->peak_ns = replay->standing[p].peak_ns;
        for (uint32_t i = replay->first_site[p]; i < replay->first_site[p + 1]; i++) {
            struct costs *costs = &profile->sites[replay->process_sites[i]];
            set_site(replay, replay->process_sites[i]);
            if (figures->over) {
                if (profile->site_selected[replay->process_sites[i]])
                    figures->live_before += costs->live_bytes;
                costs->live_bytes = costs->live_blocks = 0;
            }
        }
    }
}

/* Between epochs nothing changes: there a window is as exact as it was asked for. */
static void settle_window(struct profile *profile)
{
    const struct selection *selection = &profile->selection;
    if (selection->scope) {
        profile->from_ns = profile->from_ns < profile->to_ns ? profile->from_ns : profile->to_ns;
        return;
    }
    uint64_t from = selection->windowed ? selection->from_ns : 0;
    uint64_t to = selection->windowed ? selection->to_ns : profile->trace->end_ns;
    if (profile->from_ns > from)
        profile->from_ns = from;
    if (profile->to_ns < to)
        profile->to_ns = to;
}

int replay_processes(struct profile *profile, struct trace_error *error)
{
    const struct trace *trace = profile->trace;
    struct replay replay = {
        .profile = profile,
        .kind_taken = xcalloc(trace->n_sites, sizeof *replay.kind_taken),
        .standing = xcalloc(trace->n_processes, sizeof *replay.standing),
        .inside = xcalloc(trace->n_sites, sizeof *replay.inside),
        .now = xcalloc(trace->n_sites, sizeof *replay.now),
    };
    for (uint32_t s = 0; s < trace->n_sites; s++)
        replay.kind_taken[s] = selection_takes_kind(profile->selection.memory, stack_leaf_kind(trace, trace->sites[s].stack));
    group_sites(&replay);
    profile->from_ns = UINT64_MAX;
    profile->to_ns = 0;
    rewind_standings(&replay);
    int status = pass(&replay, error);
    if (status == 0) {
        rewind_standings(&replay);
        replay.peaks_known = true;
        status = pass(&replay, error);
        set_processes(&replay);
    }
    settle_window(profile);
    free(replay.kind_taken);
    free(replay.standing);
    free(replay.inside);
    free(replay.now);
    free(replay.first_site);
    free(replay.process_sites);
    return status;
}
