/* Small reference graphs for the tests of viewer/graph and of what is printed of them.
 *
 *     struct graph_sample sample;
 *     sample_init(&sample);
 *     uint32_t dict = sample_type(&sample, GRAPH_PYTHON, "builtins", "dict");
 *     uint32_t a = sample_node(&sample, dict, 100), b = sample_node(&sample, dict, 20);
 *     sample_root(&sample, TRACE_ROOT_GLOBAL, true, "servers in app", a);
 *     sample_edge(&sample, a, HL_EDGE_INDEX, 3, b);
 *     struct graph *graph = sample_finish(&sample);
 *     …
 *     sample_release(&sample);
 *
 * Nodes are numbered from 1 as they are added; 0 is the root of all roots and is there from the start. Before sample_finish
 * their fields can be set through sample_at, afterwards through graph->nodes. There is no profile and no snapshot: those are
 * NULL, and no node has a block.
 */
#ifndef HEAPLINE_TEST_GRAPH_SAMPLE_H
#define HEAPLINE_TEST_GRAPH_SAMPLE_H

#include "../../viewer/graph/graph.h"

struct graph_sample_edge { uint32_t from; struct graph_edge_out out; };

struct graph_sample {
    struct graph graph;
    struct arena arena;
    VEC(struct graph_node) nodes;
    VEC(struct graph_sample_edge) edges;
    VEC(struct graph_root) roots;
    VEC(struct graph_type) types;
    VEC(const char *) strings;
};

void sample_init(struct graph_sample *sample);
void sample_release(struct graph_sample *sample);

uint32_t sample_type(struct graph_sample *sample, enum graph_sort sort, const char *module, const char *name);
uint32_t sample_string(struct graph_sample *sample, const char *text);      /* for edges whose value is one */

/* Addresses rise with the numbers, in steps of 0x1000 from 0x100000 on; one reference, of reach HELD. Flags: HL_NODE_PYTHON if
 * its type is Python's. */
uint32_t sample_node(struct graph_sample *sample, uint32_t type, uint64_t bytes);
struct graph_node *sample_at(struct graph_sample *sample, uint32_t node);   /* good until the next sample_node */

void sample_edge(struct graph_sample *sample, uint32_t from, enum hl_graph_edge kind, uint32_t value, uint32_t to);

/* The texts live as long as the sample. */
void sample_root(struct graph_sample *sample, enum trace_root_kind kind, bool named, const char *name, uint32_t to);

/* Edges of a node stand in the order in which they came, those into a node in the order of who they are from. */
struct graph *sample_finish(struct graph_sample *sample);

/* The place of the first edge from one node to the other; GRAPH_NONE: there is none. */
uint32_t sample_find(const struct graph *graph, uint32_t from, uint32_t to);

#endif
