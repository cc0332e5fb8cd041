/* `heapline leaks`: the verdict, then what is lost with all that is known of it, what is still reachable in short, and what
   the verdict rests on. */
#include "leaks_print.h"
#include "source.h"

#include "../base/format.h"
#include "../base/xalloc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define REACHABLE_BY_DEFAULT 5
#define UNMATCHED_SHOWN 8
#define STACK_SHOWN 40                /* frames; of longer stacks the outer ones are counted */

struct printer {
    const struct view *view;
    const struct leaks *leaks;
    const struct leaks_wanted *wanted;
};

/* "1.20 KiB in 5 blocks" */
struct amount_text { char text[128]; };

static struct amount_text amount(uint64_t bytes, uint64_t blocks)
{
    struct amount_text text;
    snprintf(text.text, sizeof text.text, "%s in %s block%s", format_bytes(bytes).text, format_count(blocks).text,
             view_plural(blocks));
    return text;
}

static void heading(const struct printer *printer, const char *text)
{
    fprintf(printer->view->out, "\n%s%s%s\n", printer->view->colors->heading, text, printer->view->colors->reset);
}

/* The verdict */

static uint32_t count_rows(const struct printer *printer, unsigned kinds)
{
    struct leaks_rows rows = { 0 };
    leaks_rows_build(&rows, printer->leaks, LEAKS_BY_STACK, kinds);
    uint32_t n = (uint32_t)rows.n;
    leaks_rows_release(&rows);
    return n;
}

static void add_found(const struct printer *printer, struct strbuf *out)
{
    const struct leaks *leaks = printer->leaks;
    uint64_t lost = leaks->blocks[TRACE_REACH_LOST], indirect = leaks->blocks[TRACE_REACH_INDIRECT];
    uint32_t places = count_rows(printer, 1u << TRACE_REACH_LOST);
    strbuf_add(out, "Leaks: ");
    if (lost)
        strbuf_printf(out, "%s lost, from %" PRIu32 " place%s", amount(leaks->bytes[TRACE_REACH_LOST], lost).text, places,
                      view_plural(places));
    if (indirect && lost)
        strbuf_printf(out, "; only they lead to %s in %s more", format_bytes(leaks->bytes[TRACE_REACH_INDIRECT]).text,
                      format_count(indirect).text);
    else if (indirect)
        strbuf_printf(out, "%s that only lost blocks lead to", amount(leaks->bytes[TRACE_REACH_INDIRECT], indirect).text);
    if (!lost && !indirect)
        strbuf_printf(out, "nothing is lost for certain, but blocks of the kinds asked for are there");
    strbuf_add_char(out, '.');
}

static bool suppressed_a_leak(const struct leaks *leaks)
{
    for (size_t i = 0; i < leaks->groups.n; i++)
        if (leaks->groups.items[i].suppressed_by && leaks->groups.items[i].reach == TRACE_REACH_LOST)
            return true;
    return false;
}

static void print_verdict(const struct printer *printer)
{
    const struct palette *colors = printer->view->colors;
    const struct leaks *leaks = printer->leaks;
    struct strbuf text = STRBUF_INIT;
    const char *color = leaks->verdict == LEAKS_FOUND ? colors->bad : leaks->verdict == LEAKS_CLEAN ? colors->good : colors->warm;
    if (leaks->verdict == LEAKS_FOUND)
        add_found(printer, &text);
    else if (leaks->verdict == LEAKS_CLEAN)
        strbuf_add(&text, suppressed_a_leak(leaks) ? "No leaks but suppressed ones." : "No leaks.");
    else
        strbuf_add(&text, "Incomplete: no leak was found, but not everything could be looked at (the reasons stand below).");
    if (leaks->blocks[TRACE_REACH_POSSIBLE])
        strbuf_printf(&text, " Possibly lost: %s.",
                      amount(leaks->bytes[TRACE_REACH_POSSIBLE], leaks->blocks[TRACE_REACH_POSSIBLE]).text);
    view_print_wrapped(printer->view, color, text.data, 0);
    strbuf_release(&text);
}

static const char *cause_text(enum trace_snapshot_cause cause)
{
    switch (cause) {
    case TRACE_SNAPSHOT_EXIT: return "at its end";
    case TRACE_SNAPSHOT_REQUEST: return "as asked for from outside";
    case TRACE_SNAPSHOT_CALL: return "as the program asked for";
    case TRACE_SNAPSHOT_CHECK: return "at a leak check of the program";
    case TRACE_SNAPSHOT_BEFORE_EXIT: return "before Python ended";
    }
    return "";
}

