/* Values of pthread keys, the first 32 of which stand in the thread's descriptor and the others in tables that it
 * leads to; of the first thread and of another one.
 *
 * case: plain: verdict=clean
 * case: skipped: run=--skip-roots=tls,stacks verdict=leaks
 */
#include "leaks.h"

static pthread_key_t keys[70];
static pthread_barrier_t barrier;

static void fill(size_t size)
{
    CHECK(pthread_setspecific(keys[5], malloc(size)) == 0);         /* leak: reachable=300/2; skipped: lost=300/2 */
    CHECK(pthread_setspecific(keys[65], malloc(2 * size)) == 0);    /* leak: reachable=1624/4; skipped: any */
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
    for (int i = 0; i < 70; i++)
        CHECK(pthread_key_create(&keys[i], NULL) == 0);
    fill(100);
    CHECK(pthread_create(&thread, NULL, stay, NULL) == 0);     /* leak: any */
    meet(&barrier);
    scrub();
    return 0;
}
