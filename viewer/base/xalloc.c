#include "xalloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Formats on the stack: there is no heap left to use. */
static void __attribute__((noreturn, cold)) out_of_memory(size_t bytes)
{
    char text[160];
    int length = snprintf(text, sizeof text, "heapline: out of memory: a block of %zu bytes was refused; "
                          "close other programs or raise the limit (ulimit -v)\n", bytes);
    if (write(STDERR_FILENO, text, (size_t)length) < 0)
        _exit(2);
    exit(2);
}

void *xmalloc(size_t bytes)
{
    void *block = malloc(bytes ? bytes : 1);
    if (!block)
        out_of_memory(bytes);
    return block;
}

void *xcalloc(size_t n, size_t bytes)
{
    void *block = n && bytes ? calloc(n, bytes) : calloc(1, 1);
    if (!block)
        out_of_memory(bytes > SIZE_MAX / (n ? n : 1) ? SIZE_MAX : n * bytes);
    return block;
}

void *xrealloc(void *block, size_t bytes)
{
    void *moved = realloc(block, bytes ? bytes : 1);
    if (!moved)
        out_of_memory(bytes);
    return moved;
}

void *xreallocarray(void *block, size_t n, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(n, bytes, &total))
        out_of_memory(SIZE_MAX);
    return xrealloc(block, total);
}

void *xmemdup(const void *data, size_t bytes)
{
    void *copy = xmalloc(bytes);
    if (bytes)
        memcpy(copy, data, bytes);
    return copy;
}

char *xstrdup(const char *text)
{
    return xmemdup(text, strlen(text) + 1);
}

char *xstrndup(const char *text, size_t max)
{
    size_t length = strnlen(text, max);
    char *copy = xmalloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *xvasprintf(const char *format, va_list arguments)
{
    char *text;
    int length = vasprintf(&text, format, arguments);
    if (length < 0)
        out_of_memory(strlen(format));
    return text;
}

char *xasprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = xvasprintf(format, arguments);
    va_end(arguments);
    return text;
}
