/* viewer/collect's tables against naive ones: the trie of stacks, the live map, the mappings. */
#include "../../viewer/collect/live.h"
#include "../../viewer/collect/mappings.h"
#include "../../viewer/collect/trie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state = 1;

static uint32_t below(uint32_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % n);
}

/* ---- trie: a list of (parent, pc) that is searched from the start ---- */

#define NODES 4000
static struct { uint32_t parent; uint64_t pc; bool gone; } naive_nodes[NODES + 1];
static uint32_t naive_n;

static uint32_t naive_child(uint32_t parent, uint64_t pc)
{
    for (uint32_t i = 0; i < naive_n; i++)
        if (!naive_nodes[i].gone && naive_nodes[i].parent == parent && naive_nodes[i].pc == pc)
            return i;
    naive_nodes[naive_n].parent = parent;
    naive_nodes[naive_n].pc = pc;
    naive_nodes[naive_n].gone = false;
    return naive_n++;
}

static void test_trie(void **state)
{
    struct trie trie;
    trie_init(&trie);
    naive_n = 0;
    for (uint32_t i = 0; i < 3; i++)     /* roots are never looked up: two with the same tag are two */
        assert_int_equal(trie_root(&trie, 7), naive_child(TRIE_NONE, 100 + i));
    while (naive_n < NODES) {
        uint32_t parent = below(naive_n);
        uint64_t pc = 0x1000 + below(12);
        assert_int_equal(trie_child(&trie, parent, pc), naive_child(parent, pc));
        if (below(1000) == 0) {          /* code goes away: its nodes are found no more, their children and all others still are */
            uint64_t start = 0x1000 + below(12), end = start + 1 + below(3);
            trie_retire(&trie, start, end);
            for (uint32_t k = 3; k < naive_n; k++)
                naive_nodes[k].gone |= naive_nodes[k].pc >= start && naive_nodes[k].pc < end;
        }
    }
    for (uint32_t i = 3; i < naive_n; i++) {
        assert_int_equal(trie.nodes.items[i].parent, naive_nodes[i].parent);
        assert_int_equal(trie.nodes.items[i].pc, naive_nodes[i].pc);
        if (!naive_nodes[i].gone)
            assert_int_equal(trie_child(&trie, naive_nodes[i].parent, naive_nodes[i].pc), i);
    }
    trie_release(&trie);
}

/* ---- live map: an array by address and generation ---- */

#define ADDRESSES 3000
#define GENERATIONS 3
static struct live_block naive_live[ADDRESSES][GENERATIONS];
static uint64_t naive_births[ADDRESSES][GENERATIONS];

static uint64_t key_of(uint32_t address, uint32_t generation)
{
    return (uint64_t)generation << 48 | (UINT64_C(0x7f0000000000) + (uint64_t)address * 8);
}

static void compare_all(const struct live_map *map, size_t expected)
{
    size_t n = 0;
    for (uint64_t i = 0; i <= map->mask; i++) {
        const struct live_block *slot = &map->slots[i];
        if (!live_is_block(slot))
            continue;
        uint32_t address = (uint32_t)(((slot->key & ((UINT64_C(1) << 48) - 1)) - UINT64_C(0x7f0000000000)) / 8);
        struct live_block *naive = &naive_live[address][slot->key >> 48];
        assert_true(naive->key == slot->key && naive->bytes == slot->bytes && naive->site == slot->site && naive->born == slot->born);
        n++;
    }
    assert_int_equal(n, expected);
    assert_int_equal(map->n, expected);
}

/* One random step, made with both. */
static void put_or_take(struct live_map *map, size_t *n)
{
    uint32_t address = below(ADDRESSES), generation = below(GENERATIONS);
    struct live_block *naive = &naive_live[address][generation], taken = {0};
    uint64_t key = key_of(address, generation), birth = 1 + below(1000), slot = 0;
    if (!naive->key && below(3)) {
        *naive = (struct live_block){key, below(5000), below(100), below(9)};
        live_put(map, *naive, birth);
        naive_births[address][generation] = map->births ? birth : 0;
        ++*n;
        return;
    }
    assert_int_equal(live_take(map, key, &taken, &slot), naive->key != 0);
    if (naive->key) {
        assert_true(taken.key == key && taken.bytes == naive->bytes && taken.site == naive->site && taken.born == naive->born);
        assert_int_equal(live_birth(map, slot), naive_births[address][generation]);
    }
    *n -= naive->key != 0;
    naive->key = 0;
}

