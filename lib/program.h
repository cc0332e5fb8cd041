/* Looks at a program file before it is executed. */
#ifndef HEAPLINE_PROGRAM_H
#define HEAPLINE_PROGRAM_H

#include <stdbool.h>

/* False for programs that a preloaded glibc library would hinder: 32-bit ones and other processors' (their loader complains), and musl's (its
 * loader refuses to start). `search`: a name without '/' is looked for along PATH, as execvp does. What cannot be read counts as fine.
 * Allocates nothing but stack; async-signal-safe; errno kept. */
bool hl_program_takes_library(const char *file, bool search);

#endif
