#include "source.h"

#include "../base/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

int trace_fail(struct trace_error *error, int code, const char *format, ...)
{
    if (!error)
        return code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return code;
}

static int open_file(struct source *source, const char *path, struct trace_error *error)
{
    struct stat facts;
    source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);   /* a FIFO must not keep us waiting */
    if (source->fd < 0)
        return trace_fail(error, -errno, "cannot open %s: %s", source->name, strerror(errno));
    if (fstat(source->fd, &facts))
        return trace_fail(error, -errno, "cannot look at %s: %s", source->name, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return trace_fail(error, -EISDIR, "%s is a directory; name the trace file inside it", source->name);
    if (!S_ISREG(facts.st_mode))
        return trace_fail(error, -EINVAL, "%s is not a regular file; copy the trace into a file first", source->name);
    source->bytes = (uint64_t)facts.st_size;
    return 0;
}

int source_open(struct source *source, const char *path, struct trace_error *error)
{
    *source = (struct source){.fd = -1, .name = xasprintf("'%.200s'", path)};
    int result = open_file(source, path, error);
    if (result)
        source_release(source);
    return result;
}

void source_open_memory(struct source *source, const void *bytes, size_t n)
{
    *source = (struct source){.fd = -1, .memory = bytes, .bytes = n, .name = xstrdup("the trace in memory")};
}

void source_release(struct source *source)
{
    if (source->fd >= 0)
        close(source->fd);
    free(source->name);
    *source = (struct source){.fd = -1};
}

int source_read(const struct source *source, uint64_t offset, void *out, size_t n, struct trace_error *error)
{
    if (offset > source->bytes || n > source->bytes - offset)
        return trace_fail(error, -EBADMSG, "%s ends at byte %llu, inside what began before", source->name,
                          (unsigned long long)source->bytes);
    if (source->memory) {
        memcpy(out, source->memory + offset, n);
        return 0;
    }
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(source->fd, (uint8_t *)out + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return trace_fail(error, -errno, "cannot read %s at byte %llu: %s", source->name,
                              (unsigned long long)(offset + done), strerror(errno));
        if (!got)
            return trace_fail(error, -EBADMSG, "%s became shorter while it was read: it now ends at byte %llu or before",
                              source->name, (unsigned long long)(offset + done));
        done += (size_t)got;
    }
    return 0;
}

static int refuse_magic(const struct source *source, const uint8_t *bytes, size_t n, struct trace_error *error)
{
    char text[4 * FORMAT_MAGIC_BYTES + 1] = "";
    for (size_t i = 0, at = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, bytes[i] >= 32 && bytes[i] < 127 ? "%c" : "\\x%02x", bytes[i]);
    return trace_fail(error, -EBADMSG, "%s is not a heapline trace: it begins with \"%s\"; make one with 'heapline run'",
                      source->name, text);
}

int source_check_header(const struct source *source, struct trace_error *error)
{
    uint8_t header[FORMAT_HEADER_BYTES] = {0};
    size_t n = source->bytes < sizeof header ? (size_t)source->bytes : sizeof header;
    size_t n_magic = n < FORMAT_MAGIC_BYTES ? n : FORMAT_MAGIC_BYTES;
    if (!n)
        return trace_fail(error, -EBADMSG, "%s is empty; nothing was recorded in it", source->name);
    int result = source_read(source, 0, header, n, error);
    if (result)
        return result;
    if (memcmp(header, FORMAT_MAGIC, n_magic))
        return refuse_magic(source, header, n_magic, error);
    if (n < sizeof header)
        return trace_fail(error, -EBADMSG, "%s is cut at byte %zu, inside its header; record it again", source->name, n);
    if (format_get32(header + 20) != crc32(0, header, 20))
        return trace_fail(error, -EBADMSG, "%s is damaged in its first %zu bytes (wrong checksum); take another copy of it",
                          source->name, n);
    unsigned major = format_get16(header + 8), minor = format_get16(header + 10);
    if (major > FORMAT_MAJOR || !major)
        return trace_fail(error, -EPROTONOSUPPORT,
                          "%s has trace format %u.%u, and this heapline reads format %u; use the heapline that recorded it, "
                          "or a newer one", source->name, major, minor, FORMAT_MAJOR);
    uint32_t unknown = format_get32(header + 12) & FORMAT_FLAGS_MUST & ~FORMAT_FLAGS_KNOWN;
    if (unknown)
        return trace_fail(error, -EPROTONOSUPPORT,
                          "%s uses features that this heapline does not know (flags 0x%x at byte 12); use a newer heapline",
                          source->name, unknown);
    return 0;
}

