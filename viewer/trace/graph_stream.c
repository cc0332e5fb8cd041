#include "graph_stream.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

void graph_stream_open(struct graph_stream *stream, const void *bytes, size_t n, uint64_t blocks)
{
    *stream = (struct graph_stream){.in = {.at = bytes, .end = (const uint8_t *)bytes + n}, .blocks = blocks, .row = 0};
}

void graph_stream_close(struct graph_stream *stream)
{
    free(stream->edges);
    *stream = (struct graph_stream){0};
}

static bool take_string(struct graph_stream *stream, struct graph_record *record)
{
    record->n = cursor_varint(&stream->in);
    record->bytes = (const char *)cursor_bytes(&stream->in, record->n);
    stream->strings++;
    return !stream->in.bad;
}

static uint32_t string_id(struct graph_stream *stream) { return (uint32_t)cursor_bounded(&stream->in, stream->strings); }

static bool take_type(struct graph_stream *stream, struct graph_record *record)
{
    record->sort = (uint32_t)cursor_bounded(&stream->in, HL_TYPE_TABLE);
    record->string = string_id(stream);
    record->module = string_id(stream);
    record->address = cursor_varint(&stream->in);
    stream->types++;
    return !stream->in.bad && record->sort;
}

static bool take_root(struct graph_stream *stream, struct graph_record *record)
{
    struct cursor *in = &stream->in;
    record->sort = (uint32_t)cursor_bounded(in, 127);
    record->tid = (int32_t)(uint32_t)cursor_bounded(in, UINT32_MAX);
    record->address = stream->root_at += cursor_signed(in);
    record->code = cursor_varint(in);
    record->string = string_id(stream);
    record->target = stream->root_target += cursor_signed(in);
    return !in->bad;
}

static bool take_text(struct cursor *in, struct graph_text *text)
{
    text->kind = (uint32_t)cursor_bounded(in, HL_TEXT_REAL);
    if (text->kind == HL_TEXT_INTEGER) {
        text->integer = (int64_t)cursor_signed(in);
    } else if (text->kind == HL_TEXT_REAL) {
        const uint8_t *bytes = cursor_bytes(in, sizeof text->real);
        if (bytes)
            memcpy(&text->real, bytes, sizeof text->real);
    } else {
        text->n = (uint32_t)cursor_bounded(in, HL_GRAPH_TEXT_MAX);
        text->bytes = (const char *)cursor_bytes(in, text->n);
    }
    return !in->bad && text->kind;
}

/* A definition between edges is given as a record of its own, before the node: so its edges are counted from here. */
static bool take_between(struct graph_stream *stream, uint32_t kind, graph_between_fn *fn, void *context)
{
    struct graph_record record = {.kind = kind};
    bool good = kind == HL_GRAPH_STRING ? take_string(stream, &record) : kind == HL_GRAPH_TYPE && take_type(stream, &record);
    if (good && fn)
        fn(context, &record);
    return good;
}

static void add_edge(struct graph_stream *stream, size_t *n, struct graph_edge edge)
{
    if (*n == stream->room) {
        stream->room = stream->room ? stream->room * 2 : 64;
        stream->edges = xreallocarray(stream->edges, stream->room, sizeof *stream->edges);
    }
    stream->edges[(*n)++] = edge;
}

static bool take_edges(struct graph_stream *stream, struct graph_record *record)
{
    struct cursor *in = &stream->in;
    for (;;) {
        const uint8_t *byte = cursor_bytes(in, 1);
        if (!byte)
            return false;
        uint32_t kind = *byte;
        if (kind == HL_GRAPH_WHOLE || kind == HL_GRAPH_CUT) {
            record->flags |= kind == HL_GRAPH_CUT ? HL_NODE_CUT : 0;
            record->edges = stream->edges;
            return true;
        }
        if (kind > HL_GRAPH_BETWEEN) {
            if (!take_between(stream, kind - HL_GRAPH_BETWEEN, stream->between, stream->context))
                return false;
            continue;
        }
        if (kind >= HL_EDGE_KINDS)
            return false;
        struct graph_edge edge = {.kind = kind};
        if (hl_edge_names_node(kind))
            edge.value = record->number + cursor_signed(in);
        else if (kind == HL_EDGE_NAMED || kind == HL_EDGE_SLOT)
            edge.value = string_id(stream);
        else if (hl_edge_has_value(kind))
            edge.value = cursor_varint(in);
        edge.target = record->number + cursor_signed(in);
        if (in->bad)
            return false;
        add_edge(stream, &record->n_edges, edge);
    }
}

static bool take_node(struct graph_stream *stream, struct graph_record *record)
{
    struct cursor *in = &stream->in;
    record->type = (uint32_t)cursor_bounded(in, stream->types);
    record->flags = (uint32_t)cursor_bounded(in, UINT16_MAX) & ~(uint32_t)HL_NODE_CUT;
    record->offset = cursor_varint(in);
    if (record->flags & HL_NODE_PYTHON)
        record->references = cursor_varint(in);
    if ((record->flags & HL_NODE_TEXT) && !take_text(in, &record->text))
        return false;
    return !in->bad && take_edges(stream, record);
}

static bool take_block(struct graph_stream *stream, struct graph_record *record)
{
    uint64_t step = cursor_varint(&stream->in), row = stream->row + step;
    if (stream->in.bad || row >= stream->blocks || row < stream->row || (stream->has_row && !step))
        return false;
    stream->row = record->number = row;
    stream->has_row = true;
    return take_node(stream, record);
}

static bool take_extra(struct graph_stream *stream, struct graph_record *record)
{
    record->address = stream->address += cursor_signed(&stream->in);
    record->size = cursor_varint(&stream->in);
    record->within = cursor_bounded(&stream->in, stream->blocks);
    record->number = stream->blocks + stream->extras++;
    return take_node(stream, record);
}

static bool take_end(struct graph_stream *stream, struct graph_record *record)
{
    record->nodes = cursor_varint(&stream->in);
    record->all_edges = cursor_varint(&stream->in);
    stream->ended = !stream->in.bad;
    return stream->ended;
}

static bool take(struct graph_stream *stream, struct graph_record *record)
{
    switch (record->kind) {
    case HL_GRAPH_STRING: return take_string(stream, record);
    case HL_GRAPH_TYPE: return take_type(stream, record);
    case HL_GRAPH_BLOCK: return take_block(stream, record);
    case HL_GRAPH_EXTRA: return take_extra(stream, record);
    case HL_GRAPH_ROOT: return take_root(stream, record);
    case HL_GRAPH_REASON:
        record->string = string_id(stream);
        return !stream->in.bad;
    case HL_GRAPH_END: return take_end(stream, record);
    default: return false;
    }
}

bool graph_stream_next(struct graph_stream *stream, struct graph_record *record)
{
    if (stream->ended || stream->in.bad || !cursor_left(&stream->in))
        return false;
    *record = (struct graph_record){.kind = *cursor_bytes(&stream->in, 1)};
    if (take(stream, record))
        return true;
    stream->in.bad = true;
    return false;
}
