/* `heapline lines`: each source file with its figures line by line. */
#include "../base/format.h"
#include "../base/xalloc.h"
#include "lines.h"
#include "lines_columns.h"
#include "source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_BY_DEFAULT 50
#define SMALL_PERMILLE 10             /* rows below this part of the total are folded */

struct printer {
    const struct view *view;
    const struct profile *profile;
    const struct lines *lines;
    bool whole_files;
    bool *shown;                      /* by row */
    struct columns columns;           /* of the file at hand */
    bool any_python, any_native;      /* files that were shown */
    uint64_t total;
};

static void choose_rows(struct printer *printer)
{
    const struct lines *lines = printer->lines;
    uint32_t top = printer->view->top ? printer->view->top : printer->whole_files ? UINT32_MAX : ROWS_BY_DEFAULT;
    const struct line_row **rows = lines_sorted(lines);
    for (uint32_t i = 0; i < lines->n_rows && i < top; i++) {
        uint64_t measure = costs_measure(&rows[i]->costs, lines->by);
        bool large = measure && measure >= printer->total / 1000 * SMALL_PERMILLE;
        printer->shown[rows[i] - lines->rows] = large || printer->view->top || printer->whole_files;
    }
    free(rows);
}

static const char *heat(const struct printer *printer, uint64_t measure)
{
    const struct palette *colors = printer->view->colors;
    return printer->total && measure >= printer->total / 5 ? colors->hot : measure >= printer->total / 20 ? colors->warm : "";
}

static void print_figures(const struct printer *printer, const struct costs *costs)
{
    columns_print(&printer->columns, printer->view, costs, heat(printer, costs_measure(costs, printer->lines->by)));
}

static void print_source_line(const struct printer *printer, const struct line_row *row, uint32_t number, const char *text,
                              size_t n)
{
    const struct view *view = printer->view;
    struct strbuf line = STRBUF_INIT;
    size_t used = (size_t)printer->columns.width + 1 + 6 + 3;
    if (text)
        view_add_clipped(view, &line, text, n, view->width > used + 10 ? view->width - used : 10);
    if (row)
        print_figures(printer, &row->costs);
    else
        fprintf(view->out, "%*s", printer->columns.width, "");
    fprintf(view->out, " %s%6" PRIu32 "%s %s %s%s%s\n", row ? view->colors->line : view->colors->dim, number, view->colors->reset,
            view->utf8 ? "│" : "|", row ? "" : view->colors->dim, line.data, row ? "" : view->colors->reset);
    strbuf_release(&line);
}

/* A row of which there is no text: the function says where it is. */
static void print_bare_row(const struct printer *printer, const struct line_row *row)
{
    const struct view *view = printer->view;
    struct strbuf name = STRBUF_INIT, clipped = STRBUF_INIT;
    location_add_name(&name, &printer->profile->locations, row->location);
    size_t used = (size_t)printer->columns.width + 1 + (row->line ? 9 : 0);
    view_add_clipped(view, &clipped, name.data, name.length, view->width > used + 10 ? view->width - used : 10);
    print_figures(printer, &row->costs);
    if (row->line)
        fprintf(view->out, " %s%6" PRIu32 "%s %s", view->colors->line, row->line, view->colors->reset, view->utf8 ? "│" : "|");
    fprintf(view->out, " %s%s%s\n", view->colors->function, clipped.data, view->colors->reset);
    strbuf_release(&name);
    strbuf_release(&clipped);
}

static int by_number(const void *a, const void *b)
{
    const struct line_row *x = *(const struct line_row *const *)a, *y = *(const struct line_row *const *)b;
    return (x->line > y->line) - (x->line < y->line);
}

static void print_gap(const struct printer *printer)
{
    const struct view *view = printer->view;
    fprintf(view->out, "%s%*s%s%s\n", view->colors->dim, printer->columns.width + 8, "", view->utf8 ? "⋮" : ":",
            view->colors->reset);
}

/* The rows of one file with a line of the source around each; the whole file when asked for. */
static void print_annotated(const struct printer *printer, const struct source *source, const struct line_row **rows, uint32_t n)
{
    uint32_t next = 0, last = 0, end = printer->whole_files ? source->n : rows[n - 1]->line + 1;
    for (uint32_t number = printer->whole_files ? 1 : rows[0]->line - 1; number <= end || next < n; number++) {
        if (number == 0)
            continue;
        while (next < n && rows[next]->line < number)
            next++;
        if (number > source->n && next < n)
            number = rows[next]->line;
        bool row = next < n && rows[next]->line == number;
        bool near = row || (next < n && rows[next]->line == number + 1) || (next && rows[next - 1]->line + 1 == number);
        size_t length;
        const char *text = source_line(source, number, &length);
        if (!(near || printer->whole_files) || (!text && !row)) {
            if (next < n && !printer->whole_files)
                number = rows[next]->line - 2;
            continue;
        }
        if (last && number > last + 1)
            print_gap(printer);
        print_source_line(printer, row ? rows[next] : NULL, number, text, length);
        last = number;
        next += row;
    }
}

static const char *source_remark(const struct source *source, const char *path)
{
    if (source->error && path && path[0] == '<')
        return "  (its text was not kept)";
    return source->error ? "  (source not found)" : source->changed ? "  (changed since the run)" : "";
}

