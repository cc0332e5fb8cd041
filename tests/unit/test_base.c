/* viewer/base: memory and containers, compared with naive ones. */
#include "../../viewer/base/arena.h"
#include "../../viewer/base/map.h"
#include "../../viewer/base/strbuf.h"
#include "../../viewer/base/strmap.h"
#include "../../viewer/base/vec.h"
#include "../../viewer/base/xalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* xorshift64: the same numbers in every run. */
static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

struct number_list VEC_FIELDS(uint32_t);

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void vec_keeps_what_was_pushed(void **state)
{
    struct number_list list = {0};
    for (uint32_t i = 0; i < 1000; i++)
        vec_push(&list, i * 7919 % 1000);
    assert_int_equal(list.n, 1000);
    assert_true(list.capacity >= 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(list.items[i], i * 7919 % 1000);
    vec_sort(&list, compare_numbers);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(list.items[i], i);
    assert_int_equal(vec_pop(&list), 999);
    assert_int_equal(vec_last(&list), 998);
    vec_release(&list);
    assert_null(list.items);
    assert_int_equal(list.n, 0);
}

static void vec_pushes_its_own_items(void **state)
{
    VEC(uint64_t) list = {0};
    vec_push(&list, 42);
    for (size_t i = 0; i < 100; i++)
        vec_push(&list, list.items[i]);           /* also when the push moves the items */
    for (size_t i = 0; i < list.n; i++)
        assert_int_equal(list.items[i], 42);
    vec_release(&list);
}

static void vec_appends_and_adds(void **state)
{
    struct point { int x, y; };
    VEC(struct point) points = {0};
    size_t none = 0;
    const struct point some[] = { { 1, 2 }, { 3, 4 } };
    vec_append(&points, some, 2u);
    vec_append(&points, some, none);
    struct point *added = vec_add(&points);
    assert_int_equal(points.n, 3);
    assert_int_equal(points.items[1].y, 4);
    assert_int_equal(added->x, 0);
    assert_ptr_equal(added, &points.items[2]);
    vec_clear(&points);
    vec_reserve(&points, 1000u);
    struct point *before = points.items;
    for (int i = 0; i < 1000; i++)
        vec_push(&points, ((struct point){ i, i }));
    assert_ptr_equal(before, points.items);
    vec_release(&points);
}

static void strbuf_grows_and_ends_in_nul(void **state)
{
    struct strbuf text = STRBUF_INIT;
    assert_string_equal(text.data, "");
    for (int i = 0; i < 500; i++) {
        strbuf_printf(&text, "%d,", i);
        assert_int_equal(text.data[text.length], '\0');
    }
    assert_int_equal(text.length, 10 * 2 + 90 * 3 + 400 * 4);
    strbuf_truncate(&text, 6);
    assert_string_equal(text.data, "0,1,2,");
    strbuf_fill(&text, '-', 3);
    strbuf_add_char(&text, 'x');
    strbuf_add(&text, "");
    strbuf_add_bytes(&text, "abc", 2);
    assert_string_equal(text.data, "0,1,2,---xab");
    strbuf_clear(&text);
    assert_string_equal(text.data, "");
    strbuf_release(&text);
}

static void strbuf_formats_more_than_it_holds(void **state)
{
    for (int width = 55; width < 75; width++) {                     /* around the first allocation of 64 bytes */
        struct strbuf text = STRBUF_INIT;
        strbuf_printf(&text, "%*d", width, 7);
        assert_int_equal(text.length, width);
        assert_int_equal(strlen(text.data), width);
        assert_int_equal(text.data[width - 1], '7');
        strbuf_release(&text);
    }
}

static void strbuf_detaches(void **state)
{
    struct strbuf text = STRBUF_INIT;
    char *empty = strbuf_detach(&text);
    strbuf_add(&text, "kept");
    char *kept = strbuf_detach(&text);
    assert_string_equal(empty, "");
    assert_string_equal(kept, "kept");
    assert_string_equal(text.data, "");
    free(empty);
    free(kept);
}

static void arena_gives_aligned_separate_blocks(void **state)
{
    struct arena arena = {0};
    unsigned char *blocks[400];
    uint64_t seed = 1;
    size_t sizes[400];
    for (size_t i = 0; i < 400; i++) {
        sizes[i] = i % 50 == 49 ? 100000 : random_next(&seed) % 2000;
        blocks[i] = arena_alloc(&arena, sizes[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)(i & 0xff), sizes[i]);
        assert_string_equal(arena_strdup(&arena, "word"), "word");
    }
    for (size_t i = 0; i < 400; i++)
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(blocks[i][j], i & 0xff);
    arena_release(&arena);
    assert_int_equal(arena.bytes, 0);
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    arena_release(&arena);
}

#define KEYS 512

/* Few keys and many operations, so that runs of slots form, break and wrap around. */
static void map_equals_a_plain_array(void **state)
{
    struct map map = {0};
    uint64_t keys[KEYS], values[KEYS], seed = 7;
    bool present[KEYS] = {0};
    size_t n = 0;
    for (size_t i = 0; i < KEYS; i++)
        keys[i] = i == 0 ? 0 : i % 2 ? i * 16 : random_next(&seed);
    for (int step = 0; step < 200000; step++) {
        size_t i = random_next(&seed) % KEYS;
        bool added;
        if (random_next(&seed) % 3) {
            uint64_t *value = map_put(&map, keys[i], &added);
            assert_int_equal(added, !present[i]);
            assert_int_equal(*value, present[i] ? values[i] : 0);
            n += added;
            present[i] = true;
            *value = values[i] = random_next(&seed);
        } else {
            assert_int_equal(map_remove(&map, keys[i]), present[i]);
            n -= present[i];
            present[i] = false;
        }
        size_t looked = random_next(&seed) % KEYS;
        uint64_t *found = map_get(&map, keys[looked]);
        assert_int_equal(found != NULL, present[looked]);
        assert_true(!found || *found == values[looked]);
        assert_int_equal(map.n, n);
    }
    map_release(&map);
}

static void map_visits_every_key_once(void **state)
{
    struct map map = {0};
    size_t cursor = 0;
    assert_null(map_next(&map, &cursor));
    for (uint64_t key = 0; key < 1000; key++)
        *map_put(&map, key << 20, NULL) = 1;
    uint64_t sum = 0, visits = 0;
    cursor = 0;
    for (struct map_slot *slot; (slot = map_next(&map, &cursor)); visits++) {
        sum += slot->key >> 20;
        assert_int_equal(slot->value--, 1);
    }
    assert_int_equal(visits, 1000);
    assert_int_equal(sum, 999 * 1000 / 2);
    assert_null(map_next(&map, &cursor));
    map_clear(&map);
    assert_null(map_get(&map, 0));
    assert_null(map_get(&map, 1u << 20));
    map_release(&map);
}

static void strmap_gives_dense_ids(void **state)
{
    struct strmap strings = {0};
    char text[32];
    assert_int_equal(strmap_find(&strings, "0"), STRMAP_NONE);
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "%u", i * 3);
            assert_int_equal(strmap_intern(&strings, text), i);
        }
    }
    assert_int_equal(strings.n, 5000);
    assert_string_equal(strmap_text(&strings, 4999), "14997");
    assert_int_equal(strmap_find(&strings, "14997"), 4999);
    assert_int_equal(strmap_find(&strings, "14998"), STRMAP_NONE);
    assert_int_equal(strmap_intern(&strings, ""), 5000);
    assert_int_equal(strmap_intern_bytes(&strings, "a\0b", 3), 5001);
    assert_int_equal(strmap_intern_bytes(&strings, "a\0c", 3), 5002);
    assert_int_equal(strmap_intern_bytes(&strings, "abc", 1), 5003);
    strmap_release(&strings);
    assert_int_equal(strmap_find(&strings, "0"), STRMAP_NONE);
}

static void xalloc_copies(void **state)
{
    char *some = xstrndup("abcdef", 4), *all = xstrndup("ab", 100), *made = xasprintf("%d-%s", 5, "x");
    assert_string_equal(some, "abcd");
    assert_string_equal(all, "ab");
    assert_string_equal(made, "5-x");
    free(some);
    free(all);
    free(made);
    void *none = xcalloc(0, 8);
    assert_non_null(none);
    free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vec_keeps_what_was_pushed),
        cmocka_unit_test(vec_pushes_its_own_items),
        cmocka_unit_test(vec_appends_and_adds),
        cmocka_unit_test(strbuf_grows_and_ends_in_nul),
        cmocka_unit_test(strbuf_formats_more_than_it_holds),
        cmocka_unit_test(strbuf_detaches),
        cmocka_unit_test(arena_gives_aligned_separate_blocks),
        cmocka_unit_test(map_equals_a_plain_array),
        cmocka_unit_test(map_visits_every_key_once),
        cmocka_unit_test(strmap_gives_dense_ids),
        cmocka_unit_test(xalloc_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
