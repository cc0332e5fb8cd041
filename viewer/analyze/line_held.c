#include "line_held.h"

#include "../base/map.h"
#include "../base/xalloc.h"

#include <stdlib.h>

struct walk {
    const struct profile *profile;
    struct line_held *held;
    uint32_t *first, *rows;           /* site s stands under the rows rows[first[s]] .. rows[first[s + 1] - 1] */
    int64_t *live;                    /* by row, at the start of the epoch */
    int64_t *gained, *change;         /* by row, in the epoch */
    uint32_t *touched, n_touched;
    bool *is_touched;                 /* by row */
    uint64_t *before;                 /* by process: live when the epoch began */
};

/* By location: the row of a Python line, or TRACE_NONE. */
static uint32_t *rows_of_locations(const struct lines *lines, const struct locations *locations)
{
    struct map rows = { 0 };
    struct strmap files = { 0 };
    uint32_t *row_of = xcalloc(locations->n, sizeof *row_of);
    for (uint32_t r = 0; r < lines->n_rows; r++) {
        const char *path = lines->files[lines->rows[r].file].path;
        if (path && lines->rows[r].line)
            *map_put(&rows, (uint64_t)strmap_intern(&files, path) << 32 | lines->rows[r].line, NULL) = r;
    }
    for (uint32_t l = 0; l < locations->n; l++) {
        const struct location *location = &locations->items[l];
        bool python = location_is_python(location) && location_has_line(location);
        uint32_t file = python ? strmap_find(&files, location->file) : STRMAP_NONE;
        uint64_t *row = file == STRMAP_NONE ? NULL : map_get(&rows, (uint64_t)file << 32 | location->line);
        row_of[l] = row ? (uint32_t)*row : TRACE_NONE;
    }
    map_release(&rows);
    strmap_release(&files);
    return row_of;
}

static void list_rows(struct walk *walk, const struct lines *lines, const uint32_t *row_of)
{
    const struct trace *trace = walk->profile->trace;
    const struct locations *locations = &walk->profile->locations;
    VEC(uint32_t) list = { 0 };
    uint32_t *seen = xcalloc(lines->n_rows, sizeof *seen);
    walk->first = xcalloc((size_t)trace->n_sites + 1, sizeof *walk->first);
    for (uint32_t s = 0; s < trace->n_sites; s++) {
        walk->first[s] = (uint32_t)list.n;
        for (uint32_t at = walk->profile->site_selected[s] ? trace->sites[s].stack : 0; at; at = trace->stacks[at].parent) {
            uint32_t frame = trace->stacks[at].frame;
            uint32_t row = row_of[locations->levels[locations->first[frame]]];
            if (row == TRACE_NONE || seen[row] == s + 1)
                continue;
            seen[row] = s + 1;
            vec_push(&list, row);
        }
    }
    walk->first[trace->n_sites] = (uint32_t)list.n;
    walk->rows = list.items;
    free(seen);
}

static void add_to_row(struct walk *walk, uint32_t row, const struct trace_counts *counts)
{
    if (!walk->is_touched[row]) {
        walk->is_touched[row] = true;
        walk->touched[walk->n_touched++] = row;
    }
    walk->gained[row] += (int64_t)(counts->allocated_bytes - counts->transient_bytes);
    walk->change[row] += (int64_t)(counts->allocated_bytes + counts->inherited_bytes - counts->freed_bytes);
}

static void finish_row(struct walk *walk, const struct trace_epoch *epoch, uint32_t row)
{
    struct line_held *held = &walk->held[row];
    int64_t most = walk->live[row] + (walk->gained[row] > 0 ? walk->gained[row] : 0);
    if (held->first_ns == UINT64_MAX) {
        held->first_ns = epoch->start_ns;
        held->before_bytes = walk->before[epoch->process];
    }
    if (most > 0 && (uint64_t)most > held->most_bytes)
        held->most_bytes = (uint64_t)most;
    walk->live[row] += walk->change[row];
    walk->gained[row] = walk->change[row] = 0;
    walk->is_touched[row] = false;
}

static bool on_epoch(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n)
{
    struct walk *walk = context;
    const struct selection *selection = &walk->profile->selection;
    if (selection_is_part(selection) && epoch->end_ns > walk->profile->to_ns)
        return true;
    walk->n_touched = 0;
    for (size_t i = 0; i < n; i++)
        for (uint32_t r = walk->first[deltas[i].site]; r < walk->first[deltas[i].site + 1]; r++)
            add_to_row(walk, walk->rows[r], &deltas[i].counts);
    for (uint32_t i = 0; i < walk->n_touched; i++)
        finish_row(walk, epoch, walk->touched[i]);
    walk->before[epoch->process] = epoch->live_bytes;
    return true;
}

int lines_held(const struct lines *lines, const struct profile *profile, struct line_held *held, struct trace_error *error)
{
    struct walk walk = {
        .profile = profile, .held = held,
        .live = xcalloc(lines->n_rows, sizeof *walk.live), .gained = xcalloc(lines->n_rows, sizeof *walk.gained),
        .change = xcalloc(lines->n_rows, sizeof *walk.change), .touched = xcalloc(lines->n_rows, sizeof *walk.touched),
        .is_touched = xcalloc(lines->n_rows, sizeof *walk.is_touched),
        .before = xcalloc(profile->trace->n_processes, sizeof *walk.before),
    };
    uint32_t *row_of = rows_of_locations(lines, &profile->locations);
    list_rows(&walk, lines, row_of);
    for (uint32_t r = 0; r < lines->n_rows; r++)
        held[r].first_ns = UINT64_MAX;
    int status = trace_each_epoch(profile->trace, on_epoch, &walk, error);
    for (uint32_t r = 0; r < lines->n_rows; r++) {
        const struct costs *costs = &lines->rows[r].costs;
        uint64_t kept = costs->allocated_bytes > costs->transient_bytes ? costs->allocated_bytes - costs->transient_bytes : 0;
        held[r].most_bytes = held[r].most_bytes < kept ? held[r].most_bytes : kept;
    }
    free(row_of);
    free(walk.first);
    free(walk.rows);
    free(walk.live);
    free(walk.gained);
    free(walk.change);
    free(walk.touched);
    free(walk.is_touched);
    free(walk.before);
    return status;
}
