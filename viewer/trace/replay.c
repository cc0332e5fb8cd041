/* Totals of processes whose recording was cut before they were written.
 *
 * The first pass adds the epochs up and notes, per process, at which epoch the heap and the mappings were largest. The
 * second adds again and copies what the sites hold at those moments. The heap's peak in bytes is the one that the epoch
 * itself noted; its composition is what lived at the beginning or the end of that epoch, whichever held more. */
#include "load.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

enum site_class { SITE_HEAP, SITE_MAPPED, SITE_APART };

struct moment {
    uint64_t bytes, ns;
    uint64_t epoch;                            /* how many epochs of the process end before it or with it; 0: none */
};

struct process_replay {
    uint64_t n_epochs, live_bytes, mapped_bytes;
    struct moment heap, mapped;
};

struct replay {
    struct reader *reader;
    struct trace_counts *counts;               /* by site */
    struct trace_site_totals *peaks;           /* by site: the peaks only */
    uint8_t *classes;                          /* by site: enum site_class */
    uint32_t *order, *starts;                  /* sites grouped by process; where each process begins, and the end */
    struct process_replay *processes;
};

static enum site_class classify(const struct reader *reader, const struct trace_site *site)
{
    if (!site->stack)
        return SITE_HEAP;
    switch (reader->frames.items[reader->stacks.items[site->stack].frame].kind) {
    case TRACE_FRAME_MAPPED: return SITE_MAPPED;
    case TRACE_FRAME_ARENA:                    /* its blocks are counted one by one */
    case TRACE_FRAME_FILE:
    case TRACE_FRAME_RESERVED:
    case TRACE_FRAME_BREAK: return SITE_APART;
    default: return SITE_HEAP;
    }
}

static uint32_t process_of(const struct reader *reader, size_t site)
{
    return reader->threads.items[reader->sites.items[site].thread].process;
}

/* Counting sort: sites stay in order inside a process. */
static void group_sites(struct replay *replay)
{
    const struct reader *reader = replay->reader;
    uint32_t n = (uint32_t)reader->processes.n;
    for (size_t i = 0; i < reader->sites.n; i++) {
        replay->classes[i] = (uint8_t)classify(reader, &reader->sites.items[i]);
        replay->starts[process_of(reader, i) + 1]++;
    }
    for (uint32_t i = 0; i < n; i++)
        replay->starts[i + 1] += replay->starts[i];
    for (size_t i = 0; i < reader->sites.n; i++)
        replay->order[replay->starts[process_of(reader, i)]++] = (uint32_t)i;
    for (uint32_t i = n; i > 0; i--)
        replay->starts[i] = replay->starts[i - 1];
    replay->starts[0] = 0;
}

static void add_deltas(struct replay *replay, const struct trace_site_counts *deltas, size_t n)
{
    for (size_t i = 0; i < n; i++)
        trace_counts_add(&replay->counts[deltas[i].site], &deltas[i].counts);
}

static bool find_peaks(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n)
{
    struct replay *replay = context;
    struct process_replay *process = &replay->processes[epoch->process];
    struct trace_process_end *end = &replay->reader->ends.items[epoch->process];
    process->n_epochs++;
    if (epoch->max_live_bytes > process->heap.bytes) {
        bool before = process->live_bytes > epoch->live_bytes;
        process->heap = (struct moment){epoch->max_live_bytes, epoch->max_ns, process->n_epochs - before};
    }
    if (epoch->mapped_bytes > process->mapped.bytes)
        process->mapped = (struct moment){epoch->mapped_bytes, epoch->end_ns, process->n_epochs};
    process->live_bytes = epoch->live_bytes;
    process->mapped_bytes = epoch->mapped_bytes;
    if (end->last_ns < epoch->end_ns)
        end->last_ns = epoch->end_ns;
    add_deltas(replay, deltas, n);
    return true;
}

