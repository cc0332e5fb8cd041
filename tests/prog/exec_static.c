/* A child that is a static program cannot be profiled: it runs as natively, and the trace says that it is missing and why.
 * Its parent is there.
 *
 * group: processes
 * arguments: {programs}/static_program
 * unprofiled: static
 * count: sums
 */
#include "prog.h"
#include <sys/wait.h>

int main(int argc, char **argv)
{
    int status;
    CHECK(argc > 1);
    void *kept = malloc(100);               /* expect: count=1 bytes=100 live=100 */
    pid_t pid = fork();
    if (pid == 0) {
        execl(argv[1], argv[1], (char *)NULL);
        _exit(98);
    }
    CHECK(kept != NULL && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 12);
    free(malloc(101));                      /* expect: count=1 bytes=101 live=0 */
    return 0;
}