static void print_line(const struct printer *printer, const char *label, const char *text)
{
    const struct view *view = printer->view;
    struct strbuf line = STRBUF_INIT;
    view_add_clipped(view, &line, text, strlen(text), view->width > 10 ? view->width - 10 : 10);
    fprintf(view->out, "%s%-10s%s%s\n", view->colors->dim, label, view->colors->reset, line.data);
    strbuf_release(&line);
}

static void print_looked_at(const struct printer *printer)
{
    const struct leaks *leaks = printer->leaks;
    const struct trace *trace = leaks->profile->trace;
    struct strbuf text = STRBUF_INIT;
    uint64_t blocks = 0;
    for (size_t i = 0; i < leaks->snapshots.n; i++)
        blocks += trace->snapshots[leaks->snapshots.items[i]].blocks;
    print_line(printer, "program", trace->run.command);
    if (leaks->snapshots.n == 1) {
        const struct trace_snapshot *snapshot = &trace->snapshots[leaks->snapshots.items[0]];
        strbuf_printf(&text, "process %" PRId32 ", %s", trace->processes[snapshot->process].pid, cause_text(snapshot->cause));
        if (*snapshot->label)
            strbuf_printf(&text, " (\"%s\")", snapshot->label);
        strbuf_printf(&text, ", %s: ", format_duration(snapshot->ns).text);
    } else {
        strbuf_printf(&text, "%s of %" PRIu32 " process%s: ", format_count(leaks->snapshots.n).text,
                      leaks->profile->n_selected, leaks->profile->n_selected == 1 ? "" : "es");
    }
    strbuf_printf(&text, "%s block%s", format_count(blocks).text, view_plural(blocks));
    print_line(printer, "looked at", text.data);
    strbuf_release(&text);
}

/* Groups */

static void add_source_text(const struct printer *printer, struct strbuf *out, const struct location *location, size_t room)
{
    struct source source = { 0 };
    size_t n;
    if (!location_has_line(location) || room < 20)
        return;
    source_find(&source, printer->leaks->profile->trace, location->file);
    const char *text = source.changed ? NULL : source_line(&source, location->line, &n);
    while (text && n && (*text == ' ' || *text == '\t'))
        text++, n--;
    if (text && n)
        view_add_clipped(printer->view, out, text, n, room);
    source_release(&source);
}

/* "    ▸ parse app.c:21    p = xmalloc(n);" */
static void print_level(const struct printer *printer, uint32_t id, bool owner)
{
    const struct view *view = printer->view;
    const struct locations *locations = &printer->leaks->profile->locations;
    struct strbuf name = STRBUF_INIT, place = STRBUF_INIT, line = STRBUF_INIT, text = STRBUF_INIT;
    location_add_name(&name, locations, id);
    location_add_place(&place, locations, id);
    size_t room = view->width > place.length + 8 ? view->width - place.length - 8 : 20;
    view_add_clipped(view, &line, name.data, name.length, room);
    size_t used = 6 + name.length + 1 + place.length + 3;
    if (owner)
        add_source_text(printer, &text, &locations->items[id], view->width > used ? view->width - used : 0);
    fprintf(view->out, "    %s %s%s%s", owner ? view->utf8 ? "▸" : ">" : " ", owner ? view->colors->hot : view->colors->function,
            line.data, view->colors->reset);
    fprintf(view->out, "%s%s%s%s", place.length ? " " : "", owner ? view->colors->line : view->colors->dim, place.data,
            view->colors->reset);
    fprintf(view->out, "%s%s%s%s\n", text.length ? "   " : "", text.length ? view->colors->dim : "", text.data,
            text.length ? view->colors->reset : "");
    strbuf_release(&name);
    strbuf_release(&place);
    strbuf_release(&line);
    strbuf_release(&text);
}

void leaks_levels(const struct profile *profile, uint32_t stack, struct level_list *levels)
{
    profile_levels(profile, stack, levels);
    size_t n = levels->n;
    while (n && !profile->selection.native && profile->locations.items[levels->items[n - 1]].rank == RANK_RUNTIME)
        n--;
    levels->n = n ? n : levels->n;
}

