/* What the program's own last functions lose is lost: an atexit handler, a destructor. */
#include "leaks.h"

static void *by_handler, *by_destructor, *kept;

static void handler(void) { by_handler = NULL; }

__attribute__((destructor)) static void destructor(void)
{
    by_destructor = NULL;
    kept = realloc(kept, 203);          /* leak: reachable=203/1 by=global:kept */
    scrub();
}

int main(void)
{
    by_handler = malloc(101);           /* leak: lost=101/1 */
    by_destructor = malloc(102);        /* leak: lost=102/1 */
    kept = malloc(103);
    atexit(handler);
    scrub();
    return 0;
}
