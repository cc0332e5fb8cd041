/* A block that was made behind the profiler's back is released without harm, and is told apart in the losses.
 *
 * group: allocation
 * unmatched: 3
 */
#include "prog.h"

extern void *__libc_malloc(size_t size);

int main(void)
{
    free(__libc_malloc(50));
    free(__libc_malloc(60));
    void *p = realloc(__libc_malloc(70), 80);   /* expect: count=1 bytes=80 live=80 */
    return p == NULL;
}
