#include "varint.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

void buffer_release(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_grow(struct buffer *buffer, size_t room)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 4096;
    while (capacity - buffer->len < room)
        capacity *= 2;
    buffer->data = xrealloc(buffer->data, capacity);
    buffer->capacity = capacity;
}

void buffer_put(struct buffer *buffer, const void *bytes, size_t n)
{
    if (!n)
        return;
    buffer_reserve(buffer, n);
    memcpy(buffer->data + buffer->len, bytes, n);
    buffer->len += n;
}

static uint64_t cursor_fail(struct cursor *cursor)
{
    cursor->bad = true;
    cursor->at = cursor->end;
    return 0;
}

uint64_t cursor_varint_slow(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (cursor->at == cursor->end)
            return cursor_fail(cursor);
        uint64_t byte = *cursor->at++;
        if (shift == 63 && byte > 1)
            return cursor_fail(cursor);
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    return cursor_fail(cursor);
}

const uint8_t *cursor_bytes(struct cursor *cursor, uint64_t n)
{
    if (n > cursor_left(cursor)) {
        cursor_fail(cursor);
        return NULL;
    }
    const uint8_t *bytes = cursor->at;
    cursor->at += n;
    return bytes;
}
