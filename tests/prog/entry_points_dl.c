/* Entry points that this libc may lack are found at run time, or are not: cfree, free_sized, free_aligned_sized. Each
 * releases one block.
 *
 * group: allocation
 */
#include "prog.h"
#include <dlfcn.h>

int main(void)
{
    void (*cfree_function)(void *), (*sized)(void *, size_t), (*aligned)(void *, size_t, size_t);
    *(void **)&cfree_function = dlsym(RTLD_DEFAULT, "cfree");
    *(void **)&sized = dlsym(RTLD_DEFAULT, "free_sized");
    *(void **)&aligned = dlsym(RTLD_DEFAULT, "free_aligned_sized");
    void *a = malloc(11);               /* expect: count=1 bytes=11 live=0 freed=11 */
    void *b = malloc(12);               /* expect: count=1 bytes=12 live=0 freed=12 */
    void *c = aligned_alloc(64, 128);   /* expect: count=1 bytes=128 live=0 freed=128 */
    cfree_function ? cfree_function(a) : free(a);
    sized ? sized(b, 12) : free(b);
    aligned ? aligned(c, 64, 128) : free(c);
    return 0;
}
