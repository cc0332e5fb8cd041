/* The mappings that a program made itself, piece by piece: partial unmaps split them, MAP_FIXED replaces, mremap moves. */
#ifndef HEAPLINE_COLLECT_MAPPINGS_H
#define HEAPLINE_COLLECT_MAPPINGS_H

#include "../../lib/wire/record.h"
#include "../base/vec.h"

#include <stdbool.h>

struct mapping_piece {
    uint64_t start, end;
    uint32_t group;               /* pieces of one mapping; its last one to go is its free */
    uint32_t stack;               /* trie node of the call */
    enum hl_map_class class;
};

struct mapping_group {
    uint32_t site, pieces;
};

struct mappings {
    VEC(struct mapping_piece) pieces;      /* sorted by start, disjoint */
    VEC(struct mapping_group) groups;
};

void mappings_release(struct mappings *mappings);

/* Called for each piece or part that goes; `last`: nothing of its mapping is left. */
typedef void mapping_gone_fn(void *context, uint32_t site, uint64_t bytes, bool last);

void mappings_add(struct mappings *mappings, uint64_t start, uint64_t end, uint32_t site, uint32_t stack, enum hl_map_class class);
void mappings_remove(struct mappings *mappings, uint64_t start, uint64_t end, mapping_gone_fn *gone, void *context);

/* The first piece that overlaps [start, end), or NULL. */
const struct mapping_piece *mappings_find(const struct mappings *mappings, uint64_t start, uint64_t end);

#endif
