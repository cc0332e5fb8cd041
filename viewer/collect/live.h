/* The live map: what block stands at (address, generation).
 *
 * Open addressing, linear probing, hashed by stretches of addresses, along which the slots run. A block that goes leaves a mark, so that nothing moves; programs get the same addresses
 * again and again, and the next block takes the place of the mark. Growing drops the marks.
 */
#ifndef HEAPLINE_COLLECT_LIVE_H
#define HEAPLINE_COLLECT_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_block {
    uint64_t key;                 /* generation << 48 | address; 0: free slot; LIVE_GONE: a block left it */
    uint64_t bytes;
    uint32_t site;
    uint32_t born;                /* epoch, counted from the start of the run */
};

#define LIVE_GONE UINT64_C(1)
#define LIVE_NEAR 64             /* blocks of a 2 KiB stretch of addresses stand near each other: programs allocate along addresses. More makes clusters */

struct live_map {
    struct live_block *slots;
    uint64_t *births;             /* beside each slot, for visits.h; NULL: not kept */
    uint64_t mask;
    size_t n;                     /* blocks */
    size_t used;                  /* slots that are not free: blocks and marks */
    unsigned shift;
};

static inline bool live_is_block(const struct live_block *slot) { return slot->key > LIVE_GONE; }

void live_init(struct live_map *map);
void live_release(struct live_map *map);
void live_copy(struct live_map *to, const struct live_map *from);
void live_grow(struct live_map *map);

/* Room for n blocks in an empty map. Blocks that come in the order of another map's slots need it: else those that the map has are crowded at one end while it grows. */
void live_reserve(struct live_map *map, uint64_t n);

/* Keeps births from now on; that of the blocks already there is 0. Copies have none. */
void live_keep_births(struct live_map *map);

static inline uint64_t live_slot(const struct live_map *map, uint64_t key)
{
    uint64_t near = key >> 5 & (LIVE_NEAR - 1);
    return ((key >> 11 << 27) * UINT64_C(0x9e3779b97f4a7c15) >> map->shift & ~(uint64_t)(LIVE_NEAR - 1)) | near;   /* the generation falls out at the top */
}

/* Adds a block; its key is not in the map. `birth` counts where births are kept. */
static inline void live_put(struct live_map *map, struct live_block block, uint64_t birth)
{
    uint64_t i = live_slot(map, block.key);
    while (live_is_block(&map->slots[i]))
        i = (i + 1) & map->mask;
    map->used += map->slots[i].key == 0;
    map->n++;
    map->slots[i] = block;
    if (__builtin_expect(map->births != NULL, 0))
        map->births[i] = birth;
    if (__builtin_expect(map->used > map->mask / 3, 0))
        live_grow(map);
}

/* Takes the block out; *slot (live_birth) is good until the next call. False: there is none. */
static inline bool live_take(struct live_map *map, uint64_t key, struct live_block *block, uint64_t *slot)
{
    uint64_t i = live_slot(map, key);
    while (map->slots[i].key != key) {
        if (map->slots[i].key == 0)
            return false;
        i = (i + 1) & map->mask;
    }
    *block = map->slots[i];
    *slot = i;
    map->slots[i].key = LIVE_GONE;
    map->n--;
    return true;
}

static inline uint64_t live_birth(const struct live_map *map, uint64_t slot) { return map->births ? map->births[slot] : 0; }

#endif
