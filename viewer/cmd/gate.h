/* What the gate's command is told where to write. */
#ifndef HEAPLINE_CMD_GATE_H
#define HEAPLINE_CMD_GATE_H

#include "../output/gate.h"

struct gate_outputs {
    const char *junit, *sarif, *gitlab, *json;       /* files, "-" for stdout, or NULL */
    bool github;
};

/* Writes all that is asked for, the text too unless something else goes to stdout. Returns whether everything arrived; says what
 * did not. */
bool gate_outputs_write(const struct gate_outputs *outputs, const struct view *view, const struct findings *findings);

#endif
