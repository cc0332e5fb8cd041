#include "probe.h"

static __attribute__((noinline)) int twin(int n)
{
    PROBE(twin_there);
    return n * 9;
}

int twin_other(int n)
{
    return twin(n) + 1;
}
