/* File names of line tables. */
#ifndef HEAPLINE_SYMBOL_PATH_H
#define HEAPLINE_SYMBOL_PATH_H

#include "../base/strbuf.h"

/* Replaces what `out` holds by `file`, put after `directory` (may be NULL) when it is relative, without "." and empty parts
 * and without "part/..". By the letters alone: the machine that compiled is not this one, so links cannot be looked at. */
void path_normalise(struct strbuf *out, const char *directory, const char *file);

#endif
