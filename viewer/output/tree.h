/* `heapline tree`, as text and as JSON. */
#ifndef HEAPLINE_OUTPUT_TREE_H
#define HEAPLINE_OUTPUT_TREE_H

#include "../analyze/tree.h"
#include "view.h"

/* At most `depth` levels, chains of single callers on one level; 0: all. Without `all_calls` parts of chains are folded that
 * say little. */
void tree_print_text(const struct view *view, const struct profile *profile, const struct tree *tree, uint32_t depth,
                     bool all_calls);

/* "heapline-tree/1" of docs/json.md. Returns 0 or -errno. */
int tree_print_json(const struct view *view, const struct profile *profile, const struct tree *tree, uint32_t depth);

#endif
