#include "target.h"

#include "../base/xalloc.h"
#include "collector.h"
#include "fold.h"
#include "visits.h"

#include <sys/mman.h>

#define PENDING_ONE (UINT64_C(1) << 32)   /* the value of a pending key: how many frees wait, above the round of the last */
#define PENDING_COLLECTED (UINT32_C(1) << 31)   /* in the round: one of the frees was by the cyclic collector */

uint32_t target_add_thread(struct target *target, int32_t tid)
{
    struct target_thread thread = {.tid = tid};
    struct trace_thread record = {.process = target->trace, .tid = tid, .start_ns = target->accounts.now_ns, .name = ""};
    thread.root = trie_root(&target->trie, target->threads.n);
    thread.trace = trace_write_thread(target->collector->writer, &record);
    vec_push(&target->threads, thread);
    return (uint32_t)target->threads.n - 1;
}

uint32_t target_site(struct target *target, uint32_t node, enum account_domain domain)
{
    struct trie_node *entry = &target->trie.nodes.items[node];
    if (entry->site == TRIE_NONE)
        entry->site = accounts_add_site(&target->accounts, node, domain);
    return entry->site;
}

uint32_t target_object_site(struct target *target, uint32_t node)
{
    uint32_t site = target->trie.nodes.items[node].object_site;
    if (site == TRIE_NONE) {
        site = target_site(target, trie_child(&target->trie, node, FOLD_PC_OBJECT), DOMAIN_HEAP);
        target->trie.nodes.items[node].object_site = site;
    }
    return site;
}

void target_add_pending(struct target *target, uint64_t key, bool collected)
{
    uint64_t *value = map_put(&target->pending, key, NULL);
    *value = (*value & (~(PENDING_ONE - 1) | PENDING_COLLECTED)) + PENDING_ONE;
    *value |= (target->collector->round & ~PENDING_COLLECTED) | (collected ? PENDING_COLLECTED : 0);
}

bool target_free_pending(struct target *target, const struct live_block *block)
{
    uint64_t *value = map_get(&target->pending, block->key);
    if (!value)
        return false;
    account_free(&target->accounts, block->site, block->bytes, 1);
    if (target->ignored.n)
        map_remove(&target->ignored, block->key);
    if (*value & PENDING_COLLECTED)
        account_collected(&target->accounts, block->site, block->bytes);
    *value = (*value & ~(uint64_t)PENDING_COLLECTED) - PENDING_ONE;
    if (*value < PENDING_ONE)
        map_remove(&target->pending, block->key);
    return true;
}

static void settle_held(struct target *target)
{
    struct live_block block;
    for (uint32_t i = 0; i < target->lanes_used; i++) {
        struct lane *lane = &target->lanes[i];
        block = lane->held;
        lane->held.key = 0;
        if (!block.key)
            continue;
        if (!target->pending.n || !target_free_pending(target, &block))
            live_put(&target->live, block, lane->held_birth);
    }
}

void target_settle(struct target *target, bool at_end)
{
    VEC(uint64_t) stale = {0};
    size_t cursor = 0;
    struct map_slot *slot;
    settle_held(target);
    while (target->pending.n && (slot = map_next(&target->pending, &cursor)))
        if (at_end || ((uint32_t)slot->value & ~PENDING_COLLECTED) < target->empty_round) {
            vec_push(&stale, slot->key);
            target->unmatched += slot->value / PENDING_ONE;
        }
    for (size_t i = 0; i < stale.n; i++)
        map_remove(&target->pending, stale.items[i]);
    vec_release(&stale);
}

bool target_take_fork_point(struct target *parent, uint64_t token, struct live_map *live)
{
    for (size_t i = 0; i < parent->fork_points.n; i++) {
        if (parent->fork_points.items[i].token != token)
            continue;
        *live = parent->fork_points.items[i].live;
        parent->fork_points.items[i] = vec_last(&parent->fork_points);
        parent->fork_points.n--;
        return true;
    }
    return false;
}

