/* Varints (LEB128: seven bits a byte, the lowest first, bit 7 says that more follow) in a growing buffer and out of a
 * bounded one. Signed differences travel as zigzag; all arithmetic is modulo 2^64. */
#ifndef HEAPLINE_TRACE_VARINT_H
#define HEAPLINE_TRACE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX 10             /* bytes of the longest varint */

struct buffer {
    uint8_t *data;
    size_t len, capacity;
};

void buffer_release(struct buffer *buffer);
void buffer_grow(struct buffer *buffer, size_t room);                       /* cold path of buffer_reserve */
void buffer_put(struct buffer *buffer, const void *bytes, size_t n);

static inline void buffer_reserve(struct buffer *buffer, size_t room)
{
    if (buffer->capacity - buffer->len < room)
        buffer_grow(buffer, room);
}

static inline void buffer_varint(struct buffer *buffer, uint64_t value)
{
    buffer_reserve(buffer, VARINT_MAX);
    uint8_t *at = buffer->data + buffer->len;
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    buffer->len = (size_t)(at - buffer->data);
}

static inline uint64_t zigzag(uint64_t difference) { return difference << 1 ^ (0 - (difference >> 63)); }
static inline uint64_t unzigzag(uint64_t value) { return value >> 1 ^ (0 - (value & 1)); }

static inline void buffer_signed(struct buffer *buffer, uint64_t difference) { buffer_varint(buffer, zigzag(difference)); }

/* Reads never pass `end`: whoever asks for more gets 0 and `bad` is set for good. */
struct cursor {
    const uint8_t *at, *end;
    bool bad;
};

static inline size_t cursor_left(const struct cursor *cursor) { return (size_t)(cursor->end - cursor->at); }

uint64_t cursor_varint_slow(struct cursor *cursor);                         /* two bytes and more, or an error */
const uint8_t *cursor_bytes(struct cursor *cursor, uint64_t n);             /* NULL: fewer than n are left */

static inline uint64_t cursor_varint(struct cursor *cursor)
{
    if (cursor->at < cursor->end && *cursor->at < 0x80)
        return *cursor->at++;
    return cursor_varint_slow(cursor);
}

static inline uint64_t cursor_signed(struct cursor *cursor) { return unzigzag(cursor_varint(cursor)); }

/* A varint that must be at most `max`. */
static inline uint64_t cursor_bounded(struct cursor *cursor, uint64_t max)
{
    uint64_t value = cursor_varint(cursor);
    if (value <= max)
        return value;
    cursor->bad = true;
    return 0;
}

#endif
