/* What stands at the head of every text report. */
#include "../base/format.h"
#include "view.h"

#include <inttypes.h>
#include <string.h>

static bool has_symbols(const struct trace *trace)
{
    for (uint32_t f = 0; f < trace->n_frames; f++)
        if (trace->symbols[f].n)
            return true;
    return false;
}

void view_add_cut(struct strbuf *out, const struct trace *trace)
{
    if (trace->complete)
        return;
    strbuf_printf(out, "This trace is cut at byte %" PRIu64 ": it was recovered up to %s of the run; ", trace->cut_offset,
                  format_duration(trace->end_ns).text);
    uint32_t missing = 0;
    for (uint32_t p = 0; p < trace->n_processes; p++)
        missing += !trace->ends[p].has_totals;
    strbuf_add(out, "what came later is missing");
    if (!has_symbols(trace))
        strbuf_add(out, ", function names and lines among it");
    if (missing)
        strbuf_printf(out, "; the totals of %" PRIu32 " of %" PRIu32 " process%s are summed up from what is there", missing,
                      trace->n_processes,
                      trace->n_processes == 1 ? "" : "es");
    strbuf_add_char(out, '.');
}

void view_add_exit(struct strbuf *out, const struct trace_process_end *end)
{
    if (!end->ended) {
        strbuf_add(out, "its end is not in the trace");
        return;
    }
    switch (end->exit.kind) {
    case TRACE_EXIT_CODE:
        strbuf_printf(out, "exit status %" PRId32, end->exit.value);
        break;
    case TRACE_EXIT_SIGNAL:
        strbuf_printf(out, "killed by signal %" PRId32 " (%s)", end->exit.value, strsignal(end->exit.value));
        break;
    case TRACE_EXIT_EXEC:
        strbuf_add(out, "replaced by another program (exec)");
        break;
    case TRACE_EXIT_RUNNING:
        strbuf_add(out, "still running when the recording stopped");
        break;
    case TRACE_EXIT_UNKNOWN:
        strbuf_add(out, "ended, nobody could tell how");
        break;
    }
}

static void add_patterns(struct strbuf *out, const char *what, const struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->n; i++)
        strbuf_printf(out, "%s%s %s", i ? " or " : out->length ? ", " : "", i ? "" : what, patterns->items[i]);
}

static void add_scope(struct strbuf *out, const struct selection *selection)
{
    uint64_t ns = 0;
    for (size_t i = 0; i < selection->spans.n; i++)
        ns += selection->spans.items[i].to_ns - selection->spans.items[i].from_ns;
    strbuf_printf(out, "%sscope %s (%zu span%s, %s in all)", out->length ? ", " : "", selection->scope, selection->spans.n,
                  view_plural(selection->spans.n), format_duration(ns).text);
}

static void add_part(struct strbuf *out, const struct profile *profile)
{
    const struct selection *selection = &profile->selection;
    add_patterns(out, "file", &selection->files);
    add_patterns(out, "function", &selection->functions);
    add_patterns(out, "module", &selection->modules);
    if (selection->process)
        strbuf_printf(out, "%sprocess %s", out->length ? ", " : "", selection->process);
    if (selection->thread)
        strbuf_printf(out, "%sthread %s", out->length ? ", " : "", selection->thread);
    if (selection->memory != MEMORY_HEAP)
        strbuf_printf(out, "%smemory: %s", out->length ? ", " : "", memory_names[selection->memory]);
    if (selection->scope)
        add_scope(out, selection);
    if (!selection->windowed)
        return;
    struct format_text from = format_duration(profile->from_ns), to = format_duration(profile->to_ns);
    if (selection->from_ns == 0)
        strbuf_printf(out, "%sup to %s (in whole epochs)", out->length ? ", " : "", to.text);
    else
        strbuf_printf(out, "%sfrom %s to %s (in whole epochs)", out->length ? ", " : "", from.text, to.text);
}

static void add_totals(struct strbuf *out, const struct profile *profile)
{
    const struct costs *total = &profile->total;
    strbuf_printf(out, "%s at the peak", format_bytes(total->peak_bytes).text);
    if (profile->n_holders > 1)
        strbuf_printf(out, " (%" PRIu32 " processes, each at its own)", profile->n_holders);
    else if (profile->largest != TRACE_NONE)
        strbuf_printf(out, " (%s)", format_duration(profile->processes[profile->largest].peak_ns).text);
    strbuf_printf(out, ", %s live at the end, %s allocated in %s call%s", format_bytes(total->live_bytes).text,
                  format_bytes(total->allocated_bytes).text, format_count(total->allocations).text,
                  view_plural(total->allocations));
    if (total->allocations)
        strbuf_printf(out, " (%s temporary)", format_percent(total->temporary, total->allocations).text);
}

static void print_line(const struct view *view, const char *label, const char *text)
{
    struct strbuf line = STRBUF_INIT;
    size_t width = view->width > 10 ? view->width - 10 : 10;
    view_add_clipped(view, &line, text, strlen(text), width);
    fprintf(view->out, "%s%-10s%s%s\n", view->colors->dim, label, view->colors->reset, line.data);
    strbuf_release(&line);
}

void view_print_header(const struct view *view, const struct profile *profile, const char *title)
{
    struct strbuf text = STRBUF_INIT;
    view_add_cut(&text, profile->trace);
    if (text.length) {
        view_print_wrapped(view, view->colors->bad, text.data, 0);
        fputc('\n', view->out);
    }
    fprintf(view->out, "%s%s%s\n", view->colors->heading, title, view->colors->reset);
    print_line(view, "program", profile->trace->run.command);
    strbuf_clear(&text);
    add_part(&text, profile);
    if (text.length)
        print_line(view, "only", text.data);
    strbuf_clear(&text);
    add_totals(&text, profile);
    fprintf(view->out, "%s%-10s%s", view->colors->dim, "memory", view->colors->reset);
    view_print_wrapped(view, "", text.data, 10);
    strbuf_release(&text);
}

bool view_print_nothing(const struct view *view, const struct profile *profile)
{
    if (!costs_none(&profile->total))
        return false;
    bool narrowed = profile->filtered || selection_is_part(&profile->selection) || profile->selection.memory != MEMORY_HEAP;
    fprintf(view->out, "\n%s\n", narrowed ? "No allocation matches these filters." : "The program allocated nothing.");
    return true;
}
