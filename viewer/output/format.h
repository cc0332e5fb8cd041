/* The formats of `heapline export`: a file each, and a row in format.c. */
#ifndef HEAPLINE_OUTPUT_FORMAT_H
#define HEAPLINE_OUTPUT_FORMAT_H

#include <stdio.h>

#include "../analyze/costs.h"

struct profile;

struct format {
    const char *name;                     /* as --to takes it */
    const char *summary;                  /* what it is for, one line */
    bool binary;                          /* not for a terminal */
    int (*write)(FILE *out, const struct profile *profile, enum measure by);   /* 0 or -errno */
};

extern const struct format formats[];     /* ends with a NULL name */

#endif