static void test_live(void **state)
{
    struct live_map map, copy;
    size_t n = 0;
    memset(naive_live, 0, sizeof naive_live);
    live_init(&map);
    for (uint32_t step = 0; step < 400000; step++) {
        if (step == 1000)                /* while it is small yet: it grows with births */
            live_keep_births(&map);
        put_or_take(&map, &n);
        if (step % 50000 == 0)
            compare_all(&map, n);
    }
    live_copy(&copy, &map);
    live_release(&map);
    compare_all(&copy, n);
    live_release(&copy);
}

/* The marks that blocks leave must neither fill the map nor make it grow. */
static void test_live_marks(void **state)
{
    struct live_map map;
    struct live_block taken;
    uint64_t slot;
    live_init(&map);
    uint64_t first_mask = map.mask;
    for (uint64_t i = 1; i < 200000; i++) {
        live_put(&map, (struct live_block){i << 4, i, 0, 0}, 0);
        assert_true(live_take(&map, i << 4, &taken, &slot));
        assert_false(live_take(&map, i << 4, &taken, &slot));
    }
    assert_int_equal(map.n, 0);
    assert_int_equal(map.mask, first_mask);
    live_release(&map);
}

/* ---- mappings: one number a page says which mapping it belongs to ---- */

#define PAGES 300
#define PAGE UINT64_C(4096)
static uint32_t page_owner[PAGES];        /* 0: none; else site */
static uint64_t gone_bytes[20000];
static uint32_t gone_last[20000];

static void note_gone(void *context, uint32_t site, uint64_t bytes, bool last)
{
    gone_bytes[site] += bytes;
    gone_last[site] += last;
}

static uint64_t owned(uint32_t site)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < PAGES; i++)
        bytes += page_owner[i] == site ? PAGE : 0;
    return bytes;
}

static void compare_pages(const struct mappings *mappings)
{
    uint64_t before = 0;
    uint32_t seen[PAGES] = {0};
    for (size_t i = 0; i < mappings->pieces.n; i++) {
        const struct mapping_piece *piece = &mappings->pieces.items[i];
        assert_true(piece->start >= before && piece->end > piece->start && piece->end <= PAGES * PAGE);
        before = piece->end;
        for (uint64_t at = piece->start; at < piece->end; at += PAGE)
            seen[at / PAGE] = mappings->groups.items[piece->group].site;
    }
    assert_memory_equal(seen, page_owner, sizeof seen);
}

static void compare_find(const struct mappings *mappings, uint32_t from, uint32_t to)
{
    const struct mapping_piece *found = mappings_find(mappings, from * PAGE, to * PAGE);
    uint32_t first = from;
    while (first < to && !page_owner[first])
        first++;
    assert_int_equal(found != NULL, first < to);
    if (found)
        assert_true(found->start < to * PAGE && found->end > first * PAGE && found->start <= first * PAGE);
}

static void test_mappings(void **state)
{
    struct mappings mappings = {0};
    uint32_t sites = 0, pages[20000];
    for (uint32_t step = 0; step < 19000; step++) {
        uint32_t from = below(PAGES), to = from + 1 + below(below(8) ? 12 : PAGES);
        if (to > PAGES)
            to = PAGES;
        compare_find(&mappings, from, to);
        mappings_remove(&mappings, from * PAGE, to * PAGE, note_gone, NULL);
        bool add = below(3) != 0;
        if (add) {
            mappings_add(&mappings, from * PAGE, to * PAGE, ++sites, 0, HL_MAP_ANONYMOUS);
            pages[sites] = to - from;
        }
        for (uint32_t i = from; i < to; i++)
            page_owner[i] = add ? sites : 0;
        if (step % 16 == 0)
            compare_pages(&mappings);
    }
    compare_pages(&mappings);
    for (uint32_t site = 1; site <= sites; site++) {      /* every byte went once, and the last piece was told as such, once */
        assert_int_equal(gone_bytes[site] + owned(site), pages[site] * PAGE);
        assert_int_equal(gone_last[site], owned(site) == 0);
    }
    mappings_release(&mappings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trie),
        cmocka_unit_test(test_live),
        cmocka_unit_test(test_live_marks),
        cmocka_unit_test(test_mappings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
