#include "map.h"

#include "xalloc.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BITS 6

static size_t slot_count(const struct map *map)
{
    return map->slots ? (size_t)1 << map->bits : 0;
}

/* The high bits of a product with 2^64 / golden ratio; folding first lets the high bits of addresses count as well. */
static size_t home(const struct map *map, uint64_t key)
{
    return (size_t)(((key ^ (key >> 32)) * 0x9e3779b97f4a7c15u) >> (64 - map->bits));
}

/* The slot that holds `key`, or the free slot where it belongs. There is always a free slot. */
static struct map_slot *find_slot(const struct map *map, uint64_t key)
{
    size_t mask = slot_count(map) - 1;
    size_t i = home(map, key);
    while (map->slots[i].key && map->slots[i].key != key)
        i = (i + 1) & mask;
    return &map->slots[i];
}

static void grow(struct map *map)
{
    struct map old = *map;
    map->bits = old.slots ? old.bits + 1 : FIRST_BITS;
    map->slots = xcalloc((size_t)1 << map->bits, sizeof *map->slots);
    for (size_t i = 0; i < slot_count(&old); i++)
        if (old.slots[i].key)
            *find_slot(map, old.slots[i].key) = old.slots[i];
    free(old.slots);
}

uint64_t *map_get(const struct map *map, uint64_t key)
{
    if (key == 0)
        return map->has_zero ? (uint64_t *)&map->zero.value : NULL;
    if (!map->slots)
        return NULL;
    struct map_slot *slot = find_slot(map, key);
    return slot->key ? &slot->value : NULL;
}

static uint64_t *put_zero(struct map *map)
{
    if (!map->has_zero) {
        map->has_zero = true;
        map->zero = (struct map_slot){0};
        map->n++;
    }
    return &map->zero.value;
}

static uint64_t *put_slot(struct map *map, uint64_t key)
{
    if (map->n >= slot_count(map) / 4 * 3)
        grow(map);
    struct map_slot *slot = find_slot(map, key);
    if (!slot->key) {
        *slot = (struct map_slot){ .key = key };
        map->n++;
    }
    return &slot->value;
}

uint64_t *map_put(struct map *map, uint64_t key, bool *added)
{
    size_t before = map->n;
    uint64_t *value = key ? put_slot(map, key) : put_zero(map);
    if (added)
        *added = map->n != before;
    return value;
}

/* Closes the gap at `hole`: every later slot of the run that may stand there moves up. */
static void close_gap(struct map *map, size_t hole)
{
    size_t mask = slot_count(map) - 1;
    for (size_t i = (hole + 1) & mask; map->slots[i].key; i = (i + 1) & mask) {
        size_t distance = (i - home(map, map->slots[i].key)) & mask;
        if (distance >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct map_slot){0};
}

bool map_remove(struct map *map, uint64_t key)
{
    if (!map_get(map, key))
        return false;
    if (key == 0)
        map->has_zero = false;
    else
        close_gap(map, (size_t)(find_slot(map, key) - map->slots));
    map->n--;
    return true;
}

struct map_slot *map_next(const struct map *map, size_t *cursor)
{
    size_t slots = slot_count(map);
    for (; *cursor < slots; ++*cursor)
        if (map->slots[*cursor].key)
            return &map->slots[(*cursor)++];
    if (*cursor == slots && map->has_zero) {
        ++*cursor;
        return (struct map_slot *)&map->zero;
    }
    return NULL;
}

void map_clear(struct map *map)
{
    if (map->slots)
        memset(map->slots, 0, slot_count(map) * sizeof *map->slots);
    map->n = 0;
    map->has_zero = false;
}

void map_release(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}
