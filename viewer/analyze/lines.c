#include "lines.h"

#include "../base/strmap.h"
#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

const char *const lines_mode_names[] = { "own", "self", "inclusive", NULL };

struct row_key {
    uint32_t line, module;
    const char *file, *function;    /* interned by the locations: pointers are as good as texts */
    uint64_t address;
};

struct file_key {
    const char *file;
    uint64_t module;
};

struct builder {
    struct lines *lines;
    const struct profile *profile;
    struct strmap row_keys, file_keys;
    uint32_t *row_of;               /* by location */
    size_t rows_capacity, files_capacity;
};

static uint32_t file_for(struct builder *builder, const char *path, uint32_t module)
{
    struct lines *lines = builder->lines;
    struct file_key key = { path, path ? TRACE_NONE : module };
    uint32_t id = strmap_intern_bytes(&builder->file_keys, (const char *)&key, sizeof key);
    if (id < lines->n_files)
        return id;
    if (lines->n_files == builder->files_capacity) {
        builder->files_capacity = builder->files_capacity ? 2 * builder->files_capacity : 64;
        lines->files = xreallocarray(lines->files, builder->files_capacity, sizeof *lines->files);
    }
    lines->files[lines->n_files++] = (struct line_file){ .path = path, .module = (uint32_t)key.module };
    return id;
}

static struct row_key key_of(const struct location *location)
{
    if (location_has_line(location))
        return (struct row_key){ .file = location->file, .line = location->line };
    if (location_is_python(location))
        return (struct row_key){ .module = TRACE_NONE, .file = location->file, .function = location->function };
    return (struct row_key){ .module = location->module, .function = location->function, .address = location->address };
}

static uint32_t row_for(struct builder *builder, uint32_t id)
{
    struct lines *lines = builder->lines;
    const struct location *location = &builder->profile->locations.items[id];
    struct row_key key = key_of(location);
    uint32_t row = strmap_intern_bytes(&builder->row_keys, (const char *)&key, sizeof key);
    if (row < lines->n_rows)
        return row;
    if (lines->n_rows == builder->rows_capacity) {
        builder->rows_capacity = builder->rows_capacity ? 2 * builder->rows_capacity : 256;
        lines->rows = xreallocarray(lines->rows, builder->rows_capacity, sizeof *lines->rows);
    }
    lines->rows[lines->n_rows++] = (struct line_row){
        .location = id, .line = key.line, .file = file_for(builder, key.file, key.module), .heaviest = TRACE_NONE,
    };
    lines->files[lines->rows[row].file].python |= location_is_python(location);
    return row;
}

/* Who owns what is allocated at a stack, and its rank there. */
struct owner {
    uint32_t location;
    enum location_rank rank;
    bool site;                      /* under the module `site`, whose .pth files hold code that nobody calls his own */
};

static bool is_site(const struct location *location)
{
    return location_is_python(location) && location->function && strcmp(location->function, "addpackage") == 0 &&
           location->rank == RANK_SYSTEM_LINE;
}

/* Of the interpreter, of what came with it, or of its import machinery. */
static bool is_inside(const struct location *location)
{
    return location->rank == RANK_INTERPRETER || location->interpreter;
}

/* Whether a place further in takes over from the owner so far. */
static bool takes_over(const struct profile *profile, enum lines_mode mode, const struct location *inner,
                       const struct owner *owner, enum location_rank rank)
{
    const struct selection *selection = &profile->selection;
    const struct location *place = &profile->locations.items[owner->location];
    if (selection->python_lines && location_is_python(inner) != location_is_python(place))
        return location_is_python(inner);
    if (mode == LINES_SELF && inner->interpreter && location_is_python(place) && !selection->native)
        return false;
    if (mode != LINES_SELF || rank == RANK_PSEUDO || owner->rank == RANK_PSEUDO)
        return rank >= owner->rank;
    return location_has_line(inner) || !location_has_line(place);
}

