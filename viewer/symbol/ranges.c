#include "ranges.h"

void ranges_add(struct ranges *ranges, uint64_t low, uint64_t high, uint64_t value)
{
    if (low == 0 || low >= high)
        return;
    struct range range = { .low = low, .high = high, .value = value };
    vec_push(ranges, range);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare(const void *a, const void *b)
{
    const struct range *left = a, *right = b;
    int order = compare_numbers(left->low, right->low);
    if (order == 0)
        order = compare_numbers(right->high, left->high);
    return order ? order : compare_numbers(left->value, right->value);
}

void ranges_sort(struct ranges *ranges)
{
    vec_sort(ranges, compare);
    uint64_t reach = 0;
    for (size_t i = 0; i < ranges->n; i++) {
        struct range *range = &ranges->items[i];
        if (range->high > reach)
            reach = range->high;
        range->reach = reach;
    }
}

size_t ranges_search(const struct ranges *ranges, uint64_t address)
{
    size_t begin = 0, end = ranges->n;
    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        if (ranges->items[middle].low <= address)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

const struct range *ranges_next(const struct ranges *ranges, uint64_t address, size_t *cursor)
{
    while (*cursor > 0) {
        const struct range *range = &ranges->items[--*cursor];
        if (range->high > address)
            return range;
        if (range->reach <= address)
            break;
    }
    *cursor = 0;
    return NULL;
}

const struct range *ranges_find(const struct ranges *ranges, uint64_t address)
{
    size_t cursor = ranges_search(ranges, address);
    return ranges_next(ranges, address, &cursor);
}
