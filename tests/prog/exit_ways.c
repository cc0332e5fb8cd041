/* However a process ends, all that it did is in the trace, its status is passed through, and the report says how it ended.
 *
 * group: life
 * case: return: arguments=return exit=3
 * case: _exit: arguments=_exit exit=4
 * case: _Exit: arguments=_Exit exit=5
 * case: quick_exit: arguments=quick_exit exit=6
 * case: abort: arguments=abort signal=SIGABRT
 * case: kill: arguments=kill signal=SIGKILL
 * case: segv: arguments=segv signal=SIGSEGV
 * case: syscall: arguments=syscall exit=7
 * case: thread: arguments=thread exit=8
 * case: exec: arguments=exec exit=3 sections=2
 */
#include "prog.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

static void *volatile kept[300];

static void quick(void) { free(kept[0]); kept[0] = NULL; }

static void *exit_here(void *unused)
{
    exit(8);
    return unused;
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "return";
    pthread_t thread;
    at_quick_exit(quick);
    for (int i = 0; i < 300; i++)
        kept[i] = malloc(120);      /* expect: count=$blocks bytes=120*$blocks live=120*$live */
    int quick_way = strcmp(way, "quick_exit") == 0;
    dprintf(1, "blocks=%d live=%d\n", 300, 300 - quick_way);   /* printed again by the second program of exec: added up */
    if (strcmp(way, "_exit") == 0)
        _exit(4);
    if (strcmp(way, "_Exit") == 0)
        _Exit(5);
    if (quick_way)
        quick_exit(6);
    if (strcmp(way, "abort") == 0)
        abort();
    if (strcmp(way, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(way, "segv") == 0)
        *(volatile int *)(uintptr_t)(argc - 2) = 1;
    if (strcmp(way, "syscall") == 0)
        syscall(SYS_exit_group, 7);
    if (strcmp(way, "exec") == 0)
        execl("/proc/self/exe", argv[0], "return", NULL);
    if (strcmp(way, "thread") == 0 && pthread_create(&thread, NULL, exit_here, NULL) == 0)
        pthread_join(thread, NULL);
    return 3;
}
