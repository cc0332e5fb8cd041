/* mmap, mmap64, munmap and mremap by the program: partial unmaps split a mapping, mremap moves and resizes it. Page: 4096.
 *
 * group: mappings
 * count: none
 */
#include "prog.h"
#include <sys/mman.h>

#define PAGE 4096u

static char *anonymous(size_t pages)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);   /* expect: mapped_live=94208 mapped_count=4 */
    CHECK(p != MAP_FAILED);
    return p;
}

int main(void)
{
    char *a = anonymous(10);                /* hole in the middle: 3 + 5 pages stay */
    CHECK(munmap(a + 3 * PAGE, 2 * PAGE) == 0);
    char *b = anonymous(20);                /* both ends go: 15 stay */
    CHECK(munmap(b, 2 * PAGE) == 0 && munmap(b + 17 * PAGE, 3 * PAGE) == 0);
    char *c = anonymous(4);                 /* all gone */
    CHECK(munmap(c, 4 * PAGE) == 0);
    char *d = anonymous(6);                 /* resized, and moved where it must: belongs to the mremap */
    d = mremap(d, 6 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);    /* expect: mapped_live=1228800 mapped_count=1 */
    CHECK(d != MAP_FAILED);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *e = mmap64(NULL, 7 * PAGE, PROT_READ, flags, -1, 0);  /* expect: mapped_live=28672 mapped_count=1 */
    CHECK(e != MAP_FAILED);
    return 0;
}
