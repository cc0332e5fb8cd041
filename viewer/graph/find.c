#include "load.h"

/* How many of the n sorted items are at most `key`. */
#define COUNT_UPTO(n, item, key) ({ size_t low_ = 0, high_ = (n); \
    while (low_ < high_) { size_t i = low_ + (high_ - low_) / 2; if ((item) <= (key)) low_ = i + 1; else high_ = i; } low_; })

uint32_t graph_find(const struct graph *graph, uint64_t address)
{
    const struct graph_index *index = graph->index;
    if (!index)
        return GRAPH_NONE;
    size_t k = COUNT_UPTO(index->n, index->starts[i], address);
    if (k && address - index->starts[k - 1] < (index->bytes[k - 1] ? index->bytes[k - 1] : 1))
        return index->nodes[k - 1];
    k = COUNT_UPTO(index->n_extras, index->extras[i].address, address);
    return k && index->extras[k - 1].address == address ? index->extras[k - 1].node : GRAPH_NONE;
}

uint32_t graph_edge_owner(const struct graph *graph, uint32_t edge)
{
    uint32_t low = 0, high = graph->n;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (graph->nodes[middle].first <= edge)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t graph_held_from_c(const struct graph *graph, uint32_t node)
{
    const struct graph_node *it = &graph->nodes[node];
    uint32_t counted = 0;
    if (it->sort != GRAPH_PYTHON || (it->flags & HL_NODE_IMMORTAL))
        return 0;
    for (uint32_t i = it->first_in; i < it[1].first_in; i++)
        counted += graph_edge_counts(&graph->edges[graph->in[i].edge]);
    return counted < it->references ? it->references - counted : 0;
}
