/* Says that it is ready and then waits for a signal or for the end of its input: the target of the scenarios about signals and terminals.
 *
 * group: none
 */
#include "prog.h"
#include <signal.h>

static void *kept;
static volatile sig_atomic_t got;

static void handler(int signal) { got = signal; }

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = handler };
    char byte;
    kept = malloc(150);
    if (argc > 1 && strcmp(argv[1], "catch") == 0) {
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
    }
    dprintf(1, "ready %d\n", getpid());
    while (read(0, &byte, 1) > 0 || (errno == EINTR && !got))
        dprintf(1, "read %c\n", byte);
    dprintf(1, "got %d\n", got);
    return kept == NULL ? 1 : got ? 40 + got : 0;
}
