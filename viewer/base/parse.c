#include "parse.h"

#include <ctype.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

__extension__ typedef unsigned __int128 wide;

/* digits / divisor, e.g. 1.5 is 15 / 10. */
struct decimal {
    uint64_t digits, divisor;
};

static bool add_digit(uint64_t *number, char digit)
{
    return !__builtin_mul_overflow(*number, 10u, number) && !__builtin_add_overflow(*number, (uint64_t)(digit - '0'), number);
}

/* Reads "12", "1.5", ".5"; the position moves behind it. */
static bool read_decimal(const char **position, struct decimal *number)
{
    const char *c = *position;
    bool fraction = false, any = false;
    *number = (struct decimal){ 0, 1 };
    for (; isdigit((unsigned char)*c) || (*c == '.' && !fraction); c++) {
        if (*c == '.') {
            fraction = true;
            continue;
        }
        if (!add_digit(&number->digits, *c) || (fraction && !add_digit(&number->divisor, '0')))
            return false;
        any = true;
    }
    *position = c;
    return any;
}

/* The number in units, rounded half up. */
static bool in_units(const struct decimal *number, uint64_t unit, uint64_t *value)
{
    wide product = ((wide)number->digits * unit + number->divisor / 2) / number->divisor;
    *value = (uint64_t)product;
    return product <= UINT64_MAX;
}

static void skip_blanks(const char **position)
{
    *position += strspn(*position, " ");
}

bool parse_count(const char *text, uint64_t *count)
{
    *count = 0;
    if (!*text)
        return false;
    for (; *text; text++)
        if (!isdigit((unsigned char)*text) || !add_digit(count, *text))
            return false;
    return true;
}

/* Reads "", "B", "K", "KB", "KiB", ... */
static bool bytes_unit(const char *name, uint64_t *unit)
{
    static const char letters[] = "kmgtpe";
    *unit = 1;
    const char *letter = *name ? strchr(letters, tolower((unsigned char)*name)) : NULL;
    if (!letter)
        return !*name || !strcasecmp(name, "b");
    *unit = (uint64_t)1 << (10 * (letter - letters + 1));
    return !name[1] || !strcasecmp(name + 1, "b") || !strcasecmp(name + 1, "ib");
}

bool parse_bytes(const char *text, uint64_t *bytes)
{
    struct decimal number;
    uint64_t unit;
    if (!read_decimal(&text, &number))
        return false;
    skip_blanks(&text);
    return bytes_unit(text, &unit) && in_units(&number, unit, bytes);
}

/* Reads the unit at the position, which moves behind it; at the end of the text it is seconds. */
static bool time_unit(const char **position, uint64_t *unit)
{
    static const struct { const char *name; uint64_t ns; } units[] = {
        { "ns", 1 }, { "us", 1000 }, { "µs", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
        { "m", 60000000000 }, { "min", 60000000000 }, { "h", 3600000000000 }, { "", 1000000000 },
    };
    size_t length = strcspn(*position, " .0123456789");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i].name) == length && memcmp(units[i].name, *position, length) == 0) {
            *position += length;
            *unit = units[i].ns;
            return length > 0 || !**position;
        }
    }
    return false;
}

bool parse_duration(const char *text, uint64_t *ns)
{
    uint64_t last_unit = UINT64_MAX;
    *ns = 0;
    do {
        struct decimal number;
        uint64_t unit, part;
        if (!read_decimal(&text, &number))
            return false;
        skip_blanks(&text);
        if (!time_unit(&text, &unit) || unit >= last_unit)
            return false;
        if (!in_units(&number, unit, &part) || __builtin_add_overflow(*ns, part, ns))
            return false;
        last_unit = unit;
        skip_blanks(&text);
    } while (*text);
    return true;
}

/* One or two digits below `limit`. */
static bool read_clock_part(const char **position, unsigned limit, uint64_t *value)
{
    const char *c = *position;
    *value = 0;
    while (isdigit((unsigned char)*c) && c - *position < 2)
        add_digit(value, *c++);
    bool good = c > *position && *value < limit;
    *position = c;
    return good;
}

bool parse_clock(const char *text, uint64_t *seconds)
{
    uint64_t hour, minute, second = 0;
    if (!read_clock_part(&text, 24, &hour) || *text++ != ':' || !read_clock_part(&text, 60, &minute))
        return false;
    if (*text == ':') {
        text++;
        if (!read_clock_part(&text, 60, &second))
            return false;
    }
    *seconds = hour * 3600 + minute * 60 + second;
    return *text == '\0';
}

bool parse_percent(const char *text, uint64_t *percent)
{
    size_t length = strlen(text);
    if (length < 2 || length > 4 || text[length - 1] != '%')
        return false;
    *percent = 0;
    for (size_t i = 0; i + 1 < length; i++)
        if (!isdigit((unsigned char)text[i]) || !add_digit(percent, text[i]))
            return false;
    return *percent <= 100;
}

int parse_signal(const char *text)
{
    static const struct { const char *name; int number; } signals[] = {
        {"HUP", SIGHUP}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"URG", SIGURG},
        {"CONT", SIGCONT}, {"WINCH", SIGWINCH}, {"IO", SIGIO}, {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},
    };
    char *end;
    long number = strtol(text, &end, 10);
    if (*text >= '0' && *text <= '9')
        return *end == 0 && number > 0 && number <= SIGRTMAX ? (int)number : -1;
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcasecmp(text, signals[i].name) == 0)
            return signals[i].number;
    return -1;
}
