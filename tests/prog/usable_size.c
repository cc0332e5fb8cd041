/* malloc_usable_size says what libc says: no header of a profiler in front of blocks, and the slack may be written.
 *
 * group: allocation
 */
#include "prog.h"
#include <malloc.h>

int main(void)
{
    for (size_t size = 1; size < 300000; size = size * 3 + 1) {
        char *p = malloc(size);     /* expect: count=12 bytes=398574 live=0 temporary=11: the first printf allocates its buffer */
        size_t usable = malloc_usable_size(p);
        printf("%zu %zu %zu\n", size, usable, (size_t)p % 16);
        memset(p, 1, usable);
        free(p);
    }
    return 0;
}
