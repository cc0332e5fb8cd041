#include "completion.h"
#include "usage.h"

/* Fixed part. Words with '=' come in three pieces, because bash breaks words at '='. */
static const char script[] =
    "_heapline()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} first=2 values i word\n"
    "    COMPREPLY=()\n"
    "    if (( COMP_CWORD == 1 )); then\n"
    "        COMPREPLY=($(compgen -W \"$(_heapline_commands) --help --version\" -- \"$cur\"))\n"
    "        return\n"
    "    fi\n"
    "    if (( COMP_CWORD > 2 )) && [[ $(_heapline_operands \"$command\") == @verb* ]]; then\n"
    "        command+=\" ${COMP_WORDS[2]}\"\n"
    "        first=3\n"
    "    fi\n"
    "    if [[ $cur == '=' ]]; then\n"
    "        cur=''\n"
    "    elif [[ $prev == '=' ]]; then\n"
    "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
    "    fi\n"
    "    for (( i = first; i < COMP_CWORD; i++ )); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $word == -- ]]; then\n"
    "            (( i++ ))\n"
    "            break\n"
    "        elif _heapline_value \"$command\" \"$word\" > /dev/null; then\n"
    "            [[ ${COMP_WORDS[i+1]} == '=' ]] && (( i++ ))\n"
    "            (( i++ ))\n"
    "        elif [[ $word != -* ]]; then\n"
    "            break\n"
    "        fi\n"
    "    done\n"
    "    values=$(_heapline_operands \"$command\")\n"
    "    if (( i > COMP_CWORD )); then\n"
    "        values=$(_heapline_value \"$command\" \"$prev\")\n"
    "    elif [[ $values == @program ]] && (( i < COMP_CWORD )); then\n"
    "        declare -F _command_offset > /dev/null && _command_offset \"$i\" || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
    "        return\n"
    "    elif [[ $cur == -* && ${COMP_WORDS[i-1]} != -- ]]; then\n"
    "        COMPREPLY=($(compgen -W \"$(_heapline_options \"$command\")\" -- \"$cur\"))\n"
    "        return\n"
    "    fi\n"
    "    case $values in\n"
    "        @verb*) COMPREPLY=($(compgen -W \"${values#@verb }\" -- \"$cur\")) ;;\n"
    "        @file) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
    "        @program) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -c -- \"$cur\") $(compgen -d -- \"$cur\")) ;;\n"
    "        *) COMPREPLY=($(compgen -W \"$values\" -- \"$cur\")) ;;\n"
    "    esac\n"
    "}\n"
    "complete -F _heapline heapline\n";

static void add_commands(struct strbuf *out)
{
    strbuf_add(out, "_heapline_commands()\n{\n    echo '");
    completion_add_commands(out);
    strbuf_add(out, "'\n}\n\n");
}

static void add_options(struct strbuf *out)
{
    strbuf_add(out, "# The options of command $1.\n_heapline_options()\n{\n    case $1 in\n");
    const struct command *command;
    for (size_t i = 0; (command = completion_command(i)); i++) {
        strbuf_printf(out, "        '%s') echo '", command->name);
        const struct option *option;
        for (size_t j = 0; (option = usage_option(command, j)); j++) {
            strbuf_add(out, j ? " " : "");
            if (option->letter)
                strbuf_printf(out, "-%c ", option->letter);
            strbuf_printf(out, "--%s", option->name);
        }
        strbuf_add(out, "' ;;\n");
    }
    strbuf_add(out, "    esac\n}\n\n");
}

static void add_value(struct strbuf *out, const struct command *command, const struct option *option)
{
    strbuf_add(out, "        ");
    if (option->letter)
        strbuf_printf(out, "'%s -%c' | ", command->name, option->letter);
    strbuf_printf(out, "'%s --%s') echo '", command->name, option->name);
    if (option->kind == OPTION_FILE)
        strbuf_add(out, "@file");
    for (size_t i = 0; option->kind == OPTION_CHOICE && option->choices[i]; i++)
        strbuf_printf(out, "%s%s", i ? " " : "", option->choices[i]);
    strbuf_add(out, "' ;;\n");
}

static void add_values(struct strbuf *out)
{
    strbuf_add(out, "# The values of option $2 of command $1; fails when it takes none.\n"
                    "_heapline_value()\n{\n    case \"$1 $2\" in\n");
    const struct command *command;
    for (size_t i = 0; (command = completion_command(i)); i++) {
        const struct option *option;
        for (size_t j = 0; (option = usage_option(command, j)); j++)
            if (option->kind != OPTION_FLAG)
                add_value(out, command, option);
    }
    strbuf_add(out, "        *) return 1 ;;\n    esac\n}\n\n");
}

static void add_operands(struct strbuf *out)
{
    const struct command *command;
    strbuf_add(out, "# What completes the operands of command $1: words, @file, @program, or @verb and words.\n"
                    "_heapline_operands()\n{\n    case $1 in\n");
    for (size_t i = 0; (command = completion_command(i)); i++) {
        strbuf_printf(out, "        '%s') echo '", command->name);
        enum operand_kind kind = completion_operand(command);
        if (kind == OPERAND_CHOICES)
            completion_add_choices(out, command);
        else if (kind == OPERAND_COMMAND)
            completion_add_commands(out);
        else if (kind == OPERAND_VERB) {
            strbuf_add(out, "@verb ");
            completion_add_verbs(out, command);
        }
        else if (kind != OPERAND_NONE)
            strbuf_add(out, kind == OPERAND_FILE ? "@file" : "@program");
        strbuf_add(out, "' ;;\n");
    }
    strbuf_add(out, "    esac\n}\n\n");
}

void completion_bash(struct strbuf *out)
{
    strbuf_add(out, "# bash completion for heapline " HEAPLINE_VERSION "; made by \"heapline completion bash\".\n\n");
    add_commands(out);
    add_options(out);
    add_values(out);
    add_operands(out);
    strbuf_add(out, script);
}
