/* Coroutines on stacks of their own (swapcontext), switched between every allocation: no stack is mixed up with another's.
 *
 * group: life
 * stack: coroutine_one;work
 * stack: coroutine_two;deeper;work
 * nostack: main;coroutine_one
 * nostack: coroutine_one;deeper
 */
#include "prog.h"
#include <ucontext.h>

static ucontext_t home, one, two;
static char stack_one[65536], stack_two[65536];

static void *work(size_t size)
{
    return malloc(size);            /* expect: count=200 bytes=15000 live=0 freed=15000 function=work */
}

static void coroutine_one(void)
{
    for (int i = 0; i < 100; i++) {
        void *p = work(50);
        swapcontext(&one, &two);
        free(p);
    }
    swapcontext(&one, &home);
}

static void *deeper(size_t size)
{
    void *p = work(size);
    swapcontext(&two, &one);
    return p;
}

static void coroutine_two(void)
{
    for (int i = 0; i < 100; i++)
        free(deeper(100));
    swapcontext(&two, &home);
}

int main(void)
{
    getcontext(&one), getcontext(&two);
    one.uc_stack = (stack_t){ .ss_sp = stack_one, .ss_size = sizeof stack_one };
    two.uc_stack = (stack_t){ .ss_sp = stack_two, .ss_size = sizeof stack_two };
    makecontext(&one, coroutine_one, 0);
    makecontext(&two, coroutine_two, 0);
    swapcontext(&home, &one);
    swapcontext(&home, &two);       /* the last block of the second one is released */
    return 0;
}
