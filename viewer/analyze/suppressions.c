#include "suppressions_rules.h"

#include "../base/glob.h"
#include "../base/strbuf.h"
#include "../base/xalloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_FILE (16u << 20)

struct suppressions *suppressions_create(void)
{
    return xcalloc(1, sizeof(struct suppressions));
}

void suppressions_destroy(struct suppressions *suppressions)
{
    if (!suppressions)
        return;
    vec_release(&suppressions->items);
    arena_release(&suppressions->texts);
    free(suppressions);
}

size_t suppressions_count(const struct suppressions *suppressions)
{
    return suppressions->items.n;
}

const struct suppression_rule *suppressions_rule(const struct suppressions *suppressions, size_t i)
{
    return &suppressions->items.items[i]->rule;
}

/* reading */

bool suppression_next_line(struct suppression_reader *reader)
{
    while (reader->next < reader->end) {
        const char *line = reader->next, *end = memchr(line, '\n', (size_t)(reader->end - line));
        end = end ? end : reader->end;
        reader->next = end + 1;
        reader->line++;
        while (line < end && strchr(" \t\r", *line))
            line++;
        while (line < end && strchr(" \t\r", end[-1]))
            end--;
        if (line == end || *line == '#')
            continue;
        reader->text = arena_strndup(&reader->to->texts, line, (size_t)(end - line));
        return true;
    }
    return false;
}

size_t suppression_lines_ahead(const struct suppression_reader *reader, const char *stop)
{
    size_t lines = 0, n = strlen(stop);
    for (const char *line = reader->next; line < reader->end; lines++) {
        const char *end = memchr(line, '\n', (size_t)(reader->end - line));
        while (line < reader->end && (*line == ' ' || *line == '\t'))
            line++;
        if ((size_t)(reader->end - line) >= n && memcmp(line, stop, n) == 0)
            break;
        line = end ? end + 1 : reader->end;
    }
    return lines;
}

