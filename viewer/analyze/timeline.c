#include "timeline.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

/* Moments when a process ends, in order: then it holds nothing any more. */
struct departure {
    uint64_t ns;
    uint32_t process;
};

struct walk {
    const struct profile *profile;
    struct timeline *timeline;
    struct peak_finder finder;
    bool *counted;                  /* by site: only when live figures are summed from deltas */
    int64_t *live;                  /* by process */
    uint64_t *rss;                  /* by process */
    int64_t live_sum;
    uint64_t rss_sum;
    struct departure *departures;
    uint32_t n_departures, next_departure;
    uint32_t slot;                  /* the last one written */
};

static int by_time(const void *a, const void *b)
{
    const struct departure *x = a, *y = b;
    return (x->ns > y->ns) - (x->ns < y->ns);
}

static void plan_departures(struct walk *walk)
{
    const struct trace *trace = walk->profile->trace;
    walk->departures = xcalloc(trace->n_processes, sizeof *walk->departures);
    for (uint32_t p = 0; p < trace->n_processes; p++)
        if (trace->ends[p].ended && trace->ends[p].exit.end_ns < trace->end_ns)
            walk->departures[walk->n_departures++] = (struct departure){ trace->ends[p].exit.end_ns, p };
    qsort(walk->departures, walk->n_departures, sizeof *walk->departures, by_time);
}

static uint64_t positive(int64_t bytes)
{
    return bytes > 0 ? (uint64_t)bytes : 0;
}

/* Fills the slots up to that of `ns` with what was live, and returns that slot. Epochs of several processes may stand slightly
 * out of order; what comes late counts in the last slot. */
static uint32_t advance(struct walk *walk, uint64_t ns)
{
    struct timeline *timeline = walk->timeline;
    uint32_t slot = (uint32_t)(ns / timeline->slot_ns);
    if (slot >= TIMELINE_SLOTS)
        slot = TIMELINE_SLOTS - 1;
    uint64_t live = positive(walk->live_sum);
    while (walk->slot < slot) {
        timeline->end[walk->slot] = live;
        timeline->bytes[++walk->slot] = live;
        timeline->rss[walk->slot] = walk->rss_sum;
    }
    return walk->slot;
}

static void note(struct walk *walk, uint64_t ns, uint64_t bytes)
{
    uint32_t slot = advance(walk, ns);
    if (bytes > walk->timeline->bytes[slot])
        walk->timeline->bytes[slot] = bytes;
    if (walk->rss_sum > walk->timeline->rss[slot])
        walk->timeline->rss[slot] = walk->rss_sum;
    peak_finder_feed(&walk->finder, ns, bytes);
}

static void set_live(struct walk *walk, uint32_t process, uint64_t ns, int64_t live)
{
    advance(walk, ns);
    walk->live_sum += live - walk->live[process];
    walk->live[process] = live;
    note(walk, ns, positive(walk->live_sum));
}

static void set_rss(struct walk *walk, uint32_t process, uint64_t rss)
{
    walk->rss_sum += rss - walk->rss[process];
    walk->rss[process] = rss;
}

static void depart(struct walk *walk, uint64_t until)
{
    while (walk->next_departure < walk->n_departures && walk->departures[walk->next_departure].ns < until) {
        const struct departure *departure = &walk->departures[walk->next_departure++];
        set_rss(walk, departure->process, 0);
        if (walk->live[departure->process])
            set_live(walk, departure->process, departure->ns, 0);
    }
}

static int64_t sum_deltas(const struct walk *walk, const struct trace_site_counts *deltas, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (walk->counted[deltas[i].site])
            sum += (int64_t)(deltas[i].counts.allocated_bytes + deltas[i].counts.inherited_bytes - deltas[i].counts.freed_bytes);
    return sum;
}

static bool on_epoch(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n)
{
    struct walk *walk = context;
    uint32_t p = epoch->process;
    if (!walk->profile->processes[p].selected)
        return true;
    depart(walk, epoch->start_ns);
    if (epoch->rss_bytes)
        set_rss(walk, p, epoch->rss_bytes);
    if (walk->counted) {
        set_live(walk, p, epoch->end_ns, walk->live[p] + sum_deltas(walk, deltas, n));
    } else {
        note(walk, epoch->max_ns, positive(walk->live_sum - walk->live[p] + (int64_t)epoch->max_live_bytes));
        set_live(walk, p, epoch->end_ns, (int64_t)epoch->live_bytes);
    }
    return true;
}

/* The figures of the epochs are those of the whole heap of a process; anything narrower is summed from the sites. */
static bool needs_deltas(const struct selection *selection)
{
    return selection->files.n || selection->functions.n || selection->modules.n || selection->thread ||
        selection->memory != MEMORY_HEAP;
}

int timeline_build(struct timeline *timeline, const struct profile *profile, struct trace_error *error)
{
    const struct trace *trace = profile->trace;
    *timeline = (struct timeline){ .slot_ns = trace->end_ns / TIMELINE_SLOTS + 1 };
    struct walk walk = {
        .profile = profile, .timeline = timeline,
        .counted = needs_deltas(&profile->selection) ? profile->site_selected : NULL,
        .live = xcalloc(trace->n_processes, sizeof *walk.live), .rss = xcalloc(trace->n_processes, sizeof *walk.rss),
    };
    plan_departures(&walk);
    int status = trace_each_epoch(profile->trace, on_epoch, &walk, error);
    depart(&walk, UINT64_MAX);
    advance(&walk, trace->end_ns);
    timeline->end[walk.slot] = positive(walk.live_sum);
    peak_finder_finish(&walk.finder);
    memcpy(timeline->peaks, walk.finder.peaks, sizeof timeline->peaks);
    timeline->n_peaks = walk.finder.n;
    free(walk.live);
    free(walk.rss);
    free(walk.departures);
    return status;
}
