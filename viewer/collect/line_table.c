#include "line_table.h"

#include <stdbool.h>

#define UNIT_BYTES 2
#define NO_LINE (-128)            /* HL_LINES_RANGES: the delta of a range without a line */

/* From unit `start` on the line is `line`; what nonsense makes of it is no line. Rows that say nothing new are left out. */
static void add_row(struct line_rows *rows, uint64_t start, int64_t line)
{
    struct line_row row = {(uint32_t)start, line > 0 && line < UINT32_MAX ? (uint32_t)line : 0};
    if (start >= HL_PYTHON_NO_INSTRUCTION)
        return;
    if (rows->n && vec_last(rows).start == row.start)
        rows->n--;
    if (!rows->n || vec_last(rows).line != row.line)
        vec_push(rows, row);
}

/* Pairs: bytes of code that go by, signed step of the line behind them. The last line goes on for ever. */
static void decode_lnotab(struct line_rows *rows, int64_t line, const uint8_t *table, size_t n)
{
    uint64_t bytes = 0;
    add_row(rows, 0, line);
    for (size_t i = 0; i + 1 < n; i += 2) {
        bytes += table[i];
        line += (int8_t)table[i + 1];
        add_row(rows, (bytes + UNIT_BYTES - 1) / UNIT_BYTES, line);
    }
}

/* Pairs: bytes of a range, signed step of the line before it. */
static void decode_ranges(struct line_rows *rows, int64_t line, const uint8_t *table, size_t n)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i + 1 < n; i += 2) {
        int8_t step = (int8_t)table[i + 1];
        if (step != NO_LINE)
            line += step;
        if (table[i])
            add_row(rows, bytes / UNIT_BYTES, step == NO_LINE ? 0 : line);
        bytes += table[i];
    }
    add_row(rows, bytes / UNIT_BYTES, 0);
}

/* Six bits a byte, the lowest first; bit 6 says that more follow. Bits beyond 63 are lost. */
static uint64_t take_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *at < end; shift += 6) {
        uint8_t byte = *(*at)++;
        if (shift < 60)
            value |= (uint64_t)(byte & 63) << shift;
        if (!(byte & 64))
            break;
    }
    return value;
}

static int64_t take_signed_varint(const uint8_t **at, const uint8_t *end)
{
    uint64_t value = take_varint(at, end);
    return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

enum location_code { LOCATION_ONE_LINE = 10, LOCATION_NO_COLUMNS = 13, LOCATION_LONG, LOCATION_NONE };   /* below ONE_LINE: the short form */

static int64_t line_step(unsigned code, const uint8_t **at, const uint8_t *end)
{
    if (code < LOCATION_ONE_LINE)
        return 0;
    return code < LOCATION_NO_COLUMNS ? (int64_t)code - LOCATION_ONE_LINE : take_signed_varint(at, end);
}

/* Entries of a first byte, bit 7 set, with the code in bits 3..6 and the units less one in bits 0..2; further bytes have bit 7 clear. The
 * columns, which stand behind the line, are of no interest. */
static void decode_locations(struct line_rows *rows, int64_t line, const uint8_t *table, size_t n)
{
    const uint8_t *at = table, *end = table + n;
    uint64_t units = 0;
    while (at < end) {
        uint8_t first = *at++;
        unsigned code = first >> 3 & 15;
        if (code != LOCATION_NONE)
            line += line_step(code, &at, end);
        if (line > UINT32_MAX || line < -(int64_t)UINT32_MAX)
            return;                          /* nonsense: it must not overflow */
        add_row(rows, units, code == LOCATION_NONE ? 0 : line);
        units += (first & 7u) + 1;
        while (at < end && !(*at & 128))
            at++;
    }
    add_row(rows, units, 0);
}

void line_table_decode(struct line_rows *rows, enum hl_line_table kind, uint32_t first_line, const uint8_t *table, size_t n)
{
    switch (kind) {
    case HL_LINES_LNOTAB: decode_lnotab(rows, first_line, table, n); return;
    case HL_LINES_RANGES: decode_ranges(rows, first_line, table, n); return;
    case HL_LINES_LOCATIONS: decode_locations(rows, first_line, table, n); return;
    }
}

uint32_t line_table_find(const struct line_rows *rows, uint32_t instruction)
{
    size_t low = 0, high = rows->n;
    while (low < high) {                     /* the first row behind the instruction */
        size_t middle = low + (high - low) / 2;
        if (rows->items[middle].start <= instruction)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? rows->items[low - 1].line : 0;
}
