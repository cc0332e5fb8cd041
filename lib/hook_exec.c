/* exec and posix_spawn: the new program inherits the recording, also when the caller hands it an environment of its own.
 *
 * May run in a vfork child, on its parent's memory: nothing is allocated but stack, and nothing is written but records. */
#include "event.h"
#include "library.h"
#include "program.h"
#include "real.h"
#include "sys.h"

#include <alloca.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ENVIRONMENT_MAX 65536            /* entries; a larger one is passed on as it is */

static size_t count(char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

static bool is_variable(const char *entry, const char *name, size_t length) { return strncmp(entry, name, length) == 0 && entry[length] == '='; }

/* LD_PRELOAD with our library in front, unless it is there, in `buffer`, which has room. */
static char *with_library(char *entry, char *buffer)
{
    if (strstr(entry, hl_library.path))
        return entry;
    return strcat(strcat(strcat(strcpy(buffer, "LD_PRELOAD="), hl_library.path), ":"), entry + 11);
}

/* LD_PRELOAD without our library, in `buffer`; NULL: nothing is left of it. */
static char *without_library(char *entry, char *buffer)
{
    char *ours = strstr(entry, hl_library.path);
    if (!ours)
        return entry;
    size_t before = (size_t)(ours - entry);
    const char *after = ours + strlen(hl_library.path);
    memcpy(buffer, entry, before);
    strcpy(buffer + before, after + (*after == ':' || *after == ' '));
    return buffer[11] ? buffer : NULL;
}

/* Fills `to` with `from` and with what is missing of our variables, or, for a program that the library would hinder, without the library. */
static void adapt(char **to, char *const *from, size_t n, char *buffer, bool takes_library)
{
    bool has_socket = false, has_preload = false;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        char *entry = from[i];
        has_socket |= is_variable(entry, HL_ENV_SOCKET, sizeof HL_ENV_SOCKET - 1);
        if (is_variable(entry, "LD_PRELOAD", 10)) {
            has_preload = true;
            entry = takes_library ? with_library(entry, buffer) : without_library(entry, buffer);
        }
        if (entry)
            to[k++] = entry;
    }
    if (!has_socket && takes_library)
        to[k++] = hl_library.socket_variable;
    if (!has_preload && takes_library)
        to[k++] = hl_library.preload_variable;
    to[k] = NULL;
}

static size_t preload_bytes(char *const *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_variable(from[i], "LD_PRELOAD", 10))
            return strlen(from[i]) + strlen(hl_library.path) + 2;
    return 1;
}

/* `name` = environment `from` as `file` is to get it, on the caller's stack. */
#define ADAPT(name, from, file, search)                                                                                        \
    size_t name##_n = count(from);                                                                                             \
    char *const *name = from;                                                                                                  \
    if (hl_library.active && name##_n < ENVIRONMENT_MAX) {                                                                     \
        char **mine = alloca((name##_n + 3) * sizeof *mine);                                                                   \
        adapt(mine, from, name##_n, alloca(preload_bytes(from, name##_n)), hl_program_takes_library(file, search));            \
        name = mine;                                                                                                           \
    }

static struct hl_thread *announce(const char *path)
{
    if (!hl_library.active)
        return NULL;
    struct hl_thread *thread = hl_self && hl_self->status == HL_THREAD_READY ? hl_enter() : NULL;
    if (!thread) {
        hl_session_notice(HL_HELLO_EXEC, path ? path : "");
        return NULL;
    }
    uint64_t words[2] = {hl_record_word(HL_RECORD_EXEC, 0), (uint64_t)hl_sys_getpid()};
    hl_event_path(thread, words, 2, path ? path : "");
    hl_leave(thread);
    return thread;
}

static int came_back(struct hl_thread *thread, int result)
{
    if (thread && hl_enter()) {
        hl_event_word(thread, HL_RECORD_EXEC_FAILED, 0);
        hl_leave(thread);
    }
    return result;
}

HL_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
    ADAPT(environment, envp, path, false);
    struct hl_thread *thread = announce(path);
    return came_back(thread, HL_REAL(int (*)(const char *, char *const[], char *const[]), "execve")(path, argv, environment));
}

HL_EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
    ADAPT(environment, envp, file, true);
    struct hl_thread *thread = announce(file);
    return came_back(thread, HL_REAL(int (*)(const char *, char *const[], char *const[]), "execvpe")(file, argv, environment));
}

HL_EXPORT int execv(const char *path, char *const argv[]) { return execve(path, argv, environ); }

HL_EXPORT int execvp(const char *file, char *const argv[]) { return execvpe(file, argv, environ); }

HL_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
    ADAPT(environment, envp, NULL, false);
    struct hl_thread *thread = announce("");
    return came_back(thread, HL_REAL(int (*)(int, char *const[], char *const[]), "fexecve")(fd, argv, environment));
}

HL_EXPORT int execveat(int, const char *, char *const[], char *const[], int);    /* declared by glibc since 2.34 */

int execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
    ADAPT(environment, envp, dir == AT_FDCWD ? path : NULL, false);
    struct hl_thread *thread = announce(path);
    return came_back(thread, (int)syscall(SYS_execveat, dir, path, argv, environment, flags));
}

/* The list forms: arguments gathered on the stack. `last` is the final NULL's neighbour in execle. */
#define GATHER(argv, first, list)                                                                                              \
    size_t argv##_n = 1;                                                                                                       \
    va_start(list, first);                                                                                                     \
    while (va_arg(list, char *))                                                                                               \
        argv##_n++;                                                                                                            \
    va_end(list);                                                                                                              \
    char **argv = alloca((argv##_n + 1) * sizeof *argv);                                                                       \
    argv[0] = (char *)first;                                                                                                   \
    va_start(list, first);                                                                                                     \
    for (size_t i_ = 1; i_ <= argv##_n; i_++)                                                                                  \
        argv[i_] = va_arg(list, char *);

HL_EXPORT int execl(const char *path, const char *first, ...)
{
    va_list list;
    GATHER(argv, first, list);
    va_end(list);
    return execve(path, argv, environ);
}

HL_EXPORT int execlp(const char *file, const char *first, ...)
{
    va_list list;
    GATHER(argv, first, list);
    va_end(list);
    return execvpe(file, argv, environ);
}

HL_EXPORT int execle(const char *path, const char *first, ...)
{
    va_list list;
    GATHER(argv, first, list);
    char *const *envp = va_arg(list, char *const *);
    va_end(list);
    return execve(path, argv, envp);
}

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[],
                           char *const[]);

HL_EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                          char *const argv[], char *const envp[])
{
    ADAPT(environment, envp, path, false);
    return HL_REAL(spawn_function *, "posix_spawn")(pid, path, actions, attributes, argv, environment);
}

HL_EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                           char *const argv[], char *const envp[])
{
    ADAPT(environment, envp, file, true);
    return HL_REAL(spawn_function *, "posix_spawnp")(pid, file, actions, attributes, argv, environment);
}
