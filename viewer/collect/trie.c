#include "trie.h"

#include "../base/xalloc.h"

#define FIRST_SLOTS 1024u

void trie_init(struct trie *trie)
{
    *trie = (struct trie){.mask = FIRST_SLOTS - 1};
    trie->slots = xmalloc(FIRST_SLOTS * sizeof *trie->slots);
    memset(trie->slots, 0xff, FIRST_SLOTS * sizeof *trie->slots);
}

void trie_release(struct trie *trie)
{
    vec_release(&trie->nodes);
    free(trie->slots);
    *trie = (struct trie){0};
}

static uint32_t slot_of(const struct trie *trie, uint32_t parent, uint64_t pc)
{
    uint64_t x = (pc ^ (uint64_t)parent << 32) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)((x ^ x >> 29) >> 16) & trie->mask;
}

static uint32_t add_node(struct trie *trie, uint32_t parent, uint64_t pc)
{
    struct trie_node node = {.pc = pc, .parent = parent, .last_child = TRIE_NONE, .site = TRIE_NONE, .object_site = TRIE_NONE, .line = TRIE_NONE};
    vec_push(&trie->nodes, node);
    return (uint32_t)trie->nodes.n - 1;
}

uint32_t trie_root(struct trie *trie, uint64_t tag) { return add_node(trie, TRIE_NONE, tag); }

static void insert_slot(struct trie *trie, uint32_t id)
{
    const struct trie_node *node = &trie->nodes.items[id];
    uint32_t i = slot_of(trie, node->parent, node->pc);
    while (trie->slots[i] != TRIE_NONE)
        i = (i + 1) & trie->mask;
    trie->slots[i] = id;
}

/* Makes the hash anew, `mask` + 1 slots wide, of the nodes that it holds. */
static void rehash(struct trie *trie, uint32_t mask)
{
    uint32_t *old = trie->slots, old_mask = trie->mask;
    trie->mask = mask;
    trie->slots = xmalloc(((size_t)mask + 1) * sizeof *trie->slots);
    memset(trie->slots, 0xff, ((size_t)mask + 1) * sizeof *trie->slots);
    for (uint32_t i = 0; i <= old_mask; i++)
        if (old[i] != TRIE_NONE)
            insert_slot(trie, old[i]);
    free(old);
}

uint32_t trie_child_slow(struct trie *trie, uint32_t parent, uint64_t pc)
{
    uint32_t i = slot_of(trie, parent, pc), id;
    for (; (id = trie->slots[i]) != TRIE_NONE; i = (i + 1) & trie->mask)
        if (trie->nodes.items[id].pc == pc && trie->nodes.items[id].parent == parent)
            break;
    if (id == TRIE_NONE) {
        id = add_node(trie, parent, pc);
        trie->slots[i] = id;
        if (++trie->used > trie->mask / 2)
            rehash(trie, trie->mask * 2 + 1);
    }
    trie->nodes.items[parent].last_child = id;
    return id;
}

void trie_retire(struct trie *trie, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i <= trie->mask; i++) {
        uint32_t id = trie->slots[i];
        if (id != TRIE_NONE && trie->nodes.items[id].pc >= start && trie->nodes.items[id].pc < end) {
            trie->slots[i] = TRIE_NONE;
            trie->used--;
        }
    }
    for (size_t k = 0; k < trie->nodes.n; k++)
        trie->nodes.items[k].last_child = TRIE_NONE;
    rehash(trie, trie->mask);            /* probing must not stop at the holes */
}
