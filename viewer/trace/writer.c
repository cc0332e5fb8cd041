/* How a trace comes to be: every kind of chunk has a buffer of its own. Table rows wait in `pending` (so that they leave
 * as columns) and go out as a TABLES chunk before any chunk that may refer to them; TOTALS go out after everything else.
 * A cut file therefore never speaks of what it has not defined. */
#include "../base/xalloc.h"
#include "writer_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* table rows leave in groups of this many, so that a cut loses little and a record stays short */
#define TABLE_ROWS 16384u
#define EVENT_ROWS 8192u

/* chunks */

static void put_chunk(struct trace_writer *writer, enum format_chunk_type type, const struct buffer *raw,
                      uint64_t first_ns, uint64_t last_ns)
{
    size_t bound = ZSTD_compressBound(raw->len);
    writer->packed.len = 0;
    buffer_reserve(&writer->packed, bound);
    size_t packed = ZSTD_compressCCtx(writer->zstd, writer->packed.data, bound, raw->data, raw->len, FORMAT_ZSTD_LEVEL);
    bool zstd = !ZSTD_isError(packed) && packed < raw->len;
    const uint8_t *stored = zstd ? writer->packed.data : raw->data;
    size_t stored_len = zstd ? packed : raw->len;

    uint8_t header[FORMAT_CHUNK_HEADER_BYTES] = FORMAT_CHUNK_MARK;
    header[4] = (uint8_t)type;
    header[5] = zstd ? FORMAT_ZSTD : FORMAT_STORED;
    format_put32(header + 8, (uint32_t)stored_len);
    format_put32(header + 12, (uint32_t)raw->len);
    format_put32(header + 16, (uint32_t)crc32(0, stored, (uInt)stored_len));
    format_put32(header + 20, (uint32_t)crc32(0, header, 20));
    if (type != FORMAT_INDEX) {
        struct chunk_ref ref = {writer->sink.offset, first_ns, last_ns, (uint8_t)type};
        vec_push(&writer->index, ref);
    }
    sink_put(&writer->sink, header, sizeof header);
    sink_put(&writer->sink, stored, stored_len);
}

static void close_chunk(struct trace_writer *writer, enum format_chunk_type type)
{
    struct open_chunk *chunk = &writer->chunks[type];
    if (chunk->raw.len && !writer->sink.error)
        put_chunk(writer, type, &chunk->raw, chunk->first_ns, chunk->last_ns);
    chunk->raw.len = 0;
    chunk->timed = false;
    chunk->first_ns = chunk->last_ns = 0;
    if (type == FORMAT_TIMELINE)
        writer->base = (struct trace_epoch){0};
}

void writer_chunk_spans(struct open_chunk *chunk, uint64_t first_ns, uint64_t last_ns)
{
    if (!chunk->timed || first_ns < chunk->first_ns)
        chunk->first_ns = first_ns;
    if (!chunk->timed || last_ns > chunk->last_ns)
        chunk->last_ns = last_ns;
    chunk->timed = true;
}

/* tables */

void writer_end_record(struct trace_writer *writer, struct buffer *out, enum format_kind kind)
{
    record_put(out, kind, &writer->payload);
    writer->payload.len = 0;
}

static void collect_rows(struct trace_writer *writer)
{
    struct buffer *raw = &writer->chunks[FORMAT_TABLES].raw;
    if (writer->codes.n) {
        columns_put_codes(&writer->payload, writer->n_codes - (uint32_t)writer->codes.n, writer->codes.items,
                          (uint32_t)writer->codes.n);
        writer_end_record(writer, raw, FORMAT_CODES);
    }
    if (writer->frames.n) {
        columns_put_frames(&writer->payload, writer->n_frames - (uint32_t)writer->frames.n, writer->frames.items,
                           (uint32_t)writer->frames.n);
        writer_end_record(writer, raw, FORMAT_FRAMES);
    }
    if (writer->stacks.n) {
        columns_put_stacks(&writer->payload, writer->n_stacks - (uint32_t)writer->stacks.n, writer->stacks.items,
                           (uint32_t)writer->stacks.n);
        writer_end_record(writer, raw, FORMAT_STACKS);
    }
    if (writer->sites.n) {
        columns_put_sites(&writer->payload, writer->n_sites - (uint32_t)writer->sites.n, writer->sites.items,
                          (uint32_t)writer->sites.n);
        writer_end_record(writer, raw, FORMAT_SITES);
    }
    vec_clear(&writer->codes);
    vec_clear(&writer->frames);
    vec_clear(&writer->stacks);
    vec_clear(&writer->sites);
}

