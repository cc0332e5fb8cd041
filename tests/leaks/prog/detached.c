/* Detached threads: one that has ended lost what only its frames held, one that still waits holds it. */
#include "leaks.h"
#include <fcntl.h>

static pthread_barrier_t barrier;

static void *end(void *unused)
{
    void *volatile p = malloc(101);     /* leak: lost=101/1 */
    scrub();
    CHECK(p);
    p = NULL;
    __asm__ volatile("" ::: "memory");
    return unused;
}

static void *stay(void *unused)
{
    void *volatile p = malloc(102);     /* leak: reachable=102/1 by=stack */
    scrub();
    meet(&barrier);
    wait_for_ever();
    return p ? unused : NULL;
}

static void *abandon(void *unused)      /* the pointer stays where its stack was */
{
    void *volatile p = malloc(103);     /* leak: lost=103/1 */
    scrub();
    CHECK(p);
    pthread_exit(unused);
}

static void start(void *(*function)(void *))
{
    pthread_t thread;
    pthread_attr_t detached;
    CHECK(pthread_attr_init(&detached) == 0 && pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED) == 0);
    CHECK(pthread_create(&thread, &detached, function, NULL) == 0);
}

/* Of a detached thread nothing tells that it has ended but the number of threads. */
static int threads(void)
{
    char text[4096], *at;
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return (at = strstr(text, "Threads:")) ? atoi(at + 8) : 0;
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    start(stay);
    meet(&barrier);
    start(end);
    start(abandon);
    while (threads() != 2)
        sched_yield();
    scrub();
    return 0;
}
