/* Tables of Rust's standard library, laid out as hashbrown does: entries, then control bytes, to which the only pointer leads, then
 * the first 16 of them once more. A small one, a large one, one that is dropped, and one of that shape without a free entry, which
 * a real one always has.
 *
 * why: valgrind does not know how Rust's tables are laid out
 */
#include "leaks.h"

#ifdef __aarch64__
#define GROUP 8u
#else
#define GROUP 16u
#endif

static uint8_t *small, *large, *full;

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

static void fill(void)
{
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
