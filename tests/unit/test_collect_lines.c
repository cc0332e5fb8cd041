/* viewer/collect/line_table.c against what interpreters say of their own tables (make_line_tables.py), and against nonsense. */
#include "../../viewer/collect/line_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "line_tables.h"

/* The last row that has begun, searched from the start. */
static uint32_t naive_find(const struct line_row *rows, uint32_t n, uint32_t instruction)
{
    uint32_t line = 0;
    for (uint32_t i = 0; i < n && rows[i].start <= instruction; i++)
        line = rows[i].line;
    return line;
}

static void test_real_tables(void **state)
{
    for (size_t i = 0; i < sizeof line_tables / sizeof *line_tables; i++) {
        struct line_rows rows = {0};
        uint32_t n = line_tables[i].n, end = line_tables[i].rows[n - 1].start + 10;
        line_table_decode(&rows, line_tables[i].kind, line_tables[i].first_line, line_tables[i].table, line_tables[i].bytes);
        for (uint32_t unit = 0; unit < end; unit++)
            if (line_table_find(&rows, unit) != naive_find(line_tables[i].rows, n, unit))
                fail_msg("%s, unit %u: line %u, expected %u", line_tables[i].name, unit, line_table_find(&rows, unit),
                         naive_find(line_tables[i].rows, n, unit));
        vec_release(&rows);
    }
}

/* Longer steps than a byte holds, worked out by hand from the documents. */
static void test_long_steps(void **state)
{
    static const uint8_t lnotab[] = {6, 127, 0, 127, 0, 46, 255, 0, 45, 1, 2, 0x80, 0, 0xf0};   /* +300 at byte 6, +1 at 306, -144 at 308 */
    static const uint8_t ranges[] = {6, 0, 0, 127, 0, 127, 4, 46, 2, 0x80, 2, 0xff};           /* 4 bytes of +300, 2 of none, 2 of one less */
    static const uint8_t locations[] = {0x80 | 13 << 3 | 1, 0x58, 0x09,                        /* 2 units of +300: 600 is 24 + 64 * 9 */
                                        0x80 | 15 << 3, 0x80 | 14 << 3 | 7, 3, 0, 1, 1,         /* a unit of none, 8 of one less, with columns */
                                        0x80 | 11 << 3, 2, 3, 0x80 | 2 << 3 | 1, 9};             /* 1 of one more; 2 of the same, short */
    struct line_rows rows = {0};
    line_table_decode(&rows, HL_LINES_LNOTAB, 10, lnotab, sizeof lnotab);
    const uint32_t lnotab_lines[][2] = {{0, 10}, {2, 10}, {3, 310}, {152, 310}, {153, 311}, {154, 167}, {100000, 167}};
    for (size_t i = 0; i < sizeof lnotab_lines / sizeof *lnotab_lines; i++)
        assert_int_equal(line_table_find(&rows, lnotab_lines[i][0]), lnotab_lines[i][1]);
    vec_release(&rows);

    line_table_decode(&rows, HL_LINES_RANGES, 10, ranges, sizeof ranges);
    const uint32_t range_lines[] = {10, 10, 10, 310, 310, 0, 309, 0, 0};
    for (uint32_t i = 0; i < sizeof range_lines / sizeof *range_lines; i++)
        assert_int_equal(line_table_find(&rows, i), range_lines[i]);
    vec_release(&rows);

    line_table_decode(&rows, HL_LINES_LOCATIONS, 10, locations, sizeof locations);
    const uint32_t location_lines[] = {310, 310, 0, 309, 309, 309, 309, 309, 309, 309, 309, 310, 310, 310, 0};
    for (uint32_t i = 0; i < sizeof location_lines / sizeof *location_lines; i++)
        assert_int_equal(line_table_find(&rows, i), location_lines[i]);
    vec_release(&rows);
}

/* Any bytes decode into rows in order, which begin at 0. */
static void test_nonsense(void **state)
{
    uint64_t random = 1;
    for (uint32_t round = 0; round < 3000; round++) {
        size_t n = (random >> 40) % 3000;
        uint8_t *exact = malloc(n ? n : 1);  /* a sanitizer sees a read beyond */
        for (size_t i = 0; i < n; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            exact[i] = round % 3 ? (uint8_t)(random >> 56) : round % 2 ? 0x7f : 0xff;
        }
        struct line_rows rows = {0};
        line_table_decode(&rows, (enum hl_line_table)(round % 3), round % 5 ? 1 : UINT32_MAX, exact, n);
        for (size_t i = 0; i < rows.n; i++) {
            assert_true(i == 0 ? rows.items[i].start == 0 : rows.items[i - 1].start < rows.items[i].start);
            assert_int_equal(line_table_find(&rows, rows.items[i].start), rows.items[i].line);
        }
        vec_release(&rows);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_tables),
        cmocka_unit_test(test_long_steps),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
