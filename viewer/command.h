/* The verbs of `heapline`. A new one is a file in cmd/ and a row in the table of main.c. */
#ifndef HEAPLINE_COMMAND_H
#define HEAPLINE_COMMAND_H

#include "option.h"

/* Exit codes, the same everywhere; `run` passes the program's own status through. */
enum {
    EXIT_OK = 0,
    EXIT_FAIL = 1,                  /* the command's question was answered with "no" */
    EXIT_USAGE = 2,                 /* usage, unreadable input, nothing profiled */
    EXIT_UNCHECKED = 3,             /* leaks, gate: the question could not be answered */
    EXIT_CANNOT_EXECUTE = 126,      /* as shells do */
    EXIT_NOT_FOUND = 127,
};

struct command {
    const char *name;
    const char *operands;           /* for usage, e.g. "FILE" or "[--] PROGRAM [ARGUMENT...]" */
    const char *summary;            /* one line for `heapline help` */
    const char *description;        /* paragraphs for -h and the man page */
    const char *examples;           /* lines "command\tmeaning\n" */
    bool takes_program;             /* options end at the first operand */
    const struct command *const *verbs;  /* NULL-terminated: commands of a second word, named with both: "graph types"; NULL: it has none */
    const struct option *options;
    int (*run)(int argc, char **argv);   /* argv[0] is the command's name; returns an exit code */
};

extern const struct command *const commands[];   /* NULL-terminated, in the order of help */

#endif
