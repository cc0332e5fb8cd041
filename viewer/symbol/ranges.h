/* Address ranges with a value each, found by address. Ranges may nest and overlap. All zeroes is empty. */
#ifndef HEAPLINE_SYMBOL_RANGES_H
#define HEAPLINE_SYMBOL_RANGES_H

#include "../base/vec.h"

#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t low, high;             /* low <= address < high */
    uint64_t reach;                 /* largest `high` of this and all earlier ranges */
    uint64_t value;
};

struct ranges VEC_FIELDS(struct range);

/* Adds a range; empty ones are left out, and so are those at address 0, where linkers leave the code that they dropped. */
void ranges_add(struct ranges *ranges, uint64_t low, uint64_t high, uint64_t value);

/* To be called after the last ranges_add, before the first search. */
void ranges_sort(struct ranges *ranges);

/* Visits the ranges that hold `address`, the one that begins last first (of equal beginnings the shorter one, then the
 * larger value):
 *     size_t cursor = ranges_search(&ranges, address);
 *     while ((range = ranges_next(&ranges, address, &cursor))) */
size_t ranges_search(const struct ranges *ranges, uint64_t address);
const struct range *ranges_next(const struct ranges *ranges, uint64_t address, size_t *cursor);

/* The first of them, or NULL. */
const struct range *ranges_find(const struct ranges *ranges, uint64_t address);

#endif
