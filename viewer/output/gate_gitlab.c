/* GitLab's Code Quality report: an array of objects with description, check_name, fingerprint, severity and location, of
 * which the documentation wants each fingerprint to be unique and each path to be relative to the repository, without "./"
 * in front. */
#include "gate_parts.h"
#include "json.h"

#include <inttypes.h>

static const char *severity(const struct finding *finding)
{
    if (finding->rule == RULE_TARGET)
        return "blocker";
    return finding->outcome == GATE_UNCHECKED ? "critical" : "major";
}

static json_t *fingerprint(struct strmap *seen, const struct finding *finding)
{
    struct strbuf text = STRBUF_INIT;
    gate_add_fingerprint(&text, finding, seen);
    json_t *string = json_text(text.data);
    strbuf_release(&text);
    return string;
}

static json_t *location_object(const struct findings *findings, const struct finding *finding)
{
    const struct finding_frame *place = gate_place(finding);
    struct strbuf path = STRBUF_INIT;
    json_t *object = json_object(), *lines = json_object();
    if (place)
        strbuf_add(&path, gate_relative(place->file));
    else
        gate_add_program(&path, findings);
    json_object_set_new(object, "path", json_text(path.data));
    json_object_set_new(lines, "begin", json_integer(place && place->line ? place->line : 1));
    json_object_set_new(object, "lines", lines);
    strbuf_release(&path);
    return object;
}

static json_t *issue_object(const struct findings *findings, const struct finding *finding, struct strmap *seen)
{
    json_t *object = json_object();
    struct strbuf name = STRBUF_INIT;
    strbuf_printf(&name, "heapline-%s", gate_rule_names[finding->rule]);       /* other tools report into the same list */
    json_object_set_new(object, "description", json_text(finding->message ? finding->message : gate_rule_titles[finding->rule]));
    json_object_set_new(object, "check_name", json_text(name.data));
    json_object_set_new(object, "fingerprint", fingerprint(seen, finding));
    json_object_set_new(object, "severity", json_string(severity(finding)));
    json_object_set_new(object, "location", location_object(findings, finding));
    strbuf_release(&name);
    return object;
}

int gate_write_gitlab(FILE *out, const struct findings *findings)
{
    json_t *issues = json_array();
    struct strmap seen = { 0 };
    for (size_t i = 0; i < findings->items.n; i++)
        if (findings->items.items[i].outcome != GATE_PASS)
            json_array_append_new(issues, issue_object(findings, &findings->items.items[i], &seen));
    strmap_release(&seen);
    return json_finish(issues, out);
}
