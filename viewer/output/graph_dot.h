/* Pictures of a view (graph.h): as text for Graphviz, with objgraph's conventions, and drawn by Graphviz where it is installed.
 *
 * A box is a node, an arrow a reference with its name. Filled by its sort; what was asked for has a red border, a root is red. A
 * dashed arrow holds nothing or leads on by more than one reference, a grey box stands for many nodes. The legend
 * says so, and only what occurs.
 */
#ifndef HEAPLINE_OUTPUT_GRAPH_DOT_H
#define HEAPLINE_OUTPUT_GRAPH_DOT_H

#include "graph.h"

/* Text for `dot`, UTF-8. Returns 0 or -errno. */
int graph_dot_print(FILE *out, const struct graph *graph, const struct graph_view *view);

#define GRAPH_PICTURE_SECONDS 60

/* Formats that graph_picture_print draws: "svg", "png", "pdf"; NULL closes the list. */
extern const char *const graph_picture_formats[];

/* Has `dot`, found in PATH, draw the view, and writes what it makes to `out`; it is given `seconds` (GRAPH_PICTURE_SECONDS).
 * Returns 0, or -errno with a sentence in *error: it is not installed (says what to install), it failed (says with what words),
 * it took too long (says what makes the picture smaller); nothing was written then. */
int graph_picture_print(FILE *out, const struct graph *graph, const struct graph_view *view, const char *format, unsigned seconds,
                        struct trace_error *error);

#endif
