#include "visits.h"

#define OLD (UINT32_C(1) << 30)   /* stacks; visits that began longer ago are held to have begun then */

void visits_begin(struct target *target)
{
    if (target->follows_python)
        return;
    target->follows_python = target->has_extras = true;
    live_keep_births(&target->live);
    for (uint32_t i = 0; i < target->rings; i++)
        if (target->lanes[i].since)
            memset(target->lanes[i].since, 0, target->lanes[i].pcs_room * sizeof *target->lanes[i].since);
}

uint32_t visits_line(struct target *target, uint32_t node)
{
    struct trie_node *entry = &target->trie.nodes.items[node];
    if (entry->line == TRIE_NONE)
        entry->line = codes_resolve(target, entry->pc).line;
    return entry->line;
}

/* Unknown lines are not the same: of a frame that has none, nothing is known. */
static bool same_line(struct target *target, uint32_t a, uint32_t b)
{
    if (a == b)
        return true;
    if (!visits_is_python(target, a) || !visits_is_python(target, b))
        return false;
    if (hl_frame_code(target->trie.nodes.items[a].pc) != hl_frame_code(target->trie.nodes.items[b].pc))
        return false;
    uint32_t line = visits_line(target, a);
    return line && line == visits_line(target, b);
}

uint32_t visits_before(const struct lane *lane, uint32_t low) { return low + 1 < lane->path.n ? lane->path.items[low + 1] : TRIE_NONE; }

static void bring_forward(struct lane *lane, uint32_t n)
{
    for (uint32_t i = 0; i < n && lane->clock - lane->since[i] > OLD; i++)
        lane->since[i] = lane->clock - OLD;
}

void visits_follow(struct target *target, struct lane *lane, uint32_t low, uint32_t before)
{
    uint32_t depth = (uint32_t)lane->path.n - 1, clock = ++lane->clock;
    if (__builtin_expect(clock % OLD == 0, 0))
        bring_forward(lane, low);
    if (low < depth && before != TRIE_NONE && visits_is_python(target, before) && same_line(target, before, lane->path.items[low + 1]))
        low++;
    for (uint32_t i = low; i < depth; i++)
        lane->since[i] = clock;
}

uint64_t visits_birth(const struct target *target, const struct lane *lane)
{
    return (uint64_t)(lane - target->lanes + 1) << 32 | lane->clock;
}

void visits_count(struct target *target, const struct lane *lane, const struct live_block *block, uint64_t birth)
{
    uint32_t low = 0, high = (uint32_t)lane->path.n - 1;
    if (birth >> 32 != (uint64_t)(lane - target->lanes + 1))
        return;
    while (low < high) {                     /* the outermost frame whose visit began behind the birth */
        uint32_t middle = low + (high - low) / 2;
        if ((int32_t)((uint32_t)birth - lane->since[middle]) >= 0)
            low = middle + 1;
        else
            high = middle;
    }
    while (low && !visits_is_python(target, lane->path.items[low]))
        low--;
    if (low)
        account_transient(&target->accounts, target_site(target, lane->path.items[low], DOMAIN_HEAP), block->bytes);
}