uint64_t source_index_offset(const struct source *source)
{
    uint8_t trailer[FORMAT_TRAILER_BYTES];
    if (source->bytes < FORMAT_HEADER_BYTES + FORMAT_TRAILER_BYTES ||
        source_read(source, source->bytes - sizeof trailer, trailer, sizeof trailer, NULL))
        return 0;
    if (memcmp(trailer, FORMAT_TRAILER_MARK, 8) || format_get32(trailer + 20) != crc32(0, trailer, 20))
        return 0;
    uint64_t offset = format_get64(trailer + 8);
    return offset >= FORMAT_HEADER_BYTES && offset < source->bytes - sizeof trailer ? offset : 0;
}

static int damaged(const struct source *source, uint64_t offset, const char *what, struct trace_error *error)
{
    return trace_fail(error, -EBADMSG, "%s is damaged at byte %llu: %s; what stands before can be read", source->name,
                      (unsigned long long)offset, what);
}

int chunk_look(const struct source *source, uint64_t offset, struct chunk *chunk, struct trace_error *error)
{
    uint8_t header[FORMAT_CHUNK_HEADER_BYTES];
    if (offset > source->bytes || source->bytes - offset < sizeof header)
        return trace_fail(error, -EBADMSG, "%s is cut at byte %llu, before the recording was finished", source->name,
                          (unsigned long long)source->bytes);
    int result = source_read(source, offset, header, sizeof header, error);
    if (result)
        return result;
    if (memcmp(header, FORMAT_CHUNK_MARK, 4))
        return damaged(source, offset, "no chunk begins there", error);
    if (format_get32(header + 20) != crc32(0, header, 20))
        return damaged(source, offset, "the chunk's header has a wrong checksum", error);
    *chunk = (struct chunk){
        .offset = offset,
        .stored = format_get32(header + 8),
        .raw = format_get32(header + 12),
        .crc = format_get32(header + 16),
        .type = header[4],
        .codec = header[5],
    };
    chunk->next = offset + sizeof header + chunk->stored;
    if (chunk->stored > FORMAT_CHUNK_RAW_MAX || chunk->raw > FORMAT_CHUNK_RAW_MAX)
        return damaged(source, offset, "the chunk claims to be longer than a chunk may be", error);
    if (chunk->next > source->bytes)
        return trace_fail(error, -EBADMSG, "%s is cut at byte %llu, inside the chunk that begins at byte %llu", source->name,
                          (unsigned long long)source->bytes, (unsigned long long)offset);
    return 0;
}

void loader_release(struct loader *loader)
{
    buffer_release(&loader->stored);
    buffer_release(&loader->raw);
    ZSTD_freeDCtx(loader->zstd);
    loader->zstd = NULL;
}

/* One call into a buffer of the announced length: whatever window the frame asks for, no more is allocated. */
static int unpack(struct loader *loader, const struct source *source, const struct chunk *chunk, struct trace_error *error)
{
    if (!loader->zstd && !(loader->zstd = ZSTD_createDCtx()))
        return trace_fail(error, -ENOMEM, "no memory to unpack %s", source->name);
    loader->raw.len = 0;
    buffer_reserve(&loader->raw, (size_t)chunk->raw + 1);
    size_t n = ZSTD_decompressDCtx(loader->zstd, loader->raw.data, chunk->raw, loader->stored.data, chunk->stored);
    if (ZSTD_isError(n) || n != chunk->raw)
        return damaged(source, chunk->offset, "the chunk cannot be unpacked to its length", error);
    return 0;
}

int chunk_load(struct loader *loader, const struct source *source, const struct chunk *chunk, struct cursor *payload,
               struct trace_error *error)
{
    loader->stored.len = 0;
    buffer_reserve(&loader->stored, (size_t)chunk->stored + 1);
    int result = source_read(source, chunk->offset + FORMAT_CHUNK_HEADER_BYTES, loader->stored.data, chunk->stored, error);
    if (result)
        return result;
    if (crc32(0, loader->stored.data, chunk->stored) != chunk->crc)
        return damaged(source, chunk->offset, "the chunk has a wrong checksum", error);
    if (chunk->codec == FORMAT_ZSTD) {
        result = unpack(loader, source, chunk, error);
        *payload = (struct cursor){loader->raw.data, loader->raw.data + chunk->raw, false};
        return result;
    }
    if (chunk->codec != FORMAT_STORED || chunk->stored != chunk->raw)
        return damaged(source, chunk->offset, "the chunk is packed in a way that this heapline does not know", error);
    *payload = (struct cursor){loader->stored.data, loader->stored.data + chunk->stored, false};
    return 0;
}
