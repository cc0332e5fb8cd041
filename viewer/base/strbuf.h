/* A growing string. `data` always ends in a NUL, also when nothing was added, and may be read at any time.
 *
 *     struct strbuf text = STRBUF_INIT;
 *     strbuf_printf(&text, "%d lines", n);
 *     puts(text.data);
 *     strbuf_release(&text);
 */
#ifndef HEAPLINE_BASE_STRBUF_H
#define HEAPLINE_BASE_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
    char *data;
    size_t length;                  /* bytes before the NUL */
    size_t capacity;                /* bytes allocated, 0 while data is strbuf_empty */
};

extern char strbuf_empty[1];
#define STRBUF_INIT { strbuf_empty, 0, 0 }

void strbuf_init(struct strbuf *buffer);
void strbuf_release(struct strbuf *buffer);                       /* empty and usable again */
void strbuf_clear(struct strbuf *buffer);                         /* keeps the memory */
void strbuf_truncate(struct strbuf *buffer, size_t length);       /* length <= buffer->length */
void strbuf_reserve(struct strbuf *buffer, size_t extra);         /* room for `extra` more bytes and the NUL */

void strbuf_add(struct strbuf *buffer, const char *text);
void strbuf_add_bytes(struct strbuf *buffer, const void *data, size_t n);
void strbuf_add_char(struct strbuf *buffer, char c);
void strbuf_fill(struct strbuf *buffer, char c, size_t n);        /* n times the same */
void strbuf_printf(struct strbuf *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *buffer, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

/* Gives the string to the caller, who frees it; the buffer is empty again. */
char *strbuf_detach(struct strbuf *buffer);

#endif
