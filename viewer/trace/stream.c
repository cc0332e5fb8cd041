/* Epochs, blocks and events pass by one record at a time; nothing of them is kept. */
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

/* Visits all chunks of one type. On failure *failed is the chunk's place in the list. */
static int stream_run(struct stream *stream, enum format_chunk_type type, take_record *take, size_t *failed,
                      struct trace_error *error)
{
    struct reader *reader = stream->reader;
    int result = 0;
    for (size_t i = 0; i < reader->chunks.n && !stream->stopped && !result; i++) {
        struct chunk chunk;
        struct cursor payload;
        if (reader->chunks.items[i].type != type)
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
