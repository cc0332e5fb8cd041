/* The library's own few words, on stderr by write(2). Hook safe, errno kept. At most three a process: then it is silent. */
#ifndef HEAPLINE_SAY_H
#define HEAPLINE_SAY_H

#include <stddef.h>
#include <stdint.h>

/* "heapline: <sentence> (errno <error>)\n"; error 0: none. */
void hl_say(const char *sentence, int error);

/* The same with numbers behind it, in hexadecimal. */
void hl_say_numbers(const char *sentence, const uint64_t *numbers, size_t n);

#endif
