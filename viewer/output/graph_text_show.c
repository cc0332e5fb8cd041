/* `heapline graph show`: all that is known of one object; and the list of snapshots. */
#include "graph_print.h"
#include "graph_view.h"
#include "leaks_print.h"

#include "../base/terminal.h"
#include "../base/xalloc.h"

#include <inttypes.h>
#include <string.h>

#define NEAR_BY_DEFAULT 10
#define STACK_SHOWN 12

struct printer {
    const struct view *view;
    struct graph *graph;
};

#define LABEL 14

static void print_text(const struct printer *printer, const char *label, const char *text)
{
    const struct view *view = printer->view;
    fprintf(view->out, "  %s%-*s%s", view->colors->dim, LABEL - 2, label, view->colors->reset);
    view_print_wrapped(view, "", text, LABEL);
}

static void print_type(const struct printer *printer, uint32_t node)
{
    const struct graph *graph = printer->graph;
    const struct graph_type *type = graph_type_of(graph, node);
    struct strbuf text = STRBUF_INIT;
    graph_add_type(&text, graph, graph->nodes[node].type);
    if (*type->module && type->sort != GRAPH_NATIVE)
        strbuf_printf(&text, ", of %s", type->module);
    strbuf_printf(&text, " (%s)", graph_sort_names[graph->nodes[node].sort]);
    print_text(printer, "type", text.data);
    strbuf_clear(&text);
    graph_add_text(&text, graph, node);
    if (text.length)
        print_text(printer, "value", text.data);
    strbuf_release(&text);
}

static void print_size(const struct printer *printer, uint32_t node)
{
    struct graph *graph = printer->graph;
    struct strbuf text = STRBUF_INIT;
    uint64_t bytes = graph->nodes[node].bytes, own = graph_own_bytes(graph, node), nodes, retained = graph->retained[node];
    strbuf_printf(&text, "%s", format_bytes_exact(bytes).text);
    if (bytes == 0)
        strbuf_add(&text, ": it stands outside of the heap");
    else if (own && own < bytes)
        strbuf_printf(&text, ": its own block %s, its parts (items, tables, buffers) %s", format_bytes_exact(own).text,
                      format_bytes_exact(bytes - own).text);
    print_text(printer, "size", text.data);
    uint8_t *set = xcalloc(graph->n, 1);
    set[node] = 1;
    uint64_t exact = graph_retained_by(graph, set, &nodes);
    free(set);
    strbuf_clear(&text);
    strbuf_printf(&text, "%s", format_bytes_exact(exact ? exact : retained).text);
    if (nodes > 1)
        strbuf_printf(&text,
                      nodes == 2 ? ": with it %s object goes that only it leads to"
                                 : ": with it %s objects go that only it leads to",
                      format_count(nodes - 1).text);
    print_text(printer, "retains", text.data);
    strbuf_release(&text);
}

static void print_stack(const struct printer *printer, uint32_t node)
{
    const struct graph *graph = printer->graph;
    uint32_t site = graph->nodes[node].site;
    struct level_list levels = { 0 };
    if (!graph->profile || site == TRACE_NONE)
        return;
    const struct trace *trace = graph->profile->trace;
    const struct locations *locations = &graph->profile->locations;
    leaks_levels(graph->profile, trace->sites[site].stack, &levels);
    for (size_t i = 0; i < levels.n && i < STACK_SHOWN; i++) {
        struct strbuf text = STRBUF_INIT, clipped = STRBUF_INIT;
        location_add_name(&text, locations, levels.items[i]);
        strbuf_add_char(&text, ' ');
        location_add_place(&text, locations, levels.items[i]);
        view_add_clipped(printer->view, &clipped, text.data, text.length,
                         printer->view->width > 40 ? printer->view->width - LABEL - 2 : 24);
        fprintf(printer->view->out, "%*s%s%s%s\n", LABEL + 2, "", printer->view->colors->function, clipped.data,
                printer->view->colors->reset);
        strbuf_release(&clipped);
        strbuf_release(&text);
    }
    if (levels.n > STACK_SHOWN)
        fprintf(printer->view->out, "%*s%s%s %zu more calls%s\n", LABEL + 2, "", printer->view->colors->dim,
                printer->view->utf8 ? "…" : "...", levels.n - STACK_SHOWN, printer->view->colors->reset);
    vec_release(&levels);
}

