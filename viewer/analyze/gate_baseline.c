/* The comparison with a baseline, as a whole and group by group. */
#include "gate_parts.h"

#include "../base/format.h"
#include "../base/xalloc.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INCREASE_BY_DEFAULT 500          /* hundredths of a percent */
#define MIN_INCREASE_BY_DEFAULT 4096         /* bytes */

struct comparison {
    struct gate *gate;
    enum measure by;
    const char *budget;
    uint64_t max_increase, min_increase;
    uint64_t found;
};

static uint64_t allowed(const struct comparison *comparison, uint64_t before)
{
    double part = (double)before * (double)comparison->max_increase / 10000;
    uint64_t more = part < 0x1p62 ? (uint64_t)part : UINT64_C(1) << 62;
    if (more < comparison->min_increase)
        more = comparison->min_increase;
    return before > UINT64_MAX - more ? UINT64_MAX : before + more;
}

static struct format_text figure(const struct comparison *comparison, uint64_t value)
{
    return measure_is_bytes(comparison->by) ? format_bytes(value) : format_count(value);
}

/* "held at the peak", "allocations": the figure in front has the unit. */
static const char *meaning(enum measure by)
{
    static const char *const units[] = { "bytes ", "number of " };
    const char *text = measure_meanings[by];
    for (size_t i = 0; i < 2; i++)
        if (strncmp(text, units[i], strlen(units[i])) == 0)
            return text + strlen(units[i]);
    return text;
}

/* "1.2 MiB held at the peak, 300 KiB (33.3%) more than the baseline's 900 KiB" */
static void add_change(struct strbuf *out, const struct comparison *comparison, uint64_t before, uint64_t after)
{
    strbuf_printf(out, "%s %s, ", figure(comparison, after).text, meaning(comparison->by));
    if (before == 0)
        strbuf_add(out, "nothing in the baseline");
    else
        strbuf_printf(out, "%s (%s) %s than the baseline's %s",
                      figure(comparison, after > before ? after - before : before - after).text,
                      format_percent(after > before ? after - before : before - after, before).text,
                      after >= before ? "more" : "less", figure(comparison, before).text);
}

static struct finding *add(struct comparison *comparison, enum gate_outcome outcome, struct strbuf *text, uint64_t before,
                           uint64_t after)
{
    struct finding *finding = gate_add(comparison->gate, RULE_BASELINE, outcome, comparison->budget, strbuf_detach(text));
    finding->value = after;
    finding->limit = allowed(comparison, before);
    comparison->found++;
    return finding;
}

static void compare_total(struct comparison *comparison, const struct baseline *baseline)
{
    uint64_t before = costs_measure(&baseline->total, comparison->by),
             after = costs_measure(&comparison->gate->profile->total, comparison->by);
    struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "In all ");
    add_change(&text, comparison, before, after);
    if (after > allowed(comparison, before)) {
        strbuf_printf(&text, "; the limit is %s.", figure(comparison, allowed(comparison, before)).text);
        add(comparison, GATE_FAIL, &text, before, after);
    } else {
        strbuf_release(&text);
    }
}

struct increase { const struct baseline_group *group; uint64_t before, after; };

static int by_increase(const void *a, const void *b)
{
    const struct increase *x = a, *y = b;
    uint64_t more_x = x->after - x->before, more_y = y->after - y->before;
    return more_x != more_y ? (more_x < more_y) - (more_x > more_y) : x->group->stack < y->group->stack ? -1 : 1;
}

static void add_increase(struct comparison *comparison, const struct increase *increase)
{
    struct strbuf text = STRBUF_INIT;
    gate_add_owner(&text, comparison->gate, increase->group->stack);
    strbuf_add(&text, ": ");
    add_change(&text, comparison, increase->before, increase->after);
    strbuf_printf(&text, "; the limit is %s.", figure(comparison, allowed(comparison, increase->before)).text);
    struct finding *finding = add(comparison, GATE_FAIL, &text, increase->before, increase->after);
    gate_add_stack(comparison->gate, finding, increase->group->stack);
}

static void compare_groups(struct comparison *comparison, const struct baseline *baseline, const struct baseline *now)
{
    VEC(struct increase) increases = { 0 };
    for (size_t i = 0; i < now->groups.n; i++) {
        const struct baseline_group *group = &now->groups.items[i], *was = baseline_find(baseline, group->fingerprint);
        struct increase increase = { group, was ? costs_measure(&was->costs, comparison->by) : 0,
                                     costs_measure(&group->costs, comparison->by) };
        if (increase.after > allowed(comparison, increase.before))
            vec_push(&increases, increase);
    }
    vec_sort(&increases, by_increase);
    for (size_t i = 0; i < increases.n && i < GATE_STACKS_MOST; i++)
        add_increase(comparison, &increases.items[i]);
    vec_release(&increases);
}

static void compare(struct gate *gate, enum measure by, const struct baseline *now)
{
    const struct budgets *budgets = gate->question->budgets;
    struct comparison comparison = {
        .gate = gate, .by = by,
        .max_increase = budgets->max_increase != LIMIT_NONE ? budgets->max_increase : MAX_INCREASE_BY_DEFAULT,
        .min_increase = budgets->min_increase != LIMIT_NONE ? budgets->min_increase : MIN_INCREASE_BY_DEFAULT,
    };
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "baseline of %s", measure_names[by]);
    comparison.budget = arena_strdup(&gate->findings->texts, text.data);
    strbuf_release(&text);
    compare_total(&comparison, gate->question->baseline);
    compare_groups(&comparison, gate->question->baseline, now);
    if (comparison.found)
        return;
    uint64_t before = costs_measure(&gate->question->baseline->total, by), after = costs_measure(&gate->profile->total, by);
    strbuf_add(&text, "In all ");
    add_change(&text, &comparison, before, after);
    strbuf_add(&text, ", and no stack has more than is allowed.");
    add(&comparison, GATE_PASS, &text, before, after);
}

void gate_check_baseline(struct gate *gate)
{
    struct baseline *now = baseline_of(gate->profile, gate->owners);
    int by = gate->question->budgets->baseline_by;
    if (by >= 0) {
        compare(gate, (enum measure)by, now);
    } else {
        compare(gate, MEASURE_PEAK, now);
        compare(gate, MEASURE_LIVE, now);
    }
    baseline_destroy(now);
}
