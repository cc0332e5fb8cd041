/* The data of the page is one JSON object of columns: an array a field, an entry a node, so that a browser reads it fast. Its
 * reader is viewer/web/data.js.
 *
 *   program moment selector start summary incomplete notes
 *                what is shown at the top; start: dominators, roots, refs, backrefs, types
 *   totals       nodes edges bytes: of the whole graph
 *   strings      texts that others name by their place; 0 is ""
 *   types        name module sort count bytes retained exact: all of them; exact: `retained` is, else it is a lower bound.
 *                Behind them one for "others"
 *   nodes        by place, 0 is the root of all: type, address (less that of the place before), bytes, retained, line and text
 *                (strings), references (0: none are counted, -1: immortal), from_c, born_ms (-1: unknown), dominator, via (the
 *                edge by which its chain reaches it); both -1: nothing leads to it
 *   edges        count (by node), to, label, more: [edge, how many more lead from and to the same nodes, …]. A label is
 *                4 · value + form; form 0: value is a string, 1: an index, 2: an offset, 3: a string, and the edge holds nothing
 *                (node 0's: or may be stale)
 *   left_out     dominated, refers, referrers, and unheld by node 0, which nothing leads to: [node less that of the entry
 *                before, type, count, bytes, …] of nodes that are not in the page; bytes: of `dominated` retained, else their own
 *   selection    places; selected: how many there are in the graph
 */
#include "graph_html.h"

#include "graph_html_parts.h"
#include "graph_page.h"

#include "../base/xalloc.h"

#include <errno.h>
#include <inttypes.h>

#define EXACT_TYPES 20 /* types whose retained bytes are computed, not bounded: each costs a walk over the graph */
#define LEFT_TYPES 16                      /* types that are told apart beside a node */

struct page {
    FILE *out;
    struct graph *graph;
    const struct graph_html_options *options;
    struct html_pick pick;
    struct html_edges edges;
    struct strmap strings;
    struct strbuf text;
    uint64_t bytes, picked_bytes;          /* of all nodes, of those in the page */
};

static const char *const start_names[] = {
    [GRAPH_HTML_DOMINATORS] = "dominators", [GRAPH_HTML_ROOTS] = "roots", [GRAPH_HTML_REFS] = "refs",
    [GRAPH_HTML_BACKREFS] = "backrefs", [GRAPH_HTML_TYPES] = "types",
};

static void put_string(struct page *page, const char *text)
{
    strbuf_clear(&page->text);
    html_add_string(&page->text, text);
    fwrite(page->text.data, 1, page->text.length, page->out);
}

static void put_number(struct page *page, size_t i, int64_t number)
{
    fprintf(page->out, "%s%" PRId64, i ? "," : "", number);
}

/* ---- what stands at the top ---- */

static void put_note(struct page *page, unsigned *n, const char *text)
{
    if (!*text)
        return;
    if ((*n)++)
        fputc(',', page->out);
    put_string(page, text);
}

static void put_lines(struct page *page, unsigned *n, const char *lines)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        char *line = xstrndup(lines, length);
        put_note(page, n, line);
        free(line);
        lines += length + (lines[length] == '\n');
    }
}

static bool is_whole(const struct page *page)
{
    return page->pick.nodes.n == page->graph->n;
}

static bool is_incomplete(const struct graph *graph)
{
    return !graph->whole || graph->reasons.n || (graph->snapshot && *graph->snapshot->reasons);
}

static void put_summary(struct page *page)
{
    struct strbuf text = STRBUF_INIT;
    uint64_t all = page->graph->n - 1;
    if (all == 1)
        strbuf_add(&text, "The only object is in this page");
    else if (is_whole(page))
        strbuf_printf(&text, "All %s objects are in this page", format_count(all).text);
    else
        strbuf_printf(&text, "%s of %s objects are in this page, with %s of %s", format_count(page->pick.nodes.n - 1).text,
                      format_count(all).text, format_bytes(page->picked_bytes).text, format_bytes(page->bytes).text);
    if (is_incomplete(page->graph))
        strbuf_add(&text, "; the graph itself is incomplete");
    fputs(",\"summary\":", page->out);
    put_string(page, text.data);
    strbuf_release(&text);
}

