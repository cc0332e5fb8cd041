/* How a report is shown: where it goes, how wide, with which colours and signs. And what all text reports share. */
#ifndef HEAPLINE_OUTPUT_VIEW_H
#define HEAPLINE_OUTPUT_VIEW_H

#include "../analyze/profile.h"
#include "../base/color.h"
#include "../base/format.h"
#include "../base/strbuf.h"

#include <stdio.h>

struct view {
    FILE *out;
    const struct palette *colors;
    unsigned width;                 /* columns; long texts are clipped there */
    bool utf8;                      /* draws with what UTF-8 has; else plain ASCII */
    enum measure by;
    uint32_t top;                   /* rows at most, 0: as many as there are */
    const char *trace_path;
};

/* Sets width, signs and colours for stdout; before the pager starts. */
void view_init(struct view *view, enum color_when color);

/* Appends `n` bytes of text on one line in at most `width` columns: tabs become blanks, what a terminal would obey or could
 * not show becomes "?". A longer text ends in a sign that says so. */
void view_add_clipped(const struct view *view, struct strbuf *out, const char *text, size_t n, size_t width);

/* A figure of the measure, with its unit: "1.50 GiB", or "1,234". */
struct format_text view_measure(enum measure by, uint64_t value);

/* "" for 1, else "s". */
const char *view_plural(uint64_t n);

/* "src/parse.c", seen from the working directory. */
const char *view_path(const char *path);

/* Prints a text in lines of at most the view's width, all but the first indented; the first begins at column `indent` already. */
void view_print_wrapped(const struct view *view, const char *color, const char *text, unsigned indent);

/* The first lines of every report: the trace and its cut, the program, the part that is looked at, and its totals. */
void view_print_header(const struct view *view, const struct profile *profile, const char *title);

/* The last paragraph of every report: what the figures mean, what is missing, what recording cost. */
void view_print_notes(const struct view *view, const struct profile *profile);

/* The sentence for an empty result; true when it was printed. */
bool view_print_nothing(const struct view *view, const struct profile *profile);

/* Each appends one sentence or nothing. */
void view_add_cut(struct strbuf *out, const struct trace *trace);
void view_add_exit(struct strbuf *out, const struct trace_process_end *end);

/* The losses of the run and of all its processes. */
struct trace_losses view_sum_losses(const struct trace *trace);

#endif
