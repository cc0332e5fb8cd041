/* 500 threads one after the other, 100 at once, detached ones; each leaves records in its ring when it dies.
 *
 * group: threads
 * count: sums
 * case: sequential: arguments=sequential
 * case: at_once: arguments=at_once
 * case: detached: arguments=detached
 */
#include "prog.h"
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/stat.h>

/* Threads of this process that the system still knows: a detached one gives back memory after its last own word. */
static int threads_left(void)
{
    struct stat status;
    CHECK(stat("/proc/self/task", &status) == 0);
    return (int)status.st_nlink - 2;
}

static sem_t done;
static pthread_barrier_t together;
static int wait_for_all;

static void *work(void *kept)
{
    if (wait_for_all)
        pthread_barrier_wait(&together);
    for (int i = 0; i < 20; i++)
        free(malloc(60));               /* expect: count=20*$threads bytes=1200*$threads live=0 temporary=20*$threads */
    *(void **)kept = malloc(61);        /* expect: count=$threads bytes=61*$threads live=61*$threads */
    sem_post(&done);
    return NULL;
}

int main(int argc, char **argv)
{
    static void *kept[500];
    static pthread_t threads[500];
    int detached = argc > 1 && strcmp(argv[1], "detached") == 0, at_once = argc > 1 && strcmp(argv[1], "at_once") == 0;
    int n = at_once ? 100 : 500;
    sem_init(&done, 0, 0);
    wait_for_all = at_once;
    pthread_barrier_init(&together, NULL, (unsigned)n);
    for (int i = 0; i < n; i++) {
        CHECK(pthread_create(&threads[i], NULL, work, &kept[i]) == 0);
        if (detached)
            pthread_detach(threads[i]);
        else if (!at_once)
            pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < n; i++)
        sem_wait(&done);
    for (int i = 0; i < n && at_once; i++)
        pthread_join(threads[i], NULL);
    while (threads_left() > 1)
        sched_yield();
    dprintf(1, "threads=%d\n", n);
    return 0;
}
