/* Sizes past 31 and 32 bits are kept whole.
 *
 * group: allocation
 */
#include "prog.h"

int main(void)
{
    size_t gigabyte = (size_t)1 << 30;
    char *two = malloc(2 * gigabyte);               /* expect: count=1 bytes=2147483648 live=0 freed=2147483648 */
    char *five = malloc(5 * gigabyte + 7);          /* expect: count=1 bytes=5368709127 live=5368709127 */
    two = two ? realloc(two, 3 * gigabyte) : NULL;  /* expect: count=1 bytes=3221225472 live=3221225472 */
    CHECK(two != NULL && five != NULL);
    five[5 * gigabyte] = 1;
    return 0;
}
