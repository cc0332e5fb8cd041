#include "usage.h"

#include "../base/terminal.h"
#include "verbs.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define WIDEST 100
#define LABEL_MOST 30               /* longer labels stand on a line of their own */

const char usage_tagline[] = "heapline shows where a program's memory goes, line by line, and what it leaked.";

static const struct option help_option = {
    .name = "help", .letter = 'h', .kind = OPTION_FLAG, .help = "print this help and exit",
};

const struct option *usage_option(const struct command *command, size_t number)
{
    size_t n = 0;
    while (command->options && command->options[n].name)
        n++;
    if (number < n)
        return &command->options[number];
    return number == n ? &help_option : NULL;
}

const struct command *usage_find_command(const char *name)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

const char *usage_argument(const struct option *option, struct strbuf *room)
{
    if (option->kind == OPTION_FLAG)
        return NULL;
    if (option->argument)
        return option->argument;
    if (option->kind != OPTION_CHOICE)
        return "VALUE";
    strbuf_clear(room);
    for (size_t i = 0; option->choices[i]; i++)
        strbuf_printf(room, "%s%s", i ? "|" : "", option->choices[i]);
    return room->data;
}

void usage_add_sentence(struct strbuf *out, const char *summary)
{
    size_t begin = out->length;
    strbuf_add(out, summary);
    if (out->length == begin)
        return;
    out->data[begin] = (char)toupper((unsigned char)out->data[begin]);
    if (out->data[out->length - 1] != '.')
        strbuf_add_char(out, '.');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *found = text; (found = strstr(found, word)); found += length)
        if ((found == text || !is_letter(found[-1])) && !is_letter(found[length]))
            return true;
    return false;
}

static bool names_choices(const char *text, const char *const *choices)
{
    for (; text && *choices; choices++)
        if (!has_word(text, *choices))
            return false;
    return text != NULL;
}

void usage_add_choices(struct strbuf *out, const char *const *choices)
{
    for (size_t i = 0; choices[i]; i++)
        strbuf_printf(out, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
}

void usage_add_help(struct strbuf *out, const struct option *option)
{
    strbuf_add(out, option->help);
    if (option->kind != OPTION_CHOICE || !option->argument)
        return;
    if (names_choices(option->help, option->choices) || names_choices(option->argument, option->choices))
        return;
    strbuf_add(out, ": ");
    usage_add_choices(out, option->choices);
}

/* One paragraph without line breaks of its own. Returns the end of what it used. */
static const char *wrap_paragraph(struct strbuf *out, const char *text, size_t indent, size_t column, size_t width)
{
    bool first = true;
    while (*text && strncmp(text, "\n\n", 2) != 0 && strncmp(text, "\n  ", 3) != 0) {
        text += strspn(text, " \n");
        size_t length = strcspn(text, " \n");
        size_t columns = text_width(text, length);
        if (!first && column + 1 + columns > width) {
            strbuf_add_char(out, '\n');
            column = 0;
        } else if (!first) {
            strbuf_add_char(out, ' ');
            column++;
        }
        if (column < indent) {
            strbuf_fill(out, ' ', indent - column);
            column = indent;
        }
        strbuf_add_bytes(out, text, length);
        column += columns;
        first = false;
        text += length;
        while (*text == ' ' || (*text == '\n' && text[1] == '\0'))
            text++;
    }
    strbuf_add_char(out, '\n');
    return text;
}

void usage_wrap(struct strbuf *out, const char *text, size_t indent, size_t column, size_t width)
{
    while (*text) {
        if (strncmp(text, "  ", 2) == 0) {
            size_t length = strcspn(text, "\n");
            strbuf_fill(out, ' ', indent);
            strbuf_add_bytes(out, text, length);
            strbuf_add_char(out, '\n');
            text += length;
        } else {
            text = wrap_paragraph(out, text, indent, column, width);
        }
        column = 0;
        bool blank_line = strncmp(text, "\n\n", 2) == 0;
        text += strspn(text, "\n");
        if (blank_line && *text)
            strbuf_add_char(out, '\n');
    }
}

static void add_label(struct strbuf *out, const struct option *option)
{
    struct strbuf room = STRBUF_INIT;
    const char *argument = usage_argument(option, &room);
    if (option->letter)
        strbuf_printf(out, "  -%c, --%s", option->letter, option->name);
    else
        strbuf_printf(out, "      --%s", option->name);
    if (argument)
        strbuf_printf(out, " %s", argument);
    strbuf_release(&room);
}

/* A label, and its text beginning at column `indent`. */
static void add_entry(struct strbuf *out, const char *label, const char *text, size_t indent, size_t width)
{
    size_t column = text_width(label, strlen(label));
    strbuf_add(out, label);
    if (column + 2 > indent) {
        strbuf_add_char(out, '\n');
        column = 0;
    }
    usage_wrap(out, text, indent, column, width);
}

static size_t widest_label(const struct command *command)
{
    size_t widest = 0;
    struct strbuf label = STRBUF_INIT;
    for (size_t i = 0; usage_option(command, i); i++) {
        strbuf_clear(&label);
        add_label(&label, usage_option(command, i));
        size_t columns = text_width(label.data, label.length);
        if (columns <= LABEL_MOST && columns > widest)
            widest = columns;
    }
    strbuf_release(&label);
    return widest;
}

static void add_options(struct strbuf *out, const struct command *command, size_t width)
{
    struct strbuf label = STRBUF_INIT, help = STRBUF_INIT;
    size_t indent = widest_label(command) + 2;
    strbuf_add(out, "\nOptions:\n");
    for (size_t i = 0; usage_option(command, i); i++) {
        strbuf_clear(&label);
        strbuf_clear(&help);
        add_label(&label, usage_option(command, i));
        usage_add_help(&help, usage_option(command, i));
        add_entry(out, label.data, help.data, indent, width);
    }
    strbuf_release(&help);
    strbuf_release(&label);
}

/* "command\tmeaning" lines: the command, and its meaning below it. */
static void add_examples(struct strbuf *out, const char *examples, size_t width)
{
    strbuf_add(out, "\nExamples:\n");
    while (*examples) {
        size_t line = strcspn(examples, "\n");
        size_t command = strcspn(examples, "\t\n");
        strbuf_printf(out, "  %.*s\n", (int)command, examples);
        if (command < line) {
            struct strbuf meaning = STRBUF_INIT;
            strbuf_add_bytes(&meaning, examples + command + 1, line - command - 1);
            usage_wrap(out, meaning.data, 6, 0, width);
            strbuf_release(&meaning);
        }
        examples += line + (examples[line] == '\n');
    }
}

static void add_verbs(struct strbuf *out, const struct command *command, size_t width)
{
    size_t indent = 0;
    strbuf_add(out, "\nVerbs:\n");
    for (size_t i = 0; command->verbs[i]; i++) {
        size_t columns = strlen(verbs_word(command->verbs[i])) + 4;
        indent = columns > indent ? columns : indent;
    }
    for (size_t i = 0; command->verbs[i]; i++) {
        struct strbuf label = STRBUF_INIT;
        strbuf_printf(&label, "  %s", verbs_word(command->verbs[i]));
        add_entry(out, label.data, command->verbs[i]->summary, indent, width);
        strbuf_release(&label);
    }
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "\"heapline %s VERB -h\" explains a verb.", command->name);
    strbuf_add_char(out, '\n');
    usage_wrap(out, text.data, 0, 0, width);
    strbuf_release(&text);
}

