/* `heapline leaks`, as text and as JSON, and the rules that would take what it shows. */
#ifndef HEAPLINE_OUTPUT_LEAKS_PRINT_H
#define HEAPLINE_OUTPUT_LEAKS_PRINT_H

#include "../analyze/leaks_rows.h"
#include "../analyze/suppressions.h"
#include "view.h"

struct leaks_wanted {
    enum leaks_by by;
    unsigned kinds;                 /* that are shown: bits by enum trace_reach */
    bool addresses;                 /* the largest blocks one by one */
    const struct suppressions *suppressions;     /* or NULL */
};

/* The levels of a stack that are told to people: without the runtime's calls around the program's, unless there are no others. */
void leaks_levels(const struct profile *profile, uint32_t stack, struct level_list *levels);

void leaks_print_text(const struct view *view, const struct leaks *leaks, const struct leaks_wanted *wanted);

/* "heapline-leaks-1". Returns 0 or -errno. */
int leaks_print_json(const struct view *view, const struct leaks *leaks, const struct leaks_wanted *wanted);

/* Writes a file of suppressions (docs/suppressions.md) with a rule for each group of the kinds that no rule took, with its
 * stack as a comment; of equal fingerprints one. *rules is how many. Returns 0 or -errno. */
int leaks_write_suppressions(FILE *out, const struct leaks *leaks, unsigned kinds, size_t *rules);

#endif
