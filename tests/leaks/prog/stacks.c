/* Locals of frames that are still open hold what they point to: the first thread's, those of threads that wait, and
 * of one with a stack of its own.
 *
 * case: plain: verdict=clean
 * case: skipped: run=--skip-roots=stacks verdict=leaks
 */
#include "leaks.h"
#include <sys/mman.h>

static pthread_barrier_t barrier;

static void *stay(void *size)
{
    void *p = malloc((size_t)size);     /* leak: reachable=600/3 by=stack; skipped: lost=600/3 */
    scrub();
    meet(&barrier);
    wait_for_ever();
    return p;
}

static void inner(void)
{
    scrub();
    exit(0);
}

static void outer(void)
{
    void *volatile p = malloc(404);     /* leak: reachable=404/1 by=stack; skipped: lost=404/1 */
    inner();
    CHECK(p);
}

int main(void)
{
    pthread_t thread;
    pthread_attr_t own;
    void *stack = mmap(NULL, 256 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_barrier_init(&barrier, NULL, 4);
    CHECK(stack != MAP_FAILED && pthread_attr_init(&own) == 0 && pthread_attr_setstack(&own, stack, 256 << 10) == 0);
    CHECK(pthread_create(&thread, NULL, stay, (void *)100) == 0);      /* leak: any */
    CHECK(pthread_create(&thread, NULL, stay, (void *)200) == 0);      /* leak: any */
    CHECK(pthread_create(&thread, &own, stay, (void *)300) == 0);      /* leak: any */
    meet(&barrier);
    outer();
    return 1;
}
