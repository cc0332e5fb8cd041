/* A program that closes every descriptor, and one that uses every number: recording goes on, and it finds what it would
 * find natively.
 *
 * group: life
 * case: range: arguments=range
 * case: loop: arguments=loop
 */
#include "prog.h"
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
    int saved = dup(1), opened = 0;
    struct rlimit limit = { 100, 100 };
    if (argc > 1 && strcmp(argv[1], "range") == 0) {
        CHECK(syscall(SYS_close_range, 0, 0, 0) == 0 && syscall(SYS_close_range, saved + 1, ~0u, 0) == 0);
    } else {
        for (int fd = saved + 1; fd < 65536; fd++)
            CHECK(close(fd) == -1 && errno == EBADF);
        close(0);
    }
    for (int i = 0; i < 500; i++)
        free(malloc(77));                       /* expect: count=500 bytes=38500 live=0 temporary=500 */
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while (open("/dev/null", O_RDONLY) >= 0)
        opened++;
    for (int i = 0; i < 500; i++)
        free(malloc(78));                       /* expect: count=500 bytes=39000 live=0 temporary=500 */
    dprintf(saved, "saved=%d opened=%d\n", saved, opened);
    return 0;
}
