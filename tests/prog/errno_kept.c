/* Calls that succeed leave errno alone, also the first ones of a thread, when the profiler has most to do.
 *
 * group: allocation
 * count: sums
 */
#include "prog.h"
#include <pthread.h>

static void *use(void *unused)
{
    void *p[4], *q;
    errno = 4242;
    p[0] = malloc(1000);                            /* expect: count=5 bytes=5000 live=0 */
    CHECK(errno == 4242);
    p[1] = calloc(10, 10);                          /* expect: count=5 bytes=500 live=0 */
    CHECK(errno == 4242);
    p[2] = realloc(p[0], 200000);                   /* expect: count=5 bytes=1000000 live=0 */
    CHECK(errno == 4242);
    CHECK(posix_memalign(&q, 64, 64) == 0);         /* expect: count=5 bytes=320 live=0 */
    CHECK(errno == 4242);
    p[3] = aligned_alloc(64, 64);                   /* expect: count=5 bytes=320 live=0 */
    CHECK(errno == 4242);
    free(p[1]), free(p[2]), free(p[3]), free(q);
    CHECK(errno == 4242);
    return unused;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, use, NULL) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    use(NULL);
    return 0;
}
