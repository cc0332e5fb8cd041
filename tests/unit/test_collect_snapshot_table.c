/* viewer/collect/snapshot_table: sorted in place, disjoint, and what was not the marker's to change is seen to be unchanged. */
#include "../../viewer/collect/snapshot_table.h"

#include "../../lib/wire/segment.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 1000000u

static uint64_t random_state;

static uint64_t next_random(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return random_state >> 16 ^ random_state << 20;
}

static struct snapshot_table table;

static void add(uint64_t start, uint64_t bytes, uint32_t site)
{
    assert_true(table.n < table.room);
    table.blocks[table.n++] = (struct hl_snapshot_block){.start = start, .bytes = bytes, .site = site, .born = site ^ 7};
}

/* Two heaps far from each other, as brk and mmap make them, in any order: every second 32 bytes of memory, each block once. */
static void test_many(void **state)
{
    assert_int_equal(snapshot_table_make(&table, MANY, 0), 0);
    random_state = 1;
    for (uint32_t i = 0; i < MANY; i++)
        add((i % 2 ? UINT64_C(0x7f1234000000) : UINT64_C(0x55aa00000000)) + UINT64_C(64) * i, 32, i);
    for (uint32_t i = MANY; i-- > 1;) {
        uint32_t j = (uint32_t)(next_random() % (i + 1));
        struct hl_snapshot_block block = table.blocks[i];
        table.blocks[i] = table.blocks[j];
        table.blocks[j] = block;
    }
    assert_int_equal(snapshot_table_close(&table, 5), 0);
    assert_int_equal(table.header->blocks, MANY);
    assert_int_equal(table.header->flags, 5);
    for (uint32_t i = 0; i < MANY; i++) {
        const struct hl_snapshot_block *block = &table.blocks[i];
        assert_true(i == 0 || block[-1].start < block->start);
        assert_int_equal(block->start, (block->site % 2 ? UINT64_C(0x7f1234000000) : UINT64_C(0x55aa00000000)) + UINT64_C(64) * block->site);
        assert_int_equal(block->born, block->site ^ 7);
    }
    for (uint32_t i = 0; i < MANY; i += 997) {
        uint64_t start = table.blocks[i].start;
        assert_true(snapshot_table_holds(&table, start));
        assert_true(snapshot_table_holds(&table, start + 31));
        assert_false(snapshot_table_holds(&table, start + 32));
        assert_false(snapshot_table_holds(&table, start - 1));
    }
    assert_false(snapshot_table_holds(&table, 0));
    assert_false(snapshot_table_holds(&table, UINT64_MAX));
    snapshot_table_release(&table);
}

/* Any numbers, few and many, all alike and all different, against qsort. */
static int by_start(const void *a, const void *b)
{
    uint64_t x = ((const struct hl_snapshot_block *)a)->start, y = ((const struct hl_snapshot_block *)b)->start;
    return x < y ? -1 : x > y;
}

static void test_sorts_as_qsort(void **state)
{
    static struct hl_snapshot_block mine[5000], theirs[5000];
    for (uint32_t round = 0; round < 300; round++) {
        uint64_t n = next_random() % 5000, mask = UINT64_MAX >> (next_random() % 64), sum = 0;
        for (uint64_t i = 0; i < n; i++) {
            mine[i] = theirs[i] = (struct hl_snapshot_block){.start = next_random() & mask, .bytes = i * i + 1};
            sum += mine[i].bytes ^ mine[i].start;
        }
        snapshot_table_sort(mine, n);
        qsort(theirs, n, sizeof *theirs, by_start);
        for (uint64_t i = 0; i < n; i++) {
            assert_int_equal(mine[i].start, theirs[i].start);
            sum -= mine[i].bytes ^ mine[i].start;
        }
        assert_int_equal(sum, 0);
    }
}

static void test_leaves_out_overlaps(void **state)
{
    assert_int_equal(snapshot_table_make(&table, 6, 1), 0);
    add(1000, 100, 0);
    add(1099, 1, 1);                      /* inside of the first */
    add(1100, 0, 2);                      /* of no bytes: has its address all the same */
    add(1100, 50, 3);                     /* or this one of the two */
    add(1101, 9, 4);
    add(5000, 1, 5);
    uint64_t overlapped = snapshot_table_close(&table, 0);
    assert_int_equal(overlapped + table.n, 6);
    assert_int_equal(table.blocks[0].start, 1000);
    assert_int_equal(table.blocks[1].start, 1100);
    assert_int_equal(table.blocks[table.n - 1].start, 5000);
    for (uint64_t i = 1; i < table.n; i++)
        assert_true(table.blocks[i - 1].start + hl_block_bytes(&table.blocks[i - 1]) <= table.blocks[i].start);
    assert_true(snapshot_table_holds(&table, 1100));
    snapshot_table_release(&table);
}

/* What the marker writes comes back; what it had to leave alone is found out, wherever it is. */
static void lend_and_take_back(uint64_t at, uint64_t xor, int expected)
{
    assert_int_equal(snapshot_table_make(&table, 1000, 0), 0);
    for (uint32_t i = 0; i < 1000; i++)
        add(UINT64_C(0x10000) + 64 * i, 32, i);
    snapshot_table_close(&table, 0);
    char *theirs = mmap(NULL, table.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, table.fd, 0);
    assert_true(theirs != MAP_FAILED);
    *(uint64_t *)(theirs + (size_t)((char *)table.blocks - (char *)table.header) + at) ^= xor;
    munmap(theirs, table.bytes);
    assert_int_equal(snapshot_table_take_back(&table), expected);
    assert_int_equal(table.n, expected ? 0 : 1000);
    snapshot_table_release(&table);
}

static void test_takes_back(void **state)
{
    lend_and_take_back(500 * 32 + 8, UINT64_C(3) << 56, 0);       /* reach */
    lend_and_take_back(500 * 32 + 24, 4711, 0);                   /* at */
    lend_and_take_back(500 * 32, 1, -EBADMSG);
    lend_and_take_back(500 * 32 + 8, 1, -EBADMSG);
    lend_and_take_back(999 * 32 + 8, UINT64_C(1) << 48, -EBADMSG);
    lend_and_take_back(16, 1, -EBADMSG);
    lend_and_take_back(16, UINT64_C(1) << 32, -EBADMSG);
}

/* Nobody else can write any more, not even through a mapping that stayed. */
static void test_is_ours_alone(void **state)
{
    assert_int_equal(snapshot_table_make(&table, 1, 0), 0);
    add(4096, 1, 0);
    snapshot_table_close(&table, 0);
    struct hl_snapshot *theirs = mmap(NULL, table.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, table.fd, 0);
    assert_int_equal(ftruncate(table.fd, 0), -1);
    assert_int_equal(snapshot_table_take_back(&table), 0);
    theirs->mark_ns = 1;
    assert_int_equal(table.header->mark_ns, 0);
    munmap(theirs, table.bytes);
    snapshot_table_release(&table);
}

static void test_nothing(void **state)
{
    assert_int_equal(snapshot_table_make(&table, 0, 0), 0);
    assert_int_equal(snapshot_table_close(&table, 0), 0);
    assert_int_equal(table.header->magic, HL_WIRE_MAGIC);
    assert_false(snapshot_table_holds(&table, 1));
    assert_int_equal(snapshot_table_take_back(&table), 0);
    snapshot_table_release(&table);
    snapshot_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_sorts_as_qsort),
        cmocka_unit_test(test_leaves_out_overlaps),
        cmocka_unit_test(test_takes_back),
        cmocka_unit_test(test_is_ours_alone),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
