/* Commands whose second word is a command of its own: "heapline graph types". */
#ifndef HEAPLINE_CMD_VERBS_H
#define HEAPLINE_CMD_VERBS_H

#include "../command.h"

/* "types" of "graph types". */
const char *verbs_word(const struct command *verb);

/* The verb of that name; NULL: there is none. */
const struct command *verbs_find(const struct command *command, const char *word);

/* Finds the verb and runs it; -h lists the verbs. */
int verbs_run(const struct command *command, int argc, char **argv);

/* The sentence for a word that is no verb. */
void verbs_say_unknown(const struct command *command, const char *word);

#endif
