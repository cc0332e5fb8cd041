/* Alignments from 4 KB to 2 MB: aligned as asked, counted with the size asked for and not with what libc sets aside.
 *
 * group: allocation
 */
#include "prog.h"
#include <malloc.h>

int main(void)
{
    for (size_t alignment = 4096; alignment <= 2 << 20; alignment *= 2) {
        void *p[3];
        p[0] = memalign(alignment, 1001);                       /* expect: count=10 bytes=10010 live=0 */
        p[1] = aligned_alloc(alignment, 3 * alignment);         /* expect: count=10 bytes=12570624 live=0 */
        CHECK(posix_memalign(&p[2], alignment, 1003) == 0);     /* expect: count=10 bytes=10030 live=0 */
        for (int i = 0; i < 3; i++) {
            CHECK((uintptr_t)p[i] % alignment == 0);
            free(p[i]);
        }
    }
    return 0;
}
