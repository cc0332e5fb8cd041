#include "utf8.h"

#include <stdbool.h>

size_t utf8_character(const char *text, size_t n, uint32_t *code)
{
    const unsigned char *c = (const unsigned char *)text;
    unsigned char a = c[0], b = a && n > 1 ? c[1] : 0;
    size_t bytes = a < 0x80 ? 1 : a < 0xc2 ? 0 : a < 0xe0 ? 2 : a < 0xf0 ? 3 : a < 0xf5 ? 4 : 0;
    uint32_t value = bytes < 2 ? a : a & (0x7fu >> bytes);
    if (bytes > n)
        return 0;
    for (size_t i = 1; i < bytes; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (c[i] & 0x3f);
    }
    bool bad = (a == 0xe0 && b < 0xa0) || (a == 0xed && b >= 0xa0) || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b >= 0x90);
    if (code)
        *code = value;
    return bad ? 0 : bytes;
}
