/* How long the algorithms of viewer/graph take and how much memory beside the graph's own.
 *
 *     graph_bench SHAPE [MILLIONS]        build it with: ninja tests/unit/graph_bench
 *
 * Shapes, of four edges a node or nearly so:
 *   list     a doubly linked list with a class and a random node beside
 *   tree     each node has four children
 *   mesh     four neighbours within a thousand, one in ten anywhere: loops in loops
 *   random   four nodes anywhere: the caches' worst case
 *   orders   what a Python program keeps: a list of objects, each with its dict, a str, a list and a float, and the
 *            object before */
#include "../../viewer/base/xalloc.h"
#include "../../viewer/graph/graph.h"

#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);         /* one thread: what others do on the machine is not counted */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Largest resident memory since it was last forgotten, in MiB. */
static double peak(void)
{
    char line[256];
    double kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %lf", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib / 1024;
}

static void forget_peak(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, "5", 1) != 1)
        fprintf(stderr, "graph_bench: the kernel does not let peaks be forgotten: memory includes what came before\n");
    if (file >= 0)
        close(file);
}

/* ---- shapes: edges are added in the order of who they are from ---- */

static void add(struct graph *graph, uint32_t to, enum hl_graph_edge kind)
{
    if (to > 0 && to < graph->n)
        graph->edges[graph->n_edges++] = (struct graph_edge_out){ to, kind - HL_EDGE_OFFSET, 0 };
}

static void add_list(struct graph *graph, uint32_t node)
{
    add(graph, node + 1, HL_EDGE_ATTRIBUTE);
    add(graph, node - 1, HL_EDGE_ATTRIBUTE);
    add(graph, 1 + node % 100, HL_EDGE_CLASS);
    add(graph, 1 + below(graph->n - 1), HL_EDGE_INDEX);
}

static void add_tree(struct graph *graph, uint32_t node)
{
    for (uint64_t child = 4 * (uint64_t)node - 2; child < 4 * (uint64_t)node + 2 && child < graph->n; child++)
        add(graph, (uint32_t)child, HL_EDGE_INDEX);
}

static void add_mesh(struct graph *graph, uint32_t node)
{
    for (int i = 0; i < 4; i++)
        add(graph, below(10) ? node + below(1000) - 500 : below(graph->n), HL_EDGE_ATTRIBUTE);
}

static void add_random(struct graph *graph, uint32_t node)
{
    for (int i = 0; i < 4; i++)
        add(graph, below(graph->n), HL_EDGE_ATTRIBUTE);
}

static void add_orders(struct graph *graph, uint32_t node)
{
    /* 1 the list of all, up to 10 classes, then order, dict, str, list, float by turns */
    uint32_t first = 11;
    if (node == 1)
        for (uint32_t order = first; order < graph->n; order += 5)
            add(graph, order, HL_EDGE_INDEX);
    if (node < first)
        return;
    uint32_t part = (node - first) % 5;
    if (part == 2 || part == 4) {
        add(graph, 2 + part, HL_EDGE_CLASS);
        return;
    }
    for (uint32_t i = 1; i < (part == 1 ? 4 : 2); i++)
        add(graph, node + i, HL_EDGE_VALUE);
    add(graph, 2 + part, HL_EDGE_CLASS);
    if (part == 0)
        add(graph, node - 5, HL_EDGE_ATTRIBUTE);
    add(graph, first + 2 + 5 * below(graph->n / 5), HL_EDGE_KEY);
    add(graph, first + 2 + 5 * below(1000), HL_EDGE_KEY);
}

static const struct shape { const char *name; void (*add)(struct graph *graph, uint32_t node); } shapes[] = {
    { "list", add_list }, { "tree", add_tree }, { "mesh", add_mesh }, { "random", add_random }, { "orders", add_orders },
};

static void close_edges(struct graph *graph)
{
    graph->in = xcalloc(graph->n_edges, sizeof *graph->in);
    for (uint32_t edge = 0; edge < graph->n_edges; edge++)
        graph->nodes[graph->edges[edge].to + 1].first_in++;
    uint32_t *next = xcalloc(graph->n + 1, sizeof *next);
    for (uint32_t node = 0; node < graph->n; node++)
        next[node + 1] = graph->nodes[node + 1].first_in += graph->nodes[node].first_in;
    for (uint32_t node = 0; node < graph->n; node++)
        for (uint32_t edge = graph->nodes[node].first; edge < graph->nodes[node + 1].first; edge++)
            graph->in[next[graph->edges[edge].to]++] = (struct graph_in){ node, edge };
    free(next);
}

