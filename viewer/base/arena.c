#include "arena.h"

#include "xalloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT ((size_t)16)

struct arena_chunk {
    struct arena_chunk *older;
    char data[] __attribute__((aligned(16)));
};

static struct arena_chunk *chunk_create(size_t bytes)
{
    size_t total;
    if (__builtin_add_overflow(sizeof(struct arena_chunk), bytes, &total))
        total = SIZE_MAX;
    return xmalloc(total);
}

/* A large object gets a chunk of its own behind the newest, whose room stays in use. */
static void *alloc_large(struct arena *arena, size_t bytes)
{
    struct arena_chunk *chunk = chunk_create(bytes);
    if (arena->chunks) {
        chunk->older = arena->chunks->older;
        arena->chunks->older = chunk;
    } else {
        chunk->older = NULL;
        arena->chunks = chunk;
    }
    return chunk->data;
}

static void *alloc_new_chunk(struct arena *arena, size_t bytes)
{
    struct arena_chunk *chunk = chunk_create(CHUNK_BYTES);
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = chunk->data + bytes;
    arena->end = chunk->data + CHUNK_BYTES;
    return chunk->data;
}

static void *alloc_aligned(struct arena *arena, size_t bytes, size_t alignment)
{
    arena->bytes += bytes;
    if (bytes > CHUNK_BYTES / 4)
        return alloc_large(arena, bytes);
    size_t gap = -(uintptr_t)arena->next & (alignment - 1);
    if ((size_t)(arena->end - arena->next) < gap + bytes || !arena->next)
        return alloc_new_chunk(arena, bytes);
    char *block = arena->next + gap;
    arena->next = block + bytes;
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    return alloc_aligned(arena, bytes, ALIGNMENT);
}

void *arena_zalloc(struct arena *arena, size_t bytes)
{
    return memset(arena_alloc(arena, bytes), 0, bytes);
}

void *arena_memdup(struct arena *arena, const void *data, size_t bytes)
{
    void *copy = arena_alloc(arena, bytes);
    if (bytes)
        memcpy(copy, data, bytes);
    return copy;
}

static char *add_string(struct arena *arena, const char *text, size_t length)
{
    char *copy = alloc_aligned(arena, length + 1, 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *arena_strndup(struct arena *arena, const char *text, size_t n)
{
    return add_string(arena, text, strnlen(text, n));
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return add_string(arena, text, strlen(text));
}

void arena_release(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunks;
    while (chunk) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    *arena = (struct arena){0};
}
