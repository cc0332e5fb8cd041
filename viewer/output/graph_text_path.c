/* Chains and cuts: who holds what was asked for, and what must let go of it. */
#include "graph_print.h"
#include "graph_view.h"

#include "../base/terminal.h"
#include "../base/xalloc.h"

#include <inttypes.h>
#include <string.h>

#define CUTS_BY_DEFAULT 20
#define CUTS_WITH_PATH 10                  /* each costs a search */

static const char *root_kind_text(enum trace_root_kind kind)
{
    static const char *const texts[] = { "", "global", "stack", "thread-local", "register", "mapped memory", "registered memory",
                                         "" };
    return kind <= TRACE_ROOT_OTHER ? texts[kind] : "";
}

static void add_root(struct strbuf *out, const struct graph *graph, uint32_t edge)
{
    uint32_t root = edge == GRAPH_NONE ? GRAPH_NONE : graph_edge_root(graph, edge);
    if (root == GRAPH_NONE) {
        strbuf_add(out, "a root");
        return;
    }
    const struct graph_root *named = &graph->roots[root];
    strbuf_printf(out, "%s", named->name);
    if (named->kind == TRACE_ROOT_GLOBAL && !strchr(named->name, ' '))
        strbuf_printf(out, " (%s)", root_kind_text(named->kind));
    if (!named->named)
        strbuf_add(out, ", a word that may be stale");
}

/* "       96 B     1.2 KiB  .history: list of 3 at 0x…  app.py:12 in main" */
static void print_step(const struct view *view, const struct graph *graph, const char *name, uint32_t node, const char *color)
{
    struct strbuf line = STRBUF_INIT, clipped = STRBUF_INIT;
    if (node)
        graph_text_add_line(&line, graph, node);
    size_t room = view->width > 54 ? view->width - 24 : 30, beside = line.length ? text_width(line.data, line.length) + 2 : 0;
    view_add_clipped(view, &clipped, name, strlen(name), beside + 20 < room ? room - beside : room);
    if (node)
        fprintf(view->out, "%11s %11s", format_bytes(graph->retained[node]).text, format_bytes(graph->nodes[node].bytes).text);
    else
        fprintf(view->out, "%23s", "");
    fprintf(view->out, "  %s%s%s%s%s%s%s\n", color, clipped.data, *color ? view->colors->reset : "", line.length ? "  " : "",
            view->colors->dim, line.data, view->colors->reset);
    strbuf_release(&clipped);
    strbuf_release(&line);
}

static void print_steps(const struct view *view, const struct graph *graph, const struct graph_path *path)
{
    struct strbuf name = STRBUF_INIT;
    size_t folded = 0;
    for (size_t i = 0; i < path->steps.n; i++) {
        const struct graph_step *step = &path->steps.items[i];
        bool last = i + 1 == path->steps.n;
        if (graph_chain_folds(i, path->steps.n)) {
            folded++;
            continue;
        }
        if (folded)
            fprintf(view->out, "%23s  %s%s %s more steps%s\n", "", view->colors->dim, view->utf8 ? "…" : "...",
                    format_count(folded).text, view->colors->reset);
        folded = 0;
        strbuf_clear(&name);
        if (step->node == 0) {
            add_root(&name, graph, last ? GRAPH_NONE : path->steps.items[i + 1].edge);
        } else {
            uint32_t owner = i ? path->steps.items[i - 1].node : 0;
            if (owner && step->edge != GRAPH_NONE)
                graph_add_edge(&name, graph, owner, step->edge);
            strbuf_add(&name, name.length ? ": " : "");
            graph_add_node(&name, graph, step->node);
        }
        print_step(view, graph, name.data, step->node,
                   last         ? view->colors->hot
                   : step->node ? view->colors->function
                                : view->colors->good);
    }
    strbuf_release(&name);
}

