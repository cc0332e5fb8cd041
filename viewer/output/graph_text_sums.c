/* Types and their growth. Counts stand as plain numbers, so that a column can be given to sort or awk. */
#include "graph_print.h"

#include "../base/terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static size_t shown_rows(const struct view *view, size_t n)
{
    size_t top = view->top ? view->top : GRAPH_ROWS_BY_DEFAULT;
    return n < top ? n : top;
}

static void print_left_out(const struct view *view, size_t n, size_t shown, const char *what)
{
    if (n > shown)
        fprintf(view->out, "%s%s %zu more %s (--top)%s\n", view->colors->dim, view->utf8 ? "…" : "...", n - shown, what,
                view->colors->reset);
}

static void add_type(const struct graph *graph, struct strbuf *out, uint32_t type)
{
    const struct graph_type *named = &graph->types[type];
    graph_add_type(out, graph, type);
    if (named->sort == GRAPH_PYTHON && *named->module && strcmp(named->module, "builtins") != 0 && !strchr(out->data, '.'))
        strbuf_printf(out, " (%s)", named->module);
}

static const char *const sort_texts[GRAPH_SORTS] = {
    [GRAPH_PYTHON] = "Python objects",
    [GRAPH_FRAME] = "frames",
    [GRAPH_CPP] = "C++ objects",
    [GRAPH_NATIVE] = "other native blocks",
    [GRAPH_MEMORY] = "Python's own memory",
    [GRAPH_FREE] = "Python's free lists",
};

/* "Python objects 12 B + native blocks 30 B = 42 B, all live bytes of the snapshot". */
static void print_sum(const struct view *view, const struct graph *graph, const struct graph_wanted *wanted)
{
    struct graph_sorts sums;
    struct strbuf text = STRBUF_INIT;
    uint64_t live, blocks;
    bool known = graph_live(graph, &live, &blocks);
    graph_sort_sums(&sums, graph, wanted->set);
    for (unsigned sort = GRAPH_PYTHON; sort < GRAPH_SORTS; sort++)
        if (sums.bytes[sort])
            strbuf_printf(&text, "%s%s %s", text.length ? " + " : "", sort_texts[sort],
                          format_bytes_exact(sums.bytes[sort]).text);
    strbuf_printf(&text, "%s= %s", text.length ? " " : "", format_bytes_exact(sums.all_bytes).text);
    if (wanted->set)
        strbuf_add(&text, ", the selection.");
    else if (!known)
        strbuf_add(&text, ", all of the graph.");
    else if (live == sums.all_bytes)
        strbuf_printf(&text, ", all live bytes of the snapshot (%s block%s).", format_count(blocks).text, view_plural(blocks));
    else
        strbuf_printf(&text, ", but %s are live in the snapshot: its graph is damaged.", format_bytes_exact(live).text);
    fputc('\n', view->out);
    view_print_wrapped(view, known && !wanted->set && live != sums.all_bytes ? view->colors->bad : "", text.data, 0);
    strbuf_release(&text);
}

void graph_text_types(const struct view *view, const struct graph *graph, const struct graph_wanted *wanted,
                      const struct graph_rows *rows, enum graph_by by)
{
    static const char *const titles[] = { "Types, by their number", "Types, by shallow bytes", "Types, by retained bytes" };
    const struct palette *colors = view->colors;
    size_t n = shown_rows(view, rows->n);
    struct graph_sorts sums;
    graph_sort_sums(&sums, graph, wanted->set);
    graph_text_head(view, graph, wanted, titles[by]);
    fprintf(view->out, "\n%s%11s %11s %6s %11s  %s%s\n", colors->dim, "count", "shallow", "share", "retained", "type",
            colors->reset);
    for (size_t i = 0; i < n; i++) {
        const struct graph_row *row = &rows->items[i];
        struct strbuf name = STRBUF_INIT, clipped = STRBUF_INIT;
        add_type(graph, &name, row->type);
        view_add_clipped(view, &clipped, name.data, name.length, view->width > 65 ? view->width - 45 : 20);
        fprintf(view->out, "%11" PRIu64 " %11s %6s %11s  %s%s%s\n", row->sum.count, format_bytes(row->sum.bytes).text,
                format_percent(row->sum.bytes, sums.all_bytes).text, format_bytes(row->sum.retained).text, colors->function,
                clipped.data, colors->reset);
        strbuf_release(&clipped);
        strbuf_release(&name);
    }
    print_left_out(view, rows->n, n, "types");
    print_sum(view, graph, wanted);
    graph_text_notes(view, graph);
}

/* "+9.15 MiB" */
struct signed_text { char text[64]; };

static struct signed_text signed_bytes(int64_t bytes)
{
    struct signed_text text;
    const char *sign = bytes > 0 ? "+" : bytes < 0 ? "-" : "";
    snprintf(text.text, sizeof text.text, "%s%s", sign, format_bytes(bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes).text);
    return text;
}

