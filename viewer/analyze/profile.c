#include "profile.h"

#include "../base/xalloc.h"
#include "replay.h"

#include <stdlib.h>

static bool *find_python_stacks(const struct trace *trace)
{
    bool *python = xcalloc(trace->n_stacks, sizeof *python);
    for (uint32_t s = 1; s < trace->n_stacks; s++)
        python[s] = python[trace->stacks[s].parent] || trace->frames[trace->stacks[s].frame].kind == TRACE_FRAME_PYTHON;
    return python;
}

static void take_totals(struct profile *profile, uint32_t process)
{
    const struct trace_process_end *end = &profile->trace->ends[process];
    for (size_t i = 0; i < end->n_sites; i++) {
        const struct trace_site_totals *totals = &end->sites[i];
        struct costs *costs = &profile->sites[totals->site];
        costs_set_counts(costs, &totals->counts);
        costs->peak_bytes = totals->peak_bytes;
        costs->peak_blocks = totals->peak_blocks;
    }
    bool mapped = profile->selection.memory == MEMORY_MAPPED;
    profile->processes[process].peak_ns = mapped ? end->totals.mapped_peak_ns : end->totals.peak_ns;
}

static uint64_t process_end_ns(const struct trace_process_end *end)
{
    return end->ended ? end->exit.end_ns : UINT64_MAX;
}

/* Returns whether something must be replayed. */
static bool plan(struct profile *profile)
{
    const struct trace *trace = profile->trace;
    const struct selection *selection = &profile->selection;
    for (uint32_t p = 0; p < trace->n_processes; p++) {
        struct process_figures *figures = &profile->processes[p];
        if (!figures->selected)
            continue;
        profile->n_selected++;
        figures->replayed = selection_is_part(selection) || !trace->ends[p].has_totals;
        figures->over = selection->windowed && selection->to_ns < trace->end_ns &&
            process_end_ns(&trace->ends[p]) < selection->to_ns;
        profile->replayed |= figures->replayed;
    }
    return profile->replayed;
}

/* What C code allocates for Python is told apart from Python's objects. */
static void set_native(struct profile *profile, uint32_t s)
{
    struct costs *costs = &profile->sites[s];
    uint32_t stack = profile->trace->sites[s].stack;
    if (!profile->python_stacks[stack])
        return;
    profile->has_python |= !costs_none(costs);
    enum trace_frame_kind leaf = stack_leaf_kind(profile->trace, stack);
    if (leaf == TRACE_FRAME_OBJECT || !selection_takes_kind(MEMORY_HEAP, leaf))
        return;
    costs->native_peak_bytes = costs->peak_bytes;
    costs->native_live_bytes = costs->live_bytes;
    costs->native_allocated_bytes = costs->allocated_bytes;
}

static void sum_up(struct profile *profile)
{
    const struct trace *trace = profile->trace;
    for (uint32_t s = 0; s < trace->n_sites; s++) {
        if (profile->site_selected[s])
            set_native(profile, s);
        else
            profile->sites[s] = (struct costs){ 0 };
        costs_add(&profile->processes[trace->threads[trace->sites[s].thread].process].costs, &profile->sites[s]);
    }
    profile->largest = TRACE_NONE;
    for (uint32_t p = 0; p < trace->n_processes; p++) {
        const struct costs *costs = &profile->processes[p].costs;
        costs_add(&profile->total, costs);
        if (costs->peak_bytes == 0)
            continue;
        profile->n_holders++;
        if (profile->largest == TRACE_NONE || costs->peak_bytes > profile->processes[profile->largest].costs.peak_bytes)
            profile->largest = p;
    }
}

static void fold_onto_stacks(struct profile *profile)
{
    const struct trace *trace = profile->trace;
    profile->stacks = xcalloc(trace->n_stacks, sizeof *profile->stacks);
    for (uint32_t s = 0; s < trace->n_sites; s++)
        if (profile->site_selected[s])
            costs_add(&profile->stacks[trace->sites[s].stack], &profile->sites[s]);
}

