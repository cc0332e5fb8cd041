/* Budgets of lost blocks: what a snapshot says nothing leads to, with what only that leads to. */
#include "gate_parts.h"

#include "../base/format.h"
#include "../base/xalloc.h"

#include <inttypes.h>
#include <stdlib.h>

struct lost {
    struct gate *gate;
    const char *budget;
    uint64_t limit, bytes, blocks, groups;
    bool certain;                            /* some group is of a process that was seen as a whole */
};

/* The snapshot of its process missed something, so that what it calls lost may be held there. */
static bool is_certain(const struct gate *gate, const struct leaks_group *group)
{
    const struct trace_snapshot *snapshot = &gate->trace->snapshots[group->snapshot];
    const struct trace_losses *losses = &gate->trace->ends[snapshot->process].losses;
    return leaks_saw_all(snapshot) && !losses->events && !losses->damaged_records;
}

static bool is_taken(const struct leaks_group *group, const bool *stacks)
{
    return group->reach == TRACE_REACH_LOST && !group->suppressed_by && (!stacks || stacks[group->stack]);
}

static void add_group(struct lost *lost, const struct leaks_group *group)
{
    struct gate *gate = lost->gate;
    uint64_t bytes = group->bytes + group->indirect_bytes;
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "%s in %s block%s lost", format_bytes(group->bytes).text, format_count(group->blocks).text,
                  group->blocks == 1 ? " is" : "s are");
    if (group->indirect_bytes)
        strbuf_printf(&text, ", and %s in %s block%s that only they lead to", format_bytes(group->indirect_bytes).text,
                      format_count(group->indirect_blocks).text, group->indirect_blocks == 1 ? "" : "s");
    strbuf_add(&text, ": allocated by ");
    gate_add_owner(&text, gate, group->stack);
    strbuf_add(&text,
               is_certain(gate, group) ? "." : "; but the snapshot is incomplete, they may be held where it did not look.");
    struct finding *finding =
        gate_add(gate, RULE_LOST, is_certain(gate, group) ? GATE_FAIL : GATE_UNCHECKED, lost->budget, strbuf_detach(&text));
    gate_add_stack(gate, finding, group->stack);
    finding->fingerprint = arena_strdup(&gate->findings->texts, group->fingerprint);
    finding->value = bytes;
    finding->limit = lost->limit;
    finding->blocks = group->blocks + group->indirect_blocks;
}

/* Of several stacks the sum comes first: it is what the budget is about. */
static void add_sum(struct lost *lost, enum gate_outcome outcome)
{
    char *message =
        outcome == GATE_PASS
            ? xasprintf("%s are lost, within the budget of %s.", format_bytes(lost->bytes).text, format_bytes(lost->limit).text)
            : xasprintf("%s in %s blocks are lost, from %" PRIu64 " stacks; the budget is %s.", format_bytes(lost->bytes).text,
                        format_count(lost->blocks).text, lost->groups, format_bytes(lost->limit).text);
    struct finding *finding = gate_add(lost->gate, RULE_LOST, outcome, lost->budget, message);
    finding->value = lost->bytes;
    finding->limit = lost->limit;
    finding->blocks = lost->blocks;
}

static void add_unchecked(struct lost *lost, char *message)
{
    struct finding *finding = gate_add(lost->gate, RULE_LOST, GATE_UNCHECKED, lost->budget, message);
    finding->limit = lost->limit;
}

static void add_sentences(struct lost *lost, const struct leaks_sentences *sentences)
{
    for (size_t i = 0; i < sentences->n; i++)
        add_unchecked(lost, xstrdup(sentences->items[i]));
}

/* What was not seen can only make more of what is lost. */
static void add_reasons(struct lost *lost, bool over)
{
    const struct leaks *leaks = lost->gate->leaks;
    if (over)
        add_sentences(lost, &leaks->unseen);
    add_sentences(lost, &leaks->reasons);
}

/* INDIRECT blocks without a LOST one: the chain that leads to them is damaged. */
static void add_orphans(struct lost *lost)
{
    const struct leaks *leaks = lost->gate->leaks;
    if (leaks->blocks[TRACE_REACH_INDIRECT] && !leaks->blocks[TRACE_REACH_LOST])
        add_unchecked(lost, xasprintf("%s hang on lost blocks that the snapshot does not have.",
                                      format_bytes(leaks->bytes[TRACE_REACH_INDIRECT]).text));
}

static void add_up(struct lost *lost, const bool *stacks)
{
    const struct leaks *leaks = lost->gate->leaks;
    for (size_t i = 0; i < leaks->groups.n; i++) {
        const struct leaks_group *group = &leaks->groups.items[i];
        if (!is_taken(group, stacks))
            continue;
        lost->bytes += group->bytes + group->indirect_bytes;
        lost->blocks += group->blocks + group->indirect_blocks;
        lost->certain |= is_certain(lost->gate, group);
        lost->groups++;
    }
}

void gate_check_lost(struct gate *gate, const struct gate_part *part)
{
    const struct leaks *leaks = gate->leaks;
    const bool *stacks = gate_stacks_of(gate, part, LIMIT_LOST);
    struct lost lost = { .gate = gate,
                         .budget = gate_budget_name(gate, part, LIMIT_LOST),
                         .limit = part->budget->limits[LIMIT_LOST] };
    uint32_t named = 0;
    add_up(&lost, stacks);
    bool over = lost.bytes > lost.limit;
    if (over && lost.groups > 1)
        add_sum(&lost, lost.certain ? GATE_FAIL : GATE_UNCHECKED);
    for (size_t i = 0; over && i < leaks->groups.n && named < GATE_STACKS_MOST; i++)
        if (is_taken(&leaks->groups.items[i], stacks)) {
            add_group(&lost, &leaks->groups.items[i]);
            named++;
        }
    size_t before = gate->findings->items.n;
    add_reasons(&lost, over);
    add_orphans(&lost);
    if (!over && gate->findings->items.n == before)
        add_sum(&lost, GATE_PASS);
}
