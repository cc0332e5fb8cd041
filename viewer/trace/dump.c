/* Every record as a line: its kind, then key=value. Lines keep their form from version to version: scripts grep them. */
#include "reader.h"

#include "../base/strbuf.h"
#include "../base/vec.h"
#include "columns.h"
#include "record.h"
#include "input.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct dump {
    struct input input;
    struct loader loader;
    struct columns columns;
    trace_dump_fn *fn;
    void *context;
    bool stopped;
    uint64_t offset;                               /* of the chunk */
    struct strbuf line;

    struct buffer text;                            /* the strings, so that lines can show them */
    VEC(uint64_t) starts;                          /* of each string in `text`; one more than strings */
    uint32_t n_processes, n_threads, n_modules, n_snapshots;
    struct trace_epoch base;
    VEC(uint8_t) rows;                             /* room for decoded rows of any type */
};

static void emit(struct dump *dump)
{
    if (!dump->stopped)
        dump->stopped = !dump->fn(dump->context, dump->offset, dump->line.data);
    strbuf_clear(&dump->line);
}

#define LINE(dump, ...) (strbuf_printf(&(dump)->line, __VA_ARGS__), emit(dump))
#define ADD(dump, ...) strbuf_printf(&(dump)->line, __VA_ARGS__)

/* As in a C string, so that a line stays a line and bytes stay readable. */
static void add_quoted(struct dump *dump, const uint8_t *bytes, size_t n)
{
    strbuf_add_char(&dump->line, '"');
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\')
            ADD(dump, "\\%c", bytes[i]);
        else if (bytes[i] < 32 || bytes[i] == 127)
            ADD(dump, "\\x%02x", bytes[i]);
        else
            strbuf_add_char(&dump->line, (char)bytes[i]);
    }
    strbuf_add_char(&dump->line, '"');
}

static void add_string(struct dump *dump, const char *key, uint32_t reference)
{
    ADD(dump, " %s=", key);
    if (!reference)
        ADD(dump, "-");
    else if (reference >= dump->starts.n)
        ADD(dump, "?%" PRIu32, reference);
    else
        add_quoted(dump, dump->text.data + dump->starts.items[reference - 1],
                   dump->starts.items[reference] - dump->starts.items[reference - 1]);
}

static void add_id(struct dump *dump, const char *key, uint32_t id)
{
    if (id == TRACE_NONE)
        ADD(dump, " %s=-", key);
    else
        ADD(dump, " %s=%" PRIu32, key, id);
}

static void *room(struct dump *dump, uint32_t rows, size_t bytes)
{
    vec_clear(&dump->rows);
    vec_reserve(&dump->rows, ((size_t)rows + 1) * bytes);
    return dump->rows.items;
}

/* tables */

static void dump_string(struct dump *dump, struct cursor *in)
{
    size_t n = cursor_left(in);
    if (dump->text.len + n > FORMAT_ARENA_MAX || n > FORMAT_STRING_MAX) {
        in->bad = true;
        return;
    }
    buffer_reserve(&dump->text, n + 1);            /* so that empty strings have an address, too */
    buffer_put(&dump->text, in->at, n);
    vec_push(&dump->starts, dump->text.len);
    ADD(dump, "string id=%zu text=", dump->starts.n - 1);
    add_quoted(dump, in->at, n);
    emit(dump);
}

static void dump_run(struct dump *dump, struct cursor *in)
{
    struct record_run run;
    record_get_run(in, &run);
    ADD(dump, "run unix_ns=%" PRIu64, run.unix_ns);
    add_string(dump, "command", run.command);
    add_string(dump, "host", run.host);
    add_string(dump, "version", run.version);
    emit(dump);
}

static void dump_process(struct dump *dump, struct cursor *in)
{
    static const char *origins[] = {"root", "fork", "exec", "spawn"};
    struct record_process record;
    record_get_process(in, &record);
    ADD(dump, "process id=%" PRIu32 " pid=%" PRId32, dump->n_processes++, record.process.pid);
    add_id(dump, "parent", record.process.parent);
    ADD(dump, " origin=%s start_ns=%" PRIu64, origins[record.process.origin], record.process.start_ns);
    add_string(dump, "command", record.command);
    add_string(dump, "executable", record.executable);
    emit(dump);
}

