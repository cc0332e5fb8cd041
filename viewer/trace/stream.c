/* Epochs, blocks, events and the blocks of snapshots pass by one record at a time; nothing of them is kept. */
#include "load.h"

#include "../base/xalloc.h"

#include <errno.h>
#include <stdlib.h>

struct stream {
    struct reader *reader;
    struct loader loader;
    struct columns columns;
    void *context;
    bool stopped;                              /* the callback has had enough */

    trace_epoch_fn *epoch_fn;
    struct trace_epoch epoch, base;
    VEC(struct trace_site_counts) deltas;
    uint64_t expected;                         /* deltas of the epoch */
    bool open;                                 /* the epoch still lacks some of them */

    trace_blocks_fn *blocks_fn;
    VEC(struct trace_block) blocks;
    trace_event_fn *event_fn;
    VEC(struct trace_event) events;

    trace_snapshot_fn *snapshot_fn;
    const struct snapshot_parts *snapshot;     /* NULL: no blocks of a snapshot are looked for */
    uint64_t rows, end;                        /* of its blocks so far; where the last of them ends */
    VEC(struct trace_snapshot_block) snapshot_blocks;
    VEC(uint8_t) graph;
};

typedef const char *take_record(struct stream *stream, struct record *record);

static const char *malformed = "a record is malformed";

static void stream_release(struct stream *stream)
{
    loader_release(&stream->loader);
    columns_release(&stream->columns);
    vec_release(&stream->deltas);
    vec_release(&stream->blocks);
    vec_release(&stream->events);
    vec_release(&stream->snapshot_blocks);
}

static const char *take_chunk(struct stream *stream, struct cursor payload, take_record *take)
{
    struct record record;
    stream->base = (struct trace_epoch){0};
    while (!stream->stopped && record_next(&payload, &record)) {
        const char *wrong = take(stream, &record);
        if (wrong)
            return wrong;
    }
    return payload.bad ? "a record runs over the end of its chunk" : NULL;
}

/* A chunk without times may hold anything: nobody has looked at it, or nobody could. */
static bool is_wanted(const struct stream *stream, const struct chunk_ref *ref, enum format_chunk_type type)
{
    if (ref->type != type)
        return false;
    uint64_t ns = stream->snapshot ? stream->snapshot->snapshot.ns : 0;
    return !stream->snapshot || !ref->last_ns || (ref->first_ns <= ns && ns <= ref->last_ns);
}

/* Visits all chunks of one type. On failure *failed is the chunk's place in the list. */
static int stream_run(struct stream *stream, enum format_chunk_type type, take_record *take, size_t *failed,
                      struct trace_error *error)
{
    struct reader *reader = stream->reader;
    int result = 0;
    for (size_t i = 0; i < reader->chunks.n && !stream->stopped && !result; i++) {
        struct chunk chunk;
        struct cursor payload;
        if (!is_wanted(stream, &reader->chunks.items[i], type))
            continue;
        result = chunk_look(&reader->input, reader->chunks.items[i].offset, &chunk, error);
        if (!result)
            result = chunk_load(&stream->loader, &reader->input, &chunk, &payload, error);
        const char *wrong = result ? NULL : take_chunk(stream, payload, take);
        if (wrong)
            result = trace_fail(error, -EBADMSG, "%s is damaged in the chunk at byte %llu: %s", reader->input.name,
                                (unsigned long long)chunk.offset, wrong);
        if (result && failed)
            *failed = i;
    }
    stream_release(stream);
    return result;
}

/* epochs */

static const char *take_deltas(struct stream *stream, struct cursor *in)
{
    uint32_t rows = columns_get_rows(in, 1);
    if (in->bad || rows > stream->expected - stream->deltas.n)
        return malformed;
    vec_reserve(&stream->deltas, rows + 1);
    struct trace_site_counts *deltas = stream->deltas.items + stream->deltas.n;
    columns_get_counts(&stream->columns, in, deltas, rows);
    if (in->bad)
        return malformed;
    if (rows && stream->deltas.n && deltas[-1].site >= deltas[0].site)
        return "the sites of an epoch are out of order";
    if (rows && deltas[rows - 1].site >= stream->reader->sites.n)
        return "an epoch names a site that does not exist";
    stream->deltas.n += rows;
    stream->open = stream->deltas.n < stream->expected;
    if (!stream->open)
        stream->stopped = !stream->epoch_fn(stream->context, &stream->epoch, stream->deltas.items, stream->deltas.n);
    return NULL;
}