struct columns { const char *name, *beside; bool by_line; };

static const char *name_of(const struct graph_growth_row *row, bool by_line)
{
    return !by_line ? row->name : row->line && *row->line ? row->line : "(unknown)";
}

static void print_row(const struct view *view, const struct graph_growth_row *row, bool by_line, int widest)
{
    struct strbuf name = STRBUF_INIT, beside = STRBUF_INIT;
    const char *first = name_of(row, by_line), *second = by_line ? row->name : row->line ? row->line : "";
    view_add_clipped(view, &name, first, strlen(first), (size_t)widest);
    size_t used = (size_t)widest + 50;
    view_add_clipped(view, &beside, second, strlen(second), view->width > used + 10 ? view->width - used : 10);
    size_t columns = text_width(name.data, name.length);
    fprintf(view->out, "%s%s%s%*s %9" PRIu64 " %+9" PRId64 " %11s %12s  %s%s%s\n", view->colors->function, name.data,
            view->colors->reset, widest - (int)columns, "", row->count_now, row->count, format_bytes(row->bytes_now).text,
            signed_bytes(row->bytes).text, view->colors->dim, beside.data, view->colors->reset);
    strbuf_release(&beside);
    strbuf_release(&name);
}

static bool grew(const struct graph_growth_row *row)
{
    return row->bytes > 0 || row->count > 0;
}

static void print_table(const struct view *view, const struct graph_growth_row *rows, size_t n, struct columns columns)
{
    size_t grown = 0, shrunk = 0, widest = strlen(columns.name), most = view->width > 110 ? view->width - 80 : 30, shown = 0;
    for (size_t i = 0; i < n; i++) {
        if (!grew(&rows[i])) {
            shrunk++;
            continue;
        }
        size_t width = text_width(name_of(&rows[i], columns.by_line), strlen(name_of(&rows[i], columns.by_line)));
        if (grown++ < shown_rows(view, n))
            widest = width > widest ? width : widest;
    }
    widest = widest < most ? widest : most;
    fprintf(view->out, "\n%s%-*s %9s %9s %11s %12s  %s%s\n", view->colors->dim, (int)widest, columns.name, "count", "change",
            "bytes", "change", columns.beside, view->colors->reset);
    for (size_t i = 0; i < n && shown < shown_rows(view, grown); i++) {
        if (!grew(&rows[i]))
            continue;
        shown++;
        print_row(view, &rows[i], columns.by_line, (int)widest);
    }
    char what[64];
    snprintf(what, sizeof what, "%ss that grew", columns.name);
    print_left_out(view, grown, shown, what);
    if (shrunk)
        fprintf(view->out, "%s%zu %s%s shrank%s\n", view->colors->dim, shrunk, columns.name, view_plural(shrunk),
                view->colors->reset);
}

static void print_between(const struct view *view, const struct graph *before, const struct graph *after)
{
    struct strbuf text = STRBUF_INIT;
    struct graph_sorts old, now;
    graph_sort_sums(&old, before, NULL);
    graph_sort_sums(&now, after, NULL);
    strbuf_printf(&text, "%-10s", "since");
    if (before->snapshot) {
        strbuf_printf(&text, "#%" PRIu32, before->number + 1);
        if (*before->snapshot->label)
            strbuf_printf(&text, " \"%s\"", before->snapshot->label);
        strbuf_printf(&text, ", %s: ", format_duration(before->snapshot->ns).text);
    }
    strbuf_printf(&text, "%s in %s nodes", format_bytes(old.all_bytes).text, format_count(old.all_nodes).text);
    strbuf_printf(&text, "; %s since then", signed_bytes((int64_t)(now.all_bytes - old.all_bytes)).text);
    fprintf(view->out, "%s%.10s%s%s\n", view->colors->dim, text.data, view->colors->reset, text.data + 10);
    strbuf_release(&text);
}

void graph_text_growth(const struct view *view, const struct graph *before, const struct graph *after,
                       const struct graph_growth *growth)
{
    graph_text_head(view, after, NULL, "What grew between two snapshots");
    print_between(view, before, after);
    if (growth->types.n == 0 && growth->lines.n == 0) {
        fprintf(view->out, "\nNothing grew and nothing shrank.\n");
    } else {
        print_table(view, growth->types.items, growth->types.n,
                    (struct columns){ "type", "the line that let it grow most", false });
        print_table(view, growth->lines.items, growth->lines.n,
                    (struct columns){ "line", "the type that grew most there", true });
    }
    graph_text_notes(view, after);
    if (!before->whole || before->reasons.n) {
        fputc('\n', view->out);
        view_print_wrapped(view, view->colors->bad,
                           "The earlier snapshot's graph is not complete either: what was missing there seems to have grown.", 0);
    }
}
