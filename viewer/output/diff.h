/* `heapline diff`, as text and as JSON. */
#ifndef HEAPLINE_OUTPUT_DIFF_H
#define HEAPLINE_OUTPUT_DIFF_H

#include "../analyze/diff.h"
#include "view.h"

struct diff_wanted {
    bool lines, stacks;
    const char *paths[DIFF_SIDES];
};

void diff_print_text(const struct view *view, const struct diff *diff, const struct diff_wanted *wanted);

/* "heapline-diff/1" of docs/json.md. Returns 0 or -errno. */
int diff_print_json(const struct view *view, const struct diff *diff, const struct diff_wanted *wanted);

#endif
