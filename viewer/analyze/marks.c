#include "marks.h"

#include "../base/strmap.h"
#include "../base/vec.h"
#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define LABELS_IN_A_SENTENCE 12

struct span_list VEC_FIELDS(struct span);

/* Opens and closes the spans of one process; only the outermost begins and ends one. */
static void follow(const struct trace *trace, const char *label, uint32_t process, struct span_list *spans)
{
    const struct trace_process_end *end = &trace->ends[process];
    uint32_t open = 0;
    for (uint32_t i = 0; i < trace->n_marks; i++) {
        const struct trace_mark *mark = &trace->marks[i];
        if (mark->process != process || mark->kind == TRACE_MARK_POINT || strcmp(mark->label, label) != 0)
            continue;
        if (mark->kind == TRACE_MARK_BEGIN) {
            if (open++ == 0)
                vec_push(spans, ((struct span){ process, mark->ns, UINT64_MAX }));
        } else if (open == 0) {
            if (trace->processes[process].origin == TRACE_ORIGIN_FORK)
                vec_push(spans, ((struct span){ process, trace->processes[process].start_ns, mark->ns }));
        } else if (--open == 0) {
            vec_last(spans).to_ns = mark->ns;
        }
    }
    if (open)
        vec_last(spans).to_ns = end->ended ? end->exit.end_ns : trace->end_ns;
}

struct span *marks_spans(const struct trace *trace, const char *label, size_t *n)
{
    struct span_list spans = { 0 };
    for (uint32_t p = 0; p < trace->n_processes; p++)
        follow(trace, label, p, &spans);
    *n = spans.n;
    return spans.items;
}

struct mark_label *marks_labels(const struct trace *trace, size_t *n)
{
    VEC(struct mark_label) labels = { 0 };
    struct strmap known = { 0 };
    for (uint32_t i = 0; i < trace->n_marks; i++) {
        const struct trace_mark *mark = &trace->marks[i];
        uint32_t id = strmap_intern(&known, mark->label);
        if (id == labels.n)
            vec_push(&labels, ((struct mark_label){ .label = mark->label, .first_ns = mark->ns }));
        struct mark_label *label = &labels.items[id];
        label->points += mark->kind == TRACE_MARK_POINT;
        label->spans += mark->kind == TRACE_MARK_BEGIN;
        label->last_ns = mark->ns;
    }
    for (size_t i = 0; i < labels.n; i++) {
        size_t n_spans;
        struct span *spans = marks_spans(trace, labels.items[i].label, &n_spans);
        for (size_t s = 0; s < n_spans; s++)
            labels.items[i].inside_ns += spans[s].to_ns - spans[s].from_ns;
        free(spans);
    }
    strmap_release(&known);
    *n = labels.n;
    return labels.items;
}

bool marks_time(const struct trace *trace, const char *label, bool last, uint64_t *ns)
{
    bool found = false;
    for (uint32_t i = 0; i < trace->n_marks && (last || !found); i++) {
        if (strcmp(trace->marks[i].label, label) != 0)
            continue;
        *ns = trace->marks[i].ns;
        found = true;
    }
    return found;
}

void marks_add_labels(struct strbuf *out, const struct trace *trace, bool spans)
{
    size_t n, wanted = 0, named = 0;
    struct mark_label *labels = marks_labels(trace, &n);
    for (size_t i = 0; i < n; i++)
        if (!spans || labels[i].spans)
            labels[wanted++] = labels[i];
    for (; named < wanted && named < LABELS_IN_A_SENTENCE; named++)
        strbuf_printf(out, "%s\"%s\"", named == 0 ? "" : named + 1 == wanted ? " and " : ", ", labels[named].label);
    if (named < wanted)
        strbuf_printf(out, " and %zu more", wanted - named);
    free(labels);
}
