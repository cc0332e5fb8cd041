/* The blocks of one snapshot, put together by how they are held and where they were allocated.
 *
 * First the LOST ones, so that rules can take them; then the INDIRECT ones, each with what happened to the LOST block that
 * leads to it; then the others. Groups of INDIRECT blocks are therefore apart by the rule that took their leaders. */
#include "leaks_parts.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

struct grouping {
    struct leaks_store *store;
    const struct trace_snapshot *snapshot;
    struct leaks_blocks *blocks;
    uint32_t id;                  /* of the snapshot */
    const bool *selected;         /* by site */
    struct map groups;            /* by stack, reach, number of the leaders' rule: index of the group */
    struct map rules;             /* rules that took leaders: their numbers, from 1 */
};

static const struct trace *trace_of(const struct grouping *grouping)
{
    return grouping->store->leaks.profile->trace;
}

static uint32_t stack_of(const struct grouping *grouping, const struct leaks_block *block)
{
    return grouping->store->alike[trace_of(grouping)->sites[block->site].stack];
}

/* What forked processes inherited */

static bool is_inherited(const struct grouping *grouping, const struct leaks_block *block)
{
    return trace_of(grouping)->threads[trace_of(grouping)->sites[block->site].thread].tid == 0;
}

/* Some process that the block was inherited from still lives. */
static bool has_living_owner(const struct grouping *grouping, const struct leaks_block *block)
{
    const struct trace *trace = trace_of(grouping);
    uint32_t p = grouping->snapshot->process;
    do {
        p = trace->processes[p].parent;
        if (p == TRACE_NONE || grouping->store->over_ns[p] >= grouping->snapshot->ns)
            return p != TRACE_NONE;
    } while (trace->processes[p].origin == TRACE_ORIGIN_FORK && block->born_ns < trace->processes[p].start_ns);
    return false;
}

/* The blocks of the process that this one was forked from, or NULL. */
static const struct leaks_blocks *parent_blocks(const struct grouping *grouping)
{
    uint32_t parent = trace_of(grouping)->processes[grouping->snapshot->process].parent;
    uint32_t index = parent == TRACE_NONE ? TRACE_NONE : grouping->store->snapshot_of[parent];
    return index == TRACE_NONE ? NULL : &grouping->store->snapshots.items[index].blocks;
}

/* Both are sorted by address: *at moves on. */
static bool judged_there(const struct grouping *grouping, const struct leaks_blocks *parent, size_t *at,
                         const struct leaks_block *block)
{
    while (parent && *at < parent->n && parent->items[*at].address < block->address)
        ++*at;
    const struct leaks_block *other = parent && *at < parent->n ? &parent->items[*at] : NULL;
    return other && other->address == block->address && other->bytes == block->bytes && other->reach == block->reach &&
           stack_of(grouping, other) == stack_of(grouping, block);
}

static void pass_inherited(struct grouping *grouping)
{
    const struct leaks_blocks *parent = parent_blocks(grouping);
    size_t at = 0;
    if (grouping->store->question.inherited || trace_of(grouping)->processes[grouping->snapshot->process].origin != TRACE_ORIGIN_FORK)
        return;
    for (size_t i = 0; i < grouping->blocks->n; i++) {
        struct leaks_block *block = &grouping->blocks->items[i];
        if (!is_inherited(grouping, block))
            continue;
        block->passed = has_living_owner(grouping, block) || judged_there(grouping, parent, &at, block);
        if (block->passed && grouping->selected[block->site]) {
            grouping->store->leaks.inherited_bytes += block->bytes;
            grouping->store->leaks.inherited_blocks++;
        }
    }
}

/* Groups */

static const char *fingerprint_of(struct leaks_store *store, uint32_t stack)
{
    bool added;
    uint64_t *slot = map_put(&store->fingerprints, stack, &added);
    if (added) {
        struct strbuf text = STRBUF_INIT;
        char *digits = arena_alloc(&store->texts, 17);
        identity_add(&text, store->leaks.profile, NULL, stack);
        identity_fingerprint(text.data, digits);
        strbuf_release(&text);
        *slot = (uint64_t)(uintptr_t)digits;
    }
    return (const char *)(uintptr_t)*slot;
}

/* All levels, innermost first: rules may name what reports leave out. */
static void collect_frames(struct leaks_store *store, uint32_t stack)
{
    const struct profile *profile = store->leaks.profile;
    const struct locations *locations = &profile->locations;
    vec_clear(&store->frames);
    for (uint32_t s = stack; s; s = profile->trace->stacks[s].parent) {
        uint32_t frame = profile->trace->stacks[s].frame;
        for (uint32_t i = locations->first[frame + 1]; i-- > locations->first[frame];) {
            const struct location *location = &locations->items[locations->levels[i]];
            const char *module = location->module == TRACE_NONE ? NULL : profile->trace->modules[location->module].path;
            if (location->rank != RANK_PSEUDO)
                vec_push(&store->frames, ((struct suppression_frame){ location->function, location->file, module,
                                                                      location->line }));
        }
    }
}

static struct suppression_rule *rule_for(struct leaks_store *store, const struct leaks_group *group)
{
    struct suppressions *suppressions = store->suppressions;
    if (suppressions_count(suppressions) == 0)
        return NULL;
    collect_frames(store, group->stack);
    struct suppression_subject subject = { group->reach, group->fingerprint, store->frames.items, store->frames.n };
    return suppressions_match(suppressions, &subject);
}

static uint64_t number_of(struct grouping *grouping, const struct suppression_rule *rule)
{
    bool added;
    uint64_t *number = rule ? map_put(&grouping->rules, (uint64_t)(uintptr_t)rule, &added) : NULL;
    if (number && added)
        *number = grouping->rules.n;
    return number ? *number : 0;
}