static void flush_tables(struct trace_writer *writer)
{
    struct buffer *raw = &writer->chunks[FORMAT_TABLES].raw;
    buffer_put(raw, writer->new_strings.data, writer->new_strings.len);
    buffer_put(raw, writer->new_rows.data, writer->new_rows.len);
    collect_rows(writer);
    buffer_put(raw, writer->new_symbols.data, writer->new_symbols.len);
    writer->new_strings.len = writer->new_rows.len = writer->new_symbols.len = 0;
    close_chunk(writer, FORMAT_TABLES);
}

void writer_limit_tables(struct trace_writer *writer)
{
    if (writer->new_strings.len + writer->new_rows.len + writer->new_symbols.len >= FORMAT_CHUNK_CLOSE ||
        writer->codes.n >= TABLE_ROWS || writer->frames.n >= TABLE_ROWS || writer->stacks.n >= TABLE_ROWS ||
        writer->sites.n >= TABLE_ROWS)
        flush_tables(writer);
}

uint32_t writer_string(struct trace_writer *writer, const char *text)
{
    if (!text)
        return 0;
    size_t length = strnlen(text, FORMAT_STRING_MAX);
    uint32_t n_before = writer->strings.n;
    uint32_t id = strmap_intern_bytes(&writer->strings, text, length);
    if (id == n_before) {
        buffer_varint(&writer->new_strings, FORMAT_STRING);
        buffer_varint(&writer->new_strings, length);
        buffer_put(&writer->new_strings, text, length);
        if (writer->new_strings.len >= FORMAT_CHUNK_CLOSE)
            flush_tables(writer);
    }
    return id + 1;
}

uint32_t trace_write_process(struct trace_writer *writer, const struct trace_process *process)
{
    struct record_process record = {
        .process = *process,
        .command = writer_string(writer, process->command),
        .executable = writer_string(writer, process->executable),
    };
    record_put_process(&writer->payload, &record);
    writer_end_record(writer, &writer->new_rows, FORMAT_PROCESS);
    writer_limit_tables(writer);
    return writer->n_processes++;
}

uint32_t trace_write_thread(struct trace_writer *writer, const struct trace_thread *thread)
{
    struct record_thread record = {.thread = *thread, .name = writer_string(writer, thread->name)};
    record_put_thread(&writer->payload, &record);
    writer_end_record(writer, &writer->new_rows, FORMAT_THREAD);
    writer_limit_tables(writer);
    return writer->n_threads++;
}

void trace_write_thread_name(struct trace_writer *writer, uint32_t thread, const char *name)
{
    struct record_thread_name record = {thread, writer_string(writer, name)};
    record_put_thread_name(&writer->payload, &record);
    writer_end_record(writer, &writer->new_rows, FORMAT_THREAD_NAME);
    writer_limit_tables(writer);
}

uint32_t trace_write_module(struct trace_writer *writer, const struct trace_module *module)
{
    struct record_module record = {.module = *module, .path = writer_string(writer, module->path)};
    record_put_module(&writer->payload, &record);
    writer_end_record(writer, &writer->new_rows, FORMAT_MODULE);
    writer_limit_tables(writer);
    return writer->n_modules++;
}

uint32_t trace_write_code(struct trace_writer *writer, const struct trace_code *code)
{
    struct code_row row = {writer_string(writer, code->function), writer_string(writer, code->file), code->first_line};
    writer_limit_tables(writer);
    vec_push(&writer->codes, row);
    return writer->n_codes++;
}

void trace_write_source(struct trace_writer *writer, const char *file, const char *text, size_t bytes)
{
    struct record_source record = {
        .file = writer_string(writer, file),
        .text = (const uint8_t *)text,
        .bytes = bytes < FORMAT_STRING_MAX ? bytes : FORMAT_STRING_MAX,
    };
    record_put_source(&writer->payload, &record);
    writer_end_record(writer, &writer->new_rows, FORMAT_SOURCE);
    writer_limit_tables(writer);
}

