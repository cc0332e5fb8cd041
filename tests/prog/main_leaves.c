/* main ends with pthread_exit; the process lives on in a named thread, which waits until main is gone and ends it with a
 * status.
 *
 * group: threads
 * count: sums
 * exit: 9
 * thread: worker-thread
 */
#include "prog.h"
#include <pthread.h>

static pthread_t main_thread;

static void *work(void *unused)
{
    pthread_setname_np(pthread_self(), "worker-thread");
    pthread_join(main_thread, NULL);
    for (int i = 0; i < 100; i++)
        free(malloc(44));           /* expect: count=100 bytes=4400 live=0 temporary=100 */
    exit(9);
    return unused;
}

int main(void)
{
    pthread_t thread;
    main_thread = pthread_self();
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    void *kept = malloc(43);        /* expect: count=1 bytes=43 live=43 */
    CHECK(kept != NULL);
    pthread_exit(NULL);
}
