#include "vec.h"

#include "xalloc.h"

#include <stdint.h>

void *vec_grow(void *items, size_t n, size_t *capacity, size_t extra, size_t bytes)
{
    size_t wanted;
    if (__builtin_add_overflow(n, extra, &wanted))
        wanted = SIZE_MAX;
    if (wanted <= *capacity)
        return items;
    size_t doubled = *capacity > SIZE_MAX / 2 ? SIZE_MAX : 2 * *capacity;
    size_t room = wanted > doubled ? wanted : doubled;
    if (room < 8)
        room = 8;
    items = xreallocarray(items, room, bytes);
    *capacity = room;
    return items;
}
