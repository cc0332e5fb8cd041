/* A timer's handler allocates and releases while the main thread is inside a hook. It does so only where that is allowed
 * natively: not when libc or the loader was interrupted. Every block is counted and nothing is corrupted or blocked.
 *
 * group: life
 * count: never
 * output: varies
 * require: handled>0
 * require: inside>0
 */
#include "prog.h"
#include <link.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

static struct { uintptr_t start, end; } forbidden[8], profiler;
static int n_forbidden;
static volatile long handled, inside;

static int look(struct dl_phdr_info *info, size_t size, void *unused)
{
    uintptr_t start = UINTPTR_MAX, end = 0;
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD) {
            uintptr_t at = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            start = at < start ? at : start;
            end = at + info->dlpi_phdr[i].p_memsz;
        }
    if (strstr(info->dlpi_name, "libheapline"))
        profiler.start = start, profiler.end = end;
    else if (strstr(info->dlpi_name, "libc.so") || strstr(info->dlpi_name, "ld-linux"))
        forbidden[n_forbidden].start = start, forbidden[n_forbidden++].end = end;
    return 0;
}

static void handler(int signal, siginfo_t *info, void *context)
{
    uintptr_t pc = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    (void)signal, (void)info;
    for (int i = 0; i < n_forbidden; i++)
        if (pc >= forbidden[i].start && pc < forbidden[i].end)
            return;
    inside += pc >= profiler.start && pc < profiler.end;
    handled++;
    free(malloc(48));                       /* expect: count=$handled bytes=48*$handled live=0 */
}

int main(void)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
    struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
    struct timespec start, now;
    long rounds = 0;
    void *block = NULL;
    dl_iterate_phdr(look, NULL);
    CHECK(n_forbidden == 2 && sigaction(SIGALRM, &action, NULL) == 0);
    setitimer(ITIMER_REAL, &often, NULL);
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        for (int i = 0; i < 1000; i++, rounds++) {
            free(block);
            block = malloc(30);             /* expect: count=$rounds bytes=30*$rounds live=30 */
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < 1000);
    setitimer(ITIMER_REAL, &never, NULL);
    dprintf(1, "handled=%ld inside=%ld rounds=%ld\n", handled, inside, rounds);
    return 0;
}