static void print_stack(const struct printer *printer, const struct leaks_row *row)
{
    const struct view *view = printer->view;
    struct level_list levels = { 0 };
    bool marked = false;
    leaks_levels(printer->leaks->profile, row->sum.stack, &levels);
    for (size_t i = 0; i < levels.n && i < STACK_SHOWN; i++) {
        bool owner = !marked && levels.items[i] == row->owner;
        print_level(printer, levels.items[i], owner);
        marked |= owner;
    }
    if (levels.n > STACK_SHOWN)
        fprintf(view->out, "      %s%s %zu more calls%s\n", view->colors->dim, view->utf8 ? "…" : "...", levels.n - STACK_SHOWN,
                view->colors->reset);
    if (levels.n == 0)
        print_level(printer, row->owner, true);
    vec_release(&levels);
}

/* `what` and who holds the first of the row's largest blocks; nothing when that is not known. */
static void print_path(const struct printer *printer, const struct leaks_row *row, const char *what)
{
    const struct view *view = printer->view;
    struct leaks_path path = { 0 };
    struct strbuf text = STRBUF_INIT;
    leaks_path(printer->leaks, row->heaviest, row->heaviest->largest[0].address, &path);
    if (path.n) {
        strbuf_add(&text, what);
        leaks_add_path(&text, printer->leaks, &path, view->utf8);
        fprintf(view->out, "      ");
        view_print_wrapped(view, view->colors->dim, text.data, 6);
    }
    strbuf_release(&text);
    vec_release(&path);
}

static void print_addresses(const struct printer *printer, const struct leaks_group *group)
{
    for (uint32_t i = 0; printer->wanted->addresses && i < group->n_largest; i++)
        fprintf(printer->view->out, "      %s0x%" PRIx64 "  %s%s\n", printer->view->colors->dim, group->largest[i].address,
                format_bytes(group->largest[i].bytes).text, printer->view->colors->reset);
}

/* "  1.20 KiB in 5 blocks, keep 4.00 KiB in 10 more; allocated from 10 ms to 1.2 s; fingerprint …" */
static void print_row_title(const struct printer *printer, const struct leaks_row *row)
{
    const struct view *view = printer->view;
    const struct leaks_group *sum = &row->sum;
    struct strbuf rest = STRBUF_INIT;
    if (sum->indirect_blocks)
        strbuf_printf(&rest, ", %s %s in %s more", sum->blocks == 1 ? "keeps" : "keep", format_bytes(sum->indirect_bytes).text,
                      format_count(sum->indirect_blocks).text);
    strbuf_printf(&rest, "%s, allocated ", view->colors->dim);
    if (sum->last_ns == 0)
        strbuf_add(&rest, "at the start");
    else if (sum->first_ns == sum->last_ns)
        strbuf_printf(&rest, "at %s", format_duration(sum->first_ns).text);
    else
        strbuf_printf(&rest, "from %s to %s", format_duration(sum->first_ns).text, format_duration(sum->last_ns).text);
    if (row->processes > 1)
        strbuf_printf(&rest, " in %" PRIu32 " processes", row->processes);
    if (row->groups > row->processes)
        strbuf_printf(&rest, ", from %" PRIu32 " stacks%s", row->groups,
                      printer->wanted->by == LEAKS_BY_LINE ? "; this is the largest" : "");
    if (printer->wanted->by == LEAKS_BY_STACK)
        strbuf_printf(&rest, "  [%s]", sum->fingerprint);
    fprintf(view->out, "\n  %s%s%s%s%s\n", sum->reach == TRACE_REACH_LOST ? view->colors->hot : view->colors->warm,
            amount(sum->bytes, sum->blocks).text, view->colors->reset, rest.data, view->colors->reset);
    strbuf_release(&rest);
}

/* Of Python's code the file, which is its module. */
static const char *module_of(const struct printer *printer, const struct leaks_row *row)
{
    const struct location *location = &printer->leaks->profile->locations.items[row->owner];
    const struct trace *trace = printer->leaks->profile->trace;
    const char *name = location->module == TRACE_NONE ? location->file : trace->modules[location->module].path;
    return name ? name : "[unknown code]";
}

static void print_left_out(const struct printer *printer, const struct leaks_rows *rows, size_t from)
{
    uint64_t bytes = 0, blocks = 0;
    for (size_t i = from; i < rows->n; i++) {
        bytes += rows->items[i].sum.bytes;
        blocks += rows->items[i].sum.blocks;
    }
    if (from < rows->n)
        fprintf(printer->view->out, "\n  %s%s %zu more, %s%s\n", printer->view->colors->dim, printer->view->utf8 ? "…" : "...",
                rows->n - from,
                amount(bytes, blocks).text, printer->view->colors->reset);
}

