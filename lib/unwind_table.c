#include "unwind_table.h"

_Atomic uint64_t hl_rule_table[HL_TABLE_SLOTS];
void (*hl_rule_new)(void);

/* Counts hl_rules_forget, so that a rule compiled before it and stored after it does not stay: the one who stores looks
 * again, and whichever of the two comes last in the order of the counter clears the slot. */
static _Atomic uint32_t rules_era;

static uint64_t rule_pack(uintptr_t pc)
{
    struct hl_rule rule;
    uint32_t packed;
    hl_rule_compile(pc, &rule);
    if (rule.kind < HL_RULE_SP || rule.kind > HL_RULE_DEREF)
        packed = rule.kind;
    else if (!hl_arch_pack(&rule, &packed))
        packed = HL_RULE_COMPLEX;
    return (uint64_t)packed << 32 | (uint32_t)(pc >> 16);
}

uint64_t hl_rule_fill(uintptr_t pc)
{
    uint32_t era = atomic_load(&rules_era);
    if (hl_rule_new)
        hl_rule_new();
    uint64_t word = rule_pack(pc);
    if (pc >> 48)    /* not an address of user space: the tag could not hold it, so it is not kept */
        return word;

    _Atomic uint64_t *slot = &hl_rule_table[(pc ^ pc >> 16) & (HL_TABLE_SLOTS - 1)];
    atomic_store(slot, word);
    if (atomic_load(&rules_era) != era)
        atomic_store(slot, 0);
    return word;
}

void hl_rules_forget(void)
{
    atomic_fetch_add(&rules_era, 1);
    for (size_t i = 0; i < HL_TABLE_SLOTS; i++)
        if (atomic_load_explicit(&hl_rule_table[i], memory_order_relaxed))    /* a write would make an untouched page resident */
            atomic_store_explicit(&hl_rule_table[i], 0, memory_order_relaxed);
}
