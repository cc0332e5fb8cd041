/* What is shown of an object beside its type: texts, numbers, names. */
#include "graph_py_frames.h"
#include "graph_py_int.h"

#include "py.h"

#include <string.h>

#define LAYOUT (&hl_graph_py_layout)

static size_t put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 63));
        to[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    to[0] = (char)(0xf0 | (c >> 18 & 7));
    to[1] = (char)(0x80 | (c >> 12 & 63));
    to[2] = (char)(0x80 | (c >> 6 & 63));
    to[3] = (char)(0x80 | (c & 63));
    return 4;
}

static uint32_t character(const char *data, unsigned width, uint64_t i)
{
    return width == 1 ? ((const uint8_t *)data)[i] : width == 2 ? ((const uint16_t *)data)[i] : ((const uint32_t *)data)[i];
}

/* PyASCIIObject.state: interned 2 bits, kind 3, compact, ascii. */
const char *hl_graph_py_str(uintptr_t object, char *buffer, size_t *n, bool *cut)
{
    uint32_t state = *(const uint32_t *)(object + 32);
    unsigned width = state >> 2 & 7;
    bool compact = state >> 5 & 1, ascii = state >> 6 & 1;
    uint64_t length = hl_py_size(object);
    const char *data = (const char *)(compact ? object + (ascii ? LAYOUT->ascii_bytes : LAYOUT->compact_bytes) :
                                      hl_py_word(object + LAYOUT->data));
    *n = 0;
    *cut = false;
    if (!data || (width != 1 && width != 2 && width != 4))
        return NULL;
    if (ascii) {
        *cut = length > HL_GRAPH_TEXT_MAX;
        *n = *cut ? HL_GRAPH_TEXT_MAX : length;
        return data;
    }
    for (uint64_t i = 0; i < length; i++) {
        char one[4];
        size_t bytes = put_utf8(one, character(data, width, i));
        if ((*cut = *n + bytes > HL_GRAPH_TEXT_MAX))
            break;
        memcpy(buffer + *n, one, bytes);
        *n += bytes;
    }
    return buffer;
}

static void set_text(struct hl_graph_node *node, enum hl_graph_text text, const char *bytes, size_t n, bool cut)
{
    if (!bytes)
        return;
    node->text = text;
    node->bytes = bytes;
    node->n_bytes = n;
    node->flags |= HL_NODE_TEXT | (cut ? HL_NODE_TEXT_CUT : 0);
}

static void set_str(struct hl_graph *graph, struct hl_graph_node *node, enum hl_graph_text text, uintptr_t str, char *buffer)
{
    size_t n;
    bool cut;
    if (str && hl_graph_py_kind(graph, str) == HL_PY_STR) {
        const char *bytes = hl_graph_py_str(str, buffer, &n, &cut);
        set_text(node, text, bytes, n, cut);
    }
}

/* ---- numbers ---- */

/* Digits of 30 bits; to 3.11 their number is ob_size, negative if the int is, later it stands above three bits, the lower two
 * of which are 2 if it is negative. */
static void set_int(uintptr_t object, struct hl_graph_node *node)
{
    int64_t size = (int64_t)hl_py_size(object);
    bool negative = LAYOUT->minor >= 12 ? (size & 3) == 2 : size < 0;
    uint64_t digits = LAYOUT->minor >= 12 ? (uint64_t)size >> 3 : (uint64_t)(negative ? -size : size), value = 0;
    const uint32_t *digit = (const uint32_t *)(object + 24);
    if (LAYOUT->minor >= 12 && (size & 3) == 1)
        digits = 0;
    if (digits > 3 || (digits == 3 && digit[2] > 7))
        return;
    for (uint64_t i = digits; i > 0; i--)
        value = value << 30 | digit[i - 1];
    node->text = HL_TEXT_INTEGER;
    node->flags |= HL_NODE_TEXT;
    node->integer = negative ? -(int64_t)value : (int64_t)value;
}

/* ---- names ---- */

static char *append(char *to, const char *end, const char *text, size_t n)
{
    n = n < (size_t)(end - to) ? n : (size_t)(end - to);
    memmove(to, text, n);
    return to + n;
}

static void set_class(struct hl_graph *graph, uintptr_t object, struct hl_graph_node *node, char *buffer)
{
    const char *name = (const char *)hl_py_word(object + HL_TYPE_NAME), *dot = strrchr(name, '.');
    if (hl_py_word(object + HL_TYPE_FLAGS) & HL_FLAG_HEAP)
        set_str(graph, node, HL_TEXT_NAME, hl_py_word(object + LAYOUT->heap_qualname), buffer);
    name = dot ? dot + 1 : name;
    if (!node->text)
        set_text(node, HL_TEXT_NAME, name, strnlen(name, HL_GRAPH_TEXT_MAX), false);
}

static size_t put_number(char *to, uint32_t value)
{
    char digits[10];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while ((value /= 10));
    for (size_t i = 0; i < n; i++)
        to[i] = digits[n - 1 - i];
    return n;
}

