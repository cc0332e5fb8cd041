/* `heapline graph list`: objects one by one, a line each, without their neighbours: as many as one likes. */
#include "graph_json.h"

#include "../base/xalloc.h"

#include <inttypes.h>

struct largest { uint32_t *nodes; size_t n, left_out; };

static struct largest pick(const struct view *view, struct graph *graph, const struct graph_wanted *wanted)
{
    size_t all = wanted->set ? wanted->n : graph->n - 1, most = view->top ? view->top : GRAPH_ROWS_BY_DEFAULT;
    struct largest largest = { xreallocarray(NULL, all + 1, sizeof(uint32_t)), 0, 0 };
    largest.n = graph_largest(graph, wanted->set, largest.nodes, most < all ? most : all);
    largest.left_out = all - largest.n;
    return largest;
}

void graph_text_list(const struct view *view, struct graph *graph, const struct graph_wanted *wanted)
{
    struct largest largest = pick(view, graph, wanted);
    graph_text_head(view, graph, wanted, "Objects, by retained bytes");
    fprintf(view->out, "\n%s%11s %11s  object%s\n", view->colors->dim, "retained", "shallow", view->colors->reset);
    for (size_t i = 0; i < largest.n; i++) {
        uint32_t node = largest.nodes[i];
        struct strbuf name = STRBUF_INIT, line = STRBUF_INIT;
        graph_add_node(&name, graph, node);
        graph_add_line(&line, graph, node);
        fprintf(view->out, "%11s %11s  %s%s%s%s%s\n", format_bytes(graph->retained[node]).text,
                format_bytes(graph->nodes[node].bytes).text, name.data, line.length ? "  " : "", view->colors->dim,
                line.length ? line.data : "", view->colors->reset);
        strbuf_release(&line);
        strbuf_release(&name);
    }
    if (largest.left_out)
        fprintf(view->out, "%s%s %zu more (--top)%s\n", view->colors->dim, view->utf8 ? "…" : "...", largest.left_out,
                view->colors->reset);
    graph_text_notes(view, graph);
    free(largest.nodes);
}

int graph_json_list(const struct view *view, struct graph *graph, const struct graph_wanted *wanted)
{
    struct largest largest = pick(view, graph, wanted);
    json_t *object = graph_json_begin("list", graph, wanted), *list = json_array();
    for (size_t i = 0; i < largest.n; i++)
        json_array_append_new(list, graph_json_node(graph, largest.nodes[i]));
    json_object_set_new(object, "objects", list);
    graph_json_number(object, "objects_left_out", largest.left_out);
    free(largest.nodes);
    return json_finish(object, view->out);
}
