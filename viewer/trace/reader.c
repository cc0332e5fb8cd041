/* Opening: the header, then the list of chunks (from the index when file and index are whole, else by walking from chunk
 * to chunk), then the tables and totals. Timeline, blocks and events are left alone until someone asks for them. */
#include "reader.h"

#include "../base/xalloc.h"
#include "load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Reads one INDEX chunk into the list: false when anything about it is wrong. */
static bool take_index(struct reader *reader, struct cursor payload, uint64_t index_offset)
{
    struct record record;
    while (record_next(&payload, &record)) {
        if (record.kind != FORMAT_CHUNK_LIST)
            continue;
        uint64_t before = reader->chunks.n ? vec_last(&reader->chunks).offset : 0;
        uint32_t rows = columns_get_rows(&record.payload, 4);
        vec_reserve(&reader->chunks, rows + 1);
        struct chunk_ref *refs = reader->chunks.items + reader->chunks.n;
        columns_get_index(&record.payload, refs, rows);
        if (record.payload.bad)
            return false;
        for (uint32_t i = 0; i < rows; before = refs[i++].offset)
            if (refs[i].offset < FORMAT_HEADER_BYTES || refs[i].offset <= before || refs[i].offset >= index_offset)
                return false;
        reader->chunks.n += rows;
    }
    return !payload.bad;
}

static bool list_by_index(struct reader *reader)
{
    uint64_t index_offset = input_index_offset(&reader->input);
    uint64_t end = reader->input.bytes - FORMAT_TRAILER_BYTES;
    struct loader loader = {0};
    bool good = index_offset != 0;
    for (uint64_t offset = index_offset; good && offset < end;) {
        struct chunk chunk;
        struct cursor payload;
        good = !chunk_look(&reader->input, offset, &chunk, NULL) && chunk.type == FORMAT_INDEX && chunk.next <= end &&
               !chunk_load(&loader, &reader->input, &chunk, &payload, NULL) && take_index(reader, payload, index_offset);
        offset = chunk.next;
    }
    loader_release(&loader);
    if (!good)
        vec_clear(&reader->chunks);
    return good;
}

/* Goes from chunk to chunk up to where the file was cut, is damaged, or its useless index begins. */
static void list_by_walk(struct reader *reader, struct trace_error *error)
{
    struct trace *trace = &reader->trace;
    struct chunk chunk;
    trace->complete = false;
    trace->cut_offset = FORMAT_HEADER_BYTES;
    while (!chunk_look(&reader->input, trace->cut_offset, &chunk, error)) {
        if (chunk.type == FORMAT_INDEX) {
            trace_fail(error, 0, "%s is damaged after byte %llu, in its index; all records before were read",
                       reader->input.name, (unsigned long long)chunk.offset);
            return;
        }
        struct chunk_ref ref = {.offset = chunk.offset, .type = chunk.type};
        vec_push(&reader->chunks, ref);
        trace->cut_offset = chunk.next;
    }
}

static const char *load_records(struct reader *reader, enum format_chunk_type type, struct cursor payload)
{
    struct record record;
    while (record_next(&payload, &record)) {
        const char *wrong = type == FORMAT_TABLES ? load_table(reader, &record) : load_total(reader, &record);
        if (wrong)
            return wrong;
    }
    return payload.bad ? "a record runs over the end of its chunk" : NULL;
}

static int load_chunk(struct reader *reader, struct loader *loader, const struct chunk_ref *ref, struct trace_error *error)
{
    struct chunk chunk;
    struct cursor payload;
    int result = chunk_look(&reader->input, ref->offset, &chunk, error);
    if (!result && chunk.type != ref->type)
        result = trace_fail(error, -EBADMSG, "%s is damaged at byte %llu: the index tells of another chunk there",
                            reader->input.name, (unsigned long long)ref->offset);
    if (!result)
        result = chunk_load(loader, &reader->input, &chunk, &payload, error);
    if (result)
        return result;
    const char *wrong = load_records(reader, ref->type, payload);
    if (wrong)
        result = trace_fail(error, -EBADMSG, "%s is damaged in the chunk at byte %llu: %s", reader->input.name,
                            (unsigned long long)ref->offset, wrong);
    return result;
}

static void load_chunks(struct reader *reader, struct trace_error *error)
{
    struct loader loader = {0};
    for (size_t i = 0; i < reader->chunks.n; i++) {
        const struct chunk_ref *ref = &reader->chunks.items[i];
        if (ref->type != FORMAT_TABLES && ref->type != FORMAT_TOTALS)
            continue;
        if (load_chunk(reader, &loader, ref, error)) {
            reader->trace.complete = false;
            reader->trace.cut_offset = ref->offset;
            reader->chunks.n = i;
        }
    }
    loader_release(&loader);
}

static bool all_have_totals(const struct reader *reader)
{
    for (size_t i = 0; i < reader->ends.n; i++)
        if (!reader->ends.items[i].has_totals)
            return false;
    return true;
}

