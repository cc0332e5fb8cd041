#include "live.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

/* Large tables ask for huge pages: the program waits while a table grows, and most of that time would go into page faults. */
static struct live_block *zeroed_slots(unsigned bits)
{
    size_t bytes = ((size_t)1 << bits) * sizeof(struct live_block);
    void *slots;
    if (bytes < HUGE_PAGE)
        return xcalloc(1, bytes);
    if (posix_memalign(&slots, HUGE_PAGE, bytes) != 0)
        return xcalloc(1, bytes);
    madvise(slots, bytes & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
    return memset(slots, 0, bytes);
}

static void allocate(struct live_map *map, unsigned bits)
{
    map->slots = zeroed_slots(bits);
    map->mask = ((uint64_t)1 << bits) - 1;
    map->shift = 64 - bits;
}

void live_init(struct live_map *map)
{
    *map = (struct live_map){0};
    allocate(map, 12);
}

void live_release(struct live_map *map)
{
    free(map->slots);
    free(map->births);
    *map = (struct live_map){0};
}

void live_reserve(struct live_map *map, uint64_t n)
{
    unsigned bits = 64 - map->shift;
    while (n > (UINT64_C(1) << bits) / 4)
        bits++;
    free(map->slots);
    allocate(map, bits);
}

void live_copy(struct live_map *to, const struct live_map *from)
{
    *to = *from;
    to->slots = xmemdup(from->slots, (from->mask + 1) * sizeof *from->slots);
    to->births = NULL;
}

void live_keep_births(struct live_map *map)
{
    if (!map->births)
        map->births = xcalloc(map->mask + 1, sizeof *map->births);
}

void live_grow(struct live_map *map)
{
    struct live_map old = *map;
    unsigned bits = 64 - old.shift;
    map->n = map->used = 0;
    map->births = NULL;
    allocate(map, old.n > old.mask / 6 ? bits + 1 : bits);
    if (old.births)
        live_keep_births(map);
    for (uint64_t i = 0; i <= old.mask; i++)
        if (live_is_block(&old.slots[i]))
            live_put(map, old.slots[i], live_birth(&old, i));
    free(old.slots);
    free(old.births);
}
