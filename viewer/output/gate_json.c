#include "gate_parts.h"
#include "json.h"

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static void add_figures(json_t *object, const struct finding *finding, enum gate_outcome outcome)
{
    const char *unit = gate_unit(finding->rule);
    bool measured = unit && finding->outcome != GATE_UNCHECKED;
    json_object_set_new(object, "rule", json_string(gate_rule_names[finding->rule]));
    json_object_set_new(object, "budget", json_text(finding->budget));
    json_object_set_new(object, "outcome", json_string(gate_outcome_names[outcome]));
    json_object_set_new(object, "value", measured ? number(finding->value) : json_null());
    json_object_set_new(object, "limit", unit ? number(finding->limit) : json_null());
    json_object_set_new(object, "unit", unit ? json_string(unit) : json_null());
}

static json_t *frame_object(const struct finding_frame *frame)
{
    json_t *object = json_object();
    json_object_set_new(object, "function", json_text(frame->function));
    json_object_set_new(object, "file", json_text(frame->file));
    json_object_set_new(object, "line", frame->line ? number(frame->line) : json_null());
    json_object_set_new(object, "module", json_text(frame->module));
    return object;
}

static json_t *finding_object(const struct finding *finding)
{
    json_t *object = json_object(), *stack = json_array();
    add_figures(object, finding, finding->outcome);
    for (uint32_t i = 0; i < finding->n_frames; i++)
        json_array_append_new(stack, frame_object(&finding->frames[i]));
    json_object_set_new(object, "message", json_text(finding->message));
    json_object_set_new(object, "blocks", number(finding->blocks));
    json_object_set_new(object, "fingerprint", json_text(finding->fingerprint));
    json_object_set_new(object, "stack", stack);
    json_object_set_new(object, "owner", finding->owner < finding->n_frames ? number(finding->owner) : json_null());
    json_object_set_new(object, "held_by", json_text(finding->path));
    return object;
}

static json_t *check_object(const struct gate_check *check)
{
    json_t *object = json_object();
    add_figures(object, check->first, check->outcome);
    json_object_set_new(object, "findings", number(check->findings.n));
    return object;
}

static json_t *program_object(const struct findings *findings)
{
    json_t *object = json_object();
    json_object_set_new(object, "command", json_text(findings->command));
    json_object_set_new(object, "failure", json_text(findings->target_text));
    json_object_set_new(object, "started_unix_s",
                        findings->started_unix_ns ? json_seconds(findings->started_unix_ns) : json_null());
    json_object_set_new(object, "duration_s", json_seconds(findings->duration_ns));
    return object;
}

int gate_write_json(FILE *out, const struct findings *findings)
{
    json_t *object = json_object(), *rows = json_array(), *items = json_array();
    struct gate_checks checks;
    gate_checks_init(&checks, findings);
    for (size_t i = 0; i < checks.n; i++)
        json_array_append_new(rows, check_object(&checks.items[i]));
    for (size_t i = 0; i < findings->items.n; i++)
        json_array_append_new(items, finding_object(&findings->items.items[i]));
    json_object_set_new(object, "schema", json_string("heapline-gate/1"));
    json_object_set_new(object, "outcome", json_string(gate_outcome_names[findings->outcome]));
    json_object_set_new(object, "exit_code", json_integer(gate_exit_code(findings->outcome)));
    json_object_set_new(object, "program", program_object(findings));
    json_object_set_new(object, "trace", json_text(findings->trace_path));
    json_object_set_new(object, "version", json_text(findings->version));
    json_object_set_new(object, "root", json_text(findings->root));
    json_object_set_new(object, "failed", number(gate_checks_count(&checks, GATE_FAIL)));
    json_object_set_new(object, "unchecked", number(gate_checks_count(&checks, GATE_UNCHECKED)));
    json_object_set_new(object, "passed", number(gate_checks_count(&checks, GATE_PASS)));
    json_object_set_new(object, "checks", rows);
    json_object_set_new(object, "findings", items);
    gate_checks_release(&checks);
    return json_finish(object, out);
}
