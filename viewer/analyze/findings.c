#include "findings.h"

#include "../base/xalloc.h"

const char *const gate_outcome_names[] = { "pass", "fail", "could not check", NULL };

const char *const gate_rule_names[] = { "lost", "live", "peak", "allocations", "growth", "baseline", "target", "check", NULL };

const char *const gate_rule_titles[] = {
    [RULE_LOST] = "Memory that nothing leads to any more",
    [RULE_LIVE] = "Memory still held at the end",
    [RULE_PEAK] = "Memory held at the peak",
    [RULE_ALLOCATIONS] = "Number of allocations",
    [RULE_GROWTH] = "Memory that grows with every iteration",
    [RULE_BASELINE] = "More memory than in the baseline",
    [RULE_TARGET] = "The program itself failed",
    [RULE_CHECK] = "Something could not be checked",
    NULL,
};

const char *const gate_rule_help[] = {
    [RULE_LOST] = "No global, stack, register or other block leads to these blocks any more, so the program cannot free them. "
                  "Free them before the last pointer goes, or let a longer-lived object own them; what is meant to stay can be "
                  "suppressed.",
    [RULE_LIVE] = "More memory was still held when the program ended than its budget allows. "
                  "\"heapline lines --by live\" on the trace shows which lines hold it.",
    [RULE_PEAK] = "The program held more memory at one moment than its budget allows. "
                  "\"heapline lines\" on the trace shows which lines held it at the peak.",
    [RULE_ALLOCATIONS] = "The program asked for memory more often than its budget allows. "
                         "\"heapline lines --by count\" on the trace shows who asks, \"--by temporary\" what is thrown away at "
                         "once.",
    [RULE_GROWTH] = "Memory allocated here grew from iteration to iteration after the warm-up and did not level off. "
                    "Look at what holds it: a cache without a bound, a list that is only added to, or blocks that are lost.",
    [RULE_BASELINE] = "The program holds more memory here than in the recording it is compared with, by more than is allowed. "
                      "\"heapline diff\" on both traces shows the change; when it is meant, record a new baseline.",
    [RULE_TARGET] = "The profiled program ended with an error or a signal of its own, so a good verdict on its memory would "
                    "mean little. Make it pass without heapline first.",
    [RULE_CHECK] = "A check could not be made, so it is neither passed nor failed. "
                   "The message names the reason; until it is removed the gate does not pass.",
    NULL,
};

static unsigned outcome_rank(const struct finding *finding)
{
    return finding->outcome == GATE_FAIL ? 0 : finding->outcome == GATE_UNCHECKED ? 1 : 2;
}

static unsigned rule_rank(const struct finding *finding)
{
    return finding->rule == RULE_TARGET ? 0 : (unsigned)finding->rule + 1;
}

static int compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    if (outcome_rank(x) != outcome_rank(y))
        return outcome_rank(x) < outcome_rank(y) ? -1 : 1;
    if (rule_rank(x) != rule_rank(y))
        return rule_rank(x) < rule_rank(y) ? -1 : 1;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    int order = compare_text(x->budget, y->budget);
    if (order == 0)
        order = compare_text(x->fingerprint, y->fingerprint);
    return order ? order : compare_text(x->message, y->message);
}

void findings_finish(struct findings *findings)
{
    if (findings->items.n == 0) {
        struct finding *nothing = vec_add(&findings->items);
        *nothing = (struct finding){ .rule = RULE_CHECK, .outcome = GATE_UNCHECKED, .budget = "nothing to check",
                                     .message = xstrdup("Nothing was checked: no budget was given."), .fingerprint = "" };
    }
    vec_sort(&findings->items, compare);
    findings->outcome = findings->items.items[0].outcome;
}

void findings_release(struct findings *findings)
{
    for (size_t i = 0; i < findings->items.n; i++)
        free(findings->items.items[i].message);
    vec_release(&findings->items);
    arena_release(&findings->texts);
    *findings = (struct findings){ 0 };
}
