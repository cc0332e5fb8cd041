/* Takes any bytes for the graph that a program wrote, and asks it everything that the command asks.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined. With -DFUZZ_STANDALONE: a program that takes files. */
#include "../../viewer/graph/graph.h"
#include "../unit/graph_trace.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static volatile uint64_t sink;

static void read_names(const struct graph *graph)
{
    struct strbuf text = STRBUF_INIT;
    for (uint32_t i = 0; i < graph->n; i++) {
        strbuf_clear(&text);
        graph_add_type(&text, graph, graph->nodes[i].type);
        graph_add_node(&text, graph, i);
        graph_add_line(&text, graph, i);
        for (uint32_t e = graph->nodes[i].first; e < graph->nodes[i + 1].first; e++)
            graph_add_edge(&text, graph, i, e);
        sink += text.length + graph_held_from_c(graph, i) + graph_find(graph, graph->nodes[i].address);
    }
    strbuf_release(&text);
}

static void ask(struct graph *graph)
{
    uint8_t *set = calloc(graph->n, 1);
    struct graph_rows rows = {0};
    struct graph_components components = {{0}, {0}};
    struct graph_path path = {{0}};
    struct graph_leaking leaking = {{0}, {0}, {0}, {{0}, {0}}, 0, 0};
    set[graph->n - 1] = 1;
    graph_dominate(graph);
    graph_types(&rows, graph, NULL, 3);
    graph_components(&components, graph, NULL);
    for (size_t i = 0; i < components.items.n; i++)
        sink += graph_weakest(graph, &components, i);
    sink += graph_chain(&path, graph, set) + rows.n;
    graph_leaking(&leaking, graph);
    graph_leaking_release(&leaking);
    graph_components_release(&components);
    vec_release(&path.steps);
    vec_release(&rows);
    free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct graph_trace opened;
    struct graph *graph = NULL;
    struct trace_error error = {""};
    uint64_t sum = 0;
    if (!graph_trace_open(&opened, bytes, n))
        abort();
    if (graph_load(&graph, opened.profile, NULL, &error) == 0) {
        for (uint32_t i = 0; i < graph->n; i++)
            sum += graph->nodes[i].bytes;
        if (sum != 16 * (GRAPH_TRACE_BLOCKS * (GRAPH_TRACE_BLOCKS + 1) / 2))
            abort();
        read_names(graph);
        ask(graph);
    } else if (!error.text[0]) {
        abort();
    }
    graph_destroy(graph);
    graph_trace_close(&opened);
    return 0;
}

#ifdef FUZZ_STANDALONE
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        static uint8_t bytes[1 << 20];
        size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
        if (file)
            fclose(file);
        LLVMFuzzerTestOneInput(bytes, n);
    }
    return 0;
}
#endif
