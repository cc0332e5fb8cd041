/* How long the frames of a thread have been at their lines: to tell blocks that came and went while a frame of Python's stood on one
 * line.
 *
 * Each ring counts the stacks that it brought (clock). Beside each frame of its present stack stands the clock at which this *visit*
 * began: the frame came, or came to its line. When a stack differs from the one before from some frame inwards, the visit of that
 * frame goes on if it is a Python frame on the same line as before; all visits further in begin. So they begin later and later from
 * the outermost frame inwards, and a block that was born (a clock too) and is freed through the same ring was born within the visits
 * that had begun by then, and within no other. Clocks wrap after 2^32 stacks: differences count, and old visits are brought forward.
 */
#ifndef HEAPLINE_COLLECT_VISITS_H
#define HEAPLINE_COLLECT_VISITS_H

#include "target.h"

/* From now on visits and births are kept. */
void visits_begin(struct target *target);

/* The stack is about to change from frame `low` (0: the outermost) inwards: returns what visits_follow wants to know of it. */
uint32_t visits_before(const struct lane *lane, uint32_t low);

/* It changed. */
void visits_follow(struct target *target, struct lane *lane, uint32_t low, uint32_t before);

/* When and through which ring the block came that the ring just brought. Never 0. */
uint64_t visits_birth(const struct target *target, const struct lane *lane);

/* A block that was born then goes: counts it with the innermost Python frame that has not left its line meanwhile. */
void visits_count(struct target *target, const struct lane *lane, const struct live_block *block, uint64_t birth);

/* The line of a node's Python frame, 0: unknown. */
uint32_t visits_line(struct target *target, uint32_t node);

static inline bool visits_is_python(const struct target *target, uint32_t node)
{
    return target->trie.nodes.items[node].pc & HL_FRAME_PYTHON && target->trie.nodes.items[node].parent != TRIE_NONE;
}

#endif
