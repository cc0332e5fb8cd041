#include "completion.h"
#include "usage.h"
#include "verbs.h"

/* Inside '…' of a specification of _arguments: brackets, colons and quotes must not end anything. */
static void add_quoted(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            strbuf_add(out, "'\\''");
        else if (*text == '[' || *text == ']' || *text == ':' || *text == '\\')
            strbuf_printf(out, "\\%c", *text);
        else
            strbuf_add_char(out, *text);
    }
}

/* The part behind the option's name: [help]:argument:values */
static void add_meaning(struct strbuf *out, const struct option *option)
{
    struct strbuf room = STRBUF_INIT;
    const char *argument = usage_argument(option, &room);
    strbuf_add_char(out, '[');
    add_quoted(out, option->help);
    strbuf_add_char(out, ']');
    if (argument) {
        strbuf_add_char(out, ':');
        add_quoted(out, argument);
        strbuf_add_char(out, ':');
    }
    if (option->kind == OPTION_FILE)
        strbuf_add(out, "_files");
    if (option->kind == OPTION_CHOICE) {
        strbuf_add_char(out, '(');
        for (size_t i = 0; option->choices[i]; i++)
            strbuf_printf(out, "%s%s", i ? " " : "", option->choices[i]);
        strbuf_add_char(out, ')');
    }
    strbuf_release(&room);
}

/* Given once unless it is a list; a long option's value may stand behind '=', a short one's right behind the letter. */
static void add_option(struct strbuf *out, const struct option *option)
{
    const char *short_end = option->kind == OPTION_FLAG ? "" : "+";
    const char *long_end = option->kind == OPTION_FLAG ? "" : "=";
    bool list = option->kind == OPTION_LIST;
    strbuf_add(out, "                ");
    if (list)
        strbuf_add(out, "'*'");
    else if (option->letter)
        strbuf_printf(out, "'(-%c --%s)'", option->letter, option->name);
    if (option->letter)
        strbuf_printf(out, "{-%c%s,--%s%s}'", option->letter, short_end, option->name, long_end);
    else
        strbuf_printf(out, "'--%s%s", option->name, long_end);
    add_meaning(out, option);
    strbuf_add(out, "' \\\n");
}

static void add_operand(struct strbuf *out, const struct command *command)
{
    strbuf_add(out, "                ");
    switch (completion_operand(command)) {
    case OPERAND_FILE:
        strbuf_add(out, "'*:trace:_files'");
        break;
    case OPERAND_PROGRAM:
        strbuf_add(out, "'(-)1:program: _command_names -e' '*::arguments:_normal'");
        break;
    case OPERAND_COMMAND:
        strbuf_add(out, "'1:command:(");
        completion_add_commands(out);
        strbuf_add(out, ")'");
        break;
    case OPERAND_CHOICES:
        strbuf_add(out, "'1:shell:(");
        completion_add_choices(out, command);
        strbuf_add(out, ")'");
        break;
    case OPERAND_VERB:
        strbuf_add(out, "'1:verb:(");
        completion_add_verbs(out, command);
        strbuf_add(out, ")'");
        break;
    case OPERAND_NONE:
        strbuf_add(out, "&& return");
        break;
    }
    strbuf_add_char(out, '\n');
}

static void add_command(struct strbuf *out, const struct command *command)
{
    const struct option *option;
    strbuf_printf(out, "        '%s')\n            _arguments -s -S \\\n", command->name);
    for (size_t i = 0; (option = usage_option(command, i)); i++)
        add_option(out, option);
    add_operand(out, command);
    strbuf_add(out, "            ;;\n");
}

/* Behind the verb, the words are those of a command of its own. */
static void add_verb_step(struct strbuf *out, const struct command *command)
{
    strbuf_printf(out, "    if [[ $command == %s ]] && (( CURRENT > 2 )); then\n"
                       "        command+=\" $words[2]\"\n        shift words\n        (( CURRENT-- ))\n    fi\n", command->name);
}

void completion_zsh(struct strbuf *out)
{
    strbuf_add(out, "#compdef heapline\n"
                    "# zsh completion for heapline " HEAPLINE_VERSION "; made by \"heapline completion zsh\".\n\n"
                    "_heapline() {\n    local curcontext=$curcontext state line\n    local -a verbs\n    verbs=(\n");
    for (size_t i = 0; commands[i]; i++) {
        strbuf_printf(out, "        '%s:", commands[i]->name);
        add_quoted(out, commands[i]->summary);
        strbuf_add(out, "'\n");
    }
    strbuf_add(out, "    )\n"
                    "    _arguments -C '(- *)'{-h,--help}'[list the commands]' '(- *)'{-V,--version}'[print the version]' \\\n"
                    "        '1: :->command' '*:: :->arguments' && return\n"
                    "    if [[ $state == command ]]; then\n        _describe command verbs\n        return\n    fi\n"
                    "    local command=$words[1]\n");
    for (size_t i = 0; commands[i]; i++)
        if (commands[i]->verbs)
            add_verb_step(out, commands[i]);
    strbuf_add(out, "    case $command in\n");
    const struct command *command;
    for (size_t i = 0; (command = completion_command(i)); i++)
        add_command(out, command);
    strbuf_add(out, "    esac\n}\n\n"
                    "if [[ $funcstack[1] == _heapline ]]; then\n    _heapline \"$@\"\n"
                    "else\n    compdef _heapline heapline\nfi\n");
}