uint32_t *lines_owners(const struct profile *profile, enum lines_mode mode)
{
    const struct trace *trace = profile->trace;
    const struct locations *locations = &profile->locations;
    struct owner *owners = xcalloc(trace->n_stacks, sizeof *owners);
    uint32_t *result = xcalloc(trace->n_stacks, sizeof *result);
    bool as_one = profile->has_python && !profile->selection.native;       /* what Python people know of its inside */
    owners[0] = (struct owner){ locations->nowhere, RANK_PSEUDO, false };
    result[0] = locations->nowhere;
    for (uint32_t s = 1; s < trace->n_stacks; s++) {
        struct owner owner = owners[trace->stacks[s].parent];
        uint32_t frame = trace->stacks[s].frame;
        for (uint32_t i = locations->first[frame]; i < locations->first[frame + 1]; i++) {
            const struct location *inner = &locations->items[locations->levels[i]];
            enum location_rank rank = owner.site && inner->rank > RANK_SYSTEM_LINE ? RANK_SYSTEM_LINE : inner->rank;
            owner.site |= is_site(inner);
            if (!takes_over(profile, mode, inner, &owner, rank))
                continue;
            owner.location = as_one && is_inside(inner) ? locations->interpreter : locations->levels[i];
            owner.rank = rank;
        }
        owners[s] = owner;
        result[s] = owner.location;
    }
    free(owners);
    return result;
}

static void add_to_row(struct line_row *row, uint32_t location, uint32_t stack, const struct costs *costs, enum measure by)
{
    uint64_t measure = costs_measure(costs, by);
    costs_add(&row->costs, costs);
    if (measure > row->best) {
        row->best = measure;
        row->location = location;
    }
    if (row->heaviest == TRACE_NONE || measure > row->heaviest_measure) {
        row->heaviest = stack;
        row->heaviest_measure = measure;
    }
}

