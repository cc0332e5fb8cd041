/* What is UTF-8 and what is not, for formats that are strict about it. */
#ifndef HEAPLINE_BASE_UTF8_H
#define HEAPLINE_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd"          /* U+FFFD, for what is none */

/* Bytes of the character at `text`, of which `n` > 0 bytes may be read (SIZE_MAX: up to its NUL), and its number in *code
 * (may be NULL); 0 when it is none. Surrogates, overlong forms and numbers past U+10FFFF are none (RFC 3629). */
size_t utf8_character(const char *text, size_t n, uint32_t *code);

#endif