static void dump_thread(struct dump *dump, struct cursor *in)
{
    struct record_thread record;
    record_get_thread(in, &record);
    ADD(dump, "thread id=%" PRIu32 " process=%" PRIu32 " tid=%" PRId32 " start_ns=%" PRIu64, dump->n_threads++,
        record.thread.process, record.thread.tid, record.thread.start_ns);
    add_string(dump, "name", record.name);
    emit(dump);
}

static void dump_thread_name(struct dump *dump, struct cursor *in)
{
    struct record_thread_name record;
    record_get_thread_name(in, &record);
    ADD(dump, "thread_name thread=%" PRIu32, record.thread);
    add_string(dump, "name", record.name);
    emit(dump);
}

static void dump_module(struct dump *dump, struct cursor *in)
{
    struct record_module record;
    record_get_module(in, &record);
    ADD(dump, "module id=%" PRIu32 " build_id=%s", dump->n_modules++, record.module.build_id_len ? "" : "-");
    for (unsigned i = 0; i < record.module.build_id_len; i++)
        ADD(dump, "%02x", record.module.build_id[i]);
    add_string(dump, "path", record.path);
    emit(dump);
}

static void dump_codes(struct dump *dump, struct cursor *in)
{
    uint32_t first, rows;
    columns_get_table_head(in, 3, &first, &rows);
    struct code_row *codes = room(dump, rows, sizeof *codes);
    columns_get_codes(in, codes, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++) {
        ADD(dump, "code id=%" PRIu32 " first_line=%" PRIu32, first + i, codes[i].first_line);
        add_string(dump, "function", codes[i].function);
        add_string(dump, "file", codes[i].file);
        emit(dump);
    }
}

static void dump_source(struct dump *dump, struct cursor *in)
{
    struct record_source source;
    record_get_source(in, &source);
    ADD(dump, "source");
    add_string(dump, "file", source.file);
    ADD(dump, " text=");
    add_quoted(dump, source.text, source.bytes);
    emit(dump);
}

static void dump_frames(struct dump *dump, struct cursor *in)
{
    static const char *kinds[] = {"native", "anonymous", "mapped", "file", "reserved", "break", "truncated", "python", "object",
                                  "arena"};
    uint32_t first, rows;
    columns_get_table_head(in, 3, &first, &rows);
    struct trace_frame *frames = room(dump, rows, sizeof *frames);
    columns_get_frames(in, frames, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++) {
        bool python = frames[i].kind == TRACE_FRAME_PYTHON;
        ADD(dump, "frame id=%" PRIu32 " kind=%s", first + i, kinds[frames[i].kind]);
        add_id(dump, python ? "code" : "module", frames[i].module);
        if (python)
            LINE(dump, " line=%" PRIu64, frames[i].address);
        else
            LINE(dump, " address=0x%" PRIx64, frames[i].address);
    }
}

static void dump_stacks(struct dump *dump, struct cursor *in)
{
    uint32_t first, rows;
    columns_get_table_head(in, 2, &first, &rows);
    struct trace_stack *stacks = room(dump, rows, sizeof *stacks);
    columns_get_stacks(in, first, stacks, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++)
        LINE(dump, "stack id=%" PRIu32 " parent=%" PRIu32 " frame=%" PRIu32, first + i, stacks[i].parent, stacks[i].frame);
}

static void dump_sites(struct dump *dump, struct cursor *in)
{
    uint32_t first, rows;
    columns_get_table_head(in, 2, &first, &rows);
    struct trace_site *sites = room(dump, rows, sizeof *sites);
    columns_get_sites(in, sites, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++)
        LINE(dump, "site id=%" PRIu32 " thread=%" PRIu32 " stack=%" PRIu32, first + i, sites[i].thread, sites[i].stack);
}

static void dump_symbols(struct dump *dump, struct cursor *in)
{
    uint32_t frame, n;
    record_get_symbols_head(in, &frame, &n);
    for (uint32_t level = 0; level < n && !in->bad; level++) {
        struct record_symbol symbol;
        record_get_symbol(in, &symbol);
        ADD(dump, "symbol frame=%" PRIu32 " level=%" PRIu32 " line=%" PRIu32, frame, level, symbol.line);
        add_string(dump, "function", symbol.function);
        add_string(dump, "file", symbol.file);
        emit(dump);
    }
}

/* timeline, events, blocks */

