#include "record.h"

#include <string.h>

/* ids that may be TRACE_NONE travel plus one, modulo 2^32 */
static void put_optional(struct buffer *out, uint32_t id) { buffer_varint(out, (uint32_t)(id + 1)); }
static uint32_t get_optional(struct cursor *in) { return (uint32_t)cursor_bounded(in, UINT32_MAX) - 1; }
static uint32_t get_id(struct cursor *in) { return (uint32_t)cursor_bounded(in, UINT32_MAX); }

static void put_int(struct buffer *out, int32_t value) { buffer_signed(out, (uint64_t)(int64_t)value); }

static int32_t get_int(struct cursor *in)
{
    int64_t value = (int64_t)cursor_signed(in);
    if (value >= INT32_MIN && value <= INT32_MAX)
        return (int32_t)value;
    in->bad = true;
    return 0;
}

void record_put(struct buffer *out, enum format_kind kind, const struct buffer *payload)
{
    buffer_varint(out, kind);
    buffer_varint(out, payload->len);
    buffer_put(out, payload->data, payload->len);
}

bool record_next(struct cursor *chunk, struct record *record)
{
    if (chunk->at == chunk->end)
        return false;
    record->kind = cursor_varint(chunk);
    uint64_t length = cursor_varint(chunk);
    const uint8_t *payload = cursor_bytes(chunk, length);
    if (chunk->bad)
        return false;
    record->payload = (struct cursor){payload, payload + length, false};
    return true;
}

void record_put_run(struct buffer *out, const struct record_run *run)
{
    buffer_varint(out, run->unix_ns);
    buffer_varint(out, run->command);
    buffer_varint(out, run->host);
    buffer_varint(out, run->version);
}

void record_get_run(struct cursor *in, struct record_run *run)
{
    run->unix_ns = cursor_varint(in);
    run->command = get_id(in);
    run->host = get_id(in);
    run->version = get_id(in);
}

void record_put_process(struct buffer *out, const struct record_process *record)
{
    put_int(out, record->process.pid);
    put_optional(out, record->process.parent);
    buffer_varint(out, record->process.origin);
    buffer_varint(out, record->process.start_ns);
    buffer_varint(out, record->command);
    buffer_varint(out, record->executable);
}

void record_get_process(struct cursor *in, struct record_process *record)
{
    record->process.pid = get_int(in);
    record->process.parent = get_optional(in);
    record->process.origin = (enum trace_origin)cursor_bounded(in, TRACE_ORIGIN_SPAWN);
    record->process.start_ns = cursor_varint(in);
    record->command = get_id(in);
    record->executable = get_id(in);
}

void record_put_thread(struct buffer *out, const struct record_thread *record)
{
    buffer_varint(out, record->thread.process);
    put_int(out, record->thread.tid);
    buffer_varint(out, record->thread.start_ns);
    buffer_varint(out, record->name);
}

void record_get_thread(struct cursor *in, struct record_thread *record)
{
    record->thread.process = get_id(in);
    record->thread.tid = get_int(in);
    record->thread.start_ns = cursor_varint(in);
    record->name = get_id(in);
}

void record_put_thread_name(struct buffer *out, const struct record_thread_name *name)
{
    buffer_varint(out, name->thread);
    buffer_varint(out, name->name);
}

void record_get_thread_name(struct cursor *in, struct record_thread_name *name)
{
    name->thread = get_id(in);
    name->name = get_id(in);
}

void record_put_module(struct buffer *out, const struct record_module *record)
{
    uint8_t length = record->module.build_id_len;
    if (length > TRACE_BUILD_ID_MAX)
        length = TRACE_BUILD_ID_MAX;
    buffer_varint(out, record->path);
    buffer_varint(out, length);
    buffer_put(out, record->module.build_id, length);
}

void record_get_module(struct cursor *in, struct record_module *record)
{
    record->path = get_id(in);
    record->module.build_id_len = (uint8_t)cursor_bounded(in, TRACE_BUILD_ID_MAX);
    const uint8_t *id = cursor_bytes(in, record->module.build_id_len);
    memset(record->module.build_id, 0, sizeof record->module.build_id);
    if (id)
        memcpy(record->module.build_id, id, record->module.build_id_len);
}

void record_put_symbols(struct buffer *out, uint32_t frame, const struct record_symbol *symbols, uint32_t n)
{
    buffer_varint(out, frame);
    buffer_varint(out, n);
    for (uint32_t i = 0; i < n; i++) {
        buffer_varint(out, symbols[i].function);
        buffer_varint(out, symbols[i].file);
        buffer_varint(out, symbols[i].line);
    }
}

void record_get_symbols_head(struct cursor *in, uint32_t *frame, uint32_t *n)
{
    *frame = get_id(in);
    *n = (uint32_t)cursor_bounded(in, FORMAT_SYMBOL_LEVELS_MAX);
    if (*n > cursor_left(in) / 3)
        in->bad = true;
    if (in->bad)
        *n = 0;
}

