/* Labels are escaped strings of Graphviz: backslashes mean something there, and so do entities ("&lt;"), also where the text is
 * none of HTML. */
#include "graph_dot.h"

#include "../base/utf8.h"

#include <errno.h>
#include <inttypes.h>

#define LABEL_CHARACTERS 64

struct look { const char *fill, *meaning; };

static const struct look looks[GRAPH_SORTS] = {
    [GRAPH_ROOT] = { "#c62828", "a root: where a way begins" },
    [GRAPH_PYTHON] = { "#d9e8fb", "a Python object" },
    [GRAPH_FRAME] = { "#d5f0dd", "a running frame" },
    [GRAPH_CPP] = { "#ead9fa", "a C++ object" },
    [GRAPH_NATIVE] = { "#fbe3cf", "a native block" },
    [GRAPH_MEMORY] = { "#ececec", "memory of the interpreter" },
    [GRAPH_FREE] = { "#ececec", "kept by Python for its next object" },
};

struct seen { bool sort[GRAPH_SORTS], target, many, hidden, weak, indirect, cut, from_c; };

static void add_character(struct strbuf *out, const char *text, size_t n)
{
    if (*text == '"' || *text == '\\')
        strbuf_add_char(out, '\\');
    if (*text == '&')
        strbuf_add(out, "&amp;");
    else if ((unsigned char)*text < 0x20 || *text == 0x7f)
        strbuf_add_char(out, ' ');
    else
        strbuf_add_bytes(out, text, n);
}

/* One line of a label, cut when it is long. */
static void add_escaped(struct strbuf *out, const char *text)
{
    for (size_t shown = 0; *text; shown++) {
        size_t n = utf8_character(text, SIZE_MAX, NULL);
        if (shown == LABEL_CHARACTERS) {
            strbuf_add(out, "…");
            return;
        }
        if (n)
            add_character(out, text, n);
        else
            strbuf_add(out, UTF8_REPLACEMENT);
        text += n ? n : 1;
    }
}

static void add_line(struct strbuf *out, const char *text)
{
    if (!*text)
        return;
    if (out->length)
        strbuf_add(out, "\\n");
    add_escaped(out, text);
}

static enum graph_sort sort_of(const struct graph *graph, const struct graph_view_node *node)
{
    if (node->role == GRAPH_VIEW_HOLDER || (node->node == 0 && node->role != GRAPH_VIEW_MORE))
        return GRAPH_ROOT;
    return node->type == GRAPH_NONE ? GRAPH_MEMORY : graph->types[node->type].sort;
}

static bool is_many(const struct graph_view_node *node)
{
    return node->role == GRAPH_VIEW_MORE || node->role == GRAPH_VIEW_GROUP;
}

static bool is_object(const struct graph_view_node *node)
{
    return node->role <= GRAPH_VIEW_TARGET && node->node != 0 && node->node != GRAPH_NONE;
}

/* What was asked for, or all of it as one box. */
static bool is_wanted(const struct graph_view *view, const struct graph_view_node *node)
{
    bool selected = view->kind == GRAPH_VIEW_REFS || view->kind == GRAPH_VIEW_BACKREFS;
    return node->role == GRAPH_VIEW_TARGET || (selected && node->role == GRAPH_VIEW_GROUP && node->depth == 0);
}

/* Type and repr on lines of their own, where the view's label has them on one. */
static void add_name(struct strbuf *out, struct strbuf *line, const struct graph *graph, const struct graph_view *view,
                     uint32_t place)
{
    const struct graph_view_node *node = &view->nodes.items[place];
    strbuf_clear(line);
    if (!is_object(node)) {
        graph_view_add_label(line, graph, view, place);
        add_line(out, line->data);
        return;
    }
    graph_add_type(line, graph, graph->nodes[node->node].type);
    add_line(out, line->data);
    strbuf_clear(line);
    graph_add_text(line, graph, node->node);
    if (!line->length && graph->nodes[node->node].address)
        strbuf_printf(line, "0x%" PRIx64, graph->nodes[node->node].address);
    add_line(out, line->data);
}