static const char *take_timeline(struct stream *stream, struct record *record)
{
    if (record->kind == FORMAT_DELTAS)
        return stream->open ? take_deltas(stream, &record->payload) : "sites without an epoch";
    if (record->kind != FORMAT_EPOCH)
        return NULL;
    if (stream->open)
        return "an epoch begins before the one before it is whole";
    columns_get_epoch(&record->payload, &stream->base, &stream->epoch, &stream->expected);
    if (record->payload.bad)
        return malformed;
    if (stream->epoch.process >= stream->reader->processes.n || stream->expected > stream->reader->sites.n)
        return "an epoch names a process or more sites than there are";
    stream->base = stream->epoch;
    vec_clear(&stream->deltas);
    return take_deltas(stream, &record->payload);
}

int stream_epochs(struct reader *reader, trace_epoch_fn *fn, void *context, size_t *failed, struct trace_error *error)
{
    struct stream stream = {.reader = reader, .epoch_fn = fn, .context = context};
    return stream_run(&stream, FORMAT_TIMELINE, take_timeline, failed, error);
}

int trace_each_epoch(struct trace *trace, trace_epoch_fn *fn, void *context, struct trace_error *error)
{
    return stream_epochs((struct reader *)trace, fn, context, NULL, error);
}

/* blocks */

static const char *take_blocks(struct stream *stream, struct record *record)
{
    uint32_t process, rows;
    if (record->kind != FORMAT_BLOCK_LIST)
        return NULL;
    columns_get_blocks_head(&record->payload, &process, &rows);
    if (process >= stream->reader->processes.n)
        return "there are blocks of a process that does not exist";
    vec_clear(&stream->blocks);
    vec_reserve(&stream->blocks, rows + 1);
    columns_get_blocks(&record->payload, stream->blocks.items, rows);
    if (record->payload.bad)
        return malformed;
    for (uint32_t i = 0; i < rows; i++)
        if (stream->blocks.items[i].site >= stream->reader->sites.n)
            return "a block names a site that does not exist";
    stream->stopped = rows && !stream->blocks_fn(stream->context, process, stream->blocks.items, rows);
    return NULL;
}

int trace_each_block(struct trace *trace, trace_blocks_fn *fn, void *context, struct trace_error *error)
{
    struct stream stream = {.reader = (struct reader *)trace, .blocks_fn = fn, .context = context};
    return stream_run(&stream, FORMAT_BLOCKS, take_blocks, NULL, error);
}

/* events */

static const char *take_events(struct stream *stream, struct record *record)
{
    if (record->kind != FORMAT_EVENT_LIST)
        return NULL;
    uint32_t rows = columns_get_rows(&record->payload, 6);
    vec_clear(&stream->events);
    vec_reserve(&stream->events, rows + 1);
    columns_get_events(&record->payload, stream->events.items, rows);
    if (record->payload.bad)
        return malformed;
    for (uint32_t i = 0; i < rows; i++)
        if (stream->events.items[i].site >= stream->reader->sites.n ||
            stream->events.items[i].thread >= stream->reader->threads.n)
            return "an event names a site or a thread that does not exist";
    for (uint32_t i = 0; i < rows && !stream->stopped; i++)
        stream->stopped = !stream->event_fn(stream->context, &stream->events.items[i]);
    return NULL;
}

int trace_each_event(struct trace *trace, trace_event_fn *fn, void *context, struct trace_error *error)
{
    struct stream stream = {.reader = (struct reader *)trace, .event_fn = fn, .context = context};
    return stream_run(&stream, FORMAT_EVENTS, take_events, NULL, error);
}

/* blocks of snapshots */

static const char *check_snapshot_blocks(struct stream *stream, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++) {
        const struct trace_snapshot_block *block = &stream->snapshot_blocks.items[i];
        uint64_t end = block->address + (block->bytes ? block->bytes : 1);
        if (block->site >= stream->reader->sites.n)
            return "a block of a snapshot names a site that does not exist";
        if (block->address < stream->end || end <= block->address)
            return "the blocks of a snapshot are out of order or overlap";
        stream->end = end;
    }
    return NULL;
}

