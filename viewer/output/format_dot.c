/* A call graph for Graphviz: a node a function, an edge from caller to callee with the costs that passed along it. A recursive
 * function counts once a stack, an edge too. What is below one percent is left out. */
#include "../analyze/python_path.h"
#include "../base/map.h"
#include "../base/vec.h"
#include "../base/xalloc.h"
#include "format.h"
#include "view.h"

#include "../base/format.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct graph {
    const struct profile *profile;
    enum measure by;
    uint32_t *function_of;          /* by location: node */
    struct strmap keys;             /* functions */
    uint32_t *example;              /* by node: a location of it */
    uint64_t *inclusive, *self;     /* by node */
    uint32_t *seen;                 /* by node: stamp of the stack that counted it last */
    struct map edges;               /* caller << 32 | callee -> index into the two */
    VEC(uint64_t) edge_measure;
    VEC(uint32_t) edge_seen;
    struct level_list levels;       /* room for a stack */
};

struct function_key {
    const char *function, *file;    /* file: of Python, where many functions have one name */
    uint64_t module, address;
};

static void find_functions(struct graph *graph)
{
    const struct locations *locations = &graph->profile->locations;
    graph->function_of = xcalloc(locations->n, sizeof *graph->function_of);
    graph->example = xcalloc(locations->n, sizeof *graph->example);
    for (uint32_t l = 0; l < locations->n; l++) {
        const struct location *location = &locations->items[l];
        struct function_key key = { location->function, location_is_python(location) ? location->file : NULL, location->module,
                                    location->address };
        if (!location->function && location->kind != TRACE_FRAME_NATIVE)
            key.address = (uint64_t)location->kind << 56 | location->address;
        uint32_t known = graph->keys.n, id = strmap_intern_bytes(&graph->keys, (const char *)&key, sizeof key);
        if (id == known)
            graph->example[id] = l;
        graph->function_of[l] = id;
    }
    graph->inclusive = xcalloc(graph->keys.n, sizeof *graph->inclusive);
    graph->self = xcalloc(graph->keys.n, sizeof *graph->self);
    graph->seen = xcalloc(graph->keys.n, sizeof *graph->seen);
}

static void add_edge(struct graph *graph, uint32_t caller, uint32_t callee, uint64_t measure, uint32_t stamp)
{
    bool added;
    uint64_t *edge = map_put(&graph->edges, (uint64_t)caller << 32 | callee, &added);
    if (added) {
        *edge = graph->edge_measure.n;
        vec_push(&graph->edge_measure, 0);
        vec_push(&graph->edge_seen, 0);
    }
    if (graph->edge_seen.items[*edge] == stamp)
        return;
    graph->edge_seen.items[*edge] = stamp;
    graph->edge_measure.items[*edge] += measure;
}

/* From the innermost level outwards. */
static void add_stack(struct graph *graph, uint32_t stack, uint64_t measure, uint32_t stamp)
{
    uint32_t callee = TRACE_NONE;
    profile_levels(graph->profile, stack, &graph->levels);
    for (size_t i = 0; i < graph->levels.n; i++) {
        uint32_t function = graph->function_of[graph->levels.items[i]];
        if (callee == TRACE_NONE)
            graph->self[function] += measure;
        else
            add_edge(graph, function, callee, measure, stamp);
        if (graph->seen[function] != stamp)
            graph->inclusive[function] += measure;
        graph->seen[function] = stamp;
        callee = function;
    }
}

static void put_quoted(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
    }
}

static void put_node(FILE *out, const struct graph *graph, uint32_t function, uint64_t total)
{
    struct strbuf name = STRBUF_INIT;
    uint64_t inclusive = graph->inclusive[function], self = graph->self[function];
    location_add_name(&name, &graph->profile->locations, graph->example[function]);
    const struct location *location = &graph->profile->locations.items[graph->example[function]];
    if (location_is_python(location) && location->file)
        strbuf_printf(&name, " (%s)", python_path_tail(location->file));
    fprintf(out, "  f%" PRIu32 " [label=\"", function);
    put_quoted(out, name.data);
    fprintf(out, "\\n%s (%s)", view_measure(graph->by, inclusive).text, format_percent(inclusive, total).text);
    if (self)
        fprintf(out, "\\nself %s (%s)", view_measure(graph->by, self).text, format_percent(self, total).text);
    fprintf(out, "\", fillcolor=\"0.05 %.3f 1.0\"];\n", 0.05 + 0.6 * (double)self / (double)total);
    strbuf_release(&name);
}

static int compare_slots(const void *a, const void *b)
{
    const struct map_slot *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static void put_edges(FILE *out, const struct graph *graph, uint64_t least, uint64_t total)
{
    VEC(struct map_slot) edges = { 0 };
    const struct map_slot *slot;
    size_t cursor = 0;
    while ((slot = map_next(&graph->edges, &cursor)))
        vec_push(&edges, *slot);
    vec_sort(&edges, compare_slots);
    for (size_t i = 0; i < edges.n; i++) {
        uint32_t caller = (uint32_t)(edges.items[i].key >> 32), callee = (uint32_t)edges.items[i].key;
        uint64_t measure = graph->edge_measure.items[edges.items[i].value];
        if (measure < least || graph->inclusive[caller] < least || graph->inclusive[callee] < least)
            continue;
        fprintf(out, "  f%" PRIu32 " -> f%" PRIu32 " [label=\"%s\", penwidth=%.2f];\n", caller, callee,
                view_measure(graph->by, measure).text, 1 + 4 * (double)measure / (double)total);
    }
    vec_release(&edges);
}

static void release(struct graph *graph)
{
    free(graph->function_of);
    free(graph->example);
    free(graph->inclusive);
    free(graph->self);
    free(graph->seen);
    strmap_release(&graph->keys);
    map_release(&graph->edges);
    vec_release(&graph->edge_measure);
    vec_release(&graph->edge_seen);
    vec_release(&graph->levels);
}

int format_write_dot(FILE *out, const struct profile *profile, enum measure by)
{
    struct graph graph = { .profile = profile, .by = by };
    const struct costs *stacks = profile->stacks;
    uint64_t total = costs_measure(&profile->total, by), least = total / 100 ? total / 100 : 1;
    find_functions(&graph);
    for (uint32_t s = 1; s < profile->trace->n_stacks; s++)
        if (costs_measure(&stacks[s], by))
            add_stack(&graph, s, costs_measure(&stacks[s], by), s);
    fputs("digraph heapline {\n  node [shape=box, style=filled, fillcolor=white, fontname=\"sans-serif\"];\n"
          "  edge [fontname=\"sans-serif\", fontsize=10];\n  labelloc=t;\n  label=\"", out);
    put_quoted(out, profile->trace->run.command);
    fprintf(out, "\\n%s: %s\";\n", measure_meanings[by], view_measure(by, total).text);
    for (uint32_t f = 0; f < graph.keys.n; f++)
        if (graph.inclusive[f] >= least)
            put_node(out, &graph, f, total);
    put_edges(out, &graph, least, total);
    fputs("}\n", out);
    release(&graph);
    return ferror(out) ? -EIO : 0;
}
