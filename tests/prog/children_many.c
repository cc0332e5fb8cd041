/* 200 children in a row, and 50 at once that all live until the last has allocated.
 *
 * group: processes
 * count: sums
 * case: in_a_row: arguments=200 processes=201
 * case: at_once: arguments=50 processes=51
 */
#include "prog.h"
#include <fcntl.h>
#include <sys/wait.h>

static void child(int n, int go)
{
    char byte;
    void *kept = malloc(80);                /* expect: count=$children bytes=80*$children live=80*$children */
    free(malloc(81));                       /* expect: count=$children bytes=81*$children live=0 */
    CHECK(read(go, &byte, 1) == 0);
    _exit(kept == NULL ? 96 : n % 7);
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 50, status, go[2], in_a_row = n == 200;
    static pid_t pids[200];
    CHECK(pipe(go) == 0);
    for (int i = 0; i < n; i++) {
        if ((pids[i] = fork()) == 0) {
            close(go[1]);
            child(i, in_a_row ? open("/dev/null", O_RDONLY) : go[0]);
        }
        CHECK(pids[i] > 0 && (!in_a_row || (waitpid(pids[i], &status, 0) == pids[i] && WEXITSTATUS(status) == i % 7)));
    }
    close(go[1]);
    for (int i = 0; i < n && !in_a_row; i++)
        CHECK(waitpid(pids[i], &status, 0) == pids[i] && WEXITSTATUS(status) == i % 7);
    dprintf(1, "children=%d\n", n);
    return 0;
}
