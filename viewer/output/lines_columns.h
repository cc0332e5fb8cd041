/* The columns of figures beside the lines of a source: one set for native code, one for Python. */
#ifndef HEAPLINE_OUTPUT_LINES_COLUMNS_H
#define HEAPLINE_OUTPUT_LINES_COLUMNS_H

#include "view.h"

struct column;

struct columns {
    const struct column *items;
    unsigned size;                    /* which of a column's widths */
    bool shortened;                   /* figures as "4.22K" */
    int width;                        /* all together */
};

void columns_choose(struct columns *columns, const struct view *view, bool python);

/* The names, as a line; and figures, in `color`, without a newline. */
void columns_print_names(const struct columns *columns, const struct view *view);
void columns_print(const struct columns *columns, const struct view *view, const struct costs *costs, const char *color);

#endif
