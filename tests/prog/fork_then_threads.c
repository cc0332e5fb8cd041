/* A forked child starts threads of its own, and forks again: three generations, each with its own account.
 *
 * group: processes
 * count: sums
 * processes: 3
 */
#include "prog.h"
#include <pthread.h>
#include <sys/wait.h>

static void *work(void *unused)
{
    for (int i = 0; i < 100; i++)
        free(malloc(30));                   /* expect: count=900 bytes=27000 live=0 temporary=900 */
    return unused;
}

static void generation(int left)
{
    pthread_t threads[3];
    int status = 0;
    void *kept = malloc(31);                /* expect: count=3 bytes=93 live=186: the second sees two, the third sees three */
    CHECK(kept != NULL);
    pid_t pid = left > 0 ? fork() : -1;
    if (pid == 0) {
        generation(left - 1);
        _exit(0);
    }
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CHECK(pid < 0 || (waitpid(pid, &status, 0) == pid && status == 0));
}

int main(void)
{
    generation(2);
    return 0;
}