static const char *take_snapshot_blocks(struct stream *stream, struct record *record)
{
    uint32_t id, rows;
    uint64_t first;
    if (record->kind != FORMAT_SNAPSHOT_BLOCKS)
        return NULL;
    columns_get_snapshot_blocks_head(&record->payload, &id, &first, &rows);
    if (record->payload.bad)
        return malformed;
    if (id >= stream->reader->parts.n)
        return "there are blocks of a snapshot that does not exist";
    if (id != stream->snapshot->id)
        return NULL;
    if (first != stream->rows || rows > stream->snapshot->snapshot.blocks - stream->rows)
        return "a snapshot lacks blocks or has more than it announced";
    vec_clear(&stream->snapshot_blocks);
    vec_reserve(&stream->snapshot_blocks, rows + 1);
    columns_get_snapshot_blocks(&stream->columns, &record->payload, stream->snapshot_blocks.items, rows);
    const char *wrong = record->payload.bad ? malformed : check_snapshot_blocks(stream, rows);
    if (wrong)
        return wrong;
    stream->rows += rows;
    stream->stopped = (rows && !stream->snapshot_fn(stream->context, stream->snapshot_blocks.items, rows)) ||
                      stream->rows == stream->snapshot->snapshot.blocks;
    return NULL;
}

int trace_each_snapshot_block(struct trace *trace, uint32_t snapshot, trace_snapshot_fn *fn, void *context,
                              struct trace_error *error)
{
    struct reader *reader = (struct reader *)trace;
    if (snapshot >= reader->parts.n)
        return trace_fail(error, -EINVAL, "%s has no snapshot %u", reader->input.name, snapshot);
    struct stream stream = {.reader = reader, .snapshot_fn = fn, .context = context, .snapshot = &reader->parts.items[snapshot]};
    stream.stopped = !stream.snapshot->snapshot.blocks;
    int result = stream_run(&stream, FORMAT_SNAPSHOTS, take_snapshot_blocks, NULL, error);
    if (!result && !stream.stopped && trace->complete)
        result = trace_fail(error, -EBADMSG, "%s is damaged: of snapshot %u only %llu of %llu blocks are there",
                            reader->input.name, snapshot, (unsigned long long)stream.rows,
                            (unsigned long long)stream.snapshot->snapshot.blocks);
    return result;
}

/* graphs of snapshots */

static const char *take_graph(struct stream *stream, struct record *record)
{
    if (record->kind != FORMAT_GRAPH_PART)
        return NULL;
    uint64_t id = cursor_varint(&record->payload), first = cursor_varint(&record->payload), n = cursor_left(&record->payload);
    if (record->payload.bad)
        return malformed;
    if (id >= stream->reader->parts.n)
        return "there is a graph of a snapshot that does not exist";
    if (id != stream->snapshot->id)
        return NULL;
    if (first != stream->graph.n || n > stream->snapshot->snapshot.graph_bytes - stream->graph.n)
        return "a graph lacks a part or has more than was announced";
    vec_append(&stream->graph, record->payload.at, n);
    stream->stopped = stream->graph.n == stream->snapshot->snapshot.graph_bytes;
    return NULL;
}

int trace_read_graph(struct trace *trace, uint32_t snapshot, void **bytes, size_t *n, struct trace_error *error)
{
    struct reader *reader = (struct reader *)trace;
    if (snapshot >= reader->parts.n)
        return trace_fail(error, -EINVAL, "%s has no snapshot %u", reader->input.name, snapshot);
    struct stream stream = {.reader = reader, .snapshot = &reader->parts.items[snapshot]};
    uint64_t announced = stream.snapshot->snapshot.graph_bytes;
    stream.stopped = !announced;
    int result = stream_run(&stream, FORMAT_GRAPHS, take_graph, NULL, error);
    *bytes = stream.graph.items;
    *n = stream.graph.n;
    if (!result && *n < announced && trace->complete)
        result = trace_fail(error, -EBADMSG, "%s is damaged: of the graph of snapshot %u only %zu of %llu bytes are there",
                            reader->input.name, snapshot, *n, (unsigned long long)announced);
    if (result)
        free(*bytes);
    return result;
}
