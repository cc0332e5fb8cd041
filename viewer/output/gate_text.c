/* The gate for people: the verdict first, every check on one line, then what is wrong, with stacks. */
#include "gate_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define TOP_BY_DEFAULT 20
#define FRAMES_SHOWN 16
#define BUDGET_WIDTH_MIN 12

static const char *outcome_word(enum gate_outcome outcome)
{
    return outcome == GATE_PASS ? "ok" : outcome == GATE_FAIL ? "FAIL" : gate_outcome_names[outcome];
}

static const char *outcome_color(const struct view *view, enum gate_outcome outcome)
{
    return outcome == GATE_PASS ? view->colors->good : view->colors->bad;
}

static void heading(const struct view *view, const char *text)
{
    fprintf(view->out, "\n%s%s%s\n", view->colors->heading, text, view->colors->reset);
}

static void print_label(const struct view *view, const char *label, const char *text)
{
    struct strbuf line = STRBUF_INIT;
    view_add_clipped(view, &line, text, strlen(text), view->width > 30 ? view->width - 10 : 20);
    fprintf(view->out, "%s%-10s%s%s\n", view->colors->dim, label, view->colors->reset, line.data);
    strbuf_release(&line);
}

static void print_verdict(const struct view *view, const struct findings *findings, const struct gate_checks *checks)
{
    struct strbuf text = STRBUF_INIT;
    gate_add_verdict(&text, findings, checks);
    view_print_wrapped(view, outcome_color(view, findings->outcome), text.data, 0);
    strbuf_clear(&text);
    strbuf_add(&text, findings->target_text ? findings->target_text : "ended well");
    if (findings->duration_ns)
        strbuf_printf(&text, " after %s", format_duration(findings->duration_ns).text);
    print_label(view, "program", findings->command ? findings->command : "?");
    print_label(view, "run", text.data);
    if (findings->trace_path)
        print_label(view, "trace", findings->trace_path);
    strbuf_release(&text);
}

/* Columns of the table of checks. */
struct columns {
    size_t budget, value, limit;
};

static bool is_measured(const struct finding *finding)
{
    return gate_unit(finding->rule) && finding->outcome != GATE_UNCHECKED;
}

static struct format_text value_text(const struct finding *finding)
{
    return is_measured(finding) ? gate_figure(finding->rule, finding->value) : (struct format_text){ "-" };
}

static void widen(size_t *width, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    *width = n > *width ? n : *width;
}

/* As wide as what stands in them; a long budget is clipped to what the others leave of the view. */
static struct columns columns_of(const struct view *view, const struct gate_checks *checks)
{
    struct columns columns = { strlen("budget"), strlen("value"), strlen("limit") };
    for (size_t i = 0; i < checks->n; i++) {
        const struct finding *first = checks->items[i].first;
        widen(&columns.budget, first->budget);
        widen(&columns.value, value_text(first).text);
        widen(&columns.limit, gate_figure(first->rule, first->limit).text);
    }
    size_t used = strlen("  could not check  allocations    ") + columns.value + columns.limit + strlen("    and 999 more");
    size_t most = view->width > used + BUDGET_WIDTH_MIN ? view->width - used : BUDGET_WIDTH_MIN;
    columns.budget = columns.budget < most ? columns.budget : most;
    return columns;
}

/* The budget in a column of its own: longer ones are clipped, shorter ones filled up. */
static void print_budget(const struct view *view, const char *budget, size_t width)
{
    struct strbuf text = STRBUF_INIT;
    view_add_clipped(view, &text, budget, strlen(budget), width);
    fputs(text.data, view->out);
    size_t shown = 0;
    for (size_t i = 0; i < text.length; i++)
        shown += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    fprintf(view->out, "%*s", (int)(width - shown), "");
    strbuf_release(&text);
}

static void print_check(const struct view *view, const struct gate_check *check, const struct columns *columns)
{
    const struct finding *first = check->first;
    fprintf(view->out, "  %s%-15s%s  %-11s  ", outcome_color(view, check->outcome), outcome_word(check->outcome),
            view->colors->reset, gate_rule_names[first->rule]);
    print_budget(view, first->budget ? first->budget : "", columns->budget);
    fprintf(view->out, "  %*s  %*s", (int)columns->value, value_text(first).text, (int)columns->limit,
            gate_figure(first->rule, first->limit).text);
    if (check->findings.n > 1)
        fprintf(view->out, "  %sand %zu more%s", view->colors->dim, check->findings.n - 1, view->colors->reset);
    fputc('\n', view->out);
}

static void print_checks(const struct view *view, const struct gate_checks *checks)
{
    struct columns columns = columns_of(view, checks);
    heading(view, "Checks");
    fprintf(view->out, "  %s%-15s  %-11s  %-*s  %*s  %*s%s\n", view->colors->dim, "outcome", "rule",
            (int)columns.budget, "budget", (int)columns.value, "value", (int)columns.limit, "limit", view->colors->reset);
    for (size_t i = 0; i < checks->n; i++)
        print_check(view, &checks->items[i], &columns);
}

