/* Frames that compilers make unusual: realigned stacks (DRAP), alloca, variable-length arrays, and one inside the other
 * (built with -O2).
 *
 * group: modules
 * stack: main;realigned;variable;with_alloca;leaf
 */
#include "prog.h"
#include <alloca.h>

typedef int vector __attribute__((vector_size(64), aligned(64)));

void leaf(volatile char *out);
void with_alloca(int n, volatile char *out);
void variable(int n, volatile char *out);
void realigned(int n, volatile char *out, ...);

__attribute__((noinline)) void leaf(volatile char *out)
{
    char *p = malloc(130);                  /* expect: count=300 bytes=39000 live=0 function=leaf */
    *out = p != NULL;
    free(p);
}

__attribute__((noinline)) void with_alloca(int n, volatile char *out)
{
    volatile char *room = alloca((size_t)n);
    room[n - 1] = 1;
    leaf(out);
    *out += room[n - 1];
}

__attribute__((noinline)) void variable(int n, volatile char *out)
{
    volatile char room[n];
    room[0] = 2;
    with_alloca(n * 3, &room[n - 1]);
    *out = room[n - 1];
}

__attribute__((noinline)) void realigned(int n, volatile char *out, ...)
{
    volatile vector wide = { n };
    variable(n + wide[0], out);
    *out += (char)wide[0];
}

int main(void)
{
    volatile char out;
    for (int i = 1; i <= 300; i++)
        realigned(i, &out);
    return 0;
}
