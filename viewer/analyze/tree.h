/* The calls that led to allocations as a tree: top-down from the outermost function, or inverted from the one that allocates. */
#ifndef HEAPLINE_ANALYZE_TREE_H
#define HEAPLINE_ANALYZE_TREE_H

#include "profile.h"

/* Node 0 is the root: everything. Children are ordered by the measure. */
struct tree_node {
    uint32_t location;              /* of node 0: TRACE_NONE */
    uint32_t parent, child, sibling;/* node ids, 0: none */
    uint32_t recursion;             /* calls that came back to this place, the most on one stack; 0: none */
    uint32_t hidden;                /* children that were left out as too small */
    struct costs self;              /* allocated right here; inverted: by stacks that end here, outermost */
    struct costs total;             /* self and all below */
    uint64_t hidden_measure;
};

struct tree {
    struct tree_node *nodes;
    uint32_t n;
    size_t capacity;
    enum measure by;
    bool inverted;
};

struct tree_options {
    enum measure by;
    bool inverted;
    bool fold_recursion;            /* a call that comes back to a place on its way is shown there, not below itself */
    uint64_t min_measure;           /* nodes below are counted in `hidden` of their parent */
};

void tree_build(struct tree *tree, const struct profile *profile, const struct tree_options *options);
void tree_release(struct tree *tree);

#endif