uint32_t trace_write_frame(struct trace_writer *writer, const struct trace_frame *frame)
{
    writer_limit_tables(writer);
    vec_push(&writer->frames, *frame);
    return writer->n_frames++;
}

uint32_t trace_write_stack(struct trace_writer *writer, const struct trace_stack *stack)
{
    writer_limit_tables(writer);
    vec_push(&writer->stacks, *stack);
    return writer->n_stacks++;
}

uint32_t trace_write_site(struct trace_writer *writer, const struct trace_site *site)
{
    writer_limit_tables(writer);
    vec_push(&writer->sites, *site);
    return writer->n_sites++;
}

void trace_write_symbols(struct trace_writer *writer, uint32_t frame, const struct trace_symbol *symbols, size_t n)
{
    uint32_t levels = n < FORMAT_SYMBOL_LEVELS_MAX ? (uint32_t)n : FORMAT_SYMBOL_LEVELS_MAX;
    struct record_symbol *records = xcalloc(levels ? levels : 1, sizeof *records);
    for (uint32_t i = 0; i < levels; i++)
        records[i] = (struct record_symbol){writer_string(writer, symbols[i].function),
                                            writer_string(writer, symbols[i].file), symbols[i].line};
    record_put_symbols(&writer->payload, frame, records, levels);
    writer_end_record(writer, &writer->new_symbols, FORMAT_SYMBOLS);
    free(records);
    writer_limit_tables(writer);
}

/* timeline, events, blocks */

/* Closes the chunk when it is long enough; what it may refer to goes out first. */
void writer_limit_chunk(struct trace_writer *writer, enum format_chunk_type type)
{
    if (writer->chunks[type].raw.len < FORMAT_CHUNK_CLOSE)
        return;
    flush_tables(writer);
    close_chunk(writer, type);
}

static int compare_counts(const void *a, const void *b)
{
    const struct trace_site_counts *x = a, *y = b;
    return (x->site > y->site) - (x->site < y->site);
}

/* The format wants each site once, in order; most callers hand them over like that. */
static void sort_deltas(struct trace_writer *writer, const struct trace_site_counts *deltas, size_t n)
{
    size_t i = 1;
    vec_clear(&writer->sorted);
    vec_append(&writer->sorted, deltas, n);
    while (i < n && deltas[i - 1].site < deltas[i].site)
        i++;
    if (i >= n)
        return;
    vec_sort(&writer->sorted, compare_counts);
    struct trace_site_counts *last = writer->sorted.items;
    for (i = 1; i < n; i++) {
        const struct trace_site_counts *next = &writer->sorted.items[i];
        if (next->site == last->site)
            trace_counts_add(&last->counts, &next->counts);
        else
            *++last = *next;
    }
    writer->sorted.n = (size_t)(last + 1 - writer->sorted.items);
}

uint32_t writer_part_of(size_t n) { return n < FORMAT_ROWS_MAX ? (uint32_t)n : FORMAT_ROWS_MAX; }

void trace_write_epoch(struct trace_writer *writer, const struct trace_epoch *epoch,
                       const struct trace_site_counts *deltas, size_t n)
{
    struct open_chunk *chunk = &writer->chunks[FORMAT_TIMELINE];
    sort_deltas(writer, deltas, n);
    n = writer->sorted.n;
    writer_chunk_spans(chunk, epoch->start_ns, epoch->end_ns);
    columns_put_epoch(&writer->payload, &writer->base, epoch, n);
    size_t done = writer_part_of(n);
    columns_put_counts(&writer->columns, &writer->payload, writer->sorted.items, (uint32_t)done);
    writer_end_record(writer, &chunk->raw, FORMAT_EPOCH);
    writer->base = *epoch;
    writer_limit_chunk(writer, FORMAT_TIMELINE);
    for (uint32_t rows; done < n; done += rows) {
        rows = writer_part_of(n - done);
        writer_chunk_spans(chunk, epoch->start_ns, epoch->end_ns);
        columns_put_counts(&writer->columns, &writer->payload, writer->sorted.items + done, rows);
        writer_end_record(writer, &chunk->raw, FORMAT_DELTAS);
        writer_limit_chunk(writer, FORMAT_TIMELINE);
    }
}

static void collect_events(struct trace_writer *writer)
{
    if (!writer->events.n)
        return;
    columns_put_events(&writer->payload, writer->events.items, (uint32_t)writer->events.n);
    writer_end_record(writer, &writer->chunks[FORMAT_EVENTS].raw, FORMAT_EVENT_LIST);
    vec_clear(&writer->events);
}

