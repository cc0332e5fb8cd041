/* What a gate allows: limits for the run and for parts of it, from the command line and from the file that a repository keeps
 * (docs/gate.md). */
#ifndef HEAPLINE_ANALYZE_BUDGETS_H
#define HEAPLINE_ANALYZE_BUDGETS_H

#include "../base/arena.h"
#include "../base/vec.h"
#include "costs.h"

#include "../trace/reader.h"

#define BUDGETS_FILE "heapline.ini"

enum budget_limit { LIMIT_LOST, LIMIT_LIVE, LIMIT_PEAK, LIMIT_ALLOCATIONS, LIMIT_GROWTH, LIMITS };
extern const char *const budget_limit_names[];     /* "max-lost" … */

#define LIMIT_NONE UINT64_MAX

/* A part of the run: all of it, or what is allocated with a frame in a function, file or module that a pattern matches. */
enum budget_scope { SCOPE_RUN, SCOPE_FUNCTION, SCOPE_FILE, SCOPE_MODULE, SCOPES };
extern const char *const budget_scope_names[];     /* "run", "function" … */

struct budget {
    enum budget_scope scope;
    const char *pattern;                     /* NULL for the run */
    uint64_t limits[LIMITS];                 /* bytes, a count, bytes an iteration; LIMIT_NONE: not limited */
};

struct budgets {
    VEC(struct budget) items;                /* the first is the run's */
    const char *iterations;                  /* label of the marks, or NULL */
    uint64_t every_ns;                       /* iterations by the clock; 0: by marks */
    const char *process;                     /* as --process takes it, or NULL: all */
    const char *baseline;                    /* file, or NULL */
    int baseline_by;                         /* enum measure, or -1: peak and live bytes */
    uint64_t max_increase;                   /* hundredths of a percent, or LIMIT_NONE */
    uint64_t min_increase;                   /* bytes, or LIMIT_NONE */
    VEC(const char *) suppressions;          /* files */
    struct arena texts;
};

void budgets_init(struct budgets *budgets);
void budgets_release(struct budgets *budgets);

/* The budget of a part, added when there is none. The pattern is copied. */
struct budget *budgets_part(struct budgets *budgets, enum budget_scope scope, const char *pattern);

/* "function parse_* max-peak 24 MiB", from the command line. Returns 0, or -EINVAL with a sentence in *error. */
int budgets_add(struct budgets *budgets, const char *text, struct trace_error *error);

/* "5%", "2.5 %", "150": in hundredths of a percent. */
bool budgets_parse_percent(const char *text, uint64_t *hundredths);

/* Reads a file. What is set already stays, suppressions add up; names of files in it are relative to its folder. Returns 0, or
 * -errno with a sentence that begins with file and line in *error. */
int budgets_read(struct budgets *budgets, const char *path, struct trace_error *error);
int budgets_parse(struct budgets *budgets, const char *path, const char *text, struct trace_error *error);

/* The top of the git repository that the working directory lies in, else the working directory itself. To be freed. */
char *budgets_find_root(void);

/* The repository's file: BUDGETS_FILE in the working directory, or in the nearest folder above up to the top of its repository.
 * NULL: there is none. To be freed. */
char *budgets_find_file(void);

/* Something is limited or compared. */
bool budgets_any(const struct budgets *budgets);
bool budgets_limit_any(const struct budgets *budgets, enum budget_limit limit);

#endif
