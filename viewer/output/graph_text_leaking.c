/* `heapline graph leaking`: four kinds of what should not be there, each with a sentence that says what it means and what to do.
 */
#include "graph_print.h"
#include "graph_view.h"

#include "../base/terminal.h"
#include "../base/xalloc.h"

#include <inttypes.h>
#include <string.h>

#define LOTS_BY_DEFAULT 10
#define CYCLES_BY_DEFAULT 5
#define TYPES_OF_CYCLE 4

struct printer {
    const struct view *view;
    struct graph *graph;
};

static uint64_t bytes_of(const struct graph *graph, const uint32_t *nodes, size_t n)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += graph->nodes[nodes[i]].bytes;
    return bytes;
}

/* "Nobody refers to them: 3 objects, 1.2 KiB", and what that means. */
static void print_heading(const struct printer *printer, const char *what, uint64_t n, uint64_t bytes, const char *unit,
                          const char *meaning)
{
    char heading[192];
    if (n)
        snprintf(heading, sizeof heading, "%s: %s %s%s, %s", what, format_count(n).text, unit, view_plural(n),
                 format_bytes(bytes).text);
    else
        snprintf(heading, sizeof heading, "%s: none", what);
    graph_text_heading(printer->view, heading);
    if (n)
        view_print_wrapped(printer->view, printer->view->colors->dim, meaning, 0);
}

static void add_holder(const struct graph *graph, struct strbuf *out, uint32_t node)
{
    uint32_t edge, holder = graph_c_holder(graph, node, &edge);
    if (holder == GRAPH_NONE)
        return;
    strbuf_add(out, "held by ");
    if (holder == 0) {
        uint32_t root = graph->edges[edge].value;
        strbuf_add(out, root < graph->n_roots ? graph->roots[root].name : "a root");
        return;
    }
    size_t begin = out->length;
    graph_add_edge(out, graph, holder, edge);
    strbuf_add(out, out->length > begin ? " of " : "");
    graph_add_node(out, graph, holder);
    size_t end = out->length;
    strbuf_add(out, ", allocated at ");
    begin = out->length;
    graph_add_line(out, graph, holder);
    if (out->length == begin)
        strbuf_truncate(out, end);
}

/* "   1.20 KiB in       3 of Order  app.py:31 in add", an example below it. */
static void print_lot(const struct printer *printer, const struct graph_lot *lot, bool with_holder)
{
    const struct view *view = printer->view;
    const struct graph *graph = printer->graph;
    struct strbuf name = STRBUF_INIT, line = STRBUF_INIT, example = STRBUF_INIT, clipped = STRBUF_INIT;
    graph_add_type(&name, graph, lot->type);
    graph_add_line(&line, graph, lot->example);
    if (line.length && graph->types[lot->type].sort != GRAPH_NATIVE)
        strbuf_printf(&name, "  %s", line.data);
    view_add_clipped(view, &clipped, name.data, name.length, view->width > 60 ? view->width - 36 : 24);
    fprintf(view->out, "%11s %11s %9" PRIu64 "  %s%s%s\n", format_bytes(lot->retained).text, format_bytes(lot->bytes).text,
            lot->count, view->colors->function, clipped.data, view->colors->reset);
    if (graph->types[lot->type].sort == GRAPH_PYTHON) {
        strbuf_add(&example, lot->count > 1 ? "such as " : "");
        graph_add_node(&example, graph, lot->example);
        uint32_t c = graph_held_from_c(graph, lot->example);
        if (c)
            strbuf_printf(&example, ", whose count has %s%" PRIu32 " that nothing explains", c == UINT32_MAX ? "at least " : "",
                          c);
        if (with_holder) {
            strbuf_add(&example, "; ");
            size_t begin = example.length;
            add_holder(graph, &example, lot->example);
            if (example.length == begin)
                strbuf_truncate(&example, begin - 2);
        }
        fprintf(view->out, "%35s", "");
        view_print_wrapped(view, view->colors->dim, example.data, 35);
    }
    strbuf_release(&clipped);
    strbuf_release(&example);
    strbuf_release(&line);
    strbuf_release(&name);
}