static void add_sizes(struct strbuf *out, struct strbuf *line, const struct graph_view_node *node)
{
    strbuf_clear(line);
    strbuf_printf(line, "%s", format_bytes(node->bytes).text);
    if (node->retained > node->bytes)
        strbuf_printf(line, ", holds %s", format_bytes(node->retained).text);
    add_line(out, line->data);
}

static void add_origin(struct strbuf *out, struct strbuf *line, const struct graph *graph, uint32_t node)
{
    strbuf_clear(line);
    if (graph->nodes[node].sort != GRAPH_NATIVE && graph->nodes[node].sort != GRAPH_MEMORY)    /* their type is the line */
        graph_add_line(line, graph, node);
    add_line(out, line->data);
    uint32_t from_c = graph_held_from_c(graph, node);
    strbuf_clear(line);
    if (from_c)
        strbuf_printf(line, "held from C: %" PRIu32, from_c);
    add_line(out, line->data);
}

static void add_label(struct strbuf *label, const struct graph *graph, const struct graph_view *view, uint32_t place)
{
    const struct graph_view_node *node = &view->nodes.items[place];
    struct strbuf line = STRBUF_INIT;
    add_name(label, &line, graph, view, place);
    if (node->role != GRAPH_VIEW_HOLDER && node->node != 0 && (node->bytes || node->retained))
        add_sizes(label, &line, node);
    if (is_object(node))
        add_origin(label, &line, graph, node->node);
    if (node->hidden) {
        strbuf_clear(&line);
        strbuf_printf(&line, "… %s more not shown", format_count(node->hidden).text);
        add_line(label, line.data);
    }
    strbuf_release(&line);
}

static void note_node(struct seen *seen, const struct graph *graph, const struct graph_view *view, const struct graph_view_node *node)
{
    if (is_many(node))
        seen->many = true;
    else
        seen->sort[sort_of(graph, node)] = true;
    seen->target |= is_wanted(view, node);
    seen->hidden |= node->hidden > 0;
    seen->from_c |= is_object(node) && graph_held_from_c(graph, node->node);
}

static void put_node(FILE *out, const struct graph *graph, const struct graph_view *view, uint32_t place)
{
    const struct graph_view_node *node = &view->nodes.items[place];
    struct strbuf label = STRBUF_INIT;
    add_label(&label, graph, view, place);
    fprintf(out, "  n%" PRIu32 " [label=\"%s\"", place, label.data);
    if (is_many(node))
        fputs(", fillcolor=\"#f2f2f2\", color=\"#888888\", style=\"filled,dashed\"", out);
    else
        fprintf(out, ", fillcolor=\"%s\"", looks[sort_of(graph, node)].fill);
    if (sort_of(graph, node) == GRAPH_ROOT && !is_many(node))
        fputs(", fontcolor=white", out);
    if (is_wanted(view, node))
        fputs(", color=\"#d40000\", penwidth=2.5", out);
    fputs("];\n", out);
    strbuf_release(&label);
}

static void put_edge(FILE *out, struct seen *seen, const struct graph_view_edge *edge)
{
    struct strbuf label = STRBUF_INIT;
    if (*edge->text)
        strbuf_add_char(&label, ' ');              /* keeps it off the arrow */
    add_escaped(&label, edge->text);
    if (edge->count > 1 && edge->edge != GRAPH_NONE)        /* what is dominated, its box counts */
        strbuf_printf(&label, "%s (%s references)", label.length ? "\\n" : "", format_count(edge->count).text);
    fprintf(out, "  n%" PRIu32 " -> n%" PRIu32 " [label=\"%s\"", edge->from, edge->to, label.data);
    if (!edge->holds)
        fputs(", style=dashed, color=\"#777777\"", out);
    else if (edge->edge == GRAPH_NONE)
        fputs(", style=dotted", out);
    if (edge->cut)
        fputs(", color=\"#d40000\", fontcolor=\"#d40000\", penwidth=2.5", out);
    fputs("];\n", out);
    seen->weak |= !edge->holds;
    seen->indirect |= edge->holds && edge->edge == GRAPH_NONE;
    seen->cut |= edge->cut;
    strbuf_release(&label);
}

