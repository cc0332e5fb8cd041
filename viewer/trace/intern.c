#include "intern.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

void intern_release(struct intern *intern)
{
    free(intern->slots);
    free(intern->starts);
    buffer_release(&intern->bytes);
    *intern = (struct intern){0};
}

/* FNV-1a, its high half folded in */
static uint32_t hash_bytes(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(hash ^ hash >> 32);
}

static void place(struct intern *intern, struct intern_slot slot)
{
    size_t at = slot.hash & (intern->n_slots - 1);
    while (intern->slots[at].reference)
        at = (at + 1) & (intern->n_slots - 1);
    intern->slots[at] = slot;
}

static void grow(struct intern *intern)
{
    struct intern_slot *old = intern->slots;
    size_t n_old = intern->n_slots;
    intern->n_slots = n_old ? 2 * n_old : 1024;
    intern->slots = xcalloc(intern->n_slots, sizeof *intern->slots);
    for (size_t i = 0; i < n_old; i++)
        if (old[i].reference)
            place(intern, old[i]);
    free(old);
}

static bool holds(const struct intern *intern, uint32_t reference, const char *text, size_t length)
{
    uint64_t start = intern->starts[reference - 1];
    return intern->starts[reference] - start == length && !memcmp(intern->bytes.data + start, text, length);
}

static uint32_t append(struct intern *intern, const char *text, size_t length)
{
    if (intern->n + 2 > intern->capacity) {
        intern->capacity = intern->capacity ? 2 * intern->capacity : 1024;
        intern->starts = xreallocarray(intern->starts, intern->capacity, sizeof *intern->starts);
    }
    intern->starts[intern->n] = intern->bytes.len;
    buffer_reserve(&intern->bytes, length + 1);             /* so that data is never NULL */
    buffer_put(&intern->bytes, text, length);
    intern->starts[++intern->n] = intern->bytes.len;
    return intern->n;
}

uint32_t intern_string(struct intern *intern, const char *text, size_t length, bool *fresh)
{
    uint32_t hash = hash_bytes(text, length);
    if (2 * ((size_t)intern->n + 1) > intern->n_slots)
        grow(intern);
    for (size_t at = hash & (intern->n_slots - 1); intern->slots[at].reference; at = (at + 1) & (intern->n_slots - 1))
        if (intern->slots[at].hash == hash && holds(intern, intern->slots[at].reference, text, length)) {
            *fresh = false;
            return intern->slots[at].reference;
        }
    *fresh = true;
    struct intern_slot slot = {hash, append(intern, text, length)};
    place(intern, slot);
    return slot.reference;
}
