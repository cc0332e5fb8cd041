/* The tables of memory_profiler 0.61, column by column as its show_results prints them, from what a trace knows. */
#include "../analyze/line_held.h"
#include "../base/vec.h"
#include "../base/xalloc.h"
#include "lines.h"
#include "python_block.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)

struct figure {
    bool known;
    double mem_usage, increment;      /* bytes */
    uint64_t occurrences;
};

struct range {
    uint32_t first, last, header;     /* header: its last line */
    const char *function;
};
struct range_list VEC_FIELDS(struct range);

struct printer {
    const struct view *view;
    const struct profile *profile;
    const struct lines *lines;        /* inclusive */
    struct line_held *held;           /* by row; NULL: functions were watched */
    const struct profiler_options *options;
    struct profiler_remarks *remarks;
};

/* Columns of 6, 12, 12 and 10, the last after two blanks, the text after three. */
static void print_row(const struct printer *printer, uint32_t number, const struct figure *figure, const char *text, size_t n)
{
    char usage[64] = "", increment[64] = "", occurrences[32] = "";
    if (figure->known) {
        int digits = (int)printer->options->digits;
        snprintf(usage, sizeof usage, "%*.*f MiB", digits + 4, digits, figure->mem_usage / MIB);
        snprintf(increment, sizeof increment, "%*.*f MiB", digits + 4, digits, figure->increment / MIB);
        snprintf(occurrences, sizeof occurrences, "%" PRIu64, figure->occurrences);
    }
    fprintf(printer->view->out, "%6" PRIu32 " %12s %12s  %10s   %.*s\n", number, usage, increment, occurrences, (int)n, text);
}

static void print_table(const struct printer *printer, const char *path, const struct source *source, const struct range *range,
                        const struct figure *figures)
{
    const struct view *view = printer->view;
    char header[128], rule[128];
    int length = snprintf(header, sizeof header, "%6s %12s %12s  %10s   %s", "Line #", "Mem usage", "Increment", "Occurrences",
                          "Line Contents");
    memset(rule, '=', (size_t)length);
    fprintf(view->out, "Filename: %s\n\n%s\n%.*s\n", path, header, length, rule);
    for (uint32_t number = range->first; number <= range->last; number++) {
        size_t n;
        const char *text = source_line(source, number, &n);
        print_row(printer, number, &figures[number - range->first], text ? text : "", n);
    }
    fputs("\n\n", view->out);
}

static const struct line_file *find_file(const struct lines *lines, const char *path)
{
    for (uint32_t f = 0; f < lines->n_files; f++)
        if (lines->files[f].path && strcmp(lines->files[f].path, path) == 0)
            return &lines->files[f];
    return NULL;
}

static uint64_t allocations_of(const struct lines *lines, const char *path, uint32_t line)
{
    const struct line_file *file = find_file(lines, path);
    for (uint32_t r = file ? file->first : 0; file && r < file->first + file->n; r++)
        if (lines->rows[r].line == line)
            return lines->rows[r].costs.allocations;
    return 0;
}

/* As there, the first line shows what was live before, in both columns. */
static void set_first(struct figure *figure, double before)
{
    uint64_t occurrences = figure->known ? figure->occurrences : 1;
    *figure = (struct figure){ true, before, before, occurrences };
}

/* functions that were watched: the figures are exact, and told line by line */

static void add_watched(const struct printer *printer, const struct trace_line *line, const char *path, struct figure *figure)
{
    uint64_t occurrences = line->executed;
    if (line->executed == 0 && !figure->known)
        occurrences = allocations_of(printer->lines, path, line->line);
    printer->remarks->executed |= line->executed > 0;
    printer->remarks->allocations |= line->executed == 0;
    figure->known = true;
    figure->increment += (double)line->increment_bytes;
    figure->occurrences += occurrences;
    if ((double)line->live_bytes > figure->mem_usage)
        figure->mem_usage = (double)line->live_bytes;
}

