/* The main thread blocks all signals before it starts others: recording needs no signal, and none is lost or delivered
 * elsewhere.
 *
 * group: threads
 * count: sums
 */
#include "prog.h"
#include <pthread.h>
#include <signal.h>

static void *work(void *unused)
{
    for (int i = 0; i < 1000; i++)
        free(malloc(50));           /* expect: count=4000 bytes=200000 live=0 temporary=4000 */
    return unused;
}

int main(void)
{
    sigset_t all, pending;
    pthread_t threads[4];
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    sigpending(&pending);
    for (int signal = 1; signal < 65; signal++)
        CHECK(sigismember(&pending, signal) != 1);
    return 0;
}