void trace_write_event(struct trace_writer *writer, const struct trace_event *event)
{
    writer_chunk_spans(&writer->chunks[FORMAT_EVENTS], event->ns, event->ns);
    vec_push(&writer->events, *event);
    if (writer->events.n < EVENT_ROWS)
        return;
    collect_events(writer);
    writer_limit_chunk(writer, FORMAT_EVENTS);
}

void trace_write_blocks(struct trace_writer *writer, uint32_t process, const struct trace_block *blocks, size_t n)
{
    for (size_t done = 0; done < n;) {
        uint32_t rows = writer_part_of(n - done);
        columns_put_blocks(&writer->payload, process, blocks + done, rows);
        writer_end_record(writer, &writer->chunks[FORMAT_BLOCKS].raw, FORMAT_BLOCK_LIST);
        done += rows;
        writer_limit_chunk(writer, FORMAT_BLOCKS);
    }
}

/* totals */

static int write_out(struct trace_writer *writer)
{
    flush_tables(writer);
    close_chunk(writer, FORMAT_TIMELINE);
    collect_events(writer);
    close_chunk(writer, FORMAT_EVENTS);
    close_chunk(writer, FORMAT_BLOCKS);
    writer_collect_snapshot_blocks(writer);
    close_chunk(writer, FORMAT_SNAPSHOTS);
    close_chunk(writer, FORMAT_GRAPHS);
    close_chunk(writer, FORMAT_TOTALS);
    return sink_flush(&writer->sink);
}

static void end_total(struct trace_writer *writer, enum format_kind kind)
{
    writer_end_record(writer, &writer->chunks[FORMAT_TOTALS].raw, kind);
    if (writer->chunks[FORMAT_TOTALS].raw.len >= FORMAT_CHUNK_CLOSE)
        write_out(writer);
}

static bool totals_sorted(const struct trace_site_totals *sites, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (sites[i - 1].site >= sites[i].site)
            return false;
    return true;
}

static int compare_totals(const void *a, const void *b)
{
    const struct trace_site_totals *x = a, *y = b;
    return (x->site > y->site) - (x->site < y->site);
}

void trace_write_totals(struct trace_writer *writer, const struct trace_totals *totals,
                        const struct trace_site_totals *sites, size_t n)
{
    struct trace_site_totals *sorted = NULL;
    if (!totals_sorted(sites, n)) {
        sorted = xmemdup(sites, n * sizeof *sites);
        qsort(sorted, n, sizeof *sorted, compare_totals);
        sites = sorted;
    }
    record_put_totals(&writer->payload, totals, n);
    end_total(writer, FORMAT_PROCESS_TOTALS);
    for (size_t done = 0; done < n;) {
        uint32_t rows = writer_part_of(n - done);
        buffer_varint(&writer->payload, totals->process);
        columns_put_totals(&writer->columns, &writer->payload, sites + done, rows);
        end_total(writer, FORMAT_SITE_TOTALS);
        done += rows;
    }
    free(sorted);
}

void trace_write_exit(struct trace_writer *writer, const struct trace_exit *ending)
{
    record_put_exit(&writer->payload, ending);
    end_total(writer, FORMAT_EXIT);
}

void trace_write_losses(struct trace_writer *writer, const struct trace_losses *losses)
{
    record_put_losses(&writer->payload, losses);
    end_total(writer, FORMAT_LOSSES);
}

void trace_write_unprofiled(struct trace_writer *writer, const struct trace_unprofiled *unprofiled)
{
    struct record_unprofiled record = {
        .child = *unprofiled,
        .path = writer_string(writer, unprofiled->path),
        .reason = writer_string(writer, unprofiled->reason),
    };
    record_put_unprofiled(&writer->payload, &record);
    end_total(writer, FORMAT_UNPROFILED);
}

void trace_write_mark(struct trace_writer *writer, const struct trace_mark *mark)
{
    struct record_mark record = {.mark = *mark, .label = writer_string(writer, mark->label)};
    record_put_mark(&writer->payload, &record);
    end_total(writer, FORMAT_MARK);
}

