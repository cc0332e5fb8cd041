/* Colours by role. Off, every sequence is "", so that output code need not ask.
 *
 *     const struct palette *colors = palette_for(when, STDOUT_FILENO);     before pager_start: it looks at the descriptor
 *     printf("%s%s%s\n", colors->file, path, colors->reset);
 */
#ifndef HEAPLINE_BASE_COLOR_H
#define HEAPLINE_BASE_COLOR_H

/* AUTO: when the descriptor is a terminal that can, and NO_COLOR is unset or empty. */
enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

extern const char *const color_choices[];         /* for an OPTION_CHOICE --color, in the order of the enum */

struct palette {
    const char *reset;
    const char *heading;            /* titles of sections, column names */
    const char *file;               /* a path */
    const char *line;               /* a line number */
    const char *function;
    const char *number;             /* a figure that matters */
    const char *hot;                /* the largest share */
    const char *warm;               /* a large share */
    const char *dim;                /* what may be skipped */
    const char *good, *bad;         /* verdicts, losses */
};

const struct palette *palette_for(enum color_when when, int fd);

#endif
