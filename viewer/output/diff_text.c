/* `heapline diff`: both totals, then the lines and the stacks that changed, the largest change first. */
#include "../base/format.h"
#include "../base/terminal.h"
#include "diff.h"

#include <inttypes.h>
#include <string.h>

#define LINES_BY_DEFAULT 20
#define STACKS_BY_DEFAULT 10
#define FIGURES_WIDTH 47              /* of the columns in front of a name */

struct signed_text { char text[64]; };

static struct signed_text change_text(enum measure by, uint64_t before, uint64_t after)
{
    struct signed_text text;
    const char *sign = after > before ? "+" : after < before ? "-" : "";
    snprintf(text.text, sizeof text.text, "%s%s", sign, view_measure(by, after > before ? after - before : before - after).text);
    return text;
}

static const char *change_color(const struct view *view, const struct diff_row *row, enum measure by)
{
    uint64_t before = costs_measure(&row->costs[DIFF_BEFORE], by), after = costs_measure(&row->costs[DIFF_AFTER], by);
    return after > before ? view->colors->bad : after < before ? view->colors->good : "";
}

static void print_side(const struct view *view, const char *label, const struct profile *profile, const char *path)
{
    struct strbuf text = STRBUF_INIT, line = STRBUF_INIT;
    view_add_cut(&text, profile->trace);
    if (text.length)
        view_print_wrapped(view, view->colors->bad, text.data, 0);
    strbuf_clear(&text);
    strbuf_printf(&text, "%s (%s): %s at the peak, %s live at the end, %s allocated in %s call%s", path,
                  profile->trace->run.command, format_bytes(profile->total.peak_bytes).text,
                  format_bytes(profile->total.live_bytes).text, format_bytes(profile->total.allocated_bytes).text,
                  format_count(profile->total.allocations).text, view_plural(profile->total.allocations));
    view_add_clipped(view, &line, text.data, text.length, SIZE_MAX);
    fprintf(view->out, "%s%-10s%s", view->colors->dim, label, view->colors->reset);
    view_print_wrapped(view, "", line.data, 10);
    strbuf_release(&text);
    strbuf_release(&line);
}

static void print_head(const struct view *view, const struct diff *diff, const struct diff_wanted *wanted)
{
    uint64_t before = costs_measure(&diff->profiles[DIFF_BEFORE]->total, diff->by),
             after = costs_measure(&diff->profiles[DIFF_AFTER]->total, diff->by);
    fprintf(view->out, "%sChange of %s%s\n", view->colors->heading, measure_meanings[diff->by], view->colors->reset);
    print_side(view, "before", diff->profiles[DIFF_BEFORE], wanted->paths[DIFF_BEFORE]);
    print_side(view, "after", diff->profiles[DIFF_AFTER], wanted->paths[DIFF_AFTER]);
    fprintf(view->out, "%s%-10s%s%s%s%s", view->colors->dim, "change", view->colors->reset,
            after > before ? view->colors->bad : after < before ? view->colors->good : "", change_text(diff->by, before, after).text, view->colors->reset);
    if (before)
        fprintf(view->out, " (%s)", format_percent(after > before ? after - before : before - after, before).text);
    fputc('\n', view->out);
}

static struct format_text figure(const struct diff *diff, const struct diff_row *row, int side)
{
    return row->location[side] == TRACE_NONE ? (struct format_text){ "-" }
                                             : view_measure(diff->by, costs_measure(&row->costs[side], diff->by));
}

static void print_figures(const struct view *view, const struct diff *diff, const struct diff_row *row)
{
    uint64_t before = costs_measure(&row->costs[DIFF_BEFORE], diff->by), after = costs_measure(&row->costs[DIFF_AFTER], diff->by);
    fprintf(view->out, "%12s %12s %s%12s%s  %-6s", figure(diff, row, DIFF_BEFORE).text, figure(diff, row, DIFF_AFTER).text,
            change_color(view, row, diff->by), change_text(diff->by, before, after).text, view->colors->reset,
            diff_change_names[row->change]);
}

/* Code without a name stands together under its module. */
static void add_name(struct strbuf *out, const struct profile *profile, uint32_t location)
{
    const struct location *place = &profile->locations.items[location];
    const char *module = location_module_name(&profile->locations, location);
    if (!place->function && place->kind == TRACE_FRAME_NATIVE && module)
        strbuf_printf(out, "[%s]", module);
    else
        location_add_name(out, &profile->locations, location);
}

/* "src/parse.c:12", or with the line that it was before "src/parse.c:12 (was 10)" */
static void add_place(struct strbuf *out, const struct diff *diff, const struct diff_row *row)
{
    int side = diff_shown_side(row);
    const struct locations *locations = &diff->profiles[side]->locations;
    const struct location *location = &locations->items[row->location[side]];
    const char *module = location_module_name(locations, row->location[side]);
    if (location->file)
        strbuf_add(out, view_path(location->file));
    else if (location->function && module)
        strbuf_printf(out, "(%s)", module);
    if (location->file && row->line[side])
        strbuf_printf(out, ":%" PRIu32, row->line[side]);
    if (row->location[DIFF_BEFORE] != TRACE_NONE && row->line[DIFF_BEFORE] != row->line[side])
        strbuf_printf(out, " (was %" PRIu32 ")", row->line[DIFF_BEFORE]);
}

