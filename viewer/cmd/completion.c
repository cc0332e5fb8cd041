/* heapline completion: scripts for the shells. */
#include "completion.h"

#include "../base/say.h"
#include "../base/suggest.h"
#include "commands.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

static const struct shell {
    const char *name;
    void (*write)(struct strbuf *out);
} shells[] = {
    { "bash", completion_bash },
    { "zsh", completion_zsh },
    { "fish", completion_fish },
};

#define N_SHELLS (sizeof shells / sizeof *shells)

static const struct option options[] = {
    { .name = NULL },
};

enum operand_kind completion_operand(const struct command *command)
{
    if (command->verbs)
        return OPERAND_VERB;
    if (strstr(command->operands, "PROGRAM"))
        return OPERAND_PROGRAM;
    if (strstr(command->operands, "COMMAND"))
        return OPERAND_COMMAND;
    if (strstr(command->operands, "FILE"))
        return OPERAND_FILE;
    return strchr(command->operands, '|') ? OPERAND_CHOICES : OPERAND_NONE;
}

void completion_add_choices(struct strbuf *out, const struct command *command)
{
    for (const char *c = command->operands; *c; c++)
        strbuf_add_char(out, *c == '|' ? ' ' : *c);
}

void completion_add_commands(struct strbuf *out)
{
    for (size_t i = 0; commands[i]; i++)
        strbuf_printf(out, "%s%s", i ? " " : "", commands[i]->name);
}

const struct command *completion_command(size_t number)
{
    for (size_t i = 0; commands[i]; i++) {
        if (number-- == 0)
            return commands[i];
        for (size_t j = 0; commands[i]->verbs && commands[i]->verbs[j]; j++)
            if (number-- == 0)
                return commands[i]->verbs[j];
    }
    return NULL;
}

void completion_add_verbs(struct strbuf *out, const struct command *command)
{
    for (size_t i = 0; command->verbs && command->verbs[i]; i++)
        strbuf_printf(out, "%s%s", i ? " " : "", verbs_word(command->verbs[i]));
}

static const struct shell *find(const char *name)
{
    struct suggestion near = { .typed = name };
    for (size_t i = 0; i < N_SHELLS; i++) {
        if (strcmp(shells[i].name, name) == 0)
            return &shells[i];
        suggestion_offer(&near, shells[i].name);
    }
    if (near.nearest)
        say_error("completion: there is no script for \"%s\"; did you mean %s?", name, near.nearest);
    else
        say_error("completion: there is no script for \"%s\", only for bash, zsh and fish", name);
    return NULL;
}

static int run(int argc, char **argv)
{
    int n = option_parse(&command_completion, argc, argv);
    if (n < 0)
        return n == -2 ? EXIT_OK : EXIT_USAGE;
    if (n != 1) {
        say_error("completion: name one shell: heapline completion %s", command_completion.operands);
        return EXIT_USAGE;
    }
    const struct shell *shell = find(argv[1]);
    if (!shell)
        return EXIT_USAGE;
    struct strbuf text = STRBUF_INIT;
    shell->write(&text);
    fputs(text.data, stdout);
    strbuf_release(&text);
    return EXIT_OK;
}

const struct command command_completion = {
    .name = "completion",
    .operands = "bash|zsh|fish",
    .summary = "print a completion script for a shell",
    .description = "An installed heapline completes by itself. Where it is not installed, let the shell read the script: "
                   "commands, options, the values of options, traces, and for \"run\" programs and their arguments are completed.",
    .examples = "source <(heapline completion bash)\tcomplete in this bash\n"
                "heapline completion fish | source\tcomplete in this fish\n"
                "heapline completion zsh > ~/.zfunc/_heapline\tcomplete in every zsh whose $fpath has ~/.zfunc\n",
    .options = options,
    .run = run,
};
