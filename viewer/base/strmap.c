#include "strmap.h"

#include "vec.h"
#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64u

/* FNV-1a, its upper half folded in. */
static uint32_t hash_bytes(const char *data, size_t n)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (unsigned char)data[i]) * 0x100000001b3u;
    return (uint32_t)(hash ^ (hash >> 32));
}

/* The slot that holds the string, or the free slot where it belongs. */
static uint32_t *find_slot(const struct strmap *strings, const char *data, size_t n, uint32_t hash)
{
    uint32_t mask = strings->n_slots - 1;
    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        if (!strings->slots[i])
            return &strings->slots[i];
        const struct strmap_entry *entry = &strings->entries[strings->slots[i] - 1];
        if (entry->hash == hash && entry->length == n && memcmp(entry->text, data, n) == 0)
            return &strings->slots[i];
    }
}

static void grow(struct strmap *strings)
{
    free(strings->slots);
    strings->n_slots = strings->n_slots ? 2 * strings->n_slots : FIRST_SLOTS;
    strings->slots = xcalloc(strings->n_slots, sizeof *strings->slots);
    uint32_t mask = strings->n_slots - 1;
    for (uint32_t id = 0; id < strings->n; id++) {
        uint32_t i = strings->entries[id].hash & mask;
        while (strings->slots[i])
            i = (i + 1) & mask;
        strings->slots[i] = id + 1;
    }
}

uint32_t strmap_intern_bytes(struct strmap *strings, const char *data, size_t n)
{
    if (strings->n >= strings->n_slots / 4 * 3)
        grow(strings);
    uint32_t hash = hash_bytes(data, n);
    uint32_t *slot = find_slot(strings, data, n, hash);
    if (*slot)
        return *slot - 1;
    char *copy = arena_alloc(&strings->texts, n + 1);
    memcpy(copy, data, n);
    copy[n] = '\0';
    if (strings->n == strings->capacity)
        strings->entries = vec_grow(strings->entries, strings->n, &strings->capacity, 1, sizeof *strings->entries);
    strings->entries[strings->n] = (struct strmap_entry){ .text = copy, .length = (uint32_t)n, .hash = hash };
    *slot = ++strings->n;
    return strings->n - 1;
}

uint32_t strmap_intern(struct strmap *strings, const char *text)
{
    return strmap_intern_bytes(strings, text, strlen(text));
}

uint32_t strmap_find(const struct strmap *strings, const char *text)
{
    if (!strings->n_slots)
        return STRMAP_NONE;
    size_t n = strlen(text);
    uint32_t *slot = find_slot(strings, text, n, hash_bytes(text, n));
    return *slot ? *slot - 1 : STRMAP_NONE;
}

const char *strmap_text(const struct strmap *strings, uint32_t id)
{
    return strings->entries[id].text;
}

void strmap_release(struct strmap *strings)
{
    free(strings->entries);
    free(strings->slots);
    arena_release(&strings->texts);
    *strings = (struct strmap){0};
}
