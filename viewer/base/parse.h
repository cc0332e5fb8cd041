/* Numbers as people write them. All of the text must be a number; fractions are exact, overflow is refused. */
#ifndef HEAPLINE_BASE_PARSE_H
#define HEAPLINE_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* "20": digits only. */
bool parse_count(const char *text, uint64_t *count);

/* "4096", "24MB", "1.5 GiB", "64k": powers of 1024, upper or lower case, with or without "B" or "iB". */
bool parse_bytes(const char *text, uint64_t *bytes);

/* "1.5s", "250ms", "2m", "1h", "2 m 03 s": units ns us µs ms s m min h, largest first when there are
 * several; no unit means seconds. */
bool parse_duration(const char *text, uint64_t *ns);

/* "12:31" or "12:31:05": seconds of the day. */
bool parse_clock(const char *text, uint64_t *seconds);

/* "0%" to "100%". */
bool parse_percent(const char *text, uint64_t *percent);

/* A signal by name, with SIG in front or without, or by number. -1: there is none of that name. */
int parse_signal(const char *text);

#endif
