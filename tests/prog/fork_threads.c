/* fork while four other threads allocate, whatever they hold at that moment: the child allocates, releases what it
 * inherited and exits.
 *
 * group: processes
 * count: calls
 * processes: 21
 */
#include "prog.h"
#include <pthread.h>
#include <sys/wait.h>

static volatile int stop;
static void *inherited[5], *own[10];

static void *work(void *unused)
{
    while (!stop)
        free(malloc(100));                  /* expect: live=any */
    return unused;
}

static void child(void)
{
    for (int i = 0; i < 10; i++)
        own[i] = malloc(200);               /* expect: count=200 bytes=40000 live=20000 freed=20000 */
    for (int i = 0; i < 5; i++) {
        free(own[i]);
        free(inherited[i]);
    }
    _exit(0);
}

int main(void)
{
    pthread_t threads[4];
    int status;
    for (int i = 0; i < 5; i++)
        inherited[i] = malloc(1000);        /* expect: count=5 bytes=5000 live=0 freed=105000 */
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork();
        if (pid == 0)
            child();
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 5; i++)
        free(inherited[i]);
    return 0;
}
