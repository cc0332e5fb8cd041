/* What all text of graphs begins and ends with, and views as trees. */
#include "graph_print.h"

#include "../base/terminal.h"
#include "../base/xalloc.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

void graph_text_heading(const struct view *view, const char *text)
{
    fprintf(view->out, "\n%s%s%s\n", view->colors->heading, text, view->colors->reset);
}

static void print_line(const struct view *view, const char *label, const char *text)
{
    struct strbuf line = STRBUF_INIT;
    view_add_clipped(view, &line, text, strlen(text), view->width > 10 ? view->width - 10 : 10);
    fprintf(view->out, "%s%-10s%s%s\n", view->colors->dim, label, view->colors->reset, line.data);
    strbuf_release(&line);
}

static void add_snapshot(struct strbuf *out, const struct graph *graph)
{
    const struct trace_snapshot *snapshot = graph->snapshot;
    struct graph_sorts sums;
    graph_sort_sums(&sums, graph, NULL);
    if (snapshot) {
        strbuf_printf(out, "#%" PRIu32, graph->number + 1);
        if (*snapshot->label)
            strbuf_printf(out, " \"%s\"", snapshot->label);
        strbuf_printf(out, " of process %" PRId32 ", %s, %s: ", graph->profile->trace->processes[snapshot->process].pid,
                      graph_cause_text(snapshot->cause), format_duration(snapshot->ns).text);
    }
    strbuf_printf(out, "%s in %s nodes", format_bytes(sums.all_bytes).text, format_count(sums.all_nodes).text);
}

static void add_selection(struct strbuf *out, const struct graph *graph, const struct graph_wanted *wanted)
{
    struct graph_sorts sums;
    graph_sort_sums(&sums, graph, wanted->set);
    strbuf_printf(out, "%s: %s in %s node%s", wanted->selector, format_bytes(sums.all_bytes).text,
                  format_count(sums.all_nodes).text, view_plural(sums.all_nodes));
}

void graph_text_head(const struct view *view, const struct graph *graph, const struct graph_wanted *wanted, const char *title)
{
    struct strbuf text = STRBUF_INIT;
    if (graph->profile)
        view_add_cut(&text, graph->profile->trace);
    if (text.length) {
        view_print_wrapped(view, view->colors->bad, text.data, 0);
        fputc('\n', view->out);
    }
    fprintf(view->out, "%s%s%s\n", view->colors->heading, title, view->colors->reset);
    if (graph->profile)
        print_line(view, "program", graph->profile->trace->run.command);
    strbuf_clear(&text);
    add_snapshot(&text, graph);
    print_line(view, "snapshot", text.data);
    if (wanted && wanted->selector) {
        strbuf_clear(&text);
        add_selection(&text, graph, wanted);
        print_line(view, "only", text.data);
    }
    strbuf_release(&text);
}

void graph_text_notes(const struct view *view, const struct graph *graph)
{
    if (graph->whole && graph->reasons.n == 0)
        return;
    graph_text_heading(view, "Not everything could be seen");
    for (size_t i = 0; i < graph->reasons.n; i++) {
        struct strbuf text = STRBUF_INIT;
        strbuf_add(&text, graph->reasons.items[i]);
        if (text.length && text.data[text.length - 1] != '.')
            strbuf_add_char(&text, '.');
        text.data[0] = (char)toupper((unsigned char)text.data[0]);
        fprintf(view->out, "  ");
        view_print_wrapped(view, view->colors->bad, text.data, 2);
        strbuf_release(&text);
    }
    if (!graph->whole)
        view_print_wrapped(view, view->colors->bad, "  References are missing, and what they led to seems to be held by nobody.",
                           2);
}

/* Texts that say already whose place it is need no "of". */
void graph_text_add_place(struct strbuf *out, const char *edge, const char *holder)
{
    strbuf_printf(out, strstr(edge, " of ") ? "%s (%s)" : "%s of %s", edge, holder);
}

void graph_text_add_line(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    if (graph->nodes[node].sort != GRAPH_NATIVE)
        graph_add_line(out, graph, node);
}

/* Trees */

#define FIGURES 24                         /* columns in front of a tree */

struct drawing { const char *branch, *last, *bar, *gap; };

static const struct drawing *drawing_of(const struct view *view)
{
    static const struct drawing utf8 = { "├─ ", "└─ ", "│  ", "   " }, ascii = { "|- ", "`- ", "|  ", "   " };
    return view->utf8 ? &utf8 : &ascii;
}

struct printer {
    const struct view *view;
    const struct graph *graph;
    const struct graph_view *shown;
    bool incoming;
    uint32_t *first, *edges;               /* of place p: edges[first[p]] .. edges[first[p + 1] - 1] */
    uint8_t *above;                        /* by place: on the way to the line that is printed */
    struct strbuf indent;
};

