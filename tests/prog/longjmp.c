/* longjmp leaves frames without returning from them; other frames then take their place on the stack, and must not be
 * taken for them.
 *
 * group: life
 * stack: main;first;middle;leaf
 * stack: main;second;other;leaf
 * nostack: first;other
 * nostack: second;middle
 */
#include "prog.h"
#include <setjmp.h>

static jmp_buf back;
static void *kept;

static void leaf(int jump)
{
    free(kept);
    kept = malloc(90);              /* expect: count=400 bytes=36000 live=90 function=leaf */
    if (jump)
        longjmp(back, 1);
}

static void middle(int jump) { leaf(jump); }
static void other(int jump) { leaf(jump); }
static void first(int jump) { middle(jump); }
static void second(int jump) { other(jump); }

int main(void)
{
    for (volatile int i = 0; i < 200; i++) {
        if (setjmp(back) == 0)
            first(i % 2);
        if (setjmp(back) == 0)
            second(i % 3 == 0);
    }
    return 0;
}
