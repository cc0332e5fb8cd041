/* Valgrind's files of suppressions: Valgrind manual, "Suppressing errors" and, for leaks, "Memcheck: writing suppression
   files". */
#include "suppressions_rules.h"

#include "../base/strbuf.h"
#include "../symbol/demangle.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 500               /* frames, as in Valgrind */

/* C++ names in patterns.
 *
 * Valgrind compares linkage names, traces have readable ones. A linkage name without wildcards is made readable; of one with
 * wildcards the names that it consists of are, in their order: _ZN5boost6system*C1Ev -> boost::system*. Behind the first part
 * that this does not understand anything may stand. */

static const char *add_identifier(struct strbuf *out, const char *at, size_t *last, bool joined)
{
    char *name;
    size_t n = strtoul(at, &name, 10);
    if (n == 0 || n > strcspn(name, "*?"))
        return NULL;
    if (joined)
        strbuf_add(out, "::");
    *last = out->length;
    strbuf_add_bytes(out, name, n);
    return name + n;
}

/* C1, D0: a class's name again. */
static const char *add_structor(struct strbuf *out, const char *at, size_t last)
{
    size_t n = out->length - last;
    strbuf_add(out, *at == 'D' ? "::~" : "::");
    strbuf_reserve(out, n);
    strbuf_add_bytes(out, out->data + last, n);
    return at + 2;
}

static bool add_parts(struct strbuf *out, const char *at)
{
    size_t last = SIZE_MAX;
    bool joined = false;
    while (at && *at) {
        if (*at == '*' || *at == '?') {
            strbuf_add_char(out, *at++);
            joined = false;
        } else if (isdigit((unsigned char)*at)) {
            const char *next = add_identifier(out, at, &last, joined);
            if (!next)
                break;
            at = next;
            joined = true;
        } else if (strncmp(at, "St", 2) == 0 && out->length == 0) {
            strbuf_add(out, "std");
            at += 2;
            joined = true;
        } else if ((*at == 'C' || *at == 'D') && isdigit((unsigned char)at[1]) && joined && last != SIZE_MAX) {
            at = add_structor(out, at, last);
        } else {
            break;
        }
    }
    strbuf_add_char(out, '*');
    return last != SIZE_MAX;
}

static const char *readable(struct suppression_reader *reader, const char *pattern)
{
    struct strbuf text = STRBUF_INIT;
    const char *result = NULL;
    if (strncmp(pattern, "_Z", 2) != 0)
        return NULL;
    char *name = strpbrk(pattern, "*?") ? NULL : demangle(pattern);
    const char *parts = pattern + 2 + (pattern[2] == 'N');
    if (parts > pattern + 2)
        parts += strspn(parts, "rVK");
    if (name)
        strbuf_add(&text, name);
    else if (strncmp(pattern, "_Znw", 4) == 0 || strncmp(pattern, "_Zna", 4) == 0)
        strbuf_add(&text, pattern[3] == 'w' ? "operator new" : "operator new[]");
    else if (!add_parts(&text, parts))
        strbuf_clear(&text);
    if (text.length)
        result = arena_strdup(&reader->to->texts, text.data);
    strbuf_release(&text);
    free(name);
    return result;
}

/* src:FILE:LINE */
static uint32_t cut_line(char *text)
{
    char *colon = strrchr(text, ':');
    if (!colon || !colon[1] || colon[1 + strspn(colon + 1, "0123456789")])
        return 0;
    *colon = '\0';
    return (uint32_t)strtoul(colon + 1, NULL, 10);
}

static int parse_frame(struct suppression_reader *reader, struct suppression *rule)
{
    char *text = reader->text, *value = strchr(text, ':');
    struct suppression_pattern pattern = { .text = "" };
    if (rule->n_patterns == LONGEST)
        return suppression_refuse(reader, "a suppression has at most %d frames", LONGEST);
    if (strcmp(text, "...") == 0)
        pattern.field = SUPPRESSION_SOME;
    else if (strncmp(text, "fun:", 4) == 0)
        pattern.field = SUPPRESSION_FUNCTION;
    else if (strncmp(text, "obj:", 4) == 0)
        pattern.field = SUPPRESSION_MODULE;
    else if (strncmp(text, "src:", 4) == 0)
        pattern.field = SUPPRESSION_FILE;
    else
        return suppression_refuse(reader, "\"%.100s\" is no frame; those are fun:NAME, obj:NAME, src:NAME and \"...\"", text);
    if (value)
        pattern.text = value + 1;
    if (value && !value[1])
        return suppression_refuse(reader, "%.100s wants a pattern behind it", text);
    if (pattern.field == SUPPRESSION_FILE)
        pattern.line = cut_line(value + 1);
    if (pattern.field == SUPPRESSION_FUNCTION)
        pattern.readable = readable(reader, pattern.text);
    rule->patterns[rule->n_patterns++] = pattern;
    return 0;
}

