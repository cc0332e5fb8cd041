/* Interns strings: equal strings get the same dense id, counted from 0. A strmap of all zeroes is empty. */
#ifndef HEAPLINE_BASE_STRMAP_H
#define HEAPLINE_BASE_STRMAP_H

#include "arena.h"

#include <stdint.h>

#define STRMAP_NONE UINT32_MAX

struct strmap_entry {
    const char *text;
    uint32_t length, hash;
};

struct strmap {
    struct strmap_entry *entries;   /* by id */
    uint32_t n;
    uint32_t *slots;                /* id + 1, 0 is free */
    uint32_t n_slots;               /* 0 or a power of two */
    size_t capacity;
    struct arena texts;
};

/* The id of the string, added when new. Strings are copied. At most 2^31 strings. */
uint32_t strmap_intern(struct strmap *strings, const char *text);
uint32_t strmap_intern_bytes(struct strmap *strings, const char *data, size_t n);   /* may hold NULs */

/* The id, or STRMAP_NONE when the string was never interned. */
uint32_t strmap_find(const struct strmap *strings, const char *text);

/* The string of an id below `n`; it ends in a NUL and lives until the release. */
const char *strmap_text(const struct strmap *strings, uint32_t id);

void strmap_release(struct strmap *strings);      /* empty and usable again */

#endif
