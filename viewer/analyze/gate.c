#include "gate_parts.h"

#include "../base/format.h"
#include "../base/glob.h"
#include "../base/xalloc.h"
#include "lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static char *text_of(struct gate *gate, struct strbuf *text)
{
    char *copy = arena_strdup(&gate->findings->texts, text->data);
    strbuf_release(text);
    return copy;
}

const char *gate_budget_name(struct gate *gate, const struct gate_part *part, enum budget_limit limit)
{
    struct strbuf text = STRBUF_INIT;
    const char *kind = part->budget->scope == SCOPE_FUNCTION ? "" : budget_scope_names[part->budget->scope];
    strbuf_add(&text, budget_limit_names[limit]);
    if (part->budget->pattern)
        strbuf_printf(&text, " for %s%s%s", kind, *kind ? " " : "", part->budget->pattern);
    return text_of(gate, &text);
}

const bool *gate_stacks_of(const struct gate *gate, const struct gate_part *part, enum budget_limit limit)
{
    return part->budget->scope == SCOPE_RUN ? gate->left[limit] : part->stacks;
}

struct finding *gate_add(struct gate *gate, enum gate_rule rule, enum gate_outcome outcome, const char *budget, char *message)
{
    struct finding *finding = vec_add(&gate->findings->items);
    char *name = xasprintf("%s\n%s", gate_rule_names[rule], budget), fingerprint[17];
    identity_fingerprint(name, fingerprint);
    finding->rule = rule;
    finding->outcome = outcome;
    finding->budget = budget;
    finding->message = message;
    finding->fingerprint = arena_strdup(&gate->findings->texts, fingerprint);
    free(name);
    return finding;
}

/* A copy of the path below the root, or as it is: places go with the profile. */
static const char *relative(struct gate *gate, const char *path)
{
    const char *root = gate->question->root;
    size_t n = root ? strlen(root) : 0;
    if (!path)
        return NULL;
    bool below = n > 1 && strncmp(path, root, n) == 0 && path[n] == '/';
    return arena_strdup(&gate->findings->texts, below ? path + n + 1 : path);
}

static struct finding_frame frame_of(struct gate *gate, uint32_t id)
{
    const struct locations *locations = &gate->profile->locations;
    const struct location *location = &locations->items[id];
    struct strbuf name = STRBUF_INIT;
    location_add_name(&name, locations, id);
    return (struct finding_frame){ .function = text_of(gate, &name), .file = relative(gate, location->file),
                                   .module = location_module_name(locations, id), .line = location->line };
}

void gate_add_stack(struct gate *gate, struct finding *finding, uint32_t stack)
{
    struct level_list levels = { 0 };
    struct strbuf identity = STRBUF_INIT;
    char fingerprint[17];
    profile_levels(gate->profile, stack, &levels);
    if (levels.n == 0)
        return;
    struct finding_frame *frames = arena_zalloc(&gate->findings->texts, levels.n * sizeof *frames);
    finding->owner = (uint32_t)levels.n;
    for (size_t i = levels.n; i-- > 0;) {
        frames[i] = frame_of(gate, levels.items[i]);
        if (levels.items[i] == gate->owners[stack])
            finding->owner = (uint32_t)i;
    }
    finding->frames = frames;
    finding->n_frames = (uint32_t)levels.n;
    identity_add(&identity, gate->profile, NULL, stack);
    identity_fingerprint(identity.data, fingerprint);
    finding->fingerprint = arena_strdup(&gate->findings->texts, fingerprint);
    strbuf_release(&identity);
    vec_release(&levels);
}

void gate_add_owner(struct strbuf *out, const struct gate *gate, uint32_t stack)
{
    const struct locations *locations = &gate->profile->locations;
    uint32_t owner = gate->owners[stack];
    struct strbuf place = STRBUF_INIT;
    location_add_name(out, locations, owner);
    location_add_place(&place, locations, owner);
    if (place.length && place.data[0] == '(')
        strbuf_printf(out, " %s", place.data);
    else if (place.length)
        strbuf_printf(out, " (%s)", place.data);
    strbuf_release(&place);
}

/* The section in which the program that was started ended: behind the last exec. */
static uint32_t last_section(const struct trace *trace)
{
    uint32_t last = 0;
    for (uint32_t p = 1; p < trace->n_processes; p++)
        if (trace->processes[p].parent == last && trace->processes[p].origin == TRACE_ORIGIN_EXEC &&
            trace->processes[p].pid == trace->processes[last].pid)
            last = p;
    return last;
}

