#include "strbuf.h"

#include "xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char strbuf_empty[1];

void strbuf_init(struct strbuf *buffer)
{
    *buffer = (struct strbuf)STRBUF_INIT;
}

void strbuf_release(struct strbuf *buffer)
{
    if (buffer->capacity)
        free(buffer->data);
    strbuf_init(buffer);
}

void strbuf_clear(struct strbuf *buffer)
{
    strbuf_truncate(buffer, 0);
}

void strbuf_truncate(struct strbuf *buffer, size_t length)
{
    buffer->length = length;
    if (buffer->capacity)
        buffer->data[length] = '\0';
}

void strbuf_reserve(struct strbuf *buffer, size_t extra)
{
    size_t wanted;
    if (__builtin_add_overflow(buffer->length + 1, extra, &wanted))
        wanted = SIZE_MAX;
    if (wanted <= buffer->capacity)
        return;
    size_t room = buffer->capacity < SIZE_MAX / 2 ? 2 * buffer->capacity : SIZE_MAX;
    if (room < wanted)
        room = wanted;
    if (room < 64)
        room = 64;
    buffer->data = xrealloc(buffer->capacity ? buffer->data : NULL, room);
    buffer->capacity = room;
    buffer->data[buffer->length] = '\0';
}

void strbuf_add_bytes(struct strbuf *buffer, const void *data, size_t n)
{
    if (n == 0)
        return;
    strbuf_reserve(buffer, n);
    memcpy(buffer->data + buffer->length, data, n);
    strbuf_truncate(buffer, buffer->length + n);
}

void strbuf_add(struct strbuf *buffer, const char *text)
{
    strbuf_add_bytes(buffer, text, strlen(text));
}

void strbuf_add_char(struct strbuf *buffer, char c)
{
    strbuf_add_bytes(buffer, &c, 1);
}

void strbuf_fill(struct strbuf *buffer, char c, size_t n)
{
    if (n == 0)
        return;
    strbuf_reserve(buffer, n);
    memset(buffer->data + buffer->length, c, n);
    strbuf_truncate(buffer, buffer->length + n);
}

void strbuf_vprintf(struct strbuf *buffer, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    strbuf_reserve(buffer, 64);
    size_t room = buffer->capacity - buffer->length;
    int length = vsnprintf(buffer->data + buffer->length, room, format, arguments);
    if (length >= 0 && (size_t)length >= room) {
        strbuf_reserve(buffer, (size_t)length);
        vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, again);
    }
    strbuf_truncate(buffer, buffer->length + (length > 0 ? (size_t)length : 0));
    va_end(again);
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    strbuf_vprintf(buffer, format, arguments);
    va_end(arguments);
}

char *strbuf_detach(struct strbuf *buffer)
{
    char *text = buffer->capacity ? buffer->data : xstrdup("");
    strbuf_init(buffer);
    return text;
}
