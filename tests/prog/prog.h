/* What the tiny programs share. How their first comment and their `expect:` comments are read: tests/scenario.py. */
#ifndef PROG_H
#define PROG_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ends the program with status 99 when what it relies on does not hold, natively or profiled. Allocates nothing. */
#define CHECK(what) ((what) ? (void)0 : check_failed(__LINE__, #what))

static inline void check_failed(int line, const char *what)
{
    dprintf(2, "line %d: not so: %s\n", line, what);
    _exit(99);
}

#endif
