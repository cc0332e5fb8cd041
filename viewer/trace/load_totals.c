#include "load.h"

/* The sites follow in records of their own; the totals count when all are there. */
static void list_grew(struct reader *reader, uint32_t process)
{
    const struct site_list *list = &reader->lists.items[process];
    struct trace_process_end *end = &reader->ends.items[process];
    end->has_totals = list->n == list->expected;
    end->sites = list->items;
    end->n_sites = list->n;
}

static const char *take_totals(struct reader *reader, struct cursor *in)
{
    struct trace_totals totals;
    uint64_t n_sites;
    record_get_totals(in, &totals, &n_sites);
    if (in->bad)
        return "a record of totals is malformed";
    if (totals.process >= reader->processes.n || n_sites > reader->sites.n)
        return "totals name a process or more sites than there are";
    struct site_list *list = &reader->lists.items[totals.process];
    list->n = 0;
    list->expected = n_sites;
    list->begun = true;
    reader->ends.items[totals.process].totals = totals;
    list_grew(reader, totals.process);
    return NULL;
}

static const char *take_site_totals(struct reader *reader, struct cursor *in)
{
    uint32_t process = (uint32_t)cursor_bounded(in, UINT32_MAX);
    uint32_t rows = columns_get_rows(in, 1);
    if (in->bad)
        return "a record of site totals is malformed";
    struct site_list *list = process < reader->lists.n ? &reader->lists.items[process] : NULL;
    if (!list || !list->begun || rows > list->expected - list->n)
        return "there are site totals that no process announced";
    vec_reserve(list, rows + 1);
    struct trace_site_totals *totals = list->items + list->n;
    columns_get_totals(&reader->columns, in, totals, rows);
    if (in->bad)
        return "a record of site totals is malformed";
    if (rows && list->n && totals[-1].site >= totals[0].site)
        return "site totals are out of order";
    if (rows && totals[rows - 1].site >= reader->sites.n)
        return "there are totals of a site that does not exist";
    list->n += rows;
    list_grew(reader, process);
    return NULL;
}

static const char *take_exit(struct reader *reader, struct cursor *in)
{
    struct trace_exit ending;
    record_get_exit(in, &ending);
    if (in->bad)
        return "the record of a process's end is malformed";
    if (ending.process >= reader->processes.n)
        return "a process that does not exist ends";
    struct trace_process_end *end = &reader->ends.items[ending.process];
    end->ended = true;
    end->exit = ending;
    load_heard_of(reader, ending.process, ending.end_ns);
    return NULL;
}

static const char *take_losses(struct reader *reader, struct cursor *in)
{
    struct trace_losses losses;
    record_get_losses(in, &losses);
    if (in->bad)
        return "a record of losses is malformed";
    if (losses.process == TRACE_NONE)
        reader->trace.losses = losses;
    else if (losses.process < reader->processes.n)
        reader->ends.items[losses.process].losses = losses;
    else
        return "there are losses of a process that does not exist";
    return NULL;
}

static const char *take_unprofiled(struct reader *reader, struct cursor *in)
{
    struct record_unprofiled record;
    record_get_unprofiled(in, &record);
    if (in->bad || !load_text(reader, record.path, &record.child.path) ||
        !load_text(reader, record.reason, &record.child.reason))
        return "the record of an unprofiled program is malformed";
    if (record.child.parent != TRACE_NONE && record.child.parent >= reader->processes.n)
        return "an unprofiled program has a parent that does not exist";
    if (reader->unprofiled.n >= FORMAT_IDS_MAX)
        return "it holds more unprofiled programs than a trace may";
    vec_push(&reader->unprofiled, record.child);
    return NULL;
}

static const char *take_mark(struct reader *reader, struct cursor *in)
{
    struct record_mark record;
    struct trace_mark *mark = &record.mark;
    record_get_mark(in, &record);
    if (in->bad || !load_text(reader, record.label, &mark->label))
        return "the record of a mark is malformed";
    if (mark->process >= reader->processes.n || mark->thread >= reader->threads.n)
        return "a mark names a process or a thread that does not exist";
    if (reader->marks.n >= FORMAT_IDS_MAX)
        return "it holds more marks than a trace may";
    vec_push(&reader->marks, *mark);
    load_heard_of(reader, mark->process, mark->ns);
    return NULL;
}

static const char *take_python(struct reader *reader, struct cursor *in)
{
    struct record_python record;
    record_get_python(in, &record);
    if (in->bad || !load_text(reader, record.reason, &record.python.reason))
        return "the record of an interpreter is malformed";
    if (record.python.process >= reader->processes.n)
        return "an interpreter runs in a process that does not exist";
    if (reader->pythons.n >= FORMAT_IDS_MAX)
        return "it holds more interpreters than a trace may";
    vec_push(&reader->pythons, record.python);
    return NULL;
}

static const char *take_lines(struct reader *reader, struct cursor *in)
{
    uint32_t rows = columns_get_rows(in, 6);
    vec_reserve(&reader->lines, rows + 1);
    struct trace_line *lines = reader->lines.items + reader->lines.n;
    columns_get_lines(in, lines, rows);
    if (in->bad)
        return "a record of lines is malformed";
    if (rows > FORMAT_IDS_MAX - reader->lines.n)
        return "it holds more lines than a trace may";
    for (uint32_t i = 0; i < rows; i++)
        if (lines[i].process >= reader->processes.n || lines[i].code >= reader->codes.n)
            return "a line names a process or code that does not exist";
    reader->lines.n += rows;
    return NULL;
}

const char *load_total(struct reader *reader, struct record *record)
{
    switch (record->kind) {
    case FORMAT_PROCESS_TOTALS: return take_totals(reader, &record->payload);
    case FORMAT_SITE_TOTALS: return take_site_totals(reader, &record->payload);
    case FORMAT_EXIT: return take_exit(reader, &record->payload);
    case FORMAT_LOSSES: return take_losses(reader, &record->payload);
    case FORMAT_UNPROFILED: return take_unprofiled(reader, &record->payload);
    case FORMAT_MARK: return take_mark(reader, &record->payload);
    case FORMAT_PYTHON: return take_python(reader, &record->payload);
    case FORMAT_LINES: return take_lines(reader, &record->payload);
    default: return NULL;
    }
}
