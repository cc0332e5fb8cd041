/* `heapline report`, as text and as JSON. */
#ifndef HEAPLINE_OUTPUT_REPORT_H
#define HEAPLINE_OUTPUT_REPORT_H

#include "../analyze/lines.h"
#include "../analyze/timeline.h"
#include "view.h"

#define REPORT_PEAKS 6                /* the peak and five runners-up */

/* What a report is made of. The tops are orders of the same rows (own lines): by the measure asked for, then by the usual
 * ones. */
struct report {
    const struct profile *profile;
    struct timeline timeline;
    struct lines tops[5];             uint32_t n_tops;
    struct costs *threads;            /* by thread */
    uint64_t size_count[TRACE_SIZE_CLASSES], size_bytes[TRACE_SIZE_CLASSES];
    bool has_sizes;                   /* known for the whole run of whole processes only */
};

int report_init(struct report *report, const struct profile *profile, enum measure by, struct trace_error *error);
void report_release(struct report *report);

/* The largest size of a class in bytes. */
uint64_t report_size_limit(unsigned size_class);

/* What a process held at its own peak, and when; exact when its totals are there and nothing is filtered. */
uint64_t report_peak_bytes(const struct profile *profile, uint32_t process);

void report_print_text(const struct view *view, const struct report *report);

/* Parts of the text: what the interpreters used, and the labels of marks; nothing where there are none. */
void report_print_python(const struct view *view, const struct report *report);
void report_print_marks(const struct view *view, const struct report *report);

int report_print_json(const struct view *view, const struct report *report);      /* "heapline-report/1"; 0 or -errno */

#endif
