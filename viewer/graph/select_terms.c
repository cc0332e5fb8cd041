/* What SELECTORs mean, one function each. Verdicts on types and lines are found once and looked up for every node. */
#include "select_parts.h"

#include "../base/glob.h"
#include "../base/parse.h"
#include "../base/suggest.h"
#include "../base/xalloc.h"
#include "cpp_type.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- type: ---- */

static bool matches_name(const char *pattern, const char *name) { return strcmp(pattern, name) == 0 || glob_match(pattern, name); }

/* What stands behind the last "::" outside of brackets; all of "tree node of shop::Order", which is no Order. */
static const char *without_namespaces(const char *name)
{
    const char *last = name;
    for (int depth = 0; *name; name++) {
        depth += (*name == '<' || *name == '(') - (*name == '>' || *name == ')');
        if (depth == 0 && *name == ' ')
            break;
        if (depth == 0 && name[0] == ':' && name[1] == ':')
            last = name + 2;
    }
    return last;
}

/* A C++ class, whether of one object, of an array of them or with a counter (make_shared), and without its namespaces. */
static bool matches_class(const char *pattern, const char *name)
{
    char *class = xstrndup(name, cpp_type_class_length(name));
    bool matches = matches_name(pattern, class) || matches_name(pattern, without_namespaces(class));
    free(class);
    return matches;
}

/* "main.<locals>.Order" is "Order" to its program, too. */
static bool matches_last_name(const struct graph_type *type, const char *pattern)
{
    const char *dot = type->sort == GRAPH_PYTHON ? strrchr(type->name, '.') : NULL;
    return type->sort == GRAPH_CPP ? matches_class(pattern, type->name) : dot && matches_name(pattern, dot + 1);
}

static bool matches_type(const struct graph_type *type, const char *pattern)
{
    size_t n = strlen(type->module);
    if (matches_name(pattern, type->name) || matches_last_name(type, pattern))
        return true;
    if (n == 0)
        return false;
    char *full = xasprintf("%s.%s", type->module, type->name);
    bool matches = matches_name(pattern, full);
    free(full);
    return matches;
}

/* Node 0's is no type that anybody asks for. */
static bool is_type(const struct graph *graph, uint32_t type, const char *pattern)
{
    return graph->types[type].sort != GRAPH_ROOT && matches_type(&graph->types[type], pattern);
}

bool select_is_type(const struct graph *graph, const char *pattern)
{
    for (uint32_t i = 0; i < graph->n_types; i++)
        if (is_type(graph, i, pattern))
            return true;
    return false;
}

static void say_no_type(struct select *select, const char *pattern)
{
    struct suggestion suggestion = { .typed = pattern };
    for (uint32_t i = 0; i < select->graph->n_types; i++)
        if (select->graph->types[i].sort != GRAPH_ROOT)
            suggestion_offer(&suggestion, select->graph->types[i].name);
    select_fail(select, "nothing is of a type \"%.100s\"%s", pattern, select_hint_of(suggestion.nearest).text);
}

static int narrow_type(struct select *select, const char *pattern, uint8_t *set)
{
    const struct graph *graph = select->graph;
    uint8_t *verdicts = xcalloc(graph->n_types, 1);
    bool any = false;
    for (uint32_t i = 0; i < graph->n_types; i++)
        any |= verdicts[i] = is_type(graph, i, pattern);
    for (uint32_t i = 0; i < graph->n; i++)
        set[i] &= verdicts[graph->nodes[i].type];
    free(verdicts);
    if (!any)
        say_no_type(select, pattern);
    return 0;
}

/* ---- line: ---- */

struct line_pattern { char *file; uint64_t from, to; };

/* Digits, and behind '-' more: the last part of FILE:N or FILE:N-M. */
static bool parse_lines(const char *text, struct line_pattern *pattern)
{
    char from[24], to[24];
    size_t n = strspn(text, "0123456789"), m = text[n] == '-' ? strspn(text + n + 1, "0123456789") : 0;
    if (n == 0 || n >= sizeof from || m >= sizeof to || (text[n] && (m == 0 || text[n + 1 + m])))
        return false;
    snprintf(from, sizeof from, "%.*s", (int)n, text);
    snprintf(to, sizeof to, "%.*s", (int)(m ? m : n), m ? text + n + 1 : text);
    return parse_count(from, &pattern->from) && parse_count(to, &pattern->to);
}

