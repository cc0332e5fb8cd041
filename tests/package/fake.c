/* A recorder that only takes notes: the functions of heapline.h, each call a line in the file HEAPLINE_FAKE_LOG. Preloaded in the place of
 * the library, it shows what the Python package tells it. Code objects are noted by name, which also proves that they are alive. */
#include "../../lib/heapline.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (1024LL * 1024)

#define PYTHON __attribute__((weak, visibility("default"))) extern
#define EXPORT __attribute__((visibility("default")))

PYTHON void *PyObject_GetAttrString(void *object, const char *name);
PYTHON const char *PyUnicode_AsUTF8(void *text);
PYTHON int PyGILState_Check(void);

static void note(const char *line)
{
    const char *path = getenv("HEAPLINE_FAKE_LOG");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (fd < 0 || write(fd, line, strlen(line)) < 0)
        abort();
    close(fd);
}

static void note_label(const char *what, const char *label)
{
    char line[512];
    snprintf(line, sizeof line, "%s\t%s\n", what, label);
    note(line);
}

static const char *text_of(void *code, const char *attribute)
{
    if (!PyGILState_Check())
        abort();
    return PyUnicode_AsUTF8(PyObject_GetAttrString(code, attribute));
}

EXPORT int heapline_is_recording(void) { return !getenv("HEAPLINE_FAKE_OFF"); }
EXPORT void heapline_mark(const char *label) { note_label("mark", label); }
EXPORT void heapline_scope_begin(const char *label) { note_label("begin", label); }
EXPORT void heapline_scope_end(const char *label) { note_label("end", label); }

/* 3 MiB at first, then one more each time; the peak is 60 MiB until the fourth time, then 100 MiB. */
EXPORT long long heapline_live_bytes(long long *peak_bytes)
{
    static int times;
    if (!heapline_is_recording())
        return -1;
    long long live = (3 + times++) * MIB;
    if (peak_bytes)
        *peak_bytes = (times < 4 ? 60 : 100) * MIB;
    return live;
}

EXPORT int heapline_snapshot(const char *label)
{
    note_label("snapshot", label);
    return heapline_is_recording() ? 0 : -1;
}

EXPORT int heapline_leak_check(struct heapline_leaks *leaks)
{
    *leaks = (struct heapline_leaks){1, 2, 3, 4, 5, 6, 7ull << 32, 8, 1};
    return heapline_is_recording() ? 1 : -1;
}

EXPORT void heapline_disable(void) { note("disable\n"); }
EXPORT void heapline_enable(void) { note("enable\n"); }

EXPORT int heapline_window(struct heapline_window *window, int anew)
{
    *window = (struct heapline_window){1, 2, 3, 4, 5, (unsigned)anew};
    return 0;
}

EXPORT void heapline_python_watch(void *code) { note_label("watch", text_of(code, "co_name")); }

EXPORT void heapline_python_executed(void *code, unsigned line, unsigned count)
{
    char text[512];
    snprintf(text, sizeof text, "executed\t%s\t%u\t%u\t%d\t%s\n", text_of(code, "co_name"), line, count, (int)getpid(),
             text_of(code, "co_filename"));
    note(text);
}
