/* The formats of `heapline export`: a file each, and a row in format.c. */
#ifndef HEAPLINE_OUTPUT_FORMAT_H
#define HEAPLINE_OUTPUT_FORMAT_H

#include <stdio.h>

#include "../analyze/profile.h"

struct format {
    const char *name;                     /* as --to takes it */
    bool binary;                          /* not for a terminal */
    int (*write)(FILE *out, const struct profile *profile, enum measure by);   /* 0 or -errno */
};

extern const struct format formats[];     /* ends with a NULL name */
extern const char *const format_names[];  /* the same names in the same order, NULL-terminated */

/* The rows. `by` matters where a format holds one figure only. */
int format_write_json(FILE *out, const struct profile *profile, enum measure by);
int format_write_csv(FILE *out, const struct profile *profile, enum measure by);
int format_write_folded(FILE *out, const struct profile *profile, enum measure by);
int format_write_pprof(FILE *out, const struct profile *profile, enum measure by);
int format_write_massif(FILE *out, const struct profile *profile, enum measure by);
int format_write_dot(FILE *out, const struct profile *profile, enum measure by);

#endif