static uint32_t row_of(struct builder *builder, uint32_t location)
{
    if (builder->row_of[location] == TRACE_NONE)
        builder->row_of[location] = row_for(builder, location);
    return builder->row_of[location];
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The transient blocks of a stack may belong to lines further in, which are rows of their own: a row has at most what
 * it freed. */
static void add_transients(struct builder *builder, const struct costs *stacks, const uint32_t *owners)
{
    struct lines *lines = builder->lines;
    for (uint32_t s = 1; s < builder->profile->trace->n_stacks; s++) {
        uint32_t r = stacks[s].transient ? builder->row_of[owners[s]] : TRACE_NONE;
        if (r == TRACE_NONE)
            continue;
        struct costs *row = &lines->rows[r].costs, *file = &lines->files[lines->rows[r].file].costs;
        uint64_t blocks = least(stacks[s].transient, row->frees - row->transient);
        uint64_t bytes = least(stacks[s].transient_bytes, row->freed_bytes - row->transient_bytes);
        row->transient += blocks;
        row->transient_bytes += bytes;
        file->transient += blocks;
        file->transient_bytes += bytes;
    }
}

static void add_exclusive(struct builder *builder, const uint32_t *owners)
{
    const struct costs *stacks = builder->profile->stacks;
    const struct trace *trace = builder->profile->trace;
    struct lines *lines = builder->lines;
    for (uint32_t s = 0; s < trace->n_stacks; s++) {
        if (costs_none(&stacks[s]))
            continue;
        struct costs costs = stacks[s];
        costs.transient = costs.transient_bytes = 0;
        uint32_t r = row_of(builder, owners[s]);
        struct line_row *row = &lines->rows[r];
        add_to_row(row, owners[s], s, &costs, lines->by);
        costs_add(&lines->files[row->file].costs, &costs);
    }
    add_transients(builder, stacks, owners);
}

/* How often the rows and files stand on the stack that the walk is at. */
struct path_counts {
    uint32_t *rows, *files;
    size_t rows_capacity, files_capacity;
};

static void make_room(uint32_t **counts, size_t *capacity, size_t n)
{
    if (n <= *capacity)
        return;
    size_t wanted = 2 * n;
    *counts = xreallocarray(*counts, wanted, sizeof **counts);
    memset(*counts + *capacity, 0, (wanted - *capacity) * sizeof **counts);
    *capacity = wanted;
}

/* In the rows of a Python program the interpreter's own frames say nothing. */
static bool has_row(const struct builder *builder, uint32_t s, uint32_t location)
{
    const struct profile *profile = builder->profile;
    const struct location *place = &profile->locations.items[location];
    if (!profile->has_python || profile->selection.native)
        return true;
    bool outside = !profile->python_stacks[s] && place->rank == RANK_RUNTIME;
    return !place->interpreter && place->kind != TRACE_FRAME_OBJECT && !outside;
}

static void enter_stack(struct builder *builder, struct path_counts *path, uint32_t s, const struct costs *below)
{
    const struct locations *locations = &builder->profile->locations;
    struct lines *lines = builder->lines;
    uint32_t frame = builder->profile->trace->stacks[s].frame;
    for (uint32_t i = locations->first[frame]; i < locations->first[frame + 1]; i++) {
        uint32_t location = locations->levels[i];
        if (!has_row(builder, s, location))
            continue;
        uint32_t r = row_of(builder, location), f = lines->rows[r].file;
        make_room(&path->rows, &path->rows_capacity, lines->n_rows);
        make_room(&path->files, &path->files_capacity, lines->n_files);
        if (path->rows[r]++ == 0)
            add_to_row(&lines->rows[r], location, s, below, lines->by);
        if (path->files[f]++ == 0)
            costs_add(&lines->files[f].costs, below);
    }
}

static void leave_stack(struct builder *builder, struct path_counts *path, uint32_t s)
{
    const struct locations *locations = &builder->profile->locations;
    uint32_t frame = builder->profile->trace->stacks[s].frame;
    for (uint32_t i = locations->first[frame]; i < locations->first[frame + 1]; i++) {
        if (!has_row(builder, s, locations->levels[i]))
            continue;
        uint32_t r = builder->row_of[locations->levels[i]];
        path->rows[r]--;
        path->files[builder->lines->rows[r].file]--;
    }
}

static void add_nowhere(struct builder *builder, const struct costs *costs)
{
    if (costs_none(costs))
        return;
    uint32_t nowhere = builder->profile->locations.nowhere, r = row_of(builder, nowhere);
    add_to_row(&builder->lines->rows[r], nowhere, 0, costs, builder->lines->by);
    costs_add(&builder->lines->files[builder->lines->rows[r].file].costs, costs);
}

/* Depth first through the trie of stacks, so that what stands on the way to the root is known at every step. */
static void add_inclusive(struct builder *builder)
{
    const struct trace *trace = builder->profile->trace;
    struct costs *stacks = xmemdup(builder->profile->stacks, trace->n_stacks * sizeof *stacks);
    add_nowhere(builder, &stacks[0]);
    bool *needed = profile_needed_stacks(builder->profile, stacks);
    uint32_t *child = xcalloc(trace->n_stacks, sizeof *child), *sibling = xcalloc(trace->n_stacks, sizeof *sibling);
    struct path_counts path = { 0 };
    for (uint32_t s = trace->n_stacks; s-- > 1;) {
        uint32_t parent = trace->stacks[s].parent;
        if (!needed[s])
            continue;
        costs_add(&stacks[parent], &stacks[s]);
        sibling[s] = child[parent];
        child[parent] = s;
    }
    uint32_t s = child[0];
    while (s) {
        enter_stack(builder, &path, s, &stacks[s]);
        if (child[s]) {
            s = child[s];
            continue;
        }
        while (s && !sibling[s]) {
            leave_stack(builder, &path, s);
            s = trace->stacks[s].parent;
        }
        if (s) {
            leave_stack(builder, &path, s);
            s = sibling[s];
        }
    }
    free(path.rows);
    free(path.files);
    free(stacks);
    free(needed);
    free(child);
    free(sibling);
}

static int compare_files(const void *a, const void *b, void *context)
{
    const struct lines *lines = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = costs_compare(&lines->files[x].costs, &lines->files[y].costs, lines->by);
    return order ? order : (x > y) - (x < y);
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct lines *lines = context;
    const struct line_row *x = a, *y = b;
    int order = x->file != y->file ? (x->file > y->file) - (x->file < y->file) : costs_compare(&x->costs, &y->costs, lines->by);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static void sort_files(struct lines *lines)
{
    uint32_t *order = xcalloc(lines->n_files, sizeof *order), *place = xcalloc(lines->n_files, sizeof *place);
    struct line_file *sorted = xcalloc(lines->n_files, sizeof *sorted);
    for (uint32_t f = 0; f < lines->n_files; f++)
        order[f] = f;
    if (lines->n_files)
        qsort_r(order, lines->n_files, sizeof *order, compare_files, lines);
    for (uint32_t i = 0; i < lines->n_files; i++) {
        sorted[i] = lines->files[order[i]];
        place[order[i]] = i;
    }
    for (uint32_t r = 0; r < lines->n_rows; r++)
        lines->rows[r].file = place[lines->rows[r].file];
    free(lines->files);
    free(order);
    free(place);
    lines->files = sorted;
}

static void sort(struct lines *lines)
{
    sort_files(lines);
    if (lines->n_rows)
        qsort_r(lines->rows, lines->n_rows, sizeof *lines->rows, compare_rows, lines);
    for (uint32_t r = 0; r < lines->n_rows; r++) {
        struct line_file *file = &lines->files[lines->rows[r].file];
        if (file->n++ == 0)
            file->first = r;
    }
}

void lines_build_owned(struct lines *lines, const struct profile *profile, enum lines_mode mode, enum measure by,
                       const uint32_t *owners)
{
    *lines = (struct lines){ .mode = mode, .by = by, .total = profile->total };
    struct builder builder = { .lines = lines, .profile = profile };
    builder.row_of = xcalloc(profile->locations.n, sizeof *builder.row_of);
    memset(builder.row_of, 0xff, profile->locations.n * sizeof *builder.row_of);
    if (mode == LINES_INCLUSIVE)
        add_inclusive(&builder);
    else
        add_exclusive(&builder, owners);
    free(builder.row_of);
    strmap_release(&builder.row_keys);
    strmap_release(&builder.file_keys);
    sort(lines);
    for (uint32_t r = 0; r < lines->n_rows; r++)
        if (lines->rows[r].line == 0 && lines->rows[r].location != profile->locations.interpreter)
            costs_add(&lines->without_line, &lines->rows[r].costs);
}

void lines_build(struct lines *lines, const struct profile *profile, enum lines_mode mode, enum measure by)
{
    uint32_t *owners = mode == LINES_INCLUSIVE ? NULL : lines_owners(profile, mode);
    lines_build_owned(lines, profile, mode, by, owners);
    free(owners);
}

void lines_release(struct lines *lines)
{
    free(lines->rows);
    free(lines->files);
    *lines = (struct lines){ 0 };
}

static int compare_row_pointers(const void *a, const void *b, void *context)
{
    const struct lines *lines = context;
    const struct line_row *x = *(const struct line_row *const *)a, *y = *(const struct line_row *const *)b;
    int order = costs_compare(&x->costs, &y->costs, lines->by);
    return order ? order : (x > y) - (x < y);
}

const struct line_row **lines_sorted(const struct lines *lines)
{
    const struct line_row **rows = xcalloc(lines->n_rows, sizeof *rows);
    for (uint32_t r = 0; r < lines->n_rows; r++)
        rows[r] = &lines->rows[r];
    if (lines->n_rows)
        qsort_r(rows, lines->n_rows, sizeof *rows, compare_row_pointers, (void *)lines);
    return rows;
}
