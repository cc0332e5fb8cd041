/* Memory that was aligned by hand: the block's own address stands in front of what the program keeps.
 *
 * why: valgrind knows no memory that was aligned by hand
 */
#include "leaks.h"

static void *kept;

static void *aligned(size_t size)
{
    size += 64 + sizeof(void *);
    char *block = malloc(size);         /* leak: reachable=1072/1 lost=572/1 valgrind=possible:1072/1,lost:572/1 */
    uintptr_t at = ((uintptr_t)block + sizeof(void *) + 63) & ~(uintptr_t)63;
    ((void **)at)[-1] = block;
    return (void *)at;
}

static void fill(void)
{
    kept = aligned(1000);
    memset(kept, 7, 1000);
    aligned(500);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
