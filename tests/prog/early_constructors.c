/* Allocations before main and before the profiler's own constructor: preinit_array and a constructor of priority 101.
 *
 * group: life
 */
#include "prog.h"

static void *kept[3];

static void preinit(void)
{
    kept[0] = malloc(201);          /* expect: count=1 bytes=201 live=201 function=preinit */
    kept[1] = malloc(202);          /* expect: count=1 bytes=202 live=0 freed=202 */
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit_entry)(void) = preinit;

__attribute__((constructor(101))) static void first(void)
{
    free(kept[1]);
    kept[2] = calloc(1, 203);       /* expect: count=1 bytes=203 live=203 function=first */
}

int main(void)
{
    CHECK(kept[0] != NULL && kept[2] != NULL);
    kept[1] = malloc(204);          /* expect: count=1 bytes=204 live=204 function=main */
    return 0;
}
