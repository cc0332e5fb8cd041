/* An IFUNC resolver allocates while the loader is still relocating: the program starts as it does natively, the block can
 * be released later, and nothing that came afterwards is missed.
 *
 * group: life
 */
#include "prog.h"

static void *early;

static int answer(void) { return 42; }

__attribute__((used)) static int (*resolve(void))(void)
{
    early = malloc(300);            /* expect: count=1 bytes=300 live=0 freed=300 */
    return answer;
}

int resolved(void) __attribute__((ifunc("resolve")));

int main(void)
{
    printf("%d %s\n", resolved(), early != NULL ? "early" : "no memory");
    free(early);
    early = malloc(301);            /* expect: count=1 bytes=301 live=301 */
    return 0;
}
