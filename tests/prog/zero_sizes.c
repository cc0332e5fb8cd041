/* Blocks of no bytes are blocks: each has an address of its own, is counted and can leak.
 *
 * group: allocation
 */
#include "prog.h"
#include <malloc.h>

int main(void)
{
    volatile size_t zero = 0;
    void *p[5];
    p[0] = malloc(zero);                            /* expect: count=1 bytes=0 live=0 temporary=0 */
    p[1] = calloc(zero, 8);                         /* expect: count=1 bytes=0 live=0 temporary=0 */
    p[2] = memalign(64, zero);                      /* expect: count=1 bytes=0 live=0 temporary=0 */
    CHECK(posix_memalign(&p[3], 64, zero) == 0);    /* expect: count=1 bytes=0 live=0 temporary=1 */
    for (int i = 3; i >= 0; i--)
        free(p[i]);
    p[4] = malloc(zero);                            /* expect: count=1 bytes=0 live=0 temporary=0 */
    return p[4] == NULL;
}
