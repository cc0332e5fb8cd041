/* Costs by source line, file by file. */
#ifndef HEAPLINE_ANALYZE_LINES_H
#define HEAPLINE_ANALYZE_LINES_H

#include "profile.h"

/* A line of Python gets rid of blocks that it, or what it calls, allocated: those are transient. In INCLUSIVE rows
 * the figure is exact: all that was allocated on the line or below and freed before the line was left. In the other
 * modes a row has those of its transient blocks that outlived every line further in, at most what the row freed: what
 * a called line allocated and its caller got rid of is no transient block of the called line, and of the caller only
 * as far as the caller freed so much of its own.
 *
 * OWN: an allocation belongs to one line, the innermost of the program's own (location ranks). SELF: the innermost
 * line of all. INCLUSIVE: it counts for every line on its stack, once for each; such rows do not add up to the total. */
enum lines_mode { LINES_OWN, LINES_SELF, LINES_INCLUSIVE };
extern const char *const lines_mode_names[];

struct line_row {
    uint32_t location;              /* the one with most of it: names the function */
    uint32_t line;                  /* 0: the row is a function or an address without a line */
    uint32_t file;                  /* index into files, before and after sorting */
    uint64_t best;                  /* measure of `location` alone */
    struct costs costs;
    uint32_t heaviest;              /* stack with most of it */
    uint64_t heaviest_measure;
};

struct line_file {
    const char *path;               /* source file; NULL: code without lines */
    bool python;                    /* rows of Python code */
    uint32_t module;                /* with path NULL: the module, or TRACE_NONE */
    uint32_t first, n;              /* rows, ordered by the measure */
    struct costs costs;             /* INCLUSIVE: each stack counted once a file */
};

struct lines {
    enum lines_mode mode;
    enum measure by;
    struct line_row *rows;          uint32_t n_rows;
    struct line_file *files;        uint32_t n_files;   /* ordered by the measure */
    struct costs total, without_line;                   /* of the profile, and of what has no line */
};

void lines_build(struct lines *lines, const struct profile *profile, enum lines_mode mode, enum measure by);
void lines_release(struct lines *lines);

/* The same with what lines_owners said, where several orders of the rows are wanted. INCLUSIVE needs none. */
void lines_build_owned(struct lines *lines, const struct profile *profile, enum lines_mode mode, enum measure by,
                       const uint32_t *owners);

/* All rows by the measure, whatever their file: an array of n_rows, to be freed. */
const struct line_row **lines_sorted(const struct lines *lines);

/* By stack: the location that owns what is allocated there. An array of trace->n_stacks, to be freed. */
uint32_t *lines_owners(const struct profile *profile, enum lines_mode mode);

#endif