static void add_counts(struct dump *dump, const struct trace_counts *counts)
{
    ADD(dump, " allocations=%" PRIu64 " allocated_bytes=%" PRIu64 " frees=%" PRIu64 " freed_bytes=%" PRIu64
        " temporary=%" PRIu64 " temporary_bytes=%" PRIu64 " inherited=%" PRIu64 " inherited_bytes=%" PRIu64,
        counts->allocations, counts->allocated_bytes, counts->frees, counts->freed_bytes,
        counts->temporary, counts->temporary_bytes, counts->inherited, counts->inherited_bytes);
    ADD(dump, " collected=%" PRIu64 " collected_bytes=%" PRIu64 " moved=%" PRIu64 " moved_bytes=%" PRIu64
        " transient=%" PRIu64 " transient_bytes=%" PRIu64, counts->collected, counts->collected_bytes, counts->moved,
        counts->moved_bytes, counts->transient, counts->transient_bytes);
}

static void dump_deltas(struct dump *dump, struct cursor *in)
{
    uint32_t rows = columns_get_rows(in, 1);
    struct trace_site_counts *deltas = room(dump, rows, sizeof *deltas);
    columns_get_counts(&dump->columns, in, deltas, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++) {
        ADD(dump, "delta site=%" PRIu32, deltas[i].site);
        add_counts(dump, &deltas[i].counts);
        emit(dump);
    }
}

static void dump_epoch(struct dump *dump, struct cursor *in)
{
    struct trace_epoch epoch;
    uint64_t n_sites;
    columns_get_epoch(in, &dump->base, &epoch, &n_sites);
    if (in->bad)
        return;
    dump->base = epoch;
    LINE(dump, "epoch process=%" PRIu32 " start_ns=%" PRIu64 " end_ns=%" PRIu64 " live_bytes=%" PRIu64 " live_blocks=%" PRIu64
         " max_live_bytes=%" PRIu64 " max_ns=%" PRIu64 " mapped_bytes=%" PRIu64 " rss_bytes=%" PRIu64 " sites=%" PRIu64,
         epoch.process, epoch.start_ns, epoch.end_ns, epoch.live_bytes, epoch.live_blocks, epoch.max_live_bytes,
         epoch.max_ns, epoch.mapped_bytes, epoch.rss_bytes, n_sites);
    dump_deltas(dump, in);
}

static void dump_events(struct dump *dump, struct cursor *in)
{
    uint32_t rows = columns_get_rows(in, 6);
    struct trace_event *events = room(dump, rows, sizeof *events);
    columns_get_events(in, events, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++)
        LINE(dump, "event kind=%s thread=%" PRIu32 " site=%" PRIu32 " address=0x%" PRIx64 " bytes=%" PRIu64 " ns=%" PRIu64,
             events[i].kind == TRACE_EVENT_ALLOC ? "alloc" : "free", events[i].thread, events[i].site, events[i].address,
             events[i].bytes, events[i].ns);
}

static void dump_blocks(struct dump *dump, struct cursor *in)
{
    uint32_t process, rows;
    columns_get_blocks_head(in, &process, &rows);
    struct trace_block *blocks = room(dump, rows, sizeof *blocks);
    columns_get_blocks(in, blocks, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++)
        LINE(dump, "block process=%" PRIu32 " address=0x%" PRIx64 " bytes=%" PRIu64 " site=%" PRIu32 " born_ns=%" PRIu64, process,
             blocks[i].address, blocks[i].bytes, blocks[i].site, blocks[i].born_ns);
}

/* totals */

static void dump_totals(struct dump *dump, struct cursor *in)
{
    struct trace_totals totals;
    uint64_t n_sites;
    record_get_totals(in, &totals, &n_sites);
    ADD(dump, "totals process=%" PRIu32, totals.process);
    add_counts(dump, &totals.heap);
    LINE(dump, " peak_bytes=%" PRIu64 " peak_blocks=%" PRIu64 " peak_ns=%" PRIu64 " mapped_allocations=%" PRIu64
         " mapped_bytes=%" PRIu64 " mapped_live_bytes=%" PRIu64 " mapped_peak_bytes=%" PRIu64 " mapped_peak_ns=%" PRIu64
         " sites=%" PRIu64, totals.peak_bytes, totals.peak_blocks, totals.peak_ns, totals.mapped_allocations,
         totals.mapped_bytes, totals.mapped_live_bytes, totals.mapped_peak_bytes, totals.mapped_peak_ns, n_sites);
    for (unsigned i = 0; i < TRACE_SIZE_CLASSES; i++)
        if (totals.size_count[i] || totals.size_bytes[i])
            LINE(dump, "size_class process=%" PRIu32 " class=%u count=%" PRIu64 " bytes=%" PRIu64, totals.process, i,
                 totals.size_count[i], totals.size_bytes[i]);
}

