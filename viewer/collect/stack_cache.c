#include "stack_cache.h"

#include "../base/xalloc.h"

#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

void stack_cache_release(struct stack_cache *cache)
{
    free(cache->entries);
    cache->entries = NULL;
}

void stack_cache_forget(struct stack_cache *cache)
{
    for (uint32_t i = 0; cache->entries && i < STACK_CACHE_SLOTS; i++)
        cache->entries[i].n = 0;
}

/* Four sums side by side: a single chain of multiplications would take longer than the rest. */
static uint32_t slot_of(uint32_t start, const uint64_t *pcs, uint32_t n)
{
    uint64_t a = start, b = n, c = 0, d = 0;
    uint32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        a = (a ^ pcs[i]) * MULTIPLIER;
        b = (b ^ pcs[i + 1]) * MULTIPLIER;
        c = (c ^ pcs[i + 2]) * MULTIPLIER;
        d = (d ^ pcs[i + 3]) * MULTIPLIER;
    }
    for (; i < n; i++)
        a = (a ^ pcs[i]) * MULTIPLIER;
    a = (a ^ b >> 7 ^ c >> 13 ^ d >> 19) * MULTIPLIER;
    return (uint32_t)(a >> 40) & (STACK_CACHE_SLOTS - 1);
}

void stack_cache_follow(struct stack_cache *cache, struct trie *trie, uint32_t start, const uint64_t *pcs, uint32_t n, uint32_t *nodes)
{
    if (!cache->entries)
        cache->entries = xcalloc(STACK_CACHE_SLOTS, sizeof *cache->entries);
    struct stack_cache_entry *entry = &cache->entries[slot_of(start, pcs, n)];
    if (entry->n == n && entry->start == start && memcmp(entry->pcs, pcs, n * sizeof *pcs) == 0) {
        memcpy(nodes, entry->nodes, n * sizeof *nodes);
        return;
    }
    uint32_t node = start;
    for (uint32_t i = 0; i < n; i++)
        nodes[i] = node = trie_child(trie, node, pcs[i]);
    entry->start = start;
    entry->n = n;
    memcpy(entry->pcs, pcs, n * sizeof *pcs);
    memcpy(entry->nodes, nodes, n * sizeof *nodes);
}