void record_get_symbol(struct cursor *in, struct record_symbol *symbol)
{
    symbol->function = get_id(in);
    symbol->file = get_id(in);
    symbol->line = get_id(in);
}

void record_put_source(struct buffer *out, const struct record_source *source)
{
    buffer_varint(out, source->file);
    buffer_varint(out, source->bytes);
    buffer_put(out, source->text, source->bytes);
}

void record_get_source(struct cursor *in, struct record_source *source)
{
    source->file = get_id(in);
    source->bytes = (size_t)cursor_bounded(in, FORMAT_STRING_MAX);
    source->text = cursor_bytes(in, source->bytes);
    if (in->bad)
        source->bytes = 0;
}

void record_put_snapshot(struct buffer *out, const struct record_snapshot *record)
{
    const struct trace_snapshot *snapshot = &record->snapshot;
    buffer_varint(out, snapshot->process);
    buffer_varint(out, snapshot->cause == TRACE_SNAPSHOT_BEFORE_EXIT ? TRACE_SNAPSHOT_CALL : snapshot->cause);
    buffer_varint(out, record->label);
    buffer_varint(out, snapshot->ns);
    buffer_varint(out, snapshot->stopped_ns);
    buffer_varint(out, snapshot->fork_ns);
    buffer_varint(out, snapshot->mark_ns);
    buffer_varint(out, snapshot->scanned_bytes);
    buffer_varint(out, snapshot->threads);
    buffer_varint(out, snapshot->missed_threads);
    buffer_varint(out, snapshot->blocks);
    buffer_varint(out, record->reasons);
    buffer_varint(out, snapshot->n_roots);
    buffer_varint(out, snapshot->n_names);
    buffer_varint(out, snapshot->graph_bytes);
    buffer_varint(out, snapshot->cause == TRACE_SNAPSHOT_BEFORE_EXIT);
    buffer_varint(out, record->unseen);
}

void record_get_snapshot(struct cursor *in, struct record_snapshot *record)
{
    struct trace_snapshot *snapshot = &record->snapshot;
    snapshot->process = get_id(in);
    snapshot->cause = (enum trace_snapshot_cause)cursor_bounded(in, TRACE_SNAPSHOT_CHECK);
    if (!snapshot->cause)
        in->bad = true;
    record->label = get_id(in);
    snapshot->ns = cursor_varint(in);
    snapshot->stopped_ns = cursor_varint(in);
    snapshot->fork_ns = cursor_varint(in);
    snapshot->mark_ns = cursor_varint(in);
    snapshot->scanned_bytes = cursor_varint(in);
    snapshot->threads = (uint32_t)cursor_bounded(in, UINT32_MAX);
    snapshot->missed_threads = (uint32_t)cursor_bounded(in, UINT32_MAX);
    snapshot->blocks = cursor_varint(in);
    record->reasons = get_id(in);
    snapshot->n_roots = (uint32_t)cursor_bounded(in, FORMAT_IDS_MAX);
    snapshot->n_names = (uint32_t)cursor_bounded(in, FORMAT_IDS_MAX);
    snapshot->graph_bytes = cursor_left(in) ? cursor_varint(in) : 0;     /* before 1.2 there were none */
    if (cursor_left(in) && cursor_varint(in) == 1 && snapshot->cause == TRACE_SNAPSHOT_CALL)
        snapshot->cause = TRACE_SNAPSHOT_BEFORE_EXIT;
    record->unseen = cursor_left(in) ? get_id(in) : 0;
}

static void put_counts(struct buffer *out, const struct trace_counts *counts)
{
    buffer_varint(out, counts->allocations);
    buffer_varint(out, counts->allocated_bytes);
    buffer_varint(out, counts->frees);
    buffer_varint(out, counts->freed_bytes);
    buffer_varint(out, counts->temporary);
    buffer_varint(out, counts->temporary_bytes);
    buffer_varint(out, counts->inherited);
    buffer_varint(out, counts->inherited_bytes);
    buffer_varint(out, counts->collected);
    buffer_varint(out, counts->collected_bytes);
    buffer_varint(out, counts->moved);
    buffer_varint(out, counts->moved_bytes);
    buffer_varint(out, counts->transient);
    buffer_varint(out, counts->transient_bytes);
}

static void get_counts(struct cursor *in, struct trace_counts *counts)
{
    counts->allocations = cursor_varint(in);
    counts->allocated_bytes = cursor_varint(in);
    counts->frees = cursor_varint(in);
    counts->freed_bytes = cursor_varint(in);
    counts->temporary = cursor_varint(in);
    counts->temporary_bytes = cursor_varint(in);
    counts->inherited = cursor_varint(in);
    counts->inherited_bytes = cursor_varint(in);
    counts->collected = cursor_varint(in);
    counts->collected_bytes = cursor_varint(in);
    counts->moved = cursor_varint(in);
    counts->moved_bytes = cursor_varint(in);
    counts->transient = cursor_varint(in);
    counts->transient_bytes = cursor_varint(in);
}

