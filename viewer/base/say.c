#include "say.h"

#include "color.h"
#include "strbuf.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

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

/* What people typed, and names from files, may hold what a terminal would obey. */
static void make_harmless(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            *text = *text == '\n' || *text == '\t' ? ' ' : '?';
}

/* `role` is the offset of a palette's member. */
static void say(size_t role, const char *label, const char *format, va_list arguments)
{
    int saved_errno = errno;
    const struct palette *colors = palette_for(COLOR_AUTO, STDERR_FILENO);
    const char *sequence = *(const char *const *)((const char *)colors + role);
    struct strbuf text = STRBUF_INIT;
    strbuf_printf(&text, "%sheapline: %s%s", sequence, label, colors->reset);
    size_t head = text.length;
    strbuf_vprintf(&text, format, arguments);
    make_harmless(text.data + head);
    strbuf_add_char(&text, '\n');
    write_all(text.data, text.length);
    strbuf_release(&text);
    errno = saved_errno;
}

void say_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(offsetof(struct palette, bad), "", format, arguments);
    va_end(arguments);
}

void say_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(offsetof(struct palette, warm), "warning: ", format, arguments);
    va_end(arguments);
}

void say_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(offsetof(struct palette, heading), "", format, arguments);
    va_end(arguments);
}
