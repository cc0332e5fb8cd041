/* viewer/collect/drain.c against a target that lies (../fuzz/drain_input.h): with each sanitizer, and by itself. */
#include "../fuzz/drain_input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define HANG_SECONDS 100

static struct liar liar;

#define ROOT(tid) hl_record_word(HL_RECORD_THREAD, (tid))
#define WORDS(...) (uint64_t[]){__VA_ARGS__}, sizeof (uint64_t[]){__VA_ARGS__} / sizeof(uint64_t)

static void open_one(void **state) { liar_open(&liar, 1); liar_write(&liar, 0, WORDS(ROOT(100))); }
static const struct domain *heap(void) { return &liar.target->accounts.domains[DOMAIN_HEAP]; }
static const struct domain *mapped(void) { return &liar.target->accounts.domains[DOMAIN_MAPPED]; }

static void test_random_scripts(void **state)
{
    static uint8_t script[3000];
    uint64_t random = 1;
    for (uint32_t round = 0; round < 3000; round++) {
        size_t n = 50 + (random >> 40) % (sizeof script - 50);
        for (size_t i = 0; i < n; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            script[i] = (uint8_t)(random >> 56);
        }
        for (size_t i = 1; i < n && round % 4 == 0; i += 7)       /* a quarter of them with no false heads and few wild words */
            script[i] = (uint8_t)(8 + script[i] % 8);
        drain_input(script, n);
    }
}

/* Keys that mean a free slot and a mark in the live map are no blocks. */
static void test_no_block_at_null(void **state)
{
    for (uint64_t address = 0; address < 2; address++) {
        for (int kind = 0; kind < 2; kind++) {
            open_one(state);
            liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_ALLOC, 0, 4096), hl_record_stack(8, 0, 0)));
            if (kind == 0)
                liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_FREE, 0, address)));
            else
                liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_ALLOC, 0, address), hl_record_stack(8, 0, 0)));
            target_drain_all(liar.target);
            assert_int_equal(liar.target->damaged, 1);
            assert_int_equal(heap()->live_blocks, 1);
            liar_close(&liar);
        }
    }
}

/* A record that claims to reach beyond the ring's end, and one beyond what was published. */
static void test_record_too_long(void **state)
{
    static const enum hl_record_kind kinds[] = {HL_RECORD_ALLOC, HL_RECORD_FRAMES, HL_RECORD_MAP, HL_RECORD_REMAP, HL_RECORD_EXEC,
                                                HL_RECORD_MODULE, HL_RECORD_NAME, HL_RECORD_PAD};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        open_one(state);
        liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_PAD, LIAR_RING_BYTES / 8 - 4)));
        liar.heads[0] = LIAR_RING_BYTES - 24;
        liar_write(&liar, 0, WORDS(hl_record_word(kinds[i], 0xffff), hl_record_stack(0, 1023, 0), 7));
        target_drain_all(liar.target);
        assert_int_equal(liar.target->damaged, 1);
        liar_close(&liar);

        open_one(state);
        liar_write(&liar, 0, WORDS(hl_record_word(kinds[i], 64), hl_record_stack(0, 64, 0)));
        target_drain_all(liar.target);
        assert_int_equal(liar.target->damaged, 1);
        assert_int_equal(liar.target->lanes[0].tail, liar.heads[0]);
        liar_close(&liar);
    }
}

static void test_words_of_a_record(void **state)
{
    uint64_t *words = malloc(3 * sizeof *words);          /* exactly: a sanitizer sees a read beyond */
    for (uint32_t kind = 0; kind < 256; kind++) {
        for (uint32_t n = 0; n <= 3; n++) {
            uint64_t *w = words + 3 - n;
            for (uint32_t i = 0; i < n; i++)
                w[i] = i == 0 ? (uint64_t)kind << 56 | 0xffffff : UINT64_MAX;
            uint32_t got = hl_record_words(w, n);
            assert_true(got <= n);
            assert_true(got == 0 || (kind >= HL_RECORD_PAD && kind <= HL_RECORD_LAST));
        }
    }
    free(words);
}

/* mremap of a range that wraps around the address space must not split what it does not touch. */
static void test_remap_of_nonsense(void **state)
{
    uint64_t page = 4096, whole = hl_record_stack(0, 0, 0), map = hl_record_block(HL_RECORD_MAP, HL_MAP_ANONYMOUS, 16 * page);
    open_one(state);
    liar_write(&liar, 0, WORDS(map, whole, 8 * page, 0));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_REMAP, 64 * page), whole, page, 1, 20 * page, UINT64_MAX - 8 * page));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_REMAP, 96 * page), whole, page, 2, UINT64_MAX - page, page));
    target_drain_all(liar.target);
    for (size_t i = 0; i < liar.target->mappings.pieces.n; i++) {
        const struct mapping_piece *piece = &liar.target->mappings.pieces.items[i];
        assert_true(piece->start < piece->end);
        assert_true(i == 0 || piece[-1].end <= piece->start);
    }
    assert_int_equal(mapped()->live_bytes, 8 * page);
    liar_close(&liar);
}

/* A change whose turn never comes (its event was dropped) must not hold up those behind it for ever. */
static void test_lost_sequence(void **state)
{
    uint64_t page = 4096, changes = 30000;
    open_one(state);
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_PAD, 3), 0, 0));     /* records of four words end where the ring ends */
    for (uint64_t i = 0; i < changes; i++) {              /* number 0 is missing */
        liar_write(&liar, 0, WORDS(hl_record_block(HL_RECORD_MAP, HL_MAP_ANONYMOUS, 16 * page * (i % 2)), hl_record_stack(0, 0, 0), page, i + 1));
        target_drain(liar.target, UINT64_MAX);
        assert_true(liar.target->changes.n < 5000);
    }
    liar.target->dead = true;
    target_drain_all(liar.target);
    assert_int_equal(mapped()->live_bytes, 2 * page);

    /* A straggler takes effect at once and does not turn the order back. */
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_UNMAP, 0), page, 5));
    liar_write(&liar, 0, WORDS(hl_record_word(HL_RECORD_UNMAP, 16 * page), page, changes + 1));
    target_drain(liar.target, UINT64_MAX);
    assert_int_equal(mapped()->live_bytes, 0);
    assert_int_equal(liar.target->changes.n, 0);
    liar_close(&liar);
}

/* Every thread forked or unloaded something when the collector looks: it reads ring within ring within ring. */
static void test_every_ring_catches_up(void **state)
{
    liar_open(&liar, 2048);
    for (uint32_t i = 0; i < 2048; i++)
        liar_write(&liar, i, WORDS(ROOT(100 + i), hl_record_word(i % 2 ? HL_RECORD_FORK : HL_RECORD_UNLOAD, i),
                                   hl_record_block(HL_RECORD_ALLOC, 0, 4096 + i * 16), hl_record_stack(8, 0, 0)));
    target_drain(liar.target, UINT64_MAX);
    assert_int_equal(heap()->live_blocks, 2048);
    assert_int_equal(liar.target->damaged, 0);
    liar_close(&liar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_a_record),
        cmocka_unit_test(test_no_block_at_null),
        cmocka_unit_test(test_record_too_long),
        cmocka_unit_test(test_remap_of_nonsense),
        cmocka_unit_test(test_lost_sequence),
        cmocka_unit_test(test_every_ring_catches_up),
        cmocka_unit_test(test_random_scripts),
    };
    alarm(HANG_SECONDS);                  /* a collector that hangs is killed, and the test fails */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
