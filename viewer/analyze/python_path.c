#include "python_path.h"

#include <ctype.h>
#include <string.h>

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Behind "python3", "python3.11" or "python311.zip" and its '/', or NULL. */
static const char *behind_version(const char *text)
{
    if (!starts_with(text, "python3"))
        return NULL;
    text += strlen("python3");
    while (isdigit((unsigned char)*text) || *text == '.')
        text++;
    if (*text == 't')                  /* free-threaded */
        text++;
    if (starts_with(text, "zip"))
        text += 3;
    return *text == '/' ? text + 1 : NULL;
}

/* "/usr/lib/python3.11/json/decoder.py" -> "json/decoder.py"; NULL: not there. */
static const char *behind_library(const char *path)
{
    for (const char *at = strstr(path, "/lib"); at; at = strstr(at + 1, "/lib")) {
        const char *folder = starts_with(at, "/lib64/") ? at + 7 : starts_with(at, "/lib/") ? at + 5 : NULL;
        const char *rest = folder ? behind_version(folder) : NULL;
        if (rest)
            return rest;
    }
    return NULL;
}

static const char *behind_packages(const char *path)
{
    static const char *const folders[] = { "/site-packages/", "/dist-packages/" };
    for (size_t i = 0; i < 2; i++) {
        const char *at = strstr(path, folders[i]);
        if (at)
            return at + strlen(folders[i]);
    }
    return NULL;
}

/* What a person typed or a notebook holds; other names in brackets are code that libraries made. */
static bool is_typed(const char *path)
{
    static const char *const names[] = {
        "<string>", "<stdin>", "<ipython-input", "<cell", "<console>", "<input>", "<doctest", NULL,
    };
    for (size_t i = 0; names[i]; i++)
        if (starts_with(path, names[i]))
            return true;
    return false;
}

bool python_path_is_library(const char *path)
{
    if (*path == '<')
        return !is_typed(path);
    return behind_packages(path) || behind_library(path) || strstr(path, "/python/heapline/");      /* our own package, too */
}

bool python_path_is_import(const char *path)
{
    return starts_with(path, "<frozen importlib._bootstrap");
}

/* Where the part of a path begins that ends at `end`. */
static const char *part_before(const char *path, const char *end)
{
    while (end > path && end[-1] != '/')
        end--;
    return end;
}

const char *python_path_tail(const char *path)
{
    const char *tail = behind_packages(path);
    if (!tail)
        tail = behind_library(path);
    if (*path == '<' || (tail && *tail))
        return *path == '<' ? path : tail;
    const char *base = part_before(path, path + strlen(path));
    if (starts_with(base, "__") && base - path > 1)       /* __init__.py says nothing without its package */
        base = part_before(path, base - 1);
    return *base ? base : path;
}

void python_add_module(struct strbuf *out, const char *path)
{
    const char *tail = python_path_tail(path), *base = part_before(tail, tail + strlen(tail));
    if (starts_with(tail, "lib-dynload/"))
        tail = base;
    for (const char *at = tail; at < base; at++)
        strbuf_add_char(out, *at == '/' ? '.' : *at);
    strbuf_add_bytes(out, base, strcspn(base, "."));
}

bool python_is_interpreter_module(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    if (starts_with(base, "libpython"))
        return true;
    if (!starts_with(base, "python"))
        return false;
    base += strlen("python");
    return *base == '\0' || isdigit((unsigned char)*base);
}

bool python_is_interpreter_source(const char *path)
{
    static const char *const folders[] = { "/Objects/", "/Python/", "/Modules/", "/Parser/", "/Programs/", NULL };
    if (starts_with(path, "Objects/") || starts_with(path, "Python/"))
        return true;
    for (size_t i = 0; folders[i]; i++)
        if (strstr(path, folders[i]))
            return true;
    return false;
}

bool python_is_interpreter_core(const char *path)
{
    static const char *const files[] = { "Python/ceval.c", "Objects/obmalloc.c", "Python/pylifecycle.c", NULL };
    size_t length = strlen(path);
    for (size_t i = 0; files[i]; i++) {
        size_t n = strlen(files[i]);
        if (length >= n && strcmp(path + length - n, files[i]) == 0)
            return true;
    }
    return false;
}
