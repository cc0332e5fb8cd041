/* Memory that is released all at once: many small objects of one lifetime. An arena of all zeroes is empty. */
#ifndef HEAPLINE_BASE_ARENA_H
#define HEAPLINE_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;     /* newest first */
    char *next, *end;               /* free room of the newest */
    size_t bytes;                   /* handed out so far, for accounts */
};

/* Aligned to 16 bytes, not cleared. Lives until arena_release. */
void *arena_alloc(struct arena *arena, size_t bytes) __attribute__((malloc, returns_nonnull));
void *arena_zalloc(struct arena *arena, size_t bytes) __attribute__((malloc, returns_nonnull));

/* Copies; strings are not aligned. */
void *arena_memdup(struct arena *arena, const void *data, size_t bytes) __attribute__((returns_nonnull));
char *arena_strdup(struct arena *arena, const char *text) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *arena, const char *text, size_t n) __attribute__((returns_nonnull));

void arena_release(struct arena *arena);          /* empty and usable again */

#endif
