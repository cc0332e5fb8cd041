/* Functions that the compiler inlined (built with -O2) are frames of the stack like others, with their own lines.
 *
 * group: modules
 * stack: main;outer;inner;innermost
 */
#include "prog.h"

#define INLINE static inline __attribute__((always_inline))

void *volatile kept[3];

INLINE void innermost(int i)
{
    kept[i] = malloc(110);                  /* expect: count=2 bytes=220 live=220 function=innermost */
}

INLINE void inner(int i)
{
    innermost(i);
    kept[2] = malloc(111);                  /* expect: count=2 bytes=222 live=111 function=inner */
}

INLINE void outer(void)
{
    inner(0);
    free(kept[2]);
    inner(1);
}

int main(void)
{
    outer();
    return kept[0] == NULL;
}
