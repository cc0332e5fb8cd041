#include "budgets.h"

#include "../base/parse.h"
#include "../base/strbuf.h"
#include "../base/suggest.h"
#include "../base/xalloc.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MOST (1 << 20)

const char *const budget_limit_names[] = { "max-lost", "max-live", "max-peak", "max-allocations", "max-growth", NULL };
const char *const budget_scope_names[] = { "run", "function", "file", "module", NULL };

static const char *const setting_names[] = { "iterations",   "every",        "process",      "baseline", "baseline-by",
                                             "max-increase", "min-increase", "suppressions", NULL };
enum setting {
    SET_ITERATIONS,
    SET_EVERY,
    SET_PROCESS,
    SET_BASELINE,
    SET_BASELINE_BY,
    SET_MAX_INCREASE,
    SET_MIN_INCREASE,
    SET_SUPPRESSIONS
};

/* Where a file is being read. */
struct reading {
    struct budgets *budgets;
    const char *path;
    uint32_t line;
    struct budget part;                      /* the section's; given is what earlier calls had set */
    bool in_section;
    struct trace_error *error;
};

static int index_of(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static struct budget *add_part(struct budgets *budgets, enum budget_scope scope, const char *pattern)
{
    struct budget *part = vec_add(&budgets->items);
    part->scope = scope;
    part->pattern = pattern ? arena_strdup(&budgets->texts, pattern) : NULL;
    for (int i = 0; i < LIMITS; i++)
        part->limits[i] = LIMIT_NONE;
    return part;
}

void budgets_init(struct budgets *budgets)
{
    *budgets = (struct budgets){ .baseline_by = -1, .max_increase = LIMIT_NONE, .min_increase = LIMIT_NONE };
    add_part(budgets, SCOPE_RUN, NULL);
}

void budgets_release(struct budgets *budgets)
{
    vec_release(&budgets->items);
    vec_release(&budgets->suppressions);
    arena_release(&budgets->texts);
}

struct budget *budgets_part(struct budgets *budgets, enum budget_scope scope, const char *pattern)
{
    for (size_t i = 0; i < budgets->items.n; i++)
        if (budgets->items.items[i].scope == scope &&
            (scope == SCOPE_RUN || strcmp(budgets->items.items[i].pattern, pattern) == 0))
            return &budgets->items.items[i];
    return add_part(budgets, scope, pattern);
}

bool budgets_parse_percent(const char *text, uint64_t *hundredths)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return false;
    double percent = strtod(text, &end);
    end += strspn(end, " ");
    if (*end == '%')
        end++;
    if (*end || !(percent <= 1e9) || strpbrk(text, "xXeEpP"))
        return false;
    *hundredths = (uint64_t)(percent * 100 + 0.5);
    return true;
}

static bool parse_limit(enum budget_limit limit, const char *text, uint64_t *value)
{
    return limit == LIMIT_ALLOCATIONS ? parse_count(text, value) : parse_bytes(text, value);
}

static const char *limit_form(enum budget_limit limit)
{
    return limit == LIMIT_ALLOCATIONS ? "a whole number such as 20000" : "a size such as 4096, 24 MiB or 0";
}

