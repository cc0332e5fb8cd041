/* The file a trace is written to: a buffer of its own over write(2), sticky errors, no seeking (a pipe will do). */
#ifndef HEAPLINE_TRACE_SINK_H
#define HEAPLINE_TRACE_SINK_H

#include <stddef.h>
#include <stdint.h>

#define SINK_BUFFER (256u << 10)

struct sink {
    int fd;
    int error;                 /* 0, or -errno of the first failure: from then on nothing is written */
    uint64_t offset;           /* bytes taken so far: the file offset of the next one */
    size_t held;
    uint8_t *buffer;
};

/* Creates or truncates `path`. Returns 0 or -errno; on failure there is nothing to close. */
int sink_open(struct sink *sink, const char *path);
void sink_put(struct sink *sink, const void *bytes, size_t n);
int sink_flush(struct sink *sink);                    /* hands everything to the kernel; returns sink->error */
int sink_close(struct sink *sink);                    /* flushes and closes; returns the first error */

#endif