/* The child's node for a node of the parent: the same path under the child's pseudo thread. `known`: parent's node + 1 -> child's node. */
static uint32_t translate(struct target *child, const struct target *parent, struct map *known, uint32_t node)
{
    uint64_t *found = map_get(known, (uint64_t)node + 1);
    if (found)
        return (uint32_t)*found;
    const struct trie_node *entry = &parent->trie.nodes.items[node];
    uint32_t up = entry->parent == TRIE_NONE ? child->threads.items[0].root : translate(child, parent, known, entry->parent);
    uint32_t mine = entry->parent == TRIE_NONE ? up : trie_child(&child->trie, up, entry->pc);
    *map_put(known, (uint64_t)node + 1, NULL) = mine;
    return mine;
}

void target_set_python(struct target *target, uint32_t version, enum trace_python_state state, const char *reason)
{
    free(target->python_reason);
    target->has_python = true;
    target->python_version = version;
    target->python_state = state;
    target->python_reason = xstrdup(reason);
}

static void inherit_ignored(struct target *child, const struct target *parent)
{
    size_t cursor = 0;
    const struct map_slot *slot;
    while ((slot = map_next(&parent->ignored, &cursor)))
        map_put(&child->ignored, slot->key, NULL);
    child->has_extras |= child->ignored.n > 0;
}

void target_inherit(struct target *child, const struct target *parent, const struct live_map *live)
{
    struct map known = {0};
    live_reserve(&child->live, live->n);
    for (uint64_t i = 0; i <= live->mask; i++) {
        struct live_block block = live->slots[i];
        if (!live_is_block(&block))
            continue;
        uint32_t node = translate(child, parent, &known, parent->accounts.rare.items[block.site].node);
        block.site = target_site(child, node, DOMAIN_HEAP);
        account_inherit(&child->accounts, block.site, block.bytes);
        live_put(&child->live, block, 0);
    }
    for (size_t i = 0; i < parent->mappings.pieces.n; i++) {
        struct mapping_piece piece = parent->mappings.pieces.items[i];
        uint32_t site = parent->mappings.groups.items[piece.group].site;
        uint32_t node = translate(child, parent, &known, parent->accounts.rare.items[site].node);
        uint32_t mine = target_site(child, node, (enum account_domain)parent->accounts.sites.items[site].domain);
        account_inherit(&child->accounts, mine, piece.end - piece.start);
        mappings_add(&child->mappings, piece.start, piece.end, mine, child->trie.nodes.items[node].parent, piece.class);
    }
    for (size_t i = 0; i < parent->modules.n; i++)
        if (!parent->modules.items[i].gone)
            vec_push(&child->modules, parent->modules.items[i]);
    inherit_ignored(child, parent);
    codes_inherit(&child->codes, &parent->codes);
    watch_inherit(child, parent);
    if (parent->follows_python)
        visits_begin(child);
    if (parent->has_python && !child->has_python)
        target_set_python(child, parent->python_version, parent->python_state, parent->python_reason);
    map_release(&known);
}

void target_release(struct target *target)
{
    if (target->segment)
        munmap(target->segment, target->segment_bytes);
    for (uint32_t i = 0; target->lanes && i < target->rings; i++) {
        vec_release(&target->lanes[i].path);
        free(target->lanes[i].pcs);
        free(target->lanes[i].since);
        vec_release(&target->lanes[i].watched);
        vec_release(&target->lanes[i].code.bytes);
        vec_release(&target->lanes[i].source.bytes);
    }
    free(target->lanes);
    free(target->exec_path);
    trie_release(&target->trie);
    stack_cache_release(&target->stacks);
    accounts_release(&target->accounts);
    live_release(&target->live);
    map_release(&target->pending);
    map_release(&target->ignored);
    mappings_release(&target->mappings);
    vec_release(&target->changes);
    for (size_t i = 0; i < target->threads.n; i++)
        free(target->threads.items[i].name);
    vec_release(&target->threads);
    vec_release(&target->modules);
    map_release(&target->frames);
    codes_release(&target->codes);
    watch_release(&target->watch);
    free(target->python_reason);
    for (size_t i = 0; i < target->fork_points.n; i++)
        live_release(&target->fork_points.items[i].live);
    vec_release(&target->fork_points);
    free(target);
}
