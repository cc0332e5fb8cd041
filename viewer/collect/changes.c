#include "changes.h"

#include "collector.h"
#include "fold.h"

#include <stdlib.h>

/* Pseudo return addresses under which mappings hang in the trie, beside HL_FRAME_TRUNCATED. */
static uint64_t map_leaf(enum hl_map_class class)
{
    switch (class) {
    case HL_MAP_ANONYMOUS: return FOLD_PC_MAPPED;
    case HL_MAP_FILE: return FOLD_PC_FILE;
    case HL_MAP_ARENA: return FOLD_PC_ARENA;
    default: return FOLD_PC_RESERVED;
    }
}

static enum account_domain map_domain(enum hl_map_class class) { return class == HL_MAP_ANONYMOUS ? DOMAIN_MAPPED : DOMAIN_APART; }

#define CHANGES_MAX 4096                  /* that wait for one before them; the target's threads are fewer */
#define STUCK_NS UINT64_C(1000000000)     /* a change that has not come by then will not come */

static void map_gone(void *context, uint32_t site, uint64_t bytes, bool last)
{
    account_free(context, site, bytes, last);
}

static void map_came(struct target *target, uint64_t start, uint64_t length, uint32_t node, enum hl_map_class class)
{
    uint32_t leaf = trie_child(&target->trie, node, map_leaf(class));
    uint32_t site = target_site(target, leaf, map_domain(class));
    account_alloc(&target->accounts, site, length);
    mappings_add(&target->mappings, start, start + length, site, node, class);
}

/* Only what was reserved becomes usable, and only what was anonymous becomes reserved; files stay files. */
static void map_changes_class(struct target *target, uint64_t start, uint64_t end, enum hl_map_class class)
{
    enum hl_map_class from = class == HL_MAP_RESERVED ? HL_MAP_ANONYMOUS : HL_MAP_RESERVED;
    const struct mapping_piece *found;
    while (start < end && (found = mappings_find(&target->mappings, start, end))) {
        struct mapping_piece piece = *found;
        uint64_t low = piece.start > start ? piece.start : start, high = piece.end < end ? piece.end : end;
        if (piece.class == from) {
            mappings_remove(&target->mappings, low, high, map_gone, &target->accounts);
            map_came(target, low, high - low, piece.stack, class);
        }
        start = high;
    }
}

static uint64_t whole_pages(uint64_t length) { return (length + 4095) & ~UINT64_C(4095); }

#define ADDRESSES (UINT64_C(1) << 47)     /* bytes that a program can map at most */

static void apply_change(struct target *target, const struct map_change *change)
{
    uint64_t start = change->address, length = whole_pages(change->length);
    enum hl_map_class class = change->class;
    if (length > ADDRESSES || change->old_length > ADDRESSES || change->old_address > HL_RECORD_ADDRESS_MASK)
        return;
    switch (change->kind) {
    case HL_RECORD_REMAP:;
        const struct mapping_piece *old = mappings_find(&target->mappings, change->old_address, change->old_address + 1);
        class = old ? old->class : HL_MAP_ANONYMOUS;
        mappings_remove(&target->mappings, change->old_address, change->old_address + whole_pages(change->old_length), map_gone, &target->accounts);
        /* fall through */
    case HL_RECORD_MAP:
        mappings_remove(&target->mappings, start, start + length, map_gone, &target->accounts);
        if (length)
            map_came(target, start, length, change->node, class);
        return;
    case HL_RECORD_UNMAP:
        mappings_remove(&target->mappings, start, start + length, map_gone, &target->accounts);
        return;
    case HL_RECORD_PROTECT:
        map_changes_class(target, start, start + length, class);
        return;
    case HL_RECORD_BREAK: {
        uint32_t leaf = trie_child(&target->trie, change->node, FOLD_PC_BREAK);
        uint32_t site = target_site(target, leaf, DOMAIN_APART);
        int64_t growth = (int64_t)change->length;
        if (growth > 0)
            account_alloc(&target->accounts, site, (uint64_t)growth);
        return;
    }
    }
}

static void wait_turn(struct target *target, struct map_change change)
{
    vec_push(&target->changes, change);
    size_t i = target->changes.n - 1;
    for (; i && target->changes.items[i - 1].sequence > change.sequence; i--)
        target->changes.items[i] = target->changes.items[i - 1];
    target->changes.items[i] = change;
}

/* Applies the first `n` that wait. */
static void apply_changes(struct target *target, size_t n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n; i++) {
        const struct map_change *change = &target->changes.items[i];
        if (change->sequence >= target->next_sequence)
            target->next_sequence = change->sequence + 1;
        apply_change(target, change);
    }
    target->changes.n -= n;
    memmove(target->changes.items, target->changes.items + n, target->changes.n * sizeof *target->changes.items);
}

/* Changes take effect in the order of their sequence numbers, whatever ring they came through. One that others did not wait for any longer
 * takes effect at once. */
void changes_take(struct target *target, const struct map_change *change)
{
    if (change->sequence == target->next_sequence && target->changes.n == 0) {
        target->next_sequence++;
        apply_change(target, change);
        return;
    }
    wait_turn(target, *change);
    uint64_t next = target->next_sequence;
    size_t done = 0;
    for (; done < target->changes.n && target->changes.items[done].sequence <= next; done++)
        if (target->changes.items[done].sequence == next)
            next++;
    if (target->changes.n == CHANGES_MAX)
        done = CHANGES_MAX;
    apply_changes(target, done);
}

void changes_flush(struct target *target) { apply_changes(target, target->changes.n); }

/* Changes whose predecessors never came go on without them. */
void changes_mind_stuck(struct target *target)
{
    uint64_t now = target->collector->now_ns;
    if (target->changes.n && (target->dead || now - target->stuck_since > STUCK_NS))
        changes_flush(target);
    if (!target->changes.n)
        target->stuck_since = now;
}
