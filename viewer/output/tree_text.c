/* `heapline tree`: branches where the costs part ways; chains of calls without a choice stand below each other without indent. */
#include "../base/format.h"
#include "../base/terminal.h"
#include "../base/xalloc.h"
#include "tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_LONGEST 24              /* of a longer chain the first and the last calls are shown */
#define CHAIN_HEAD 12
#define CHAIN_TAIL 6

struct printer {
    const struct view *view;
    const struct profile *profile;
    const struct tree *tree;
    uint64_t total;
    uint32_t depth;
    bool all_calls;
    struct strbuf indent;
};

struct drawing { const char *branch, *last, *bar, *gap, *down; };

static const struct drawing *drawing_of(const struct view *view)
{
    static const struct drawing lines = { "├─ ", "└─ ", "│  ", "   ", "↓ " }, ascii = { "|- ", "`- ", "|  ", "   ", ". " };
    return view->utf8 ? &lines : &ascii;
}

static const char *heat(const struct printer *printer, uint64_t measure)
{
    const struct palette *colors = printer->view->colors;
    return printer->total && measure >= printer->total / 5 ? colors->hot : measure >= printer->total / 20 ? colors->warm : "";
}

static struct format_text figure(const struct printer *printer, uint64_t value)
{
    return value ? view_measure(printer->tree->by, value) : (struct format_text){ "" };
}

/* "  12.3 MiB  45.6%   1.2 MiB  " and the drawing; `lead` stands directly before the name. Inside of a chain the inclusive
 * figure is that of its first call. */
static void print_node(struct printer *printer, uint32_t id, const char *lead, bool in_chain)
{
    const struct view *view = printer->view;
    const struct tree_node *node = &printer->tree->nodes[id];
    uint64_t total = costs_measure(&node->total, printer->tree->by);
    uint64_t self = printer->tree->inverted ? 0 : costs_measure(&node->self, printer->tree->by);
    struct strbuf text = STRBUF_INIT, place = STRBUF_INIT, line = STRBUF_INIT;
    location_add_name(&text, &printer->profile->locations, node->location);
    location_add_place(&place, &printer->profile->locations, node->location);
    if (node->recursion)
        strbuf_printf(&place, "%s(recursive)", place.length ? " " : "");
    size_t used = 32 + text_width(printer->indent.data, printer->indent.length) + text_width(lead, strlen(lead));
    size_t room = view->width > used + 20 ? view->width - used : 20, place_width = text_width(place.data, place.length);
    view_add_clipped(view, &line, text.data, text.length, place_width + 12 < room ? room - place_width - 1 : room / 2);
    if (in_chain)
        fprintf(view->out, "%30s", figure(printer, self).text);
    else
        fprintf(view->out, "%s%11s%s %6s %11s", heat(printer, total), figure(printer, total).text, view->colors->reset,
                format_percent(total, printer->total).text, figure(printer, self).text);
    fprintf(view->out, "  %s%s%s%s%s%s%s%s%s%s%s\n", view->colors->dim, printer->indent.data, lead, view->colors->reset,
            view->colors->function, line.data, view->colors->reset, place.length ? " " : "", view->colors->dim, place.data,
            view->colors->reset);
    strbuf_release(&text);
    strbuf_release(&place);
    strbuf_release(&line);
}

static bool goes_on_alone(const struct tree *tree, uint32_t id)
{
    const struct tree_node *node = &tree->nodes[id], *child = &tree->nodes[node->child];
    return node->child && !child->sibling && !node->hidden && costs_none(&node->self);
}

static uint32_t chain_length(const struct tree *tree, uint32_t id)
{
    uint32_t n = 1;
    for (; goes_on_alone(tree, id); id = tree->nodes[id].child)
        n++;
    return n;
}

static void print_dim(const struct printer *printer, const char *lead, const char *text)
{
    const struct view *view = printer->view;
    fprintf(view->out, "%30s  %s%s%s%s%s\n", "", view->colors->dim, printer->indent.data, lead, text, view->colors->reset);
}

static bool is_library(const struct printer *printer, uint32_t id)
{
    enum location_rank rank = printer->profile->locations.items[printer->tree->nodes[id].location].rank;
    return rank == RANK_RUNTIME || rank == RANK_INTERPRETER || rank == RANK_SYSTEM_LINE;
}

/* Call i of a chain of n says little: the middle of a very long chain, and what libraries call inside of themselves. The first
 * and the last always stand. */
