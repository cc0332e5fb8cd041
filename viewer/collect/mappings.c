#include "mappings.h"

void mappings_release(struct mappings *mappings)
{
    vec_release(&mappings->pieces);
    vec_release(&mappings->groups);
}

/* The first piece that ends behind `address`. */
static size_t first_behind(const struct mappings *mappings, uint64_t address)
{
    size_t low = 0, high = mappings->pieces.n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mappings->pieces.items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert(struct mappings *mappings, size_t at, struct mapping_piece piece)
{
    vec_push(&mappings->pieces, piece);
    struct mapping_piece *items = mappings->pieces.items;
    memmove(items + at + 1, items + at, (mappings->pieces.n - 1 - at) * sizeof *items);
    items[at] = piece;
}

void mappings_add(struct mappings *mappings, uint64_t start, uint64_t end, uint32_t site, uint32_t stack, enum hl_map_class class)
{
    struct mapping_group group = {site, 1};
    vec_push(&mappings->groups, group);
    struct mapping_piece piece = {start, end, (uint32_t)mappings->groups.n - 1, stack, class};
    insert(mappings, first_behind(mappings, start), piece);
}

void mappings_remove(struct mappings *mappings, uint64_t start, uint64_t end, mapping_gone_fn *gone, void *context)
{
    size_t i = first_behind(mappings, start), out = i;
    struct mapping_piece tail = {0};
    if (i == mappings->pieces.n)
        return;
    for (; i < mappings->pieces.n && mappings->pieces.items[i].start < end; i++) {
        struct mapping_piece piece = mappings->pieces.items[i];
        struct mapping_group *group = &mappings->groups.items[piece.group];
        uint64_t from = piece.start > start ? piece.start : start, to = piece.end < end ? piece.end : end;
        bool left = piece.start < from, right = piece.end > to;
        group->pieces += (uint32_t)left + right - 1;
        gone(context, group->site, to - from, group->pieces == 0);
        if (left) {
            mappings->pieces.items[out] = piece;
            mappings->pieces.items[out++].end = from;
        }
        if (right) {
            tail = piece;
            tail.start = to;
        }
    }
    if (tail.end && out < i) {
        mappings->pieces.items[out++] = tail;
        tail.end = 0;
    }
    memmove(mappings->pieces.items + out, mappings->pieces.items + i, (mappings->pieces.n - i) * sizeof *mappings->pieces.items);
    mappings->pieces.n -= i - out;
    if (tail.end)
        insert(mappings, out, tail);
}

const struct mapping_piece *mappings_find(const struct mappings *mappings, uint64_t start, uint64_t end)
{
    size_t i = first_behind(mappings, start);
    return i < mappings->pieces.n && mappings->pieces.items[i].start < end ? &mappings->pieces.items[i] : NULL;
}
