/* Memory that objects keep apart, and how dicts and objects keep their values. Sources, of each version:
 * Objects/{dictobject,setobject,listobject,odictobject,codeobject}.c, Objects/dict-common.h,
 * Include/internal/pycore_{dict,object}.h, Modules/{_collectionsmodule,_elementtree,arraymodule}.c, Modules/_io/stringio.c,
 * numpy/core/include/numpy/ndarraytypes.h */
#include "graph_py_int.h"

#include "py.h"

#define LAYOUT (&hl_graph_py_layout)
#define DEQUE_LINK (8u + 8u * HL_DEQUE_BLOCK)            /* rightlink */
#define LINKS_MAX (1u << 28)

static uint8_t byte_at(uintptr_t at) { return *(const uint8_t *)at; }

/* ---- dicts ---- */

struct hl_py_keys hl_graph_py_keys(uintptr_t table)
{
    struct hl_py_keys keys = {.n = hl_py_word(table + LAYOUT->keys_entries), .width = 24, .key = 8, .value = 16};
    if (LAYOUT->keys_log2) {
        keys.entries = table + LAYOUT->keys_indices + (UINT64_C(1) << (byte_at(table + LAYOUT->keys_log2 + 1) & 63));
        if (byte_at(table + LAYOUT->keys_kind) != 0)
            keys.width = 16, keys.key = 0, keys.value = 8;
    } else {
        uint64_t size = hl_py_word(table + LAYOUT->keys_size);
        uint32_t index = size <= 0xff ? 1 : size <= 0xffff ? 2 : size <= 0xffffffff ? 4 : 8;
        keys.entries = table + LAYOUT->keys_indices + size * index;
    }
    return keys;
}

/* To 3.10 an array; 3.11 and 3.12 bytes in front of it, the last of which is their number; from 3.13 on four bytes in front,
 * among them how many there are. */
struct hl_py_values hl_graph_py_values(uintptr_t word)
{
    if (!word)
        return (struct hl_py_values){NULL, 0};
    if (LAYOUT->minor <= 10)
        return (struct hl_py_values){(const uintptr_t *)word, word};
    if (LAYOUT->minor <= 12)
        return (struct hl_py_values){(const uintptr_t *)word, word - byte_at(word - 1)};
    return (struct hl_py_values){(const uintptr_t *)(word + 8), byte_at(word + 2) ? 0 : word};
}

struct hl_py_values hl_graph_py_own_values(const struct hl_py_type *type, uintptr_t object)
{
    const struct hl_py_values none = {NULL, 0};
    if (!(type->flags & HL_FLAG_MANAGED_DICT))
        return none;
    if (LAYOUT->minor == 11)
        return hl_graph_py_values(hl_py_word(object - 32));
    uintptr_t word = hl_py_word(object - 24);
    if (LAYOUT->minor == 12)
        return word & 1 ? hl_graph_py_values(word + 1) : none;
    uintptr_t values = object + type->basic;
    if (!(type->flags & HL_FLAG_INLINE_VALUES) || !byte_at(values + 3))
        return none;
    return (struct hl_py_values){(const uintptr_t *)(values + 8), 0};
}

uintptr_t hl_graph_py_own_dict(const struct hl_py_type *type, uintptr_t object)
{
    if (LAYOUT->minor < 11 || !(type->flags & HL_FLAG_MANAGED_DICT))
        return 0;
    uintptr_t word = hl_py_word(object - 24);
    return word & 1 ? 0 : word;
}

bool hl_graph_py_dict_next(uintptr_t dict, struct hl_py_entry *entry)
{
    uintptr_t table = hl_py_word(dict + LAYOUT->dict_keys);
    struct hl_py_values split = hl_graph_py_values(hl_py_word(dict + LAYOUT->dict_values));
    struct hl_py_keys keys = hl_graph_py_keys(table);
    for (uint64_t i = entry->key ? entry->place + 1 : 0; i < keys.n; i++) {
        uintptr_t at = keys.entries + i * keys.width, value = split.values ? split.values[i] : hl_py_word(at + keys.value);
        if (value) {
            *entry = (struct hl_py_entry){i, hl_py_word(at + keys.key), value};
            return true;
        }
    }
    return false;
}

/* ---- what belongs to what ---- */

/* struct BLOCK: leftlink, items, rightlink. From 3.11 on each deque keeps blocks for later use. */
static void deque_parts(struct hl_graph *graph, uintptr_t object, uint32_t row, hl_py_part *part)
{
    uintptr_t link = hl_py_word(object + 24), last = hl_py_word(object + 32);
    for (uint32_t i = 0; link && i < LINKS_MAX; i++, link = hl_py_word(link + DEQUE_LINK)) {
        part(graph, link, row);
        if (link == last)
            break;
    }
    uint64_t kept = LAYOUT->minor >= 11 ? hl_py_word(object + 72) : 0;
    for (uint64_t i = 0; i < kept && i < 16; i++)
        part(graph, hl_py_word(object + 80 + 8 * i), row);
}

/* Behind the dict's fields: the first node, the last, od_fast_nodes. Nodes: key, hash, next, previous. */
static void ordered_parts(struct hl_graph *graph, uintptr_t object, uint32_t row, hl_py_part *part)
{
    uintptr_t node = hl_py_word(object + 48);
    part(graph, hl_py_word(object + 64), row);
    for (uint32_t i = 0; node && i < LINKS_MAX; i++, node = hl_py_word(node + 16))
        part(graph, node, row);
}

