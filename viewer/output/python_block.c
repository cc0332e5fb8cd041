#include "python_block.h"

#include <string.h>

/* Reads logical lines: brackets, strings and backslashes join the lines of the file. */
struct reader {
    const struct source *source;
    uint32_t line;                    /* the next to read */
    unsigned depth;                   /* open brackets */
    char quote;                       /* of the string that goes on, or 0 */
    bool triple;
};

struct logical_line {
    uint32_t first, last;
    unsigned indent;                  /* columns, tabs to every eighth */
    bool comment;                     /* nothing but a comment */
    const char *text;                 /* from the first word on */
    size_t n;                         /* bytes of the first line from there */
};

static size_t measure_indent(const char *text, size_t n, unsigned *columns)
{
    size_t i = 0;
    for (*columns = 0; i < n && (text[i] == ' ' || text[i] == '\t' || text[i] == '\f'); i++)
        *columns = text[i] == '\t' ? (*columns / 8 + 1) * 8 : text[i] == ' ' ? *columns + 1 : 0;
    return i;
}

/* Inside of a string that began before; returns the place behind its end or the end of the line. */
static size_t skip_string(struct reader *reader, const char *text, size_t n, size_t i)
{
    for (; i < n; i++) {
        if (text[i] == '\\') {
            i++;
        } else if (text[i] == reader->quote) {
            bool three = i + 2 < n && text[i + 1] == reader->quote && text[i + 2] == reader->quote;
            if (reader->triple && !three)
                continue;
            i += reader->triple ? 3 : 1;
            reader->quote = 0;
            return i;
        }
    }
    return n;
}

static size_t begin_string(struct reader *reader, const char *text, size_t n, size_t i)
{
    reader->quote = text[i];
    reader->triple = i + 2 < n && text[i + 1] == text[i] && text[i + 2] == text[i];
    return i + (reader->triple ? 3 : 1);
}

/* Reads one line of the file; returns whether the logical line goes on behind it. */
static bool read_rest(struct reader *reader, const char *text, size_t n)
{
    size_t i = 0;
    bool joined = n && text[n - 1] == '\\';
    while (i < n) {
        if (reader->quote) {
            i = skip_string(reader, text, n, i);
            continue;
        }
        char c = text[i];
        if (c == '#') {
            joined = false;
            break;
        }
        if (c == '"' || c == '\'') {
            i = begin_string(reader, text, n, i);
            continue;
        }
        if (strchr("([{", c) && c)
            reader->depth++;
        else if (strchr(")]}", c) && c && reader->depth)
            reader->depth--;
        i++;
    }
    if (reader->quote && !reader->triple && !joined)
        reader->quote = 0;            /* a string that is not closed: not Python, or a newer one */
    return reader->quote || reader->depth || joined;
}

/* The next line that is not blank. Returns false at the end. */
static bool next_line(struct reader *reader, struct logical_line *line)
{
    const char *text;
    size_t n, start;
    for (; (text = source_line(reader->source, reader->line, &n)); reader->line++) {
        start = measure_indent(text, n, &line->indent);
        if (start < n)
            break;
    }
    if (!text)
        return false;
    line->first = reader->line;
    line->text = text + start;
    line->n = n - start;
    line->comment = text[start] == '#';
    while (text && read_rest(reader, text, n))
        text = source_line(reader->source, ++reader->line, &n);
    line->last = text ? reader->line : reader->line - 1;
    reader->line++;
    return true;
}

static bool begins_with(const struct logical_line *line, const char *word)
{
    size_t n = strlen(word);
    return line->n > n && strncmp(line->text, word, n) == 0 && strchr(" \t\\", line->text[n]);
}

/* The lines that belong to a header whose indentation is `indent`. */
static uint32_t body_end(struct reader *reader, const struct logical_line *header)
{
    struct logical_line line;
    uint32_t last = header->last;
    unsigned body = 0;
    while (next_line(reader, &line)) {
        if (line.comment) {
            if (body && line.indent >= body)
                last = line.last;
            continue;
        }
        if (line.indent <= header->indent)
            break;
        if (!body)
            body = line.indent;
        last = line.last;
    }
    return last;
}

/* The first line that is no decorator. */
static bool find_header(struct reader *reader, struct logical_line *line)
{
    do {
        if (!next_line(reader, line))
            return false;
    } while (line->comment || line->text[0] == '@');
    return true;
}

uint32_t python_header_end(const struct source *source, uint32_t first)
{
    struct reader reader = { .source = source, .line = first };
    struct logical_line line;
    return find_header(&reader, &line) ? line.last : first;
}

enum python_block python_block_at(const struct source *source, uint32_t first, uint32_t *last)
{
    struct reader reader = { .source = source, .line = first };
    struct logical_line line;
    *last = first;
    if (!find_header(&reader, &line))
        return PYTHON_EXPRESSION;
    bool function = begins_with(&line, "def") || begins_with(&line, "async");
    if (!function && !begins_with(&line, "class")) {
        *last = line.last;
        return PYTHON_EXPRESSION;
    }
    *last = body_end(&reader, &line);
    return function ? PYTHON_FUNCTION : PYTHON_CLASS;
}
