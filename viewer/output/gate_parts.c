#include "gate_parts.h"

#include "../analyze/identity.h"
#include "../base/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool same_check(const struct finding *a, const struct finding *b)
{
    return a->rule == b->rule && strcmp(a->budget ? a->budget : "", b->budget ? b->budget : "") == 0;
}

static struct gate_check *check_of(struct gate_checks *checks, const struct finding *finding)
{
    for (size_t i = 0; i < checks->n; i++)
        if (same_check(checks->items[i].first, finding))
            return &checks->items[i];
    struct gate_check *check = vec_add(checks);
    check->first = finding;
    check->outcome = finding->outcome;
    return check;
}

void gate_checks_init(struct gate_checks *checks, const struct findings *findings)
{
    *checks = (struct gate_checks){ 0 };
    for (size_t i = 0; i < findings->items.n; i++) {
        struct gate_check *check = check_of(checks, &findings->items.items[i]);
        vec_push(&check->findings, &findings->items.items[i]);
    }
}

void gate_checks_release(struct gate_checks *checks)
{
    for (size_t i = 0; i < checks->n; i++)
        vec_release(&checks->items[i].findings);
    vec_release(checks);
}

size_t gate_checks_count(const struct gate_checks *checks, enum gate_outcome outcome)
{
    size_t n = 0;
    for (size_t i = 0; i < checks->n; i++)
        n += checks->items[i].outcome == outcome;
    return n;
}

int gate_exit_code(enum gate_outcome outcome)
{
    return outcome == GATE_PASS ? 0 : outcome == GATE_FAIL ? 1 : 3;
}

void gate_add_verdict(struct strbuf *out, const struct findings *findings, const struct gate_checks *checks)
{
    static const char *const verdicts[] = { "Gate passed", "Gate failed", "Gate could not check" };
    static const char *const ones[] = { "is within its budget", "failed", "could not be made" };
    size_t failed = gate_checks_count(checks, GATE_FAIL), unchecked = gate_checks_count(checks, GATE_UNCHECKED);
    strbuf_printf(out, "%s: ", verdicts[findings->outcome]);
    if (checks->n == 1)
        strbuf_printf(out, "its one check %s", ones[findings->outcome]);
    else if (findings->outcome == GATE_PASS)
        strbuf_printf(out, "%zu checks, all within their budgets", checks->n);
    else
        strbuf_printf(out, "%zu of %zu checks %s", failed ? failed : unchecked, checks->n, ones[findings->outcome]);
    if (checks->n > 1 && failed && unchecked)
        strbuf_printf(out, ", %zu could not be made", unchecked);
    strbuf_add_char(out, '.');
}

const char *gate_unit(enum gate_rule rule)
{
    switch (rule) {
    case RULE_LOST: case RULE_LIVE: case RULE_PEAK: case RULE_BASELINE: return "bytes";
    case RULE_GROWTH: return "bytes per iteration";
    case RULE_ALLOCATIONS: return "allocations";
    default: return NULL;
    }
}

struct format_text gate_figure(enum gate_rule rule, uint64_t value)
{
    struct format_text figure = { "-" };
    if (rule == RULE_ALLOCATIONS)
        figure = format_count(value);
    else if (gate_unit(rule))
        figure = format_bytes(value);
    if (rule == RULE_GROWTH)
        strncat(figure.text, "/iteration", sizeof figure.text - strlen(figure.text) - 1);
    return figure;
}

bool gate_frame_has_file(const struct finding_frame *frame)
{
    return frame->file && *frame->file && *frame->file != '<';
}

const char *gate_relative(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    bool outside = path[0] == '/' || path[0] == '\0' || strcmp(path, "..") == 0 || strncmp(path, "../", 3) == 0;
    return outside ? NULL : path;
}

const struct finding_frame *gate_place(const struct finding *finding)
{
    uint32_t owner = finding->owner < finding->n_frames ? finding->owner : 0;
    for (uint32_t i = 0; i < finding->n_frames; i++) {
        const struct finding_frame *frame = &finding->frames[(owner + i) % finding->n_frames];
        if (gate_frame_has_file(frame) && gate_relative(frame->file))
            return frame;
    }
    return NULL;
}