/* The program's own end. */
static void check_target(struct gate *gate)
{
    const struct trace *trace = gate->trace;
    const struct trace_process_end *end = &trace->ends[last_section(trace)];
    struct findings *findings = gate->findings;
    enum trace_exit_kind kind = end->ended ? end->exit.kind : TRACE_EXIT_UNKNOWN;
    struct strbuf text = STRBUF_INIT;
    if (kind == TRACE_EXIT_CODE && end->exit.value)
        strbuf_printf(&text, "ended with status %" PRId32, end->exit.value);
    else if (kind == TRACE_EXIT_SIGNAL)
        strbuf_printf(&text, "was killed by signal %" PRId32 " (%s)", end->exit.value, strsignal(end->exit.value));
    if (text.length) {
        findings->target_text = text_of(gate, &text);
        gate_add(gate, RULE_TARGET, GATE_FAIL, "exit status", xasprintf("The program %s.", findings->target_text));
    } else if (kind == TRACE_EXIT_CODE) {
        gate_add(gate, RULE_TARGET, GATE_PASS, "exit status", xstrdup("The program ended with status 0."));
    } else {
        const char *why =
            kind == TRACE_EXIT_RUNNING ? "it was still running when the recording stopped" : "the recording has no end of it";
        gate_add(gate, RULE_TARGET, GATE_UNCHECKED, "exit status", xasprintf("How the program ends is not known: %s.", why));
    }
}

static void check_losses(struct gate *gate, const struct trace_losses *losses, int32_t pid)
{
    char where[40] = "";
    if (pid)
        snprintf(where, sizeof where, " of process %" PRId32, pid);
    if (losses->events)
        gate_add(gate, RULE_CHECK, GATE_UNCHECKED, "recording",
                 xasprintf("%s events%s were dropped because the collector could not keep up, so no figure is certain; --on-full "
                           "wait loses none.",
                           format_count(losses->events).text, where));
    if (losses->damaged_records)
        gate_add(gate, RULE_CHECK, GATE_UNCHECKED, "recording",
                 xasprintf("%s records%s were damaged and are left out, so no figure is certain.",
                           format_count(losses->damaged_records).text, where));
}

/* Children that ran unseen; when one process was asked for, those that it could be. */
static void check_unprofiled(struct gate *gate)
{
    const char *process = gate->question->budgets->process;
    for (uint32_t i = 0; i < gate->trace->n_unprofiled; i++) {
        const struct trace_unprofiled *child = &gate->trace->unprofiled[i];
        if (!process || glob_match_path(process, child->path))
            gate_add(gate, RULE_CHECK, GATE_UNCHECKED, "recording",
                     xasprintf("%s ran without being recorded: %s The setting \"process\" can leave it out.", child->path,
                               child->reason));
    }
}

/* Whether the recording has everything that figures need. */
static void check_recording(struct gate *gate)
{
    const struct trace *trace = gate->trace;
    size_t before = gate->findings->items.n;
    if (!trace->complete)
        gate_add(gate, RULE_CHECK, GATE_UNCHECKED, "recording",
                 xasprintf("The trace is cut at byte %" PRIu64 "; what came later is missing.", trace->cut_offset));
    check_losses(gate, &trace->losses, 0);
    for (uint32_t p = 0; p < trace->n_processes; p++)
        if (gate->profile->processes[p].selected)
            check_losses(gate, &trace->ends[p].losses, trace->processes[p].pid);
    check_unprofiled(gate);
    if (gate->profile->n_selected == 0)
        gate_add(gate, RULE_CHECK, GATE_UNCHECKED, "recording",
                 trace->n_processes ? xasprintf("No process of the recording matches \"%s\".", gate->question->budgets->process)
                                    : xstrdup("No process was recorded."));
    else if (gate->findings->items.n == before)
        gate_add(gate, RULE_CHECK, GATE_PASS, "recording",
                 xasprintf("The recording is whole: %" PRIu32 " process%s, no event lost.", gate->profile->n_selected,
                           gate->profile->n_selected == 1 ? "" : "es"));
}

static struct selection selection_of(const struct gate *gate)
{
    return (struct selection){ .process = gate->question->budgets->process, .memory = gate->question->memory };
}

static bool *stacks_of(const struct profile *profile)
{
    bool *stacks = xcalloc(profile->trace->n_stacks, sizeof *stacks);
    for (uint32_t s = 0; s < profile->trace->n_sites; s++)
        if (profile->site_selected[s])
            stacks[profile->trace->sites[s].stack] = true;
    return stacks;
}

