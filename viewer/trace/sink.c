#include "sink.h"

#include "../base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int sink_open(struct sink *sink, const char *path)
{
    *sink = (struct sink){.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666)};
    if (sink->fd < 0)
        return -errno;
    sink->buffer = xmalloc(SINK_BUFFER);
    return 0;
}

static void write_all(struct sink *sink, const uint8_t *bytes, size_t n)
{
    while (n && !sink->error) {
        ssize_t done = write(sink->fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0) {
            sink->error = done < 0 ? -errno : -EIO;
            return;
        }
        bytes += done;
        n -= (size_t)done;
    }
}

int sink_flush(struct sink *sink)
{
    write_all(sink, sink->buffer, sink->held);
    sink->held = 0;
    return sink->error;
}

void sink_put(struct sink *sink, const void *bytes, size_t n)
{
    if (sink->error)
        return;
    sink->offset += n;
    if (n > SINK_BUFFER - sink->held)
        sink_flush(sink);
    if (n > SINK_BUFFER) {
        write_all(sink, bytes, n);
        return;
    }
    memcpy(sink->buffer + sink->held, bytes, n);
    sink->held += n;
}

int sink_close(struct sink *sink)
{
    sink_flush(sink);
    /* close may report what a network file system could not write before; its descriptor is gone in any case */
    if (close(sink->fd) && errno != EINTR && !sink->error)
        sink->error = -errno;
    free(sink->buffer);
    sink->buffer = NULL;
    return sink->error;
}
