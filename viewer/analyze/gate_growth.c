/* Budgets of growth: which stacks hold more with every iteration, and who holds that. */
#include "gate_parts.h"

#include "../base/format.h"
#include "../base/xalloc.h"
#include "marks.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* "24 B", "1.5 KiB", "-0.3 B": slopes are seldom whole. */
static void add_slope(struct strbuf *out, double slope)
{
    if (fabs(slope) >= 1024)
        strbuf_printf(out, "%s%s", slope < 0 ? "-" : "", format_bytes((uint64_t)llround(fabs(slope))).text);
    else
        strbuf_printf(out, fabs(slope - round(slope)) < 0.05 ? "%.0f B" : "%.1f B", slope);
}

static uint64_t whole_bytes(double slope)
{
    return slope > 0 ? (uint64_t)llround(ceil(slope)) : 0;
}

static void add_unit(struct strbuf *out, const struct gate *gate)
{
    uint64_t every = gate->question->budgets->every_ns;
    if (every)
        strbuf_printf(out, "every %s", format_duration(every).text);
    else
        strbuf_add(out, "an iteration");
}

/* Calls on one line are one group there, and several stacks here. */
static bool is_alike(const struct gate *gate, uint32_t a, uint32_t b)
{
    struct level_list levels = { 0 }, others = { 0 };
    profile_levels(gate->profile, a, &levels);
    profile_levels(gate->profile, b, &others);
    bool alike = levels.n == others.n && levels.n && memcmp(levels.items, others.items, levels.n * sizeof *levels.items) == 0;
    vec_release(&levels);
    vec_release(&others);
    return a == b || alike;
}

/* The group of the snapshot that has most of what the stack still holds. */
static const struct leaks_group *held_group(const struct gate *gate, uint32_t process, uint32_t stack)
{
    const struct leaks_group *best = NULL;
    for (size_t i = 0; gate->leaks && i < gate->leaks->groups.n; i++) {
        const struct leaks_group *group = &gate->leaks->groups.items[i];
        if (gate->trace->snapshots[group->snapshot].process == process && (!best || group->bytes > best->bytes) &&
            gate->owners[group->stack] == gate->owners[stack] && is_alike(gate, group->stack, stack))
            best = group;
    }
    return best;
}

static const char *path_of(struct gate *gate, const struct leaks_group *group)
{
    struct leaks_path path = { 0 };
    struct strbuf text = STRBUF_INIT;
    const char *result = NULL;
    if (group->reach == TRACE_REACH_LOST)
        return "nothing: no pointer leads to these blocks any more";
    if (group->n_largest)
        leaks_path(gate->leaks, group, group->largest[0].address, &path);
    if (path.n)
        leaks_add_path(&text, gate->leaks, &path, gate->question->utf8);
    if (text.length)
        result = arena_strdup(&gate->findings->texts, text.data);
    strbuf_release(&text);
    vec_release(&path);
    return result;
}

static void add_found(struct gate *gate, const struct growth_found *found, const char *budget, uint64_t limit)
{
    struct strbuf text = STRBUF_INIT;
    if (found->stack == TRACE_NONE)
        strbuf_printf(&text, "All of process %" PRId32, gate->trace->processes[found->process].pid);
    else
        gate_add_owner(&text, gate, found->stack);
    strbuf_add(&text, " grows by ");
    add_slope(&text, found->trend.slope);
    strbuf_add_char(&text, ' ');
    add_unit(&text, gate);
    strbuf_add(&text, " (95 % interval: ");
    add_slope(&text, found->trend.low);
    strbuf_add(&text, " to ");
    add_slope(&text, found->trend.high);
    strbuf_printf(&text, ") over %" PRIu64 " iterations", found->iterations - found->warm_up);
    if (found->warm_up)
        strbuf_printf(&text, " after a warm-up of %" PRIu64, found->warm_up);
    strbuf_add(&text, found->stack == TRACE_NONE ? "; no single stack stands out." : ".");
    struct finding *finding = gate_add(gate, RULE_GROWTH, GATE_FAIL, budget, strbuf_detach(&text));
    finding->value = whole_bytes(found->trend.slope);
    finding->limit = limit;
    if (found->stack == TRACE_NONE)
        return;
    gate_add_stack(gate, finding, found->stack);
    const struct leaks_group *group = held_group(gate, found->process, found->stack);
    finding->blocks = group ? group->blocks : 0;
    finding->path = group ? path_of(gate, group) : NULL;
}

/* No process has enough iterations: says what there is instead. */
static void add_none(struct gate *gate, const char *budget, uint64_t limit)
{
    const struct budgets *budgets = gate->question->budgets;
    const char *label = budgets->iterations ? budgets->iterations : GATE_ITERATIONS;
    struct strbuf text = STRBUF_INIT, labels = STRBUF_INIT;
    marks_add_labels(&labels, gate->trace, false);
    if (gate->growth->most_iterations)
        strbuf_printf(&text, "There are %" PRIu64 " iterations, and %d are needed to tell growth from a warm-up.",
                      gate->growth->most_iterations, GROWTH_LEAST);
    else if (budgets->every_ns)
        strbuf_printf(&text, "The run is too short for intervals of %s; %d are needed.", format_duration(budgets->every_ns).text,
                      GROWTH_LEAST);
    else if (labels.length)
        strbuf_printf(&text, "The program marked no \"%s\"; it marked %s (--iterations names another label).", label,
                      labels.data);
    else
        strbuf_printf(&text, "The program marked no \"%s\": call heapline_mark(\"%s\") at the end of each, or take --every 1s.",
                      label, label);
    struct finding *finding = gate_add(gate, RULE_GROWTH, GATE_UNCHECKED, budget, strbuf_detach(&text));
    finding->limit = limit;
    strbuf_release(&labels);
}

static void add_passed(struct gate *gate, const char *budget, uint64_t limit, double fastest)
{
    uint64_t iterations = 0;
    struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < gate->growth->processes.n; i++)
        iterations += gate->growth->processes.items[i].iterations;
    if (fastest > 0) {
        strbuf_add(&text, "The fastest stack grows by ");
        add_slope(&text, fastest);
        strbuf_add_char(&text, ' ');
        add_unit(&text, gate);
        strbuf_printf(&text, ", within the budget, over %" PRIu64 " iterations.", iterations);
    } else {
        strbuf_printf(&text, "No stack grows over %" PRIu64 " iterations.", iterations);
    }
    struct finding *finding = gate_add(gate, RULE_GROWTH, GATE_PASS, budget, strbuf_detach(&text));
    finding->value = whole_bytes(fastest);
    finding->limit = limit;
}

void gate_check_growth(struct gate *gate, const struct gate_part *part)
{
    const char *budget = gate_budget_name(gate, part, LIMIT_GROWTH);
    uint64_t limit = part->budget->limits[LIMIT_GROWTH];
    struct growth_list found = { 0 };
    double fastest;
    if (gate->growth->processes.n == 0) {
        add_none(gate, budget, limit);
        return;
    }
    growth_judge(gate->growth, (double)limit, gate_stacks_of(gate, part, LIMIT_GROWTH), &found, &fastest);
    for (size_t i = 0; i < found.n && i < GATE_STACKS_MOST; i++)
        add_found(gate, &found.items[i], budget, limit);
    if (found.n == 0)
        add_passed(gate, budget, limit, fastest);
    vec_release(&found);
}
