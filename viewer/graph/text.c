#include "text_parts.h"

#include "../analyze/lines.h"
#include "../analyze/python_path.h"
#include "../base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLEAN_MAX 300u                     /* bytes of a name that are looked at */
#define OWNERS_MAX 4096u                   /* edges into a dict that are looked at */

/* Python's repr shows the same as they are: neither control nor formatting characters, whose reordering could make a text lie,
 * nor blanks that are none. */
static bool is_shown(uint32_t code)
{
    return code >= 0x20 && !(code >= 0x7f && code <= 0xa0) && code != 0xad && !(code >= 0x2000 && code <= 0x200f) &&
           !(code >= 0x2028 && code <= 0x202f) && !(code >= 0x205f && code <= 0x206f) && code != 0x3000 && code != 0xfeff &&
           !(code >= 0xfff9 && code <= 0xfffb);
}

static void add_escaped(struct strbuf *out, uint32_t code)
{
    if (code == '\n' || code == '\r' || code == '\t')
        strbuf_printf(out, "\\%c", code == '\n' ? 'n' : code == '\r' ? 'r' : 't');
    else
        strbuf_printf(out, code < 0x100 ? "\\x%02" PRIx32 : code < 0x10000 ? "\\u%04" PRIx32 : "\\U%08" PRIx32, code);
}

/* `quote`: stands around it, and is escaped inside as backslashes are; 0: it stands bare. */
static void add_characters(struct strbuf *out, const char *text, size_t n, char quote)
{
    for (size_t i = 0; i < n;) {
        uint32_t code = 0;
        size_t bytes = utf8_character(text + i, n - i, &code);
        if (bytes == 0)
            strbuf_add(out, UTF8_REPLACEMENT);
        else if (!is_shown(code))
            add_escaped(out, code);
        else if (quote && (code == '\\' || code == (unsigned char)quote))
            strbuf_printf(out, "\\%c", (char)code);
        else
            strbuf_add_bytes(out, text + i, bytes);
        i += bytes ? bytes : 1;
    }
}

/* Without the beginning of a character whose end was cut off. */
static size_t whole_characters(const char *text, size_t n)
{
    for (size_t k = 1; k <= 3 && k <= n; k++)
        if (((unsigned char)text[n - k] & 0xc0) == 0xc0)
            return utf8_character(text + n - k, k, NULL) ? n : n - k;
    return n;
}

void text_add_clean_bytes(struct strbuf *out, const char *text, size_t n)
{
    bool cut = n > CLEAN_MAX;
    add_characters(out, text, cut ? whole_characters(text, CLEAN_MAX) : n, 0);
    if (cut)
        strbuf_add(out, "…");
}

void text_add_clean(struct strbuf *out, const char *text)
{
    text_add_clean_bytes(out, text, strlen(text));
}

void text_add_address(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    strbuf_printf(out, " at 0x%" PRIx64, graph->nodes[node].address);
}

bool text_is_builtin(const struct graph *graph, uint32_t node, const char *type)
{
    const struct graph_type *of = graph_type_of(graph, node);
    return of->sort == GRAPH_PYTHON && strcmp(of->module, "builtins") == 0 && strcmp(of->name, type) == 0;
}

bool text_edge_is(const struct graph *graph, uint32_t edge, const char *name)
{
    const struct graph_edge_out *out = &graph->edges[edge];
    uint32_t kind = graph_edge_kind(out);
    bool named = kind == HL_EDGE_NAMED || kind == HL_EDGE_SLOT;
    return named && out->value < graph->n_strings && strcmp(graph->strings[out->value], name) == 0;
}

uint32_t text_owner_of(const struct graph *graph, uint32_t dict)
{
    uint32_t end = graph->nodes[dict + 1].first_in;
    for (uint32_t i = graph->nodes[dict].first_in; i < end && i - graph->nodes[dict].first_in < OWNERS_MAX; i++)
        if (graph->in[i].from != dict && text_edge_is(graph, graph->in[i].edge, "__dict__"))
            return graph->in[i].from;
    return GRAPH_NONE;
}

/* ---- what nodes say of themselves: a byte of kind, a byte of length, the bytes ---- */

uint32_t graph_keep_text(struct graph *graph, const struct graph_text *text)
{
    const char *bytes = text->bytes;
    uint32_t n = text->n < HL_GRAPH_TEXT_MAX ? text->n : HL_GRAPH_TEXT_MAX;
    if (text->kind == HL_TEXT_INTEGER || text->kind == HL_TEXT_REAL) {
        bytes = text->kind == HL_TEXT_INTEGER ? (const char *)&text->integer : (const char *)&text->real;
        n = sizeof text->integer;
    }
    if (text->kind == 0 || graph->texts.n > UINT32_MAX - 2 - n)
        return 0;
    if (graph->texts.n == 0)
        vec_push(&graph->texts, 0);
    uint32_t place = (uint32_t)graph->texts.n;
    vec_push(&graph->texts, (char)text->kind);
    vec_push(&graph->texts, (char)n);
    vec_append(&graph->texts, bytes, n);
    return place;
}