void gate_add_fingerprint(struct strbuf *out, const struct finding *finding, struct strmap *seen)
{
    struct strbuf text = STRBUF_INIT;
    char digits[17];
    strbuf_printf(&text, "%s\n%s\n%s", gate_rule_names[finding->rule], finding->budget ? finding->budget : "",
                  finding->fingerprint ? finding->fingerprint : "");
    identity_fingerprint(text.data, digits);
    strbuf_clear(&text);
    strbuf_add(&text, digits);
    for (unsigned again = 2; strmap_find(seen, text.data) != STRMAP_NONE; again++) {
        strbuf_clear(&text);
        strbuf_printf(&text, "%s-%u", digits, again);
    }
    strmap_intern(seen, text.data);
    strbuf_add(out, text.data);
    strbuf_release(&text);
}

/* One escape of a shell's $'…': \n, \t, three octal digits, or the character itself. */
static const char *add_escaped(struct strbuf *out, const char *text)
{
    if (text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' && text[2] >= '0' && text[2] <= '7') {
        strbuf_add_char(out, (char)((text[0] - '0') * 64 + (text[1] - '0') * 8 + text[2] - '0'));
        return text + 3;
    }
    strbuf_add_char(out, *text == 'n' ? '\n' : *text == 't' ? '\t' : *text);
    return text + 1;
}

/* The first word of a command line as base/quote.h writes it. */
static void add_first_word(struct strbuf *out, const char *text)
{
    while (*text && *text != ' ') {
        bool ansi = text[0] == '$' && text[1] == '\'';
        if (ansi || *text == '\'') {
            for (text += ansi ? 2 : 1; *text && *text != '\'';) {
                if (ansi && *text == '\\' && text[1])
                    text = add_escaped(out, text + 1);
                else
                    strbuf_add_char(out, *text++);
            }
            text += *text == '\'';
        } else {
            text += *text == '\\' && text[1];
            strbuf_add_char(out, *text++);
        }
    }
}

void gate_add_program(struct strbuf *out, const struct findings *findings)
{
    struct strbuf word = STRBUF_INIT;
    add_first_word(&word, findings->command ? findings->command : "");
    const char *path = word.data;
    size_t n = findings->root ? strlen(findings->root) : 0;
    if (n > 1 && strncmp(path, findings->root, n) == 0 && path[n] == '/')
        path += n + 1;
    const char *relative = gate_relative(path), *slash = strrchr(path, '/');
    if (!relative)
        relative = slash && slash[1] ? slash + 1 : "heapline";
    strbuf_add(out, relative);
    strbuf_release(&word);
}

void gate_add_where(struct strbuf *out, const struct finding_frame *frame)
{
    const char *slash = frame->module ? strrchr(frame->module, '/') : NULL;
    if (frame->file && *frame->file) {
        strbuf_add(out, frame->file);
        if (frame->line)
            strbuf_printf(out, ":%" PRIu32, frame->line);
    } else if (frame->module) {
        strbuf_printf(out, "[%s]", slash ? slash + 1 : frame->module);
    }
}

void gate_add_frame(struct strbuf *out, const struct finding_frame *frame)
{
    strbuf_add(out, frame->function && *frame->function ? frame->function : "?");
    size_t named = out->length;
    strbuf_add(out, "  ");
    gate_add_where(out, frame);
    if (out->length == named + 2)
        strbuf_truncate(out, named);
}

/* What XML 1.0 has no place for (its section 2.2), and what a terminal would obey. */
static bool is_unfit(uint32_t code)
{
    bool control = (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || (code >= 0x7f && code < 0xa0);
    return control || code == 0xfffe || code == 0xffff;
}

void gate_add_clean(struct strbuf *out, const char *text, bool one_line)
{
    while (*text) {
        uint32_t code = 0;
        size_t n = utf8_character(text, SIZE_MAX, &code);
        if (n == 0 || is_unfit(code))
            strbuf_add(out, UTF8_REPLACEMENT);
        else if (one_line && code < 0x20)
            strbuf_add_char(out, ' ');
        else
            strbuf_add_bytes(out, text, n);
        text += n ? n : 1;
    }
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~/", c));
}

void gate_add_uri(struct strbuf *out, const char *path)
{
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;
        if (is_unreserved(c))
            strbuf_add_char(out, *path);
        else
            strbuf_printf(out, "%%%02X", c);
    }
}