static void print_file_title(const struct printer *printer, const struct line_file *file, const char *remark)
{
    const struct view *view = printer->view;
    const struct trace *trace = printer->profile->trace;
    uint64_t measure = costs_measure(&file->costs, printer->lines->by);
    const char *module = file->module == TRACE_NONE ? "elsewhere" : trace->modules[file->module].path;
    const char *path = file->path ? view_path(file->path) : module;
    struct strbuf text = STRBUF_INIT;
    view_add_clipped(view, &text, path, strlen(path), view->width);
    fprintf(view->out, "\n%s%s%s%s  %s, %s%s%s%s\n", view->colors->file, text.data, view->colors->reset,
            file->path ? "" : "  (no lines known)", view_measure(printer->lines->by, measure).text,
            format_percent(measure, printer->total).text, view->colors->bad, remark, view->colors->reset);
    strbuf_release(&text);
}

static void print_folded(const struct printer *printer, uint32_t n, const char *what, uint64_t measure)
{
    const struct view *view = printer->view;
    fprintf(view->out, "%s%*s %s %" PRIu32 " more %s%s, %s%s\n", view->colors->dim, printer->columns.width, "",
            view->utf8 ? "…" : "...", n, what, n == 1 ? "" : "s", view_measure(printer->lines->by, measure).text,
            view->colors->reset);
}

/* Rows without a line stand first. */
static void print_rows(const struct printer *printer, const struct source *source, const struct line_row **rows, uint32_t n)
{
    uint32_t bare = 0;
    if (source->text)
        qsort(rows, n, sizeof *rows, by_number);
    while (bare < n && (!source->text || rows[bare]->line == 0))
        print_bare_row(printer, rows[bare++]);
    if (bare < n)
        print_annotated(printer, source, rows + bare, n - bare);
}

static void print_file(struct printer *printer, const struct line_file *file)
{
    const struct line_row **rows = xcalloc(file->n, sizeof *rows);
    uint32_t n = 0;
    uint64_t folded = 0;
    for (uint32_t r = file->first; r < file->first + file->n; r++) {
        if (printer->shown[r])
            rows[n++] = &printer->lines->rows[r];
        else
            folded += costs_measure(&printer->lines->rows[r].costs, printer->lines->by);
    }
    if (n) {
        struct source source = { 0 };
        if (file->path)
            source_find(&source, printer->profile->trace, file->path);
        columns_choose(&printer->columns, printer->view, file->python);
        printer->any_python |= file->python;
        printer->any_native |= !file->python;
        print_file_title(printer, file, source_remark(&source, file->path));
        columns_print_names(&printer->columns, printer->view);
        print_rows(printer, &source, rows, n);
        source_release(&source);
        if (n < file->n)
            print_folded(printer, file->n - n, file->path ? "line" : "function", folded);
    }
    free(rows);
}

static bool file_is_shown(const struct printer *printer, const struct line_file *file)
{
    for (uint32_t r = file->first; r < file->first + file->n; r++)
        if (printer->shown[r])
            return true;
    return false;
}

static void print_files(struct printer *printer)
{
    uint32_t hidden = 0;
    uint64_t measure = 0;
    for (uint32_t f = 0; f < printer->lines->n_files && !ferror(printer->view->out); f++) {
        const struct line_file *file = &printer->lines->files[f];
        print_file(printer, file);
        if (!file_is_shown(printer, file)) {
            hidden++;
            measure += costs_measure(&file->costs, printer->lines->by);
        }
    }
    if (hidden) {
        fputc('\n', printer->view->out);
        print_folded(printer, hidden, "file", measure);
    }
}

static void print_python_meaning(const struct view *view, enum measure by)
{
    const char *when = by == MEASURE_PEAK ? "held at the peak" : by == MEASURE_LIVE ? "held at the end" : "allocated";
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "Python: transient was freed before its line was left, cyclic waited for the cyclic collector, native is "
                         "what C code beside Python's objects %s, moved was kept by reallocations to another address.", when);
    view_print_wrapped(view, view->colors->dim, text.data, 0);
    strbuf_release(&text);
}

static void print_coverage(const struct printer *printer)
{
    static const char *const meanings[] = {
        "A line owns what it allocates itself and through libraries; --inclusive counts what all of its callees allocate.",
        "An allocation counts for the innermost line that is known, whoever wrote it.",
        "Inclusive: a line counts what it and all its callees allocate; rows do not add up to the total.",
    };
    const struct view *view = printer->view;
    const struct lines *lines = printer->lines;
    view_print_wrapped(view, view->colors->dim, meanings[lines->mode], 0);
    if (printer->any_python)
        print_python_meaning(view, lines->by);
    uint64_t without = costs_measure(&lines->without_line, lines->by);
    if (without > printer->total / 100 && lines->mode != LINES_INCLUSIVE)
        fprintf(view->out, "%s%s have no line in any caller: build with -g or install debug symbols to see them.%s\n",
                view->colors->dim,
                format_percent(without, printer->total).text, view->colors->reset);
}

void lines_print_text(const struct view *view, const struct profile *profile, const struct lines *lines, bool whole_files)
{
    struct printer printer = {
        .view = view, .profile = profile, .lines = lines, .whole_files = whole_files,
        .shown = xcalloc(lines->n_rows, sizeof *printer.shown), .total = costs_measure(&profile->total, lines->by),
    };
    char title[128];
    snprintf(title, sizeof title, "Source lines by %s", measure_meanings[lines->by]);
    view_print_header(view, profile, title);
    if (!view_print_nothing(view, profile)) {
        choose_rows(&printer);
        print_files(&printer);
        fputc('\n', view->out);
        print_coverage(&printer);
    }
    view_print_notes(view, profile);
    free(printer.shown);
}