bool graph_text_of(const struct graph *graph, uint32_t node, struct graph_text *text)
{
    uint32_t place = graph->nodes[node].text;
    *text = (struct graph_text){ 0 };
    if (place == 0)
        return false;
    const char *at = graph->texts.items + place;
    *text = (struct graph_text){ .kind = (unsigned char)at[0], .bytes = at + 2, .n = (unsigned char)at[1] };
    if (text->kind == HL_TEXT_INTEGER)
        memcpy(&text->integer, at + 2, sizeof text->integer);
    else if (text->kind == HL_TEXT_REAL)
        memcpy(&text->real, at + 2, sizeof text->real);
    return true;
}

/* As Python does: double quotes only around what has single ones and no double ones. */
static char quote_for(const char *text, size_t n)
{
    return memchr(text, '\'', n) && !memchr(text, '"', n) ? '"' : '\'';
}

static void add_string(struct strbuf *out, const struct graph_text *text, bool cut)
{
    size_t n = cut ? whole_characters(text->bytes, text->n) : text->n;
    char quote = quote_for(text->bytes, n);
    strbuf_add_char(out, quote);
    add_characters(out, text->bytes, n, quote);
    strbuf_add_char(out, quote);
}

static void add_octets(struct strbuf *out, const struct graph_text *text)
{
    char quote = quote_for(text->bytes, text->n);
    strbuf_printf(out, "b%c", quote);
    for (uint32_t i = 0; i < text->n; i++)
        if ((unsigned char)text->bytes[i] < 0x80)
            add_characters(out, text->bytes + i, 1, quote);
        else
            add_escaped(out, (unsigned char)text->bytes[i]);
    strbuf_add_char(out, quote);
}

/* The shortest that is read back as the same number, as Python writes it. */
static void add_real(struct strbuf *out, double value)
{
    char text[40];
    double magnitude = value < 0 ? -value : value;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    if (magnitude >= 1e15 && magnitude < 1e16)
        snprintf(text, sizeof text, "%.1f", value);
    strbuf_add(out, text);
    if (strspn(text, "-0123456789") == strlen(text))
        strbuf_add(out, ".0");
}

void graph_add_text(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    struct graph_text text;
    bool cut = graph->nodes[node].flags & HL_NODE_TEXT_CUT;
    if (!graph_text_of(graph, node, &text)) {
        if (text_is_builtin(graph, node, "NoneType"))
            strbuf_add(out, "None");
        return;
    }
    if (text.kind == HL_TEXT_STRING)
        add_string(out, &text, cut);
    else if (text.kind == HL_TEXT_OCTETS)
        add_octets(out, &text);
    else if (text.kind == HL_TEXT_NAME)
        add_characters(out, text.bytes, cut ? whole_characters(text.bytes, text.n) : text.n, 0);
    else if (text.kind == HL_TEXT_REAL)
        add_real(out, text.real);
    else if (text_is_builtin(graph, node, "bool"))
        strbuf_add(out, text.integer ? "True" : "False");
    else
        strbuf_printf(out, "%" PRId64, text.integer);
    if (cut)
        strbuf_add(out, "…");
}

/* ---- types ---- */

static bool is_ambiguous(const struct graph *graph, uint32_t type)
{
    const struct graph_type *this = &graph->types[type];
    for (uint32_t i = 0; i < graph->n_types; i++) {
        const struct graph_type *other = &graph->types[i];
        bool alike = i != type && *other->name == *this->name && strcmp(other->name, this->name) == 0;
        if (alike && strcmp(other->module, this->module) != 0)
            return true;
    }
    return false;
}

void graph_add_type(struct strbuf *out, const struct graph *graph, uint32_t type)
{
    const struct graph_type *this = &graph->types[type];
    bool told = *this->module && is_ambiguous(graph, type);
    if (told && this->sort == GRAPH_PYTHON) {
        text_add_clean(out, this->module);
        strbuf_add_char(out, '.');
    }
    text_add_clean(out, this->name);
    if (told && this->sort != GRAPH_PYTHON) {
        strbuf_add(out, " of ");
        text_add_clean(out, this->module);
    }
}

/* ---- lines ---- */

uint32_t graph_line_of(const struct graph *graph, uint32_t node)
{
    uint32_t site = graph->nodes[node].site;
    if (site != TRACE_NONE && graph->owners)
        return graph->owners[graph->profile->trace->sites[site].stack];
    return graph_type_of(graph, node)->location;
}

void graph_add_line(struct strbuf *out, const struct graph *graph, uint32_t node)
{
    uint32_t line = graph_line_of(graph, node);
    if (line != GRAPH_NONE && graph->profile)
        graph_add_location(out, graph, line);
}

void graph_add_location(struct strbuf *out, const struct graph *graph, uint32_t line)
{
    const struct locations *locations = &graph->profile->locations;
    const struct location *location = &locations->items[line];
    struct strbuf name = STRBUF_INIT;
    if (location->file) {
        text_add_clean(out, location_is_python(location) ? python_path_tail(location->file) : path_base(location->file));
        if (location->line)
            strbuf_printf(out, ":%" PRIu32, location->line);
        strbuf_add(out, location->function ? " in " : "");
        text_add_clean(out, location->function ? location->function : "");
        return;
    }
    location_add_name(&name, locations, line);
    text_add_clean(out, name.data);
    if (location->function && location_module_name(locations, line)) {
        strbuf_add(out, " in ");
        text_add_clean(out, location_module_name(locations, line));
    }
    strbuf_release(&name);
}
