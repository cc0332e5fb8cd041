#include "say.h"

#include "strbuf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool colored(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return !(no_color && *no_color) && terminal && strcmp(terminal, "dumb") && isatty(STDERR_FILENO);
}

static void write_all(const char *data, size_t n)
{
    while (n > 0) {
        ssize_t written = write(STDERR_FILENO, data, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            break;
        data += written;
        n -= (size_t)written;
    }
}

static void say(const char *sequence, const char *label, const char *format, va_list arguments)
{
    int saved_errno = errno;
    bool color = colored();
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "%s%s%s%s", color ? sequence : "", "heapline: ", label, color ? "\033[0m" : "");
    strbuf_vprintf(&text, format, arguments);
    strbuf_add_char(&text, '\n');
    write_all(text.data, text.length);
    strbuf_release(&text);
    errno = saved_errno;
}

void say_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("\033[1;31m", "", format, arguments);
    va_end(arguments);
}

void say_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("\033[1;33m", "warning: ", format, arguments);
    va_end(arguments);
}

void say_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("\033[1m", "", format, arguments);
    va_end(arguments);
}
