/* 500 threads, each with a block on its stack and one in a thread-local variable; all of them stop, and all is found.
 *
 * valgrind: no, it has room for fewer threads
 */
#include "leaks.h"

#define N 500

static __thread void *local;
static pthread_barrier_t barrier;

static void *stay(void *unused)
{
    void *volatile mine = malloc(100);          /* leak: reachable=50000/500 by=stack */
    local = malloc(60);                         /* leak: reachable=30000/500 */
    void *volatile dropped = malloc(20);        /* leak: lost=10000/500 */
    CHECK(dropped);
    dropped = NULL;
    scrub();
    meet(&barrier);
    wait_for_ever();
    return mine ? unused : NULL;
}

int main(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, N + 1);
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstacksize(&attributes, 128 << 10) == 0);
    for (int i = 0; i < N; i++)
        CHECK(pthread_create(&thread, &attributes, stay, NULL) == 0);
    meet(&barrier);
    return 0;
}
