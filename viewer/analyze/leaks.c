#include "leaks_parts.h"
#include "lines.h"

#include "../base/strmap.h"
#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

const char *const leaks_verdict_names[] = { "clean", "leaks", "incomplete", NULL };
const char *const leaks_reach_names[] = { "unknown", "lost", "indirect", "possible", "reachable", NULL };

static uint32_t intern_places(struct strmap *places, const struct locations *locations, uint32_t frame)
{
    const uint32_t *levels = &locations->levels[locations->first[frame]];
    return strmap_intern_bytes(places, (const char *)levels, (locations->first[frame + 1] - locations->first[frame]) * sizeof *levels);
}

/* Parents stand before their children. */
static uint32_t *find_alike(const struct profile *profile)
{
    const struct trace *trace = profile->trace;
    uint32_t *alike = xcalloc(trace->n_stacks, sizeof *alike);
    struct strmap places = { 0 };
    struct map seen = { 0 };
    for (uint32_t s = 1; s < trace->n_stacks; s++) {
        uint32_t place = intern_places(&places, &profile->locations, trace->stacks[s].frame);
        bool added;
        uint64_t *first = map_put(&seen, (uint64_t)alike[trace->stacks[s].parent] << 32 | place, &added);
        if (added)
            *first = s;
        alike[s] = (uint32_t)*first;
    }
    strmap_release(&places);
    map_release(&seen);
    return alike;
}

/* A snapshot at a process's end is earlier, and told in the right order to those of others; that it ended is noticed some time
   after. */
static uint64_t *find_ends(const struct trace *trace)
{
    uint64_t *over = xcalloc(trace->n_processes, sizeof *over);
    for (uint32_t p = 0; p < trace->n_processes; p++) {
        const struct trace_process_end *end = &trace->ends[p];
        over[p] = end->ended && end->exit.kind != TRACE_EXIT_RUNNING ? end->exit.end_ns : UINT64_MAX;
    }
    for (uint32_t i = 0; i < trace->n_snapshots; i++) {
        const struct trace_snapshot *snapshot = &trace->snapshots[i];
        if (snapshot->cause == TRACE_SNAPSHOT_EXIT && snapshot->ns < over[snapshot->process])
            over[snapshot->process] = snapshot->ns;
    }
    return over;
}

/* Of each selected process the last snapshot, or the last one of the label. */
static void choose_snapshots(struct leaks_store *store)
{
    const struct profile *profile = store->leaks.profile;
    const struct trace *trace = profile->trace;
    uint32_t *last = xcalloc(trace->n_processes, sizeof *last);
    memset(last, 0xff, trace->n_processes * sizeof *last);
    for (uint32_t i = 0; i < trace->n_snapshots; i++) {
        const struct trace_snapshot *snapshot = &trace->snapshots[i];
        bool asked = !store->question.label || strcmp(snapshot->label, store->question.label) == 0;
        if (asked && profile->processes[snapshot->process].selected)
            last[snapshot->process] = i;
    }
    for (uint32_t p = 0; p < trace->n_processes; p++) {
        uint32_t id = last[p];
        last[p] = id == TRACE_NONE ? TRACE_NONE : (uint32_t)store->snapshots.n;
        if (id == TRACE_NONE)
            continue;
        vec_add(&store->snapshots)->id = id;
        vec_push(&store->leaks.snapshots, id);
    }
    store->snapshot_of = last;
}

static int compare_groups(const void *a, const void *b)
{
    const struct leaks_group *x = a, *y = b;
    uint64_t x_bytes = x->bytes + x->indirect_bytes, y_bytes = y->bytes + y->indirect_bytes;
    if (x->reach != y->reach)
        return x->reach < y->reach ? -1 : 1;
    if (x_bytes != y_bytes)
        return x_bytes > y_bytes ? -1 : 1;
    if (x->snapshot != y->snapshot)
        return x->snapshot < y->snapshot ? -1 : 1;
    return (x->stack > y->stack) - (x->stack < y->stack);
}

/* LOST blocks have a leader of their own; INDIRECT ones count by themselves only where a damaged chain leads to none. */
static bool has_leaks(const struct leaks_store *store)
{
    const struct leaks *leaks = &store->leaks;
    unsigned kinds = store->question.kinds ? store->question.kinds : 1u << TRACE_REACH_LOST;
    if (kinds & 1u << TRACE_REACH_LOST)
        kinds |= 1u << TRACE_REACH_INDIRECT;
    for (unsigned reach = TRACE_REACH_LOST; reach < TRACE_REACHES; reach++)
        if (kinds & 1u << reach && leaks->blocks[reach])
            return true;
    return false;
}

int leaks_create(struct leaks **result, const struct profile *profile, const struct leaks_question *question,
                 struct trace_error *error)
{
    struct leaks_store *store = xcalloc(1, sizeof *store);
    int status = 0;
    store->leaks.profile = profile;
    store->question = *question;
    store->owners = lines_owners(profile, LINES_OWN);
    store->alike = find_alike(profile);
    store->over_ns = find_ends(profile->trace);
    store->suppressions = question->suppressions ? question->suppressions : (store->own = suppressions_create());
    suppressions_add_program(store->suppressions, profile->trace, &store->bad_rules);
    choose_snapshots(store);
    for (uint32_t i = 0; i < store->snapshots.n && status == 0; i++) {
        struct trace_error damage = { "" };
        struct leaks_snapshot *snapshot = &store->snapshots.items[i];
        snapshot->status = leaks_blocks_read(&snapshot->blocks, profile->trace, snapshot->id, &damage);
        if (snapshot->status < 0 && snapshot->blocks.n == 0) {
            *error = damage;
            status = snapshot->status;
        }
        leaks_group_snapshot(store, i);
    }
    vec_sort(&store->leaks.groups, compare_groups);
    leaks_add_reasons(store);
    store->leaks.verdict = has_leaks(store) ? LEAKS_FOUND : store->leaks.reasons.n ? LEAKS_INCOMPLETE : LEAKS_CLEAN;
    *result = &store->leaks;
    if (status < 0)
        leaks_destroy(&store->leaks);
    return status;
}

uint32_t leaks_owner(const struct leaks *leaks, uint32_t stack)
{
    return ((const struct leaks_store *)leaks)->owners[stack];
}

static void release_sentences(struct leaks_sentences *sentences)
{
    for (size_t i = 0; i < sentences->n; i++)
        free(sentences->items[i]);
    vec_release(sentences);
}

void leaks_destroy(struct leaks *leaks)
{
    struct leaks_store *store = (struct leaks_store *)leaks;
    if (!store)
        return;
    for (size_t i = 0; i < store->snapshots.n; i++)
        leaks_blocks_release(&store->snapshots.items[i].blocks);
    release_sentences(&leaks->reasons);
    release_sentences(&leaks->unseen);
    vec_release(&leaks->groups);
    vec_release(&leaks->snapshots);
    vec_release(&store->snapshots);
    vec_release(&store->frames);
    vec_release(&store->rules);
    free(store->snapshot_of);
    suppressions_destroy(store->own);
    free(store->owners);
    free(store->alike);
    free(store->over_ns);
    arena_release(&store->texts);
    map_release(&store->fingerprints);
    free(store);
}
