/* Processes that nobody may look into: they made themselves non-dumpable, they gave up the rights
 * that they began with. Snapshots need none of it. A process that filters its own calls is left alone, and the verdict
 * says so; a filter that was there before (`wrap`: cases.py) is in nobody's way.
 *
 * case: dumpable: arguments=dumpable
 * case: filter: arguments=filter verdict=incomplete reason=filtered
 * case: nobody: arguments=dumpable as=nobody
 * case: drops: arguments=drops
 * valgrind: no filter: it must not be in its way
 */
#include "leaks.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static void *kept, *dropped;
static pthread_barrier_t barrier;

static void forbid(void)
{
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = { sizeof rules / sizeof *rules, rules };
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
    CHECK(process_vm_readv(getpid(), NULL, 0, NULL, 0, 0) == -1 && errno == EPERM);
}

static void *stay(void *unused)
{
    void *volatile mine = malloc(103);          /* leak: reachable=103/1 by=stack; filter: nothing */
    scrub();
    meet(&barrier);
    wait_for_ever();
    return mine ? unused : NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    if (argc > 1 && strcmp(argv[1], "filter") == 0)
        forbid();
    else if (argc > 2 && strcmp(argv[1], "wrap") == 0)
        return forbid(), execv(argv[2], argv + 2);
    else if (argc > 1 && strcmp(argv[1], "drops") == 0)
        CHECK(geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0));
    else
        CHECK(prctl(PR_SET_DUMPABLE, 0) == 0);
    CHECK(pthread_create(&thread, NULL, stay, NULL) == 0);
    meet(&barrier);
    dropped = malloc(101);                      /* leak: lost=101/1; filter: nothing */
    dropped = NULL;
    kept = malloc(102);                         /* leak: reachable=102/1 by=global:kept; filter: nothing */
    scrub();
    return 0;
}