static int parse_kinds(struct suppression_reader *reader, const char *value, unsigned *kinds)
{
    static const struct { const char *name; unsigned kinds; } names[] = {
        { "definite", 1u << TRACE_REACH_LOST }, { "indirect", 1u << TRACE_REACH_INDIRECT },
        { "possible", 1u << TRACE_REACH_POSSIBLE },
        { "reachable", 1u << TRACE_REACH_HELD }, { "all", SUPPRESSION_ALL_KINDS }, { "none", 0 },
    };
    *kinds = 0;
    while (*value) {
        size_t n = strcspn(value, ", \t"), i = 0;
        while (n && i < sizeof names / sizeof *names && (strlen(names[i].name) != n || memcmp(names[i].name, value, n) != 0))
            i++;
        if (n && i == sizeof names / sizeof *names)
            return suppression_refuse(reader, "\"%.*s\" is no kind of leak; Valgrind has definite, indirect, possible, "
                                              "reachable, all and none", (int)n, value);
        if (n)
            *kinds |= names[i].kinds;
        value += n;
        value += strspn(value, ", \t");
    }
    return 0;
}

/* What stands behind "match-leak-kinds:", or NULL. */
static const char *kinds_of(const char *text)
{
    static const char key[] = "match-leak-kinds";
    if (strncmp(text, key, sizeof key - 1) != 0)
        return NULL;
    text += sizeof key - 1;
    text += strspn(text, " \t");
    return *text == ':' ? text + 1 : NULL;
}

/* "Memcheck:Leak", "Addrcheck,Memcheck:Leak" */
static bool is_leak(const char *text)
{
    const char *colon = strchr(text, ':'), *tool = strstr(text, "Memcheck");
    return colon && tool && tool < colon && strcmp(colon + 1, "Leak") == 0;
}

static int skip(struct suppression_reader *reader)
{
    uint32_t begun = reader->line;
    while (suppression_next_line(reader))
        if (strcmp(reader->text, "}") == 0)
            return 0;
    return suppression_refuse(reader, "the suppression around line %u has no \"}\"", begun);
}

/* From the line behind the tool's on to the "}". */
static int parse_leak(struct suppression_reader *reader, const char *name)
{
    struct suppression *rule = suppression_add(reader, SUPPRESSION_VALGRIND, name, suppression_lines_ahead(reader, "}"));
    int status = 0;
    while (status == 0) {
        if (!suppression_next_line(reader))
            return suppression_refuse(reader, "the suppression \"%.100s\" has no \"}\"", name);
        if (strcmp(reader->text, "}") == 0)
            break;
        const char *value = kinds_of(reader->text);
        status = value ? parse_kinds(reader, value, &rule->kinds) : parse_frame(reader, rule);
    }
    if (status == 0 && rule->n_patterns == 0)
        return suppression_refuse(reader, "the suppression \"%.100s\" has no frames", name);
    return status;
}

int suppression_parse_valgrind(struct suppression_reader *reader)
{
    int status;
    do {
        if (strcmp(reader->text, "{") != 0)
            return suppression_refuse(reader, "\"%.100s\" stands outside of a suppression; Valgrind's begin with \"{\"",
                                      reader->text);
        if (!suppression_next_line(reader))
            return suppression_refuse(reader, "a suppression begins here and has no name");
        const char *name = reader->text;
        if (!suppression_next_line(reader) || !strchr(reader->text, ':'))
            return suppression_refuse(reader, "behind the name \"%.100s\" a tool and a kind are missing, such as Memcheck:Leak",
                                      name);
        status = is_leak(reader->text) ? parse_leak(reader, name) : skip(reader);
    } while (status == 0 && suppression_next_line(reader));
    return status;
}
