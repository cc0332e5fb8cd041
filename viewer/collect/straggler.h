/* Forked children that have not recorded anything yet. They hold their parent's mapping of the board, and nothing else of ours: that is how they
 * are found, in /proc, before a recording ends. */
#ifndef HEAPLINE_COLLECT_STRAGGLER_H
#define HEAPLINE_COLLECT_STRAGGLER_H

#include <stdbool.h>

/* Does any process but this one map the memory file behind `board_fd`? */
bool straggler_exists(int board_fd);

#endif
