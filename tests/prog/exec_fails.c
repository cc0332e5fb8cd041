/* exec that fails comes back, and the process goes on as the one it was: one section, nothing lost, errno as it must be.
 *
 * group: processes
 * processes: 1
 * sections: 1
 */
#include "prog.h"
#include <spawn.h>

int main(void)
{
    char *arguments[] = { (char *)"nothing", NULL };
    pid_t pid;
    void *kept = malloc(100);               /* expect: count=1 bytes=100 live=0 freed=100 */
    for (int i = 0; i < 20; i++) {
        CHECK(execv("/no/such/program", arguments) == -1 && errno == ENOENT);
        CHECK(execve("/", arguments, environ) == -1 && errno == EACCES);
        CHECK(execvp("no-such-program-in-path", arguments) == -1 && errno == ENOENT);
        free(malloc(50));                   /* expect: count=20 bytes=1000 live=0 temporary=20 */
    }
    CHECK(posix_spawn(&pid, "/no/such/program", NULL, NULL, arguments, environ) == ENOENT);
    free(kept);
    return 0;
}
