/* A thread that blocks all signals cannot be stopped: the report says so, and which thread it is. What its stack
 * holds is found while it waits.
 *
 * unseen: (deaf)
 */
#include "leaks.h"
#include <signal.h>
#include <sys/syscall.h>

static pthread_barrier_t barrier;

static void *stay(void *unused)
{
    void *volatile mine = malloc(101);          /* leak: reachable=101/1 */
    uint64_t all = ~UINT64_C(0);                /* pthread_sigmask would leave two out */
    CHECK(pthread_setname_np(pthread_self(), "deaf") == 0);
    CHECK(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all) == 0);
    scrub();
    meet(&barrier);
    wait_for_ever();
    return mine ? unused : NULL;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    CHECK(pthread_create(&thread, NULL, stay, NULL) == 0);      /* leak: any */
    meet(&barrier);
    scrub();
    return 0;
}
