#include "progress.h"

#include "../base/format.h"

#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#define FIRST_NS UINT64_C(1000000000)
#define EACH_NS UINT64_C(250000000)

static bool wanted, shown;
static uint64_t last_ns;

void progress_begin(bool want)
{
    wanted = want && isatty(STDERR_FILENO);
    shown = false;
    last_ns = 0;
}

static bool terminal_is_plain(void)
{
    struct termios mode;
    return tcgetattr(STDERR_FILENO, &mode) == 0 && mode.c_lflag & ICANON && mode.c_lflag & ECHO &&
           tcgetpgrp(STDERR_FILENO) == getpgrp();
}

static void put(const char *text, size_t n)
{
    if (write(STDERR_FILENO, text, n) < 0)
        wanted = false;
}

void progress_show(const struct collector *collector)
{
    if (!wanted || collector->now_ns < FIRST_NS || collector->now_ns - last_ns < EACH_NS)
        return;
    last_ns = collector->now_ns;
    if (!terminal_is_plain())
        return;
    char line[200];
    int n = snprintf(line, sizeof line, "\r\033[Kheapline: %s  live %s  peak %s  %s events", format_duration(collector->now_ns).text,
                     format_bytes(collector->live_bytes).text, format_bytes(collector->peak_bytes).text,
                     format_count_short(collector->events).text);
    put(line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
    shown = true;
}

void progress_clear(void)
{
    if (shown)
        put("\r\033[K", 4);
    shown = false;
}
