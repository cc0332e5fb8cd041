/* The same program linked in different ways (PIE, non-PIE, lazy and immediate binding, separate debug file, stripped, odd
 * paths): tests/prog/meson.build and the cases of the group modules. Its stack is known by heart.
 *
 * group: modules
 * variant: plain_nopie
 * variant: plain_now
 * variant: plain_lazy
 * variant: plain_clang
 * stack: main;plain_outer;plain_inner
 */
#include "prog.h"

void *plain_kept[2];
void plain_inner(int i);
void plain_outer(void);

void plain_inner(int i)
{
    plain_kept[i] = malloc(512);            /* expect: count=2 bytes=1024 live=1024 function=plain_inner */
}

void plain_outer(void)
{
    plain_inner(0);
    plain_inner(1);
}

int main(void)
{
    plain_outer();
    return plain_kept[0] == NULL;
}
