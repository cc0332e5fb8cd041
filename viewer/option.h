/* Options are declared in one table beside their command; parsing, -h, man page and shell completion come from it. */
#ifndef HEAPLINE_OPTION_H
#define HEAPLINE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,          /* bool: set to true */
    OPTION_STRING,        /* const char * into argv */
    OPTION_LIST,          /* struct option_list: may be given several times */
    OPTION_CHOICE,        /* int: index into `choices` */
    OPTION_COUNT,         /* uint64_t: a whole number */
    OPTION_BYTES,         /* uint64_t: "24MB", "1.5 GiB", "4096"; powers of 1024 */
    OPTION_TIME,          /* struct option_time: "1.5s", "250ms", "2m", "12:31[:05]" (wall clock of the run), "end", "50%" */
    OPTION_MOMENT,        /* struct option_time: as TIME, else the label of a mark */
    OPTION_FILE,          /* const char *, completed as a file name */
};

struct option_list { const char **items; size_t n; };

enum option_time_kind { OPTION_TIME_UNSET, OPTION_TIME_NS, OPTION_TIME_CLOCK, OPTION_TIME_PERCENT, OPTION_TIME_LABEL };
/* NS: ns since the start of the run; CLOCK: seconds of the local day; PERCENT: of the run's length; LABEL: `label`, into argv. */
struct option_time { enum option_time_kind kind; uint64_t value; const char *label; };

struct option {
    const char *name;               /* long name without dashes; NULL ends the table */
    char letter;                    /* short form, or 0 */
    enum option_kind kind;
    const char *argument;           /* how help names the argument, e.g. "FILE"; NULL for flags */
    const char *help;               /* one line; the default is named in it */
    void *value;                    /* where the parsed value goes, of the kind's type */
    const char *const *choices;     /* OPTION_CHOICE: NULL-terminated */
};

struct command;

/* Parses argv[1..]; operands are moved to the front of argv[1..] in order. Stops at the first operand when the command takes a program
 * to run, and always at "--". Returns the number of operands, or -1 after one sentence on stderr (the caller returns exit code 2), or -2 when
 * -h/--help was asked for and printed on stdout. --name=VALUE, --name VALUE, -xVALUE, -x VALUE; unambiguous prefixes of long names. */
int option_parse(const struct command *command, int argc, char **argv);

#endif
