/* Says that it is ready and then waits for a signal or for the end of its input: the target of the scenarios about signals
 * and terminals.
 *
 * group: none
 */
#include "prog.h"
#include <poll.h>
#include <signal.h>

static void *kept;
static volatile sig_atomic_t got;

static void handler(int signal) { got = signal; }

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = handler };
    struct pollfd input = { 0, POLLIN, 0 };
    sigset_t before, held;
    char byte;
    kept = malloc(150);
    if (argc > 1 && strcmp(argv[1], "catch") == 0) {
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
    }
    sigemptyset(&held), sigaddset(&held, SIGTERM), sigaddset(&held, SIGINT), sigaddset(&held, SIGHUP);
    sigprocmask(SIG_BLOCK, &held, &before);      /* delivered in ppoll only: none can come just before it */
    dprintf(1, "ready %d\n", getpid());
    while (!got && (ppoll(&input, 1, NULL, &before) < 0 || read(0, &byte, 1) > 0))
        if (!got)
            dprintf(1, "read %c\n", byte);
    dprintf(1, "got %d\n", got);
    return kept == NULL ? 1 : got ? 40 + got : 0;
}
