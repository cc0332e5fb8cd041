/* Writes a page of a made-up graph, whose figures test_page.py knows: page ORDERS NODES [START] > FILE.
 *
 *   history in app ─▶ list ─▶ [0] … [ORDERS - 1] Order, 48 B each ─▶ .lines list 100 B ─▶ [0] str 60 B
 *                                                └▶ .customer Customer 500 B, one for all
 *   stack of thread 2, unnamed ─▶ the Order with the number 2
 *   cache in app ─▶ dict 1000 B ─▶ ["k0"] … ["k4"] bytes 2000 B each;  +0x10 a native block of 4096 B
 *   watcher in app ─▶ weakref 72 B, weakly ─▶ the Order with the number 1
 *   two Node of 56 B each hold each other, and nobody holds them
 *
 * The str of the first Order has a text that a page must not believe.
 */
#include "../unit/graph_sample.h"
#include "../../viewer/output/graph_html.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct made {
    struct graph_sample sample;
    uint32_t order, list, str, customer;       /* types */
    uint32_t slot_lines, slot_customer;
    uint32_t history, shared, first_order;
    VEC(uint32_t) strs;
};

static void make_order(struct made *made, uint32_t i)
{
    struct graph_sample *sample = &made->sample;
    uint32_t order = sample_node(sample, made->order, 48), lines = sample_node(sample, made->list, 100),
             str = sample_node(sample, made->str, 60);
    sample_edge(sample, made->history, HL_EDGE_INDEX, i, order);
    sample_edge(sample, order, HL_EDGE_SLOT, made->slot_lines, lines);
    sample_edge(sample, order, HL_EDGE_SLOT, made->slot_customer, made->shared);
    sample_edge(sample, lines, HL_EDGE_INDEX, 0, str);
    vec_push(&made->strs, str);
    if (i == 0)
        made->first_order = order;
    if (i == 2)
        sample_root(sample, TRACE_ROOT_STACK, false, "stack of thread 2 in serve", order);
}

static void make_orders(struct made *made, uint32_t n)
{
    struct graph_sample *sample = &made->sample;
    made->order = sample_type(sample, GRAPH_PYTHON, "app", "Order");
    made->list = sample_type(sample, GRAPH_PYTHON, "builtins", "list");
    made->str = sample_type(sample, GRAPH_PYTHON, "builtins", "str");
    made->customer = sample_type(sample, GRAPH_PYTHON, "app", "Customer");
    made->slot_lines = sample_string(sample, "lines");
    made->slot_customer = sample_string(sample, "customer");
    made->history = sample_node(sample, made->list, 800);
    made->shared = sample_node(sample, made->customer, 500);
    sample_root(sample, TRACE_ROOT_GLOBAL, true, "history in app", made->history);
    for (uint32_t i = 0; i < n; i++)
        make_order(made, i);
}

static void make_cache(struct graph_sample *sample)
{
    uint32_t dict = sample_node(sample, sample_type(sample, GRAPH_PYTHON, "builtins", "dict"), 1000);
    uint32_t bytes = sample_type(sample, GRAPH_PYTHON, "builtins", "bytes");
    uint32_t buffer = sample_node(sample, sample_type(sample, GRAPH_NATIVE, "libfast.so", "malloc in load (load.c:31)"), 4096);
    sample_root(sample, TRACE_ROOT_GLOBAL, true, "cache in app", dict);
    for (unsigned i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "k%u", i);
        sample_edge(sample, dict, HL_EDGE_SLOT, sample_string(sample, name), sample_node(sample, bytes, 2000));
    }
    sample_edge(sample, dict, HL_EDGE_OFFSET, 0x10, buffer);
}

static void make_odds(struct made *made)
{
    struct graph_sample *sample = &made->sample;
    uint32_t weak = sample_node(sample, sample_type(sample, GRAPH_PYTHON, "weakref", "ReferenceType"), 72);
    sample_root(sample, TRACE_ROOT_GLOBAL, true, "watcher in app", weak);
    sample_edge(sample, weak, HL_EDGE_WEAK, 0, made->first_order + 3);
    uint32_t type = sample_type(sample, GRAPH_PYTHON, "app", "Node"), a = sample_node(sample, type, 56),
             b = sample_node(sample, type, 56);
    sample_edge(sample, a, HL_EDGE_SLOT, sample_string(sample, "next"), b);
    sample_edge(sample, b, HL_EDGE_SLOT, sample_string(sample, "prev"), a);
}

static void set_text(struct graph *graph, uint32_t node, const char *text)
{
    struct graph_text kept = { .kind = HL_TEXT_STRING, .bytes = text, .n = (uint32_t)strlen(text) };
    graph->nodes[node].text = graph_keep_text(graph, &kept);
    graph->nodes[node].flags |= HL_NODE_TEXT;
}

int main(int argc, char **argv)
{
    static struct made made;
    struct graph_html_options options = { .start = argc > 3 ? (enum graph_html_start)atoi(argv[3]) : GRAPH_HTML_DOMINATORS,
                                          .option = "--page-nodes N" };
    if (argc < 3)
        return 2;
    sample_init(&made.sample);
    make_orders(&made, (uint32_t)atoi(argv[1]));
    make_cache(&made.sample);
    make_odds(&made);
    struct graph *graph = sample_finish(&made.sample);
    set_text(graph, made.strs.items[0], "</script><script>document.title='taken'</script><!-- \"\\ \xff & \n");
    for (size_t i = 1; i < made.strs.n; i++) {
        char text[32];
        snprintf(text, sizeof text, "order %zu", i);
        set_text(graph, made.strs.items[i], text);
    }
    uint8_t *set = calloc(graph->n, 1);
    for (uint32_t node = 1; node < graph->n; node++)
        set[node] = graph->nodes[node].type == made.order;
    if (options.start == GRAPH_HTML_REFS || options.start == GRAPH_HTML_BACKREFS) {
        options.selector = "type:Order";
        options.set = set;
    }
    options.nodes = (uint32_t)atoi(argv[2]);
    int result = graph_html_print(stdout, graph, &options);
    free(set);
    vec_release(&made.strs);
    sample_release(&made.sample);
    return result ? 1 : 0;
}
