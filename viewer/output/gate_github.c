/* GitHub's workflow commands, and a job summary.
 *
 * A command is a line "::error file=…,line=…,title=…::message" of the step's output. The runner takes %25, %0D and %0A back
 * in messages, in properties %3A and %2C as well. It shows ten errors of a step. A summary may have 1 MiB, else none of it
 * is shown. */
#include "gate_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define ERRORS_SHOWN 10
#define FRAMES_SHOWN 12
#define NAMED_AT_MOST 50              /* in the notice */
#define DETAILS_AT_MOST 50            /* in the summary */
#define CHECKS_AT_MOST 500
#define TEXT_AT_MOST 1000             /* characters of one name or message: together far below what a summary may have */

static void add_command_text(struct strbuf *out, const char *text, bool property)
{
    struct strbuf clean = STRBUF_INIT;
    gate_add_clean(&clean, text, false);
    for (const char *c = clean.data; *c; c++) {
        if (*c == '%' || *c == '\r' || *c == '\n' || (property && (*c == ':' || *c == ',')))
            strbuf_printf(out, "%%%02X", (unsigned char)*c);
        else
            strbuf_add_char(out, *c);
    }
    strbuf_release(&clean);
}

/* At most TEXT_AT_MOST characters on one line. */
static void add_short(struct strbuf *out, const char *text)
{
    size_t characters = 0, start = out->length;
    gate_add_clean(out, text, true);
    for (size_t i = start; i < out->length; i++) {
        characters += ((unsigned char)out->data[i] & 0xc0) != 0x80;
        if (characters > TEXT_AT_MOST) {
            strbuf_truncate(out, i);
            strbuf_add(out, "…");
            return;
        }
    }
}

static void add_details(struct strbuf *out, const struct finding *finding, void (*add)(struct strbuf *, const char *))
{
    struct strbuf line = STRBUF_INIT;
    for (uint32_t i = 0; i < finding->n_frames && i < FRAMES_SHOWN; i++) {
        strbuf_clear(&line);
        gate_add_frame(&line, &finding->frames[i]);
        strbuf_add(out, "\n  ");
        add(out, line.data);
    }
    if (finding->n_frames > FRAMES_SHOWN)
        strbuf_printf(out, "\n  … %" PRIu32 " more frames", finding->n_frames - FRAMES_SHOWN);
    if (finding->path) {
        strbuf_add(out, "\nheld by ");
        add(out, finding->path);
    }
    strbuf_release(&line);
}

static void print_error(FILE *out, const struct finding *finding)
{
    const struct finding_frame *place = gate_place(finding);
    struct strbuf command = STRBUF_INIT, message = STRBUF_INIT;
    strbuf_add(&command, "::error ");
    if (place) {
        strbuf_add(&command, "file=");
        add_command_text(&command, gate_relative(place->file), true);
        strbuf_printf(&command, ",line=%" PRIu32 ",", place->line ? place->line : 1);
    }
    strbuf_add(&command, "title=heapline%3A ");
    add_command_text(&command, gate_rule_titles[finding->rule], true);
    strbuf_add(&command, "::");
    add_short(&message, finding->message ? finding->message : gate_rule_titles[finding->rule]);
    add_details(&message, finding, add_short);
    add_command_text(&command, message.data, false);
    fprintf(out, "%s\n", command.data);
    strbuf_release(&command);
    strbuf_release(&message);
}

/* What is left of `bad` findings after the errors. */
static void print_rest(FILE *out, const struct findings *findings, size_t bad)
{
    struct strbuf message = STRBUF_INIT, command = STRBUF_INIT;
    strbuf_printf(&message, "%zu more, which GitHub would not show one by one:", bad - ERRORS_SHOWN);
    for (size_t i = ERRORS_SHOWN; i < bad && i < ERRORS_SHOWN + NAMED_AT_MOST; i++) {
        const struct finding *finding = &findings->items.items[i];
        strbuf_add(&message, "\n");
        add_short(&message, finding->message ? finding->message : gate_rule_titles[finding->rule]);
    }
    if (bad > ERRORS_SHOWN + NAMED_AT_MOST)
        strbuf_printf(&message, "\n… and %zu others", bad - ERRORS_SHOWN - NAMED_AT_MOST);
    add_command_text(&command, message.data, false);
    fprintf(out, "::notice title=heapline gate::%s\n", command.data);
    strbuf_release(&command);
    strbuf_release(&message);
}

static size_t count_bad(const struct findings *findings)
{
    size_t bad = 0;
    while (bad < findings->items.n && findings->items.items[bad].outcome != GATE_PASS)
        bad++;
    return bad;
}

