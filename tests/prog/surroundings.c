/* What a process inherits is as it is natively: descriptors, working directory, umask, signal mask and dispositions,
 * limits, priority, name, arguments, dumpability, parent-death signal. A process that looks around sees no profiler.
 *
 * group: life
 */
#include "prog.h"
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void print_descriptors(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        char name[64], target[512];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(name, target, sizeof target - 1);
        if (length > 0)
            printf("fd %d %s\n", fd, strncmp(target, "pipe:", 5) ? (target[length] = 0, target) : "pipe");
    }
}

static void print_signals(void)
{
    sigset_t blocked, pending;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    sigpending(&pending);
    for (int signal = 1; signal < 65; signal++) {
        struct sigaction action = { .sa_flags = 0 };
        if (sigaction(signal, NULL, &action) == 0 && (action.sa_handler != SIG_DFL || sigismember(&blocked, signal)))
            printf("signal %d %s %d %d\n", signal, action.sa_handler == SIG_IGN ? "ignored" : "handled",
                   sigismember(&blocked, signal), sigismember(&pending, signal));
    }
}

int main(int argc, char **argv)
{
    char directory[4096], name[17] = "";
    struct rlimit limit;
    int death = -1;
    free(malloc(10));                               /* expect: count=1 bytes=10 live=0 */
    print_descriptors();
    print_signals();
    mode_t mask = umask(0);
    prctl(PR_GET_NAME, name);
    prctl(PR_GET_PDEATHSIG, &death);
    printf("%s %o %s %d %d %d\n", getcwd(directory, sizeof directory), mask, name, argc, death, prctl(PR_GET_DUMPABLE));
    for (int i = 0; i < argc; i++)
        printf("argument %s\n", argv[i]);
    for (int i = 0; i < RLIM_NLIMITS; i++)
        if (getrlimit(i, &limit) == 0)
            printf("limit %d %lu %lu\n", i, limit.rlim_cur, limit.rlim_max);
    printf("nice %d policy %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
    return 0;
}