static void index_edges(struct printer *printer)
{
    const struct graph_view *shown = printer->shown;
    size_t n = shown->nodes.n;
    printer->first = xcalloc(n + 2, sizeof *printer->first);
    printer->edges = xmalloc(shown->edges.n * sizeof *printer->edges);
    uint32_t *end = printer->first + 1;
    for (size_t i = 0; i < shown->edges.n; i++)
        end[(printer->incoming ? shown->edges.items[i].to : shown->edges.items[i].from) + 1]++;
    for (size_t i = 1; i <= n; i++)
        end[i] += end[i - 1];
    for (size_t i = 0; i < shown->edges.n; i++)
        printer->edges[end[printer->incoming ? shown->edges.items[i].to : shown->edges.items[i].from]++] = (uint32_t)i;
}

static bool has_node(const struct graph_view_node *node)
{
    return node->role == GRAPH_VIEW_NODE || node->role == GRAPH_VIEW_TARGET;
}

/* What stands beside the name: that it was met before, how much is not shown, where it was allocated. */
static void add_remarks(const struct printer *printer, struct strbuf *out, uint32_t place, const struct graph_view_edge *edge,
                        bool met)
{
    const struct graph_view_node *node = &printer->shown->nodes.items[place];
    struct strbuf line = STRBUF_INIT;
    if (has_node(node))
        graph_text_add_line(&line, printer->graph, node->node);
    if (met && printer->above[place])
        strbuf_printf(out, "  %s%s", printer->view->utf8 ? "↺ " : "",
                      node->role == GRAPH_VIEW_GROUP ? "among those above" : "stands above: a cycle");
    else if (met)
        strbuf_add(out, "  (also shown elsewhere)");
    else if (line.length)
        strbuf_printf(out, "  %s", line.data);
    bool counted = edge && edge->count > 1 && *edge->text && strcmp(edge->text, "keys") != 0;
    if (counted && printer->shown->kind != GRAPH_VIEW_DOMINATORS)
        strbuf_printf(out, "  (%s references)", format_count(edge->count).text);
    if (!met && node->hidden && printer->shown->kind == GRAPH_VIEW_DOMINATORS)
        strbuf_printf(out, "  (%s more below)", format_count(node->hidden).text);
    else if (!met && node->hidden)
        strbuf_printf(out, printer->incoming ? "  (held by %s)" : "  (refers to %s)", format_count(node->hidden).text);
    if (!met && has_node(node) && printer->graph->nodes[node->node].flags & HL_NODE_CUT)
        strbuf_add(out, "  (could not be read to the end)");
    strbuf_release(&line);
}

/* ".history: list of 3 at 0x…", "[17] of list of 3 at 0x…". */
static void add_name(const struct printer *printer, struct strbuf *out, uint32_t place, const struct graph_view_edge *edge)
{
    struct strbuf label = STRBUF_INIT;
    graph_view_add_label(&label, printer->graph, printer->shown, place);
    if (edge && !edge->holds && !strstr(edge->text, "weak"))
        strbuf_add(out, "weakly, ");
    if (edge && *edge->text && printer->incoming)
        graph_text_add_place(out, edge->text, label.data);
    else if (edge && *edge->text)
        strbuf_printf(out, "%s: %s", edge->text, label.data);
    else
        strbuf_add_bytes(out, label.data, label.length);
    strbuf_release(&label);
}

/* Our own signs, for terminals that have ASCII only. */
static void make_ascii(struct strbuf *text)
{
    static const char *const signs[][2] = { { "…", "..." }, { "×", "x" } };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        char *found = strstr(text->data, signs[i][0]);
        if (!found)
            continue;
        struct strbuf changed = STRBUF_INIT;
        strbuf_add_bytes(&changed, text->data, (size_t)(found - text->data));
        strbuf_printf(&changed, "%s%s", signs[i][1], found + strlen(signs[i][0]));
        strbuf_release(text);
        *text = changed;
    }
}