static void publish(struct reader *reader)
{
    struct trace *trace = &reader->trace;
    trace->processes = reader->processes.items;
    trace->n_processes = (uint32_t)reader->processes.n;
    trace->ends = reader->ends.items;
    trace->threads = reader->threads.items;
    trace->n_threads = (uint32_t)reader->threads.n;
    trace->modules = reader->modules.items;
    trace->n_modules = (uint32_t)reader->modules.n;
    trace->codes = reader->codes.items;
    trace->n_codes = (uint32_t)reader->codes.n;
    trace->frames = reader->frames.items;
    trace->n_frames = (uint32_t)reader->frames.n;
    trace->symbols = reader->symbols.items;
    trace->stacks = reader->stacks.items;
    trace->n_stacks = (uint32_t)reader->stacks.n;
    trace->sites = reader->sites.items;
    trace->n_sites = (uint32_t)reader->sites.n;
    trace->unprofiled = reader->unprofiled.items;
    trace->n_unprofiled = (uint32_t)reader->unprofiled.n;
    trace->marks = reader->marks.items;
    trace->n_marks = (uint32_t)reader->marks.n;
    trace->pythons = reader->pythons.items;
    trace->n_pythons = (uint32_t)reader->pythons.n;
    trace->lines = reader->lines.items;
    trace->n_lines = (uint32_t)reader->lines.n;
    trace->texts = reader->texts.items;
    trace->n_texts = (uint32_t)reader->texts.n;
    trace->snapshots = reader->snapshots.items;
    trace->n_snapshots = (uint32_t)reader->snapshots.n;
    trace->file_bytes = reader->input.bytes;
    for (size_t i = 0; i < reader->ends.n; i++)
        if (trace->end_ns < reader->ends.items[i].last_ns)
            trace->end_ns = reader->ends.items[i].last_ns;
    for (size_t i = 0; i < reader->chunks.n; i++)
        if (trace->end_ns < reader->chunks.items[i].last_ns)
            trace->end_ns = reader->chunks.items[i].last_ns;
}

static int load(struct reader *reader, struct trace_error *error)
{
    int result = input_check_header(&reader->input, error);
    if (result)
        return result;
    const char *none = NULL;
    vec_push(&reader->strings, none);
    (void)vec_add(&reader->stacks);                    /* the empty root */
    reader->stacks.items[0] = (struct trace_stack){TRACE_NONE, TRACE_NONE};
    reader->trace.losses.process = TRACE_NONE;
    reader->trace.complete = true;
    reader->trace.cut_offset = reader->input.bytes;
    if (!list_by_index(reader))
        list_by_walk(reader, error);
    load_chunks(reader, error);
    if (!reader->has_run) {
        if (!reader->trace.complete && reader->trace.cut_offset > FORMAT_HEADER_BYTES)
            return -EBADMSG;
        return trace_fail(error, -EBADMSG, "%s holds nothing that can be read: it ends or is damaged right after its header, "
                          "at byte %d; record it again", reader->input.name, FORMAT_HEADER_BYTES);
    }
    if (!all_have_totals(reader))
        load_replay(reader, error);
    load_order(reader);
    load_snapshots(reader);
    publish(reader);
    return 0;
}

static struct trace *open_input(struct reader *reader, struct trace_error *error)
{
    if (!load(reader, error))
        return &reader->trace;
    trace_close(&reader->trace);
    return NULL;
}

struct trace *trace_open(const char *path, struct trace_error *error)
{
    struct reader *reader = xcalloc(1, sizeof *reader);
    if (error)
        error->text[0] = '\0';
    if (input_open(&reader->input, path, error)) {
        free(reader);
        return NULL;
    }
    return open_input(reader, error);
}

struct trace *trace_open_memory(const void *bytes, size_t n, struct trace_error *error)
{
    struct reader *reader = xcalloc(1, sizeof *reader);
    if (error)
        error->text[0] = '\0';
    input_open_memory(&reader->input, bytes, n);
    return open_input(reader, error);
}

void trace_close(struct trace *trace)
{
    if (!trace)
        return;
    struct reader *reader = (struct reader *)trace;
    for (size_t i = 0; i < reader->lists.n; i++)
        vec_release(&reader->lists.items[i]);
    vec_release(&reader->chunks);
    vec_release(&reader->strings);
    vec_release(&reader->processes);
    vec_release(&reader->ends);
    vec_release(&reader->lists);
    vec_release(&reader->threads);
    vec_release(&reader->modules);
    vec_release(&reader->codes);
    vec_release(&reader->frames);
    vec_release(&reader->symbols);
    vec_release(&reader->stacks);
    vec_release(&reader->sites);
    vec_release(&reader->unprofiled);
    vec_release(&reader->marks);
    vec_release(&reader->pythons);
    vec_release(&reader->lines);
    vec_release(&reader->texts);
    vec_release(&reader->parts);
    vec_release(&reader->snapshots);
    vec_release(&reader->roots);
    vec_release(&reader->root_names);
    map_release(&reader->text_of);
    columns_release(&reader->columns);
    arena_release(&reader->arena);
    input_release(&reader->input);
    free(reader);
}