static void print_allocation(const struct printer *printer, uint32_t node)
{
    const struct graph *graph = printer->graph;
    const struct graph_node *real = &graph->nodes[node];
    struct strbuf text = STRBUF_INIT;
    graph_add_line(&text, graph, node);
    if (!text.length)
        strbuf_add(&text, real->site == TRACE_NONE && real->bytes == 0 ? "not on the heap" : "at a place that is not known");
    if (real->site != TRACE_NONE && graph->snapshot) {
        if (real->born_ns)
            strbuf_printf(&text, ", at %s", format_duration(real->born_ns).text);
        else
            strbuf_add(&text, ", at the start");
        if (graph->snapshot->ns > real->born_ns)
            strbuf_printf(&text, ": it was %s old", format_duration(graph->snapshot->ns - real->born_ns).text);
    }
    print_text(printer, "allocated", text.data);
    print_stack(printer, node);
    strbuf_release(&text);
}

/* What counted edges explain of the reference count, and who holds the rest. */
static void print_references(const struct printer *printer, uint32_t node)
{
    const struct graph *graph = printer->graph;
    const struct graph_node *real = &graph->nodes[node];
    struct strbuf text = STRBUF_INIT;
    uint32_t found = 0, edge;
    if (!(real->flags & HL_NODE_PYTHON))
        return;
    for (uint32_t i = real->first_in; i < graph->nodes[node + 1].first_in; i++)
        found += graph_edge_counts(&graph->edges[graph->in[i].edge]);
    uint32_t from_c = graph_held_from_c(graph, node), holder = graph_c_holder(graph, node, &edge);
    if (real->flags & HL_NODE_IMMORTAL)
        strbuf_add(&text, "not counted: the object is immortal");
    else
        strbuf_printf(&text, "%s%s counted, %s found", real->references == UINT32_MAX ? "at least " : "",
                      format_count(real->references).text, format_count(found).text);
    if (from_c)
        strbuf_printf(&text, "; held from C: %s", format_count(from_c).text);
    if (from_c && holder != GRAPH_NONE) {
        strbuf_add(&text, ", by ");
        if (holder == 0) {
            uint32_t root = graph_edge_root(graph, edge);
            strbuf_add(&text, root == GRAPH_NONE ? "a root" : graph->roots[root].name);
        } else {
            graph_add_node(&text, graph, holder);
            struct strbuf line = STRBUF_INIT;
            graph_add_line(&line, graph, holder);
            if (line.length)
                strbuf_printf(&text, " (%s)", line.data);
            strbuf_release(&line);
        }
    }
    print_text(printer, "references", text.data);
    strbuf_release(&text);
}

static void print_way(const struct printer *printer, uint32_t node)
{
    struct graph *graph = printer->graph;
    struct graph_path path = { 0 };
    struct strbuf text = STRBUF_INIT;
    uint8_t *set = xcalloc(graph->n, 1);
    set[node] = 1;
    if (graph_chain(&path, graph, set))
        graph_add_path(&text, graph, &path);
    else
        strbuf_add(&text, "nothing leads to it");
    print_text(printer, "reached by", text.data);
    free(set);
    vec_release(&path.steps);
    strbuf_release(&text);
}

static bool has_edges(const struct graph_view *shown, bool incoming)
{
    for (size_t i = 0; i < shown->edges.n; i++)
        if ((incoming ? shown->edges.items[i].to : shown->edges.items[i].from) == 0)
            return true;
    return false;
}

/* One side of the node's neighbours. */
static void print_near(const struct printer *printer, uint32_t node, bool incoming)
{
    struct graph *graph = printer->graph;
    struct graph_view shown;
    struct graph_view_options options = { .depth = 1,
                                          .too_many = printer->view->top ? printer->view->top : NEAR_BY_DEFAULT,
                                          .collapse = true };
    uint8_t *set = xcalloc(graph->n, 1);
    set[node] = 1;
    graph_view_neighbours(&shown, graph, incoming ? GRAPH_VIEW_BACKREFS : GRAPH_VIEW_REFS, set, "", &options);
    for (size_t i = 0; i < shown.nodes.n; i++)
        shown.nodes.items[i].hidden = 0;
    fprintf(printer->view->out, "  %s%s%s\n", printer->view->colors->dim, incoming ? "held by" : "refers to",
            printer->view->colors->reset);
    if (has_edges(&shown, incoming))
        graph_text_branches(printer->view, graph, &shown, 0, incoming);
    else
        fprintf(printer->view->out, "%*snothing\n", LABEL, "");
    free(set);
    graph_view_release(&shown);
}

