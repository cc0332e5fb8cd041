/* A daemon: forks, leaves the session, forks again, changes to /, closes every descriptor, and works when its ancestors
 * are long gone. It is in the trace; heapline waits for it.
 *
 * group: processes
 * count: sums
 * processes: 3
 */
#include "prog.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

static void work_alone(pid_t parent)
{
    struct timespec pause = { 0, 1000000 };
    while (getppid() == parent)
        nanosleep(&pause, NULL);
    for (int i = 0; i < 1000; i++)
        free(malloc(256));                  /* expect: count=1000 bytes=256000 live=0 temporary=1000 */
    void *kept = malloc(257);               /* expect: count=1 bytes=257 live=257 */
    _exit(kept == NULL);
}

int main(void)
{
    void *inherited = malloc(258);          /* expect: count=1 bytes=258 live=774: seen by each of the three */
    CHECK(inherited != NULL);
    if (fork() > 0)
        _exit(0);
    setsid();
    pid_t parent = getpid();
    free(malloc(259));                      /* expect: count=1 bytes=259 live=0 temporary=1 */
    if (fork() > 0)
        _exit(0);
    umask(0);
    CHECK(chdir("/") == 0 && syscall(SYS_close_range, 0, ~0u, 0) == 0);
    CHECK(open("/dev/null", O_RDWR) == 0 && dup(0) == 1 && dup(0) == 2);
    work_alone(parent);
}
