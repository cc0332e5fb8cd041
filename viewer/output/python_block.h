/* Where a Python function ends, told from its source as inspect.getblock does: by the indentation of logical lines. */
#ifndef HEAPLINE_OUTPUT_PYTHON_BLOCK_H
#define HEAPLINE_OUTPUT_PYTHON_BLOCK_H

#include "source.h"

enum python_block { PYTHON_FUNCTION, PYTHON_CLASS, PYTHON_EXPRESSION };   /* EXPRESSION: a lambda, a comprehension */

/* What begins at line `first` (a decorator belongs to what it decorates), and its last line in *last: at least
 * `first`. Comments as deep as the body belong to it, blank lines behind it do not. */
enum python_block python_block_at(const struct source *source, uint32_t first, uint32_t *last);

/* The last line of what begins there but for its body: decorators and "def …:". */
uint32_t python_header_end(const struct source *source, uint32_t first);

#endif
