/* Why a verdict is incomplete, and what was not seen, each once with the processes that it concerns. */
#include "leaks_parts.h"

#include "../base/format.h"
#include "../base/xalloc.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_PROCESSES 4

struct reason {
    char *text;                   /* a sentence, or what is said of processes */
    VEC(int32_t) pids;            /* in the order in which they came up; none: the text is a whole sentence */
};

struct reasons VEC_FIELDS(struct reason);

static struct reason *reason_for(struct reasons *reasons, const char *text)
{
    for (size_t i = 0; i < reasons->n; i++)
        if (strcmp(reasons->items[i].text, text) == 0)
            return &reasons->items[i];
    struct reason *reason = vec_add(reasons);
    reason->text = xstrdup(text);
    return reason;
}

__attribute__((format(printf, 3, 4)))
static void add(struct reasons *reasons, int32_t pid, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = xvasprintf(format, arguments);
    va_end(arguments);
    struct reason *reason = reason_for(reasons, text);
    if (pid)
        vec_push(&reason->pids, pid);
    free(text);
}

/* "Process 7: …", "Processes 7, 8, 9, 10 and 3 more: …". The reason is used up. */
static char *reason_sentence(struct reason *reason)
{
    struct strbuf out = STRBUF_INIT;
    size_t n = reason->pids.n;
    for (size_t i = 0; i < n && i < NAMED_PROCESSES; i++)
        strbuf_printf(&out, "%s%" PRId32, i ? ", " : n == 1 ? "Process " : "Processes ", reason->pids.items[i]);
    if (n > NAMED_PROCESSES)
        strbuf_printf(&out, " and %zu more", n - NAMED_PROCESSES);
    strbuf_printf(&out, "%s%s", n ? ": " : "", reason->text);
    free(reason->text);
    vec_release(&reason->pids);
    return strbuf_detach(&out);
}

static void add_missing(struct reasons *reasons, const struct trace *trace, uint32_t p)
{
    const struct trace_process_end *end = &trace->ends[p];
    int32_t pid = trace->processes[p].pid;
    if (!end->ended) {
        add(reasons, pid, "the trace ends before the process does, and has no snapshot of it.");
        return;
    }
    switch (end->exit.kind) {
    case TRACE_EXIT_EXEC:
        break;                    /* what it had went with its memory, and what came then is a section of its own */
    case TRACE_EXIT_SIGNAL:
        add(reasons, pid, "killed by signal %" PRId32 " (%s); there was no time to look at its memory.", end->exit.value,
            strsignal(end->exit.value));
        break;
    case TRACE_EXIT_RUNNING:
        add(reasons, pid, "still running when the recording stopped, and no snapshot was taken (\"heapline snapshot PID\" takes "
                          "one).");
        break;
    case TRACE_EXIT_CODE:
        add(reasons, pid, "ended without a snapshot: it was recorded with --no-leak-check, or ended in a way that cannot be "
                          "waited for.");
        break;
    case TRACE_EXIT_UNKNOWN:
        add(reasons, pid, "ended, nobody could tell how, without a snapshot.");
        break;
    }
}

/* The last snapshot was not taken at the end, and nobody looked then. */
static void add_early(struct reasons *reasons, const struct trace *trace, const struct trace_snapshot *snapshot)
{
    const struct trace_process_end *end = &trace->ends[snapshot->process];
    int32_t pid = trace->processes[snapshot->process].pid;
    const char *then = !end->ended ? "and the trace ends before the process does" : "and there is none at its end";
    if (snapshot->cause == TRACE_SNAPSHOT_EXIT || (end->ended && end->exit.kind == TRACE_EXIT_EXEC))
        return;
    add(reasons, pid, "its last snapshot was taken at %s, %s; what it lost later is not known.",
        format_duration(snapshot->ns).text, then);
}

static void add_own_reasons(struct reasons *reasons, const char *text, int32_t pid)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        if (n)
            add(reasons, pid, "%.*s%s", (int)n, text, text[n - 1] == '.' ? "" : ".");
        text += n + (text[n] == '\n');
    }
}

static void add_unseen(struct reasons *unseen, const struct trace_snapshot *snapshot, int32_t pid)
{
    add_own_reasons(unseen, snapshot->unseen, pid);
    if (snapshot->missed_threads && !*snapshot->unseen)
        add(unseen, pid, "%" PRIu32 " of its %" PRIu32 " threads could not be stopped.", snapshot->missed_threads, snapshot->threads);
}

