/* What the program gave to the C library is held by it: a string in the environment, a file and its buffer, a key in
 * a tree.
 *
 * why: valgrind looks after the C library has taken its files apart
 */
#include "leaks.h"
#include <search.h>

static void *tree;

static int compare(const void *a, const void *b) { return strcmp(a, b); }

static void fill(void)
{
    char *text = malloc(101);                   /* leak: reachable=101/1 */
    strcpy(text, "NAME=value");
    CHECK(putenv(text) == 0 && setenv("OTHER", "another value", 1) == 0);      /* leak: any */
    FILE *file = tmpfile();                     /* leak: any */
    CHECK(setvbuf(file, malloc(5000), _IOFBF, 5000) == 0);      /* leak: reachable=5000/1 valgrind=lost */
    CHECK(fputs("text", file) >= 0);
    text = malloc(103);                         /* leak: reachable=103/1 */
    strcpy(text, "key");
    CHECK(tsearch(text, &tree, compare));       /* leak: any */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
