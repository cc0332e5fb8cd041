/* The parent ends and leaves two blocks to its child, which had dropped one of them before: that one is lost in the
 * child, though it was held in the parent.
 *
 * case: heirs:
 * case: alone: leaks=--inherited
 * why: valgrind judges each process as if it were alone, as --inherited does
 */
#include "leaks.h"

static void *dropped, *kept;

int main(void)
{
    int pipes[2];
    char end;
    dropped = malloc(101);              /* leak: reachable=101/1 lost=101/1 */
    kept = malloc(102);                 /* leak: reachable=102/1 valgrind=reachable:204/2; alone: reachable=204/2 */
    CHECK(pipe(pipes) == 0);
    scrub();
    pid_t pid = fork();
    if (pid == 0) {
        close(pipes[1]);
        dropped = NULL;
        free(malloc(103));
        CHECK(read(pipes[0], &end, 1) == 0);    /* the parent has gone */
        scrub();
    }
    return 0;
}
