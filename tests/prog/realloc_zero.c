/* realloc(p, 0) releases the block and gives none back: a free without an allocation.
 *
 * group: allocation
 */
#include "prog.h"

int main(void)
{
    char *p = malloc(120);              /* expect: count=1 bytes=120 live=0 freed=120 */
    volatile size_t zero = 0;
    CHECK(realloc(p, zero) == NULL);
    p = realloc(NULL, zero);            /* expect: count=1 bytes=0 live=0 */
    CHECK(p != NULL);
    return 0;
}
