/* The live map: what block stands at (address, generation). Open addressing, linear probing, removal by shifting back. */
#ifndef HEAPLINE_COLLECT_LIVE_H
#define HEAPLINE_COLLECT_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_block {
    uint64_t key;                 /* generation << 48 | address; 0: free slot */
    uint64_t bytes;
    uint32_t site;
    uint32_t born;                /* epoch, counted from the start of the run */
};

struct live_map {
    struct live_block *slots;
    uint64_t mask;
    size_t n;
    unsigned shift;
};

void live_init(struct live_map *map);
void live_release(struct live_map *map);
void live_copy(struct live_map *to, const struct live_map *from);
void live_grow(struct live_map *map);

static inline uint64_t live_slot(const struct live_map *map, uint64_t key)
{
    return (key >> 4 ^ key << 40) * UINT64_C(0x9e3779b97f4a7c15) >> map->shift;
}

/* Adds a block; one with the same key is overwritten. */
static inline void live_put(struct live_map *map, struct live_block block)
{
    uint64_t i = live_slot(map, block.key);
    while (map->slots[i].key && map->slots[i].key != block.key)
        i = (i + 1) & map->mask;
    map->n += map->slots[i].key == 0;
    map->slots[i] = block;
    if (__builtin_expect(map->n > map->mask / 2, 0))
        live_grow(map);
}

/* Takes the block out. False: there is none. */
static inline bool live_take(struct live_map *map, uint64_t key, struct live_block *block)
{
    uint64_t i = live_slot(map, key);
    while (map->slots[i].key != key) {
        if (map->slots[i].key == 0)
            return false;
        i = (i + 1) & map->mask;
    }
    *block = map->slots[i];
    map->n--;
    for (uint64_t hole = i;;) {
        i = (i + 1) & map->mask;
        if (map->slots[i].key == 0) {
            map->slots[hole].key = 0;
            return true;
        }
        uint64_t home = live_slot(map, map->slots[i].key);
        if (((i - home) & map->mask) >= ((i - hole) & map->mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
}

#endif