void trace_write_python(struct trace_writer *writer, const struct trace_python *python)
{
    struct record_python record = {.python = *python, .reason = writer_string(writer, python->reason)};
    record_put_python(&writer->payload, &record);
    end_total(writer, FORMAT_PYTHON);
}

void trace_write_lines(struct trace_writer *writer, const struct trace_line *lines, size_t n)
{
    for (size_t done = 0; done < n;) {
        uint32_t rows = writer_part_of(n - done);
        columns_put_lines(&writer->payload, lines + done, rows);
        end_total(writer, FORMAT_LINES);
        done += rows;
    }
}

/* the file */

static void put_header(struct trace_writer *writer)
{
    uint8_t header[FORMAT_HEADER_BYTES] = {0};
    memcpy(header, FORMAT_MAGIC, FORMAT_MAGIC_BYTES);
    format_put16(header + 8, FORMAT_MAJOR);
    format_put16(header + 10, FORMAT_MINOR);
    format_put32(header + 20, (uint32_t)crc32(0, header, 20));
    sink_put(&writer->sink, header, sizeof header);
}

static void put_run(struct trace_writer *writer, const struct trace_run *run)
{
    struct record_run record = {
        .unix_ns = run->unix_ns,
        .command = writer_string(writer, run->command),
        .host = writer_string(writer, run->host),
        .version = writer_string(writer, run->version),
    };
    record_put_run(&writer->payload, &record);
    writer_end_record(writer, &writer->new_rows, FORMAT_RUN);
}

static void writer_release(struct trace_writer *writer)
{
    for (int type = 0; type < FORMAT_CHUNK_TYPES; type++)
        buffer_release(&writer->chunks[type].raw);
    vec_release(&writer->index);
    strmap_release(&writer->strings);
    buffer_release(&writer->new_strings);
    buffer_release(&writer->new_rows);
    buffer_release(&writer->new_symbols);
    vec_release(&writer->codes);
    vec_release(&writer->frames);
    vec_release(&writer->stacks);
    vec_release(&writer->sites);
    vec_release(&writer->snapshots);
    vec_release(&writer->snapshot_blocks);
    vec_release(&writer->events);
    vec_release(&writer->sorted);
    buffer_release(&writer->payload);
    buffer_release(&writer->packed);
    columns_release(&writer->columns);
    ZSTD_freeCCtx(writer->zstd);
    free(writer);
}

int trace_writer_create(struct trace_writer **out, const char *path, const struct trace_run *run)
{
    struct trace_writer *writer = xcalloc(1, sizeof *writer);
    writer->n_stacks = 1;
    int error = sink_open(&writer->sink, path);
    if (!error) {
        writer->zstd = ZSTD_createCCtx();
        put_header(writer);
        put_run(writer, run);
        error = writer->zstd ? write_out(writer) : -ENOMEM;
        if (error)
            sink_close(&writer->sink);
    }
    if (error) {
        writer_release(writer);
        return error;
    }
    *out = writer;
    return 0;
}

int trace_writer_flush(struct trace_writer *writer) { return write_out(writer); }
int trace_writer_error(const struct trace_writer *writer) { return writer->sink.error; }
uint64_t trace_writer_bytes(const struct trace_writer *writer) { return writer->sink.offset; }

static void put_index(struct trace_writer *writer)
{
    uint64_t start = writer->sink.offset;
    struct buffer raw = {0};
    size_t done = 0;
    do {
        uint32_t rows = writer_part_of(writer->index.n - done);
        columns_put_index(&writer->payload, writer->index.items + done, rows);
        writer_end_record(writer, &raw, FORMAT_CHUNK_LIST);
        done += rows;
        put_chunk(writer, FORMAT_INDEX, &raw, 0, 0);
        raw.len = 0;
    } while (done < writer->index.n);
    buffer_release(&raw);

    uint8_t trailer[FORMAT_TRAILER_BYTES] = {0};
    memcpy(trailer, FORMAT_TRAILER_MARK, 8);
    format_put64(trailer + 8, start);
    format_put32(trailer + 20, (uint32_t)crc32(0, trailer, 20));
    sink_put(&writer->sink, trailer, sizeof trailer);
}

int trace_writer_close(struct trace_writer *writer)
{
    if (!writer)
        return 0;
    write_out(writer);
    if (!writer->sink.error)
        put_index(writer);
    int error = sink_close(&writer->sink);
    writer_release(writer);
    return error;
}
