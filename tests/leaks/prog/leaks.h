/* What the programs that leak share. How their comments are read: tests/leaks/leaks.py. */
#ifndef LEAKS_H
#define LEAKS_H

#include "../../prog/prog.h"

#include <pthread.h>

/* Overwrites what calls left under the stack pointer and in registers that calls do not keep, so that a pointer that
 * a program dropped is nowhere any more. Without a frame of its own, which would have gaps. */
#ifdef __x86_64__
static __attribute__((naked, noinline, unused)) void scrub(void)
{
    __asm__("sub $32768, %rsp; mov %rsp, %rdi; mov $4096, %ecx; xor %eax, %eax; rep stosq; add $32768, %rsp;"
            "xor %edx, %edx; xor %esi, %esi; xor %edi, %edi; xor %r8d, %r8d; xor %r9d, %r9d; xor %r10d, %r10d; xor %r11d, %r11d;"
            "pxor %xmm0, %xmm0; pxor %xmm1, %xmm1; pxor %xmm2, %xmm2; pxor %xmm3, %xmm3; pxor %xmm4, %xmm4; ret");
}
#else
static __attribute__((noinline, unused)) void scrub(void)
{
    volatile char room[32768];
    memset((char *)room, 0, sizeof room);
}
#endif

/* A place where threads meet: the last of `n` lets all of them pass. */
static inline void meet(pthread_barrier_t *barrier)
{
    pthread_barrier_wait(barrier);
}

static inline void wait_for_ever(void)
{
    for (;;)
        pause();
}

#endif
