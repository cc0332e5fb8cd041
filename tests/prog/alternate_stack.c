/* A handler on its own stack (sigaltstack) allocates: its stack runs through the signal frame to main, and main's own are
 * right again after it.
 *
 * group: life
 * stack: main;interrupted;handler
 * stack: main;before
 */
#include "prog.h"
#include <signal.h>

static char stack[65536];
static void *volatile kept[3];

static void handler(int signal)
{
    kept[signal == SIGUSR1] = malloc(70);       /* expect: count=3 bytes=210 live=0 function=handler */
}

static void before(void)
{
    free(kept[2]);
    kept[2] = malloc(71);                       /* expect: count=6 bytes=426 live=71 function=before */
}

static void interrupted(void)
{
    before();
    raise(SIGUSR1);
    before();
    free(kept[1]);
}

int main(void)
{
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_ONSTACK };
    CHECK(sigaltstack(&alternate, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    for (int i = 0; i < 3; i++)
        interrupted();
    kept[1] = malloc(70);                       /* expect: count=1 bytes=70 live=70 function=main */
    return 0;
}
