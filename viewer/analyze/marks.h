/* The moments and spans that a program named (heapline_mark, heapline_scope_begin and _end). */
#ifndef HEAPLINE_ANALYZE_MARKS_H
#define HEAPLINE_ANALYZE_MARKS_H

#include "../base/strbuf.h"
#include "selection.h"

/* What one label stands for. */
struct mark_label {
    const char *label;
    uint32_t points;                  /* moments */
    uint32_t spans;                   /* begun */
    uint64_t first_ns, last_ns;       /* of its marks of any kind */
    uint64_t inside_ns;               /* the time that its spans took, nested and parallel ones once */
};

/* All labels, in the order in which they came up: *n of them, to be freed. Their texts are the trace's. */
struct mark_label *marks_labels(const struct trace *trace, size_t *n);

/* The spans of a label, nested and overlapping ones as one, by process and time: *n of them, to be freed. A span that
 * was never ended goes on to its process's end; one that was ended and never begun began before the fork that made
 * the process. */
struct span *marks_spans(const struct trace *trace, const char *label, size_t *n);

/* The first or the last mark of a label. Returns false when there is none. */
bool marks_time(const struct trace *trace, const char *label, bool last, uint64_t *ns);

/* Appends the labels for a sentence: "load", "train" and "save". With `spans` only those of spans. Appends nothing
 * when there are none. */
void marks_add_labels(struct strbuf *out, const struct trace *trace, bool spans);

#endif