int profile_create(struct profile **result, struct trace *trace, const struct selection *selection, struct trace_error *error)
{
    struct profile *profile = xcalloc(1, sizeof *profile);
    *profile = (struct profile){ .trace = trace, .selection = *selection, .to_ns = trace->end_ns };
    profile->spans = xmemdup(selection->spans.items, selection->spans.n * sizeof *profile->spans);
    profile->selection.spans.items = profile->spans;
    locations_init(&profile->locations, trace, selection->wrappers.items, selection->wrappers.n, selection->native);
    profile->python_stacks = find_python_stacks(trace);
    profile->filtered = selection_is_filtered(selection);
    profile->site_selected = xcalloc(trace->n_sites, sizeof *profile->site_selected);
    profile->sites = xcalloc(trace->n_sites, sizeof *profile->sites);
    profile->processes = xcalloc(trace->n_processes, sizeof *profile->processes);
    bool *processes = xcalloc(trace->n_processes, sizeof *processes);
    selection_apply(selection, &profile->locations, profile->site_selected, processes);
    for (uint32_t p = 0; p < trace->n_processes; p++)
        profile->processes[p].selected = processes[p];
    free(processes);
    int status = plan(profile) ? replay_processes(profile, error) : 0;
    for (uint32_t p = 0; p < trace->n_processes; p++)
        if (profile->processes[p].selected && !profile->processes[p].replayed)
            take_totals(profile, p);
    sum_up(profile);
    fold_onto_stacks(profile);
    if (status < 0) {
        profile_destroy(profile);
        return status;
    }
    *result = profile;
    return 0;
}

void profile_destroy(struct profile *profile)
{
    if (!profile)
        return;
    locations_release(&profile->locations);
    free(profile->spans);
    free(profile->python_stacks);
    free(profile->site_selected);
    free(profile->sites);
    free(profile->stacks);
    free(profile->processes);
    free(profile);
}

/* The frame next further out is at the same place. */
static bool stands_before(const struct profile *profile, uint32_t at, uint32_t location)
{
    const struct locations *locations = &profile->locations;
    uint32_t outer = profile->trace->stacks[at].parent;
    return outer && locations->levels[locations->first[profile->trace->stacks[outer].frame + 1] - 1] == location;
}

bool profile_hides(const struct profile *profile, uint32_t whole, uint32_t at, uint32_t location)
{
    const struct location *place = &profile->locations.items[location];
    if (profile->selection.native || !profile->python_stacks[whole])
        return false;
    if (location_is_extension(place) && stands_before(profile, at, location))
        return true;
    bool outside = !profile->python_stacks[at] && place->rank == RANK_RUNTIME;      /* _start, start_thread */
    if (location_is_python(place) && place->interpreter)
        return profile->python_stacks[profile->trace->stacks[at].parent];           /* something is left that imports */
    return place->interpreter || place->kind == TRACE_FRAME_OBJECT || outside;
}

void profile_levels(const struct profile *profile, uint32_t stack, struct level_list *levels)
{
    const struct locations *locations = &profile->locations;
    vec_clear(levels);
    for (uint32_t s = stack; s; s = profile->trace->stacks[s].parent) {
        uint32_t frame = profile->trace->stacks[s].frame;
        for (uint32_t i = locations->first[frame + 1]; i-- > locations->first[frame];)
            if (!profile_hides(profile, stack, s, locations->levels[i]))
                vec_push(levels, locations->levels[i]);
    }
}

bool *profile_needed_stacks(const struct profile *profile, const struct costs *stack_costs)
{
    const struct trace *trace = profile->trace;
    bool *needed = xcalloc(trace->n_stacks, sizeof *needed);
    for (uint32_t s = trace->n_stacks; s-- > 1;) {
        if (!needed[s] && !costs_none(&stack_costs[s]))
            needed[s] = true;
        if (needed[s])
            needed[trace->stacks[s].parent] = true;
    }
    return needed;
}