static int parse_line(struct select *select, const char *value, struct line_pattern *pattern)
{
    const char *colon = strrchr(value, ':');
    *pattern = (struct line_pattern){ NULL, 0, UINT64_MAX };
    bool numbered = colon && colon > value && parse_lines(colon + 1, pattern);
    if (pattern->from > pattern->to)
        return select_fail(select, "in \"line:%.200s\" the last line comes before the first", value);
    pattern->file = numbered ? xstrndup(value, (size_t)(colon - value)) : xstrdup(value);
    return 0;
}

/* The whole path, its last part, or its last parts: "app.py", "web/app.py". */
static bool matches_file(const char *pattern, const char *path)
{
    if (strcmp(pattern, path) == 0 || glob_match_path(pattern, path))
        return true;
    size_t n = strlen(path), m = strlen(pattern);
    if (*pattern == '/' || !strchr(pattern, '/'))
        return strcmp(pattern, path_base(path)) == 0;
    if (n > m && path[n - m - 1] == '/' && strcmp(path + n - m, pattern) == 0)
        return true;
    char *anywhere = xasprintf("*/%s", pattern);
    bool matches = glob_match(anywhere, path);
    free(anywhere);
    return matches;
}

/* By location: 1, the line is meant. Returns whether the file is there at all. */
static bool judge_lines(const struct locations *locations, const struct line_pattern *pattern, uint8_t *verdicts)
{
    const char *last = NULL;
    bool any = false, matches = false;
    for (uint32_t i = 0; i < locations->n; i++) {
        const struct location *location = &locations->items[i];
        if (!location->file)
            continue;
        if (location->file != last)
            matches = matches_file(pattern->file, last = location->file);
        any |= matches;
        verdicts[i] = matches && location->line >= pattern->from && location->line <= pattern->to;
    }
    return any;
}

static void say_no_file(struct select *select, const struct locations *locations, const char *pattern)
{
    struct suggestion suggestion = { .typed = pattern };
    for (uint32_t i = 0; i < locations->n; i++)
        if (locations->items[i].file)
            suggestion_offer(&suggestion, path_base(locations->items[i].file));
    select_fail(select, "nothing was allocated in a file \"%.100s\"%s", pattern, select_hint_of(suggestion.nearest).text);
}

static int narrow_line(struct select *select, const char *value, uint8_t *set)
{
    static const struct locations none;
    const struct graph *graph = select->graph;
    const struct locations *locations = graph->profile ? &graph->profile->locations : &none;
    struct line_pattern pattern;
    int status = parse_line(select, value, &pattern);
    if (status < 0)
        return status;
    uint8_t *verdicts = xcalloc((size_t)locations->n + 1, 1);
    bool any = judge_lines(locations, &pattern, verdicts);
    for (uint32_t i = 0; i < graph->n; i++) {
        uint32_t line = set[i] ? graph_line_of(graph, i) : GRAPH_NONE;
        set[i] = line != GRAPH_NONE && verdicts[line];
    }
    if (!any)
        say_no_file(select, locations, pattern.file);
    free(verdicts);
    free(pattern.file);
    return 0;
}

/* ---- addr: ---- */

/* "0x7f12…", and what Python's id() prints. */
static bool parse_address(const char *text, uint64_t *address)
{
    char *end;
    if (text[0] != '0' || (text[1] | 0x20) != 'x')
        return parse_count(text, address);
    errno = 0;
    *address = strtoull(text + 2, &end, 16);
    return text[2] && text[2] != '-' && text[2] != '+' && *end == '\0' && errno == 0;
}

/* One of several, which '|' parts: its node gets 1 in `meant`. What is not there is told of only when nothing is. */
static int take_address(struct select *select, const char *text, uint8_t *meant, bool *any)
{
    uint64_t address;
    if (!parse_address(text, &address))
        return select_fail(select, "\"addr:%.100s\" is no address; one is written 0x7f12345678, or as Python's id() gives it, "
                           "several with | between them", text);
    uint32_t node = graph_find(select->graph, address);
    if (node != GRAPH_NONE)
        meant[node] = *any = true;
    else if (!*any)
        select_fail(select, "nothing is at 0x%" PRIx64 " in this snapshot", address);
    if (*any)
        select->error->text[0] = '\0';
    return 0;
}

static int narrow_address(struct select *select, const char *value, uint8_t *set)
{
    uint8_t *meant = xcalloc(select->graph->n, 1);
    bool any = false;
    int error = 0;
    for (const char *at = value; at && !error;) {
        const char *bar = strchr(at, '|');
        char *one = xstrndup(at, bar ? (size_t)(bar - at) : strlen(at));
        error = take_address(select, one, meant, &any);
        free(one);
        at = bar ? bar + 1 : NULL;
    }
    for (uint32_t i = 0; i < select->graph->n; i++)
        set[i] &= meant[i];
    free(meant);
    return error;
}