static void dump_site_totals(struct dump *dump, struct cursor *in)
{
    uint32_t process = (uint32_t)cursor_bounded(in, UINT32_MAX);
    uint32_t rows = columns_get_rows(in, 1);
    struct trace_site_totals *totals = room(dump, rows, sizeof *totals);
    columns_get_totals(&dump->columns, in, totals, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++) {
        ADD(dump, "site_totals process=%" PRIu32 " site=%" PRIu32, process, totals[i].site);
        add_counts(dump, &totals[i].counts);
        LINE(dump, " peak_bytes=%" PRIu64 " peak_blocks=%" PRIu64, totals[i].peak_bytes, totals[i].peak_blocks);
    }
}

static void dump_exit(struct dump *dump, struct cursor *in)
{
    static const char *kinds[] = {"unknown", "code", "signal", "exec", "running"};
    struct trace_exit ending;
    record_get_exit(in, &ending);
    LINE(dump, "exit process=%" PRIu32 " kind=%s value=%" PRId32 " end_ns=%" PRIu64, ending.process, kinds[ending.kind],
         ending.value, ending.end_ns);
}

static void dump_losses(struct dump *dump, struct cursor *in)
{
    struct trace_losses losses;
    record_get_losses(in, &losses);
    ADD(dump, "losses");
    add_id(dump, "process", losses.process);
    LINE(dump, " events=%" PRIu64 " truncated_stacks=%" PRIu64 " unmatched_frees=%" PRIu64 " damaged_records=%" PRIu64
         " waits=%" PRIu64 " wait_ns=%" PRIu64 " self_bytes=%" PRIu64 " collector_cpu_ns=%" PRIu64, losses.events,
         losses.truncated_stacks, losses.unmatched_frees, losses.damaged_records, losses.waits, losses.wait_ns,
         losses.self_bytes, losses.collector_cpu_ns);
}

static void dump_unprofiled(struct dump *dump, struct cursor *in)
{
    struct record_unprofiled record;
    record_get_unprofiled(in, &record);
    ADD(dump, "unprofiled pid=%" PRId32, record.child.pid);
    add_id(dump, "parent", record.child.parent);
    add_string(dump, "path", record.path);
    add_string(dump, "reason", record.reason);
    emit(dump);
}

static void dump_mark(struct dump *dump, struct cursor *in)
{
    static const char *kinds[] = {"point", "begin", "end"};
    struct record_mark record;
    record_get_mark(in, &record);
    ADD(dump, "mark process=%" PRIu32 " thread=%" PRIu32 " ns=%" PRIu64 " kind=%s", record.mark.process, record.mark.thread,
        record.mark.ns, kinds[record.mark.kind]);
    add_string(dump, "label", record.label);
    emit(dump);
}

static void dump_python(struct dump *dump, struct cursor *in)
{
    static const char *states[] = {"live", "arenas", "objects_only", "native"};
    struct record_python record;
    record_get_python(in, &record);
    ADD(dump, "python process=%" PRIu32 " version=0x%08" PRIx32 " state=%s", record.python.process, record.python.version,
        states[record.python.state]);
    add_string(dump, "reason", record.reason);
    emit(dump);
}

static void dump_lines(struct dump *dump, struct cursor *in)
{
    uint32_t rows = columns_get_rows(in, 6);
    struct trace_line *lines = room(dump, rows, sizeof *lines);
    columns_get_lines(in, lines, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++)
        LINE(dump, "line process=%" PRIu32 " code=%" PRIu32 " line=%" PRIu32 " executed=%" PRIu64 " increment_bytes=%" PRId64
             " live_bytes=%" PRIu64, lines[i].process, lines[i].code, lines[i].line, lines[i].executed,
             lines[i].increment_bytes, lines[i].live_bytes);
}

/* snapshots */

static void dump_snapshot(struct dump *dump, struct cursor *in)
{
    static const char *causes[] = {"-", "exit", "request", "call", "check", "before-exit"};
    struct record_snapshot record;
    const struct trace_snapshot *snapshot = &record.snapshot;
    record_get_snapshot(in, &record);
    ADD(dump, "snapshot id=%" PRIu32 " process=%" PRIu32 " cause=%s", dump->n_snapshots++, snapshot->process,
        causes[snapshot->cause]);
    add_string(dump, "label", record.label);
    ADD(dump, " ns=%" PRIu64 " stopped_ns=%" PRIu64 " fork_ns=%" PRIu64 " mark_ns=%" PRIu64 " scanned_bytes=%" PRIu64
        " threads=%" PRIu32 " missed_threads=%" PRIu32 " blocks=%" PRIu64 " roots=%" PRIu32 " names=%" PRIu32, snapshot->ns,
        snapshot->stopped_ns, snapshot->fork_ns, snapshot->mark_ns, snapshot->scanned_bytes, snapshot->threads,
        snapshot->missed_threads, snapshot->blocks, snapshot->n_roots, snapshot->n_names);
    add_string(dump, "reasons", record.reasons);
    add_string(dump, "unseen", record.unseen);
    emit(dump);
}

