/* Numbers as people read them. Results are values: `printf("%s", format_bytes(n).text)`.
 *
 * Sizes are powers of 1024 and named so: B, KiB, MiB, GiB. Three digits, rounded half up, never "1024 KiB".
 */
#ifndef HEAPLINE_BASE_FORMAT_H
#define HEAPLINE_BASE_FORMAT_H

#include <stdint.h>

struct format_text {
    char text[48];
};

struct format_text format_bytes(uint64_t bytes);              /* "512 B", "1.50 GiB", "15.2 MiB", "152 KiB" */
struct format_text format_bytes_exact(uint64_t bytes);        /* "1,610,612,736 B" */
struct format_text format_count(uint64_t count);              /* "1,234,567" */
struct format_text format_count_short(uint64_t count);        /* "999", "1.23 k", "12.3 M", "123 G" */
/* "850 ns", "12.3 µs", "250 ms", "1.234 s", "2 m 03 s", "1 h 02 m 03 s" */
struct format_text format_duration(uint64_t ns);
struct format_text format_seconds(uint64_t ns);               /* "1.234": seconds without unit, for columns */
struct format_text format_percent(uint64_t part, uint64_t whole);   /* "12.3%"; "-" when the whole is 0 */
struct format_text format_clock(uint64_t unix_ns);            /* "12:31:05", local time */
struct format_text format_date(uint64_t unix_ns);             /* "2026-01-31 12:31:05", local time */

#endif