static void print_kind(const struct printer *printer, enum trace_reach reach, const char *title, const char *held)
{
    struct leaks_rows rows = { 0 };
    size_t top = printer->view->top ? printer->view->top : SIZE_MAX, i = 0;
    leaks_rows_build(&rows, printer->leaks, printer->wanted->by, printer->wanted->kinds & 1u << reach);
    if (rows.n)
        heading(printer, title);
    for (; i < rows.n && i < top && !ferror(printer->view->out); i++) {
        print_row_title(printer, &rows.items[i]);
        if (printer->wanted->by == LEAKS_BY_MODULE)
            fprintf(printer->view->out, "    %s%s%s\n", printer->view->colors->file, module_of(printer, &rows.items[i]),
                    printer->view->colors->reset);
        else
            print_stack(printer, &rows.items[i]);
        if (held)
            print_path(printer, &rows.items[i], held);
        print_addresses(printer, &rows.items[i].sum);
    }
    print_left_out(printer, &rows, i);
    leaks_rows_release(&rows);
}

/* Still reachable: one line and who holds it. */
static void print_reachable_row(const struct printer *printer, const struct leaks_row *row)
{
    const struct view *view = printer->view;
    const struct locations *locations = &printer->leaks->profile->locations;
    struct strbuf name = STRBUF_INIT;
    if (printer->wanted->by == LEAKS_BY_MODULE) {
        strbuf_add(&name, module_of(printer, row));
    } else {
        location_add_name(&name, locations, row->owner);
        strbuf_add_char(&name, ' ');
        location_add_place(&name, locations, row->owner);
    }
    if (name.data[name.length - 1] == ' ')
        strbuf_truncate(&name, name.length - 1);
    char figures[96];
    int n = snprintf(figures, sizeof figures, "  %10s in %s block%s", format_bytes(row->sum.bytes).text,
                     format_count(row->sum.blocks).text,
                     view_plural(row->sum.blocks));
    fprintf(view->out, "%-34s  ", figures);
    view_print_wrapped(view, view->colors->function, name.data, n > 34 ? (unsigned)n + 2 : 36);
    print_path(printer, row, "held by ");
    print_addresses(printer, &row->sum);
    strbuf_release(&name);
}

static void print_reachable(const struct printer *printer)
{
    const struct leaks *leaks = printer->leaks;
    struct leaks_rows rows = { 0 };
    size_t top = printer->view->top ? printer->view->top : REACHABLE_BY_DEFAULT, i = 0;
    char title[192];
    leaks_rows_build(&rows, leaks, printer->wanted->by, printer->wanted->kinds & 1u << TRACE_REACH_HELD);
    if (rows.n) {
        snprintf(title, sizeof title, "Still reachable: %s%s",
                 amount(leaks->bytes[TRACE_REACH_HELD], leaks->blocks[TRACE_REACH_HELD]).text,
                 rows.n > 1 ? ", the largest first" : "");
        heading(printer, title);
    }
    for (; i < rows.n && i < top; i++)
        print_reachable_row(printer, &rows.items[i]);
    print_left_out(printer, &rows, i);
    leaks_rows_release(&rows);
}

/* What the verdict rests on */

static void print_suppressed(const struct printer *printer)
{
    const struct suppressions *suppressions = printer->wanted->suppressions;
    const struct view *view = printer->view;
    char title[160];
    if (!suppressions || printer->leaks->suppressed_blocks == 0)
        return;
    snprintf(title, sizeof title, "Suppressed: %s",
             amount(printer->leaks->suppressed_bytes, printer->leaks->suppressed_blocks).text);
    heading(printer, title);
    for (size_t i = 0; i < suppressions_count(suppressions); i++) {
        const struct suppression_rule *rule = suppressions_rule(suppressions, i);
        struct strbuf text = STRBUF_INIT;
        strbuf_printf(&text, "%s (%s:%" PRIu32 ")", rule->name, rule->file, rule->line);
        if (rule->blocks)
            fprintf(view->out, "  %-32s  ", amount(rule->bytes, rule->blocks).text);
        if (rule->blocks)
            view_print_wrapped(view, "", text.data, 36);
        strbuf_release(&text);
    }
}

