/* The bytes of a trace and its chunks, for the reader. pread rather than mmap: a file that shrinks meanwhile gives an error
 * and no signal. */
#ifndef HEAPLINE_TRACE_INPUT_H
#define HEAPLINE_TRACE_INPUT_H

#include "format.h"
#include "reader.h"
#include "varint.h"

struct input {
    int fd;                        /* -1: `memory` holds the bytes */
    const uint8_t *memory;
    uint64_t bytes;
    char *name;                    /* quoted, for messages */
};

/* Puts a sentence into *error (may be NULL) and returns `code`. */
int trace_fail(struct trace_error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Each returns 0, or -errno and a sentence; after a failure there is nothing to release. */
int input_open(struct input *input, const char *path, struct trace_error *error);
void input_open_memory(struct input *input, const void *bytes, size_t n);
void input_release(struct input *input);
int input_read(const struct input *input, uint64_t offset, void *out, size_t n, struct trace_error *error);

/* Looks at magic, version and flags. */
int input_check_header(const struct input *input, struct trace_error *error);

/* Where the index begins, from the trailer at the end of the file; 0: there is no good trailer. */
uint64_t input_index_offset(const struct input *input);

struct chunk {
    uint64_t offset, next;         /* of its header; of what follows it */
    uint32_t stored, raw, crc;
    uint8_t type, codec;
};

/* Reads and checks a chunk's header; the payload lies inside the file and the lengths are within the limits. */
int chunk_look(const struct input *input, uint64_t offset, struct chunk *chunk, struct trace_error *error);

/* Buffers for one chunk at a time. */
struct loader {
    struct buffer stored, raw;
    void *zstd;
};

void loader_release(struct loader *loader);

/* Reads, checks and unpacks a chunk's payload; *payload is good until the next load. */
int chunk_load(struct loader *loader, const struct input *input, const struct chunk *chunk, struct cursor *payload,
               struct trace_error *error);

#endif
