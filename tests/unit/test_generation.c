/* lib/generation: every address has a byte of its own, tables appear once, and threads that make them at once agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/generation.h"

#define SPAN (UINT64_C(1) << HL_GENERATION_SPAN_BITS)

static uint8_t *byte_of(uintptr_t address) { return hl_generation((const void *)address); }

/* Blocks begin at multiples of 16, or of 8 with some allocators: no two of them share a byte, also across the border of two tables. */
static void test_own_bytes(void **state)
{
    uintptr_t border = 0x7f0000000000 + SPAN, starts[] = {border - 4096, border, 3 * SPAN - 64, 16};
    for (size_t k = 0; k < sizeof starts / sizeof *starts; k++)
        for (uintptr_t address = starts[k]; address < starts[k] + 4096; address += 8) {
            assert_int_equal(*byte_of(address), 0);
            *byte_of(address) = (uint8_t)(1 + address / 8 % 250);
        }
    for (size_t k = 0; k < sizeof starts / sizeof *starts; k++)
        for (uintptr_t address = starts[k]; address < starts[k] + 4096; address += 8)
            assert_int_equal(*byte_of(address), 1 + address / 8 % 250);
}

/* It counts up to 255 and wraps without touching its neighbours. */
static void test_wraps(void **state)
{
    uintptr_t address = 5 * SPAN + 160;
    for (int i = 0; i < 257; i++)
        ++*byte_of(address);
    assert_int_equal(*byte_of(address), 1);
    assert_int_equal(*byte_of(address - 16), 0);
    assert_int_equal(*byte_of(address + 16), 0);
    assert_int_equal(*byte_of(address + 8), 0);
}

#define THREADS 8
#define TABLES 200
static uint8_t *seen[THREADS][TABLES];
static pthread_barrier_t barrier;

static void *make_tables(void *context)
{
    uintptr_t self = (uintptr_t)context;
    for (uintptr_t i = 0; i < TABLES; i++) {
        pthread_barrier_wait(&barrier);
        uint8_t *byte = byte_of((1000 + i) * SPAN + self * 16);
        *byte = (uint8_t)(1 + self);          /* its own byte: a table that lost the race would take this with it */
        seen[self][i] = byte - self;
    }
    return NULL;
}

static void test_race(void **state)
{
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_tables, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    for (uintptr_t i = 0; i < TABLES; i++)
        for (uintptr_t self = 0; self < THREADS; self++) {
            assert_ptr_equal(seen[self][i], seen[0][i]);
            assert_int_equal(*byte_of((1000 + i) * SPAN + self * 16), 1 + self);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_bytes),
        cmocka_unit_test(test_wraps),
        cmocka_unit_test(test_race),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
