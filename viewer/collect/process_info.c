#include "process_info.h"

#include "../base/quote.h"
#include "../base/strbuf.h"
#include "../base/xalloc.h"
#include "collector.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMM_BYTES 15u                   /* the kernel keeps no more of a name (proc(5), comm) */

/* The whole of a small file of /proc; NULL when it is not to be had. */
static char *read_proc(int32_t pid, const char *name, size_t *n)
{
    char path[96];
    size_t have = 0, room = 4096;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *text = xmalloc(room + 1);
    ssize_t got;
    while ((got = read(fd, text + have, room - have)) > 0) {
        have += (size_t)got;
        if (have == room)
            text = xrealloc(text, (room *= 2) + 1);
    }
    close(fd);
    text[have] = 0;
    *n = have;
    return text;
}

char *process_command(int32_t pid)
{
    size_t n;
    char *text = read_proc(pid, "cmdline", &n);
    struct strbuf out = STRBUF_INIT;
    for (char *p = text; p && p < text + n; p += strlen(p) + 1) {
        if (out.length)
            strbuf_add(&out, " ");
        quote_word(&out, p);
    }
    free(text);
    return out.length ? strbuf_detach(&out) : xstrdup("");
}

char *process_executable(int32_t pid)
{
    char path[64], target[4097];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n > 0 ? n : 0] = 0;
    return xstrdup(target);
}

char *process_name(int32_t pid)
{
    size_t n;
    char *name = read_proc(pid, "comm", &n), *path = process_executable(pid), *slash = strrchr(path, '/');
    const char *file = slash ? slash + 1 : "gone";
    if (name)
        name[strcspn(name, "\n")] = 0;
    for (char *p = name; p && *p; p++)
        if ((unsigned char)*p < ' ')
            *p = '?';                    /* a terminal is going to show it */
    bool cut = name && strlen(name) == COMM_BYTES && strncmp(file, name, COMM_BYTES) == 0;
    if (!name || !*name || cut) {
        free(name);
        name = xstrdup(file);
    }
    free(path);
    return name;
}

/* Field `index` of /proc/PID/stat, counted from 3, the one behind the name in parentheses. */
int32_t process_parent(int32_t pid)
{
    size_t n;
    char *text = read_proc(pid, "stat", &n), *end = text ? strrchr(text, ')') : NULL;
    int parent = 0;
    if (end)
        sscanf(end + 1, " %*c %d", &parent);
    free(text);
    return parent;
}

uint64_t process_rss(int32_t pid)
{
    size_t n;
    unsigned long size = 0, resident = 0;
    char *text = read_proc(pid, "statm", &n);
    if (text)
        sscanf(text, "%lu %lu", &size, &resident);
    free(text);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

char process_state(int32_t pid)
{
    size_t n;
    char *text = read_proc(pid, "stat", &n), *end = text ? strrchr(text, ')') : NULL, state = 0;
    if (end)
        sscanf(end + 1, " %c", &state);
    free(text);
    return state;
}

/* Is the signal in a set of /proc/PID/status? `field`: "SigCgt:". */
static bool in_signal_set(int32_t pid, const char *field, uint32_t signal)
{
    size_t n;
    unsigned long long set = 0;
    char *text = read_proc(pid, "status", &n), *at = text ? strstr(text, field) : NULL;
    if (at)
        sscanf(at + strlen(field), "%llx", &set);
    free(text);
    return signal && signal <= 64 && set >> (signal - 1) & 1;
}

bool process_catches(int32_t pid, uint32_t signal) { return in_signal_set(pid, "SigCgt:", signal); }
bool process_waits(int32_t pid, uint32_t signal) { return in_signal_set(pid, "ShdPnd:", signal); }

uint32_t process_filters(int32_t pid)
{
    size_t n;
    unsigned filters = 0;
    char *text = read_proc(pid, "status", &n), *at = text ? strstr(text, "Seccomp_filters:") : NULL;
    if (at)
        sscanf(at, "Seccomp_filters: %u", &filters);
    else if (text && (at = strstr(text, "Seccomp:")))
        filters = strchr(at, '2') && strchr(at, '2') < strchr(at, '\n');
    free(text);
    return filters;
}

/* struct pidfd_info of linux/pidfd.h, newer than the headers that we build with. */
struct pidfd_info {
    uint64_t mask, cgroupid;
    uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int32_t exit_code;
    uint32_t coredump_mask, coredump_signal;
};
#define PIDFD_INFO_EXIT_BIT (UINT64_C(1) << 3)
#define PIDFD_GET_INFO_REQUEST _IOWR(0xFF, 11, struct pidfd_info)

bool process_exit_status(int pidfd, struct trace_exit *exit)
{
    struct pidfd_info info = {.mask = PIDFD_INFO_EXIT_BIT};
    if (pidfd < 0 || ioctl(pidfd, PIDFD_GET_INFO_REQUEST, &info) != 0 || !(info.mask & PIDFD_INFO_EXIT_BIT))
        return false;
    bool signalled = WIFSIGNALED(info.exit_code);
    exit->kind = signalled ? TRACE_EXIT_SIGNAL : TRACE_EXIT_CODE;
    exit->value = signalled ? WTERMSIG(info.exit_code) : WEXITSTATUS(info.exit_code);
    return true;
}

void process_name_thread(struct target *target, struct target_thread *thread)
{
    char path[64];
    size_t n;
    snprintf(path, sizeof path, "task/%d/comm", thread->tid);
    char *name = read_proc(target->pid, path, &n);
    if (!name || n == 0) {
        thread->gone = true;
        free(name);
        return;
    }
    name[strcspn(name, "\n")] = 0;
    if (!thread->name || strcmp(thread->name, name) != 0)
        trace_write_thread_name(target->collector->writer, thread->trace, name);
    free(thread->name);
    thread->name = name;
}

void process_name_threads(struct target *target)
{
    for (size_t i = 1; i < target->threads.n; i++)
        if (!target->threads.items[i].gone)
            process_name_thread(target, &target->threads.items[i]);
}
