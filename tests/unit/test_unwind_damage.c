/* The parser on damaged unwind data: a copy of libc's own image, right before (then right behind) an unreadable page, with
 * bytes flipped. It may answer what it likes, but must end and must not read outside: that would be a SIGSEGV here,
 * sanitizer or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <search.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/unwind.h"
#include "lib/unwind_cfi.h"

#define PAGE 4096
#define ROUNDS 300
#define LOOKUPS 200

static uint64_t random_next(void)
{
    static uint64_t state = 0x2545f4914f6cdd1d;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Maps room for the image with an unreadable page behind it (or before it), and copies it flush against that page. */
static uint8_t *copy_guarded(const struct hl_cfi_image *image, bool guard_behind)
{
    size_t room = (image->size + PAGE - 1) & -(size_t)PAGE;
    uint8_t *map = mmap(NULL, room + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    assert_int_equal(mprotect(map + PAGE, room, PROT_READ | PROT_WRITE), 0);
    uint8_t *copy = map + PAGE + (guard_behind ? room - image->size : 0);
    memcpy(copy, image->bytes, image->size);
    return copy;
}

static void look_up(const struct hl_cfi_image *image, size_t count)
{
    struct hl_rule rule;
    for (size_t i = 0; i < count; i++) {
        hl_rule_of_image(image, image->start + random_next() % (image->end - image->start), &rule);
        assert_in_range(rule.kind, HL_RULE_SP, HL_RULE_COMPLEX);
    }
}

/* Flips within the search header, or anywhere in the tables: some 1 in 2000 bytes, restored from the original for the next
 * round. */
static void damage(uint8_t *bytes, const struct hl_cfi_image *original, size_t round)
{
    size_t header = original->header - original->address;
    memcpy(bytes + header, original->bytes + header, original->size - header);
    for (size_t i = 0; i < (original->size - header) / 2000; i++)
        bytes[header + random_next() % (original->size - header)] ^= (uint8_t)(1 + random_next() % 255);
    if (round % 4 == 0)
        bytes[header + random_next() % 12] ^= (uint8_t)(1u << random_next() % 8);
}

static void survives(bool guard_behind)
{
    struct hl_cfi_image image, copy;
    assert_int_equal(hl_cfi_image_find((uintptr_t)twalk, &image), 0);
    copy = image;
    uint8_t *bytes = copy_guarded(&image, guard_behind);
    copy.bytes = bytes;
    for (size_t round = 0; round < ROUNDS; round++) {
        damage(bytes, &image, round);
        look_up(&copy, LOOKUPS);
    }
}

static void flipped_bytes_before_a_guard(void **state) { survives(true); }
static void flipped_bytes_behind_a_guard(void **state) { survives(false); }

/* Every length of the tail: the image ends where the guard page begins, whatever the entries say. */
static void cut_images(void **state)
{
    struct hl_cfi_image image, copy;
    assert_int_equal(hl_cfi_image_find((uintptr_t)twalk, &image), 0);
    size_t header = image.header - image.address;
    for (size_t keep = 0; keep < 600; keep += 7) {
        copy = image;
        copy.size = header + keep * keep % (image.size - header);
        copy.bytes = copy_guarded(&copy, true);
        look_up(&copy, LOOKUPS);
        munmap((void *)(((uintptr_t)copy.bytes & -(uintptr_t)PAGE) - PAGE), ((copy.size + PAGE - 1) & -(size_t)PAGE) + 2 * PAGE);
    }
}

/* An undamaged copy elsewhere answers what the original answers: nothing is read past the image's back. */
static void copies_agree(void **state)
{
    struct hl_cfi_image image, copy;
    assert_int_equal(hl_cfi_image_find((uintptr_t)twalk, &image), 0);
    copy = image;
    copy.bytes = copy_guarded(&image, true);
    size_t found = 0;
    for (size_t i = 0; i < 20000; i++) {
        struct hl_rule one, other;
        memset(&one, 0, sizeof one);
        memset(&other, 0, sizeof other);
        uintptr_t pc = image.start + random_next() % (image.end - image.start);
        hl_rule_of_image(&image, pc, &one);
        hl_rule_of_image(&copy, pc, &other);
        assert_memory_equal(&one, &other, sizeof one);
        found += one.kind == HL_RULE_SP;
    }
    assert_true(found > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_agree),
        cmocka_unit_test(cut_images),
        cmocka_unit_test(flipped_bytes_before_a_guard),
        cmocka_unit_test(flipped_bytes_behind_a_guard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
