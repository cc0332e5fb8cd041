/* Every C entry point is seen once, with the size that was asked for, on the line that asked.
 *
 * group: allocation
 */
#include "prog.h"
#include <malloc.h>

int main(void)
{
    void *p[10];
    p[0] = malloc(101);                         /* expect: count=1 bytes=101 live=0 freed=101 */
    p[1] = calloc(3, 34);                       /* expect: count=1 bytes=102 live=0 freed=102 */
    p[2] = realloc(NULL, 103);                  /* expect: count=1 bytes=103 live=0 freed=103 */
    p[3] = reallocarray(NULL, 4, 26);           /* expect: count=1 bytes=104 live=0 freed=104 */
    p[4] = memalign(64, 105);                   /* expect: count=1 bytes=105 live=0 freed=105 */
    p[5] = aligned_alloc(64, 192);              /* expect: count=1 bytes=192 live=0 freed=192 */
    CHECK(posix_memalign(&p[6], 64, 107) == 0); /* expect: count=1 bytes=107 live=0 freed=107 */
    p[7] = valloc(108);                         /* expect: count=1 bytes=108 live=0 freed=108 */
    p[8] = pvalloc(109);                        /* expect: count=1 bytes=109 live=0 freed=109: as asked for */
    p[9] = malloc(110);                         /* expect: count=1 bytes=110 live=0 freed=110 */
    p[9] = realloc(p[9], 5000);                 /* expect: count=1 bytes=5000 live=5000 freed=0 */
    for (int i = 0; i < 9; i++)
        free(p[i]);
    free(NULL);
    return p[9] == NULL;
}
