/* Linked statically, statically as PIE, and against another libc by tests/prog/meson.build: what heapline must refuse.
 *
 * group: none
 */
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char *p = malloc(10);
    puts("a program of its own");
    free(p);
    return 12;
}