static void print_one(const struct printer *printer, uint32_t node)
{
    const struct graph *graph = printer->graph;
    struct strbuf name = STRBUF_INIT;
    graph_add_node(&name, graph, node);
    if (!strstr(name.data, "0x") && graph->nodes[node].address)
        strbuf_printf(&name, " at 0x%" PRIx64, graph->nodes[node].address);
    graph_text_heading(printer->view, name.data);
    print_type(printer, node);
    print_size(printer, node);
    print_allocation(printer, node);
    print_references(printer, node);
    print_way(printer, node);
    print_near(printer, node, true);
    print_near(printer, node, false);
    if (graph->nodes[node].flags & HL_NODE_CUT)
        view_print_wrapped(printer->view, printer->view->colors->bad,
                           "  It could not be read to the end: references are missing.", 2);
    strbuf_release(&name);
}

void graph_text_show(const struct view *view, struct graph *graph, const struct graph_wanted *wanted, size_t most)
{
    struct printer printer = { view, graph };
    uint32_t nodes[GRAPH_SHOW_MOST];
    size_t n = graph_largest(graph, wanted->set, nodes, most < GRAPH_SHOW_MOST ? most : GRAPH_SHOW_MOST);
    graph_text_head(view, graph, wanted, n < wanted->n ? "Objects that retain most" : n == 1 ? "One object" : "Objects");
    for (size_t i = 0; i < n; i++)
        print_one(&printer, nodes[i]);
    if (n < wanted->n)
        fprintf(view->out, "\n%s%s %s more match (--objects shows more of them; addr:0x… picks one)%s\n", view->colors->dim,
                view->utf8 ? "…" : "...", format_count(wanted->n - n).text, view->colors->reset);
    graph_text_notes(view, graph);
}

/* Snapshots */

void graph_text_snapshots(const struct view *view, const struct profile *profile)
{
    const struct trace *trace = profile->trace;
    bool any = false, missing = false;
    for (uint32_t i = 0; i < trace->n_snapshots; i++) {
        const struct trace_snapshot *snapshot = &trace->snapshots[i];
        struct strbuf label = STRBUF_INIT, kept = STRBUF_INIT;
        if (!profile->processes[snapshot->process].selected)
            continue;
        if (!any)
            fprintf(view->out, "%s%6s %11s %9s %11s %-9s %-8s %s%s\n", view->colors->dim, "number", "time", "process", "blocks",
                    "graph", "Python", "cause", view->colors->reset);
        any = true;
        missing |= snapshot->graph_bytes == 0;
        struct graph_kept has = graph_kept(profile, i);
        if (*snapshot->label)
            strbuf_printf(&label, " \"%s\"", snapshot->label);
        strbuf_add(&kept, !has.graph ? "none" : has.whole ? "whole" : "cut");
        fprintf(view->out, "%6" PRIu32 " %11s %9" PRId32 " %11" PRIu64 " %-9s %-8s %s%s%s%s\n", i + 1,
                format_duration(snapshot->ns).text, trace->processes[snapshot->process].pid, snapshot->blocks, kept.data,
                has.graph ? has.python ? "yes" : "no" : "", graph_cause_text(snapshot->cause), view->colors->number, label.data,
                view->colors->reset);
        strbuf_release(&kept);
        strbuf_release(&label);
    }
    if (!any)
        fprintf(view->out,
                "There is no snapshot. \"heapline run --graph PROGRAM\" takes one, with its graph, when the program ends.\n");
    else if (missing)
        fprintf(
            view->out,
            "\nSnapshots without a graph say who is lost, not who holds whom; \"heapline run --graph\" keeps it with each.\n");
}