static int open_part(struct gate *gate, const struct budget *budget, struct trace_error *error)
{
    struct gate_part part = { .budget = budget, .profile = gate->profile };
    struct selection selection = selection_of(gate);
    struct patterns pattern = { &budget->pattern, 1 };
    struct patterns *places[SCOPES] = { NULL, &selection.functions, &selection.files, &selection.modules };
    if (places[budget->scope])
        *places[budget->scope] = pattern;
    if (budget->scope != SCOPE_RUN) {
        int status = profile_create(&part.profile, gate->trace, &selection, error);
        if (status < 0)
            return status;
        part.stacks = stacks_of(part.profile);
    }
    vec_push(&gate->parts, part);
    return 0;
}

/* A part's own budget of lost blocks or growth takes its stacks out of the run's. */
static void find_left(struct gate *gate, enum budget_limit limit)
{
    uint32_t n = gate->trace->n_stacks;
    for (size_t i = 0; i < gate->parts.n; i++) {
        const struct gate_part *part = &gate->parts.items[i];
        if (!part->stacks || part->budget->limits[limit] == LIMIT_NONE)
            continue;
        if (!gate->left[limit]) {
            gate->left[limit] = xmalloc(n * sizeof(bool));
            memset(gate->left[limit], true, n * sizeof(bool));
        }
        for (uint32_t s = 0; s < n; s++)
            gate->left[limit][s] &= !part->stacks[s];
    }
}

static int look_at_leaks(struct gate *gate, struct trace_error *error)
{
    const struct budgets *budgets = gate->question->budgets;
    struct leaks_question question = { .suppressions = gate->question->suppressions };
    bool paths = budgets_limit_any(budgets, LIMIT_GROWTH) && gate->trace->n_snapshots;
    if (!budgets_limit_any(budgets, LIMIT_LOST) && !paths)
        return 0;
    return leaks_create(&gate->leaks, gate->profile, &question, error);
}

static int look_at_growth(struct gate *gate, struct trace_error *error)
{
    const struct budgets *budgets = gate->question->budgets;
    struct growth_question question = { budgets->iterations ? budgets->iterations : GATE_ITERATIONS, budgets->every_ns };
    return budgets_limit_any(budgets, LIMIT_GROWTH) ? growth_create(&gate->growth, gate->profile, &question, error) : 0;
}

static int open_gate(struct gate *gate, struct trace_error *error)
{
    const struct budgets *budgets = gate->question->budgets;
    struct selection selection = selection_of(gate);
    int status = profile_create(&gate->profile, gate->trace, &selection, error);
    if (status < 0)
        return status;
    gate->owners = lines_owners(gate->profile, LINES_OWN);
    for (size_t i = 0; i < budgets->items.n && status == 0; i++)
        status = open_part(gate, &budgets->items.items[i], error);
    find_left(gate, LIMIT_LOST);
    find_left(gate, LIMIT_GROWTH);
    if (status == 0)
        status = look_at_leaks(gate, error);
    return status < 0 ? status : look_at_growth(gate, error);
}

static void close_gate(struct gate *gate)
{
    growth_destroy(gate->growth);
    leaks_destroy(gate->leaks);
    for (size_t i = 0; i < gate->parts.n; i++) {
        free(gate->parts.items[i].stacks);
        if (gate->parts.items[i].profile != gate->profile)
            profile_destroy(gate->parts.items[i].profile);
    }
    vec_release(&gate->parts);
    for (int limit = 0; limit < LIMITS; limit++)
        free(gate->left[limit]);
    free(gate->owners);
    profile_destroy(gate->profile);
}

static void check_all(struct gate *gate)
{
    const struct trace *trace = gate->trace;
    check_recording(gate);
    if (trace->n_processes == 0)
        return;
    check_target(gate);
    if (gate->profile->n_selected == 0)
        return;
    for (size_t i = 0; i < gate->parts.n; i++) {
        const struct gate_part *part = &gate->parts.items[i];
        gate_check_sums(gate, part);
        if (part->budget->limits[LIMIT_LOST] != LIMIT_NONE)
            gate_check_lost(gate, part);
        if (part->budget->limits[LIMIT_GROWTH] != LIMIT_NONE)
            gate_check_growth(gate, part);
    }
    if (gate->question->baseline)
        gate_check_baseline(gate);
}

int gate_check(struct findings *findings, struct trace *trace, const struct gate_question *question, struct trace_error *error)
{
    struct gate gate = { .findings = findings, .trace = trace, .question = question };
    findings->command = arena_strdup(&findings->texts, trace->run.command);
    findings->started_unix_ns = trace->run.unix_ns;
    findings->duration_ns = trace->end_ns;
    findings->root = question->root;
    int status = open_gate(&gate, error);
    if (status == 0)
        check_all(&gate);
    close_gate(&gate);
    return status;
}
