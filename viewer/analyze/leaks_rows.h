/* Groups of leaks put together for a report: those of all processes, by stack, by the line that owns them, or by its module. */
#ifndef HEAPLINE_ANALYZE_LEAKS_ROWS_H
#define HEAPLINE_ANALYZE_LEAKS_ROWS_H

#include "leaks.h"

enum leaks_by { LEAKS_BY_STACK, LEAKS_BY_LINE, LEAKS_BY_MODULE };
extern const char *const leaks_by_names[];     /* NULL-terminated */

struct leaks_row {
    struct leaks_group sum;          /* stack, snapshot and fingerprint are those of `heaviest` */
    const struct leaks_group *heaviest;
    uint32_t owner;                  /* location */
    uint32_t groups, processes;
};

struct leaks_rows VEC_FIELDS(struct leaks_row);

/* Those that are not suppressed, of the kinds in `kinds` (bits by enum trace_reach), by kind and size. *rows is empty or was
   built before. */
void leaks_rows_build(struct leaks_rows *rows, const struct leaks *leaks, enum leaks_by by, unsigned kinds);
void leaks_rows_release(struct leaks_rows *rows);

#endif
