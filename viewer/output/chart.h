/* Small pictures in text: the timeline and bars. */
#ifndef HEAPLINE_OUTPUT_CHART_H
#define HEAPLINE_OUTPUT_CHART_H

#include "view.h"

/* `rows` lines of text for n columns of values, the largest fills the height; every value above 0 is seen. */
void chart_print_columns(const struct view *view, const uint64_t *values, unsigned n, unsigned rows, const char *indent);

/* Appends a bar of at most `width` columns for value / largest; at least a sliver when value > 0. */
void chart_add_bar(const struct view *view, struct strbuf *out, uint64_t value, uint64_t largest, unsigned width);

#endif
