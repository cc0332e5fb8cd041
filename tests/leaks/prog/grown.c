/* realloc: what grows keeps its pointer and stands where it grew last; what is grown by a copy of the pointer is
 * lost when that one goes. */
#include "leaks.h"

static char *kept;

static void fill(void)
{
    kept = malloc(10);
    for (size_t size = 100; size <= 100000; size *= 10)
        kept = realloc(kept, size);         /* leak: reachable=100000/1 by=global:kept */
    char *lost = malloc(16);
    lost = realloc(lost, 50000);            /* leak: lost=50000/1 */
    lost[0] = 1;
    CHECK(realloc(malloc(20), 0) == NULL);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