/* A line after which nothing happened any more left what the line before it did. */
static void complete_watched(struct figure *figures, uint32_t n)
{
    double live = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!figures[i].known)
            continue;
        if (figures[i].mem_usage == 0)
            figures[i].mem_usage = live;
        if (live == 0)
            set_first(&figures[0], i == 0 && figures[i].mem_usage ? figures[i].mem_usage : figures[i].mem_usage - figures[i].increment);
        live = figures[i].mem_usage;
    }
}

static void print_watched(const struct printer *printer, uint32_t code)
{
    const struct trace *trace = printer->profile->trace;
    const char *path = trace->codes[code].file;
    struct source source;
    struct range range = { .first = trace->codes[code].first_line };
    source_find(&source, trace, path);
    if (!source.text || range.first == 0 || range.first > source.n) {
        printer->remarks->without_source++;
        printer->remarks->missing = path;
        source_release(&source);
        return;
    }
    python_block_at(&source, range.first, &range.last);
    struct figure *figures = xcalloc((size_t)range.last - range.first + 1, sizeof *figures);
    for (uint32_t i = 0; i < trace->n_lines; i++) {
        const struct trace_line *line = &trace->lines[i];
        bool counts = line->code == code && printer->profile->processes[line->process].selected;
        if (counts && line->line >= range.first && line->line <= range.last)
            add_watched(printer, line, path, &figures[line->line - range.first]);
    }
    complete_watched(figures, range.last - range.first + 1);
    print_table(printer, path, &source, &range, figures);
    printer->remarks->tables++;
    free(figures);
    source_release(&source);
}

static bool has_watched(const struct profile *profile, bool *codes)
{
    bool any = false;
    for (uint32_t i = 0; i < profile->trace->n_lines; i++) {
        const struct trace_line *line = &profile->trace->lines[i];
        if (profile->processes[line->process].selected)
            any = codes[line->code] = true;
    }
    return any;
}

/* all functions of the user's own files: the figures are composed from the events of the run */

static int by_first(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->last < y->last) - (x->last > y->last);
}

/* The functions of a file that stand in no other function. */
static struct range_list find_functions(const struct trace *trace, const char *path, const struct source *source)
{
    struct range_list all = { 0 };
    for (uint32_t c = 0; c < trace->n_codes; c++) {
        const struct trace_code *code = &trace->codes[c];
        struct range range = { .first = code->first_line, .function = code->function };
        if (code->first_line == 0 || strcmp(code->function, "<module>") == 0 || strcmp(code->file, path) != 0)
            continue;
        if (python_block_at(source, range.first, &range.last) == PYTHON_FUNCTION)
            vec_push(&all, range);
    }
    for (size_t i = 0; i < all.n; i++)
        all.items[i].header = python_header_end(source, all.items[i].first);
    vec_sort(&all, by_first);
    size_t kept = 0;
    for (size_t i = 0; i < all.n; i++)
        if (kept == 0 || all.items[i].first > all.items[kept - 1].last)
            all.items[kept++] = all.items[i];
    all.n = kept;
    return all;
}

/* The function that a row belongs to; NULL: the module. The line that defines a function is at work when it is defined, too: then
 * that is the module's doing, or the class's. */
static const struct range *range_of(const struct printer *printer, const struct range_list *ranges, const struct line_row *row)
{
    const char *function = printer->profile->locations.items[row->location].function;
    for (size_t i = 0; i < ranges->n; i++) {
        const struct range *range = &ranges->items[i];
        if (row->line >= range->first && row->line <= range->last)
            return row->line > range->header || (function && strcmp(function, range->function) == 0) ? range : NULL;
    }
    return NULL;
}

static bool is_large(const struct printer *printer, const struct line_row *row)
{
    uint64_t measure = costs_measure(&row->costs, printer->lines->by);
    uint64_t total = costs_measure(&printer->lines->total, printer->lines->by);
    return measure && (printer->options->all_functions || measure >= total / 100);
}