/* `rule` took the leaders of its blocks; NULL: it is to be asked for. */
static uint32_t group_for(struct grouping *grouping, enum trace_reach reach, uint32_t stack, struct suppression_rule *rule)
{
    struct leaks_store *store = grouping->store;
    bool added;
    uint64_t *slot = map_put(&grouping->groups, (uint64_t)stack | (uint64_t)reach << 32 | number_of(grouping, rule) << 35,
                             &added);
    if (!added)
        return (uint32_t)*slot;
    *slot = store->leaks.groups.n;
    struct leaks_group *group = vec_add(&store->leaks.groups);
    group->reach = reach;
    group->stack = stack;
    group->snapshot = grouping->id;
    group->first_ns = UINT64_MAX;
    group->fingerprint = fingerprint_of(store, stack);
    if (!rule)
        rule = rule_for(store, group);
    if (rule) {
        group->suppressed_by = rule->name;
        rule->groups++;
    }
    vec_push(&store->rules, rule);
    return (uint32_t)(store->leaks.groups.n - 1);
}

/* Blocks come in the order of addresses, so that of equal ones the first stays in front. */
static void keep_largest(struct leaks_group *group, const struct leaks_block *block)
{
    uint32_t at = group->n_largest;
    while (at > 0 && group->largest[at - 1].bytes < block->bytes)
        at--;
    if (at == LEAKS_LARGEST)
        return;
    group->n_largest += group->n_largest < LEAKS_LARGEST;
    memmove(&group->largest[at + 1], &group->largest[at], (group->n_largest - at - 1) * sizeof *group->largest);
    group->largest[at] = (struct leaks_address){ block->address, block->bytes };
}

static void add_block(struct leaks_store *store, uint32_t g, const struct leaks_block *block)
{
    struct leaks *leaks = &store->leaks;
    struct leaks_group *group = &leaks->groups.items[g];
    struct suppression_rule *rule = store->rules.items[g];
    group->bytes += block->bytes;
    group->blocks++;
    group->first_ns = block->born_ns < group->first_ns ? block->born_ns : group->first_ns;
    group->last_ns = block->born_ns > group->last_ns ? block->born_ns : group->last_ns;
    keep_largest(group, block);
    uint64_t *bytes = rule ? &leaks->suppressed_bytes : &leaks->bytes[group->reach];
    uint64_t *blocks = rule ? &leaks->suppressed_blocks : &leaks->blocks[group->reach];
    *bytes += block->bytes;
    *blocks += 1;
    if (rule) {
        rule->bytes += block->bytes;
        rule->blocks++;
    }
}

static bool is_shown(const struct grouping *grouping, const struct leaks_block *block)
{
    return !block->passed && grouping->selected[block->site];
}

static void group_lost(struct grouping *grouping)
{
    for (size_t i = 0; i < grouping->blocks->n; i++) {
        struct leaks_block *block = &grouping->blocks->items[i];
        if (block->reach != TRACE_REACH_LOST || !is_shown(grouping, block))
            continue;
        block->mark = group_for(grouping, TRACE_REACH_LOST, stack_of(grouping, block), NULL);
        add_block(grouping->store, block->mark, block);
    }
}

static void group_indirect(struct grouping *grouping)
{
    struct leaks_store *store = grouping->store;
    for (size_t i = 0; i < grouping->blocks->n; i++) {
        struct leaks_block *block = &grouping->blocks->items[i];
        if (block->reach != TRACE_REACH_INDIRECT)
            continue;
        const struct leaks_block *leader = block->mark == TRACE_NONE ? NULL : &grouping->blocks->items[block->mark];
        struct suppression_rule *rule = NULL;
        if (leader && leader->mark != TRACE_NONE) {
            store->leaks.groups.items[leader->mark].indirect_bytes += block->bytes;
            store->leaks.groups.items[leader->mark].indirect_blocks++;
            rule = store->rules.items[leader->mark];
        }
        if (is_shown(grouping, block) && !(leader && leader->passed))
            add_block(store, group_for(grouping, TRACE_REACH_INDIRECT, stack_of(grouping, block), rule), block);
    }
}

static void group_others(struct grouping *grouping)
{
    struct leaks *leaks = &grouping->store->leaks;
    for (size_t i = 0; i < grouping->blocks->n; i++) {
        const struct leaks_block *block = &grouping->blocks->items[i];
        if (!is_shown(grouping, block))
            continue;
        if (block->reach == TRACE_REACH_POSSIBLE || block->reach == TRACE_REACH_HELD)
            add_block(grouping->store, group_for(grouping, (enum trace_reach)block->reach, stack_of(grouping, block), NULL),
                      block);
        if (block->reach == TRACE_REACH_UNKNOWN) {
            leaks->bytes[TRACE_REACH_UNKNOWN] += block->bytes;
            leaks->blocks[TRACE_REACH_UNKNOWN]++;
        }
    }
}

void leaks_group_snapshot(struct leaks_store *store, uint32_t index)
{
    struct leaks_snapshot *snapshot = &store->snapshots.items[index];
    struct grouping grouping = {
        .store = store, .snapshot = &store->leaks.profile->trace->snapshots[snapshot->id], .blocks = &snapshot->blocks,
        .id = snapshot->id, .selected = store->leaks.profile->site_selected,
    };
    leaks_blocks_lead(grouping.blocks);
    pass_inherited(&grouping);
    group_lost(&grouping);
    group_indirect(&grouping);
    group_others(&grouping);
    map_release(&grouping.groups);
    map_release(&grouping.rules);
}
