/* heapline help: the same text as -h, and the man pages. */
#include "../base/say.h"
#include "../base/suggest.h"
#include "commands.h"
#include "man.h"
#include "usage.h"
#include "verbs.h"

static bool as_man;

static const struct option options[] = {
    { .name = "man", .kind = OPTION_FLAG, .help = "print the manual page as mdoc source, for \"man -l -\"", .value = &as_man },
    { .name = NULL },
};

static const struct command *find(const char *name)
{
    const struct command *command = usage_find_command(name);
    if (command)
        return command;
    struct suggestion near = { .typed = name };
    for (size_t i = 0; commands[i]; i++)
        suggestion_offer(&near, commands[i]->name);
    if (near.nearest)
        say_error("help: no command is called \"%s\"; did you mean \"heapline help %s\"?", name, near.nearest);
    else
        say_error("help: no command is called \"%s\"; \"heapline help\" lists them", name);
    return NULL;
}

static int run(int argc, char **argv)
{
    int n = option_parse(&command_help, argc, argv);
    if (n < 0)
        return n == -2 ? EXIT_OK : EXIT_USAGE;
    const struct command *command = n ? find(argv[1]) : NULL;
    if (n && !command)
        return EXIT_USAGE;
    bool has_verb = n > 1 && command->verbs && !as_man;
    if (n > 1 + has_verb) {
        say_error("help: one command at a time, not \"%s\" as well", argv[2 + has_verb]);
        return EXIT_USAGE;
    }
    if (has_verb && !verbs_find(command, argv[2])) {
        verbs_say_unknown(command, argv[2]);
        return EXIT_USAGE;
    }
    command = has_verb ? verbs_find(command, argv[2]) : command;
    if (as_man)
        command ? man_print_command(stdout, command) : man_print_overview(stdout);
    else
        command ? usage_print_command(stdout, command) : usage_print_overview(stdout);
    return EXIT_OK;
}

const struct command command_help = {
    .name = "help",
    .operands = "[COMMAND [VERB]]",
    .summary = "explain a command, or list the commands",
    .description = "Prints the same text as \"heapline COMMAND -h\". Without COMMAND, lists the commands. The manual page of a command has all its verbs.",
    .examples = "heapline help run\twhat \"run\" does and all its options\n"
                "heapline help --man lines | man -l -\tread the manual page of \"lines\" where it is not installed\n",
    .options = options,
    .run = run,
};
