/* Texts of Python files that are only in memory ("<string>", a notebook's cell), as they come in pieces through a ring. */
#ifndef HEAPLINE_COLLECT_SOURCES_H
#define HEAPLINE_COLLECT_SOURCES_H

#include "../base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct trace_writer;

/* A SOURCE record that SOURCE_MORE records may continue. All zeroes: none is under way. */
struct source_parts {
    uint32_t name_bytes, text_bytes;
    VEC(char) bytes;              /* name and text, as far as they came */
};

/* Takes a SOURCE or SOURCE_MORE record of `words` words, first word w0, whose memory may change under it, and writes the text when it is whole. False: it
 * makes no sense. */
bool sources_take(struct trace_writer *writer, struct source_parts *parts, uint64_t w0, const uint64_t *w, uint32_t words);

#endif