static void dump_roots(struct dump *dump, struct cursor *in)
{
    static const char *kinds[] = {"-", "global", "stack", "tls", "registers", "mapping", "region", "other"};
    uint32_t snapshot, rows;
    columns_get_roots_head(in, &snapshot, &rows);
    struct trace_root *roots = room(dump, rows, sizeof *roots);
    columns_get_roots(in, roots, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++) {
        ADD(dump, "snapshot_root snapshot=%" PRIu32 " kind=%s start=0x%" PRIx64 " end=0x%" PRIx64, snapshot, kinds[roots[i].kind],
            roots[i].start, roots[i].end);
        add_id(dump, "thread", roots[i].thread);
        add_id(dump, "module", roots[i].module);
        LINE(dump, " bias=0x%" PRIx64, roots[i].bias);
    }
}

static void dump_root_names(struct dump *dump, struct cursor *in)
{
    uint32_t snapshot, rows;
    columns_get_root_names_head(in, &snapshot, &rows);
    struct root_name_row *names = room(dump, rows, sizeof *names);
    columns_get_root_names(in, names, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++) {
        ADD(dump, "snapshot_name snapshot=%" PRIu32 " address=0x%" PRIx64, snapshot, names[i].address);
        add_string(dump, "name", names[i].name);
        emit(dump);
    }
}

static void dump_snapshot_blocks(struct dump *dump, struct cursor *in)
{
    static const char *reaches[] = {"unknown", "lost", "indirect", "possible", "held"};
    uint32_t snapshot, rows;
    uint64_t first;
    columns_get_snapshot_blocks_head(in, &snapshot, &first, &rows);
    struct trace_snapshot_block *blocks = room(dump, rows, sizeof *blocks);
    columns_get_snapshot_blocks(&dump->columns, in, blocks, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++)
        LINE(dump, "snapshot_block snapshot=%" PRIu32 " row=%" PRIu64 " address=0x%" PRIx64 " bytes=%" PRIu64 " site=%" PRIu32
             " born_ns=%" PRIu64 " reach=%s ignored=%d at=0x%" PRIx64, snapshot, first + i, blocks[i].address, blocks[i].bytes,
             blocks[i].site, blocks[i].born_ns, reaches[blocks[i].reach], blocks[i].ignored, blocks[i].at);
}

static void dump_index(struct dump *dump, struct cursor *in)
{
    uint32_t rows = columns_get_rows(in, 4);
    struct chunk_ref *refs = room(dump, rows, sizeof *refs);
    columns_get_index(in, refs, rows);
    for (uint32_t i = 0; i < rows && !in->bad; i++)
        LINE(dump, "index type=%u offset=%" PRIu64 " first_ns=%" PRIu64 " last_ns=%" PRIu64, refs[i].type, refs[i].offset,
             refs[i].first_ns, refs[i].last_ns);
}

/* the file */

typedef void dump_record_fn(struct dump *dump, struct cursor *in);

static dump_record_fn *const record_fns[] = {
    [FORMAT_RUN] = dump_run, [FORMAT_STRING] = dump_string, [FORMAT_PROCESS] = dump_process, [FORMAT_THREAD] = dump_thread,
    [FORMAT_THREAD_NAME] = dump_thread_name, [FORMAT_MODULE] = dump_module, [FORMAT_CODES] = dump_codes,
    [FORMAT_FRAMES] = dump_frames, [FORMAT_STACKS] = dump_stacks, [FORMAT_SITES] = dump_sites,
    [FORMAT_SYMBOLS] = dump_symbols, [FORMAT_SOURCE] = dump_source,
    [FORMAT_EPOCH] = dump_epoch, [FORMAT_DELTAS] = dump_deltas, [FORMAT_EVENT_LIST] = dump_events,
    [FORMAT_PROCESS_TOTALS] = dump_totals, [FORMAT_SITE_TOTALS] = dump_site_totals, [FORMAT_EXIT] = dump_exit,
    [FORMAT_LOSSES] = dump_losses, [FORMAT_UNPROFILED] = dump_unprofiled, [FORMAT_MARK] = dump_mark,
    [FORMAT_PYTHON] = dump_python, [FORMAT_LINES] = dump_lines, [FORMAT_BLOCK_LIST] = dump_blocks,
    [FORMAT_CHUNK_LIST] = dump_index, [FORMAT_SNAPSHOT] = dump_snapshot, [FORMAT_ROOTS] = dump_roots,
    [FORMAT_ROOT_NAMES] = dump_root_names, [FORMAT_SNAPSHOT_BLOCKS] = dump_snapshot_blocks,
};

