#include "leaks_rows.h"

#include "../base/map.h"
#include "../base/strmap.h"

#include <stdlib.h>
#include <string.h>

const char *const leaks_by_names[] = { "stack", "line", "module", NULL };

/* What makes two groups one row. No padding: it is hashed as bytes. */
struct row_key {
    uint64_t reach;
    const void *file;               /* interned by the locations */
    uint64_t place;
};

static struct row_key key_of(const struct leaks *leaks, const struct leaks_group *group, enum leaks_by by)
{
    uint32_t owner = leaks_owner(leaks, group->stack);
    const struct location *location = &leaks->profile->locations.items[owner];
    struct row_key key = { .reach = group->reach, .place = group->stack };
    if (by == LEAKS_BY_MODULE) {
        key.place = location->module;
        key.file = location_is_python(location) ? location->file : NULL;       /* Python's modules are its files */
    } else if (by == LEAKS_BY_LINE) {
        key.file = location_has_line(location) ? location->file : NULL;
        key.place = key.file ? location->line : owner;
    }
    return key;
}

static void merge_largest(struct leaks_group *sum, const struct leaks_group *more)
{
    struct leaks_address merged[LEAKS_LARGEST];
    uint32_t n = 0, a = 0, b = 0;
    while (n < LEAKS_LARGEST && (a < sum->n_largest || b < more->n_largest)) {
        const struct leaks_address *x = a < sum->n_largest ? &sum->largest[a] : NULL;
        const struct leaks_address *y = b < more->n_largest ? &more->largest[b] : NULL;
        bool first = x && (!y || x->bytes > y->bytes || (x->bytes == y->bytes && x->address <= y->address));
        merged[n++] = first ? *x : *y;
        a += first;
        b += !first;
    }
    memcpy(sum->largest, merged, n * sizeof *merged);
    sum->n_largest = n;
}

static void merge(struct leaks_row *row, const struct leaks_group *group)
{
    struct leaks_group *sum = &row->sum;
    row->groups++;
    sum->bytes += group->bytes;
    sum->blocks += group->blocks;
    sum->indirect_bytes += group->indirect_bytes;
    sum->indirect_blocks += group->indirect_blocks;
    sum->first_ns = group->first_ns < sum->first_ns ? group->first_ns : sum->first_ns;
    sum->last_ns = group->last_ns > sum->last_ns ? group->last_ns : sum->last_ns;
    merge_largest(sum, group);
}

static int compare_rows(const void *a, const void *b)
{
    const struct leaks_row *x = a, *y = b;
    uint64_t x_bytes = x->sum.bytes + x->sum.indirect_bytes, y_bytes = y->sum.bytes + y->sum.indirect_bytes;
    if (x->sum.reach != y->sum.reach)
        return x->sum.reach < y->sum.reach ? -1 : 1;
    if (x_bytes != y_bytes)
        return x_bytes > y_bytes ? -1 : 1;
    return (x->heaviest > y->heaviest) - (x->heaviest < y->heaviest);
}

void leaks_rows_build(struct leaks_rows *rows, const struct leaks *leaks, enum leaks_by by, unsigned kinds)
{
    struct strmap keys = { 0 };
    struct map processes = { 0 };                /* by row and snapshot */
    vec_clear(rows);
    for (size_t i = 0; i < leaks->groups.n; i++) {
        const struct leaks_group *group = &leaks->groups.items[i];
        if (group->suppressed_by || !(kinds & 1u << group->reach))
            continue;
        struct row_key key = key_of(leaks, group, by);
        uint32_t r = strmap_intern_bytes(&keys, (const char *)&key, sizeof key);
        bool added;
        map_put(&processes, (uint64_t)r << 32 | group->snapshot, &added);
        if (r < rows->n)
            merge(&rows->items[r], group);
        else
            vec_push(rows, ((struct leaks_row){ *group, group, leaks_owner(leaks, group->stack), 1, 0 }));
        rows->items[r].processes += added;
    }
    vec_sort(rows, compare_rows);
    strmap_release(&keys);
    map_release(&processes);
}

void leaks_rows_release(struct leaks_rows *rows)
{
    vec_release(rows);
}
