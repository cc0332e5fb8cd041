/* Long stretches of fresh frames that were met before: from the node they start at and their return addresses to the nodes they lead to, by one
 * comparison instead of a search a frame. Pays from about eight frames on. */
#ifndef HEAPLINE_COLLECT_STACK_CACHE_H
#define HEAPLINE_COLLECT_STACK_CACHE_H

#include "trie.h"

#include <stdbool.h>

#define STACK_CACHE_MIN 8u        /* fewer frames are searched for one by one */
#define STACK_CACHE_MAX 48u
#define STACK_CACHE_SLOTS 1024u

struct stack_cache_entry {
    uint32_t start, n;            /* node; frames, 0: free */
    uint32_t nodes[STACK_CACHE_MAX];
    uint64_t pcs[STACK_CACHE_MAX];
};

struct stack_cache {
    struct stack_cache_entry *entries;   /* NULL until the first use */
};

void stack_cache_release(struct stack_cache *cache);
void stack_cache_forget(struct stack_cache *cache);        /* the trie retired nodes */

/* The nodes for `n` frames (STACK_CACHE_MIN..STACK_CACHE_MAX) under `start`, all outermost first, into nodes[0..n). */
void stack_cache_follow(struct stack_cache *cache, struct trie *trie, uint32_t start, const uint64_t *pcs, uint32_t n, uint32_t *nodes);

#endif
