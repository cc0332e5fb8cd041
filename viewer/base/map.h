/* A hash map from 64-bit keys to 64-bit values: open addressing, linear probing. A map of all zeroes is empty. */
#ifndef HEAPLINE_BASE_MAP_H
#define HEAPLINE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
    uint64_t key, value;
};

struct map {
    struct map_slot *slots;         /* a key of 0 is a free slot */
    size_t n;                       /* keys in the map, that of 0 included */
    unsigned bits;                  /* 2^bits slots, none while slots is NULL */
    bool has_zero;                  /* the key 0 lives outside of the slots */
    struct map_slot zero;
};

/* The value of `key`, or NULL. The pointer is good until the next map_put or map_remove. */
uint64_t *map_get(const struct map *map, uint64_t key);

/* The value of `key`, which is added with the value 0 when absent; *added (may be NULL) says so. */
uint64_t *map_put(struct map *map, uint64_t key, bool *added);

/* Returns false when there was no such key. */
bool map_remove(struct map *map, uint64_t key);

/* Visits all keys in no useful order: `size_t cursor = 0; while ((slot = map_next(&map, &cursor)))`. The map must not
 * change meanwhile, values may. */
struct map_slot *map_next(const struct map *map, size_t *cursor);

void map_clear(struct map *map);                  /* keeps the memory */
void map_release(struct map *map);                /* empty and usable again */

#endif