static void print_unmatched(const struct printer *printer)
{
    const struct suppressions *suppressions = printer->wanted->suppressions;
    struct strbuf text = STRBUF_INIT;
    size_t n = 0;
    for (size_t i = 0; suppressions && i < suppressions_count(suppressions); i++) {
        const struct suppression_rule *rule = suppressions_rule(suppressions, i);
        if (rule->blocks || ++n > UNMATCHED_SHOWN)
            continue;
        strbuf_printf(&text, "%s%s (%s:%" PRIu32 ")", n > 1 ? ", " : "", *rule->name ? rule->name : "a rule", rule->file,
                      rule->line);
    }
    if (n > UNMATCHED_SHOWN)
        strbuf_printf(&text, " and %zu more", n - UNMATCHED_SHOWN);
    if (n) {
        char *sentence = NULL;
        struct strbuf whole = STRBUF_INIT;
        strbuf_printf(&whole, "Suppressions that matched nothing: %s.", text.data);
        sentence = whole.data;
        fputc('\n', printer->view->out);
        view_print_wrapped(printer->view, printer->view->colors->dim, sentence, 0);
        strbuf_release(&whole);
    }
    strbuf_release(&text);
}

static void print_sentences(const struct printer *printer, const char *title, const struct leaks_sentences *sentences, const char *color)
{
    if (sentences->n)
        heading(printer, title);
    for (size_t i = 0; i < sentences->n; i++) {
        fprintf(printer->view->out, "  ");
        view_print_wrapped(printer->view, color, sentences->items[i], 2);
    }
}

static void print_reasons(const struct printer *printer)
{
    const struct leaks *leaks = printer->leaks;
    const struct palette *colors = printer->view->colors;
    print_sentences(printer, "Threads that went on; what only they held would be called lost", &leaks->unseen,
                    leaks->verdict == LEAKS_FOUND ? colors->bad : colors->dim);
    print_sentences(printer, "Not everything could be looked at", &leaks->reasons, colors->bad);
}

static void print_cost(const struct printer *printer)
{
    const struct leaks *leaks = printer->leaks;
    const struct trace *trace = leaks->profile->trace;
    uint64_t longest = 0, forks = 0, marked = 0, scanned = 0;
    struct strbuf text = STRBUF_INIT;
    if (leaks->inherited_blocks)
        strbuf_printf(&text, "Forks: %s that forked processes inherited are left to the processes they have them from; "
                             "--inherited judges them in each. ",
                      amount(leaks->inherited_bytes, leaks->inherited_blocks).text);
    for (size_t i = 0; i < leaks->snapshots.n; i++) {
        const struct trace_snapshot *snapshot = &trace->snapshots[leaks->snapshots.items[i]];
        longest = snapshot->stopped_ns > longest ? snapshot->stopped_ns : longest;
        forks = snapshot->fork_ns > forks ? snapshot->fork_ns : forks;
        marked += snapshot->mark_ns;
        scanned += snapshot->scanned_bytes;
    }
    if (leaks->snapshots.n)
        strbuf_printf(&text, "Looking cost a pause of %s%s (%s of it the fork) and %s beside the program, for %s of memory.",
                      leaks->snapshots.n > 1 ? "at most " : "", format_duration(longest).text, format_duration(forks).text,
                          format_duration(marked).text,
                      format_bytes(scanned).text);
    if (text.length) {
        fputc('\n', printer->view->out);
        view_print_wrapped(printer->view, printer->view->colors->dim, text.data, 0);
    }
    strbuf_release(&text);
}

/* What a report's last lines say of peaks and shares says nothing of leaks. */
static void print_notes(const struct printer *printer)
{
    const struct profile *whole = printer->leaks->profile;
    uint32_t n = whole->trace->n_processes;
    struct profile losses = *whole;
    losses.n_holders = 0;
    losses.replayed = false;
    losses.filtered = true;
    losses.processes = xcalloc(n, sizeof *losses.processes);
    for (uint32_t p = 0; p < n; p++)
        losses.processes[p].selected = whole->processes[p].selected;
    view_print_notes(printer->view, &losses);
    free(losses.processes);
}

void leaks_print_text(const struct view *view, const struct leaks *leaks, const struct leaks_wanted *wanted)
{
    struct printer printer = { view, leaks, wanted };
    print_verdict(&printer);
    print_looked_at(&printer);
    print_kind(&printer, TRACE_REACH_LOST, "Lost: nothing leads to these blocks any more", NULL);
    print_kind(&printer, TRACE_REACH_INDIRECT, "Indirectly lost: only lost blocks lead to these", "only kept by ");
    print_kind(&printer, TRACE_REACH_POSSIBLE, "Possibly lost: only pointers into their inside lead to these",
               "pointed into from ");
    print_reachable(&printer);
    print_suppressed(&printer);
    print_unmatched(&printer);
    print_reasons(&printer);
    print_cost(&printer);
    print_notes(&printer);
}