/* name (file:line), the file without its folders. */
static void set_code(struct hl_graph *graph, uintptr_t object, struct hl_graph_node *node, char *buffer)
{
    char text[HL_GRAPH_TEXT_MAX], number[16], *at = buffer, *end = buffer + HL_GRAPH_TEXT_MAX;
    struct hl_graph_node file = {0};
    uint16_t name = LAYOUT->code_qualified ? LAYOUT->code_qualified : LAYOUT->code_name;
    set_str(graph, node, HL_TEXT_NAME, hl_py_word(object + name), buffer);
    if (!node->text)
        return;
    at = append(at, end, node->bytes, node->n_bytes);
    set_str(graph, &file, HL_TEXT_NAME, hl_py_word(object + LAYOUT->code_file), text);
    if (file.text && !(file.flags & HL_NODE_TEXT_CUT)) {
        size_t from = file.n_bytes;
        while (from && file.bytes[from - 1] != '/')
            from--;
        at = append(at, end, " (", 2);
        at = append(at, end, file.bytes + from, file.n_bytes - from);
        at = append(at, end, ":", 1);
        at = append(at, end, number, put_number(number, *(const uint32_t *)(object + LAYOUT->code_first_line)));
        at = append(at, end, ")", 1);
    }
    set_text(node, HL_TEXT_NAME, buffer, (size_t)(at - buffer), node->flags & HL_NODE_TEXT_CUT);
}

static uintptr_t function_name(uintptr_t object) { return hl_py_word(object + (LAYOUT->minor >= 10 ? 40 : 104)); }

static void set_method(struct hl_graph *graph, uintptr_t object, struct hl_graph_node *node, char *buffer)
{
    uintptr_t function = hl_py_word(object + 16);
    if (hl_graph_py_kind(graph, function) == HL_PY_FUNCTION)
        set_str(graph, node, HL_TEXT_NAME, function_name(function), buffer);
}

/* PyMethodDef: its name is the first word. */
static void set_builtin(struct hl_graph *graph, uintptr_t object, struct hl_graph_node *node)
{
    uintptr_t definition = hl_py_word(object + 16);
    if (!hl_graph_is_readable(graph, definition, 8) || !hl_graph_is_readable(graph, hl_py_word(definition), 1))
        return;
    const char *name = (const char *)hl_py_word(definition);
    set_text(node, HL_TEXT_NAME, name, strnlen(name, HL_GRAPH_TEXT_MAX), false);
}

void hl_graph_py_text(struct hl_graph *graph, const struct hl_py_type *type, uintptr_t object, struct hl_graph_node *node,
                      char *buffer)
{
    uint64_t size;
    bool cut;
    size_t n;
    switch ((enum hl_py_kind)type->kind) {
    case HL_PY_STR: {
        const char *bytes = hl_graph_py_str(object, buffer, &n, &cut);
        set_text(node, HL_TEXT_STRING, bytes, n, cut);
        break;
    }
    case HL_PY_BYTES:
        size = hl_py_size(object);
        cut = size > HL_GRAPH_TEXT_MAX;
        set_text(node, HL_TEXT_OCTETS, (const char *)(object + 32), cut ? HL_GRAPH_TEXT_MAX : size, cut);
        break;
    case HL_PY_INT:
        set_int(object, node);
        break;
    case HL_PY_BOOL:                     /* True has a digit that is not 0 */
        size = hl_py_size(object);
        cut = LAYOUT->minor >= 12 ? (size & 3) != 1 : size != 0;
        set_text(node, HL_TEXT_NAME, cut ? "True" : "False", cut ? 4 : 5, false);
        break;
    case HL_PY_NONE_TYPE:
        set_text(node, HL_TEXT_NAME, "None", 4, false);
        break;
    case HL_PY_FLOAT:
        node->text = HL_TEXT_REAL;
        node->flags |= HL_NODE_TEXT;
        memcpy(&node->real, (const void *)(object + 16), sizeof node->real);
        break;
    case HL_PY_FUNCTION:
        set_str(graph, node, HL_TEXT_NAME, function_name(object), buffer);
        break;
    case HL_PY_METHOD:
        set_method(graph, object, node, buffer);
        break;
    case HL_PY_BUILTIN:
        set_builtin(graph, object, node);
        break;
    case HL_PY_MODULE:
        set_str(graph, node, HL_TEXT_NAME, hl_py_word(object + 48), buffer);
        break;
    case HL_PY_TYPE:
        set_class(graph, object, node, buffer);
        break;
    case HL_PY_CODE:
        set_code(graph, object, node, buffer);
        break;
    case HL_PY_FRAME:
        n = hl_py_frame_object_text(graph, object, buffer);
        set_text(node, HL_TEXT_NAME, buffer, n, false);
        break;
    case HL_PY_DESCRIPTOR:
        set_str(graph, node, HL_TEXT_NAME, hl_py_word(object + 24), buffer);
        break;
    default:
        break;
    }
}
