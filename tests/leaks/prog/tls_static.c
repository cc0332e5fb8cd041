/* Thread-local variables of the program: of the first thread, and of one that is still there at the end.
 *
 * case: plain: verdict=clean
 * case: skipped: run=--skip-roots=tls,stacks verdict=leaks
 */
#include "leaks.h"

static __thread void *mine;
static __thread struct { char bytes[3000]; void *last; } big;
static pthread_barrier_t barrier;

static void fill(size_t size)
{
    mine = malloc(size);                /* leak: reachable=300/2; skipped: lost=300/2 */
    big.last = malloc(2 * size);        /* leak: reachable=600/2; skipped: lost=600/2 */
    free(malloc(8));
}

static void *stay(void *unused)
{
    fill(200);
    scrub();
    meet(&barrier);
    wait_for_ever();
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    fill(100);
    CHECK(pthread_create(&thread, NULL, stay, NULL) == 0);     /* leak: any */
    meet(&barrier);
    scrub();
    return 0;
}
