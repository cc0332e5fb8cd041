/* A source file, read once, for annotated listings. */
#ifndef HEAPLINE_OUTPUT_SOURCE_H
#define HEAPLINE_OUTPUT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
    char *text;                     /* NULL: not readable */
    size_t *lines;                  /* line i (from 1) stands at lines[i - 1] .. lines[i] */
    uint32_t n;
    int error;                      /* errno of what went wrong, else 0 */
    bool changed;                   /* written after `unix_ns` */
};

/* Files that are no plain files, or larger than 64 MiB, count as unreadable. */
void source_read(struct source *source, const char *path, uint64_t unix_ns);

/* A copy of a text that never was in a file. */
void source_copy(struct source *source, const char *text, size_t bytes);

/* What the trace itself kept of `path`, else the file. */
struct trace;
void source_find(struct source *source, const struct trace *trace, const char *path);
void source_release(struct source *source);

/* Line `number` without its end; NULL and *n = 0 when there is none. */
const char *source_line(const struct source *source, uint32_t number, size_t *n);

#endif