static void add_choice(struct strbuf *text, const struct page *page)
{
    if (is_whole(page))
        return;
    strbuf_add(text, "Chosen are ");
    if (page->options->set)
        strbuf_printf(text, "%s of the %s selected objects with neighbours, ", format_count(page->pick.selection.n).text,
                      format_count(page->pick.selected).text);
    strbuf_add(text, "the objects that retain most, of many siblings of one type some, what these refer to, and for all of these "
                     "who holds them alone and a chain from a root. What is left out beside an object is counted by type.");
    if (page->options->option)
        strbuf_printf(text, " More are in a page that is written with %s.", page->options->option);
}

static void put_notes(struct page *page)
{
    unsigned n = 0;
    struct strbuf text = STRBUF_INIT;
    fputs(",\"notes\":[", page->out);
    add_choice(&text, page);
    put_note(page, &n, text.data);
    strbuf_clear(&text);
    if (page->edges.dropped)
        strbuf_printf(&text, "%s references between objects of this page are counted only, since there are too many to hold.",
                      format_count(page->edges.dropped).text);
    put_note(page, &n, text.data);
    put_note(page, &n, "The table of types is of the whole graph; \"≥\" stands before a lower bound.");
    if (!page->graph->whole)
        put_note(page, &n, "The graph ends before its end: what came after is missing.");
    if (page->graph->snapshot)
        put_lines(page, &n, page->graph->snapshot->reasons);
    for (size_t i = 0; i < page->graph->reasons.n; i++)
        put_note(page, &n, page->graph->reasons.items[i]);
    fputc(']', page->out);
    strbuf_release(&text);
}

static void add_moment(struct strbuf *text, const struct graph *graph)
{
    if (!graph->snapshot)
        return;
    strbuf_printf(text, "snapshot %" PRIu32, graph->number + 1);
    if (*graph->snapshot->label)
        strbuf_printf(text, " \"%s\"", graph->snapshot->label);
    strbuf_printf(text, " after %s", format_duration(graph->snapshot->ns).text);
}

static const char *program_of(const struct graph *graph)
{
    if (!graph->profile || !graph->snapshot)
        return "";
    return graph->profile->trace->processes[graph->snapshot->process].command;
}

static void put_top(struct page *page)
{
    struct strbuf moment = STRBUF_INIT;
    add_moment(&moment, page->graph);
    fputs("{\"schema\":\"heapline-graph-page/1\",\"program\":", page->out);
    put_string(page, program_of(page->graph));
    fputs(",\"moment\":", page->out);
    put_string(page, moment.data);
    fprintf(page->out, ",\"start\":\"%s\",\"selector\":", start_names[page->options->start]);
    if (page->options->selector)
        put_string(page, page->options->selector);
    else
        fputs("null", page->out);
    fprintf(page->out, ",\"incomplete\":%s,\"totals\":{\"nodes\":%" PRIu32 ",\"edges\":%" PRIu32 ",\"bytes\":%" PRIu64 "}",
            is_incomplete(page->graph) ? "true" : "false", page->graph->n - 1, page->graph->n_edges, page->bytes);
    put_summary(page);
    put_notes(page);
    strbuf_release(&moment);
}

/* ---- columns ---- */

/* Of the node at a place of the page. */
static uint32_t node_at(const struct page *page, size_t i)
{
    return page->pick.nodes.items[i];
}

static int64_t type_of(struct page *page, size_t i)
{
    return i ? page->graph->nodes[node_at(page, i)].type : 0;
}

static int64_t step_of(struct page *page, size_t i)
{
    const struct graph_node *nodes = page->graph->nodes;
    return (int64_t)(nodes[node_at(page, i)].address - (i ? nodes[node_at(page, i - 1)].address : 0));
}

static int64_t bytes_of(struct page *page, size_t i)
{
    return (int64_t)page->graph->nodes[node_at(page, i)].bytes;
}

static int64_t retained_of(struct page *page, size_t i)
{
    return (int64_t)page->graph->retained[node_at(page, i)];
}

static int64_t line_of(struct page *page, size_t i)
{
    strbuf_clear(&page->text);
    if (i)
        graph_add_line(&page->text, page->graph, node_at(page, i));
    return strmap_intern(&page->strings, page->text.data);
}

static int64_t text_of(struct page *page, size_t i)
{
    strbuf_clear(&page->text);
    if (i)
        graph_add_text(&page->text, page->graph, node_at(page, i));
    return strmap_intern(&page->strings, page->text.data);
}

static int64_t references_of(struct page *page, size_t i)
{
    const struct graph_node *node = &page->graph->nodes[node_at(page, i)];
    return node->flags & HL_NODE_IMMORTAL ? -1 : node->references > INT32_MAX ? INT32_MAX : (int64_t)node->references;
}

