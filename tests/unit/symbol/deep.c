/* Inlined three deep, and a static function whose name twin.c has too. */
#include "probe.h"

int twin_other(int n);

static inline __attribute__((always_inline)) int third(int n)
{
    PROBE(third);
    return n + 3;
}

static inline __attribute__((always_inline)) int second(int n)
{
    return third(n * 2) + 2; /* calls third */
}

static inline __attribute__((always_inline)) int first(int n)
{
    int many = second(n) ^ 5; /* calls second */
    return many;
}

__attribute__((noinline)) int outer(int n)
{
    int sum = n;
    sum += first(sum); /* calls first */
    PROBE(outer);
    return sum;
}

static __attribute__((noinline)) int twin(int n)
{
    PROBE(twin_here);
    return n * 7;
}

int main(int argc, char **argv)
{
    return outer(argc) + twin(argc) + twin_other(argc) == 0;
}
