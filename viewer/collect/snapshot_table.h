/* The table that the collector and a marker share (lib/wire/snapshot.h): made by the collector, lent, taken back.
 *
 * It is the only copy of a snapshot's blocks, 32 bytes each. While it is lent, the marker can write anything into it, also where it has no business:
 * nothing is read from it then. When it is back, nobody else can write any more, and a keyed sum over all that the marker had to
 * leave alone says whether it did. From then on it is memory like any other.
 */
#ifndef HEAPLINE_COLLECT_SNAPSHOT_TABLE_H
#define HEAPLINE_COLLECT_SNAPSHOT_TABLE_H

#include "../../lib/wire/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot_table {
    int fd;                               /* -1: there is no table */
    size_t bytes;
    struct hl_snapshot *header;
    struct hl_snapshot_block *blocks;
    struct hl_snapshot_mapping *mappings;
    uint64_t n, n_mappings;               /* the caller counts up to what there is room for */
    uint64_t room, room_mappings;
    uint64_t key, sum;
    uint64_t *index;                      /* the start of every 16th block */
};

/* Makes room for so many blocks and mappings. 0 or -errno. */
int snapshot_table_make(struct snapshot_table *table, uint64_t blocks, uint64_t mappings);
void snapshot_table_release(struct snapshot_table *table);        /* a table that was never made must have fd -1 */

/* Sorts the blocks by address, in place. */
void snapshot_table_sort(struct hl_snapshot_block *blocks, uint64_t n);

/* Sorts the blocks, leaves out those that overlap the one before, completes the header. The table may be lent after this. Returns how
 * many overlapped. */
uint64_t snapshot_table_close(struct snapshot_table *table, uint64_t flags);

/* The table is back: waits for nobody. 0; -EBADMSG: what the marker had to leave alone is not what was lent; -errno. */
int snapshot_table_take_back(struct snapshot_table *table);

/* Is the address inside of a block? Blocks of no bytes hold their first. After snapshot_table_close. */
bool snapshot_table_holds(const struct snapshot_table *table, uint64_t address);

/* The same in two steps for `n` addresses at a time: their searches wait for memory together. */
void snapshot_table_seek(const struct snapshot_table *table, const uint64_t *addresses, uint64_t *places, size_t n);
bool snapshot_table_holds_at(const struct snapshot_table *table, uint64_t place, uint64_t address);

#endif
