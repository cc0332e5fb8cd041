#include "../analyze/marks.h"
#include "../analyze/python_use.h"
#include "json.h"
#include "report.h"

#include <stdlib.h>

#define TOP_BY_DEFAULT 20

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static const char *const origins[] = { "root", "fork", "exec", "spawn" };

static json_t *process_object(const struct report *report, uint32_t p)
{
    const struct profile *profile = report->profile;
    const struct trace *trace = profile->trace;
    const struct trace_process *process = &trace->processes[p];
    const struct trace_process_end *end = &trace->ends[p];
    const struct process_figures *figures = &profile->processes[p];
    uint64_t end_ns = end->ended ? end->exit.end_ns : end->last_ns;
    json_t *object = json_object();
    json_object_set_new(object, "id", number(p));
    json_object_set_new(object, "pid", json_integer(process->pid));
    json_object_set_new(object, "parent", process->parent == TRACE_NONE ? json_null() : number(process->parent));
    json_object_set_new(object, "origin", json_string(origins[process->origin]));
    json_object_set_new(object, "command", json_text(process->command));
    json_object_set_new(object, "executable", json_text(process->executable));
    json_object_set_new(object, "exit", json_exit(end));
    json_add_costs(object, &figures->costs);
    json_object_set_new(object, "peak_bytes", number(report_peak_bytes(profile, p)));
    json_object_set_new(object, "peak_time_s", json_seconds(figures->peak_ns));
    json_object_set_new(object, "peak_exact", json_boolean(!figures->replayed));
    json_object_set_new(object, "start_s", json_seconds(process->start_ns));
    json_object_set_new(object, "duration_s", json_seconds(end_ns > process->start_ns ? end_ns - process->start_ns : 0));
    json_object_set_new(object, "mapped_peak_bytes", number(end->totals.mapped_peak_bytes));
    json_object_set_new(object, "mapped_live_bytes", number(end->totals.mapped_live_bytes));
    json_object_set_new(object, "truncated_stacks", number(end->losses.truncated_stacks));
    json_object_set_new(object, "unmatched_frees", number(end->losses.unmatched_frees));
    json_object_set_new(object, "lost_events", number(end->losses.events));
    return object;
}

static json_t *process_array(const struct report *report)
{
    json_t *array = json_array();
    for (uint32_t p = 0; p < report->profile->trace->n_processes; p++)
        if (report->profile->processes[p].selected)
            json_array_append_new(array, process_object(report, p));
    return array;
}

