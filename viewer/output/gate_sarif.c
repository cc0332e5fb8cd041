/* SARIF 2.1.0 (OASIS, with errata 01). Sections of it are named where they decide something. */
#include "gate_parts.h"
#include "json.h"

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* A message that stands for itself: braces doubled (3.11.5), and nothing in it a link (3.11.6), as "operator[](int)" would be. */
static json_t *message_object(const char *text)
{
    struct strbuf escaped = STRBUF_INIT;
    for (; *text; text++) {
        if (*text == '{' || *text == '}')
            strbuf_add_char(&escaped, *text);
        else if (*text == ']' && text[1] == '(')
            strbuf_add_char(&escaped, '\\');
        strbuf_add_char(&escaped, *text);
    }
    json_t *object = json_object();
    json_object_set_new(object, "text", json_text(escaped.data));
    strbuf_release(&escaped);
    return object;
}

static void add_artifact(json_t *physical, const char *path)
{
    const char *relative = gate_relative(path);
    struct strbuf uri = STRBUF_INIT;
    json_t *artifact = json_object();
    if (!relative && path[0] == '/')
        strbuf_add(&uri, "file://");
    gate_add_uri(&uri, relative ? relative : path);
    json_object_set_new(artifact, "uri", json_string(uri.data));
    if (path[0] != '/')
        json_object_set_new(artifact, "uriBaseId", json_string("%SRCROOT%"));
    json_object_set_new(physical, "artifactLocation", artifact);
    strbuf_release(&uri);
}

static json_t *physical_object(const char *path, uint32_t line)
{
    json_t *physical = json_object(), *region = json_object();
    add_artifact(physical, path);
    json_object_set_new(region, "startLine", number(line));
    if (line)
        json_object_set(physical, "region", region);
    json_decref(region);
    return physical;
}

static void add_function(json_t *location, const struct finding_frame *frame)
{
    if (!frame->function || !*frame->function)
        return;
    json_t *logical = json_object(), *array = json_array();
    json_object_set_new(logical, "fullyQualifiedName", json_text(frame->function));
    json_object_set_new(logical, "kind", json_string("function"));
    json_array_append_new(array, logical);
    json_object_set_new(location, "logicalLocations", array);
}

static json_t *frame_location(const struct finding_frame *frame)
{
    json_t *location = json_object();
    struct strbuf text = STRBUF_INIT;
    if (gate_frame_has_file(frame))
        json_object_set_new(location, "physicalLocation", physical_object(frame->file, frame->line));
    add_function(location, frame);
    gate_add_frame(&text, frame);
    json_object_set_new(location, "message", message_object(text.data));
    strbuf_release(&text);
    return location;
}

/* Code scanning refuses a result without a place: what is the program's as a whole is reported at its name. */
static json_t *locations_array(const struct findings *findings, const struct finding *finding)
{
    const struct finding_frame *place = gate_place(finding);
    json_t *array = json_array(), *location = json_object();
    struct strbuf program = STRBUF_INIT;
    if (!place)
        gate_add_program(&program, findings);
    json_object_set_new(location, "physicalLocation",
                        physical_object(place ? place->file : program.data, place && place->line ? place->line : 1));
    if (place)
        add_function(location, place);
    json_array_append_new(array, location);
    strbuf_release(&program);
    return array;
}

static json_t *stacks_array(const struct finding *finding)
{
    json_t *stacks = json_array(), *stack = json_object(), *frames = json_array();
    for (uint32_t i = 0; i < finding->n_frames; i++) {
        json_t *frame = json_object();
        json_object_set_new(frame, "location", frame_location(&finding->frames[i]));
        if (finding->frames[i].module)
            json_object_set_new(frame, "module", json_text(finding->frames[i].module));
        json_array_append_new(frames, frame);
    }
    json_object_set_new(stack, "message", message_object("allocated here"));
    json_object_set_new(stack, "frames", frames);
    json_array_append_new(stacks, stack);
    return stacks;
}

/* The same as steps from the outermost call inwards, which is what viewers show; NULL when fewer than two frames have a place. */
static json_t *flows_array(const struct finding *finding)
{
    json_t *steps = json_array(), *thread = json_object(), *threads = json_array(), *flow = json_object(), *flows = json_array();
    for (uint32_t i = finding->n_frames; i-- > 0;) {
        if (!gate_frame_has_file(&finding->frames[i]))
            continue;
        json_t *step = json_object();
        json_object_set_new(step, "location", frame_location(&finding->frames[i]));
        json_array_append_new(steps, step);
    }
    bool enough = json_array_size(steps) > 1;
    json_object_set_new(thread, "locations", steps);
    json_array_append_new(threads, thread);
    json_object_set_new(flow, "threadFlows", threads);
    json_array_append_new(flows, flow);
    if (!enough) {
        json_decref(flows);
        return NULL;
    }
    return flows;
}

static json_t *properties_object(const struct finding *finding)
{
    json_t *object = json_object();
    json_object_set_new(object, "budget", json_text(finding->budget));
    if (gate_unit(finding->rule)) {
        json_object_set_new(object, "value", number(finding->value));
        json_object_set_new(object, "limit", number(finding->limit));
        json_object_set_new(object, "unit", json_string(gate_unit(finding->rule)));
    }
    json_object_set_new(object, "blocks", number(finding->blocks));
    if (finding->path)
        json_object_set_new(object, "heldBy", json_text(finding->path));
    return object;
}

