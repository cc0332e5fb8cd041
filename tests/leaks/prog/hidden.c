/* Pointers that are not stored as such hold nothing: xor'ed, shifted, in 32 bits, at an odd address. */
#include "leaks.h"

static uintptr_t hidden[2];
static struct { char one; char pointer[sizeof(void *)]; } __attribute__((packed, aligned(8))) odd;

static void fill(void)
{
    hidden[0] = (uintptr_t)malloc(101) ^ UINT64_C(0x5555555555555555);     /* leak: lost=101/1 */
    hidden[1] = (uintptr_t)malloc(102) >> 4;                               /* leak: lost=102/1 */
    void *p = malloc(103);                                                 /* leak: lost=103/1 */
    memcpy(odd.pointer, &p, sizeof p);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
