/* glibc's search trees keep a node's colour in the lowest bit of its pointer to the left. The keys are found, the tree that was
 * dropped is lost.
 *
 * why: valgrind does not know glibc's search trees
 */
#include "leaks.h"

#include <search.h>

static void *tree;

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add(void **root, int n)
{
    char *key = malloc(16);                     /* leak: reachable=1600/100 indirect=16/1 valgrind=reachable:1040/65,possible:560/35,indirect:16/1 */
    snprintf(key, 16, "key %d", n);
    CHECK(tsearch(key, root, compare) != NULL); /* leak: reachable=2400/100 lost=24/1 valgrind=reachable:1560/65,possible:840/35,lost:24/1 */
}

static void fill(void)
{
    void *dropped = NULL;
    for (int i = 0; i < 100; i++)
        add(&tree, i * 37 % 100);
    add(&dropped, 1);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