/* A long name is clipped, so that its place can be read. */
static void print_frame(const struct view *view, const struct finding_frame *frame, bool blamed)
{
    struct strbuf where = STRBUF_INIT, line = STRBUF_INIT;
    const char *function = frame->function && *frame->function ? frame->function : "?";
    size_t room = view->width > 40 ? view->width - 8 : 32;
    gate_add_where(&where, frame);
    size_t left = where.length < room * 2 / 3 ? room - where.length : room / 3;
    view_add_clipped(view, &line, function, strlen(function), left);
    if (where.length) {
        strbuf_add(&line, "  ");
        view_add_clipped(view, &line, where.data, where.length, room - left);
    }
    fprintf(view->out, "    %s%s %s%s\n", blamed ? view->colors->hot : "", blamed ? view->utf8 ? "▸" : ">" : " ", line.data,
            blamed ? view->colors->reset : "");
    strbuf_release(&line);
    strbuf_release(&where);
}

static void print_stack(const struct view *view, const struct finding *finding)
{
    for (uint32_t i = 0; i < finding->n_frames && i < FRAMES_SHOWN; i++)
        print_frame(view, &finding->frames[i], i == finding->owner);
    if (finding->n_frames > FRAMES_SHOWN)
        fprintf(view->out, "      %s%s %" PRIu32 " more frames%s\n", view->colors->dim, view->utf8 ? "…" : "...",
                finding->n_frames - FRAMES_SHOWN, view->colors->reset);
}

/* All of a text, on as many lines as it takes. */
static void print_paragraph(const struct view *view, unsigned indent, const char *before, const char *text)
{
    struct strbuf clean = STRBUF_INIT, line = STRBUF_INIT;
    strbuf_add(&clean, before);
    gate_add_clean(&clean, text, true);
    view_add_clipped(view, &line, clean.data, clean.length, SIZE_MAX);
    fprintf(view->out, "%*s", (int)indent, "");
    view_print_wrapped(view, "", line.data, indent);
    strbuf_release(&line);
    strbuf_release(&clean);
}

static void print_finding(const struct view *view, const struct finding *finding)
{
    fprintf(view->out, "\n  %s%s%s  %s%s%s", outcome_color(view, finding->outcome), outcome_word(finding->outcome),
            view->colors->reset, view->colors->heading, gate_rule_titles[finding->rule], view->colors->reset);
    if (finding->budget) {
        struct strbuf budget = STRBUF_INIT;
        size_t used = strlen("    ()") + strlen(outcome_word(finding->outcome)) + strlen(gate_rule_titles[finding->rule]) + 1;
        size_t room = view->width > used + BUDGET_WIDTH_MIN ? view->width - used : BUDGET_WIDTH_MIN;
        view_add_clipped(view, &budget, finding->budget, strlen(finding->budget), room);
        fprintf(view->out, " %s(%s)%s", view->colors->dim, budget.data, view->colors->reset);
        strbuf_release(&budget);
    }
    fputc('\n', view->out);
    if (finding->message)
        print_paragraph(view, 2, "", finding->message);
    print_stack(view, finding);
    if (finding->path)
        print_paragraph(view, 4, "held by ", finding->path);
}

static void print_details(const struct view *view, const struct findings *findings)
{
    uint32_t top = view->top ? view->top : TOP_BY_DEFAULT, shown = 0;
    size_t bad = 0;
    for (size_t i = 0; i < findings->items.n; i++)
        bad += findings->items.items[i].outcome != GATE_PASS;
    if (bad)
        heading(view, "What is wrong");
    for (size_t i = 0; i < bad && shown < top; i++, shown++)        /* findings_finish puts them first */
        print_finding(view, &findings->items.items[i]);
    if (bad > shown)
        fprintf(view->out, "\n  %s%s %zu more (--top %zu shows all, --json too)%s\n", view->colors->dim,
                view->utf8 ? "…" : "...", bad - shown, bad, view->colors->reset);
}

/* One sentence for each rule that is involved, so that nobody has to look it up. */
static void print_help(const struct view *view, const struct findings *findings)
{
    bool told[RULES] = { false };
    for (size_t i = 0; i < findings->items.n; i++) {
        const struct finding *finding = &findings->items.items[i];
        if (finding->outcome == GATE_PASS || told[finding->rule])
            continue;
        told[finding->rule] = true;
        const char *name = gate_rule_names[finding->rule];
        fprintf(view->out, "\n%s%s: %s", view->colors->dim, name, view->colors->reset);
        view_print_wrapped(view, view->colors->dim, gate_rule_help[finding->rule], (unsigned)strlen(name) + 2);
    }
}

int gate_write_text(const struct view *view, const struct findings *findings)
{
    struct gate_checks checks;
    errno = 0;
    gate_checks_init(&checks, findings);
    print_verdict(view, findings, &checks);
    print_checks(view, &checks);
    print_details(view, findings);
    print_help(view, findings);
    gate_checks_release(&checks);
    return ferror(view->out) ? errno ? -errno : -EIO : 0;
}
