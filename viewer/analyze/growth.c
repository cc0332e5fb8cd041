#include "growth.h"

#include "../base/map.h"
#include "../base/xalloc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHANCE 1e-3               /* of one false alarm among all stacks of a process, about */
#define VALUES_MOST (32u << 20)   /* figures that are kept, whatever the number of stacks */
#define POINTS_FEWEST 64
#define MOVED_SHARE 0.25          /* what another stack loses may differ by that part from what one gains, */
#define MOVED_REST 0.2            /* and the sum of both varies by that part of it at most */

struct gathering {
    struct growth *growth;
    uint32_t *index;              /* by process: of growth->processes, or TRACE_NONE */
    uint32_t *site_series;        /* by site, or TRACE_NONE */
    uint64_t *next;               /* by index: the iteration that goes on */
    bool counting;                /* the first pass: which stacks change at all */
};

static bool is_iteration(const struct trace_mark *mark, const char *label, bool points)
{
    return strcmp(mark->label, label) == 0 && mark->kind == (points ? TRACE_MARK_POINT : TRACE_MARK_END);
}

/* The ends of the iterations of one process: at the label's moments, or where it has none, at the ends of its spans. */
static uint64_t *marked_ends(const struct trace *trace, uint32_t process, const char *label, uint64_t *n)
{
    VEC(uint64_t) ends = { 0 };
    bool points = false;
    for (uint32_t i = 0; i < trace->n_marks; i++)
        points |= trace->marks[i].process == process && is_iteration(&trace->marks[i], label, true);
    for (uint32_t i = 0; i < trace->n_marks; i++)
        if (trace->marks[i].process == process && is_iteration(&trace->marks[i], label, points))
            vec_push(&ends, trace->marks[i].ns);
    *n = ends.n;
    return ends.items;
}

static uint64_t *timed_ends(const struct trace *trace, uint32_t process, uint64_t every_ns, uint64_t *n)
{
    uint64_t start = trace->processes[process].start_ns, end = trace->ends[process].last_ns;
    *n = end > start ? (end - start) / every_ns : 0;
    uint64_t *ends = xcalloc(*n, sizeof *ends);
    for (uint64_t i = 0; i < *n; i++)
        ends[i] = start + (i + 1) * every_ns;
    return ends;
}

static void add_processes(struct gathering *gathering, const struct growth_question *question)
{
    struct growth *growth = gathering->growth;
    const struct trace *trace = growth->profile->trace;
    for (uint32_t p = 0; p < trace->n_processes; p++) {
        uint64_t n = 0;
        gathering->index[p] = TRACE_NONE;
        if (!growth->profile->processes[p].selected)
            continue;
        uint64_t *ends =
            question->every_ns ? timed_ends(trace, p, question->every_ns, &n) : marked_ends(trace, p, question->label, &n);
        growth->most_iterations = n > growth->most_iterations ? n : growth->most_iterations;
        if (n < GROWTH_LEAST) {
            free(ends);
            continue;
        }
        gathering->index[p] = (uint32_t)growth->processes.n;
        struct growth_process process = { .process = p, .ends = ends, .iterations = n, .total = (uint32_t)growth->series.n };
        process.points = (uint32_t)(n < TREND_MOST ? n : TREND_MOST);
        vec_push(&growth->processes, process);
        vec_push(&growth->series, ((struct growth_series){ .process = gathering->index[p], .stack = TRACE_NONE }));
    }
}

static uint64_t first_iteration(const struct growth_process *process, uint32_t point)
{
    return ((uint64_t)point * process->iterations + process->points - 1) / process->points;
}

static uint32_t point_of(const struct growth_process *process, uint64_t iteration)
{
    return (uint32_t)(iteration * process->points / process->iterations);
}

/* What the series holds now is what it held at the ends of all iterations up to `next`. */
static void fill(const struct growth_process *process, struct growth_series *series, uint64_t next)
{
    while (series->filled < next) {
        uint32_t point = point_of(process, series->filled);
        uint64_t end = first_iteration(process, point + 1);
        double *value = &series->values[point];
        *value = series->started && *value < (double)series->live ? *value : (double)series->live;
        series->started = end > next;                /* this point may still get less */
        series->filled = end < next ? end : next;
    }
}

static int64_t held(const struct trace_counts *counts)
{
    return (int64_t)(counts->allocated_bytes + counts->inherited_bytes - counts->freed_bytes);
}

/* First pass: stacks that change after the first iteration get a series. */
static void note_change(struct gathering *gathering, const struct trace_epoch *epoch, const struct trace_site_counts *delta)
{
    const struct growth_process *process = &gathering->growth->processes.items[gathering->index[epoch->process]];
    if (epoch->end_ns > process->ends[0] && held(&delta->counts) != 0)
        gathering->site_series[delta->site] = 0;
}

