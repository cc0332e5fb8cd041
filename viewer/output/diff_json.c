#include "diff.h"
#include "json.h"

#include "../analyze/identity.h"

static json_t *side_object(const struct diff *diff, int side, const char *path)
{
    json_t *object = json_begin("", diff->profiles[side], measure_names[diff->by]);
    json_object_del(object, "schema");
    json_object_set_new(object, "file", json_text(path));
    json_object_set_new(object, "losses", json_losses(diff->profiles[side]->trace));
    return object;
}

static json_t *costs_object(const struct diff_row *row, int side)
{
    if (row->location[side] == TRACE_NONE)
        return json_null();
    json_t *object = json_object();
    json_add_costs(object, &row->costs[side]);
    return object;
}

static json_int_t difference(const struct diff *diff, const struct diff_row *row)
{
    bool more = costs_measure(&row->costs[DIFF_AFTER], diff->by) >= costs_measure(&row->costs[DIFF_BEFORE], diff->by);
    return more ? (json_int_t)row->difference : -(json_int_t)row->difference;
}

static json_t *row_object(const struct diff *diff, const struct diff_row *row)
{
    json_t *object = json_object();
    int side = diff_shown_side(row);
    json_add_location(object, &diff->profiles[side]->locations, row->location[side]);
    json_object_set_new(object, "change", json_string(diff_change_names[row->change]));
    json_object_set_new(object, "difference", json_integer(difference(diff, row)));
    json_object_set_new(object, "before", costs_object(row, DIFF_BEFORE));
    json_object_set_new(object, "after", costs_object(row, DIFF_AFTER));
    return object;
}

static json_t *line_object(const struct diff *diff, const struct diff_row *row)
{
    json_t *object = row_object(diff, row);
    bool known = row->location[DIFF_BEFORE] != TRACE_NONE && row->line[DIFF_BEFORE];
    json_object_set_new(object, "line_before", known ? json_integer(row->line[DIFF_BEFORE]) : json_null());
    return object;
}

static json_t *stack_object(const struct diff *diff, const struct diff_row *row)
{
    int side = diff_shown_side(row);
    const struct profile *profile = diff->profiles[side];
    json_t *object = row_object(diff, row), *stack = json_array();
    struct strbuf identity = STRBUF_INIT;
    struct level_list levels = { 0 };
    char fingerprint[17];
    identity_add(&identity, profile, NULL, row->stack[side]);
    identity_fingerprint(identity.data, fingerprint);
    profile_levels(profile, row->stack[side], &levels);
    for (size_t i = 0; i < levels.n; i++) {
        json_t *level = json_object();
        json_add_location(level, &profile->locations, levels.items[i]);
        json_array_append_new(stack, level);
    }
    json_object_set_new(object, "fingerprint", json_string(fingerprint));
    json_object_set_new(object, "stack", stack);
    strbuf_release(&identity);
    vec_release(&levels);
    return object;
}

typedef json_t *row_fn(const struct diff *diff, const struct diff_row *row);

/* The changed ones, `top` at most; *same counts the others. */
static json_t *rows_array(const struct diff *diff, const struct diff_rows *rows, uint32_t top, row_fn *make, size_t *left_out,
                          size_t *same)
{
    json_t *array = json_array();
    *left_out = *same = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->items[i].difference == 0)
            ++*same;
        else if (top && i >= top)
            ++*left_out;
        else
            json_array_append_new(array, make(diff, &rows->items[i]));
    }
    return array;
}

static void add_rows(json_t *object, const char *name, const struct diff *diff, const struct diff_rows *rows, uint32_t top,
                     row_fn *make)
{
    size_t left_out, same;
    char text[40];
    json_object_set_new(object, name, rows_array(diff, rows, top, make, &left_out, &same));
    snprintf(text, sizeof text, "%s_left_out", name);
    json_object_set_new(object, text, json_integer((json_int_t)left_out));
    snprintf(text, sizeof text, "%s_unchanged", name);
    json_object_set_new(object, text, json_integer((json_int_t)same));
}

int diff_print_json(const struct view *view, const struct diff *diff, const struct diff_wanted *wanted)
{
    json_t *object = json_object();
    json_object_set_new(object, "schema", json_string("heapline-diff/1"));
    json_object_set_new(object, "by", json_string(measure_names[diff->by]));
    json_object_set_new(object, "before", side_object(diff, DIFF_BEFORE, wanted->paths[DIFF_BEFORE]));
    json_object_set_new(object, "after", side_object(diff, DIFF_AFTER, wanted->paths[DIFF_AFTER]));
    if (wanted->lines)
        add_rows(object, "lines", diff, &diff->lines, view->top, line_object);
    if (wanted->stacks)
        add_rows(object, "stacks", diff, &diff->stacks, view->top, stack_object);
    return json_finish(object, view->out);
}
