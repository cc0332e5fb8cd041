#include "diff.h"

#include "../base/xalloc.h"
#include "baseline.h"
#include "lines.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MOST 256            /* of a function, for which a shift is looked for */

const char *const diff_change_names[] = { "new", "gone", "grown", "shrunk", "same", NULL };

/* A row of one side, on its way to its partner. */
struct place {
    const struct line_row *row;
    uint32_t function;            /* id of function and file */
    int side;
};
struct places VEC_FIELDS(struct place);

int diff_shown_side(const struct diff_row *row)
{
    return row->change == DIFF_GONE ? DIFF_BEFORE : DIFF_AFTER;
}

static void settle(struct diff_row *row, enum measure by)
{
    uint64_t before = costs_measure(&row->costs[DIFF_BEFORE], by), after = costs_measure(&row->costs[DIFF_AFTER], by);
    row->difference = after > before ? after - before : before - after;
    if (row->location[DIFF_BEFORE] == TRACE_NONE)
        row->change = DIFF_NEW;
    else if (row->location[DIFF_AFTER] == TRACE_NONE)
        row->change = DIFF_GONE;
    else
        row->change = after == before ? DIFF_SAME : after > before ? DIFF_GROWN : DIFF_SHRUNK;
}

static struct diff_row *add_row(struct diff_rows *rows)
{
    struct diff_row *row = vec_add(rows);
    for (int side = 0; side < DIFF_SIDES; side++)
        row->location[side] = row->stack[side] = TRACE_NONE;
    return row;
}

static void take(struct diff_row *row, int side, const struct line_row *line)
{
    costs_add(&row->costs[side], &line->costs);
    if (row->location[side] == TRACE_NONE) {
        row->location[side] = line->location;
        row->line[side] = line->line;
        row->stack[side] = line->heaviest;
    }
}

/* What names a function in another build, too: its name and the last part of its file or module. Code without a name is its
 * module's. */
static uint32_t function_of(struct strmap *functions, const struct profile *profile, const struct line_row *row)
{
    const struct location *location = &profile->locations.items[row->location];
    const char *module = location_module_name(&profile->locations, row->location);
    struct strbuf text = STRBUF_INIT;
    if (location->function || location->kind != TRACE_FRAME_NATIVE)
        location_add_name(&text, &profile->locations, row->location);
    strbuf_printf(&text, "\n%s", location->file ? path_base(location->file) : module ? module : "");
    uint32_t id = strmap_intern(functions, text.data);
    strbuf_release(&text);
    return id;
}

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->function != y->function)
        return x->function < y->function ? -1 : 1;
    if (x->side != y->side)
        return x->side - y->side;
    return (x->row->line > y->row->line) - (x->row->line < y->row->line);
}

/* How many lines meet when `before` is moved by `shift`. */
static uint32_t meetings(const struct place *before, size_t n, const struct place *after, size_t m, int64_t shift)
{
    uint32_t met = 0;
    for (size_t i = 0, j = 0; i < n && j < m;) {
        int64_t moved = (int64_t)before[i].row->line + shift, line = after[j].row->line;
        met += moved == line;
        i += moved <= line;
        j += line <= moved;
    }
    return met;
}

/* The shift with most meetings; of several the smallest. */
static int64_t best_shift(const struct place *before, size_t n, const struct place *after, size_t m)
{
    int64_t best = 0;
    uint32_t most = meetings(before, n, after, m, 0);
    for (size_t i = 0; i < n && i < LINES_MOST; i++)
        for (size_t j = 0; j < m && j < LINES_MOST; j++) {
            int64_t shift = (int64_t)after[j].row->line - before[i].row->line;
            uint32_t met = meetings(before, n, after, m, shift);
            if (met > most || (met == most && llabs(shift) < llabs(best))) {
                most = met;
                best = shift;
            }
        }
    return best;
}

/* The lines of one function: n before, m after. */
static void pair(struct diff *diff, const struct place *before, size_t n, const struct place *after, size_t m)
{
    bool in_order = n == m;
    int64_t shift = in_order ? 0 : best_shift(before, n, after, m);
    for (size_t i = 0, j = 0; i < n || j < m;) {
        int64_t moved = i < n ? (int64_t)before[i].row->line + shift : INT64_MAX,
                line = j < m ? (int64_t)after[j].row->line : INT64_MAX;
        bool has_before = in_order || moved <= line, has_after = in_order || line <= moved;
        struct diff_row *row = add_row(&diff->lines);
        if (has_before)
            take(row, DIFF_BEFORE, before[i++].row);
        if (has_after)
            take(row, DIFF_AFTER, after[j++].row);
        settle(row, diff->by);
    }
}

