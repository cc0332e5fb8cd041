/* Takes a text of SELECTORs apart. What each one means: select_terms.c. */
#include "select_parts.h"

#include "../base/suggest.h"
#include "../base/xalloc.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 16u

int select_fail(struct select *select, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(select->error->text, sizeof select->error->text, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

struct select_hint select_hint_of(const char *nearest)
{
    struct select_hint hint = { "" };
    if (nearest)
        snprintf(hint.text, sizeof hint.text, "; did you mean \"%.100s\"?", nearest);
    return hint;
}

static bool is_between(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == ',';
}

/* Where what opens at `text` (a quote, a bracket) closes; NULL: nowhere. */
static const char *closing(const char *text)
{
    static const char begins[] = "([<", closes[] = ")]>";
    const char *kind = strchr(begins, *text);
    if (!kind)
        return strchr(text + 1, *text);
    unsigned depth = 0;
    for (const char *c = text; *c; c++) {
        if ((*c == '"' || *c == '\'') && strchr(c + 1, *c))
            c = strchr(c + 1, *c);
        else if (*c == *kind)
            depth++;
        else if (*c == closes[kind - begins] && --depth == 0)
            return c;
    }
    return NULL;
}

/* Blanks and commas inside of quotes and brackets are the value's own. '<' is one behind a name only: "vector<int>", but
 * "size:<4096". */
static bool opens(const char *text, const char *c)
{
    return strchr("\"'([", *c) || (*c == '<' && c > text && (isalnum((unsigned char)c[-1]) || c[-1] == '_'));
}

/* The end of a value that begins at `text`. */
static const char *value_end(const char *text)
{
    const char *c = text;
    while (*c && !is_between(*c)) {
        const char *close = opens(text, c) ? closing(c) : NULL;
        c = close ? close + 1 : c + 1;
    }
    return c;
}

/* The value without what stands around all of it: quotes, or parentheses. To be freed. */
static char *bare_value(const char *value, const char *end)
{
    const char *close = value < end && strchr("\"'(", *value) ? closing(value) : NULL;
    bool around = close && close + 1 == end;
    return around ? xstrndup(value + 1, (size_t)(close - value) - 1) : xstrndup(value, (size_t)(end - value));
}

static const struct select_key *key_named(const char *name, size_t n)
{
    for (const struct select_key *key = select_keys; key->name; key++)
        if (strlen(key->name) == n && memcmp(key->name, name, n) == 0)
            return key;
    return NULL;
}

static int fail_key(struct select *select, const char *name, size_t n)
{
    char *typed = xstrndup(name, n);
    struct suggestion suggestion = { .typed = typed };
    struct strbuf known = STRBUF_INIT;
    for (const struct select_key *key = select_keys; key->name; key++) {
        suggestion_offer(&suggestion, key->name);
        strbuf_printf(&known, "%s%s", known.length ? ", " : "", key->example);
    }
    if (suggestion.nearest)
        select_fail(select, "there is no selector \"%.60s:\"; did you mean \"%s:\"?", typed, suggestion.nearest);
    else
        select_fail(select, "there is no selector \"%.60s:\": selectors are %s", typed, known.data);
    strbuf_release(&known);
    free(typed);
    return -EINVAL;
}

/* The colon behind a selector's name: letters and '-'. C++ has two of them, which are none of ours. */
static const char *colon_of(const char *text, const char *end)
{
    const char *c = text;
    while (c < end && ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '-' || *c == '_'))
        c++;
    return c > text && c < end && *c == ':' && c[1] != ':' ? c : NULL;
}

/* A word without a colon is a type, or an address. */
static int narrow_word(struct select *select, const char *word, uint8_t *set)
{
    if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
        return key_named("addr", 4)->narrow(select, word, set);
    if (select_is_type(select->graph, word))
        return key_named("type", 4)->narrow(select, word, set);
    struct suggestion suggestion = { .typed = word };
    for (uint32_t i = 0; i < select->graph->n_types; i++)
        suggestion_offer(&suggestion, select->graph->types[i].name);
    return select_fail(select, "nothing is of a type \"%.100s\"%s", word, select_hint_of(suggestion.nearest).text);
}

static int narrow_term(struct select *select, const char *term, const char *end, uint8_t *set)
{
    const char *colon = colon_of(term, end);
    const struct select_key *key = colon ? key_named(term, (size_t)(colon - term)) : NULL;
    bool group = *term == '(' && closing(term) && closing(term) + 1 == end;
    if (colon && !key)
        return fail_key(select, term, (size_t)(colon - term));
    char *value = bare_value(colon ? colon + 1 : term, end);
    int status = 0;
    if (key && !*value)
        status = select_fail(select, "the selector \"%s:\" lacks a value, as in %s", key->name, key->example);
    else if (key)
        status = key->narrow(select, value, set);
    else
        status = group ? select_narrow(select, value, set) : narrow_word(select, value, set);
    free(value);
    return status;
}

int select_narrow(struct select *select, const char *text, uint8_t *set)
{
    int status = 0;
    if (++select->depth > DEPTH_MAX)
        return select_fail(select, "selectors stand inside of each other more than %u deep", DEPTH_MAX);
    while (is_between(*text))
        text++;
    if (!*text)
        return select_fail(select, "a selector is missing: \"type:NAME\", \"line:FILE:LINE\", \"addr:0x…\" or another one");
    while (status == 0 && *text) {
        const char *end = value_end(text);
        status = narrow_term(select, text, end, set);
        for (text = end; is_between(*text);)
            text++;
    }
    select->depth--;
    return status;
}

int graph_select(struct graph *graph, const char *selector, uint8_t **set, uint32_t *n, struct trace_error *error)
{
    struct select select = { .graph = graph, .error = error };
    uint8_t *all = xmalloc(graph->n);
    error->text[0] = '\0';
    memset(all, 1, graph->n);
    all[0] = 0;
    int status = select_narrow(&select, selector, all);
    *set = NULL;
    *n = 0;
    if (status < 0) {
        free(all);
        return status;
    }
    for (uint32_t i = 0; i < graph->n; i++)
        *n += all[i];
    *set = all;
    return 0;
}
