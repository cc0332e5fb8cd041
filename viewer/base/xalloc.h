/* Allocation that cannot fail: when memory runs out, one sentence on stderr and exit code 2. For the viewer only. */
#ifndef HEAPLINE_BASE_XALLOC_H
#define HEAPLINE_BASE_XALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* All results are released with free(). A size of 0 gives a block that may be freed, never NULL. */
void *xmalloc(size_t bytes) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t bytes) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *block, size_t bytes) __attribute__((returns_nonnull));
void *xreallocarray(void *block, size_t n, size_t bytes) __attribute__((returns_nonnull));
void *xmemdup(const void *data, size_t bytes) __attribute__((malloc, returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *text, size_t max) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
char *xvasprintf(const char *format, va_list arguments) __attribute__((format(printf, 1, 0), returns_nonnull));

#endif