static void print_lots(const struct printer *printer, const uint32_t *nodes, size_t n, bool with_holder)
{
    const struct view *view = printer->view;
    struct graph_lots lots = { 0 };
    if (n == 0)
        return;
    graph_lots_build(&lots, printer->graph, nodes, n);
    size_t most = view->top ? view->top : LOTS_BY_DEFAULT;
    fprintf(view->out, "%s%11s %11s %9s  %s%s\n", view->colors->dim, "retained", "shallow", "count", "type", view->colors->reset);
    for (size_t i = 0; i < lots.n && i < most; i++)
        print_lot(printer, &lots.items[i], with_holder);
    if (lots.n > most)
        fprintf(view->out, "%33s  %s%s %zu more (--top)%s\n", "", view->colors->dim, view->utf8 ? "…" : "...", lots.n - most,
                view->colors->reset);
    vec_release(&lots);
}

/* "2 of Node, 1 of dict" */
struct share { uint32_t type, n; };

static int by_number(const void *left, const void *right)
{
    const struct share *a = left, *b = right;
    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    return (a->type > b->type) - (a->type < b->type);
}

static int by_type(const void *left, const void *right)
{
    const struct share *a = left, *b = right;
    return (a->type > b->type) - (a->type < b->type);
}

static void add_members(const struct graph *graph, struct strbuf *out, const uint32_t *members, uint32_t n)
{
    struct share *shares = xmalloc(n * sizeof *shares);
    uint32_t types = 0;
    for (uint32_t i = 0; i < n; i++)
        shares[i] = (struct share){ graph->nodes[members[i]].type, 1 };
    qsort(shares, n, sizeof *shares, by_type);
    for (uint32_t i = 0; i < n; i++) {
        if (types && shares[types - 1].type == shares[i].type)
            shares[types - 1].n++;
        else
            shares[types++] = shares[i];
    }
    qsort(shares, types, sizeof *shares, by_number);
    for (uint32_t i = 0; i < types && i < TYPES_OF_CYCLE; i++) {
        strbuf_printf(out, "%s%s × ", i ? ", " : "", format_count(shares[i].n).text);
        graph_add_type(out, graph, shares[i].type);
    }
    if (types > TYPES_OF_CYCLE)
        strbuf_printf(out, " and %" PRIu32 " more types", types - TYPES_OF_CYCLE);
    free(shares);
}

/* Where a cycle can be opened: "the reference .next of Node at 0x…, app.py:14 in cycle". With `example` false without the
 * address, so that cycles can be compared. */
static void add_weakest(const struct graph *graph, struct strbuf *out, uint32_t edge, bool example)
{
    struct strbuf text = STRBUF_INIT, holder = STRBUF_INIT, line = STRBUF_INIT;
    if (edge != GRAPH_NONE) {
        uint32_t from = graph_edge_owner(graph, edge);
        graph_add_edge(&text, graph, from, edge);
        if (example)
            graph_add_node(&holder, graph, from);
        else
            graph_add_type(&holder, graph, graph->nodes[from].type);
        graph_text_add_place(out, text.data, holder.data);
        graph_add_line(&line, graph, from);
        if (line.length)
            strbuf_printf(out, ", %s", line.data);
    }
    strbuf_release(&line);
    strbuf_release(&holder);
    strbuf_release(&text);
}

/* Cycles of the same types that open in the same place. */
struct alike { char *members, *weakest; uint32_t edge, cycles; uint64_t nodes, bytes; };
struct alikes VEC_FIELDS(struct alike);

#define CYCLES_COMPARED 10000              /* the largest; each costs the names of its types */

static void add_cycle(const struct graph *graph, const struct graph_components *garbage, size_t number, struct alikes *alikes)
{
    const struct graph_component *component = &garbage->items.items[number];
    struct strbuf members = STRBUF_INIT, weakest = STRBUF_INIT;
    uint32_t edge = graph_weakest(graph, garbage, number);
    struct alike *found = NULL;
    add_members(graph, &members, garbage->members.items + component->first, component->n);
    add_weakest(graph, &weakest, edge, false);
    for (size_t i = 0; i < alikes->n && !found; i++)
        if (strcmp(alikes->items[i].members, members.data) == 0 && strcmp(alikes->items[i].weakest, weakest.data) == 0)
            found = &alikes->items[i];
    if (!found) {
        found = vec_add(alikes);
        found->members = xstrdup(members.data);
        found->weakest = xstrdup(weakest.data);
        found->edge = edge;
    }
    found->cycles++;
    found->nodes += component->n;
    found->bytes += component->bytes;
    strbuf_release(&weakest);
    strbuf_release(&members);
}

static int by_bytes(const void *left, const void *right)
{
    const struct alike *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return (a->edge > b->edge) - (a->edge < b->edge);
}

