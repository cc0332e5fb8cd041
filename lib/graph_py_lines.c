/* Where a frame stands, in words. The three forms of line tables: Objects/lnotab_notes.txt (to 3.9; 3.10), Objects/locations.md
 * (from 3.11 on) of CPython. */
#include "graph_py_frames.h"

#include "py.h"

#include <string.h>

struct table { const uint8_t *at, *end; };

static uint32_t next_varint(struct table *table)
{
    uint32_t value = 0, shift = 0, byte = 64;
    while (byte & 64 && table->at < table->end) {
        byte = *table->at++;
        value |= shift < 30 ? (byte & 63) << shift : 0;
        shift += 6;
    }
    return value;
}

/* Entries for so many instructions each; the first byte says by how much the line moves. */
static int32_t line_in_locations(struct table table, int32_t line, uint32_t instruction)
{
    int32_t at_instruction = 0;
    uint32_t end = 0;
    while (table.at < table.end && end <= instruction) {
        uint8_t head = *table.at++;
        uint32_t form = head >> 3 & 15;
        end += (head & 7u) + 1;
        if (form == 13 || form == 14) {
            uint32_t value = next_varint(&table);
            line += value & 1 ? -(int32_t)(value >> 1) : (int32_t)(value >> 1);
        } else if (form >= 10 && form <= 12) {
            line += (int32_t)form - 10;
        }
        at_instruction = form == 15 ? 0 : line;
        while (table.at < table.end && !(*table.at & 128))
            table.at++;
    }
    return at_instruction;
}

/* Pairs of bytes of code and lines. */
static int32_t line_in_pairs(struct table table, int32_t line, uint32_t offset)
{
    for (uint32_t at = 0; table.end - table.at >= 2; table.at += 2) {
        at += table.at[0];
        if (at > offset)
            break;
        line += (int8_t)table.at[1];
    }
    return line;
}

/* Pairs of lengths and the line that these bytes have; -128: none. */
static int32_t line_in_ranges(struct table table, int32_t line, uint32_t offset)
{
    for (uint32_t at = 0; table.end - table.at >= 2; table.at += 2) {
        int8_t delta = (int8_t)table.at[1];
        if (delta != -128)
            line += delta;
        at += table.at[0];
        if (at > offset)
            return delta == -128 ? 0 : line;
    }
    return 0;
}

static int32_t find_line(uintptr_t frame, uintptr_t code)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    uintptr_t bytes = hl_py_word(code + layout->code_lines);
    struct table table = {(const uint8_t *)bytes + 32, (const uint8_t *)bytes + 32 + hl_py_size(bytes)};
    struct hl_py_frame read = {.code = code};
    read.instruction = layout->counts ? *(const uint32_t *)(frame + layout->frame_instruction)
        : hl_py_word(frame + layout->frame_instruction);
    uint32_t instruction = hl_py_instruction(&read);
    int32_t first = *(const int32_t *)(code + layout->code_first_line);
    if (instruction == HL_PYTHON_NO_INSTRUCTION)
        return first;
    switch (layout->lines) {
    case HL_LINES_LNOTAB: return line_in_pairs(table, first, 2 * instruction);
    case HL_LINES_RANGES: return line_in_ranges(table, first, 2 * instruction);
    default: return line_in_locations(table, first, instruction);
    }
}

static void add(char *text, size_t *at, const char *more, size_t n)
{
    for (size_t i = 0; i < n && *at < HL_GRAPH_TEXT_MAX; i++)
        text[(*at)++] = more[i];
}

static void add_number(char *text, size_t *at, uint32_t value)
{
    char digits[12];
    size_t n = sizeof digits;
    do
        digits[--n] = (char)('0' + value % 10);
    while ((value /= 10) && n);
    add(text, at, digits + n, sizeof digits - n);
}

static void add_str(struct hl_graph *graph, char *text, size_t *at, uintptr_t str, bool path)
{
    char buffer[HL_GRAPH_TEXT_MAX];
    size_t n = 0, from = 0;
    bool cut;
    if (hl_graph_py_kind(graph, str) != HL_PY_STR)
        return;
    const char *bytes = hl_graph_py_str(str, buffer, &n, &cut);
    if (cut && path && bytes != buffer)
        n = hl_py_size(str);             /* it lies in the object as it is: its end is what matters */
    for (size_t i = 0; path && i < n; i++)
        if (bytes[i] == '/')
            from = i + 1;
    add(text, at, bytes + from, n - from);
}

static size_t describe(struct hl_graph *graph, uintptr_t frame, uintptr_t code, char *text)
{
    const struct hl_py_layout *layout = &hl_python.layout;
    size_t at = 0;
    if (hl_graph_py_kind(graph, code) != HL_PY_CODE)
        return 0;
    add_str(graph, text, &at, hl_py_word(code + layout->code_qualified), false);
    add(text, &at, " (", 2);
    add_str(graph, text, &at, hl_py_word(code + layout->code_file), true);
    int32_t line = find_line(frame, code);
    if (line > 0) {
        add(text, &at, ":", 1);
        add_number(text, &at, (uint32_t)line);
    }
    add(text, &at, ")", 1);
    return at;
}

size_t hl_py_frame_text(struct hl_graph *graph, uintptr_t frame, char *text)
{
    return describe(graph, frame, hl_py_word(frame + hl_python.layout.frame_code) & ~(uintptr_t)3, text);
}

size_t hl_py_frame_object_text(struct hl_graph *graph, uintptr_t object, char *text)
{
    uintptr_t frame = hl_python.layout.counts ? object : hl_py_word(object + 24);       /* f_frame from 3.11 on */
    return frame ? hl_py_frame_text(graph, frame, text) : 0;
}
