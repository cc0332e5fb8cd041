/* Tables of Rust's standard library, laid out as hashbrown does: entries, then control bytes, to which the only pointer leads, then
 * the first 16 of them once more. Tables of Abseil: a word, control bytes, to which the only pointer leads, one that is 0xff, the
 * first 15 once more, then the entries. Of both a small one, a large one, one that is dropped, and one of that shape that no real one
 * has: without a free entry, or where what should stand there once more does not.
 *
 * why: valgrind does not know how Rust's and Abseil's tables are laid out
 */
#include "leaks.h"

#ifdef __aarch64__
#define GROUP 8u
#else
#define GROUP 16u
#endif

static uint8_t *small, *large, *full, *swiss_small, *swiss_large, *swiss_broken;

static uint8_t *build(size_t entries, size_t used)
{
    size_t front = entries * sizeof(void *);
    uint8_t *block = malloc(front + entries + GROUP); /* leak: reachable=680/2 lost=52/1 possible=304/1 valgrind=possible:984/3,lost:52/1 */
    uint8_t *control = block + front;
    memset(block, 0, front);
    memset(control, 0xff, entries + GROUP);
    for (size_t i = 0; i < used; i++) {
        ((void **)(void *)control)[-1 - (long)i] = malloc(24); /* leak: reachable=1320/55 indirect=72/3 possible=768/32 valgrind=possible:2088/87,indirect:72/3 */
        control[i] = (uint8_t)i;
        if (i < GROUP)
            control[(entries < GROUP ? GROUP : entries) + i] = control[i];
    }
    return control;
}

static uint8_t *build_swiss(size_t entries, size_t used)
{
    size_t front = (8 + entries + GROUP + 7) / 8 * 8;
    uint8_t *block = malloc(front + entries * sizeof(void *)); /* leak: reachable=680/2 lost=160/1 possible=304/1 valgrind=possible:984/3,lost:160/1 */
    uint8_t *control = block + 8;
    memset(block, 0, front + entries * sizeof(void *));
    memset(control, 0x80, entries + GROUP);
    control[entries] = 0xff;
    for (size_t i = 0; i < used; i++) {
        ((void **)(void *)(block + front))[i] = malloc(24); /* leak: reachable=1080/45 indirect=72/3 possible=480/20 valgrind=possible:1560/65,indirect:72/3 */
        control[i] = (uint8_t)(i + 1);
        if (i < GROUP - 1)
            control[entries + 1 + i] = control[i];
    }
    return control;
}

static void fill(void)
{
    swiss_small = build_swiss(7, 5);
    swiss_large = build_swiss(63, 40);
    build_swiss(15, 3);
    swiss_broken = build_swiss(31, 20);
    swiss_broken[31 + 1] = 99;
    small = build(8, 5);
    large = build(64, 50);
    build(4, 3);
    full = build(32, 32);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
