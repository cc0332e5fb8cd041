/* Every way to end: the verdict is there after exit, also from another thread, _exit, quick_exit and a signal; after
 * SIGKILL there is none, and it says so.
 *
 * case: exit: arguments=exit
 * case: exit_thread: arguments=exit_thread
 * case: _exit: arguments=_exit
 * case: quick_exit: arguments=quick_exit
 * case: abort: arguments=abort signal=SIGABRT
 * case: segv: arguments=segv signal=SIGSEGV
 * case: kill: arguments=kill signal=SIGKILL verdict=incomplete reason=signal
 * case: exec: arguments=exec
 * valgrind: no kill: nobody sees that coming
 */
#include "leaks.h"
#include <signal.h>

static void *kept, *dropped;

static void fill(void)
{
    dropped = malloc(101);              /* leak: lost=101/1; kill: nothing */
    dropped = NULL;
    kept = malloc(102);                 /* leak: reachable=102/1 by=global:kept; kill: nothing */
}

static void *leave(void *unused)
{
    exit(0);
    return unused;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    pthread_t thread;
    if (strcmp(how, "exec") == 0)
        execl(argv[0], argv[0], "exit", NULL);
    fill();
    scrub();
    if (strcmp(how, "exit_thread") == 0)
        CHECK(pthread_create(&thread, NULL, leave, NULL) == 0 && pthread_join(thread, NULL) == 0);
    if (strcmp(how, "_exit") == 0)
        _exit(0);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(0);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "segv") == 0)
        *(volatile int *)8 = 1;
    if (strcmp(how, "kill") == 0)
        raise(SIGKILL);
    exit(0);
}