static void put_key(FILE *out, const char *cell, const char *meaning)
{
    fprintf(out, "    <TR><TD %s>%s</TD></TR>\n", cell, meaning);
}

static void put_sorts(FILE *out, const struct seen *seen)
{
    for (unsigned sort = 0; sort < GRAPH_SORTS; sort++) {
        char cell[64], meaning[96];
        if (!seen->sort[sort])
            continue;
        snprintf(cell, sizeof cell, "BORDER=\"1\" BGCOLOR=\"%s\"", looks[sort].fill);
        snprintf(meaning, sizeof meaning, sort == GRAPH_ROOT ? "<FONT COLOR=\"white\">%s</FONT>" : "%s", looks[sort].meaning);
        put_key(out, cell, meaning);
    }
}

/* One box, a table in Graphviz's HTML, which stays small whatever the picture is. All its words are ours. */
static void put_legend(FILE *out, const struct seen *seen)
{
    const char *plain = "ALIGN=\"LEFT\"";
    fputs("  legend [shape=plaintext, style=\"\", fontsize=9, label=<<TABLE BORDER=\"1\" COLOR=\"#bbbbbb\" CELLBORDER=\"0\" "
          "CELLSPACING=\"3\" CELLPADDING=\"2\">\n",
          out);
    put_key(out, "BORDER=\"0\"", "<B>Legend</B>");
    put_sorts(out, seen);
    if (seen->target)
        put_key(out, "BORDER=\"2\" COLOR=\"#d40000\"", "what was asked for");
    if (seen->many)
        put_key(out, "BORDER=\"1\" BGCOLOR=\"#f2f2f2\" COLOR=\"#888888\" STYLE=\"DASHED\"", "stands for many");
    put_key(out, plain, "bytes: its own; holds: what goes with it");
    if (seen->from_c)
        put_key(out, plain, "held from C: references that no object explains");
    if (seen->weak)
        put_key(out, plain, "dashed arrow: holds nothing");
    if (seen->indirect)
        put_key(out, plain, "dotted arrow: holds alone, over several ways");
    if (seen->cut)
        put_key(out, plain, "red arrow: to cut");
    fputs("  </TABLE>>];\n", out);
}

static void put_head(FILE *out, const struct graph_view *view)
{
    struct strbuf title = STRBUF_INIT;
    add_escaped(&title, view->title ? view->title : "");
    fputs("digraph heapline {\n  charset=\"UTF-8\"; labelloc=t; ranksep=0.5; nodesep=0.25;\n  node [shape=box, style=filled, "
          "fillcolor=white, fontname=\"sans-serif\", fontsize=11];\n"
          "  edge [fontname=\"sans-serif\", fontsize=10];\n  fontname=\"sans-serif\";\n",
          out);
    fprintf(out, "  label=\"%s\";\n", title.data);
    strbuf_release(&title);
}

int graph_dot_print(FILE *out, const struct graph *graph, const struct graph_view *view)
{
    struct seen seen = { 0 };
    put_head(out, view);
    for (uint32_t place = 0; place < view->nodes.n; place++) {
        note_node(&seen, graph, view, &view->nodes.items[place]);
        put_node(out, graph, view, place);
    }
    for (size_t e = 0; e < view->edges.n; e++)
        put_edge(out, &seen, &view->edges.items[e]);
    if (view->nodes.n)
        put_legend(out, &seen);
    fputs("}\n", out);
    return ferror(out) ? -EIO : 0;
}