static void print_clipped(const struct view *view, const char *color, const struct strbuf *text, size_t room)
{
    struct strbuf line = STRBUF_INIT;
    view_add_clipped(view, &line, text->data, text->length, room);
    fprintf(view->out, "%s%s%s", color, line.data, view->colors->reset);
    strbuf_release(&line);
}

static void print_line(const struct view *view, const struct diff *diff, const struct diff_row *row)
{
    struct strbuf name = STRBUF_INIT, place = STRBUF_INIT;
    size_t room = view->width > FIGURES_WIDTH + 30 ? view->width - FIGURES_WIDTH - 4 : 26;
    add_name(&name, diff->profiles[diff_shown_side(row)], row->location[diff_shown_side(row)]);
    add_place(&place, diff, row);
    size_t width = text_width(place.data, place.length), left = width + 12 < room ? room - width : room / 2;
    print_figures(view, diff, row);
    fputs("  ", view->out);
    print_clipped(view, view->colors->function, &name, left);
    fputs("  ", view->out);
    print_clipped(view, view->colors->dim, &place, room);
    fputc('\n', view->out);
    strbuf_release(&name);
    strbuf_release(&place);
}

/* The body of a module, a comprehension, a lambda: Python's name says little without its file. */
static void add_body(struct strbuf *out, const struct location *location)
{
    if (location_is_python(location) && location->function && location->function[0] == '<' && location->file)
        strbuf_printf(out, " (%s)", path_base(location->file));
}

/* Its functions, the allocating one first; those of the runtime say nothing. */
static void print_stack(const struct view *view, const struct diff *diff, const struct diff_row *row)
{
    int side = diff_shown_side(row);
    const struct profile *profile = diff->profiles[side];
    struct level_list levels = { 0 };
    struct strbuf text = STRBUF_INIT;
    profile_levels(profile, row->stack[side], &levels);
    for (size_t i = 0; i < levels.n; i++) {
        enum location_rank rank = profile->locations.items[levels.items[i]].rank;
        if (levels.n > 1 && (rank == RANK_RUNTIME || rank == RANK_PSEUDO))
            continue;
        strbuf_add(&text, text.length ? view->utf8 ? " ← " : " < " : "");
        add_name(&text, profile, levels.items[i]);
        add_body(&text, &profile->locations.items[levels.items[i]]);
    }
    print_figures(view, diff, row);
    fputs("  ", view->out);
    print_clipped(view, "", &text, view->width > FIGURES_WIDTH + 22 ? view->width - FIGURES_WIDTH - 2 : 20);
    fputc('\n', view->out);
    strbuf_release(&text);
    vec_release(&levels);
}

typedef void row_printer(const struct view *view, const struct diff *diff, const struct diff_row *row);

static void print_rows(const struct view *view, const struct diff *diff, const struct diff_rows *rows, const char *what,
                       uint32_t by_default, row_printer *print)
{
    uint32_t top = view->top ? view->top : by_default;
    size_t changed = 0;
    uint64_t folded = 0;
    while (changed < rows->n && rows->items[changed].difference)
        changed++;
    fprintf(view->out, "\n%s%12s %12s %12s  %-6s  %s%s\n", view->colors->heading, "before", "after", "change", "", what,
            view->colors->reset);
    for (size_t i = 0; i < changed && i < top; i++)
        print(view, diff, &rows->items[i]);
    for (size_t i = top; i < changed; i++)
        folded += rows->items[i].difference;
    if (changed > top)
        fprintf(view->out, "%s%s %zu more changed, by %s in all (--top shows more)%s\n", view->colors->dim,
                view->utf8 ? "…" : "...", changed - top, view_measure(diff->by, folded).text, view->colors->reset);
    if (rows->n > changed)
        fprintf(view->out, "%s%zu unchanged%s\n", view->colors->dim, rows->n - changed, view->colors->reset);
}

void diff_print_text(const struct view *view, const struct diff *diff, const struct diff_wanted *wanted)
{
    print_head(view, diff, wanted);
    if (wanted->lines)
        print_rows(view, diff, &diff->lines, "line", LINES_BY_DEFAULT, print_line);
    if (wanted->stacks)
        print_rows(view, diff, &diff->stacks, "stack", STACKS_BY_DEFAULT, print_stack);
    fputc('\n', view->out);
    view_print_wrapped(view, view->colors->dim,
                       "Stacks are compared by functions, files and modules, lines inside of their functions: line numbers, "
                       "addresses and where things were built do not count.", 0);
}
