/* What the tables of commands and options say, as text: for -h, and in parts for the man pages and the completions.
 *
 * Descriptions are paragraphs with an empty line between them. Lines of a paragraph are joined and wrapped again; a line that
 * begins with two blanks stands as it is.
 */
#ifndef HEAPLINE_CMD_USAGE_H
#define HEAPLINE_CMD_USAGE_H

#include "../base/strbuf.h"
#include "../command.h"

#include <stdio.h>

/* The options of a command by number: those of its table, then -h/--help (whose value is NULL), then NULL. */
const struct option *usage_option(const struct command *command, size_t number);

/* The command of that name, or NULL. */
const struct command *usage_find_command(const char *name);

/* How an option's argument is called: "FILE", "auto|always|never"; NULL when it takes none. Lives in `room` when it must be
 * built. */
const char *usage_argument(const struct option *option, struct strbuf *room);

/* Appends the option's help; its choices are named when nothing else names them. */
void usage_add_help(struct strbuf *out, const struct option *option);

/* Appends a command's summary, "print a thing", as a sentence: "Print a thing." */
void usage_add_sentence(struct strbuf *out, const char *summary);

/* Appends "a, b or c". */
void usage_add_choices(struct strbuf *out, const char *const *choices);

/* Appends `text` in paragraphs whose lines take at most `width` columns and begin with `indent` blanks. The first line is taken
 * to stand at `column` already. Ends in a newline. */
void usage_wrap(struct strbuf *out, const char *text, size_t indent, size_t column, size_t width);

/* Prints what `heapline COMMAND -h` shows, and what `heapline help` shows. */
void usage_print_command(FILE *out, const struct command *command);
void usage_print_overview(FILE *out);

/* One sentence: what heapline is. */
extern const char usage_tagline[];

#endif
