/* Frames, for the files that name them: in the snapshot's copy (graph.h). A frame is a frame object up to 3.10, and an
 * interpreter's frame from 3.11 on. */
#ifndef HEAPLINE_GRAPH_PY_FRAMES_H
#define HEAPLINE_GRAPH_PY_FRAMES_H

#include "graph_py.h"

/* The frame that a thread state runs, its caller: past those that only stand between; 0: none. */
uintptr_t hl_py_frame_innermost(uintptr_t state);
uintptr_t hl_py_frame_outer(uintptr_t frame);

/* Its node: of the frame object, of the generator that it lies in, or its own. */
uint32_t hl_py_frame_number(struct hl_graph *graph, uintptr_t frame);

/* "load (app.py:42)", of at most HL_GRAPH_TEXT_MAX bytes (graph_py_lines.c). Returns its length. `frame` as above, or a frame
 * object from 3.11 on. */
size_t hl_py_frame_text(struct hl_graph *graph, uintptr_t frame, char *text);
size_t hl_py_frame_object_text(struct hl_graph *graph, uintptr_t object, char *text);

#endif
