/* A program that waits for lines and does what they say; snapshots are asked for from outside (cases.py).
 *
 * group: none
 */
#include "leaks.h"

#include <unistd.h>

extern char **environ;

static void *kept, *dropped;

int main(void)
{
    char line[64];
    for (;;) {
        ssize_t n = 0;
        while (read(0, line + n, 1) == 1 && line[n] != '\n' && n < 60)
            n++;
        if (n == 0)
            return 0;
        if (line[0] == 'k')
            kept = malloc(1000);                        /* reachable */
        if (line[0] == 'd') {
            dropped = malloc(2000);                     /* lost */
            dropped = NULL;
        }
        if (line[0] == 't')                             /* its title, where its environment was: as redis and nginx do */
            for (char **at = environ; *at; at++)
                memset(*at, 'x', strlen(*at));
        scrub();
        CHECK(write(1, "done\n", 5) == 5);
    }
}
