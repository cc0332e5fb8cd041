#include "verbs.h"

#include "../base/say.h"
#include "../base/suggest.h"
#include "usage.h"

#include <string.h>

const char *verbs_word(const struct command *verb)
{
    const char *blank = strrchr(verb->name, ' ');
    return blank ? blank + 1 : verb->name;
}

const struct command *verbs_find(const struct command *command, const char *word)
{
    for (size_t i = 0; command->verbs && command->verbs[i]; i++)
        if (strcmp(verbs_word(command->verbs[i]), word) == 0)
            return command->verbs[i];
    return NULL;
}

void verbs_say_unknown(const struct command *command, const char *word)
{
    struct suggestion near = { .typed = word };
    for (size_t i = 0; command->verbs && command->verbs[i]; i++)
        suggestion_offer(&near, verbs_word(command->verbs[i]));
    if (near.nearest)
        say_error("%s: there is no \"%s\"; did you mean \"heapline %s %s\"?", command->name, word, command->name, near.nearest);
    else
        say_error("%s: there is no \"%s\"; \"heapline %s -h\" lists what there is", command->name, word, command->name);
}

int verbs_run(const struct command *command, int argc, char **argv)
{
    if (argc < 2) {
        usage_print_command(stderr, command);
        return EXIT_USAGE;
    }
    if (argv[1][0] == '-') {
        int n = option_parse(command, argc, argv);
        if (n >= 0)
            say_error("%s: the verb comes first: heapline %s %s", command->name, command->name, command->operands);
        return n == -2 ? EXIT_OK : EXIT_USAGE;
    }
    const struct command *verb = verbs_find(command, argv[1]);
    if (verb)
        return verb->run(argc - 1, argv + 1);
    verbs_say_unknown(command, argv[1]);
    return EXIT_USAGE;
}
