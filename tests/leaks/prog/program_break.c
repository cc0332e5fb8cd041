/* Memory that the program took from the kernel by sbrk, between what malloc took, holds blocks. */
#include "leaks.h"

static void fill(void)
{
    free(malloc(1000));
    void **mine = sbrk(4096);
    CHECK(mine != (void **)-1);
    mine[17] = malloc(200000 - 100000);         /* leak: reachable=100000/1 */
    mine[18] = malloc(101);                     /* leak: reachable=101/1 */
    CHECK(malloc(110000));                      /* leak: lost=110000/1 */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