/* What rows outside of all functions did is the module's: its table is the whole file. */
static void print_part(const struct printer *printer, const struct line_file *file, const struct source *source,
                       const struct range_list *functions, const struct range *function)
{
    const struct lines *lines = printer->lines;
    struct range range = function ? *function : (struct range){ .first = 1, .last = source->n };
    struct figure *figures = xcalloc((size_t)range.last - range.first + 1, sizeof *figures);
    uint64_t first_ns = UINT64_MAX, before = 0;
    bool large = false;
    for (uint32_t r = file->first; r < file->first + file->n; r++) {
        const struct line_row *row = &lines->rows[r];
        if (row->line == 0 || row->line > source->n || range_of(printer, functions, row) != function || costs_none(&row->costs))
            continue;
        large |= is_large(printer, row);
        figures[row->line - range.first] =
            (struct figure){ true, 0, (double)printer->held[r].most_bytes, row->costs.allocations };
        if (printer->held[r].first_ns < first_ns) {
            first_ns = printer->held[r].first_ns;
            before = printer->held[r].before_bytes;
        }
    }
    double live = (double)before, peak = (double)printer->profile->total.peak_bytes;
    for (uint32_t i = 0; i <= range.last - range.first; i++) {
        if (!figures[i].known)
            continue;
        live += figures[i].increment;
        figures[i].mem_usage = live < peak ? live : peak;
    }
    if (large) {
        if (function)
            set_first(&figures[0], (double)before);
        print_table(printer, file->path, source, &range, figures);
        printer->remarks->tables++;
        printer->remarks->allocations = true;
    }
    free(figures);
}

static void print_file(const struct printer *printer, const struct line_file *file)
{
    const struct trace *trace = printer->profile->trace;
    struct source source;
    bool any = false;
    for (uint32_t r = file->first; r < file->first + file->n; r++)
        any |= is_large(printer, &printer->lines->rows[r]);
    if (!any)
        return;
    source_find(&source, trace, file->path);
    if (!source.text) {
        if (file->path[0] != '<') {
            printer->remarks->without_source++;
            printer->remarks->missing = file->path;
        }
        return;
    }
    struct range_list functions = find_functions(trace, file->path, &source);
    print_part(printer, file, &source, &functions, NULL);
    for (size_t i = 0; i < functions.n; i++)
        print_part(printer, file, &source, &functions, &functions.items[i]);
    vec_release(&functions);
    source_release(&source);
}

static bool is_of_the_user(const struct printer *printer, const struct line_file *file)
{
    return file->python && file->path &&
           printer->profile->locations.items[printer->lines->rows[file->first].location].rank >= RANK_WRAPPER_LINE;
}

static int print_all(struct printer *printer, struct trace_error *error)
{
    printer->held = xcalloc(printer->lines->n_rows, sizeof *printer->held);
    int status = lines_held(printer->lines, printer->profile, printer->held, error);
    for (uint32_t f = 0; status == 0 && f < printer->lines->n_files; f++)
        if (is_of_the_user(printer, &printer->lines->files[f]))
            print_file(printer, &printer->lines->files[f]);
    free(printer->held);
    return status;
}

int profiler_print_text(const struct view *view, const struct profile *profile, const struct lines *lines,
                        const struct profiler_options *options, struct profiler_remarks *remarks, struct trace_error *error)
{
    struct printer printer = { .view = view, .profile = profile, .lines = lines, .options = options, .remarks = remarks };
    bool *codes = xcalloc(profile->trace->n_codes, sizeof *codes);
    int status = 0;
    *remarks = (struct profiler_remarks){ .watched = has_watched(profile, codes) };
    for (uint32_t c = 0; remarks->watched && c < profile->trace->n_codes; c++)
        if (codes[c])
            print_watched(&printer, c);
    if (!remarks->watched)
        status = print_all(&printer, error);
    free(codes);
    return status;
}
