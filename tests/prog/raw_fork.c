/* Forks that libc does not see: the fork and clone system calls themselves. Parent and child are told apart all the same.
 *
 * group: processes
 * count: sums
 * processes: 3
 */
#include "prog.h"
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void child(void *inherited)
{
    void *kept = malloc(500);               /* expect: count=2 bytes=1000 live=1000 */
    free(inherited);
    _exit(kept == NULL);
}

int main(void)
{
    int status;
    void *block = malloc(400);              /* expect: count=1 bytes=400 live=400 freed=800 */
    pid_t pid = (pid_t)syscall(SYS_fork);
    if (pid == 0)
        child(block);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        child(block);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    free(malloc(401));                      /* expect: count=1 bytes=401 live=0 temporary=1 */
    return 0;
}
