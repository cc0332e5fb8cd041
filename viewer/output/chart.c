#include "chart.h"

/* Parts of a column from bottom to top, and of a bar from left to right; ASCII has whole, half and none. */
static const char *const column_parts[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const bar_parts[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };
static const char *const ascii_parts[] = { " ", ".", ".", ".", ":", ":", ":", ":", "#" };

static uint64_t scale(uint64_t value, uint64_t largest, unsigned steps)
{
    if (value == 0 || largest == 0)
        return 0;
    uint64_t scaled = (uint64_t)((double)value / (double)largest * steps + 0.5);
    return scaled ? scaled : 1;
}

void chart_print_columns(const struct view *view, const uint64_t *values, unsigned n, unsigned rows, const char *indent)
{
    const char *const *parts = view->utf8 ? column_parts : ascii_parts;
    uint64_t largest = 0;
    for (unsigned i = 0; i < n; i++)
        largest = values[i] > largest ? values[i] : largest;
    for (unsigned row = rows; row-- > 0;) {
        struct strbuf line = STRBUF_INIT;
        for (unsigned i = 0; i < n; i++) {
            uint64_t height = scale(values[i], largest, rows * 8), below = row * 8;
            strbuf_add(&line, parts[height <= below ? 0 : height - below > 8 ? 8 : height - below]);
        }
        while (line.length && line.data[line.length - 1] == ' ')
            strbuf_truncate(&line, line.length - 1);
        fprintf(view->out, "%s%s\n", indent, line.data);
        strbuf_release(&line);
    }
}

void chart_add_bar(const struct view *view, struct strbuf *out, uint64_t value, uint64_t largest, unsigned width)
{
    uint64_t eighths = scale(value, largest, width * 8);
    for (uint64_t i = 0; i < eighths / 8; i++)
        strbuf_add(out, view->utf8 ? bar_parts[8] : "#");
    if (view->utf8)
        strbuf_add(out, bar_parts[eighths % 8]);
    else if (eighths % 8)
        strbuf_add_char(out, eighths % 8 < 4 ? '.' : ':');
}