/* ---- size: ---- */

static bool parse_range(const char *text, uint64_t *from, uint64_t *to)
{
    const char *dots = strstr(text, "..");
    char *low = xstrndup(text, dots ? (size_t)(dots - text) : strlen(text));
    bool good = dots && parse_bytes(low, from) && parse_bytes(dots + 2, to) && *from <= *to;
    free(low);
    return good;
}

/* ">1M", ">=1M", "<4096", "<=4k", "1k..2k", "=64", "64". Both limits belong to what is meant. */
static bool parse_size(const char *text, uint64_t *from, uint64_t *to)
{
    bool more = *text == '>', less = *text == '<', equal = text[more || less] == '=';
    const char *number = text + (more || less) + equal;
    uint64_t bytes;
    if (strstr(text, ".."))
        return parse_range(text, from, to);
    if (!parse_bytes(number, &bytes) || (less && !equal && bytes == 0) || (more && !equal && bytes == UINT64_MAX))
        return false;
    *from = less ? 0 : more && !equal ? bytes + 1 : bytes;
    *to = more ? UINT64_MAX : less && !equal ? bytes - 1 : bytes;
    return true;
}

static int narrow_size(struct select *select, const char *value, uint8_t *set)
{
    const struct graph *graph = select->graph;
    uint64_t from, to;
    if (!parse_size(value, &from, &to))
        return select_fail(select, "\"size:%.100s\" is no size; sizes are written >1M, >=64k, <4096, 1k..2k", value);
    for (uint32_t i = 0; i < graph->n; i++)
        set[i] &= graph->nodes[i].bytes >= from && graph->nodes[i].bytes <= to;
    return 0;
}

/* ---- sort: ---- */

static int narrow_sort(struct select *select, const char *value, uint8_t *set)
{
    const struct graph *graph = select->graph;
    struct suggestion suggestion = { .typed = value };
    uint32_t sort = GRAPH_ROOT + 1;
    while (sort < GRAPH_SORTS && strcmp(graph_sort_names[sort], value) != 0)
        suggestion_offer(&suggestion, graph_sort_names[sort++]);
    if (sort == GRAPH_SORTS && suggestion.nearest)
        return select_fail(select, "there is no sort \"%.60s\"%s", value, select_hint_of(suggestion.nearest).text);
    if (sort == GRAPH_SORTS)
        return select_fail(select, "there is no sort \"%.60s\"; there are python, frame, c++, native, memory and free", value);
    for (uint32_t i = 0; i < graph->n; i++)
        set[i] &= graph->nodes[i].sort == sort;
    return 0;
}

/* ---- held-by: ---- */

/* By node: what is known of the way up from it. */
enum held { UNKNOWN, FREE, HELD };

/* Goes up from a node to one that is known or below a holder, then tells all on the way. */
static void judge_held(const uint32_t *dominator, const uint8_t *holders, uint8_t *held, uint32_t node)
{
    uint32_t at = node;
    while (held[at] == UNKNOWN && dominator[at] != GRAPH_NONE && !holders[dominator[at]])
        at = dominator[at];
    if (held[at] == UNKNOWN)
        held[at] = dominator[at] == GRAPH_NONE ? FREE : HELD;
    for (; node != at; node = dominator[node])
        held[node] = held[at];
}

static int narrow_held(struct select *select, const char *value, uint8_t *set)
{
    struct graph *graph = select->graph;
    uint8_t *holders = xmalloc(graph->n), *held = xcalloc(graph->n, 1);
    memset(holders, 1, graph->n);
    holders[0] = 0;
    held[0] = FREE;
    int status = select_narrow(select, value, holders);
    if (status == 0 && !graph->dominator)
        graph_dominate(graph);
    for (uint32_t i = 0; status == 0 && i < graph->n; i++) {
        if (set[i])
            judge_held(graph->dominator, holders, held, i);
        set[i] = set[i] && held[i] == HELD;
    }
    free(holders);
    free(held);
    return status;
}

const struct select_key select_keys[] = {
    { "type", "type:Order", narrow_type },
    { "line", "line:app.py:42", narrow_line },
    { "addr", "addr:0x7f1200", narrow_address },
    { "module", "module:numpy", select_module },
    { "size", "size:>1M", narrow_size },
    { "new-since", "new-since:LABEL", select_since },
    { "held-by", "held-by:type:Cache", narrow_held },
    { "sort", "sort:native", narrow_sort },
    { NULL, NULL, NULL },
};
