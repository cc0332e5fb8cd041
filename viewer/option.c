#include "option.h"

#include "base/parse.h"
#include "base/say.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/xalloc.h"
#include "cmd/usage.h"
#include "command.h"

#include <stdlib.h>
#include <string.h>

/* Where the parser stands in argv. */
struct parser {
    const struct command *command;
    int argc;
    char **argv;
    int next;                       /* the argument after the one at hand */
    int operands;                   /* moved to argv[1..operands] */
};

enum step { STEP_GO_ON, STEP_ERROR = -1, STEP_HELP = -2 };

static const char *accepted(const struct option *option, struct strbuf *room)
{
    switch (option->kind) {
    case OPTION_COUNT:
        return "a whole number such as 20";
    case OPTION_BYTES:
        return "a size such as 4096, 24MB or 1.5GiB";
    case OPTION_TIME:
        return "a time such as 1.5s, 250ms, 2m, 12:31:05, 50% or end";
    case OPTION_MOMENT:
        return "a time such as 1.5s, 12:31:05 or 50%, or the label of a mark";
    case OPTION_CHOICE:
        usage_add_choices(room, option->choices);
        return room->data;
    case OPTION_FILE:
        return "the name of a file";
    default:
        return "a value";
    }
}

static enum step bad_value(const struct command *command, const struct option *option, const char *text)
{
    struct strbuf room = STRBUF_INIT;
    struct suggestion near = { .typed = text };
    for (size_t i = 0; option->kind == OPTION_CHOICE && option->choices[i]; i++)
        suggestion_offer(&near, option->choices[i]);
    const char *forms = accepted(option, &room);
    if (near.nearest)
        say_error("%s: --%s takes %s, not \"%s\"; did you mean %s?", command->name, option->name, forms, text, near.nearest);
    else
        say_error("%s: --%s takes %s, not \"%s\"", command->name, option->name, forms, text);
    strbuf_release(&room);
    return STEP_ERROR;
}

static bool set_choice(const struct option *option, const char *text)
{
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            *(int *)option->value = i;
            return true;
        }
    }
    return false;
}

static bool set_time(struct option_time *time, const char *text, bool or_label)
{
    struct option_time parsed = { .kind = OPTION_TIME_NS };
    if (strcmp(text, "end") == 0)
        parsed = (struct option_time){ .kind = OPTION_TIME_PERCENT, .value = 100 };
    else if (parse_percent(text, &parsed.value))
        parsed.kind = OPTION_TIME_PERCENT;
    else if (parse_clock(text, &parsed.value))
        parsed.kind = OPTION_TIME_CLOCK;
    else if (!parse_duration(text, &parsed.value)) {
        if (!or_label || !*text)
            return false;
        parsed = (struct option_time){ .kind = OPTION_TIME_LABEL, .label = text };
    }
    *time = parsed;
    return true;
}

static bool set_number(const struct option *option, const char *text)
{
    uint64_t number;
    bool good = option->kind == OPTION_COUNT ? parse_count(text, &number) : parse_bytes(text, &number);
    if (good)
        *(uint64_t *)option->value = number;
    return good;
}

static void add_to_list(struct option_list *list, const char *text)
{
    list->items = xreallocarray(list->items, list->n + 1, sizeof *list->items);
    list->items[list->n++] = text;
}

/* `text` is NULL for flags. */
static bool set_value(const struct option *option, const char *text)
{
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->value = true;
        return true;
    case OPTION_LIST:
        add_to_list(option->value, text);
        return true;
    case OPTION_FILE:
    case OPTION_STRING:
        *(const char **)option->value = text;
        return option->kind == OPTION_STRING || *text;
    case OPTION_CHOICE:
        return set_choice(option, text);
    case OPTION_TIME:
    case OPTION_MOMENT:
        return set_time(option->value, text, option->kind == OPTION_MOMENT);
    case OPTION_COUNT:
    case OPTION_BYTES:
        return set_number(option, text);
    }
    return false;
}

/* `attached` is the value that came with the option, or NULL: then the next argument is the value. */
static enum step take(struct parser *parser, const struct option *option, const char *attached)
{
    if (!option->value) {
        usage_print_command(stdout, parser->command);
        return STEP_HELP;
    }
    if (option->kind != OPTION_FLAG && !attached) {
        if (parser->next >= parser->argc) {
            struct strbuf room = STRBUF_INIT;
            say_error("%s: --%s needs a value: --%s %s", parser->command->name, option->name, option->name,
                      usage_argument(option, &room));
            strbuf_release(&room);
            return STEP_ERROR;
        }
        attached = parser->argv[parser->next++];
    }
    return set_value(option, attached) ? STEP_GO_ON : bad_value(parser->command, option, attached);
}

