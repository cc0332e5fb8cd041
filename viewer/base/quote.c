#include "quote.h"

#include <stdbool.h>
#include <string.h>

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80 || strchr("%+,-./:=@_", c);
}

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* '=' makes an assignment of the first word and '~' is not plain at all; the caller quotes words, not assignments. */
static bool all_plain(const char *word)
{
    const char *c = word;
    while (*c && is_plain((unsigned char)*c))
        c++;
    return *c == '\0' && c > word;
}

static bool has_control(const char *word)
{
    while (*word && !is_control((unsigned char)*word))
        word++;
    return *word != '\0';
}

static void quote_ansi(struct strbuf *out, const char *word)
{
    strbuf_add(out, "$'");
    for (; *word; word++) {
        unsigned char c = (unsigned char)*word;
        if (c == '\n')
            strbuf_add(out, "\\n");
        else if (c == '\t')
            strbuf_add(out, "\\t");
        else if (is_control(c))
            strbuf_printf(out, "\\%03o", c);
        else if (c == '\'' || c == '\\')
            strbuf_printf(out, "\\%c", c);
        else
            strbuf_add_char(out, *word);
    }
    strbuf_add_char(out, '\'');
}

static void quote_single(struct strbuf *out, const char *word)
{
    strbuf_add_char(out, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            strbuf_add(out, "'\\''");
        else
            strbuf_add_char(out, *word);
    }
    strbuf_add_char(out, '\'');
}

void quote_word(struct strbuf *out, const char *word)
{
    if (all_plain(word))
        strbuf_add(out, word);
    else if (has_control(word))
        quote_ansi(out, word);
    else
        quote_single(out, word);
}

void quote_command(struct strbuf *out, char *const *words)
{
    for (size_t i = 0; words[i]; i++) {
        if (i > 0)
            strbuf_add_char(out, ' ');
        quote_word(out, words[i]);
    }
}
