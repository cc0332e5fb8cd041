/* Sizes that cannot be had: calloc whose product wraps, blocks beyond the address space. ENOMEM, nothing counted.
 *
 * group: allocation
 */
#include "prog.h"
#include <malloc.h>

int main(void)
{
    volatile size_t half = SIZE_MAX / 2 + 1, most = SIZE_MAX - 64, wide = (size_t)1 << 62;
    void *p = NULL;
    errno = 0;
    CHECK(calloc(half, 2) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(calloc(half + 1, 2) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(malloc(most) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(malloc(wide) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(memalign(4096, most) == NULL && errno == ENOMEM);
    errno = 77;
    CHECK(posix_memalign(&p, 4096, wide) == ENOMEM && p == NULL);
    CHECK(posix_memalign(&p, 3, 16) == EINVAL && p == NULL);
    p = malloc(33);             /* expect: count=1 bytes=33 live=33 */
    return p == NULL;
}