/* Text inside Markdown: nothing in it is markup, a link, a mention or the end of a table's cell. */
static void add_markdown(struct strbuf *out, const char *text)
{
    struct strbuf clean = STRBUF_INIT;
    add_short(&clean, text);
    for (const char *c = clean.data; *c; c++) {
        if (strchr("&<>|\\`*_{}[]()#+-.!~@:\"'$", *c))
            strbuf_printf(out, "&#%d;", *c);
        else
            strbuf_add_char(out, *c);
    }
    strbuf_release(&clean);
}

/* Text inside <pre>. */
static void add_html(struct strbuf *out, const char *text)
{
    struct strbuf clean = STRBUF_INIT;
    add_short(&clean, text);
    for (const char *c = clean.data; *c; c++) {
        if (strchr("&<>\"", *c))
            strbuf_printf(out, "&#%d;", *c);
        else
            strbuf_add_char(out, *c);
    }
    strbuf_release(&clean);
}

static const char *outcome_sign(enum gate_outcome outcome)
{
    return outcome == GATE_PASS ? ":white_check_mark: ok" : outcome == GATE_FAIL ? ":x: failed" : ":warning: could not check";
}

static void add_table(struct strbuf *out, const struct gate_checks *checks)
{
    strbuf_add(out, "| outcome | rule | budget | value | limit | findings |\n|---|---|---|---:|---:|---:|\n");
    for (size_t i = 0; i < checks->n && i < CHECKS_AT_MOST; i++) {
        const struct finding *first = checks->items[i].first;
        bool measured = first->outcome != GATE_UNCHECKED;
        strbuf_printf(out, "| %s | %s | ", outcome_sign(checks->items[i].outcome), gate_rule_names[first->rule]);
        add_markdown(out, first->budget ? first->budget : "");
        strbuf_printf(out, " | %s | %s | %zu |\n", measured ? gate_figure(first->rule, first->value).text : "-",
                      gate_figure(first->rule, first->limit).text, checks->items[i].findings.n);
    }
    if (checks->n > CHECKS_AT_MOST)
        strbuf_printf(out, "\n… and %zu more checks\n", checks->n - CHECKS_AT_MOST);
}

static void add_summary_finding(struct strbuf *out, const struct finding *finding)
{
    strbuf_printf(out, "\n<details><summary>%s: ", gate_rule_names[finding->rule]);
    add_html(out, finding->message ? finding->message : gate_rule_titles[finding->rule]);
    strbuf_printf(out, "</summary>\n\n<pre>%s", gate_rule_titles[finding->rule]);
    add_details(out, finding, add_html);
    strbuf_add(out, "</pre>\n\n");
    add_markdown(out, gate_rule_help[finding->rule]);
    strbuf_add(out, "\n\n</details>\n");
}

static void add_summary(struct strbuf *out, const struct findings *findings)
{
    static const char *const signs[] = { ":white_check_mark:", ":x:", ":warning:" };
    struct gate_checks checks;
    size_t bad = count_bad(findings);
    gate_checks_init(&checks, findings);
    strbuf_printf(out, "## %s ", signs[findings->outcome]);
    gate_add_verdict(out, findings, &checks);
    strbuf_add(out, "\n\n");
    add_markdown(out, findings->command ? findings->command : "?");
    strbuf_add(out, ": ");
    add_markdown(out, findings->target_text ? findings->target_text : "ended well");
    strbuf_printf(out, " after %s\n\n", format_duration(findings->duration_ns).text);
    add_table(out, &checks);
    for (size_t i = 0; i < bad && i < DETAILS_AT_MOST; i++)
        add_summary_finding(out, &findings->items.items[i]);
    if (bad > DETAILS_AT_MOST)
        strbuf_printf(out, "\n… and %zu more\n", bad - DETAILS_AT_MOST);
    gate_checks_release(&checks);
}

static int print_summary(FILE *out, const struct findings *findings)
{
    struct strbuf text = STRBUF_INIT;
    add_summary(&text, findings);
    fputs(text.data, out);
    strbuf_release(&text);
    return ferror(out) ? errno ? -errno : -EIO : 0;
}

int gate_write_github(FILE *annotations, FILE *summary, const struct findings *findings)
{
    size_t bad = count_bad(findings);
    errno = 0;
    for (size_t i = 0; i < bad && i < ERRORS_SHOWN; i++)
        print_error(annotations, &findings->items.items[i]);
    if (bad > ERRORS_SHOWN)
        print_rest(annotations, findings, bad);
    if (ferror(annotations))
        return errno ? -errno : -EIO;
    return summary ? print_summary(summary, findings) : 0;
}
