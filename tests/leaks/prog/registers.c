/* Threads at work whose only pointer to a block is in a register: one that calls keep, one that calls do not keep, a
 * vector register, its upper half.
 *
 * case: plain: verdict=clean
 * case: skipped: run=--skip-roots=registers verdict=leaks
 * why: valgrind does not look into vector registers
 */
#include "leaks.h"

static volatile int spinning;

/* The pointer goes into the register and out of memory; then the thread spins. */
#define SPIN(move) \
    __asm__ volatile(move "; movq $0, %0; xor %%eax, %%eax; lock incl %1; 1: pause; jmp 1b" \
                     : "+m"(p), "+m"(spinning) :: "rax", "rbx", "r10", "xmm7", "memory")

static void *in_kept(void *unused)
{
    void *p = malloc(101);              /* leak: reachable=101/1 by=registers; skipped: lost=101/1 */
    scrub();
    SPIN("movq %0, %%rbx");
    return unused;
}

static void *in_scratch(void *unused)
{
    void *p = malloc(102);              /* leak: reachable=102/1 by=registers; skipped: lost=102/1 */
    scrub();
    SPIN("movq %0, %%r10");
    return unused;
}

static void *in_vector(void *unused)
{
    void *p = malloc(103);              /* leak: reachable=103/1 by=registers valgrind=lost; skipped: lost=103/1 */
    scrub();
    SPIN("movq %0, %%xmm7");
    return unused;
}

static void *in_vector_half(void *unused)
{
    void *p = malloc(104);              /* leak: reachable=104/1 by=registers valgrind=lost; skipped: lost=104/1 */
    scrub();
    SPIN("pxor %%xmm7, %%xmm7; movhps %0, %%xmm7");
    return unused;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, in_kept, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, in_scratch, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, in_vector, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, in_vector_half, NULL) == 0);
    while (spinning < 4)
        sched_yield();
    scrub();
    return 0;
}
