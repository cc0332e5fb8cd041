/* Which snapshot is meant. */
#include "load.h"

#include "../base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NO_GRAPH \
    "%s holds no reference graph: record one with `heapline run --graph`, or ask a process that is being recorded with " \
    "`heapline snapshot PID`"

static bool is_usable(const struct profile *profile, const struct trace_snapshot *snapshot)
{
    return snapshot->graph_bytes && profile->processes[snapshot->process].selected;
}

/* A Python program's last words come after its objects are gone: what was there before says more. */
static bool is_better(const struct trace_snapshot *snapshot, const struct trace_snapshot *best)
{
    if (!best)
        return true;
    if (snapshot->process == best->process)
        return !(best->cause == TRACE_SNAPSHOT_BEFORE_EXIT && snapshot->cause == TRACE_SNAPSHOT_EXIT);
    return snapshot->graph_bytes >= best->graph_bytes;
}

/* The last one of the process that has the largest. */
static uint32_t choose_last(const struct profile *profile)
{
    const struct trace *trace = profile->trace;
    uint32_t found = TRACE_NONE;
    for (uint32_t i = 0; i < trace->n_snapshots; i++)
        if (is_usable(profile, &trace->snapshots[i]) &&
            is_better(&trace->snapshots[i], found == TRACE_NONE ? NULL : &trace->snapshots[found]))
            found = i;
    return found;
}

static uint32_t choose_time(const struct profile *profile, uint64_t ns)
{
    const struct trace *trace = profile->trace;
    uint32_t found = TRACE_NONE;
    for (uint32_t i = 0; i < trace->n_snapshots && trace->snapshots[i].ns <= ns; i++)
        if (is_usable(profile, &trace->snapshots[i]))
            found = i;
    return found;
}

static uint32_t choose_label(const struct profile *profile, const char *label)
{
    const struct trace *trace = profile->trace;
    uint32_t found = TRACE_NONE;
    for (uint32_t i = 0; i < trace->n_snapshots; i++)
        if (is_usable(profile, &trace->snapshots[i]) && strcmp(trace->snapshots[i].label, label) == 0)
            found = i;
    return found;
}

static bool has_graph(const struct trace *trace)
{
    for (uint32_t i = 0; i < trace->n_snapshots; i++)
        if (trace->snapshots[i].graph_bytes)
            return true;
    return false;
}

static int fail(struct trace_error *error, const char *which, const char *what)
{
    snprintf(error->text, sizeof error->text, "there is no snapshot %s%s%s: `heapline graph snapshots FILE` lists those that are "
             "there", which ? "\"" : "", which ? which : what, which ? "\" with a reference graph" : "");
    return -ENOENT;
}

static int choose_number(const struct profile *profile, const char *which, uint64_t number, uint32_t *chosen,
                         struct trace_error *error)
{
    const struct trace *trace = profile->trace;
    if (number == 0 || number > trace->n_snapshots)
        return fail(error, which, "");
    *chosen = (uint32_t)number - 1;
    if (trace->snapshots[*chosen].graph_bytes)
        return 0;
    snprintf(error->text, sizeof error->text, "snapshot %" PRIu64 " was taken without a reference graph: choose one that has it "
             "(`heapline graph snapshots FILE`)", number);
    return -ENOENT;
}

int graph_choose(const struct profile *profile, const char *which, uint32_t *chosen, struct trace_error *error)
{
    const struct trace *trace = profile->trace;
    uint64_t number, ns;
    if (!has_graph(trace)) {
        snprintf(error->text, sizeof error->text, NO_GRAPH, "the trace");
        return -ENOENT;
    }
    *chosen = which ? choose_label(profile, which) : choose_last(profile);
    if (*chosen != TRACE_NONE)
        return 0;
    if (which && parse_count(which + (*which == '#'), &number))
        return choose_number(profile, which, number, chosen, error);
    if (which && *which == '@' && parse_duration(which + 1, &ns))
        *chosen = choose_time(profile, ns);
    return *chosen == TRACE_NONE ? fail(error, which, "of the processes that are selected") : 0;
}
