#include "lines_columns.h"

#include "../base/format.h"

#include <string.h>

#define NARROW 110                    /* terminals with fewer columns get short figures: "4.22K" */
#define WIDE 150                      /* the eight columns of Python take much: only with so much room the figures are long */

enum figure { PEAK, LIVE, ALLOCATED, CALLS, FREED, TEMPORARY, TRANSIENT, CYCLIC, NATIVE, MOVED, END };

/* Widths on narrow, usual and wide terminals; a short figure takes five places. */
struct column {
    enum figure figure;
    const char *name, *short_name;
    int width[3];
};

static const struct column native_columns[] = {
    { PEAK, "peak", "peak", { 6, 10, 10 } }, { LIVE, "live", "live", { 6, 10, 10 } },
    { ALLOCATED, "allocated", "alloc", { 6, 10, 10 } }, { CALLS, "calls", "calls", { 6, 10, 10 } },
    { FREED, "freed", "freed", { 6, 10, 10 } }, { TEMPORARY, "temp.", "temp.", { 6, 10, 10 } }, { END, "", "", { 0, 0, 0 } },
};

static const struct column python_columns[] = {
    { PEAK, "peak", "peak", { 6, 7, 10 } }, { LIVE, "live", "live", { 6, 7, 10 } },
    { ALLOCATED, "allocated", "alloc", { 6, 10, 10 } }, { CALLS, "calls", "calls", { 6, 7, 10 } },
    { TRANSIENT, "transient", "trans", { 6, 10, 10 } }, { CYCLIC, "cyclic", "cyclic", { 7, 7, 10 } },
    { NATIVE, "native", "native", { 7, 7, 10 } }, { MOVED, "moved", "moved", { 6, 7, 10 } }, { END, "", "", { 0, 0, 0 } },
};

void columns_choose(struct columns *columns, const struct view *view, bool python)
{
    columns->items = python ? python_columns : native_columns;
    columns->size = view->width < NARROW ? 0 : view->width < WIDE ? 1 : 2;
    columns->shortened = columns->size == 0 || (python && columns->size == 1);
    columns->width = 0;
    for (const struct column *column = columns->items; column->figure != END; column++)
        columns->width += column->width[columns->size];
}

void columns_print_names(const struct columns *columns, const struct view *view)
{
    fputs(view->colors->dim, view->out);
    for (const struct column *column = columns->items; column->figure != END; column++)
        fprintf(view->out, "%*s", column->width[columns->size], columns->size == 0 ? column->short_name : column->name);
    fprintf(view->out, "%s\n", view->colors->reset);
}

/* "4.22 KiB" -> "4.22K", "480 k" -> "480k" */
static struct format_text shorten(struct format_text text)
{
    char *blank = strchr(text.text, ' ');
    if (blank) {
        blank[0] = blank[1] == 'B' ? '\0' : blank[1];
        blank[1] = '\0';
    }
    return text;
}

static uint64_t figure_of(const struct costs *costs, enum figure figure, enum measure by)
{
    switch (figure) {
    case PEAK: return costs->peak_bytes;
    case LIVE: return costs->live_bytes;
    case ALLOCATED: return costs->allocated_bytes;
    case CALLS: return costs->allocations;
    case FREED: return costs->freed_bytes;
    case TEMPORARY: return costs->temporary;
    case TRANSIENT: return costs->transient_bytes;
    case CYCLIC: return costs->collected_bytes;
    case NATIVE: return costs_native(costs, by);
    case MOVED: return costs->moved_bytes;
    case END: break;
    }
    return 0;
}

static struct format_text text_of(const struct columns *columns, enum figure figure, uint64_t value)
{
    bool python = columns->items == python_columns;
    if (value == 0 && python)
        return (struct format_text){ "-" };
    if (figure != CALLS && figure != TEMPORARY)
        return format_bytes(value);
    return value < (columns->shortened ? 10000u : 1000000u) ? format_count(value) : format_count_short(value);
}

void columns_print(const struct columns *columns, const struct view *view, const struct costs *costs, const char *color)
{
    fputs(color, view->out);
    for (const struct column *column = columns->items; column->figure != END; column++) {
        struct format_text text = text_of(columns, column->figure, figure_of(costs, column->figure, view->by));
        fprintf(view->out, "%*s", column->width[columns->size], columns->shortened ? shorten(text).text : text.text);
    }
    fputs(*color ? view->colors->reset : "", view->out);
}