static void add_snapshot(struct reasons *reasons, const struct leaks_store *store, const struct leaks_snapshot *read)
{
    const struct trace *trace = store->leaks.profile->trace;
    const struct trace_snapshot *snapshot = &trace->snapshots[read->id];
    int32_t pid = trace->processes[snapshot->process].pid;
    add_own_reasons(reasons, snapshot->reasons, pid);
    if (read->blocks.n < snapshot->blocks && (read->status < 0 || !*snapshot->reasons))
        add(reasons, pid, "%" PRIu64 " of the %" PRIu64 " blocks of its snapshot are missing from the trace.",
            snapshot->blocks - read->blocks.n,
            snapshot->blocks);
    if (!store->question.label)
        add_early(reasons, trace, snapshot);
}

static void add_losses(struct reasons *reasons, const struct trace *trace, uint32_t p)
{
    const struct trace_losses *losses = p == TRACE_NONE ? &trace->losses : &trace->ends[p].losses;
    int32_t pid = p == TRACE_NONE ? 0 : trace->processes[p].pid;
    if (losses->events)
        add(reasons, pid, "%s%s events were dropped because the rings were full; blocks are missing or counted too long "
                          "(--on-full wait loses none).",
            pid ? "" : "In the run ", format_count(losses->events).text);
    if (losses->damaged_records)
        add(reasons, pid, "%s%s records of the recording were damaged and are left out.", pid ? "" : "In the run ",
            format_count(losses->damaged_records).text);
}

/* Programs of the same path and reason once. */
static void add_unprofiled(struct reasons *reasons, const struct profile *profile)
{
    for (uint32_t i = 0; i < profile->trace->n_unprofiled; i++) {
        const struct trace_unprofiled *child = &profile->trace->unprofiled[i];
        if (child->parent == TRACE_NONE || profile->processes[child->parent].selected)
            add(reasons, child->pid, "%s ran without being recorded. %s", child->path, child->reason);
    }
}

static void add_label(struct reasons *reasons, const struct trace *trace, const char *label)
{
    struct strbuf labels = STRBUF_INIT;
    for (uint32_t i = 0; i < trace->n_snapshots; i++) {
        char *quoted = xasprintf("\"%s\"", trace->snapshots[i].label);
        if (*trace->snapshots[i].label && !strstr(labels.data, quoted))
            strbuf_printf(&labels, "%s%s", labels.length ? ", " : "", quoted);
        free(quoted);
    }
    if (labels.length)
        add(reasons, 0, "No snapshot has the label \"%s\"; there are %s.", label, labels.data);
    else
        add(reasons, 0, "No snapshot has the label \"%s\", or any other.", label);
    strbuf_release(&labels);
}

bool leaks_saw_all(const struct trace_snapshot *snapshot)
{
    return !*snapshot->reasons && !*snapshot->unseen && !snapshot->missed_threads;
}

static void settle(struct reasons *reasons, struct leaks_sentences *sentences)
{
    for (size_t i = 0; i < reasons->n; i++)
        vec_push(sentences, reason_sentence(&reasons->items[i]));
    vec_release(reasons);
}

void leaks_add_reasons(struct leaks_store *store)
{
    const struct profile *profile = store->leaks.profile;
    const struct trace *trace = profile->trace;
    const char *label = store->question.label;
    struct reasons reasons = { 0 }, unseen = { 0 };
    if (profile->n_selected == 0)
        add(&reasons, 0, trace->n_processes ? "No process was recorded that the filters leave in." : "No process is in the trace.");
    if (label && store->snapshots.n == 0)
        add_label(&reasons, trace, label);
    for (uint32_t p = 0; p < trace->n_processes; p++) {
        if (!profile->processes[p].selected)
            continue;
        if (store->snapshot_of[p] != TRACE_NONE) {
            const struct leaks_snapshot *read = &store->snapshots.items[store->snapshot_of[p]];
            add_snapshot(&reasons, store, read);
            add_unseen(&unseen, &trace->snapshots[read->id], trace->processes[p].pid);
        } else if (!label)
            add_missing(&reasons, trace, p);
        add_losses(&reasons, trace, p);
    }
    if (store->leaks.blocks[TRACE_REACH_UNKNOWN])
        add(&reasons, 0, "The search did not reach a judgement on %s blocks.",
            format_count(store->leaks.blocks[TRACE_REACH_UNKNOWN]).text);
    if (*store->bad_rules.text)
        add(&reasons, 0, "The suppressions that the program brings along do not count. %s.", store->bad_rules.text);
    add_losses(&reasons, trace, TRACE_NONE);
    add_unprofiled(&reasons, profile);
    if (!trace->complete)
        add(&reasons, 0, "The trace is cut at byte %" PRIu64 "; what came later is missing.", trace->cut_offset);
    settle(&reasons, &store->leaks.reasons);
    settle(&unseen, &store->leaks.unseen);
}