static bool is_folded(const struct printer *printer, const uint32_t *chain, uint32_t n, uint32_t i)
{
    if (printer->all_calls || i == 0 || i + 1 == n)
        return false;
    if (n > CHAIN_LONGEST && i >= CHAIN_HEAD && i + CHAIN_TAIL < n)
        return true;
    return is_library(printer, chain[i]) && is_library(printer, chain[i - 1]) && is_library(printer, chain[i + 1]);
}

static void print_folded_calls(const struct printer *printer, uint32_t n)
{
    char text[64];
    snprintf(text, sizeof text, "%s %" PRIu32 " more call%s", printer->view->utf8 ? "…" : "...", n, n == 1 ? "" : "s");
    print_dim(printer, drawing_of(printer->view)->down, text);
}

/* Prints the calls from `id` on that leave no choice; returns the last of them. */
static uint32_t print_chain(struct printer *printer, uint32_t id, const char *lead, bool last)
{
    const struct drawing *drawing = drawing_of(printer->view);
    uint32_t n = chain_length(printer->tree, id), folded = 0;
    uint32_t *chain = xcalloc(n, sizeof *chain);
    for (uint32_t i = 0; i < n; i++, id = printer->tree->nodes[id].child)
        chain[i] = id;
    print_node(printer, chain[0], lead, false);
    strbuf_add(&printer->indent, last ? drawing->gap : drawing->bar);
    for (uint32_t i = 1; i < n; i++) {
        if (is_folded(printer, chain, n, i)) {
            folded++;
            continue;
        }
        if (folded)
            print_folded_calls(printer, folded);
        folded = 0;
        print_node(printer, chain[i], drawing->down, true);
    }
    id = chain[n - 1];
    free(chain);
    return id;
}

static void print_hidden(struct printer *printer, const struct tree_node *node)
{
    char text[96];
    snprintf(text, sizeof text, "%" PRIu32 " smaller, %s", node->hidden,
             view_measure(printer->tree->by, node->hidden_measure).text);
    print_dim(printer, drawing_of(printer->view)->last, text);
}

static void print_children(struct printer *printer, uint32_t id, uint32_t level);

static void print_branch(struct printer *printer, uint32_t id, uint32_t level, bool last)
{
    const struct drawing *drawing = drawing_of(printer->view);
    size_t indent = printer->indent.length;
    uint32_t end = print_chain(printer, id, last ? drawing->last : drawing->branch, last);
    print_children(printer, end, level + 1);
    strbuf_truncate(&printer->indent, indent);
}

static void print_children(struct printer *printer, uint32_t id, uint32_t level)
{
    const struct tree_node *node = &printer->tree->nodes[id];
    if (ferror(printer->view->out))
        return;
    if (printer->depth && level >= printer->depth) {
        if (node->child)
            print_dim(printer, drawing_of(printer->view)->last, "more levels below (--depth)");
        return;
    }
    uint32_t shown = 0;
    for (uint32_t child = node->child; child; child = printer->tree->nodes[child].sibling) {
        if (level == 0 && printer->view->top && shown++ == printer->view->top)
            break;
        print_branch(printer, child, level, !printer->tree->nodes[child].sibling && !node->hidden_measure);
    }
    if (node->hidden_measure)
        print_hidden(printer, node);
}

void tree_print_text(const struct view *view, const struct profile *profile, const struct tree *tree, uint32_t depth,
                     bool all_calls)
{
    struct printer printer = {
        .view = view, .profile = profile, .tree = tree, .depth = depth, .all_calls = all_calls,
        .total = costs_measure(&profile->total, tree->by),
        .indent = STRBUF_INIT,
    };
    char title[128];
    snprintf(title, sizeof title, "%s by %s", tree->inverted ? "Callers of what allocates," : "Calls that led to allocations,",
             measure_meanings[tree->by]);
    view_print_header(view, profile, title);
    if (!view_print_nothing(view, profile) && printer.total == 0)
        fprintf(view->out, "\nNothing was counted by this measure (%s); try another --by.\n", measure_names[tree->by]);
    if (printer.total) {
        fprintf(view->out, "\n%s%11s %6s%s%s\n", view->colors->dim, "inclusive", "share", tree->inverted ? "" : "        self",
                view->colors->reset);
        print_children(&printer, 0, 0);
    }
    view_print_notes(view, profile);
    strbuf_release(&printer.indent);
}
