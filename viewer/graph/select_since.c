/* new-since: blocks that were born after a snapshot, a mark of the program, or a time. */
#include "select_parts.h"

#include "../base/parse.h"
#include "../base/suggest.h"

#include <inttypes.h>
#include <string.h>

#define NOWHERE UINT64_MAX

/* The last one so called before the snapshot that is looked at, or else itself. */
static uint64_t labelled(const struct select *select, const char *label, struct suggestion *suggestion)
{
    const struct trace *trace = select->graph->profile->trace;
    const struct trace_snapshot *this = select->graph->snapshot;
    uint64_t found = NOWHERE;
    for (uint32_t i = 0; i < trace->n_snapshots; i++) {
        const struct trace_snapshot *snapshot = &trace->snapshots[i];
        if (snapshot->process != this->process || snapshot->ns > this->ns)
            continue;
        suggestion_offer(suggestion, snapshot->label);
        if (strcmp(snapshot->label, label) == 0 && (found == NOWHERE || i != select->graph->number))
            found = snapshot->ns;
    }
    return found;
}

static uint64_t marked(const struct select *select, const char *label, struct suggestion *suggestion)
{
    const struct trace *trace = select->graph->profile->trace;
    uint64_t found = NOWHERE;
    for (uint32_t i = 0; i < trace->n_marks; i++) {
        const struct trace_mark *mark = &trace->marks[i];
        if (mark->process != select->graph->snapshot->process || mark->ns > select->graph->snapshot->ns)
            continue;
        suggestion_offer(suggestion, mark->label);
        if (strcmp(mark->label, label) == 0)
            found = mark->ns;
    }
    return found;
}

static int numbered(struct select *select, uint64_t number, uint64_t *ns)
{
    const struct trace *trace = select->graph->profile->trace;
    if (number == 0 || number > trace->n_snapshots)
        return select_fail(select, "there is no snapshot %" PRIu64 " to be newer than: there are %" PRIu32, number,
                           trace->n_snapshots);
    const struct trace_snapshot *snapshot = &trace->snapshots[number - 1];
    if (snapshot->process != select->graph->snapshot->process)
        return select_fail(select, "snapshot %" PRIu64 " is of another process than the one that is looked at", number);
    *ns = snapshot->ns;
    return 0;
}

/* Labels first: one may look like a number. */
static int moment_of(struct select *select, const char *value, uint64_t *ns)
{
    struct suggestion suggestion = { .typed = value };
    uint64_t number;
    if (!select->graph->profile || !select->graph->snapshot)
        return select_fail(select, "nothing is known of when this graph's blocks were born");
    if ((*ns = labelled(select, value, &suggestion)) != NOWHERE || (*ns = marked(select, value, &suggestion)) != NOWHERE)
        return 0;
    if (parse_count(value + (*value == '#'), &number))
        return numbered(select, number, ns);
    if (*value == '@' && parse_duration(value + 1, ns))
        return 0;
    return select_fail(select, "no snapshot or mark up to this snapshot is called \"%.100s\"%s", value,
                       select_hint_of(suggestion.nearest).text);
}

int select_since(struct select *select, const char *value, uint8_t *set)
{
    const struct graph *graph = select->graph;
    uint64_t ns;
    int status = moment_of(select, value, &ns);
    for (uint32_t i = 0; status == 0 && i < graph->n; i++)         /* births have the time at which their epoch began */
        set[i] &= graph->nodes[i].site != TRACE_NONE && graph->nodes[i].born_ns >= ns;
    return status;
}
