/* Allocates as many blocks of 100 bytes as its argument says, says so, and keeps them: the program that shell scenarios start.
 *
 * group: processes
 * arguments: 17
 */
#include "prog.h"

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 1;
    void *kept = NULL;
    for (int i = 0; i < n; i++) {
        void **block = malloc(100);         /* expect: count=$blocks bytes=100*$blocks live=100*$blocks */
        CHECK(block != NULL);
        *block = kept;
        kept = block;
    }
    dprintf(1, "blocks=%d\n", n);
    return kept == NULL;
}
