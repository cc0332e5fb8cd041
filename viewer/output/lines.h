/* `heapline lines`, as text and as JSON. */
#ifndef HEAPLINE_OUTPUT_LINES_H
#define HEAPLINE_OUTPUT_LINES_H

#include "../analyze/lines.h"
#include "view.h"

/* `whole_files`: every line of the files, allocating or not, and every row. */
void lines_print_text(const struct view *view, const struct profile *profile, const struct lines *lines, bool whole_files);

/* "heapline-lines/1" of docs/json.md. Returns 0 or -errno. */
int lines_print_json(const struct view *view, const struct profile *profile, const struct lines *lines);

#endif
