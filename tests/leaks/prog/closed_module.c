/* A module that keeps a block in a variable and goes with dlclose, for closed.c. */
#include <stdlib.h>

static void *slot;
void keep(size_t size);

void keep(size_t size)
{
    slot = malloc(size);                /* in closed.c */
}
