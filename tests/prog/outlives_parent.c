/* A child that outlives its parent goes on being recorded to its own end; the parent's exit status is the one passed through.
 *
 * group: processes
 * count: sums
 * processes: 2
 * exit: 21
 */
#include "prog.h"
#include <time.h>

int main(void)
{
    struct timespec pause = { 0, 1000000 };
    pid_t parent = getpid();
    void *shared = malloc(90);              /* expect: count=1 bytes=90 live=90 freed=90: the child releases its copy */
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid > 0)
        return 21;
    close(0), close(1), close(2);
    while (getppid() == parent)
        nanosleep(&pause, NULL);
    for (int i = 0; i < 5000; i++)
        free(malloc(91));                   /* expect: count=5000 bytes=455000 live=0 temporary=5000 */
    free(shared);
    _exit(22);
}