static void dict_parts(struct hl_graph *graph, uintptr_t object, uint32_t row, hl_py_part *part)
{
    struct hl_py_values values = hl_graph_py_values(hl_py_word(object + LAYOUT->dict_values));
    part(graph, hl_py_word(object + LAYOUT->dict_keys), row);
    if (values.block)
        part(graph, values.block, row);
}

/* Characters apart, a copy in UTF-8, and to 3.11 one of wide characters. */
static void str_parts(struct hl_graph *graph, uintptr_t object, uint32_t row, hl_py_part *part)
{
    uint32_t state = *(const uint32_t *)(object + 32);
    bool compact = state >> 5 & 1, ascii = state >> 6 & 1;
    if (LAYOUT->minor <= 11 && hl_py_word(object + 40))
        part(graph, hl_py_word(object + 40), row);
    if (compact && ascii)
        return;
    if (hl_py_word(object + LAYOUT->utf8))
        part(graph, hl_py_word(object + LAYOUT->utf8), row);
    if (!compact && hl_py_word(object + LAYOUT->data))
        part(graph, hl_py_word(object + LAYOUT->data), row);
}

static void type_parts(struct hl_graph *graph, uintptr_t object, uint32_t row, hl_py_part *part)
{
    if (!(hl_py_word(object + HL_TYPE_FLAGS) & HL_FLAG_HEAP))
        return;
    part(graph, hl_py_word(object + LAYOUT->heap_keys), row);
    part(graph, hl_py_word(object + HL_TYPE_DOC), row);
    if (LAYOUT->heap_text)
        part(graph, hl_py_word(object + LAYOUT->heap_text), row);
}

/* To 3.10: co_cell2arg, from 3.8 on co_opcache_map and co_opcache. From 3.12 on attributes that were asked for. */
static void code_parts(struct hl_graph *graph, uintptr_t object, uint32_t row, hl_py_part *part)
{
    if (LAYOUT->code_cached)
        part(graph, hl_py_word(object + LAYOUT->code_cached), row);
    if (LAYOUT->minor <= 10) {
        part(graph, hl_py_word(object + 96), row);
        part(graph, hl_py_word(object + 152), row);
        part(graph, hl_py_word(object + 160), row);
    }
}

/* PyArrayObject: data, number of dimensions, dimensions and strides in one piece, base, dtype, flags; 4 says that the data is
 * its own. */
static void ndarray_parts(struct hl_graph *graph, uintptr_t object, uint32_t row, hl_py_part *part)
{
    part(graph, hl_py_word(object + 32), row);
    if (*(const uint32_t *)(object + 64) & 4)
        part(graph, hl_py_word(object + 16), row);
}

struct hl_py_element hl_graph_py_element(uintptr_t object)
{
    uintptr_t extra = hl_py_word(object + 40);
    if (!extra)
        return (struct hl_py_element){0};
    uintptr_t children = hl_py_word(extra + 24);
    return (struct hl_py_element){extra, hl_py_word(extra), hl_py_word(extra + 8), children, children != extra + 32};
}

static void element_parts(struct hl_graph *graph, uintptr_t object, uint32_t row, hl_py_part *part)
{
    struct hl_py_element element = hl_graph_py_element(object);
    part(graph, element.extra, row);
    if (element.apart)
        part(graph, element.children, row);
}

static void kind_parts(struct hl_graph *graph, const struct hl_py_type *type, uintptr_t object, uint32_t row, hl_py_part *part)
{
    switch ((enum hl_py_kind)type->kind) {
    case HL_PY_LIST: case HL_PY_ARRAY:
        part(graph, hl_py_word(object + 24), row);
        break;
    case HL_PY_BYTEARRAY:
        part(graph, hl_py_word(object + 32), row);
        break;
    case HL_PY_STRING_IO:
        part(graph, hl_py_word(object + 16), row);
        break;
    case HL_PY_SET:
        part(graph, hl_py_word(object + 40), row);
        break;
    case HL_PY_DICT:
        dict_parts(graph, object, row, part);
        break;
    case HL_PY_ORDERED_DICT:
        dict_parts(graph, object, row, part);
        ordered_parts(graph, object, row, part);
        break;
    case HL_PY_STR:
        str_parts(graph, object, row, part);
        break;
    case HL_PY_DEQUE:
        deque_parts(graph, object, row, part);
        break;
    case HL_PY_TYPE:
        type_parts(graph, object, row, part);
        break;
    case HL_PY_CODE:
        code_parts(graph, object, row, part);
        break;
    case HL_PY_NDARRAY:
        ndarray_parts(graph, object, row, part);
        break;
    case HL_PY_ELEMENT:
        element_parts(graph, object, row, part);
        break;
    default:
        break;
    }
}

void hl_graph_py_parts(struct hl_graph *graph, const struct hl_py_type *type, uintptr_t object, uint32_t row, hl_py_part *part)
{
    kind_parts(graph, type, object, row, part);
    if (type->flags & HL_FLAG_MANAGED_DICT) {
        struct hl_py_values values = hl_graph_py_own_values(type, object);
        if (values.block)
            part(graph, values.block, row);
    }
}