int suppression_refuse(struct suppression_reader *reader, const char *format, ...)
{
    va_list arguments;
    int n = snprintf(reader->error->text, sizeof reader->error->text, "%.200s:%u: ", reader->path, reader->line);
    va_start(arguments, format);
    vsnprintf(reader->error->text + n, sizeof reader->error->text - (size_t)n, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

struct suppression *suppression_add(struct suppression_reader *reader, enum suppression_style style, const char *name,
                                    size_t patterns)
{
    struct suppression *rule = arena_zalloc(&reader->to->texts, sizeof *rule);
    rule->rule.name = name;
    rule->rule.file = reader->path;
    rule->rule.line = reader->line;
    rule->style = style;
    rule->kinds = SUPPRESSION_ALL_KINDS;
    rule->patterns = arena_zalloc(&reader->to->texts, (patterns ? patterns : 1) * sizeof *rule->patterns);
    vec_push(&reader->to->items, rule);
    return rule;
}

int suppressions_parse(struct suppressions *suppressions, const char *path, const char *text, size_t n, struct trace_error *error)
{
    struct suppression_reader reader = {
        .to = suppressions, .path = arena_strdup(&suppressions->texts, path), .next = text, .end = text + n, .error = error,
    };
    size_t before = suppressions->items.n;
    bool leak;
    if (memchr(text, '\0', n)) {
        reader.line = 1;
        return suppression_refuse(&reader, "this is no text; a file of suppressions is (docs/suppressions.md)");
    }
    if (!suppression_next_line(&reader))
        return 0;
    int status;
    if (*reader.text == '{')
        status = suppression_parse_valgrind(&reader);
    else if (suppression_is_sanitizer_line(reader.text, &leak))
        status = suppression_parse_sanitizer(&reader);
    else
        status = suppression_parse_own(&reader);
    if (status < 0)
        suppressions->items.n = before;
    return status;
}

static int read_file(const char *path, struct strbuf *text)
{
    char piece[4096];
    FILE *file = fopen(path, "re");
    size_t n;
    if (!file)
        return -errno;
    errno = 0;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0 && text->length <= LARGEST_FILE)
        strbuf_add_bytes(text, piece, n);
    int status = ferror(file) ? -(errno ? errno : EIO) : text->length > LARGEST_FILE ? -EFBIG : 0;
    fclose(file);
    return status;
}

int suppressions_read(struct suppressions *suppressions, const char *path, struct trace_error *error)
{
    struct strbuf text = STRBUF_INIT;
    int status = read_file(path, &text);
    if (status < 0)
        snprintf(error->text, sizeof error->text, "the suppressions in %.300s cannot be read: %s", path, strerror(-status));
    else
        status = suppressions_parse(suppressions, path, text.data, text.length, error);
    strbuf_release(&text);
    return status;
}

int suppressions_add_program(struct suppressions *suppressions, const struct trace *trace, struct trace_error *error)
{
    for (size_t i = 0; i < suppressions->items.n; i++)
        if (strcmp(suppressions->items.items[i]->rule.file, SUPPRESSIONS_OF_PROGRAM) == 0)
            return 0;
    for (uint32_t i = 0; i < trace->n_texts; i++) {
        const struct trace_source *source = &trace->texts[i];
        if (strcmp(source->file, SUPPRESSIONS_OF_PROGRAM) == 0)
            return suppressions_parse(suppressions, source->file, source->text, source->bytes, error);
    }
    return 0;
}

/* matching */

/* `*` any bytes, `?` one byte when `question` says so; nothing else is special: "operator[]" is a name. With `open` the text
   may go on behind the pattern. */
static bool wildcard(const char *pattern, const char *text, bool question, bool open)
{
    const char *star = NULL, *starred = NULL;
    for (;;) {
        if (*pattern == '*') {
            star = ++pattern;
            starred = text;
        } else if (*pattern == '\0' && (open || *text == '\0')) {
            return true;
        } else if (*text && *pattern && (*pattern == *text || (question && *pattern == '?'))) {
            pattern++;
            text++;
        } else if (star && *starred) {
            pattern = star;
            text = ++starred;
        } else {
            return false;
        }
    }
}

/* LeakSanitizer's: found anywhere in the text, unless ^ and $ hold it to an end. */
static bool sanitizer_match(const char *pattern, const char *text)
{
    char *body = NULL;
    bool start = *pattern == '^';
    size_t n = strlen(pattern += start);
    bool end = n > 0 && pattern[n - 1] == '$';
    body = xasprintf("%s%.*s", start ? "" : "*", (int)(n - end), pattern);
    bool matches = text && wildcard(body, text, false, !end);
    free(body);
    return matches;
}

static bool match_sanitizer(const struct suppression *rule, const struct suppression_subject *subject)
{
    const char *pattern = rule->patterns[0].text;
    for (size_t i = 0; i < subject->n_frames; i++) {
        const struct suppression_frame *frame = &subject->frames[i];
        if (sanitizer_match(pattern, frame->function) || sanitizer_match(pattern, frame->file) ||
            sanitizer_match(pattern, frame->module))
            return true;
    }
    return false;
}

/* Length of a function's name without its parameters. */
static size_t bare_length(const char *function)
{
    const char *parameters = strchr(function + (*function == '('), '(');
    return parameters ? (size_t)(parameters - function) : strlen(function);
}

static bool own_function_matches(const char *pattern, const char *function)
{
    if (!function || glob_match(pattern, function))
        return function != NULL;
    char *bare = xstrndup(function, bare_length(function));
    bool matches = glob_match(pattern, bare);
    free(bare);
    return matches;
}

static bool own_frame_matches(const struct suppression_pattern *pattern, const struct suppression_frame *frame)
{
    switch (pattern->field) {
    case SUPPRESSION_FUNCTION: return own_function_matches(pattern->text, frame->function);
    case SUPPRESSION_FILE: return frame->file && glob_match_path(pattern->text, frame->file);
    case SUPPRESSION_MODULE: return frame->module && glob_match_path(pattern->text, frame->module);
    default: return false;
    }
}

static bool match_own(const struct suppression *rule, const struct suppression_subject *subject)
{
    size_t function = 0;
    if (rule->fingerprint && (!subject->fingerprint || strcmp(rule->fingerprint, subject->fingerprint) != 0))
        return false;
    for (size_t p = 0; p < rule->n_patterns; p++) {
        const struct suppression_pattern *pattern = &rule->patterns[p];
        size_t i = pattern->field == SUPPRESSION_FUNCTION ? function : 0;
        while (i < subject->n_frames && !own_frame_matches(pattern, &subject->frames[i]))
            i++;
        if (i == subject->n_frames)
            return false;
        if (pattern->field == SUPPRESSION_FUNCTION)
            function = i + 1;
    }
    return true;
}

static bool valgrind_function_matches(const struct suppression_pattern *pattern, const char *function)
{
    const char *name = function ? function : "???";
    if (wildcard(pattern->text, name, true, false))
        return true;
    if (strcmp(pattern->text, "(below main)") == 0)
        return strncmp(name, "__libc_start", 12) == 0;
    if (pattern->readable && wildcard(pattern->readable, name, true, false))
        return true;
    char *bare = xstrndup(name, bare_length(name));
    bool matches = wildcard(pattern->readable ? pattern->readable : pattern->text, bare, true, false);
    free(bare);
    return matches;
}

static bool valgrind_line_matches(const struct suppression_pattern *pattern, const struct suppression_frame *frame)
{
    const char *path = frame->file, *base = path ? strrchr(path, '/') : NULL;
    if (!path || (pattern->line && pattern->line != frame->line))
        return false;
    return wildcard(pattern->text, path, true, false) || (base && wildcard(pattern->text, base + 1, true, false));
}

static bool valgrind_frame_matches(const struct suppression_pattern *pattern, const struct suppression_frame *frame)
{
    switch (pattern->field) {
    case SUPPRESSION_FUNCTION: return valgrind_function_matches(pattern, frame->function);
    case SUPPRESSION_MODULE: return wildcard(pattern->text, frame->module ? frame->module : "???", true, false);
    case SUPPRESSION_FILE: return valgrind_line_matches(pattern, frame);
    default: return false;
    }
}

/* Valgrind's stacks begin with the allocator, which Valgrind replaced itself; ours begin with its caller. */
static bool names_allocator(const struct suppression_pattern *pattern)
{
    static const char *const names[] = { "malloc", "calloc", "realloc", "reallocarray", "memalign", "posix_memalign",
                                         "aligned_alloc", "valloc" };
    if (pattern->field == SUPPRESSION_MODULE)
        return strstr(pattern->text, "vgpreload") || strcmp(pattern->text, "*") == 0;
    for (size_t i = 0; pattern->field == SUPPRESSION_FUNCTION && i < sizeof names / sizeof *names; i++)
        if (wildcard(pattern->text, names[i], true, false))
            return true;
    return false;
}

/* Whether the patterns from `p` on match the frames from `i` on. As with wildcards, only the last "..." need be widened. */
static bool match_stack(const struct suppression *rule, size_t p, const struct suppression_subject *subject, size_t i)
{
    size_t some = SIZE_MAX, from = 0;
    while (p < rule->n_patterns) {
        if (rule->patterns[p].field == SUPPRESSION_SOME) {
            some = ++p;
            from = i;
        } else if (i < subject->n_frames && valgrind_frame_matches(&rule->patterns[p], &subject->frames[i])) {
            p++;
            i++;
        } else if (some != SIZE_MAX && from < subject->n_frames) {
            p = some;
            i = ++from;
        } else {
            return false;
        }
    }
    return true;
}

static bool match_valgrind(const struct suppression *rule, const struct suppression_subject *subject)
{
    if (names_allocator(&rule->patterns[0]) && match_stack(rule, 1, subject, 0))
        return true;
    /* operator new[] calls operator new in our stacks, and is the first frame in Valgrind's */
    for (size_t i = 0; i < subject->n_frames; i++) {
        const char *function = subject->frames[i].function;
        if (match_stack(rule, 0, subject, i))
            return true;
        if (!function || strncmp(function, "operator new", 12) != 0)
            return false;
    }
    return false;
}

static bool rule_matches(const struct suppression *rule, const struct suppression_subject *subject)
{
    if (!(rule->kinds & 1u << subject->reach))
        return false;
    switch (rule->style) {
    case SUPPRESSION_OWN: return match_own(rule, subject);
    case SUPPRESSION_SANITIZER: return match_sanitizer(rule, subject);
    case SUPPRESSION_VALGRIND: return match_valgrind(rule, subject);
    }
    return false;
}

struct suppression_rule *suppressions_match(struct suppressions *suppressions, const struct suppression_subject *subject)
{
    for (size_t i = 0; i < suppressions->items.n; i++)
        if (rule_matches(suppressions->items.items[i], subject))
            return &suppressions->items.items[i]->rule;
    return NULL;
}