static size_t help_width(FILE *out)
{
    size_t width = terminal_width(fileno(out));
    return width > WIDEST ? WIDEST : width;
}

void usage_print_command(FILE *out, const struct command *command)
{
    size_t width = help_width(out);
    struct strbuf text = STRBUF_INIT, summary = STRBUF_INIT;
    strbuf_printf(&text, "Usage: heapline %s%s%s%s\n\n", command->name, command->verbs ? "" : " [OPTION...]",
                  *command->operands ? " " : "", command->operands);
    usage_add_sentence(&summary, command->summary);
    usage_wrap(&text, summary.data, 0, 0, width);
    if (command->description && *command->description) {
        strbuf_add_char(&text, '\n');
        usage_wrap(&text, command->description, 0, 0, width);
    }
    if (command->verbs)
        add_verbs(&text, command, width);
    add_options(&text, command, width);
    if (command->examples && *command->examples)
        add_examples(&text, command->examples, width);
    fputs(text.data, out);
    strbuf_release(&summary);
    strbuf_release(&text);
}

void usage_print_overview(FILE *out)
{
    size_t width = help_width(out);
    struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "Usage: heapline COMMAND [OPTION...] [ARGUMENT...]\n\n");
    usage_wrap(&text, usage_tagline, 0, 0, width);
    strbuf_add(&text, "\nCommands:\n");
    for (size_t i = 0; commands[i]; i++) {
        struct strbuf label = STRBUF_INIT;
        strbuf_printf(&label, "  %s", commands[i]->name);
        add_entry(&text, label.data, commands[i]->summary, 14, width);
        strbuf_release(&label);
    }
    strbuf_add_char(&text, '\n');
    usage_wrap(&text, "Begin with \"heapline run PROGRAM\". \"heapline help COMMAND\" explains a command, \"heapline --version\" "
                      "names the version.", 0, 0, width);
    fputs(text.data, out);
    strbuf_release(&text);
}