static int64_t from_c_of(struct page *page, size_t i)
{
    return i ? graph_held_from_c(page->graph, node_at(page, i)) : 0;
}

static int64_t born_of(struct page *page, size_t i)
{
    const struct graph_node *node = &page->graph->nodes[node_at(page, i)];
    return i == 0 || node->site == TRACE_NONE ? -1 : (int64_t)(node->born_ns / 1000000);
}

static int64_t dominator_of(struct page *page, size_t i)
{
    uint32_t by = i ? page->graph->dominator[node_at(page, i)] : GRAPH_NONE;
    return by == GRAPH_NONE ? -1 : (int64_t)page->pick.place[by];
}

static int64_t via_of(struct page *page, size_t i)
{
    return page->edges.via[i] == GRAPH_NONE ? -1 : (int64_t)page->edges.via[i];
}

static const struct {
    const char *name;
    int64_t (*value)(struct page *page, size_t i);
} columns[] = {
    { "type", type_of }, { "address", step_of }, { "bytes", bytes_of }, { "retained", retained_of }, { "line", line_of },
    { "text", text_of }, { "references", references_of }, { "from_c", from_c_of }, { "born_ms", born_of },
    { "dominator", dominator_of }, { "via", via_of },
};

static void put_nodes(struct page *page)
{
    fputs(",\"nodes\":", page->out);
    for (size_t column = 0; column < sizeof columns / sizeof *columns; column++) {
        fprintf(page->out, "%s\"%s\":[", column ? "," : "{", columns[column].name);
        for (size_t i = 0; i < page->pick.nodes.n; i++)
            put_number(page, i, columns[column].value(page, i));
        fputc(']', page->out);
    }
    fputc('}', page->out);
}

static void put_edges(struct page *page)
{
    const struct html_edges *edges = &page->edges;
    bool first = true;
    fputs(",\"edges\":{\"count\":[", page->out);
    for (size_t i = 0; i < edges->counts.n; i++)
        put_number(page, i, edges->counts.items[i]);
    fputs("],\"to\":[", page->out);
    for (size_t e = 0; e < edges->items.n; e++)
        put_number(page, e, edges->items.items[e].to);
    fputs("],\"label\":[", page->out);
    for (size_t e = 0; e < edges->items.n; e++)
        put_number(page, e, edges->items.items[e].label);
    fputs("],\"more\":[", page->out);
    for (size_t e = 0; e < edges->items.n; e++)
        if (edges->items.items[e].more) {
            fprintf(page->out, "%s%zu,%" PRIu32, first ? "" : ",", e, edges->items.items[e].more);
            first = false;
        }
    fputs("]}", page->out);
}

/* ---- what is left out ---- */

