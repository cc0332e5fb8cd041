/* One thread asks for thread attributes without end, which allocates and takes libc's locks, while others start, allocate
 * and end.
 *
 * group: threads
 * count: sums
 */
#include "prog.h"
#include <pthread.h>

static volatile int stop;

static void *spin(void *unused)
{
    pthread_attr_t attributes;
    while (!stop) {
        CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
        pthread_attr_destroy(&attributes);
    }
    return unused;
}

static void *work(void *unused)
{
    for (int i = 0; i < 500; i++)
        free(malloc(45));           /* expect: count=50000 bytes=2250000 live=0 temporary=50000 */
    return unused;
}

int main(void)
{
    pthread_t spinner, worker;
    CHECK(pthread_create(&spinner, NULL, spin, NULL) == 0);
    for (int i = 0; i < 100; i++) {
        CHECK(pthread_create(&worker, NULL, work, NULL) == 0);
        pthread_join(worker, NULL);
    }
    stop = 1;
    pthread_join(spinner, NULL);
    return 0;
}
