/* A thread that has ended and that nobody has joined: what it returned is kept for who joins it, what its stack and
 * its variables held is lost.
 *
 * why: to valgrind everything on a stack that is still mapped is held, whether its thread lives or not
 */
#include "leaks.h"

static pthread_t thread;
static __thread void *local;

static void *work(void *unused)
{
    void **result = malloc(101);        /* leak: reachable=101/1 */
    local = malloc(102);                /* leak: lost=102/1 valgrind=reachable */
    *result = malloc(103);              /* leak: reachable=103/1 */
    scrub();
    return unused ? unused : result;
}

static int threads(void)
{
    char text[4096], *at;
    FILE *file = fopen("/proc/self/status", "re");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[n] = 0;
    if (file)
        fclose(file);
    return (at = strstr(text, "Threads:")) ? atoi(at + 8) : 0;
}

int main(void)
{
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    while (threads() != 1)
        sched_yield();
    scrub();
    return 0;
}