static void dump_record(struct dump *dump, struct record *record)
{
    size_t n_fns = sizeof record_fns / sizeof *record_fns;
    if (record->kind < n_fns && record_fns[record->kind])
        record_fns[record->kind](dump, &record->payload);
    else
        LINE(dump, "unknown kind=%" PRIu64 " bytes=%zu", record->kind, cursor_left(&record->payload));
    if (record->payload.bad)
        LINE(dump, "malformed kind=%" PRIu64, record->kind);
}

static int dump_chunk(struct dump *dump, const struct chunk *chunk, struct trace_error *error)
{
    static const char *types[] = {"unknown", "tables", "timeline", "events", "totals", "blocks", "index", "snapshots", "graphs"};
    struct cursor payload;
    struct record record;
    dump->base = (struct trace_epoch){0};
    LINE(dump, "chunk type=%s codec=%s stored=%" PRIu32 " raw=%" PRIu32 " crc=%08" PRIx32,
         types[chunk->type < FORMAT_CHUNK_TYPES ? chunk->type : 0], chunk->codec == FORMAT_ZSTD ? "zstd" : "stored",
         chunk->stored, chunk->raw, chunk->crc);
    int result = chunk_load(&dump->loader, &dump->input, chunk, &payload, error);
    if (result)
        return result;
    while (!dump->stopped && record_next(&payload, &record))
        dump_record(dump, &record);
    if (payload.bad)
        return trace_fail(error, -EBADMSG, "%s is damaged in the chunk at byte %" PRIu64 ": a record runs over its end",
                          dump->input.name, chunk->offset);
    return 0;
}

static int dump_file(struct dump *dump, struct trace_error *error)
{
    uint8_t header[FORMAT_HEADER_BYTES];
    int result = input_check_header(&dump->input, error);
    if (!result)
        result = input_read(&dump->input, 0, header, sizeof header, error);
    if (result)
        return result;
    LINE(dump, "header version=%u.%u flags=0x%" PRIx32, format_get16(header + 8), format_get16(header + 10),
         format_get32(header + 12));
    uint64_t index = input_index_offset(&dump->input);
    uint64_t end = dump->input.bytes - (index ? FORMAT_TRAILER_BYTES : 0);
    dump->offset = FORMAT_HEADER_BYTES;
    while (!result && !dump->stopped && (!index || dump->offset < end)) {
        struct chunk chunk;
        result = chunk_look(&dump->input, dump->offset, &chunk, error);
        if (!result)
            result = dump_chunk(dump, &chunk, error);
        if (!result)
            dump->offset = chunk.next;
    }
    if (result)
        LINE(dump, "cut offset=%" PRIu64, dump->offset);
    else
        LINE(dump, "trailer index=%" PRIu64, index);
    return result;
}

static int dump_input(struct dump *dump, struct trace_error *error)
{
    uint64_t start = 0;
    strbuf_init(&dump->line);
    vec_push(&dump->starts, start);
    int result = dump_file(dump, error);
    loader_release(&dump->loader);
    columns_release(&dump->columns);
    strbuf_release(&dump->line);
    buffer_release(&dump->text);
    vec_release(&dump->starts);
    vec_release(&dump->rows);
    input_release(&dump->input);
    return result;
}

int trace_dump(const char *path, trace_dump_fn *fn, void *context, struct trace_error *error)
{
    struct dump dump = {.fn = fn, .context = context};
    int result = input_open(&dump.input, path, error);
    return result ? result : dump_input(&dump, error);
}

int trace_dump_memory(const void *bytes, size_t n, trace_dump_fn *fn, void *context, struct trace_error *error)
{
    struct dump dump = {.fn = fn, .context = context};
    input_open_memory(&dump.input, bytes, n);
    return dump_input(&dump, error);
}
