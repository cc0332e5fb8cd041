/* Suspended coroutines (makecontext, swapcontext) hold what their frames hold: on a stack from malloc, on one from
 * mmap, in a variable; and the first thread's frames do while a coroutine runs and ends the program.
 */
#include "leaks.h"
#include <sys/mman.h>
#include <ucontext.h>

#define STACK (64u << 10)

static ucontext_t home, *contexts[4];
static char variable[STACK];

static void work(int size)
{
    void *volatile p = malloc((size_t)size);    /* leak: reachable=600/3 */
    scrub();
    swapcontext(contexts[size / 100], &home);
    CHECK(p);
}

static void last(void)
{
    scrub();
    exit(0);
}

static void start(int number, void *stack, void (*function)(void))
{
    contexts[number] = calloc(1, sizeof **contexts);    /* leak: reachable=3872/4 by=global */
    getcontext(contexts[number]);
    contexts[number]->uc_stack = (stack_t){ .ss_sp = stack, .ss_size = STACK };
    makecontext(contexts[number], function, 1, number * 100);
    swapcontext(&home, contexts[number]);
}

int main(void)
{
    void *volatile mine = malloc(404);          /* leak: reachable=404/1 by=stack */
    void *mapped = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mapped != MAP_FAILED);
    start(1, malloc(STACK), (void (*)(void))work);      /* leak: reachable=65536/1 */
    start(2, mapped, (void (*)(void))work);
    start(3, variable, (void (*)(void))work);
    start(0, malloc(STACK), last);                      /* leak: reachable=65536/1 */
    CHECK(mine);
    return 1;
}
