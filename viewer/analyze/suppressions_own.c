/* Our own files of suppressions, and LeakSanitizer's: one key and one pattern a line. */
#include "suppressions_rules.h"

#include <ctype.h>
#include <string.h>

/* What ThreadSanitizer and its kin read from the same files. */
bool suppression_is_sanitizer_line(const char *text, bool *leak)
{
    static const char *const types[] = {
        "leak", "race", "race_top", "mutex", "thread", "deadlock", "signal", "called_from_lib", "interceptor_name",
        "interceptor_via_fun", "interceptor_via_lib", "odr_violation", "alloc_dealloc_mismatch", "vptr_check", "undefined",
        "alignment", "null", "bounds", "enum", "function", "signed-integer-overflow", "unsigned-integer-overflow",
        "float-cast-overflow", "implicit-integer-sign-change", "object-size", "pointer-overflow", "shift", "vptr",
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t n = strlen(types[i]);
        if (strncmp(text, types[i], n) == 0 && text[n] == ':') {
            *leak = i == 0;
            return true;
        }
    }
    return false;
}

int suppression_parse_sanitizer(struct suppression_reader *reader)
{
    bool leak;
    do {
        if (!suppression_is_sanitizer_line(reader->text, &leak))
            return suppression_refuse(reader, "\"%.100s\" is no suppression of a sanitizer; those that count here are "
                                              "leak:PATTERN", reader->text);
        if (!leak)
            continue;
        char *pattern = reader->text + 5;
        if (!*pattern)
            return suppression_refuse(reader, "leak: wants a pattern behind it, of a function, a file or a module");
        struct suppression *rule = suppression_add(reader, SUPPRESSION_SANITIZER, pattern, 1);
        rule->patterns[rule->n_patterns++] = (struct suppression_pattern){ .field = SUPPRESSION_ANY, .text = pattern };
        rule->kinds = SUPPRESSION_LEAK_KINDS;
    } while (suppression_next_line(reader));
    return 0;
}

/* "KEY: VALUE" or "KEY VALUE": cuts the text in two. Returns the value, NULL when there is none. */
static char *split(char *text)
{
    char *value = text + strcspn(text, ": \t");
    if (!*value)
        return NULL;
    *value++ = '\0';
    value += strspn(value, ": \t");
    return *value ? value : NULL;
}

static bool add_kind(const char *word, size_t n, unsigned *kinds)
{
    static const struct { const char *name; unsigned kinds; } names[] = {
        { "lost", 1u << TRACE_REACH_LOST }, { "indirect", 1u << TRACE_REACH_INDIRECT },
        { "possible", 1u << TRACE_REACH_POSSIBLE },
        { "reachable", 1u << TRACE_REACH_HELD }, { "all", SUPPRESSION_ALL_KINDS },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == n && memcmp(names[i].name, word, n) == 0) {
            *kinds |= names[i].kinds;
            return true;
        }
    return false;
}

static int parse_kinds(struct suppression_reader *reader, const char *value, unsigned *kinds)
{
    *kinds = 0;
    while (*value) {
        size_t n = strcspn(value, ", \t");
        if (n && !add_kind(value, n, kinds))
            return suppression_refuse(reader, "\"%.*s\" is no kind; there are lost, indirect, possible, reachable and all",
                                      (int)n, value);
        value += n;
        value += strspn(value, ", \t");
    }
    return 0;
}

static int parse_fingerprint(struct suppression_reader *reader, struct suppression *rule, char *value)
{
    if (strlen(value) != 16 || strspn(value, "0123456789abcdef") != 16)
        return suppression_refuse(reader, "\"%.100s\" is no fingerprint: it has 16 digits of 0-9 and a-f, as heapline leaks "
                                          "prints it", value);
    rule->fingerprint = value;
    return 0;
}

static int parse_key(struct suppression_reader *reader, struct suppression *rule, const char *key, char *value)
{
    static const struct { const char *name; enum suppression_field field; } fields[] = {
        { "fun", SUPPRESSION_FUNCTION }, { "file", SUPPRESSION_FILE }, { "module", SUPPRESSION_MODULE },
    };
    if (!value)
        return suppression_refuse(reader, "%.100s wants a value behind it", key);
    if (strcmp(key, "kind") == 0)
        return parse_kinds(reader, value, &rule->kinds);
    if (strcmp(key, "fingerprint") == 0)
        return parse_fingerprint(reader, rule, value);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(key, fields[i].name) == 0) {
            rule->patterns[rule->n_patterns++] = (struct suppression_pattern){ .field = fields[i].field, .text = value };
            return 0;
        }
    return suppression_refuse(reader, "\"%.100s\" is no key of a rule; there are kind, fun, file, module and fingerprint", key);
}

static int check_rule(struct suppression_reader *reader, const struct suppression *rule)
{
    if (!rule || rule->n_patterns || rule->fingerprint)
        return 0;
    reader->line = rule->rule.line;
    return suppression_refuse(reader, "the rule \"%.100s\" says nothing of a stack: it wants fun, file, module or fingerprint",
                              rule->rule.name);
}

int suppression_parse_own(struct suppression_reader *reader)
{
    struct suppression *rule = NULL;
    int status = 0;
    do {
        char *value = split(reader->text);
        if (strcmp(reader->text, "rule") == 0) {
            status = check_rule(reader, rule);
            if (status == 0)
                rule = suppression_add(reader, SUPPRESSION_OWN, value ? value : "", suppression_lines_ahead(reader, "rule"));
        } else if (!rule) {
            status = suppression_refuse(reader, "\"%.100s\" begins no file of suppressions: those of heapline begin with \"rule "
                                                "NAME\", LeakSanitizer's with "
                                                "\"leak:PATTERN\", Valgrind's with \"{\"", reader->text);
        } else {
            status = parse_key(reader, rule, reader->text, value);
        }
    } while (status == 0 && suppression_next_line(reader));
    return status < 0 ? status : check_rule(reader, rule);
}
