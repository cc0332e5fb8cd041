#include "terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>

#define DEFAULT_WIDTH 80
#define LEAST_WIDTH 20
#define MOST_WIDTH 10000

static unsigned width_of_environment(void)
{
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
    return width > 0 && width <= MOST_WIDTH ? (unsigned)width : DEFAULT_WIDTH;
}

unsigned terminal_width(int fd)
{
    struct winsize size;
    unsigned width = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : width_of_environment();
    return width < LEAST_WIDTH ? LEAST_WIDTH : width;
}

size_t text_width(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}
