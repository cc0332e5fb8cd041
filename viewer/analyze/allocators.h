/* Functions that pass memory on: xmalloc, g_strdup, operator new. Who calls them owns what they allocate. */
#ifndef HEAPLINE_ANALYZE_ALLOCATORS_H
#define HEAPLINE_ANALYZE_ALLOCATORS_H

#include <stdbool.h>

/* Whether a function is one by its name, demangled where it has a linkage name: it ends with what such functions are called
 * (malloc, strdup, palloc), or with that and words that say in which way they do it (zmalloc_usable, g_malloc0_n). */
bool allocator_is_named(const char *function);

#endif
