/* The program moves its break with sbrk and brk: growth by it is shown as such, not as heap blocks, and malloc goes on working.
 *
 * group: mappings
 * count: none
 */
#include "prog.h"

int main(void)
{
    char *before = sbrk(0);
    char *mine = sbrk(1 << 20);                         /* expect: mapped_live=1048576 */
    CHECK(mine != (void *)-1 && mine >= before);
    memset(mine, 1, 1 << 20);
    char *end = sbrk(0);
    CHECK(brk(end + 8192) == 0);                        /* expect: mapped_live=8192 */
    void *p = malloc(500);                              /* expect: count=1 bytes=500 live=500 */
    CHECK(p != NULL && sbrk((intptr_t)1 << 60) == (void *)-1 && errno == ENOMEM);
    return 0;
}
