/* A realloc that fails leaves the block and its accounting alone, errno says ENOMEM, and the block's later release is a
 * plain one.
 *
 * group: allocation
 */
#include "prog.h"

int main(void)
{
    volatile size_t huge = (size_t)1 << 62, wraps = (size_t)1 << 33;
    char *p = malloc(120);                          /* expect: count=1 bytes=120 live=120 freed=0 */
    char *q = malloc(130);                          /* expect: count=1 bytes=130 live=0 freed=130 */
    strcpy(p, "kept");
    errno = 0;
    CHECK(realloc(p, huge) == NULL && errno == ENOMEM);
    errno = 0;
    CHECK(reallocarray(p, wraps, wraps) == NULL && errno == ENOMEM);
    CHECK(realloc(NULL, huge) == NULL);
    CHECK(realloc(q, huge) == NULL);
    free(q);
    CHECK(strcmp(p, "kept") == 0);
    return 0;
}
