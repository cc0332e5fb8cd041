#include "completion.h"
#include "usage.h"
#include "verbs.h"

static void add_quoted(struct strbuf *out, const char *text)
{
    strbuf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *text);
    }
    strbuf_add_char(out, '\'');
}

static void begin(struct strbuf *out, const struct command *command)
{
    strbuf_printf(out, "complete -c heapline -n '__heapline_in %s%s", command->name, command->verbs ? "; and __heapline_no_verb" : "");
}

static void add_option(struct strbuf *out, const struct command *command, const struct option *option)
{
    begin(out, command);
    strbuf_add(out, command->takes_program ? "; and __heapline_before_program'" : "'");
    if (option->letter)
        strbuf_printf(out, " -s %c", option->letter);
    strbuf_printf(out, " -l %s", option->name);
    if (option->kind == OPTION_FILE)
        strbuf_add(out, " -r -F");
    else if (option->kind == OPTION_CHOICE) {
        strbuf_add(out, " -x -a '");
        for (size_t i = 0; option->choices[i]; i++)
            strbuf_printf(out, "%s%s", i ? " " : "", option->choices[i]);
        strbuf_add_char(out, '\'');
    } else if (option->kind != OPTION_FLAG)
        strbuf_add(out, " -x");
    strbuf_add(out, " -d ");
    add_quoted(out, option->help);
    strbuf_add_char(out, '\n');
}

static void add_operand(struct strbuf *out, const struct command *command)
{
    enum operand_kind kind = completion_operand(command);
    if (kind == OPERAND_NONE)
        return;
    for (size_t i = 0; kind == OPERAND_VERB && command->verbs[i]; i++) {
        begin(out, command);
        strbuf_printf(out, "' -x -a %s -d ", verbs_word(command->verbs[i]));
        add_quoted(out, command->verbs[i]->summary);
        strbuf_add_char(out, '\n');
    }
    if (kind == OPERAND_VERB)
        return;
    begin(out, command);
    if (kind == OPERAND_FILE)
        strbuf_add(out, "' -F");
    else if (kind == OPERAND_PROGRAM)
        strbuf_add(out, "' -x -a '(__heapline_program)'");
    else {
        strbuf_add(out, "' -x -a '");
        kind == OPERAND_COMMAND ? completion_add_commands(out) : completion_add_choices(out, command);
        strbuf_add_char(out, '\'');
    }
    strbuf_add_char(out, '\n');
}

/* The options that take a value: what follows them is no program. */
static void add_value_options(struct strbuf *out)
{
    strbuf_add(out, "function __heapline_takes_value\n    contains -- \"$argv[1] $argv[2]\"");
    const struct command *command;
    for (size_t i = 0; (command = completion_command(i)); i++) {
        const struct option *option;
        for (size_t j = 0; (option = usage_option(command, j)); j++) {
            if (option->kind == OPTION_FLAG)
                continue;
            strbuf_printf(out, " '%s --%s'", command->name, option->name);
            if (option->letter)
                strbuf_printf(out, " '%s -%c'", command->name, option->letter);
        }
    }
    strbuf_add(out, "\nend\n\n");
}

static const char functions[] =
    "# The words of the program behind \"run\" and its options, the one being typed included.\n"
    "function __heapline_program_words\n"
    "    set -l words (commandline -opc) (commandline -ct)\n"
    "    set -l command $words[2]\n"
    "    set -l words $words[3..]\n"
    "    while set -q words[1]; and string match -q -- '-*' $words[1]\n"
    "        if test $words[1] = --\n"
    "            set -e words[1]\n"
    "            break\n"
    "        end\n"
    "        if __heapline_takes_value $command $words[1]\n"
    "            set -e words[1]\n"
    "        end\n"
    "        set -e words[1]\n"
    "    end\n"
    "    set -q words[1]; and printf '%s\\n' $words\n"
    "end\n\n"
    "function __heapline_program\n"
    "    set -l words (__heapline_program_words)\n"
    "    set -q words[1]; or return\n"
    "    set -l typed $words[-1]\n"
    "    set -e words[-1]\n"
    "    set -l line (string escape -- $words) $typed\n"
    "    complete -C \"$line\"\n"
    "end\n\n"
    "function __heapline_before_program\n"
    "    test (count (__heapline_program_words)) -le 1\n"
    "end\n\n"
    "function __heapline_in\n"
    "    set -l words (commandline -opc)\n"
    "    test \"$words[2]\" = $argv[1]; or return\n"
    "    not set -q argv[2]; or test \"$words[3]\" = $argv[2]\n"
    "end\n\n"
    "function __heapline_no_verb\n"
    "    test (count (commandline -opc)) -eq 2\n"
    "end\n\n";

void completion_fish(struct strbuf *out)
{
    strbuf_add(out, "# fish completion for heapline " HEAPLINE_VERSION "; made by \"heapline completion fish\".\n\n");
    add_value_options(out);
    strbuf_add(out, functions);
    strbuf_add(out, "complete -c heapline -f\n"
                    "complete -c heapline -n '__fish_use_subcommand' -s h -l help -d 'list the commands'\n"
                    "complete -c heapline -n '__fish_use_subcommand' -s V -l version -d 'print the version'\n");
    for (size_t i = 0; commands[i]; i++) {
        strbuf_printf(out, "complete -c heapline -n '__fish_use_subcommand' -a %s -d ", commands[i]->name);
        add_quoted(out, commands[i]->summary);
        strbuf_add_char(out, '\n');
    }
    const struct command *command;
    for (size_t i = 0; (command = completion_command(i)); i++) {
        const struct option *option;
        for (size_t j = 0; (option = usage_option(command, j)); j++)
            add_option(out, command, option);
        add_operand(out, command);
    }
}
