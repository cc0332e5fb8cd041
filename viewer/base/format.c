#include "format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_SECOND 1000000000u

__extension__ typedef unsigned __int128 wide;

/* value * factor / unit, rounded half up. */
static uint64_t scale(uint64_t value, unsigned factor, uint64_t unit)
{
    return (uint64_t)(((wide)value * factor + unit / 2) / unit);
}

/* Three digits of value / unit; false when they would read `limit` or more. */
static bool three_digits(struct format_text *out, uint64_t value, uint64_t unit, unsigned limit, const char *name)
{
    unsigned hundredths = (unsigned)scale(value, 100, unit), tenths = (unsigned)scale(value, 10, unit);
    uint64_t ones = scale(value, 1, unit);
    if (ones >= limit)
        return false;
    if (scale(value, 100, unit) < 1000)
        snprintf(out->text, sizeof out->text, "%u.%02u %s", hundredths / 100, hundredths % 100, name);
    else if (scale(value, 10, unit) < 1000)
        snprintf(out->text, sizeof out->text, "%u.%u %s", tenths / 10, tenths % 10, name);
    else
        snprintf(out->text, sizeof out->text, "%u %s", (unsigned)ones, name);
    return true;
}

struct format_text format_bytes(uint64_t bytes)
{
    static const char *const names[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    struct format_text out;
    if (bytes < 1024) {
        snprintf(out.text, sizeof out.text, "%u B", (unsigned)bytes);
        return out;
    }
    uint64_t unit = 1024;
    for (size_t i = 0; !three_digits(&out, bytes, unit, 1024, names[i]); i++)
        unit *= 1024;
    return out;
}

static struct format_text grouped(uint64_t value, const char *suffix)
{
    char digits[24];
    struct format_text out;
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    size_t n = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            out.text[n++] = ',';
        out.text[n++] = digits[i];
    }
    snprintf(out.text + n, sizeof out.text - n, "%s", suffix);
    return out;
}

struct format_text format_bytes_exact(uint64_t bytes)
{
    return grouped(bytes, " B");
}

struct format_text format_count(uint64_t count)
{
    return grouped(count, "");
}

struct format_text format_count_short(uint64_t count)
{
    static const char *const names[] = { "k", "M", "G", "T", "P", "E" };
    struct format_text out;
    if (count < 1000)
        return grouped(count, "");
    uint64_t unit = 1000;
    for (size_t i = 0; !three_digits(&out, count, unit, 1000, names[i]); i++)
        unit *= 1000;
    return out;
}

static struct format_text minutes(uint64_t seconds)
{
    struct format_text out;
    unsigned long long hours = seconds / 3600;
    unsigned minute = (unsigned)(seconds / 60 % 60), second = (unsigned)(seconds % 60);
    if (hours)
        snprintf(out.text, sizeof out.text, "%llu h %02u m %02u s", hours, minute, second);
    else
        snprintf(out.text, sizeof out.text, "%u m %02u s", minute, second);
    return out;
}

struct format_text format_duration(uint64_t ns)
{
    struct format_text out;
    uint64_t ms = scale(ns, 1, 1000000);
    if (ns < 1000)
        snprintf(out.text, sizeof out.text, "%u ns", (unsigned)ns);
    else if (!three_digits(&out, ns, 1000, 1000, "µs") && !three_digits(&out, ns, 1000000, 1000, "ms")) {
        if (ms >= 60000)
            return minutes(scale(ns, 1, NS_PER_SECOND));
        snprintf(out.text, sizeof out.text, "%u.%03u s", (unsigned)(ms / 1000), (unsigned)(ms % 1000));
    }
    return out;
}

struct format_text format_seconds(uint64_t ns)
{
    struct format_text out;
    uint64_t ms = scale(ns, 1, 1000000);
    snprintf(out.text, sizeof out.text, "%llu.%03u", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));
    return out;
}

struct format_text format_percent(uint64_t part, uint64_t whole)
{
    struct format_text out = { "-" };
    if (whole) {
        uint64_t permille = scale(part, 1000, whole);
        snprintf(out.text, sizeof out.text, "%llu.%u%%", (unsigned long long)(permille / 10), (unsigned)(permille % 10));
    }
    return out;
}

static struct format_text local_time(uint64_t unix_ns, const char *format)
{
    struct format_text out = { "?" };
    time_t seconds = (time_t)(unix_ns / NS_PER_SECOND);
    struct tm parts;
    if (localtime_r(&seconds, &parts) && strftime(out.text, sizeof out.text, format, &parts) == 0)
        snprintf(out.text, sizeof out.text, "?");
    return out;
}

struct format_text format_clock(uint64_t unix_ns)
{
    return local_time(unix_ns, "%H:%M:%S");
}

struct format_text format_date(uint64_t unix_ns)
{
    return local_time(unix_ns, "%Y-%m-%d %H:%M:%S");
}