static enum step unknown_long(const struct command *command, const char *name, size_t length)
{
    char *typed = xstrndup(name, length);
    struct suggestion near = { .typed = typed };
    for (size_t i = 0; usage_option(command, i); i++)
        suggestion_offer(&near, usage_option(command, i)->name);
    if (near.nearest)
        say_error("%s: unknown option --%s; did you mean --%s?", command->name, typed, near.nearest);
    else
        say_error("%s: unknown option --%s; \"heapline %s -h\" lists the options", command->name, typed, command->name);
    free(typed);
    return STEP_ERROR;
}

static enum step ambiguous(const struct command *command, const char *name, size_t length)
{
    const char *candidates[64];
    size_t n = 0;
    struct strbuf list = STRBUF_INIT;
    for (size_t i = 0; usage_option(command, i) && n < 63; i++)
        if (strncmp(usage_option(command, i)->name, name, length) == 0)
            candidates[n++] = usage_option(command, i)->name;
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&list, "%s--%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", candidates[i]);
    say_error("%s: --%.*s could be %s; write more of it", command->name, (int)length, name, list.data);
    strbuf_release(&list);
    return STEP_ERROR;
}

/* The option of that name, or the only one that begins so. *matches counts those that begin so. */
static const struct option *find_long(const struct command *command, const char *name, size_t length, size_t *matches)
{
    const struct option *found = NULL, *option;
    *matches = 0;
    for (size_t i = 0; (option = usage_option(command, i)); i++) {
        if (strncmp(option->name, name, length) != 0)
            continue;
        ++*matches;
        found = option;
        if (option->name[length] == '\0') {
            *matches = 1;
            return option;
        }
    }
    return found;
}

static enum step parse_long(struct parser *parser, const char *name)
{
    size_t length = strcspn(name, "="), matches;
    const struct option *option = length ? find_long(parser->command, name, length, &matches) : NULL;
    if (!option)
        return unknown_long(parser->command, name, length);
    if (matches > 1)
        return ambiguous(parser->command, name, length);
    const char *attached = name[length] ? name + length + 1 : NULL;
    if (attached && option->kind == OPTION_FLAG) {
        say_error("%s: --%s takes no value; leave \"=%s\" out", parser->command->name, option->name, attached);
        return STEP_ERROR;
    }
    return take(parser, option, attached);
}

static const struct option *find_letter(const struct command *command, char letter)
{
    const struct option *option;
    for (size_t i = 0; (option = usage_option(command, i)); i++)
        if (option->letter == letter)
            return option;
    return NULL;
}

/* "-abVALUE": flags, at last perhaps one with a value. */
static enum step parse_letters(struct parser *parser, const char *letters)
{
    for (; *letters; letters++) {
        const struct option *option = find_letter(parser->command, *letters);
        if (!option) {
            say_error("%s: unknown option -%c; \"heapline %s -h\" lists the options", parser->command->name, *letters,
                      parser->command->name);
            return STEP_ERROR;
        }
        if (option->kind != OPTION_FLAG)
            return take(parser, option, letters[1] ? letters + 1 : NULL);
        enum step step = take(parser, option, NULL);
        if (step != STEP_GO_ON)
            return step;
    }
    return STEP_GO_ON;
}

static void keep_operand(struct parser *parser, char *operand)
{
    parser->argv[++parser->operands] = operand;
}

static void keep_rest(struct parser *parser)
{
    while (parser->next < parser->argc)
        keep_operand(parser, parser->argv[parser->next++]);
}

int option_parse(const struct command *command, int argc, char **argv)
{
    struct parser parser = { .command = command, .argc = argc, .argv = argv, .next = 1 };
    while (parser.next < argc) {
        char *argument = argv[parser.next++];
        enum step step = STEP_GO_ON;
        if (argument[0] != '-' || argument[1] == '\0') {
            keep_operand(&parser, argument);
            if (command->takes_program)
                keep_rest(&parser);
        } else if (strcmp(argument, "--") == 0) {
            keep_rest(&parser);
        } else if (argument[1] == '-') {
            step = parse_long(&parser, argument + 2);
        } else {
            step = parse_letters(&parser, argument + 1);
        }
        if (step != STEP_GO_ON)
            return step;
    }
    argv[parser.operands + 1] = NULL;
    return parser.operands;
}
