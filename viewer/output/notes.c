/* What stands at the foot of every text report. */
#include "../base/format.h"
#include "view.h"

#include <inttypes.h>

struct notes {
    const struct view *view;
    bool any;
};

static void note(struct notes *notes, const char *color, const char *text)
{
    if (!notes->any)
        fputc('\n', notes->view->out);
    notes->any = true;
    view_print_wrapped(notes->view, color, text, 0);
}

static void note_peaks(struct notes *notes, const struct profile *profile, struct strbuf *text)
{
    if (profile->n_holders > 1) {
        const struct trace_process *process = &profile->trace->processes[profile->largest];
        const struct process_figures *figures = &profile->processes[profile->largest];
        strbuf_clear(text);
        strbuf_printf(text,
                      "Peak: each process has its own; figures of several add what each held at its own peak, which need not "
                      "be the same moment. The largest is process %" PRId32 " with %s; --process %" PRId32 " shows it alone.",
                      process->pid, format_bytes(figures->costs.peak_bytes).text, process->pid);
        note(notes, notes->view->colors->dim, text->data);
    }
    if (profile->selection.memory == MEMORY_ALL)
        note(notes, notes->view->colors->dim,
             "Peak: heap and mappings have their own peaks; their sum need not be held at one moment.");
    if (profile->replayed && !costs_none(&profile->total))
        note(notes, notes->view->colors->dim,
             "Peak: composed from the epochs of the recording; what was held inside of one epoch only is not seen in it.");
}

static void note_forks(struct notes *notes, const struct profile *profile)
{
    for (uint32_t p = 0; p < profile->trace->n_processes; p++) {
        if (costs_none(&profile->processes[p].costs) || profile->trace->processes[p].origin != TRACE_ORIGIN_FORK)
            continue;
        note(notes, notes->view->colors->dim,
             "Forks: a forked process holds a copy of its parent's blocks; they count as live and in its peak, not as allocated "
             "by it.");
        return;
    }
}

static uint64_t mapped_peak(const struct profile *profile)
{
    uint64_t sum = 0;
    for (uint32_t p = 0; p < profile->trace->n_processes; p++)
        if (profile->processes[p].selected)
            sum += profile->trace->ends[p].totals.mapped_peak_bytes;
    return sum;
}

static void note_mapped(struct notes *notes, const struct profile *profile, struct strbuf *text)
{
    uint64_t mapped = mapped_peak(profile);
    if (profile->selection.memory != MEMORY_HEAP || profile->filtered || selection_is_part(&profile->selection) || mapped == 0 ||
        mapped < profile->total.peak_bytes / 20)
        return;
    strbuf_clear(text);
    strbuf_printf(text, "Not in these figures: %s that the program mapped itself (mmap, brk) at the peak of its mappings; "
                        "--memory mapped shows them.", format_bytes(mapped).text);
    note(notes, notes->view->colors->dim, text->data);
}

static void note_over(struct notes *notes, const struct profile *profile, struct strbuf *text)
{
    uint32_t over = 0;
    uint64_t bytes = 0;
    for (uint32_t p = 0; p < profile->trace->n_processes; p++) {
        over += profile->processes[p].over;
        bytes += profile->processes[p].live_before;
    }
    if (over == 0)
        return;
    strbuf_clear(text);
    strbuf_printf(text, "Live: %" PRIu32 " process%s had ended by then and hold%s nothing any more (%s when they ended).", over,
                  over == 1 ? "" : "es", over == 1 ? "s" : "", format_bytes(bytes).text);
    note(notes, notes->view->colors->dim, text->data);
}

/* Python programs that were not recorded as they could be. */
static void note_python(struct notes *notes, const struct profile *profile, struct strbuf *text)
{
    for (uint32_t i = 0; i < profile->trace->n_pythons; i++) {
        const struct trace_python *python = &profile->trace->pythons[i];
        if (python->state == TRACE_PYTHON_LIVE || !profile->processes[python->process].selected)
            continue;
        strbuf_clear(text);
        strbuf_printf(text, "Python in process %" PRId32 ": %s", profile->trace->processes[python->process].pid,
                      *python->reason ? python->reason : "objects were not recorded one by one; --memory all shows who caused "
                                                         "their arenas.");
        note(notes, *python->reason ? notes->view->colors->bad : notes->view->colors->dim, text->data);
    }
}

static void note_losses(struct notes *notes, const struct trace *trace, const struct trace_losses *losses, struct strbuf *text)
{
    strbuf_clear(text);
    if (losses->events)
        strbuf_printf(text, "%s events were dropped because the rings were full (--on-full wait loses none). ",
                      format_count(losses->events).text);
    if (losses->truncated_stacks)
        strbuf_printf(text, "%s stack%s could not be read to the end; they show [truncated]. ",
                      format_count(losses->truncated_stacks).text, view_plural(losses->truncated_stacks));
    if (losses->unmatched_frees)
        strbuf_printf(text, "%s free%s of blocks that were allocated out of sight. ", format_count(losses->unmatched_frees).text,
                      view_plural(losses->unmatched_frees));
    if (losses->damaged_records)
        strbuf_printf(text, "%s damaged record%s were left out. ", format_count(losses->damaged_records).text,
                      view_plural(losses->damaged_records));
    if (trace->n_unprofiled)
        strbuf_printf(text, "%" PRIu32 " child program%s ran unprofiled (\"heapline report\" names the reasons). ",
                      trace->n_unprofiled,
                      view_plural(trace->n_unprofiled));
    bool grave = losses->events || losses->damaged_records || trace->n_unprofiled;
    if (text->length)
        strbuf_truncate(text, text->length - 1);
    if (!losses->events && !losses->damaged_records && trace->complete)
        strbuf_printf(text, "%sNo event was lost.", text->length ? " " : "");
    if (text->length)
        note(notes, grave ? notes->view->colors->bad : notes->view->colors->dim, text->data);
}

static void note_cost(struct notes *notes, const struct trace *trace, const struct trace_losses *losses, struct strbuf *text)
{
    if (!trace->complete && losses->self_bytes == 0 && losses->collector_cpu_ns == 0) {
        note(notes, notes->view->colors->dim,
             "What was lost while recording, and what recording cost, stands at the end of a trace, and that is missing.");
        return;
    }
    strbuf_clear(text);
    strbuf_printf(text, "Recording cost %s of memory in the program and %s of processor time beside it",
                  format_bytes(losses->self_bytes).text,
                  format_duration(losses->collector_cpu_ns).text);
    if (losses->waits)
        strbuf_printf(text, "; the program waited %s times, %s in all, for it", format_count(losses->waits).text,
                      format_duration(losses->wait_ns).text);
    strbuf_add_char(text, '.');
    note(notes, notes->view->colors->dim, text->data);
}

void view_print_notes(const struct view *view, const struct profile *profile)
{
    struct notes notes = { .view = view };
    struct strbuf text = STRBUF_INIT;
    struct trace_losses losses = view_sum_losses(profile->trace);
    note_peaks(&notes, profile, &text);
    note_forks(&notes, profile);
    note_mapped(&notes, profile, &text);
    note_over(&notes, profile, &text);
    note_python(&notes, profile, &text);
    note_losses(&notes, profile->trace, &losses, &text);
    note_cost(&notes, profile->trace, &losses, &text);
    strbuf_release(&text);
}
