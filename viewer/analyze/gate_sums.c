/* Budgets of what is added up: live bytes, the peak, allocations. */
#include "gate_parts.h"

#include "../base/format.h"
#include "../base/xalloc.h"

#include <stdlib.h>

struct sum { enum budget_limit limit; enum gate_rule rule; enum measure by; const char *what; };

static const struct sum sums[] = {
    { LIMIT_LIVE, RULE_LIVE, MEASURE_LIVE, "live at the end" },
    { LIMIT_PEAK, RULE_PEAK, MEASURE_PEAK, "held at the peak" },
    { LIMIT_ALLOCATIONS, RULE_ALLOCATIONS, MEASURE_COUNT, "made" },
};

/* The stack with most of it, or TRACE_NONE. */
static uint32_t heaviest(const struct profile *profile, enum measure by)
{
    uint32_t best = TRACE_NONE;
    uint64_t most = 0;
    for (uint32_t s = 0; s < profile->trace->n_stacks; s++) {
        uint64_t measure = costs_measure(&profile->stacks[s], by);
        if (measure > most) {
            most = measure;
            best = s;
        }
    }
    return best;
}

static void add_figure(struct strbuf *out, enum measure by, uint64_t value)
{
    if (measure_is_bytes(by))
        strbuf_printf(out, "%s", format_bytes(value).text);
    else
        strbuf_printf(out, "%s allocation%s", format_count(value).text, value == 1 ? "" : "s");
}

static uint64_t blocks_of(const struct costs *costs, enum measure by)
{
    return by == MEASURE_PEAK ? costs->peak_blocks : by == MEASURE_LIVE ? costs->live_blocks : 0;
}

static void check(struct gate *gate, const struct gate_part *part, const struct sum *sum)
{
    uint64_t value = costs_measure(&part->profile->total, sum->by), limit = part->budget->limits[sum->limit];
    bool over = value > limit;
    uint32_t stack = over ? heaviest(part->profile, sum->by) : TRACE_NONE;
    struct strbuf text = STRBUF_INIT;
    add_figure(&text, sum->by, value);
    strbuf_printf(&text, " %s %s, ", measure_is_bytes(sum->by) ? "are" : value == 1 ? "is" : "are", sum->what);
    if (over) {
        add_figure(&text, sum->by, value - limit);
        strbuf_add(&text, " more than the budget of ");
    } else {
        strbuf_add(&text, "within the budget of ");
    }
    add_figure(&text, sum->by, limit);
    if (stack != TRACE_NONE) {
        strbuf_add(&text, "; the largest part, ");
        add_figure(&text, sum->by, costs_measure(&part->profile->stacks[stack], sum->by));
        strbuf_add(&text, ", is from ");
        gate_add_owner(&text, gate, stack);
    }
    strbuf_add_char(&text, '.');
    const char *budget = gate_budget_name(gate, part, sum->limit);
    struct finding *finding = gate_add(gate, sum->rule, over ? GATE_FAIL : GATE_PASS, budget, strbuf_detach(&text));
    const char *fingerprint = finding->fingerprint;
    finding->value = value;
    finding->limit = limit;
    finding->blocks = blocks_of(&part->profile->total, sum->by);
    if (stack != TRACE_NONE)
        gate_add_stack(gate, finding, stack);
    finding->fingerprint = fingerprint;              /* the budget's: tomorrow another stack may be the largest */
}

void gate_check_sums(struct gate *gate, const struct gate_part *part)
{
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        if (part->budget->limits[sums[i].limit] != LIMIT_NONE)
            check(gate, part, &sums[i]);
}
