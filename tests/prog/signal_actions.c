/* Signals that heapline handles behind the program's back, so that it can look at the heap before they end it: the program finds the default action at each of
 * them, takes them and gives them back as it likes, by both of C's and POSIX's calls, and is ended by one at last.
 *
 * group: life
 * signal: SIGTERM
 */
#include "prog.h"

#include <signal.h>

static volatile sig_atomic_t got;

static void handler(int number) { got = number; }

static int is_default(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

typedef void (*set_handler)(int);
extern set_handler __sysv_signal(int, set_handler);

/* What `signal` is in the strict modes of compilers: its handlers serve once. */
static void take_by_signal(int number, set_handler (*set)(int, set_handler), set_handler after)
{
    CHECK(set(number, handler) == SIG_DFL);
    got = 0;
    raise(number);
    CHECK(got == number);
    CHECK(set(number, SIG_DFL) == after && is_default(number));
}

static void take_by_sigaction(int number)
{
    struct sigaction action = { .sa_handler = handler }, before;
    CHECK(sigaction(number, &action, &before) == 0 && before.sa_handler == SIG_DFL);
    CHECK(sigaction(number, NULL, &before) == 0 && before.sa_handler == handler);
    got = 0;
    raise(number);
    CHECK(got == number);
    action.sa_handler = SIG_DFL;
    CHECK(sigaction(number, &action, &before) == 0 && before.sa_handler == handler && is_default(number));
}

int main(void)
{
    static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM };
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        CHECK(is_default(numbers[i]));
        take_by_sigaction(numbers[i]);
        take_by_signal(numbers[i], signal, handler);
        take_by_signal(numbers[i], __sysv_signal, SIG_DFL);
    }
    CHECK(signal(SIGINT, SIG_IGN) == SIG_DFL);
    raise(SIGINT);
    for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
        CHECK(is_default(number));
    sigset_t held, before;
    sigemptyset(&held), sigaddset(&held, SIGTERM);
    CHECK(sigprocmask(SIG_BLOCK, &held, &before) == 0);
    raise(SIGTERM);                      /* it waits, and nothing happens yet */
    CHECK(is_default(SIGTERM));
    free(malloc(77));                    /* expect: count=1 bytes=77 live=0 function=main */
    sigprocmask(SIG_SETMASK, &before, NULL);
    _exit(98);
}