static json_t *fingerprints_object(const struct finding *finding, struct strmap *seen)
{
    struct strbuf text = STRBUF_INIT;
    json_t *object = json_object();
    gate_add_fingerprint(&text, finding, seen);
    json_object_set_new(object, "heaplineStack/v1", json_text(text.data));
    strbuf_release(&text);
    return object;
}

static json_t *result_object(const struct findings *findings, const struct finding *finding, struct strmap *seen)
{
    json_t *object = json_object();
    json_object_set_new(object, "ruleId", json_string(gate_rule_names[finding->rule]));
    json_object_set_new(object, "ruleIndex", number(finding->rule));
    json_object_set_new(object, "kind", json_string("fail"));
    json_object_set_new(object, "level", json_string("error"));
    json_object_set_new(object, "message", message_object(finding->message ? finding->message : gate_rule_titles[finding->rule]));
    json_object_set_new(object, "locations", locations_array(findings, finding));
    if (finding->n_frames) {
        json_t *flows = flows_array(finding);
        json_object_set_new(object, "stacks", stacks_array(finding));
        if (flows)
            json_object_set_new(object, "codeFlows", flows);
    }
    json_object_set_new(object, "partialFingerprints", fingerprints_object(finding, seen));
    json_object_set_new(object, "properties", properties_object(finding));
    return object;
}

static json_t *results_array(const struct findings *findings)
{
    json_t *results = json_array();
    struct strmap seen = { 0 };
    for (size_t i = 0; i < findings->items.n; i++)
        if (findings->items.items[i].outcome == GATE_FAIL)
            json_array_append_new(results, result_object(findings, &findings->items.items[i], &seen));
    strmap_release(&seen);
    return results;
}

static json_t *rule_object(enum gate_rule rule)
{
    json_t *object = json_object(), *configuration = json_object();
    json_object_set_new(object, "id", json_string(gate_rule_names[rule]));
    json_object_set_new(object, "shortDescription", message_object(gate_rule_titles[rule]));
    json_object_set_new(object, "fullDescription", message_object(gate_rule_help[rule]));
    json_object_set_new(object, "help", message_object(gate_rule_help[rule]));
    json_object_set_new(configuration, "level", json_string("error"));
    json_object_set_new(object, "defaultConfiguration", configuration);
    return object;
}

static json_t *tool_object(const struct findings *findings)
{
    json_t *tool = json_object(), *driver = json_object(), *rules = json_array();
    for (unsigned rule = 0; rule < RULES; rule++)
        json_array_append_new(rules, rule_object(rule));
    json_object_set_new(driver, "name", json_string("heapline"));
    if (findings->version)
        json_object_set_new(driver, "version", json_text(findings->version));
    json_object_set_new(driver, "rules", rules);
    json_object_set_new(tool, "driver", driver);
    return tool;
}

static json_t *notification_object(const struct finding *finding)
{
    json_t *object = json_object(), *descriptor = json_object(), *properties = json_object();
    json_object_set_new(descriptor, "id", json_string(gate_rule_names[finding->rule]));
    json_object_set_new(descriptor, "index", number(finding->rule));
    json_object_set_new(object, "associatedRule", descriptor);
    json_object_set_new(object, "level", json_string("error"));
    json_object_set_new(object, "message", message_object(finding->message ? finding->message : gate_rule_titles[finding->rule]));
    json_object_set_new(properties, "budget", json_text(finding->budget));
    json_object_set_new(object, "properties", properties);
    return object;
}

static json_t *invocations_array(const struct findings *findings)
{
    json_t *array = json_array(), *invocation = json_object(), *notifications = json_array();
    for (size_t i = 0; i < findings->items.n; i++)
        if (findings->items.items[i].outcome == GATE_UNCHECKED)
            json_array_append_new(notifications, notification_object(&findings->items.items[i]));
    bool complete = json_array_size(notifications) == 0;
    json_object_set_new(invocation, "executionSuccessful", json_boolean(complete));
    json_object_set_new(invocation, "exitCode", json_integer(gate_exit_code(findings->outcome)));
    json_object_set_new(invocation, "toolExecutionNotifications", notifications);
    json_array_append_new(array, invocation);
    return array;
}

/* The root has no address here: it is another one on every machine (3.14.14 allows that). */
static json_t *bases_object(void)
{
    json_t *object = json_object(), *root = json_object();
    json_object_set_new(root, "description", message_object("The root of the sources"));
    json_object_set_new(object, "%SRCROOT%", root);
    return object;
}

static json_t *run_object(const struct findings *findings)
{
    json_t *run = json_object(), *properties = json_object();
    json_object_set_new(run, "tool", tool_object(findings));
    json_object_set_new(run, "invocations", invocations_array(findings));
    json_object_set_new(run, "originalUriBaseIds", bases_object());
    json_object_set_new(run, "results", results_array(findings));
    json_object_set_new(properties, "outcome", json_string(gate_outcome_names[findings->outcome]));
    json_object_set_new(properties, "program", json_text(findings->command));
    json_object_set_new(properties, "programFailure", json_text(findings->target_text));
    json_object_set_new(properties, "trace", json_text(findings->trace_path));
    json_object_set_new(run, "properties", properties);
    return run;
}

int gate_write_sarif(FILE *out, const struct findings *findings)
{
    json_t *object = json_object(), *runs = json_array();
    json_array_append_new(runs, run_object(findings));
    json_object_set_new(object, "$schema", json_string(SCHEMA));
    json_object_set_new(object, "version", json_string("2.1.0"));
    json_object_set_new(object, "runs", runs);
    return json_finish(object, out);
}
