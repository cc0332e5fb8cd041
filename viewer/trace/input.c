#include "input.h"

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

static int open_file(struct input *input, const char *path, struct trace_error *error)
{
    struct stat facts;
    input->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);   /* a FIFO must not keep us waiting */
    if (input->fd < 0)
        return trace_fail(error, -errno, "cannot open %s: %s", input->name, strerror(errno));
    if (fstat(input->fd, &facts))
        return trace_fail(error, -errno, "cannot look at %s: %s", input->name, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return trace_fail(error, -EISDIR, "%s is a directory; name the trace file inside it", input->name);
    if (!S_ISREG(facts.st_mode))
        return trace_fail(error, -EINVAL, "%s is not a regular file; copy the trace into a file first", input->name);
    input->bytes = (uint64_t)facts.st_size;
    return 0;
}

int input_open(struct input *input, const char *path, struct trace_error *error)
{
    *input = (struct input){.fd = -1, .name = xasprintf("'%.200s'", path)};
    int result = open_file(input, path, error);
    if (result)
        input_release(input);
    return result;
}

void input_open_memory(struct input *input, const void *bytes, size_t n)
{
    *input = (struct input){.fd = -1, .memory = bytes, .bytes = n, .name = xstrdup("the trace in memory")};
}

void input_release(struct input *input)
{
    if (input->fd >= 0)
        close(input->fd);
    free(input->name);
    *input = (struct input){.fd = -1};
}

int input_read(const struct input *input, uint64_t offset, void *out, size_t n, struct trace_error *error)
{
    if (offset > input->bytes || n > input->bytes - offset)
        return trace_fail(error, -EBADMSG, "%s ends at byte %llu, inside what began before", input->name,
                          (unsigned long long)input->bytes);
    if (input->memory) {
        memcpy(out, input->memory + offset, n);
        return 0;
    }
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(input->fd, (uint8_t *)out + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return trace_fail(error, -errno, "cannot read %s at byte %llu: %s", input->name,
                              (unsigned long long)(offset + done), strerror(errno));
        if (!got)
            return trace_fail(error, -EBADMSG, "%s became shorter while it was read: it now ends at byte %llu or before",
                              input->name, (unsigned long long)(offset + done));
        done += (size_t)got;
    }
    return 0;
}

static int refuse_magic(const struct input *input, const uint8_t *bytes, size_t n, struct trace_error *error)
{
    char text[4 * FORMAT_MAGIC_BYTES + 1] = "";
    for (size_t i = 0, at = 0; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, bytes[i] >= 32 && bytes[i] < 127 ? "%c" : "\\x%02x", bytes[i]);
    return trace_fail(error, -EBADMSG, "%s is not a heapline trace: it begins with \"%s\"; make one with 'heapline run'",
                      input->name, text);
}

int input_check_header(const struct input *input, struct trace_error *error)
{
    uint8_t header[FORMAT_HEADER_BYTES] = {0};
    size_t n = input->bytes < sizeof header ? (size_t)input->bytes : sizeof header;
    size_t n_magic = n < FORMAT_MAGIC_BYTES ? n : FORMAT_MAGIC_BYTES;
    if (!n)
        return trace_fail(error, -EBADMSG, "%s is empty; nothing was recorded in it", input->name);
    int result = input_read(input, 0, header, n, error);
    if (result)
        return result;
    if (memcmp(header, FORMAT_MAGIC, n_magic))
        return refuse_magic(input, header, n_magic, error);
    if (n < sizeof header)
        return trace_fail(error, -EBADMSG, "%s is cut at byte %zu, inside its header; record it again", input->name, n);
    if (format_get32(header + 20) != crc32(0, header, 20))
        return trace_fail(error, -EBADMSG, "%s is damaged in its first %zu bytes (wrong checksum); take another copy of it",
                          input->name, n);
    unsigned major = format_get16(header + 8), minor = format_get16(header + 10);
    if (major > FORMAT_MAJOR || !major)
        return trace_fail(error, -EPROTONOSUPPORT,
                          "%s has trace format %u.%u, and this heapline reads format %u; use the heapline that recorded it, "
                          "or a newer one", input->name, major, minor, FORMAT_MAJOR);
    uint32_t unknown = format_get32(header + 12) & FORMAT_FLAGS_MUST & ~FORMAT_FLAGS_KNOWN;
    if (unknown)
        return trace_fail(error, -EPROTONOSUPPORT,
                          "%s uses features that this heapline does not know (flags 0x%x at byte 12); use a newer heapline",
                          input->name, unknown);
    return 0;
}

