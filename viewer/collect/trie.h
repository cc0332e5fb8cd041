/* The call stacks of one process as the rings spell them: a trie of raw return addresses, one root a thread.
 *
 * A node may be a site: its counters live in accounts.h. One thread only. The last child of each node is tried before the hash.
 */
#ifndef HEAPLINE_COLLECT_TRIE_H
#define HEAPLINE_COLLECT_TRIE_H

#include "../base/vec.h"

#include <stdint.h>

#define TRIE_NONE UINT32_MAX

struct trie_node {
    uint64_t pc;                  /* raw return address; of a root: index of the thread */
    uint32_t parent;              /* TRIE_NONE: a root */
    uint32_t last_child;          /* the child met last, or TRIE_NONE */
    uint32_t site;                /* index into accounts, or TRIE_NONE */
    uint32_t stack;               /* id in the trace, 0: not written yet */
    uint32_t object_site;         /* of blocks from Python's allocators, or TRIE_NONE */
    uint32_t line;                /* of a Python frame; TRIE_NONE: not looked up */
};

struct trie {
    VEC(struct trie_node) nodes;
    uint32_t *slots;              /* hash of (parent, pc); TRIE_NONE: free */
    uint32_t mask, used;
};

void trie_init(struct trie *trie);
void trie_release(struct trie *trie);
uint32_t trie_root(struct trie *trie, uint64_t tag);

/* The child of `parent` for `pc` when it was not the last one met: looked up or made. */
uint32_t trie_child_slow(struct trie *trie, uint32_t parent, uint64_t pc);

static inline uint32_t trie_child(struct trie *trie, uint32_t parent, uint64_t pc)
{
    uint32_t last = trie->nodes.items[parent].last_child;
    if (__builtin_expect(last != TRIE_NONE && trie->nodes.items[last].pc == pc, 1))
        return last;
    return trie_child_slow(trie, parent, pc);
}

/* Nodes whose pc lies in [start, end) answer no look-up any more: the code there is gone, other code may come. */
void trie_retire(struct trie *trie, uint64_t start, uint64_t end);

#endif
