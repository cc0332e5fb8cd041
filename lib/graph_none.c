#include "graph_py.h"
__attribute__((weak)) bool hl_graph_py_recognise(struct hl_graph *graph) { return false; }
__attribute__((weak)) void hl_graph_py_block(struct hl_graph *graph, uint32_t row) {}
__attribute__((weak)) void hl_graph_py_extra(struct hl_graph *graph, uint32_t number, uintptr_t address, bool frame) {}
__attribute__((weak)) void hl_graph_py_roots(struct hl_graph *graph) {}
__attribute__((weak)) const char *hl_graph_py_unready(const struct hl_stop *stop) { return NULL; }
__attribute__((weak)) void hl_graph_py_frame_edges(struct hl_graph *graph, uintptr_t object) {}
__attribute__((weak)) void hl_graph_py_frame_node(struct hl_graph *graph, uint32_t number, uintptr_t frame) {}
__attribute__((weak)) void hl_graph_py_claim_state(struct hl_graph *graph) {}
