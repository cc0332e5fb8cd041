/* churn PAIRS THREADS DEPTH: each thread allocates and frees PAIRS blocks of 16 to 271 bytes at the end of a chain of DEPTH
 * calls that takes another way down each time, and keeps 1,000 of them alive. Nearly all its time is malloc's and the
 * recorder's. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define KEPT 1000
#define THREADS_MAX 64

static long pairs = 5000000, depth = 20;

static __attribute__((noinline)) void *odd(long levels, size_t size, uint32_t way);

/* The empty statement keeps the compiler from turning the calls into jumps, which leave no frame behind. */
static __attribute__((noinline)) void *even(long levels, size_t size, uint32_t way)
{
    void *block = levels == 0 ? malloc(size) : way & 1 ? odd(levels - 1, size, way >> 1) : even(levels - 1, size, way >> 1);
    __asm__ volatile("" ::: "memory");
    return block;
}

static __attribute__((noinline)) void *odd(long levels, size_t size, uint32_t way)
{
    void *block = levels == 0 ? malloc(size) : way & 1 ? odd(levels - 1, size, way >> 1) : even(levels - 1, size, way >> 1);
    __asm__ volatile("" ::: "memory");
    return block;
}

static void *turn_over(void *seed)
{
    uint64_t state = (uintptr_t)seed * 2 + 1;
    void *kept[KEPT] = {0};
    for (long i = 0; i < pairs; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint32_t random = (uint32_t)(state >> 33);
        void **slot = &kept[random % KEPT];
        free(*slot);
        *slot = even(depth, 16 + (random >> 12) % 256, random & 255);
    }
    for (int i = 0; i < KEPT; i++)
        free(kept[i]);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    int n = argc > 2 ? atoi(argv[2]) : 1;
    if (argc > 1)
        pairs = atol(argv[1]);
    if (argc > 3)
        depth = atol(argv[3]);
    if (n < 1 || n > THREADS_MAX || pairs < 0 || depth < 0) {
        fprintf(stderr, "usage: churn PAIRS THREADS DEPTH\n");
        return 2;
    }
    for (int i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, turn_over, (void *)(uintptr_t)i) != 0)
            return 1;
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
