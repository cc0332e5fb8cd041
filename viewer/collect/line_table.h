/* Which line of its file an instruction of a Python code object belongs to.
 *
 * Sources: Objects/lnotab_notes.txt of CPython 3.8 and 3.9 (HL_LINES_LNOTAB), PEP 626 and the notes of 3.10 (HL_LINES_RANGES),
 * Objects/locations.md of 3.11 and later (HL_LINES_LOCATIONS). Tables are hostile bytes: any of them decodes, to something.
 */
#ifndef HEAPLINE_COLLECT_LINE_TABLE_H
#define HEAPLINE_COLLECT_LINE_TABLE_H

#include "../../lib/wire/record.h"
#include "../base/vec.h"

/* From `start`, in units of 2 bytes, to the start of the next row. Starts grow from row to row, the first one is 0. */
struct line_row {
    uint32_t start, line;         /* line 0: none */
};

struct line_rows VEC_FIELDS(struct line_row);

/* Fills an empty `rows`, which the caller releases with vec_release. */
void line_table_decode(struct line_rows *rows, enum hl_line_table kind, uint32_t first_line, const uint8_t *table, size_t n);

/* 0: no line, or behind the code's end. */
uint32_t line_table_find(const struct line_rows *rows, uint32_t instruction);

#endif