uint64_t input_index_offset(const struct input *input)
{
    uint8_t trailer[FORMAT_TRAILER_BYTES];
    if (input->bytes < FORMAT_HEADER_BYTES + FORMAT_TRAILER_BYTES ||
        input_read(input, input->bytes - sizeof trailer, trailer, sizeof trailer, NULL))
        return 0;
    if (memcmp(trailer, FORMAT_TRAILER_MARK, 8) || format_get32(trailer + 20) != crc32(0, trailer, 20))
        return 0;
    uint64_t offset = format_get64(trailer + 8);
    return offset >= FORMAT_HEADER_BYTES && offset < input->bytes - sizeof trailer ? offset : 0;
}

static int damaged(const struct input *input, uint64_t offset, const char *what, struct trace_error *error)
{
    return trace_fail(error, -EBADMSG, "%s is damaged at byte %llu: %s; what stands before can be read", input->name,
                      (unsigned long long)offset, what);
}

int chunk_look(const struct input *input, uint64_t offset, struct chunk *chunk, struct trace_error *error)
{
    uint8_t header[FORMAT_CHUNK_HEADER_BYTES];
    if (offset > input->bytes || input->bytes - offset < sizeof header)
        return trace_fail(error, -EBADMSG, "%s is cut at byte %llu, before the recording was finished", input->name,
                          (unsigned long long)input->bytes);
    int result = input_read(input, offset, header, sizeof header, error);
    if (result)
        return result;
    if (memcmp(header, FORMAT_CHUNK_MARK, 4))
        return damaged(input, offset, "no chunk begins there", error);
    if (format_get32(header + 20) != crc32(0, header, 20))
        return damaged(input, offset, "the chunk's header has a wrong checksum", error);
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
        return damaged(input, offset, "the chunk claims to be longer than a chunk may be", error);
    if (chunk->next > input->bytes)
        return trace_fail(error, -EBADMSG, "%s is cut at byte %llu, inside the chunk that begins at byte %llu", input->name,
                          (unsigned long long)input->bytes, (unsigned long long)offset);
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
static int unpack(struct loader *loader, const struct input *input, const struct chunk *chunk, struct trace_error *error)
{
    if (!loader->zstd && !(loader->zstd = ZSTD_createDCtx()))
        return trace_fail(error, -ENOMEM, "no memory to unpack %s", input->name);
    loader->raw.len = 0;
    buffer_reserve(&loader->raw, (size_t)chunk->raw + 1);
    size_t n = ZSTD_decompressDCtx(loader->zstd, loader->raw.data, chunk->raw, loader->stored.data, chunk->stored);
    if (ZSTD_isError(n) || n != chunk->raw)
        return damaged(input, chunk->offset, "the chunk cannot be unpacked to its length", error);
    return 0;
}

int chunk_load(struct loader *loader, const struct input *input, const struct chunk *chunk, struct cursor *payload,
               struct trace_error *error)
{
    loader->stored.len = 0;
    buffer_reserve(&loader->stored, (size_t)chunk->stored + 1);
    int result = input_read(input, chunk->offset + FORMAT_CHUNK_HEADER_BYTES, loader->stored.data, chunk->stored, error);
    if (result)
        return result;
    if (crc32(0, loader->stored.data, chunk->stored) != chunk->crc)
        return damaged(input, chunk->offset, "the chunk has a wrong checksum", error);
    if (chunk->codec == FORMAT_ZSTD) {
        result = unpack(loader, input, chunk, error);
        *payload = (struct cursor){loader->raw.data, loader->raw.data + chunk->raw, false};
        return result;
    }
    if (chunk->codec != FORMAT_STORED || chunk->stored != chunk->raw)
        return damaged(input, chunk->offset, "the chunk is packed in a way that this heapline does not know", error);
    *payload = (struct cursor){loader->stored.data, loader->stored.data + chunk->stored, false};
    return 0;
}