static void apply(const struct growth_process *process, struct growth_series *series, uint64_t next, int64_t more)
{
    fill(process, series, next);
    series->live += more;
}

static bool on_epoch(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n)
{
    struct gathering *gathering = context;
    struct growth *growth = gathering->growth;
    uint32_t index = gathering->index[epoch->process];
    if (index == TRACE_NONE)
        return true;
    const struct growth_process *process = &growth->processes.items[index];
    uint64_t *next = &gathering->next[index];
    while (!gathering->counting && *next < process->iterations && process->ends[*next] < epoch->end_ns)
        ++*next;
    for (size_t i = 0; i < n; i++) {
        uint32_t series = gathering->site_series[deltas[i].site];
        if (!growth->profile->site_selected[deltas[i].site])
            continue;
        if (gathering->counting) {
            note_change(gathering, epoch, &deltas[i]);
            continue;
        }
        apply(process, &growth->series.items[process->total], *next, held(&deltas[i].counts));
        if (series != TRACE_NONE)
            apply(process, &growth->series.items[series], *next, held(&deltas[i].counts));
    }
    return true;
}

/* Sites of the same stack in the same process share a series. */
static void number_series(struct gathering *gathering)
{
    struct growth *growth = gathering->growth;
    const struct trace *trace = growth->profile->trace;
    struct map known = { 0 };
    for (uint32_t s = 0; s < trace->n_sites; s++) {
        uint32_t index = gathering->index[trace->threads[trace->sites[s].thread].process];
        if (index == TRACE_NONE || gathering->site_series[s] == TRACE_NONE)
            continue;
        bool added;
        uint64_t *series = map_put(&known, (uint64_t)index << 32 | trace->sites[s].stack, &added);
        if (added) {
            *series = growth->series.n;
            vec_push(&growth->series, ((struct growth_series){ .process = index, .stack = trace->sites[s].stack }));
            growth->processes.items[index].n_series++;
        }
    }
    for (uint32_t s = 0; s < trace->n_sites; s++) {                  /* of a series, all sites: those that never changed, too */
        uint32_t index = gathering->index[trace->threads[trace->sites[s].thread].process];
        uint64_t *series = index == TRACE_NONE ? NULL : map_get(&known, (uint64_t)index << 32 | trace->sites[s].stack);
        gathering->site_series[s] = series && growth->profile->site_selected[s] ? (uint32_t)*series : TRACE_NONE;
    }
    map_release(&known);
}

static void reserve_values(struct growth *growth)
{
    size_t room = VALUES_MOST / growth->series.n;
    for (size_t i = 0; i < growth->processes.n; i++) {
        struct growth_process *process = &growth->processes.items[i];
        uint32_t fewest = process->points < POINTS_FEWEST ? process->points : POINTS_FEWEST;
        if (process->points > room)
            process->points = room < fewest ? fewest : (uint32_t)room;
    }
    for (size_t i = 0; i < growth->series.n; i++) {
        struct growth_series *series = &growth->series.items[i];
        series->values = xcalloc(growth->processes.items[series->process].points, sizeof *series->values);
    }
}

/* The points of a series from `first` on; with `other`, of both together. */
static uint32_t points_of(const struct growth *growth, const struct growth_series *series, const struct growth_series *other,
                          uint32_t first, struct trend_point *points)
{
    const struct growth_process *process = &growth->processes.items[series->process];
    for (uint32_t i = first; i < process->points; i++)
        points[i - first] =
            (struct trend_point){ (double)first_iteration(process, i), series->values[i] + (other ? other->values[i] : 0) };
    return process->points - first;
}

static void finish(struct growth *growth)
{
    struct trend_point points[TREND_MOST];
    for (size_t i = 0; i < growth->series.n; i++) {
        struct growth_series *series = &growth->series.items[i];
        const struct growth_process *process = &growth->processes.items[series->process];
        fill(process, series, process->iterations);
        series->warm_up = trend_warm_up(points, points_of(growth, series, NULL, 0, points));
    }
}

static int gather(struct gathering *gathering, struct trace_error *error)
{
    struct growth *growth = gathering->growth;
    struct trace *trace = growth->profile->trace;
    gathering->counting = true;
    int status = trace_each_epoch(trace, on_epoch, gathering, error);
    if (status < 0)
        return status;
    number_series(gathering);
    reserve_values(growth);
    gathering->counting = false;
    status = trace_each_epoch(trace, on_epoch, gathering, error);
    if (status == 0)
        finish(growth);
    return status;
}

