#include "source.h"

#include "../base/xalloc.h"
#include "../trace/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST ((off_t)64 << 20)

static int read_all(int fd, char *text, size_t size, size_t *got)
{
    for (*got = 0; *got < size;) {
        ssize_t n = read(fd, text + *got, size - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return 0;
}

static void find_lines(struct source *source, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += source->text[i] == '\n';
    source->lines = xcalloc(n + 2, sizeof *source->lines);
    for (size_t i = 0; i < size; i++)
        if (source->text[i] == '\n')
            source->lines[++source->n] = i + 1;
    if (source->lines[source->n] < size)
        source->lines[++source->n] = size;
}

void source_read(struct source *source, const char *path, uint64_t unix_ns)
{
    *source = (struct source){ 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        source->error = errno;
    } else if (!S_ISREG(status.st_mode) || status.st_size > LARGEST) {
        source->error = EFBIG;
    } else {
        size_t size;
        source->text = xmalloc((size_t)status.st_size + 1);
        source->error = read_all(fd, source->text, (size_t)status.st_size, &size);
        source->changed = (uint64_t)status.st_mtim.tv_sec * 1000000000u + (uint64_t)status.st_mtim.tv_nsec > unix_ns;
        find_lines(source, size);
    }
    if (fd >= 0)
        close(fd);
    int error = source->error;
    if (error)
        source_release(source);
    source->error = error;
}

void source_copy(struct source *source, const char *text, size_t bytes)
{
    *source = (struct source){ .text = xmemdup(text, bytes) };
    find_lines(source, bytes);
}

void source_find(struct source *source, const struct trace *trace, const char *path)
{
    for (uint32_t i = 0; i < trace->n_texts; i++) {
        if (strcmp(trace->texts[i].file, path) == 0) {
            source_copy(source, trace->texts[i].text, trace->texts[i].bytes);
            return;
        }
    }
    source_read(source, path, trace->run.unix_ns);
}

void source_release(struct source *source)
{
    free(source->text);
    free(source->lines);
    *source = (struct source){ 0 };
}

const char *source_line(const struct source *source, uint32_t number, size_t *n)
{
    *n = 0;
    if (number == 0 || number > source->n)
        return NULL;
    const char *start = source->text + source->lines[number - 1], *end = source->text + source->lines[number];
    while (end > start && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    *n = (size_t)(end - start);
    return start;
}