void record_put_totals(struct buffer *out, const struct trace_totals *totals, uint64_t n_sites)
{
    buffer_varint(out, totals->process);
    put_counts(out, &totals->heap);
    buffer_varint(out, totals->peak_bytes);
    buffer_varint(out, totals->peak_blocks);
    buffer_varint(out, totals->peak_ns);
    buffer_varint(out, totals->mapped_allocations);
    buffer_varint(out, totals->mapped_bytes);
    buffer_varint(out, totals->mapped_live_bytes);
    buffer_varint(out, totals->mapped_peak_bytes);
    buffer_varint(out, totals->mapped_peak_ns);
    buffer_varint(out, n_sites);
    buffer_varint(out, TRACE_SIZE_CLASSES);
    for (unsigned i = 0; i < TRACE_SIZE_CLASSES; i++) {
        buffer_varint(out, totals->size_count[i]);
        buffer_varint(out, totals->size_bytes[i]);
    }
}

void record_get_totals(struct cursor *in, struct trace_totals *totals, uint64_t *n_sites)
{
    memset(totals, 0, sizeof *totals);
    totals->process = get_id(in);
    get_counts(in, &totals->heap);
    totals->peak_bytes = cursor_varint(in);
    totals->peak_blocks = cursor_varint(in);
    totals->peak_ns = cursor_varint(in);
    totals->mapped_allocations = cursor_varint(in);
    totals->mapped_bytes = cursor_varint(in);
    totals->mapped_live_bytes = cursor_varint(in);
    totals->mapped_peak_bytes = cursor_varint(in);
    totals->mapped_peak_ns = cursor_varint(in);
    *n_sites = cursor_varint(in);
    uint64_t classes = cursor_bounded(in, TRACE_SIZE_CLASSES);
    for (uint64_t i = 0; i < classes; i++) {
        totals->size_count[i] = cursor_varint(in);
        totals->size_bytes[i] = cursor_varint(in);
    }
}

void record_put_exit(struct buffer *out, const struct trace_exit *ending)
{
    buffer_varint(out, ending->process);
    buffer_varint(out, ending->kind);
    put_int(out, ending->value);
    buffer_varint(out, ending->end_ns);
}

void record_get_exit(struct cursor *in, struct trace_exit *ending)
{
    ending->process = get_id(in);
    ending->kind = (enum trace_exit_kind)cursor_bounded(in, TRACE_EXIT_RUNNING);
    ending->value = get_int(in);
    ending->end_ns = cursor_varint(in);
}

void record_put_losses(struct buffer *out, const struct trace_losses *losses)
{
    put_optional(out, losses->process);
    buffer_varint(out, losses->events);
    buffer_varint(out, losses->truncated_stacks);
    buffer_varint(out, losses->unmatched_frees);
    buffer_varint(out, losses->damaged_records);
    buffer_varint(out, losses->waits);
    buffer_varint(out, losses->wait_ns);
    buffer_varint(out, losses->self_bytes);
    buffer_varint(out, losses->collector_cpu_ns);
}

void record_get_losses(struct cursor *in, struct trace_losses *losses)
{
    losses->process = get_optional(in);
    losses->events = cursor_varint(in);
    losses->truncated_stacks = cursor_varint(in);
    losses->unmatched_frees = cursor_varint(in);
    losses->damaged_records = cursor_varint(in);
    losses->waits = cursor_varint(in);
    losses->wait_ns = cursor_varint(in);
    losses->self_bytes = cursor_varint(in);
    losses->collector_cpu_ns = cursor_varint(in);
}

void record_put_unprofiled(struct buffer *out, const struct record_unprofiled *record)
{
    put_int(out, record->child.pid);
    put_optional(out, record->child.parent);
    buffer_varint(out, record->path);
    buffer_varint(out, record->reason);
}

void record_get_unprofiled(struct cursor *in, struct record_unprofiled *record)
{
    record->child.pid = get_int(in);
    record->child.parent = get_optional(in);
    record->path = get_id(in);
    record->reason = get_id(in);
}

void record_put_mark(struct buffer *out, const struct record_mark *record)
{
    buffer_varint(out, record->mark.process);
    buffer_varint(out, record->mark.thread);
    buffer_varint(out, record->mark.ns);
    buffer_varint(out, record->mark.kind);
    buffer_varint(out, record->label);
}

void record_get_mark(struct cursor *in, struct record_mark *record)
{
    record->mark.process = get_id(in);
    record->mark.thread = get_id(in);
    record->mark.ns = cursor_varint(in);
    record->mark.kind = (enum trace_mark_kind)cursor_bounded(in, TRACE_MARK_END);
    record->label = get_id(in);
}

void record_put_python(struct buffer *out, const struct record_python *record)
{
    buffer_varint(out, record->python.process);
    buffer_varint(out, record->python.version);
    buffer_varint(out, record->python.state);
    buffer_varint(out, record->reason);
}

void record_get_python(struct cursor *in, struct record_python *record)
{
    record->python.process = get_id(in);
    record->python.version = get_id(in);
    record->python.state = (enum trace_python_state)cursor_bounded(in, TRACE_PYTHON_NATIVE);
    record->reason = get_id(in);
}
