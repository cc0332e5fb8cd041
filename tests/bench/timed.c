/* Runs one program and writes what it took: wall time, processor time, largest resident memory, exit status.
 *
 *     timed RESULT STDIN STDOUT PROGRAM [ARGUMENT...]
 *
 * It stands between a profiler and the program that is measured, so that the figures end with the program and not with what
 * the profiler does afterwards. It is a static executable: no profiler's library gets into it, while LD_PRELOAD passes through
 * to the program. And it is small: the child begins in our memory, and the kernel counts what a process held before exec
 * towards the largest resident size of the program that it becomes.
 *
 * RESULT gets one line: wall ns, user us, system us, largest resident KiB, exit status (128+n for signal n). */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long micros(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

static int fail(const char *what, int error)
{
    fprintf(stderr, "timed: %s: %s\n", what, strerror(error));
    return 127;
}

int main(int argc, char **argv)
{
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t pid;
    int status;
    if (argc < 5)
        return fail("timed RESULT STDIN STDOUT PROGRAM [ARGUMENT...]", EINVAL);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, argv[2], O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    long long begin = now_ns();
    int error = posix_spawnp(&pid, argv[4], &actions, NULL, argv + 4, environ);
    if (error)
        return fail(argv[4], error);
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            return fail("wait4", errno);
    long long wall = now_ns() - begin;
    int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    FILE *result = fopen(argv[1], "w");
    if (!result)
        return fail(argv[1], errno);
    fprintf(result, "%lld %lld %lld %ld %d\n", wall, micros(usage.ru_utime), micros(usage.ru_stime), usage.ru_maxrss, code);
    return fclose(result) == 0 ? code : fail(argv[1], errno);
}
