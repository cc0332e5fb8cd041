/* Big blocks and big mappings, of which little was ever touched: what is deep inside of them counts, the rest costs nothing.
 *
 * valgrind: no, it looks at all of it, 13 s long
 */
#include "leaks.h"
#include <sys/mman.h>

static void **block, **reserved;
static char *inside;

static void fill(void)
{
    block = malloc(300u << 20);                 /* leak: reachable=314572800/1 by=global:block */
    block[(200u << 20) / sizeof *block + 5] = malloc(101);      /* leak: reachable=101/1 by=global:block */
    inside = malloc(400u << 20);                /* leak: possible=419430400/1 */
    inside += 390u << 20;
    reserved = mmap(NULL, UINT64_C(8) << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(reserved != MAP_FAILED);
    reserved[(UINT64_C(5) << 30) / sizeof *reserved] = malloc(102);     /* leak: reachable=102/1 by=mapping */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
