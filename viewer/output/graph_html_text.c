#include "graph_html_parts.h"

#include "../base/utf8.h"

/* "</script>" and "<!--" would end or change the script for the parser of HTML, which knows nothing of JSON. */
static void add_character(struct strbuf *out, const char *text, size_t n)
{
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
        strbuf_printf(out, "\\%c", c);
    else if (c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f)
        strbuf_printf(out, "\\u%04x", c);
    else
        strbuf_add_bytes(out, text, n);
}

void html_add_string(struct strbuf *out, const char *text)
{
    strbuf_add_char(out, '"');
    while (*text) {
        size_t n = utf8_character(text, SIZE_MAX, NULL);
        if (n)
            add_character(out, text, n);
        else
            strbuf_add(out, UTF8_REPLACEMENT);
        text += n ? n : 1;
    }
    strbuf_add_char(out, '"');
}
