/* Stacks that grow past the 16,000 frames that are kept, with allocations at every depth: outer frames are cut, blocks are not.
 *
 * group: life
 * truncated: any
 */
#include "prog.h"

static void down(int depth)
{
    void *p = malloc(32);               /* expect: count=20001 bytes=640032 live=0 temporary=1 function=down */
    if (depth)
        down(depth - 1);
    free(p);
    if (depth % 2)
        free(malloc(16));               /* expect: count=10000 bytes=160000 live=0 */
}

int main(void)
{
    down(20000);
    return 0;
}
