/* Patterns for --file, --function, --module: `*` any bytes, '/' too; `?` one byte; `[a-z]`, `[!a-z]` one of a set; `\` takes
 * the next byte as it is. Case counts. Time is at most pattern length times text length, whatever the pattern. */
#ifndef HEAPLINE_BASE_GLOB_H
#define HEAPLINE_BASE_GLOB_H

#include <stdbool.h>

/* The pattern matches the whole text. */
bool glob_match(const char *pattern, const char *text);

/* The pattern matches the whole path, or, when it holds no '/', the path's last part. */
bool glob_match_path(const char *pattern, const char *path);

#endif
