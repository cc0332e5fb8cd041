/* What a recording held, stack by stack, under names that another build and another run give it too (identity.h). A baseline is
 * kept as a small file of JSON ("heapline-baseline/1" of docs/json.md), or taken from a trace. */
#ifndef HEAPLINE_ANALYZE_BASELINE_H
#define HEAPLINE_ANALYZE_BASELINE_H

#include "../base/strmap.h"
#include "../base/vec.h"
#include "profile.h"

#include <stdio.h>

struct baseline_group {
    const char *fingerprint;                 /* 16 digits */
    const char *name;                        /* for people: function and file of the place that owns it */
    struct costs costs;                      /* peak, live, allocated and their numbers; the rest only of a profile's */
    uint32_t stack;                          /* of the profile: its heaviest with this identity; TRACE_NONE: read from a file */
    uint64_t heaviest;
};

struct baseline {
    const char *command, *version;
    struct costs total;
    VEC(struct baseline_group) groups;       /* in the order of first sight */
    struct strmap keys;                      /* fingerprints: their ids are indices into groups */
    struct arena texts;
};

/* The groups of a profile. `owners` is lines_owners's. */
struct baseline *baseline_of(const struct profile *profile, const uint32_t *owners);
void baseline_destroy(struct baseline *baseline);      /* accepts NULL */

const struct baseline_group *baseline_find(const struct baseline *baseline, const char *fingerprint);     /* or NULL */

/* A file of JSON begins with a brace; a trace does not. Returns 0, or -errno with a sentence in *error. */
int baseline_looks_like_json(const char *path, bool *json, struct trace_error *error);
int baseline_read(struct baseline **baseline, const char *path, struct trace_error *error);
int baseline_write(const struct baseline *baseline, FILE *out);

#endif
