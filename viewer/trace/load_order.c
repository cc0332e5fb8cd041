/* Rows that stand in the file as they came up, put in order once all are there. Rows that compare equal keep the order of the
 * file: what is sorted are pointers to them, and those rise. */
#include "load.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

typedef int compare_rows(const void *a, const void *b);

static int by_number(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

static int compare_marks(const void *a, const void *b)
{
    const struct trace_mark *x = a, *y = b;
    return by_number(x->ns, y->ns);
}

static int compare_pythons(const void *a, const void *b)
{
    const struct trace_python *x = a, *y = b;
    return by_number(x->process, y->process);
}

static int compare_lines(const void *a, const void *b)
{
    const struct trace_line *x = a, *y = b;
    int order = by_number(x->process, y->process);
    if (!order)
        order = by_number(x->code, y->code);
    return order ? order : by_number(x->line, y->line);
}

static bool is_sorted(const char *rows, size_t n, size_t bytes, compare_rows *compare)
{
    for (size_t i = 1; i < n; i++)
        if (compare(rows + (i - 1) * bytes, rows + i * bytes) > 0)
            return false;
    return true;
}

static int compare_pointers(const void *a, const void *b, void *context)
{
    const void *x = *(const void *const *)a, *y = *(const void *const *)b;
    int order = (*(compare_rows **)context)(x, y);
    return order ? order : by_number((uintptr_t)x, (uintptr_t)y);
}

static void sort_rows(void *rows, size_t n, size_t bytes, compare_rows *compare)
{
    if (is_sorted(rows, n, bytes, compare))
        return;
    const char **pointers = xcalloc(n, sizeof *pointers);
    char *sorted = xcalloc(n, bytes);
    for (size_t i = 0; i < n; i++)
        pointers[i] = (const char *)rows + i * bytes;
    qsort_r(pointers, n, sizeof *pointers, compare_pointers, &compare);
    for (size_t i = 0; i < n; i++)
        memcpy(sorted + i * bytes, pointers[i], bytes);
    memcpy(rows, sorted, n * bytes);
    free(sorted);
    free(pointers);
}

/* Of sorted rows that compare equal the last stays. Returns how many stay. */
static size_t keep_last(void *rows, size_t n, size_t bytes, compare_rows *compare)
{
    char *row = rows, *end = row;
    for (size_t i = 0; i < n; i++, row += bytes) {
        if (i + 1 < n && !compare(row, row + bytes))
            continue;
        if (end != row)
            memcpy(end, row, bytes);
        end += bytes;
    }
    return (size_t)(end - (char *)rows) / bytes;
}

void load_order(struct reader *reader)
{
    struct trace_python *pythons = reader->pythons.items;
    struct trace_line *lines = reader->lines.items;
    sort_rows(reader->marks.items, reader->marks.n, sizeof *reader->marks.items, compare_marks);
    sort_rows(pythons, reader->pythons.n, sizeof *pythons, compare_pythons);
    sort_rows(lines, reader->lines.n, sizeof *lines, compare_lines);
    reader->pythons.n = keep_last(pythons, reader->pythons.n, sizeof *pythons, compare_pythons);
    reader->lines.n = keep_last(lines, reader->lines.n, sizeof *lines, compare_lines);
}