void graph_text_chain(const struct view *view, struct graph *graph, const struct graph_wanted *wanted,
                      const struct graph_path *path)
{
    struct strbuf title = STRBUF_INIT, whole = STRBUF_INIT;
    strbuf_printf(&title, "The shortest way from a root to %s", wanted->selector);
    graph_text_head(view, graph, wanted, title.data);
    graph_add_path(&whole, graph, path);
    fprintf(view->out, "\n%s", view->colors->number);
    view_print_wrapped(view, "", whole.data, 4);
    fprintf(view->out, "%s\n%s%11s %11s%s\n", view->colors->reset, view->colors->dim, "retained", "shallow", view->colors->reset);
    print_steps(view, graph, path);
    graph_text_notes(view, graph);
    strbuf_release(&whole);
    strbuf_release(&title);
}

/* How the holder itself is reached, in one line. */
static void print_way(const struct view *view, const struct graph *graph, uint32_t node)
{
    struct graph_path path = { 0 };
    struct strbuf text = STRBUF_INIT;
    uint8_t *set = xcalloc(graph->n, 1);
    set[node] = 1;
    if (graph_chain(&path, graph, set)) {
        strbuf_add(&text, "which is ");
        graph_add_path(&text, graph, &path);
        fprintf(view->out, "%27s", "");
        view_print_wrapped(view, view->colors->dim, text.data, 27);
    }
    free(set);
    vec_release(&path.steps);
    strbuf_release(&text);
}

static int by_place(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void print_cut(const struct view *view, const struct graph *graph, uint32_t edge, bool with_way)
{
    struct strbuf name = STRBUF_INIT, target = STRBUF_INIT;
    uint32_t from = graph_edge_owner(graph, edge), to = graph->edges[edge].to;
    if (from == 0) {
        add_root(&name, graph, edge);
    } else {
        struct strbuf text = STRBUF_INIT, holder = STRBUF_INIT;
        graph_add_edge(&text, graph, from, edge);
        graph_add_node(&holder, graph, from);
        graph_text_add_place(&name, text.data, holder.data);
        strbuf_release(&holder);
        strbuf_release(&text);
    }
    graph_add_node(&target, graph, to);
    strbuf_printf(&name, " %s %s", view->utf8 ? "→" : "->", target.data);
    print_step(view, graph, name.data, from, view->colors->function);
    if (from && with_way)
        print_way(view, graph, from);
    strbuf_release(&target);
    strbuf_release(&name);
}

static void print_result(const struct view *view, const struct graph_wanted *wanted, const struct graph_cut *cut)
{
    struct strbuf text = STRBUF_INIT;
    if (cut->edges.n == 0)
        strbuf_printf(&text,
                      "Nothing leads to %s: there is nothing to cut. \"heapline graph leaking\" says why it is still there.",
                      wanted->selector);
    else
        strbuf_printf(&text, "Then %s in %s object%s.", format_bytes(cut->bytes).text, format_count(cut->nodes).text,
                      cut->nodes == 1 ? " goes" : "s go");
    fputc('\n', view->out);
    view_print_wrapped(view, view->colors->number, text.data, 0);
    strbuf_release(&text);
}

void graph_text_free(const struct view *view, struct graph *graph, const struct graph_wanted *wanted, const struct graph_cut *cut)
{
    struct strbuf title = STRBUF_INIT;
    size_t n = cut->edges.n, most = view->top ? view->top : CUTS_BY_DEFAULT;
    strbuf_printf(&title, "What must let go to free %s", wanted->selector);
    graph_dominate(graph);
    graph_text_head(view, graph, wanted, title.data);
    if (n) {
        char heading[96];
        snprintf(heading, sizeof heading, n == 1 ? "One reference to cut" : "%s references to cut", format_count(n).text);
        graph_text_heading(view, heading);
        fprintf(view->out, "%s%11s %11s  %s%s\n", view->colors->dim, "retained", "shallow", "holder", view->colors->reset);
    }
    uint32_t *edges = xmemdup(cut->edges.items, n * sizeof *edges);
    qsort(edges, n, sizeof *edges, by_place);
    for (size_t i = 0; i < n && i < most; i++)
        print_cut(view, graph, edges[i], i < CUTS_WITH_PATH);
    if (n > most)
        fprintf(view->out, "%23s  %s%s %zu more (--top)%s\n", "", view->colors->dim, view->utf8 ? "…" : "...", n - most,
                view->colors->reset);
    free(edges);
    print_result(view, wanted, cut);
    graph_text_notes(view, graph);
    strbuf_release(&title);
}