static void build(struct graph *graph, const struct shape *shape, uint32_t n)
{
    static struct graph_root roots[] = { { TRACE_ROOT_GLOBAL, TRACE_NONE, 0x600000, 1, "head", true },
                                         { TRACE_ROOT_STACK, TRACE_NONE, 0x700000, 1, "stack", false } };
    *graph = (struct graph){ .n = n + 1, .roots = roots, .n_roots = 2 };
    graph->nodes = xcalloc((size_t)n + 2, sizeof *graph->nodes);
    graph->edges = xmalloc((6 * (size_t)n + 100) * sizeof *graph->edges);
    graph->edges[graph->n_edges++] = (struct graph_edge_out){ 1, 0, 0 };
    graph->edges[graph->n_edges++] = (struct graph_edge_out){ 1 + n / 2, 0, 1 };
    for (uint32_t node = 1; node <= n; node++) {
        graph->nodes[node] = (struct graph_node){ .bytes = 16 + node % 64, .first = graph->n_edges, .sort = GRAPH_PYTHON };
        shape->add(graph, node);
    }
    graph->nodes[n + 1].first = graph->n_edges;
    close_edges(graph);
}

/* ---- measuring ---- */

static double begun, before;

static void begin(void)
{
    forget_peak();
    before = peak();
    begun = now();
}

static void end(const char *what, const struct graph *graph, const char *result)
{
    double seconds = now() - begun, mib = peak() - before;
    printf("%-22s %8.3f s %8.1f MiB %6.1f bytes a node   %s\n", what, seconds, mib, mib * 1048576 / graph->n, result);
    fflush(stdout);
}

static void measure_cut(struct graph *graph, const char *what, const uint8_t *set)
{
    struct graph_cut cut;
    struct trace_error error;
    char result[600];
    begin();
    if (graph_cut(&cut, graph, set, &error) == 0)
        snprintf(result, sizeof result, "%zu edges, %" PRIu64 " nodes", cut.edges.n, cut.nodes);
    else
        snprintf(result, sizeof result, "%s", error.text);
    end(what, graph, result);
    vec_release(&cut.edges);
}

static void measure_set(struct graph *graph, const char *name, const uint8_t *set)
{
    char what[64], result[64];
    struct graph_path path;
    uint64_t nodes;
    begin();
    graph_retained_by(graph, set, &nodes);
    snprintf(what, sizeof what, "retained by %s", name);
    snprintf(result, sizeof result, "%" PRIu64 " nodes", nodes);
    end(what, graph, result);
    begin();
    bool found = graph_chain(&path, graph, set);
    snprintf(what, sizeof what, "chain to %s", name);
    snprintf(result, sizeof result, found ? "%zu steps" : "none", path.steps.n);
    end(what, graph, result);
    vec_release(&path.steps);
    snprintf(what, sizeof what, "cut of %s", name);
    measure_cut(graph, what, set);
}

static void measure(struct graph *graph)
{
    struct graph_components components;
    char result[64];
    uint8_t *set = xcalloc(graph->n, 1);
    begin();
    graph_dominate(graph);
    end("dominators, retained", graph, "");
    begin();
    graph_components(&components, graph, NULL);
    snprintf(result, sizeof result, "%zu cycles", components.items.n);
    end("components", graph, result);
    if (components.items.n) {
        begin();
        graph_weakest(graph, &components, 0);
        end("weakest of largest", graph, "");
    }
    graph_components_release(&components);
    set[graph->n - 3] = 1;
    measure_set(graph, "one", set);
    for (uint32_t node = 11; node < graph->n; node += 5)
        set[node] = 1;
    measure_set(graph, "a fifth", set);
    free(set);
}

int main(int argc, char **argv)
{
    mallopt(M_MMAP_THRESHOLD, 1 << 20);          /* what is released is gone, not kept for the next */
    double millions = argc > 2 ? atof(argv[2]) : 1;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes && argc > 1; i++)
        if (strcmp(argv[1], shapes[i].name) == 0) {
            struct graph graph;
            build(&graph, &shapes[i], (uint32_t)(millions * 1e6));
            printf("%s: %u nodes, %u edges, the graph takes %.0f MiB\n", argv[1], graph.n, graph.n_edges, peak());
            measure(&graph);
            return 0;
        }
    fprintf(stderr, "usage: graph_bench list|tree|mesh|random|orders [MILLIONS]\n");
    return 2;
}