static void keep_moment(struct replay *replay, uint32_t process, bool heap)
{
    for (uint32_t i = replay->starts[process]; i < replay->starts[process + 1]; i++) {
        uint32_t site = replay->order[i];
        const struct trace_counts *counts = &replay->counts[site];
        if ((replay->classes[site] == SITE_HEAP) != heap)
            continue;
        replay->peaks[site].peak_bytes = counts->allocated_bytes + counts->inherited_bytes - counts->freed_bytes;
        replay->peaks[site].peak_blocks = counts->allocations + counts->inherited - counts->frees;
    }
}

static bool keep_peaks(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n)
{
    struct replay *replay = context;
    struct process_replay *process = &replay->processes[epoch->process];
    add_deltas(replay, deltas, n);
    process->n_epochs++;
    if (process->n_epochs == process->heap.epoch)
        keep_moment(replay, epoch->process, true);
    if (process->n_epochs == process->mapped.epoch)
        keep_moment(replay, epoch->process, false);
    return true;
}

static bool any_count(const struct trace_counts *counts)
{
    static const struct trace_counts none;
    return memcmp(counts, &none, sizeof none) != 0;
}

static void fill_totals(struct replay *replay, uint32_t id)
{
    struct trace_process_end *end = &replay->reader->ends.items[id];
    struct site_list *list = &replay->reader->lists.items[id];
    const struct process_replay *process = &replay->processes[id];
    struct trace_totals totals = {
        .process = id,
        .peak_bytes = process->heap.bytes, .peak_ns = process->heap.ns,
        .mapped_live_bytes = process->mapped_bytes,
        .mapped_peak_bytes = process->mapped.bytes, .mapped_peak_ns = process->mapped.ns,
    };
    list->n = 0;
    for (uint32_t i = replay->starts[id]; i < replay->starts[id + 1]; i++) {
        uint32_t site = replay->order[i];
        const struct trace_counts *counts = &replay->counts[site];
        if (!any_count(counts))
            continue;
        struct trace_site_totals *row = vec_add(list);
        *row = replay->peaks[site];
        row->site = site;
        row->counts = *counts;
        if (replay->classes[site] == SITE_HEAP) {
            trace_counts_add(&totals.heap, counts);
            totals.peak_blocks += row->peak_blocks;
        } else if (replay->classes[site] == SITE_MAPPED) {
            totals.mapped_allocations += counts->allocations;
            totals.mapped_bytes += counts->allocated_bytes;
        }
    }
    end->totals = totals;
    end->sites = list->items;
    end->n_sites = list->n;
}

/* Runs one pass from zero. A damaged chunk ends the trace: it and what follows are not looked at again. */
static void replay_pass(struct replay *replay, trace_epoch_fn *fn, struct trace_error *error)
{
    struct reader *reader = replay->reader;
    size_t failed = 0;
    for (size_t i = 0; i < reader->sites.n; i++)
        replay->counts[i] = (struct trace_counts){0};
    for (size_t i = 0; i < reader->processes.n; i++)
        replay->processes[i].n_epochs = 0;
    if (!stream_epochs(reader, fn, replay, &failed, error))
        return;
    reader->trace.complete = false;
    reader->trace.cut_offset = reader->chunks.items[failed].offset;
    reader->chunks.n = failed;
}

void load_replay(struct reader *reader, struct trace_error *error)
{
    size_t n_sites = reader->sites.n + 1, n_processes = reader->processes.n + 1;
    struct replay replay = {
        .reader = reader,
        .counts = xcalloc(n_sites, sizeof *replay.counts),
        .peaks = xcalloc(n_sites, sizeof *replay.peaks),
        .classes = xcalloc(n_sites, sizeof *replay.classes),
        .order = xcalloc(n_sites, sizeof *replay.order),
        .starts = xcalloc(n_processes, sizeof *replay.starts),
        .processes = xcalloc(n_processes, sizeof *replay.processes),
    };
    group_sites(&replay);
    replay_pass(&replay, find_peaks, error);
    replay_pass(&replay, keep_peaks, error);
    for (uint32_t i = 0; i < reader->processes.n; i++)
        if (!reader->ends.items[i].has_totals)
            fill_totals(&replay, i);
    free(replay.counts);
    free(replay.peaks);
    free(replay.classes);
    free(replay.order);
    free(replay.starts);
    free(replay.processes);
}