/* Cuts off the word at the beginning of *text. */
static char *next_word(char **text)
{
    char *word = *text + strspn(*text, " \t"), *end = word + strcspn(word, " \t");
    *text = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

int budgets_add(struct budgets *budgets, const char *text, struct trace_error *error)
{
    char *copy = xstrdup(text), *rest = copy;
    char *kind = next_word(&rest), *pattern = next_word(&rest), *name = next_word(&rest);
    rest += strspn(rest, " \t");
    int scope = index_of(budget_scope_names, kind), limit = index_of(budget_limit_names, name);
    uint64_t value;
    int status = -EINVAL;
    if (scope <= SCOPE_RUN || !*pattern || limit < 0)
        snprintf(error->text, sizeof error->text,
                 "a budget is written as \"function GLOB LIMIT VALUE\" (or file, or module), such as "
                 "\"function parse_* max-peak 24MiB\", not \"%s\"",
                 text);
    else if (!parse_limit((enum budget_limit)limit, rest, &value))
        snprintf(error->text, sizeof error->text, "%s takes %s, not \"%s\"", name, limit_form((enum budget_limit)limit), rest);
    else {
        budgets_part(budgets, (enum budget_scope)scope, pattern)->limits[limit] = value;
        status = 0;
    }
    free(copy);
    return status;
}

__attribute__((format(printf, 2, 3)))
static int bad_line(struct reading *reading, const char *format, ...)
{
    va_list arguments;
    int n = snprintf(reading->error->text, sizeof reading->error->text, "%s:%u: ", reading->path, reading->line);
    va_start(arguments, format);
    if (n > 0 && (size_t)n < sizeof reading->error->text)
        vsnprintf(reading->error->text + n, sizeof reading->error->text - (size_t)n, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static int unknown_key(struct reading *reading, const char *key)
{
    struct suggestion near = { .typed = key };
    for (int i = 0; budget_limit_names[i]; i++)
        suggestion_offer(&near, budget_limit_names[i]);
    for (int i = 0; reading->part.scope == SCOPE_RUN && setting_names[i]; i++)
        suggestion_offer(&near, setting_names[i]);
    if (near.nearest)
        return bad_line(reading, "there is no setting \"%s\" here; did you mean %s?", key, near.nearest);
    return bad_line(reading, "there is no setting \"%s\" here", key);
}

/* A name of a file as seen from the folder of the file that is read. */
static const char *beside(struct reading *reading, const char *name)
{
    const char *slash = strrchr(reading->path, '/');
    struct strbuf text = STRBUF_INIT;
    if (name[0] != '/' && slash)
        strbuf_add_bytes(&text, reading->path, (size_t)(slash - reading->path) + 1);
    strbuf_add(&text, name);
    const char *result = arena_strdup(&reading->budgets->texts, text.data);
    strbuf_release(&text);
    return result;
}

static void set_text(struct reading *reading, const char **setting, const char *value)
{
    if (!*setting)
        *setting = arena_strdup(&reading->budgets->texts, value);
}

static int set_number(struct reading *reading, uint64_t *setting, uint64_t unset, bool good, uint64_t value, const char *form,
                      const char *text)
{
    if (!good)
        return bad_line(reading, "this takes %s, not \"%s\"", form, text);
    if (*setting == unset)
        *setting = value;
    return 0;
}

static int set_measure(struct reading *reading, const char *text)
{
    int by = index_of(measure_names, text);
    if (by < 0)
        return bad_line(reading, "baseline-by takes a measure such as peak, live, allocated or count, not \"%s\"", text);
    if (reading->budgets->baseline_by < 0)
        reading->budgets->baseline_by = by;
    return 0;
}

static int set(struct reading *reading, enum setting setting, const char *text)
{
    struct budgets *budgets = reading->budgets;
    uint64_t value = 0;
    bool good;
    switch (setting) {
    case SET_ITERATIONS:
        set_text(reading, &budgets->iterations, text);
        return 0;
    case SET_PROCESS:
        set_text(reading, &budgets->process, text);
        return 0;
    case SET_BASELINE:
        if (!budgets->baseline)
            budgets->baseline = beside(reading, text);
        return 0;
    case SET_SUPPRESSIONS:
        vec_push(&budgets->suppressions, beside(reading, text));
        return 0;
    case SET_BASELINE_BY:
        return set_measure(reading, text);
    case SET_EVERY:
        good = parse_duration(text, &value) && value;
        return set_number(reading, &budgets->every_ns, 0, good, value, "a time such as 1s or 250ms", text);
    case SET_MAX_INCREASE:
        good = budgets_parse_percent(text, &value);
        return set_number(reading, &budgets->max_increase, LIMIT_NONE, good, value, "a part such as 5%", text);
    case SET_MIN_INCREASE:
        good = parse_bytes(text, &value);
        return set_number(reading, &budgets->min_increase, LIMIT_NONE, good, value, "a size such as 4 KiB", text);
    }
    return 0;
}

static int set_key(struct reading *reading, const char *key, const char *text)
{
    int limit = index_of(budget_limit_names, key), setting = index_of(setting_names, key);
    if (!*text)
        return bad_line(reading, "%s has no value", key);
    if (limit >= 0) {
        struct budget *part = budgets_part(reading->budgets, reading->part.scope, reading->part.pattern);
        uint64_t value = 0;
        bool good = parse_limit((enum budget_limit)limit, text, &value);
        return set_number(reading, &part->limits[limit], LIMIT_NONE, good, value, limit_form((enum budget_limit)limit), text);
    }
    if (setting < 0 || reading->part.scope != SCOPE_RUN)
        return unknown_key(reading, key);
    return set(reading, (enum setting)setting, text);
}

/* "[gate]" or "[function "parse_*"]". */
static int begin_section(struct reading *reading, char *text)
{
    size_t n = strlen(text);
    char *open = strchr(text, '"'), *close = strrchr(text, '"');
    if (n < 2 || text[n - 1] != ']')
        return bad_line(reading, "a section ends with ]");
    reading->in_section = true;
    reading->part = (struct budget){ .scope = SCOPE_RUN };
    if (strcmp(text, "[gate]") == 0)
        return 0;
    size_t word = strcspn(text + 1, " \t\"]");
    bool quoted =
        open && close > open + 1 && close == text + n - 2 && strspn(text + 1 + word, " \t") == (size_t)(open - text) - 1 - word;
    text[1 + word] = '\0';
    int scope = index_of(budget_scope_names, text + 1);
    if (scope <= SCOPE_RUN || !quoted)
        return bad_line(reading, "a section is [gate], or [function \"GLOB\"], [file \"GLOB\"] or [module \"GLOB\"]");
    *close = '\0';
    reading->part.scope = (enum budget_scope)scope;
    reading->part.pattern = arena_strdup(&reading->budgets->texts, open + 1);
    return 0;
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t n = strlen(text);
    while (n && strchr(" \t\r", text[n - 1]))
        text[--n] = '\0';
    return text;
}

/* Quotes keep blanks and comment signs in a value; a comment begins with # or ; at the start of a line or behind a blank. */
static char *value_of(char *text)
{
    text = trim(text);
    char *end = *text == '"' ? strchr(text + 1, '"') : NULL;
    if (end) {
        *end = '\0';
        return text + 1;
    }
    for (char *p = text; *p; p++)
        if ((*p == '#' || *p == ';') && (p == text || p[-1] == ' ' || p[-1] == '\t'))
            *p = '\0';
    return trim(text);
}

static int take_line(struct reading *reading, char *line)
{
    char *text = trim(line), *equals = strchr(text, '=');
    if (!*text || *text == '#' || *text == ';')
        return 0;
    if (*text == '[')
        return begin_section(reading, text);
    if (!reading->in_section)
        return bad_line(reading, "settings stand in a section: begin with [gate]");
    if (!equals)
        return bad_line(reading, "a setting is written as NAME = VALUE, not \"%.60s\"", text);
    *equals = '\0';
    return set_key(reading, trim(text), value_of(equals + 1));
}

int budgets_parse(struct budgets *budgets, const char *path, const char *text, struct trace_error *error)
{
    struct reading reading = { .budgets = budgets, .path = path, .error = error };
    int status = 0;
    while (*text && status == 0) {
        size_t n = strcspn(text, "\n");
        char *line = xstrndup(text, n);
        reading.line++;
        status = take_line(&reading, line);
        free(line);
        text += n + (text[n] == '\n');
    }
    return status;
}

int budgets_read(struct budgets *budgets, const char *path, struct trace_error *error)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(error->text, sizeof error->text, "'%.300s' cannot be read: %s", path, strerror(errno));
        return -errno;
    }
    char *text = xcalloc(FILE_BYTES_MOST + 1, 1);
    size_t n = fread(text, 1, FILE_BYTES_MOST, file);
    int status = ferror(file) ? -EIO : 0;
    if (status == 0 && memchr(text, '\0', n))
        status = -EINVAL;
    if (status < 0)
        snprintf(error->text, sizeof error->text, "'%.300s' is no file of budgets: %s", path,
                 status == -EIO ? "it cannot be read" : "it holds a zero byte");
    else
        status = budgets_parse(budgets, path, text, error);
    free(text);
    fclose(file);
    return status;
}

static bool exists(const char *folder, const char *name)
{
    struct stat status;
    char *path = xasprintf("%s/%s", folder, name);
    bool there = stat(path, &status) == 0;
    free(path);
    return there;
}

char *budgets_find_root(void)
{
    char *folder = getcwd(NULL, 0), *top = folder ? xstrdup(folder) : xstrdup(".");
    while (folder && *folder && !exists(folder, ".git"))
        *strrchr(folder, '/') = '\0';
    if (folder && *folder) {
        free(top);
        return folder;
    }
    free(folder);
    return top;
}

char *budgets_find_file(void)
{
    char *folder = getcwd(NULL, 0), *root = budgets_find_root(), *found = NULL;
    if (exists(".", BUDGETS_FILE))
        found = xstrdup(BUDGETS_FILE);
    while (folder && !found && strcmp(folder, root) != 0 && *folder) {
        *strrchr(folder, '/') = '\0';
        if (exists(folder, BUDGETS_FILE))
            found = xasprintf("%s/%s", folder, BUDGETS_FILE);
    }
    free(folder);
    free(root);
    return found;
}

bool budgets_limit_any(const struct budgets *budgets, enum budget_limit limit)
{
    for (size_t i = 0; i < budgets->items.n; i++)
        if (budgets->items.items[i].limits[limit] != LIMIT_NONE)
            return true;
    return false;
}

bool budgets_any(const struct budgets *budgets)
{
    for (int limit = 0; limit < LIMITS; limit++)
        if (budgets_limit_any(budgets, (enum budget_limit)limit))
            return true;
    return budgets->baseline;
}