static void print_node(const struct printer *printer, uint32_t place, const struct graph_view_edge *edge, const char *lead,
                       bool met)
{
    const struct view *view = printer->view;
    const struct graph_view_node *node = &printer->shown->nodes.items[place];
    struct strbuf name = STRBUF_INIT, remarks = STRBUF_INIT, clipped = STRBUF_INIT, rest = STRBUF_INIT;
    size_t used = FIGURES + text_width(printer->indent.data, printer->indent.length) + text_width(lead, strlen(lead));
    size_t room = view->width > used + 30 ? view->width - used : 30;
    add_name(printer, &name, place, edge);
    add_remarks(printer, &remarks, place, edge, met);
    if (!view->utf8)
        make_ascii(&name);
    size_t beside = text_width(remarks.data, remarks.length);
    view_add_clipped(view, &clipped, name.data, name.length, beside + 20 < room ? room - beside : room);
    size_t taken = text_width(clipped.data, clipped.length);
    view_add_clipped(view, &rest, remarks.data, remarks.length, taken < room ? room - taken : 0);
    bool figures = node->role != GRAPH_VIEW_HOLDER && !met && (node->role != GRAPH_VIEW_MORE || node->n_types);
    if (figures)
        fprintf(view->out, "%11s %11s", format_bytes(node->retained).text, format_bytes(node->bytes).text);
    else
        fprintf(view->out, "%23s", "");
    const char *color = node->role == GRAPH_VIEW_TARGET   ? view->colors->hot
                        : node->role == GRAPH_VIEW_HOLDER ? view->colors->good
                        : has_node(node)                  ? view->colors->function
                                                          : "";
    fprintf(view->out, "  %s%s%s%s%s%s%s%s%s%s\n", view->colors->dim, printer->indent.data, lead, view->colors->reset, color,
            clipped.data, *color ? view->colors->reset : "", view->colors->dim, rest.data, view->colors->reset);
    strbuf_release(&rest);
    strbuf_release(&clipped);
    strbuf_release(&remarks);
    strbuf_release(&name);
}

static void print_below(struct printer *printer, uint32_t place)
{
    const struct drawing *drawing = drawing_of(printer->view);
    size_t indent = printer->indent.length;
    printer->above[place] = 1;
    for (uint32_t i = printer->first[place]; i < printer->first[place + 1] && !ferror(printer->view->out); i++) {
        const struct graph_view_edge *edge = &printer->shown->edges.items[printer->edges[i]];
        uint32_t next = printer->incoming ? edge->from : edge->to;
        bool last = i + 1 == printer->first[place + 1];
        print_node(printer, next, edge, last ? drawing->last : drawing->branch, !edge->tree);
        strbuf_add(&printer->indent, last ? drawing->gap : drawing->bar);
        if (edge->tree)
            print_below(printer, next);
        strbuf_truncate(&printer->indent, indent);
    }
    printer->above[place] = 0;
}

static void open_printer(struct printer *printer)
{
    printer->above = xcalloc(printer->shown->nodes.n, 1);
    strbuf_init(&printer->indent);
    index_edges(printer);
}

static void close_printer(struct printer *printer)
{
    free(printer->above);
    free(printer->edges);
    free(printer->first);
    strbuf_release(&printer->indent);
}

void graph_text_trees(const struct view *view, const struct graph *graph, const struct graph_view *shown, bool incoming)
{
    struct printer printer = { .view = view, .graph = graph, .shown = shown, .incoming = incoming };
    open_printer(&printer);
    for (uint32_t i = 0; i < shown->nodes.n; i++) {
        const struct graph_view_node *node = &shown->nodes.items[i];
        bool top = node->role == GRAPH_VIEW_TARGET || (node->depth == 0 && node->role != GRAPH_VIEW_NODE);
        if (!top)
            continue;
        print_node(&printer, i, NULL, "", false);
        print_below(&printer, i);
    }
    close_printer(&printer);
}

void graph_text_branches(const struct view *view, const struct graph *graph, const struct graph_view *shown, uint32_t place,
                         bool incoming)
{
    struct printer printer = { .view = view, .graph = graph, .shown = shown, .incoming = incoming };
    open_printer(&printer);
    print_below(&printer, place);
    close_printer(&printer);
}

static void print_legend(const struct view *view, const struct graph_view *shown)
{
    const char *text = shown->kind == GRAPH_VIEW_DOMINATORS ? "\"retained\" is what goes when this goes: its own bytes and all "
                                                              "that can be reached only through it, which stands below it."
                                                            : "\"retained\" goes when this goes; \"shallow\" is the block and "
                                                              "its parts alone. Keys, classes and a function's globals are not "
                                                              "followed. Many objects that are held in the same way are one row; "
                                                              "--no-collapse shows them one by one, --depth goes further.";
    fputc('\n', view->out);
    view_print_wrapped(view, view->colors->dim, text, 0);
}

void graph_text_view(const struct view *view, struct graph *graph, const struct graph_wanted *wanted,
                     const struct graph_view *shown)
{
    graph_text_head(view, graph, wanted, shown->title);
    fprintf(view->out, "\n%s%11s %11s%s\n", view->colors->dim, "retained", "shallow", view->colors->reset);
    graph_text_trees(view, graph, shown, shown->kind == GRAPH_VIEW_BACKREFS);
    print_legend(view, shown);
    graph_text_notes(view, graph);
}