static void print_alike(const struct printer *printer, const struct alike *alike)
{
    const struct view *view = printer->view;
    struct strbuf text = STRBUF_INIT, clipped = STRBUF_INIT;
    if (alike->cycles > 1)
        strbuf_printf(&text, "%s cycles, each of ", format_count(alike->cycles).text);
    strbuf_add(&text, alike->members);
    view_add_clipped(view, &clipped, text.data, text.length, view->width > 60 ? view->width - 36 : 24);
    fprintf(view->out, "%11s %9" PRIu64 "  %s%s%s\n", format_bytes(alike->bytes).text, alike->nodes, view->colors->function,
            clipped.data, view->colors->reset);
    if (alike->edge != GRAPH_NONE) {
        strbuf_clear(&text);
        strbuf_add(&text, alike->cycles > 1 ? "they go by themselves when this is weak in each, such as "
                                            : "it goes by itself when this is weak: ");
        add_weakest(printer->graph, &text, alike->edge, true);
        fprintf(view->out, "%23s", "");
        view_print_wrapped(view, view->colors->dim, text.data, 23);
    }
    strbuf_release(&clipped);
    strbuf_release(&text);
}

static void print_cycles(const struct printer *printer, const struct graph_leaking *leaking)
{
    const struct view *view = printer->view;
    struct alikes alikes = { 0 };
    size_t n = leaking->garbage.items.n, most = view->top ? view->top : CYCLES_BY_DEFAULT;
    if (n == 0)
        return;
    for (size_t i = 0; i < n && i < CYCLES_COMPARED; i++)
        add_cycle(printer->graph, &leaking->garbage, i, &alikes);
    vec_sort(&alikes, by_bytes);
    fprintf(view->out, "%s%11s %9s  %s%s\n", view->colors->dim, "bytes", "objects", "cycle", view->colors->reset);
    for (size_t i = 0; i < alikes.n; i++) {
        if (i < most)
            print_alike(printer, &alikes.items[i]);
        free(alikes.items[i].members);
        free(alikes.items[i].weakest);
    }
    if (alikes.n > most)
        fprintf(view->out, "%21s  %s%s %zu more kinds of cycles (--top)%s\n", "", view->colors->dim, view->utf8 ? "…" : "...",
                alikes.n - most, view->colors->reset);
    if (n > CYCLES_COMPARED)
        fprintf(view->out, "%21s  %s%s %zu smaller cycles%s\n", "", view->colors->dim, view->utf8 ? "…" : "...",
                n - CYCLES_COMPARED, view->colors->reset);
    vec_release(&alikes);
}

void graph_text_leaking(const struct view *view, struct graph *graph, const struct graph_leaking *leaking)
{
    struct printer printer = { view, graph };
    graph_text_head(view, graph, NULL, "What should not be there");
    if (graph->python) {
        print_heading(&printer, "Nobody refers to them", leaking->forgotten.n,
                      bytes_of(graph, leaking->forgotten.items, leaking->forgotten.n), "Python object",
                      "Their reference count says that somebody holds them, and nothing that was found does. As a rule C code "
                      "took a reference and never "
                      "gave it back (a missing Py_DECREF): the line that allocated them is the place to begin.");
        print_lots(&printer, leaking->forgotten.items, leaking->forgotten.n, false);
        print_heading(&printer, "Cycles that wait for the collector", leaking->garbage_nodes, leaking->garbage_bytes, "object",
                      "Nothing outside leads to them, but they hold each other, so that only Python's cyclic collector frees "
                      "them (gc.collect()). A weak reference in "
                      "the place that is named lets them go at once.");
        print_cycles(&printer, leaking);
        print_heading(&printer, "Held only from C", leaking->from_c.n, bytes_of(graph, leaking->from_c.items, leaking->from_c.n),
                      "Python object",
                      "No Python object leads to them: an extension's memory or a C variable does. They are no leak if that is "
                      "what it is there for.");
        print_lots(&printer, leaking->from_c.items, leaking->from_c.n, true);
    }
    print_heading(&printer, "Lost native blocks", leaking->lost.n, bytes_of(graph, leaking->lost.items, leaking->lost.n), "block",
                  "No pointer leads to them any more, so nobody can free them. \"heapline leaks\" has their stacks, suppressions "
                  "and a verdict.");
    print_lots(&printer, leaking->lost.items, leaking->lost.n, false);
    graph_text_notes(view, graph);
}
