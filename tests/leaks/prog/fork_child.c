/* A child answers for what it allocates, and for what it inherits and loses once its parent has ended well: the
 * parent released `inherited` and keeps `kept`, the child drops both and ends by _exit.
 *
 * case: heirs:
 * case: alone: leaks=--inherited
 * why: valgrind judges each process as if it were alone, as --inherited does
 */
#include "leaks.h"
#include <sys/wait.h>

static void *kept, *inherited, *own;

static void child(void)
{
    kept = inherited = NULL;
    own = malloc(103);                  /* leak: lost=103/1 */
    own = malloc(104);                  /* leak: reachable=104/1 by=global:own */
    scrub();
    _exit(0);
}

int main(void)
{
    kept = malloc(101); /* leak: reachable=101/1 by=global:kept valgrind=reachable:101/1,lost:101/1; alone: any */
    inherited = malloc(102);            /* leak: nothing valgrind=lost:102/1; alone: lost=102/1 */
    scrub();
    pid_t pid = fork();
    if (pid == 0)
        child();
    CHECK(waitpid(pid, NULL, 0) == pid);
    free(inherited);
    inherited = NULL;
    return 0;
}
