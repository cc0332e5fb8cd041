#include "view.h"

#include "../base/format.h"
#include "../base/terminal.h"
#include "../base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define WIDTH_ELSEWHERE 132       /* in files and pipes: most lines of source fit */
#define TAB_STOP 8

static bool locale_is_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

void view_init(struct view *view, enum color_when color)
{
    *view = (struct view){ .out = stdout, .colors = palette_for(color, STDOUT_FILENO), .utf8 = locale_is_utf8() };
    bool known = isatty(STDOUT_FILENO) || getenv("COLUMNS");
    view->width = known ? terminal_width(STDOUT_FILENO) : WIDTH_ELSEWHERE;
}

/* Bytes of the character at `text`, 0 when it is none that can be shown. */
static size_t character(const char *text, size_t n)
{
    uint32_t code = 0;
    size_t bytes = utf8_character(text, n, &code);
    return code < 0x20 || (code >= 0x7f && code < 0xa0) ? 0 : bytes;
}

static void add_character(const struct view *view, struct strbuf *out, const char *text, size_t n)
{
    if (n == 0 || (n > 1 && !view->utf8))
        strbuf_add_char(out, '?');
    else
        strbuf_add_bytes(out, text, n);
}

/* With out NULL it only measures: returns the columns that the text would take. */
static size_t lay_out(const struct view *view, struct strbuf *out, const char *text, size_t n, size_t width)
{
    size_t column = 0;
    for (size_t i = 0; i < n && column < width;) {
        size_t bytes = character(text + i, n - i);
        if (text[i] == '\t') {
            size_t stop = (column / TAB_STOP + 1) * TAB_STOP;
            stop = stop < width ? stop : width;
            if (out)
                strbuf_fill(out, ' ', stop - column);
            column = stop;
        } else {
            if (out)
                add_character(view, out, text + i, bytes);
            column++;
        }
        i += bytes ? bytes : 1;
    }
    return column;
}

void view_add_clipped(const struct view *view, struct strbuf *out, const char *text, size_t n, size_t width)
{
    const char *sign = view->utf8 ? "…" : "..";
    size_t sign_width = view->utf8 ? 1 : 2;
    if (lay_out(view, NULL, text, n, SIZE_MAX) <= width) {
        lay_out(view, out, text, n, width);
    } else if (width >= sign_width) {
        lay_out(view, out, text, n, width - sign_width);
        strbuf_add(out, sign);
    }
}

struct format_text view_measure(enum measure by, uint64_t value)
{
    return measure_is_bytes(by) ? format_bytes(value) : format_count(value);
}

const char *view_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

const char *view_path(const char *path)
{
    static char here[4096];
    if (!here[0] && !getcwd(here, sizeof here))
        strcpy(here, "?");
    size_t n = strlen(here);
    return n > 1 && strncmp(path, here, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}

struct trace_losses view_sum_losses(const struct trace *trace)
{
    struct trace_losses sum = trace->losses;
    for (uint32_t p = 0; p < trace->n_processes; p++) {
        const struct trace_losses *losses = &trace->ends[p].losses;
        sum.events += losses->events;
        sum.truncated_stacks += losses->truncated_stacks;
        sum.unmatched_frees += losses->unmatched_frees;
        sum.damaged_records += losses->damaged_records;
        sum.waits += losses->waits;
        sum.wait_ns += losses->wait_ns;
        sum.self_bytes += losses->self_bytes;
        sum.collector_cpu_ns += losses->collector_cpu_ns;
    }
    return sum;
}

/* Bytes of the line that begins at `text`: up to the last blank that leaves room, at least one word. */
static size_t line_length(const char *text, size_t width)
{
    size_t best = strcspn(text, " ");
    while (text[best]) {
        size_t next = best + 1 + strcspn(text + best + 1, " ");
        if (text_width(text, next) > width)
            break;
        best = next;
    }
    return best;
}

void view_print_wrapped(const struct view *view, const char *color, const char *text, unsigned indent)
{
    for (bool first = true; *text; first = false) {
        size_t n = line_length(text, view->width > indent ? view->width - indent : 1);
        fprintf(view->out, "%*s%s%.*s%s\n", first ? 0 : (int)indent, "", color, (int)n, text, *color ? view->colors->reset : "");
        text += n + (text[n] == ' ');
    }
}
