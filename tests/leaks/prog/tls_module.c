/* A module with thread-local variables, for tls_dynamic.c. */
#include <stdlib.h>

static __thread void *slot;
static __thread char filler[5000];
void fill_slot(size_t size);

void fill_slot(size_t size)
{
    filler[4999] = 1;
    slot = malloc(size);                /* in tls_dynamic.c */
}
