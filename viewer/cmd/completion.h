/* Completion scripts, one shell a file, from the tables of commands and options. */
#ifndef HEAPLINE_CMD_COMPLETION_H
#define HEAPLINE_CMD_COMPLETION_H

#include "../base/strbuf.h"
#include "../command.h"

/* What a command's operands complete to; told from the words that `operands` uses. */
enum operand_kind { OPERAND_NONE, OPERAND_FILE, OPERAND_PROGRAM, OPERAND_COMMAND, OPERAND_CHOICES, OPERAND_VERB };
enum operand_kind completion_operand(const struct command *command);

/* Appends the words of "a|b|c", and the names of all commands, with blanks between them. */
void completion_add_choices(struct strbuf *out, const struct command *command);
void completion_add_commands(struct strbuf *out);

/* Commands and their verbs by number, as one list: "run", "graph", "graph types", …; NULL behind the last. */
const struct command *completion_command(size_t number);

/* Appends the second words of a command with verbs. */
void completion_add_verbs(struct strbuf *out, const struct command *command);

void completion_bash(struct strbuf *out);
void completion_zsh(struct strbuf *out);
void completion_fish(struct strbuf *out);

#endif
