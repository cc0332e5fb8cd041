/* JUnit's XML. Elements, attributes and their order are those that the schema of Ant's reports and that of Jenkins' xUnit
 * plugin have in common: the first wants a time stamp, a host and the two outputs, and at most one result in a test case. */
#include "gate_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

/* Line ends are written as numbers where a reader would make something else of them: all in attributes, carriage returns
 * everywhere. */
static void add_escaped(struct strbuf *out, const char *text, bool attribute)
{
    for (; *text; text++) {
        switch (*text) {
        case '&': strbuf_add(out, "&amp;"); break;
        case '<': strbuf_add(out, "&lt;"); break;
        case '>': strbuf_add(out, "&gt;"); break;             /* "]]>" may not stand in text */
        case '"': strbuf_add(out, "&quot;"); break;
        default:
            if (*text == '\r' || (attribute && (*text == '\t' || *text == '\n')))
                strbuf_printf(out, "&#%d;", *text);
            else
                strbuf_add_char(out, *text);
        }
    }
}

static void print_escaped(FILE *out, const char *text, bool attribute)
{
    struct strbuf clean = STRBUF_INIT, escaped = STRBUF_INIT;
    gate_add_clean(&clean, text ? text : "", false);
    add_escaped(&escaped, clean.data, attribute);
    fputs(escaped.data, out);
    strbuf_release(&escaped);
    strbuf_release(&clean);
}

static void print_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    print_escaped(out, value, true);
    fputc('"', out);
}

/* Everything about one finding, as the body of a failure. */
static void print_finding(FILE *out, const struct finding *finding)
{
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "%s\n", finding->message ? finding->message : "");
    for (uint32_t i = 0; i < finding->n_frames; i++) {
        strbuf_add(&text, "    ");
        gate_add_frame(&text, &finding->frames[i]);
        strbuf_add_char(&text, '\n');
    }
    if (finding->path)
        strbuf_printf(&text, "    held by %s\n", finding->path);
    print_escaped(out, text.data, false);
    strbuf_release(&text);
}

static void print_case(FILE *out, const struct gate_check *check)
{
    const struct finding *first = check->first;
    fputs("  <testcase", out);
    print_attribute(out, "classname", "heapline.gate");
    struct strbuf name = STRBUF_INIT;
    strbuf_printf(&name, "%s: %s", gate_rule_names[first->rule], first->budget ? first->budget : gate_rule_titles[first->rule]);
    print_attribute(out, "name", name.data);
    strbuf_release(&name);
    fputs(" time=\"0\"", out);
    if (check->outcome == GATE_PASS) {
        fputs("/>\n", out);
        return;
    }
    const char *element = check->outcome == GATE_FAIL ? "failure" : "error";
    fprintf(out, ">\n    <%s", element);
    print_attribute(out, "type", gate_rule_names[first->rule]);
    print_attribute(out, "message", first->message);
    fputc('>', out);
    for (size_t i = 0; i < check->findings.n; i++)
        if (check->findings.items[i]->outcome != GATE_PASS)
            print_finding(out, check->findings.items[i]);
    fprintf(out, "</%s>\n  </testcase>\n", element);
}

static void print_property(FILE *out, const char *name, const char *value)
{
    if (!value)
        return;
    fputs("    <property", out);
    print_attribute(out, "name", name);
    print_attribute(out, "value", value);
    fputs("/>\n", out);
}

static void print_properties(FILE *out, const struct findings *findings)
{
    fputs("  <properties>\n", out);
    print_property(out, "heapline.version", findings->version);
    print_property(out, "heapline.outcome", gate_outcome_names[findings->outcome]);
    print_property(out, "heapline.program", findings->command);
    print_property(out, "heapline.program.failure", findings->target_text);
    print_property(out, "heapline.trace", findings->trace_path);
    fputs("  </properties>\n", out);
}

/* In UTC, because the schema of Ant's reports has no room for a zone; the host is the one that it names for those who tell
 * none. */
static void print_suite(FILE *out, const struct findings *findings, const struct gate_checks *checks)
{
    time_t started = (time_t)(findings->started_unix_ns / 1000000000);
    struct tm utc;
    char stamp[32] = "";
    if (gmtime_r(&started, &utc))
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    fprintf(out, "<testsuite name=\"heapline gate\" timestamp=\"%s\" hostname=\"localhost\"", stamp);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"", checks->n, gate_checks_count(checks, GATE_FAIL),
            gate_checks_count(checks, GATE_UNCHECKED));
    fprintf(out, " time=\"%" PRIu64 ".%03u\">\n", findings->duration_ns / 1000000000,
            (unsigned)(findings->duration_ns / 1000000 % 1000));
}

int gate_write_junit(FILE *out, const struct findings *findings)
{
    struct gate_checks checks;
    struct strbuf verdict = STRBUF_INIT;
    errno = 0;
    gate_checks_init(&checks, findings);
    gate_add_verdict(&verdict, findings, &checks);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    print_suite(out, findings, &checks);
    print_properties(out, findings);
    for (size_t i = 0; i < checks.n; i++)
        print_case(out, &checks.items[i]);
    fputs("  <system-out>", out);
    print_escaped(out, verdict.data, false);
    fputs("</system-out>\n  <system-err/>\n</testsuite>\n", out);
    strbuf_release(&verdict);
    gate_checks_release(&checks);
    return ferror(out) ? errno ? -errno : -EIO : 0;
}