static json_t *thread_array(const struct report *report)
{
    const struct trace *trace = report->profile->trace;
    json_t *array = json_array();
    for (uint32_t t = 0; t < trace->n_threads; t++) {
        if (costs_none(&report->threads[t]))
            continue;
        json_t *object = json_object();
        json_object_set_new(object, "tid", json_integer(trace->threads[t].tid));
        json_object_set_new(object, "name", json_text(trace->threads[t].name));
        json_object_set_new(object, "process", number(trace->threads[t].process));
        json_add_costs(object, &report->threads[t]);
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *peak_array(const struct report *report)
{
    struct timeline_peak peaks[REPORT_PEAKS];
    uint32_t n = timeline_top_peaks(&report->timeline, peaks, REPORT_PEAKS);
    json_t *array = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(array, json_pack("{s:o, s:o}", "time_s", json_seconds(peaks[i].ns), "bytes",
                                               number(peaks[i].bytes)));
    return array;
}

static json_t *timeline_object(const struct timeline *timeline)
{
    json_t *most = json_array(), *end = json_array(), *rss = json_array();
    for (unsigned i = 0; i < TIMELINE_SLOTS; i++) {
        json_array_append_new(most, number(timeline->bytes[i]));
        json_array_append_new(end, number(timeline->end[i]));
        json_array_append_new(rss, number(timeline->rss[i]));
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "slot_s", json_seconds(timeline->slot_ns), "max_bytes", most, "end_bytes", end,
                     "rss_bytes", rss);
}

static json_t *size_array(const struct report *report)
{
    json_t *array = json_array();
    for (unsigned k = 0; report->has_sizes && k < TRACE_SIZE_CLASSES; k++)
        if (report->size_count[k])
            json_array_append_new(array, json_pack("{s:o, s:o, s:o}", "up_to_bytes", number(report_size_limit(k)), "allocations",
                                                   number(report->size_count[k]), "bytes", number(report->size_bytes[k])));
    return array;
}

static json_t *stack_array(const struct profile *profile, uint32_t stack)
{
    struct level_list levels = { 0 };
    json_t *array = json_array();
    profile_levels(profile, stack, &levels);
    for (size_t i = 0; i < levels.n; i++) {
        json_t *object = json_object();
        json_add_location(object, &profile->locations, levels.items[i]);
        json_array_append_new(array, object);
    }
    vec_release(&levels);
    return array;
}

static json_t *top_array(const struct view *view, const struct profile *profile, const struct lines *lines)
{
    const struct line_row **rows = lines_sorted(lines);
    uint32_t top = view->top ? view->top : TOP_BY_DEFAULT;
    json_t *array = json_array();
    for (uint32_t r = 0; r < lines->n_rows && r < top && costs_measure(&rows[r]->costs, lines->by); r++) {
        json_t *object = json_object();
        json_add_location(object, &profile->locations, rows[r]->location);
        json_add_costs(object, &rows[r]->costs);
        json_object_set_new(object, "heaviest_stack", stack_array(profile, rows[r]->heaviest));
        json_array_append_new(array, object);
    }
    free(rows);
    return array;
}

static json_t *unprofiled_array(const struct trace *trace)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < trace->n_unprofiled; i++) {
        const struct trace_unprofiled *child = &trace->unprofiled[i];
        json_t *object = json_object();
        json_object_set_new(object, "pid", child->pid ? json_integer(child->pid) : json_null());
        json_object_set_new(object, "parent", child->parent == TRACE_NONE ? json_null() : number(child->parent));
        json_object_set_new(object, "path", json_text(child->path));
        json_object_set_new(object, "reason", json_text(child->reason));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *python_object(const struct trace *trace, const struct trace_python *python)
{
    static const char *const states[] = { "live", "arenas", "objects_only", "native" };
    struct python_use use;
    json_t *object = json_object();
    python_use_of(trace, python->process, &use);
    json_object_set_new(object, "process", number(python->process));
    json_object_set_new(object, "version", json_string(python_version_text(python->version).text));
    json_object_set_new(object, "state", json_string(states[python->state]));
    json_object_set_new(object, "reason", *python->reason ? json_text(python->reason) : json_null());
    json_object_set_new(object, "objects", number(use.objects));
    json_object_set_new(object, "object_allocated_bytes", number(use.object_bytes));
    json_object_set_new(object, "object_peak_bytes", number(use.object_peak));
    json_object_set_new(object, "object_live_bytes", number(use.object_live));
    json_object_set_new(object, "native_peak_bytes", number(use.native_peak));
    json_object_set_new(object, "native_live_bytes", number(use.native_live));
    json_object_set_new(object, "arena_peak_bytes", number(use.arena_peak));
    json_object_set_new(object, "arena_live_bytes", number(use.arena_live));
    return object;
}

static json_t *python_array(const struct profile *profile)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < profile->trace->n_pythons; i++)
        if (profile->processes[profile->trace->pythons[i].process].selected)
            json_array_append_new(array, python_object(profile->trace, &profile->trace->pythons[i]));
    return array;
}

static json_t *mark_array(const struct profile *profile)
{
    static const char *const kinds[] = { "point", "begin", "end" };
    json_t *array = json_array();
    for (uint32_t i = 0; i < profile->trace->n_marks; i++) {
        const struct trace_mark *mark = &profile->trace->marks[i];
        if (!profile->processes[mark->process].selected)
            continue;
        json_t *object = json_object();
        json_object_set_new(object, "time_s", json_seconds(mark->ns));
        json_object_set_new(object, "kind", json_string(kinds[mark->kind]));
        json_object_set_new(object, "label", json_text(mark->label));
        json_object_set_new(object, "process", number(mark->process));
        json_object_set_new(object, "tid", json_integer(profile->trace->threads[mark->thread].tid));
        json_array_append_new(array, object);
    }
    return array;
}

int report_print_json(const struct view *view, const struct report *report)
{
    const struct profile *profile = report->profile;
    json_t *object = json_begin("heapline-report/1", profile, measure_names[report->tops[0].by]);
    json_object_set_new(object, "processes", process_array(report));
    json_object_set_new(object, "threads", thread_array(report));
    json_object_set_new(object, "peaks", peak_array(report));
    json_object_set_new(object, "timeline", timeline_object(&report->timeline));
    json_object_set_new(object, "sizes", size_array(report));
    json_t *top = json_object();
    for (uint32_t i = 0; i < report->n_tops; i++)
        json_object_set_new(top, measure_names[report->tops[i].by], top_array(view, profile, &report->tops[i]));
    json_object_set_new(object, "top", top);
    json_object_set_new(object, "pythons", python_array(profile));
    json_object_set_new(object, "marks", mark_array(profile));
    json_object_set_new(object, "unprofiled", unprofiled_array(profile->trace));
    json_object_set_new(object, "losses", json_losses(profile->trace));
    return json_finish(object, view->out);
}
