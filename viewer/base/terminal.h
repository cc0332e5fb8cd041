/* What the terminal can do. */
#ifndef HEAPLINE_BASE_TERMINAL_H
#define HEAPLINE_BASE_TERMINAL_H

#include <stddef.h>

/* Columns of the terminal behind `fd`; without one, $COLUMNS; else 80. At least 20. */
unsigned terminal_width(int fd);

/* Columns that `n` bytes of UTF-8 text take: its characters, combining ones and wide ones counted as one. */
size_t text_width(const char *text, size_t n);

#endif
