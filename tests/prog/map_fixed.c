/* MAP_FIXED over a mapping replaces what it covers; failed calls change nothing.
 *
 * group: mappings
 * count: none
 */
#include "prog.h"
#include <sys/mman.h>

#define PAGE 4096u
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

int main(void)
{
    char *a = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, PRIVATE, -1, 0);  /* expect: mapped_live=24576 mapped_count=1 */
    CHECK(a != MAP_FAILED);
    char *b = mmap(a + 2 * PAGE, 4 * PAGE, PROT_READ, PRIVATE | MAP_FIXED, -1, 0);  /* expect: mapped_live=16384 mapped_count=1 */
    CHECK(b == a + 2 * PAGE);
    CHECK(munmap(a + 1, PAGE) == -1 && errno == EINVAL);
    CHECK(mmap(NULL, 0, PROT_READ, PRIVATE, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mremap(a, PAGE, (size_t)1 << 60, MREMAP_MAYMOVE) == MAP_FAILED);
    CHECK(munmap(a, 0) == -1);
    return 0;
}
