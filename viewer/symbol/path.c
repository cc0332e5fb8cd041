#include "path.h"

#include <stdbool.h>
#include <string.h>

/* "a/b" -> "a", "a" -> "", "/" and a path that ends in ".." stay: there is nothing to take off. */
static bool drop_last(struct strbuf *out)
{
    const char *slash = strrchr(out->data, '/');
    const char *last = slash ? slash + 1 : out->data;
    if (!*last || strcmp(last, "..") == 0)
        return slash == out->data && !*last;
    size_t length = slash ? (size_t)(slash - out->data) : 0;
    strbuf_truncate(out, slash == out->data ? 1 : length);
    return true;
}

static void add_parts(struct strbuf *out, const char *path)
{
    while (*path) {
        size_t n = strcspn(path, "/");
        bool up = n == 2 && path[0] == '.' && path[1] == '.';
        bool empty = n == 0 || (n == 1 && path[0] == '.');
        if (!empty && !(up && drop_last(out))) {
            if (out->length > 0 && out->data[out->length - 1] != '/')
                strbuf_add_char(out, '/');
            strbuf_add_bytes(out, path, n);
        }
        path += n;
        path += *path == '/';
    }
}

void path_normalise(struct strbuf *out, const char *directory, const char *file)
{
    strbuf_clear(out);
    bool relative = file[0] != '/';
    if ((relative ? (directory ? directory[0] : 0) : file[0]) == '/')
        strbuf_add_char(out, '/');
    if (relative && directory)
        add_parts(out, directory);
    add_parts(out, file);
}
