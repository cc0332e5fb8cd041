/* A handler on a signal stack from malloc that ends the program: what the interrupted frames hold is held. A signal
 * stack that only the kernel knows is the program's own all the same: sigaltstack gives it back.
 *
 * why: valgrind does not ask the kernel
 */
#include "leaks.h"
#include <signal.h>

static pthread_barrier_t barrier;

static void on_signal(int signal)
{
    scrub();
    exit(signal - SIGUSR1);
}

static void use_signal_stack(void)
{
    stack_t stack = { .ss_sp = malloc(32768 * 2), .ss_size = 32768 * 2 };       /* leak: reachable=131072/2 valgrind=lost */
    CHECK(stack.ss_sp && sigaltstack(&stack, NULL) == 0);
}

static void *stay(void *unused)
{
    use_signal_stack();
    scrub();
    meet(&barrier);
    wait_for_ever();
    return unused;
}

static void work(void)
{
    void *volatile mine = malloc(101);          /* leak: reachable=101/1 by=stack */
    scrub();
    raise(SIGUSR1);
    CHECK(mine);
}

int main(void)
{
    pthread_t thread;
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
    pthread_barrier_init(&barrier, NULL, 2);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && pthread_create(&thread, NULL, stay, NULL) == 0);
    meet(&barrier);
    use_signal_stack();
    work();
    return 1;
}
