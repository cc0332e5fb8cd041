/* A program that replaces itself gives its memory back; the blocks of the time before are no leaks, and the new
 * program is judged. */
#include "leaks.h"

static void *kept;

int main(int argc, char **argv)
{
    kept = malloc(argc == 1 ? 101 : 202);       /* leak: reachable=202/1 by=global:kept */
    if (argc == 1)
        execl(argv[0], argv[0], "again", NULL);
    return 0;
}