static int compare_sums(const void *a, const void *b)
{
    const struct html_sum *x = a, *y = b;
    uint64_t i = x->key >> 32, j = y->key >> 32;
    if (i != j)
        return i < j ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

#define NONE_BEFORE UINT64_MAX

static void put_sum(struct page *page, uint64_t *before, uint64_t place, uint64_t type, uint64_t count, uint64_t bytes)
{
    fprintf(page->out, "%s%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, *before == NONE_BEFORE ? "" : ",",
            place - (*before == NONE_BEFORE ? 0 : *before), type, count, bytes);
    *before = place;
}

/* The largest types beside each node, and the others together. */
static void put_left(struct page *page, const char *name, struct html_left *left)
{
    uint64_t before = NONE_BEFORE;
    vec_sort(&left->sums, compare_sums);
    fprintf(page->out, "\"%s\":[", name);
    for (size_t i = 0; i < left->sums.n;) {
        uint64_t place = left->sums.items[i].key >> 32, count = 0, bytes = 0;
        for (unsigned n = 0; i < left->sums.n && left->sums.items[i].key >> 32 == place; i++, n++)
            if (n < LEFT_TYPES)
                put_sum(page, &before, place, left->sums.items[i].key & UINT32_MAX, left->sums.items[i].count,
                        left->sums.items[i].bytes);
            else {
                count += left->sums.items[i].count;
                bytes += left->sums.items[i].bytes;
            }
        if (count)
            put_sum(page, &before, place, page->graph->n_types, count, bytes);
    }
    fputc(']', page->out);
}

static void put_selection(struct page *page)
{
    fputs(",\"selection\":[", page->out);
    for (size_t i = 0; i < page->pick.selection.n; i++)
        put_number(page, i, page->pick.place[page->pick.selection.items[i]]);
    fprintf(page->out, "],\"selected\":%" PRIu64, page->pick.selected);
}

/* ---- types and strings ---- */

static void put_type_names(struct page *page)
{
    const struct graph *graph = page->graph;
    struct strbuf name = STRBUF_INIT;
    fputs(",\"types\":{\"name\":[", page->out);
    for (uint32_t t = 0; t < graph->n_types; t++) {
        strbuf_clear(&name);
        graph_add_type(&name, graph, t);
        put_string(page, name.data);
        fputc(',', page->out);
    }
    fputs("\"other types\"],\"module\":[", page->out);
    for (uint32_t t = 0; t < graph->n_types; t++) {
        put_string(page, graph->types[t].module ? graph->types[t].module : "");
        fputc(',', page->out);
    }
    fputs("\"\"],\"sort\":[", page->out);
    for (uint32_t t = 0; t < graph->n_types; t++) {
        put_string(page, graph_sort_names[graph->types[t].sort]);
        fputc(',', page->out);
    }
    fputs("\"memory\"]", page->out);
    strbuf_release(&name);
}

static void put_types(struct page *page)
{
    uint32_t n = page->graph->n_types + 1;
    struct graph_sum *sums = xcalloc(n, sizeof *sums);
    bool *exact = xcalloc(n, sizeof *exact);
    struct graph_rows rows = { 0 };
    graph_types(&rows, page->graph, NULL, EXACT_TYPES);
    for (size_t i = 0; i < rows.n; i++) {
        sums[rows.items[i].type] = rows.items[i].sum;
        exact[rows.items[i].type] = i < EXACT_TYPES;
    }
    put_type_names(page);
    fputs(",\"count\":[", page->out);
    for (uint32_t t = 0; t < n; t++)
        put_number(page, t, (int64_t)sums[t].count);
    fputs("],\"bytes\":[", page->out);
    for (uint32_t t = 0; t < n; t++)
        put_number(page, t, (int64_t)sums[t].bytes);
    fputs("],\"retained\":[", page->out);
    for (uint32_t t = 0; t < n; t++)
        put_number(page, t, (int64_t)sums[t].retained);
    fputs("],\"exact\":[", page->out);
    for (uint32_t t = 0; t < n; t++)
        put_number(page, t, exact[t]);
    fputs("]}", page->out);
    vec_release(&rows);
    free(exact);
    free(sums);
}

/* Last: all others have interned theirs. */
static void put_strings(struct page *page)
{
    fputs(",\"strings\":[", page->out);
    for (uint32_t i = 0; i < page->strings.n; i++) {
        if (i)
            fputc(',', page->out);
        put_string(page, strmap_text(&page->strings, i));
    }
    fputs("]}", page->out);
}

static void put_data(struct page *page)
{
    put_top(page);
    put_types(page);
    put_nodes(page);
    put_edges(page);
    fputs(",\"left_out\":{", page->out);
    put_left(page, "dominated", &page->edges.dominated);
    fputc(',', page->out);
    put_left(page, "refers", &page->edges.refers);
    fputc(',', page->out);
    put_left(page, "referrers", &page->edges.referrers);
    fputc(',', page->out);
    put_left(page, "unheld", &page->edges.unheld);
    fputc('}', page->out);
    put_selection(page);
    put_strings(page);
}

static void sum_bytes(struct page *page)
{
    for (uint32_t node = 1; node < page->graph->n; node++) {
        page->bytes += page->graph->nodes[node].bytes;
        if (page->pick.place[node] != GRAPH_NONE)
            page->picked_bytes += page->graph->nodes[node].bytes;
    }
}

int graph_html_print(FILE *out, struct graph *graph, const struct graph_html_options *options)
{
    struct page page = { .out = out, .graph = graph, .options = options, .text = STRBUF_INIT };
    graph_dominate(graph);
    strmap_intern(&page.strings, "");
    html_pick(&page.pick, graph, options);
    html_edges(&page.edges, graph, &page.pick, &page.strings, HTML_EDGES);
    sum_bytes(&page);
    fputs((const char *)graph_page_before, out);
    put_data(&page);
    fputs((const char *)graph_page_behind, out);
    html_edges_release(&page.edges);
    html_pick_release(&page.pick);
    strmap_release(&page.strings);
    strbuf_release(&page.text);
    return ferror(out) ? -EIO : 0;
}
