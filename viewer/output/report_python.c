/* What `heapline report` says of Python and of the moments that a program named. */
#include "../analyze/marks.h"
#include "../analyze/python_use.h"
#include "../base/format.h"
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_BY_DEFAULT 12

static void heading(const struct view *view, const char *text)
{
    fprintf(view->out, "\n%s%s%s\n", view->colors->heading, text, view->colors->reset);
}

static void print_more(const struct view *view, uint32_t n)
{
    if (n)
        fprintf(view->out, "  %s%s %" PRIu32 " more (--top lists all, --json too)%s\n", view->colors->dim,
                view->utf8 ? "…" : "...", n, view->colors->reset);
}

static void print_sentence(const struct view *view, const char *text)
{
    fputs("  ", view->out);
    view_print_wrapped(view, "", text, 2);
}

static void print_objects(const struct view *view, const struct trace_python *python, const struct python_use *use)
{
    struct strbuf text = STRBUF_INIT;
    if (python->state == TRACE_PYTHON_LIVE || python->state == TRACE_PYTHON_OBJECTS_ONLY)
        strbuf_printf(&text, "%s objects made; %s of objects held at the peak, beside %s from C; at the end %s of objects, %s "
                      "from C.", format_count(use->objects).text, format_bytes(use->object_peak).text,
                      format_bytes(use->native_peak).text, format_bytes(use->object_live).text, format_bytes(use->native_live).text);
    else
        strbuf_printf(&text, "objects not recorded one by one; %s from C held at the peak.", format_bytes(use->native_peak).text);
    print_sentence(view, text.data);
    strbuf_release(&text);
}

/* Arenas are held whole while one object in them lives; objects beyond 512 bytes lie outside. */
static void print_arenas(const struct view *view, const struct python_use *use)
{
    struct strbuf text = STRBUF_INIT;
    if (use->arena_peak == 0)
        return;
    strbuf_printf(&text, "Arenas, in which objects of up to 512 bytes lie: %s at most", format_bytes(use->arena_peak).text);
    if (use->arena_live)
        strbuf_printf(&text, ", %s at the end", format_bytes(use->arena_live).text);
    if (use->arena_live > use->object_live)
        strbuf_printf(&text, " for the %s of objects that are left", format_bytes(use->object_live).text);
    strbuf_add(&text, "; --memory arenas shows who caused them.");
    print_sentence(view, text.data);
    strbuf_release(&text);
}

static void print_reason(const struct view *view, const struct trace_python *python)
{
    if (python->state == TRACE_PYTHON_LIVE || !*python->reason)
        return;
    fputs("  ", view->out);
    view_print_wrapped(view, view->colors->bad, python->reason, 2);
}

static void print_alone(const struct view *view, const struct trace *trace, const struct trace_python *python)
{
    struct python_use use;
    python_use_of(trace, python->process, &use);
    fprintf(view->out, "  Python %s\n", python_version_text(python->version).text);
    print_objects(view, python, &use);
    print_arenas(view, &use);
    print_reason(view, python);
}

static void print_in_table(const struct view *view, const struct trace *trace, const struct trace_python *python)
{
    struct python_use use;
    python_use_of(trace, python->process, &use);
    fprintf(view->out, "  %8" PRId32 " %-10s %14s %10s %10s %10s\n", trace->processes[python->process].pid,
            python_version_text(python->version).text, format_count(use.objects).text, format_bytes(use.object_peak).text,
            format_bytes(use.native_peak).text, format_bytes(use.arena_peak).text);
    print_reason(view, python);
}

/* One interpreter in words, several in a table. */
void report_print_python(const struct view *view, const struct report *report)
{
    const struct trace *trace = report->profile->trace;
    const struct trace_python *python = trace->pythons;
    uint32_t n = 0, shown = 0, rows = view->top ? UINT32_MAX : ROWS_BY_DEFAULT;
    for (uint32_t i = 0; i < trace->n_pythons; i++)
        n += report->profile->processes[python[i].process].selected;
    if (n)
        heading(view, n > 1 ? "Python (bytes held at the peak of each process)" : "Python");
    if (n > 1)
        fprintf(view->out, "  %s%8s %-10s %14s %10s %10s %10s%s\n", view->colors->dim, "pid", "version", "objects made",
                "objects", "beside, C", "arenas", view->colors->reset);
    for (uint32_t i = 0; i < trace->n_pythons && shown < rows; i++) {
        if (!report->profile->processes[python[i].process].selected)
            continue;
        shown++;
        if (n > 1)
            print_in_table(view, trace, &python[i]);
        else
            print_alone(view, trace, &python[i]);
    }
    print_more(view, n - shown);
}

static void print_label(const struct view *view, const struct report *report, const struct mark_label *label)
{
    struct strbuf text = STRBUF_INIT, clipped = STRBUF_INIT;
    if (label->spans)
        strbuf_printf(&text, "%s span%s, %s in all", format_count(label->spans).text, view_plural(label->spans),
                      format_duration(label->inside_ns).text);
    if (label->points)
        strbuf_printf(&text, "%s%s moment%s", text.length ? "; " : "", format_count(label->points).text,
                      view_plural(label->points));
    view_add_clipped(view, &clipped, label->label, strlen(label->label), 40);
    fprintf(view->out, "  %10s  %-40s  %s\n", format_duration(label->first_ns).text, clipped.data, text.data);
    strbuf_release(&text);
    strbuf_release(&clipped);
}

void report_print_marks(const struct view *view, const struct report *report)
{
    size_t n;
    const char *span = NULL, *point = NULL;
    struct mark_label *labels = marks_labels(report->profile->trace, &n);
    if (n)
        heading(view, "What the program named");
    for (size_t i = 0; i < n && (i < ROWS_BY_DEFAULT || view->top); i++) {
        print_label(view, report, &labels[i]);
        span = !span && labels[i].spans ? labels[i].label : span;
        point = !point && labels[i].points ? labels[i].label : point;
    }
    if (!view->top && n > ROWS_BY_DEFAULT)
        print_more(view, (uint32_t)(n - ROWS_BY_DEFAULT));
    if (span || point)
        fprintf(view->out, "  %s\"heapline lines --%s '%s' %s\" shows %s%s\n", view->colors->dim, span ? "scope" : "at",
                span ? span : point, view->trace_path, span ? "what happened inside" : "what was live then", view->colors->reset);
    free(labels);
}