static void add_places(struct places *places, struct strmap *functions, const struct profile *profile, const struct lines *lines,
                       int side)
{
    for (uint32_t r = 0; r < lines->n_rows; r++)
        vec_push(places, ((struct place){ &lines->rows[r], function_of(functions, profile, &lines->rows[r]), side }));
}

static void pair_all(struct diff *diff, const struct places *places)
{
    for (size_t first = 0, middle, end; first < places->n; first = end) {
        const struct place *items = places->items;
        for (middle = first;
             middle < places->n && items[middle].function == items[first].function && items[middle].side == DIFF_BEFORE; middle++)
            ;
        for (end = middle; end < places->n && items[end].function == items[first].function; end++)
            ;
        pair(diff, items + first, middle - first, items + middle, end - middle);
    }
}

static void build_lines(struct diff *diff)
{
    struct lines lines[DIFF_SIDES];
    struct places places = { 0 };
    struct strmap functions = { 0 };
    for (int side = 0; side < DIFF_SIDES; side++) {
        lines_build(&lines[side], diff->profiles[side], LINES_OWN, diff->by);
        add_places(&places, &functions, diff->profiles[side], &lines[side], side);
    }
    vec_sort(&places, by_place);
    pair_all(diff, &places);
    for (int side = 0; side < DIFF_SIDES; side++)
        lines_release(&lines[side]);
    vec_release(&places);
    strmap_release(&functions);
}

static void take_group(struct diff_row *row, int side, const struct baseline_group *group, const uint32_t *owners)
{
    row->costs[side] = group->costs;
    row->stack[side] = group->stack;
    row->location[side] = owners[group->stack];
}

static void build_stacks(struct diff *diff)
{
    uint32_t *owners[DIFF_SIDES];
    struct baseline *groups[DIFF_SIDES];
    for (int side = 0; side < DIFF_SIDES; side++) {
        owners[side] = lines_owners(diff->profiles[side], LINES_OWN);
        groups[side] = baseline_of(diff->profiles[side], owners[side]);
    }
    for (size_t i = 0; i < groups[DIFF_BEFORE]->groups.n; i++) {
        const struct baseline_group *before = &groups[DIFF_BEFORE]->groups.items[i],
                                    *after = baseline_find(groups[DIFF_AFTER], before->fingerprint);
        struct diff_row *row = add_row(&diff->stacks);
        take_group(row, DIFF_BEFORE, before, owners[DIFF_BEFORE]);
        if (after)
            take_group(row, DIFF_AFTER, after, owners[DIFF_AFTER]);
        settle(row, diff->by);
    }
    for (size_t i = 0; i < groups[DIFF_AFTER]->groups.n; i++) {
        const struct baseline_group *after = &groups[DIFF_AFTER]->groups.items[i];
        if (baseline_find(groups[DIFF_BEFORE], after->fingerprint))
            continue;
        struct diff_row *row = add_row(&diff->stacks);
        take_group(row, DIFF_AFTER, after, owners[DIFF_AFTER]);
        settle(row, diff->by);
    }
    for (int side = 0; side < DIFF_SIDES; side++) {
        baseline_destroy(groups[side]);
        free(owners[side]);
    }
}

static int by_difference(const void *a, const void *b)
{
    const struct diff_row *x = a, *y = b;
    if (x->difference != y->difference)
        return x->difference > y->difference ? -1 : 1;
    if (x->change != y->change)
        return x->change < y->change ? -1 : 1;
    int side = diff_shown_side(x);
    if (x->location[side] != y->location[side])
        return x->location[side] < y->location[side] ? -1 : 1;
    if (x->line[side] != y->line[side])
        return x->line[side] < y->line[side] ? -1 : 1;
    return (x->stack[side] > y->stack[side]) - (x->stack[side] < y->stack[side]);
}

void diff_build(struct diff *diff, const struct profile *before, const struct profile *after, enum measure by)
{
    *diff = (struct diff){ .profiles = { before, after }, .by = by };
    build_lines(diff);
    build_stacks(diff);
    vec_sort(&diff->lines, by_difference);
    vec_sort(&diff->stacks, by_difference);
}

void diff_release(struct diff *diff)
{
    vec_release(&diff->lines);
    vec_release(&diff->stacks);
}
