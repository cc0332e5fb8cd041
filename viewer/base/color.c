#include "color.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const color_choices[] = { "auto", "always", "never", NULL };

static const struct palette plain = {
    .reset = "", .heading = "", .file = "", .line = "", .function = "", .number = "",
    .hot = "", .warm = "", .dim = "", .good = "", .bad = "",
};

static const struct palette colored = {
    .reset = "\033[0m",
    .heading = "\033[1m",
    .file = "\033[35m",
    .line = "\033[32m",
    .function = "\033[36m",
    .number = "\033[1m",
    .hot = "\033[1;31m",
    .warm = "\033[33m",
    .dim = "\033[2m",
    .good = "\033[32m",
    .bad = "\033[1;31m",
};

static bool wanted(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return !(no_color && *no_color) && terminal && strcmp(terminal, "dumb") && isatty(fd);
}

const struct palette *palette_for(enum color_when when, int fd)
{
    bool on = when == COLOR_ALWAYS || (when == COLOR_AUTO && wanted(fd));
    return on ? &colored : &plain;
}
