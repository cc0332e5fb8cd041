#include "say.h"

#include "base.h"
#include "sys.h"

#include <string.h>

HL_COLD void hl_say(const char *sentence, int error)
{
    static uint32_t said;
    char line[300], digits[] = " (errno 000)\n";
    if (__atomic_fetch_add(&said, 1, __ATOMIC_RELAXED) >= 3)
        return;
    for (int i = 0; i < 3; i++, error /= 10)
        digits[11 - 1 - i] = (char)('0' + error % 10);
    const char *parts[] = {"heapline: ", sentence, memcmp(digits + 8, "000", 3) ? digits : "\n"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t length = strnlen(parts[i], sizeof line - n);
        memcpy(line + n, parts[i], length);
        n += length;
    }
    hl_sys(SYS_write, 2, (long)line, (long)n, 0, 0, 0);
}

HL_COLD void hl_say_numbers(const char *sentence, const uint64_t *numbers, size_t count)
{
    char line[256];
    size_t n = strlen(sentence);
    memcpy(line, sentence, n);
    for (size_t i = 0; i < count && n < sizeof line - 19; i++) {
        line[n++] = ' ';
        for (int shift = 60; shift >= 0; shift -= 4)
            if (numbers[i] >> shift || shift == 0)
                line[n++] = "0123456789abcdef"[numbers[i] >> shift & 15];
    }
    line[n] = 0;
    hl_say(line, 0);
}