int growth_create(struct growth **result, const struct profile *profile, const struct growth_question *question,
                  struct trace_error *error)
{
    const struct trace *trace = profile->trace;
    struct growth *growth = xcalloc(1, sizeof *growth);
    growth->profile = profile;
    struct gathering gathering = {
        .growth = growth,
        .index = xcalloc(trace->n_processes, sizeof *gathering.index),
        .site_series = xcalloc(trace->n_sites, sizeof *gathering.site_series),
        .next = xcalloc(trace->n_processes, sizeof *gathering.next),
    };
    memset(gathering.site_series, 0xff, trace->n_sites * sizeof *gathering.site_series);
    add_processes(&gathering, question);
    int status = growth->processes.n ? gather(&gathering, error) : 0;
    free(gathering.index);
    free(gathering.site_series);
    free(gathering.next);
    if (status < 0) {
        growth_destroy(growth);
        return status;
    }
    *result = growth;
    return 0;
}

void growth_destroy(struct growth *growth)
{
    if (!growth)
        return;
    for (size_t i = 0; i < growth->series.n; i++)
        free(growth->series.items[i].values);
    for (size_t i = 0; i < growth->processes.n; i++)
        free(growth->processes.items[i].ends);
    vec_release(&growth->series);
    vec_release(&growth->processes);
    free(growth);
}

static double chance_of(const struct growth_process *process)
{
    return CHANCE / (10 + process->n_series);
}

static double gain(const struct growth *growth, const struct growth_series *series, uint32_t first)
{
    const struct growth_process *process = &growth->processes.items[series->process];
    return series->values[process->points - 1] - series->values[first];
}

static int compare_values(const void *a, const void *b)
{
    double x = ((const struct trend_point *)a)->y, y = ((const struct trend_point *)b)->y;
    return (x > y) - (x < y);
}

/* The width of the middle half of the figures. Reorders them. */
static double middle_half(struct trend_point *points, uint32_t n)
{
    qsort(points, n, sizeof *points, compare_values);
    return points[n - 1 - n / 4].y - points[n / 4].y;
}

/* Some other stack gives back what this one gains, all the time: objects are replaced by others that come from elsewhere. One that
 * merely happens to be lower at the end, as a saw may, does not hide a leak. */
static bool has_moved(const struct growth *growth, const struct growth_series *series)
{
    const struct growth_process *process = &growth->processes.items[series->process];
    double gained = gain(growth, series, series->warm_up);
    for (size_t i = 0; i < growth->series.n; i++) {
        const struct growth_series *other = &growth->series.items[i];
        if (other->process != series->process || other->stack == TRACE_NONE ||
            fabs(gained + gain(growth, other, series->warm_up)) > MOVED_SHARE * gained)
            continue;
        struct trend_point points[TREND_MOST];
        struct trend sum;
        uint32_t n = points_of(growth, series, other, series->warm_up, points);
        trend_judge(&sum, points, n, 0, chance_of(process));
        if (sum.shape != TREND_GROWS && middle_half(points, n) <= MOVED_REST * gained)
            return true;
    }
    return false;
}

static bool grows(const struct growth *growth, const struct growth_series *series, double limit, struct growth_found *found)
{
    const struct growth_process *process = &growth->processes.items[series->process];
    struct trend_point points[TREND_MOST];
    *found = (struct growth_found){ .process = process->process, .stack = series->stack, .iterations = process->iterations,
                                    .warm_up = first_iteration(process, series->warm_up) };
    trend_judge(&found->trend, points, points_of(growth, series, NULL, series->warm_up, points), limit, chance_of(process));
    return found->trend.shape == TREND_GROWS;
}

static int by_slope(const void *a, const void *b)
{
    const struct growth_found *x = a, *y = b;
    if (x->trend.slope > y->trend.slope || x->trend.slope < y->trend.slope)
        return x->trend.slope > y->trend.slope ? -1 : 1;
    return x->stack < y->stack ? -1 : x->stack > y->stack;
}

void growth_judge(const struct growth *growth, double limit, const bool *taken, struct growth_list *list, double *fastest)
{
    struct growth_found found;
    size_t before = list->n;
    *fastest = 0;
    for (size_t i = 0; i < growth->series.n; i++) {
        const struct growth_series *series = &growth->series.items[i];
        if (series->stack == TRACE_NONE || (taken && !taken[series->stack]))
            continue;
        if (!grows(growth, series, 0, &found) || has_moved(growth, series))
            continue;
        *fastest = fmax(*fastest, found.trend.slope);
        if (found.trend.low > limit)
            vec_push(list, found);
    }
    for (size_t i = 0; !taken && list->n == before && i < growth->processes.n; i++)
        if (grows(growth, &growth->series.items[growth->processes.items[i].total], limit, &found)) {
            *fastest = fmax(*fastest, found.trend.slope);
            vec_push(list, found);
        }
    if (list->n > before)
        qsort(list->items + before, list->n - before, sizeof *list->items, by_slope);
}
