/* Changes of a program's mappings, in the order in which they happened: mmap, munmap, mremap, mprotect, brk of all threads carry numbers of one
 * sequence, and each takes effect when all before it did, whatever ring it came through. */
#ifndef HEAPLINE_COLLECT_CHANGES_H
#define HEAPLINE_COLLECT_CHANGES_H

#include "target.h"

void changes_take(struct target *target, const struct map_change *change);

/* Changes whose predecessors did not come in time, or cannot come any more, take effect without them. */
void changes_mind_stuck(struct target *target);
void changes_flush(struct target *target);

#endif
