#include "json.h"

#include "../base/strbuf.h"
#include "../base/utf8.h"
#include "view.h"

#include <errno.h>

json_t *json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *plain = json_string(text);
    if (plain)
        return plain;
    struct strbuf clean = STRBUF_INIT;
    while (*text) {
        size_t n = utf8_character(text, SIZE_MAX, NULL);
        if (n)
            strbuf_add_bytes(&clean, text, n);
        else
            strbuf_add(&clean, UTF8_REPLACEMENT);
        text += n ? n : 1;
    }
    plain = json_string(clean.data);
    strbuf_release(&clean);
    return plain;
}

json_t *json_seconds(uint64_t ns)
{
    return json_real((double)ns / 1e9);
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

void json_add_costs(json_t *object, const struct costs *costs)
{
    json_object_set_new(object, "peak_bytes", number(costs->peak_bytes));
    json_object_set_new(object, "peak_blocks", number(costs->peak_blocks));
    json_object_set_new(object, "live_bytes", number(costs->live_bytes));
    json_object_set_new(object, "live_blocks", number(costs->live_blocks));
    json_object_set_new(object, "allocated_bytes", number(costs->allocated_bytes));
    json_object_set_new(object, "allocations", number(costs->allocations));
    json_object_set_new(object, "freed_bytes", number(costs->freed_bytes));
    json_object_set_new(object, "frees", number(costs->frees));
    json_object_set_new(object, "temporary_allocations", number(costs->temporary));
    json_object_set_new(object, "temporary_bytes", number(costs->temporary_bytes));
    json_object_set_new(object, "transient_blocks", number(costs->transient));
    json_object_set_new(object, "transient_bytes", number(costs->transient_bytes));
    json_object_set_new(object, "collected_blocks", number(costs->collected));
    json_object_set_new(object, "collected_bytes", number(costs->collected_bytes));
    json_object_set_new(object, "moved_blocks", number(costs->moved));
    json_object_set_new(object, "moved_bytes", number(costs->moved_bytes));
    json_object_set_new(object, "native_peak_bytes", number(costs->native_peak_bytes));
    json_object_set_new(object, "native_live_bytes", number(costs->native_live_bytes));
    json_object_set_new(object, "native_allocated_bytes", number(costs->native_allocated_bytes));
}

void json_add_location(json_t *object, const struct locations *locations, uint32_t id)
{
    const struct location *location = &locations->items[id];
    bool code = location->kind == TRACE_FRAME_NATIVE || location->kind == TRACE_FRAME_ANONYMOUS;
    struct strbuf name = STRBUF_INIT;
    if (!code)
        location_add_name(&name, locations, id);
    bool python = location_is_python(location);
    json_object_set_new(object, "language", code || python ? json_string(python ? "python" : "native") : json_null());
    json_object_set_new(object, "function", json_text(code ? location->function : name.data));
    json_object_set_new(object, "file", json_text(location->file));
    json_object_set_new(object, "line", location->line ? json_integer(location->line) : json_null());
    const char *module = location->module == TRACE_NONE ? NULL : locations->trace->modules[location->module].path;
    json_object_set_new(object, "module", json_text(module));
    json_object_set_new(object, "address", code && location->address ? number(location->address) : json_null());
    strbuf_release(&name);
}

json_t *json_exit(const struct trace_process_end *end)
{
    static const char *const kinds[] = { "unknown", "code", "signal", "exec", "running" };
    json_t *object = json_object();
    bool valued = end->ended && (end->exit.kind == TRACE_EXIT_CODE || end->exit.kind == TRACE_EXIT_SIGNAL);
    json_object_set_new(object, "kind", json_string(end->ended ? kinds[end->exit.kind] : "unknown"));
    json_object_set_new(object, "value", valued ? json_integer(end->exit.value) : json_null());
    return object;
}

json_t *json_losses(const struct trace *trace)
{
    struct trace_losses losses = view_sum_losses(trace);
    json_t *object = json_object();
    json_object_set_new(object, "events", number(losses.events));
    json_object_set_new(object, "truncated_stacks", number(losses.truncated_stacks));
    json_object_set_new(object, "unmatched_frees", number(losses.unmatched_frees));
    json_object_set_new(object, "damaged_records", number(losses.damaged_records));
    json_object_set_new(object, "waits", number(losses.waits));
    json_object_set_new(object, "wait_s", json_seconds(losses.wait_ns));
    json_object_set_new(object, "self_bytes", number(losses.self_bytes));
    json_object_set_new(object, "collector_cpu_s", json_seconds(losses.collector_cpu_ns));
    return object;
}

static json_t *json_trace(const struct trace *trace)
{
    json_t *object = json_object();
    json_object_set_new(object, "command", json_text(trace->run.command));
    json_object_set_new(object, "host", json_text(trace->run.host));
    json_object_set_new(object, "version", json_text(trace->run.version));
    json_object_set_new(object, "started_unix_s", json_seconds(trace->run.unix_ns));
    json_object_set_new(object, "duration_s", json_seconds(trace->end_ns));
    json_object_set_new(object, "complete", json_boolean(trace->complete));
    json_object_set_new(object, "cut_offset", trace->complete ? json_null() : number(trace->cut_offset));
    return object;
}

static json_t *json_selection(const struct profile *profile, const char *by)
{
    json_t *object = json_object();
    json_object_set_new(object, "by", json_string(by));
    json_object_set_new(object, "memory", json_string(memory_names[profile->selection.memory]));
    json_object_set_new(object, "scope", json_text(profile->selection.scope));
    json_object_set_new(object, "from_s", json_seconds(profile->from_ns));
    json_object_set_new(object, "to_s", json_seconds(profile->to_ns));
    json_object_set_new(object, "filtered", json_boolean(profile->filtered));
    json_object_set_new(object, "whole_epochs", json_boolean(profile->replayed));
    return object;
}

json_t *json_begin(const char *schema, const struct profile *profile, const char *by)
{
    json_t *object = json_object(), *totals = json_object();
    json_object_set_new(object, "schema", json_string(schema));
    json_object_set_new(object, "trace", json_trace(profile->trace));
    json_object_set_new(object, "selection", json_selection(profile, by));
    json_add_costs(totals, &profile->total);
    json_object_set_new(object, "totals", totals);
    return object;
}

int json_finish(json_t *object, FILE *out)
{
    errno = 0;
    int status = json_dumpf(object, out, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
    if (status < 0)
        status = errno ? -errno : -EIO;
    else if (fputc('\n', out) == EOF)
        status = errno ? -errno : -EIO;
    json_decref(object);
    return status;
}
