/* A block that one thread allocates, another resizes and a third releases; addresses come back to other threads. Whoever
 * allocated last owns the bytes, however late the rings are read.
 *
 * group: allocation
 * count: sums
 */
#include "prog.h"
#include <pthread.h>

#define ROUNDS 2000
static void *volatile handed;

static void *allocate(void *size)
{
    handed = malloc((size_t)size);          /* expect: count=2000 bytes=200000 live=0 freed=200000 */
    return NULL;
}

static void *resize(void *size)
{
    handed = realloc(handed, (size_t)size); /* expect: count=2000 bytes=600000 live=0 freed=600000 */
    return NULL;
}

static void *release(void *unused)
{
    free(handed);
    return unused;
}

static void in_thread(void *(*work)(void *), size_t size)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, (void *)size) == 0);
    pthread_join(thread, NULL);
}

int main(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        in_thread(allocate, 100);
        in_thread(resize, 300);
        in_thread(release, 0);
    }
    return 0;
}
