/* Stacks thousands of frames deep are whole, and cost no more than they must when only the innermost frames change.
 *
 * group: life
 * case: 3000: arguments=3000 depth=down:3001
 * case: 10000: arguments=10000 depth=down:10001
 */
#include "prog.h"

static void *kept[4];

static void down(int depth)
{
    if (depth == 0)
        for (int i = 0; i < 4; i++)
            kept[i] = malloc(64);       /* expect: count=4 bytes=256 live=256 function=down */
    else
        down(depth - 1);
    if (depth % 1000 == 1)
        free(malloc(16));               /* expect: count=$climbs bytes=16*$climbs live=0 */
}

int main(int argc, char **argv)
{
    int depth = argc > 1 ? atoi(argv[1]) : 3000;
    dprintf(1, "climbs=%d\n", depth / 1000);
    down(depth);
    return 0;
}
