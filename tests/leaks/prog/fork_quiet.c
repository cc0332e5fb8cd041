/* A child that inherits a block, loses it, and neither allocates nor releases anything, though its parent has ended.
 *
 * limit: a forked process is recorded from its first call on
 * valgrind: no, fork_heir.c is compared
 */
#include "leaks.h"

static void *dropped;

int main(void)
{
    int pipes[2];
    char end;
    dropped = malloc(101);              /* leak: reachable=101/1 lost=101/1 */
    CHECK(pipe(pipes) == 0);
    scrub();
    pid_t pid = fork();
    if (pid == 0) {
        close(pipes[1]);
        dropped = NULL;
        CHECK(read(pipes[0], &end, 1) == 0);    /* the parent has gone */
        scrub();
    }
    return 0;
}
