/* Where things stand in CPython's objects, by version. Sources:
 * Include/{cpython/,}{object,unicodeobject,dictobject,code,funcobject}.h, Include/internal/pycore_{dict,code,object}.h and, up
 * to 3.10, Objects/dict-common.h of each version; 64 bits, with the GIL, without Py_TRACE_REFS. */
#include "graph_py.h"
#include "py.h"

#include <string.h>

struct hl_graph_py_layout hl_graph_py_layout;

#define HEADS_TO_311 .ascii_bytes = 48, .compact_bytes = 72, .utf8 = 56, .data = 72
#define HEADS_FROM_312 .ascii_bytes = 40, .compact_bytes = 56, .utf8 = 48, .data = 56
#define DICT .dict_keys = 32, .dict_values = 40
#define KEYS_TO_310 .keys_size = 8, .keys_usable = 24, .keys_entries = 32, .keys_indices = 40
#define KEYS_FROM_311 .keys_log2 = 8, .keys_kind = 10, .keys_usable = 16, .keys_entries = 24, .keys_indices = 32
#define CODE_TO_310 .code_consts = 56, .code_names = 64, .code_names_local = 72, .code_cells = 88, .code_free = 80, \
    .code_file = 104, .code_name = 112, .code_lines = 120, .code_first_line = 40, .code_bytes = 48
#define CODE_FROM_311 .code_consts = 24, .code_names = 32, .code_names_local = 96, .code_kinds = 104, .code_file = 112, \
    .code_name = 120, .code_qualified = 128, .code_lines = 136
#define HEAP_310_311 .heap_name = 848, .heap_slots = 856, .heap_qualname = 864, .heap_keys = 872, .heap_module = 880
#define HEAP_FROM_312 .heap_name = 856, .heap_slots = 864, .heap_qualname = 872, .heap_keys = 880, .heap_module = 888, \
    .heap_text = 896

static const struct hl_graph_py_layout known[] = {
    {.minor = 8, .type_bytes = 416, .heap_name = 848, .heap_slots = 856, .heap_qualname = 864, .heap_keys = 872,
     .tuple_items = 24, HEADS_TO_311, DICT, KEYS_TO_310, CODE_TO_310},
    {.minor = 9, .type_bytes = 408, .heap_name = 840, .heap_slots = 848, .heap_qualname = 856, .heap_keys = 864,
     .heap_module = 872, .tuple_items = 24, HEADS_TO_311, DICT, KEYS_TO_310, CODE_TO_310},
    {.minor = 10, .type_bytes = 408, HEAP_310_311, .tuple_items = 24, HEADS_TO_311, DICT, KEYS_TO_310, CODE_TO_310},
    {.minor = 11, .type_bytes = 408, HEAP_310_311, .heap_text = 888, .tuple_items = 24, HEADS_TO_311, DICT, KEYS_FROM_311,
     CODE_FROM_311, .code_first_line = 72, .code_bytes = 152},
    {.minor = 12, .type_bytes = 416, HEAP_FROM_312, .tuple_items = 24, HEADS_FROM_312, DICT, KEYS_FROM_311,
     CODE_FROM_311, .code_first_line = 68, .code_cached = 152,
     .static_types = 373704, .static_type_bytes = 40, .static_type_dict = 16, .runtime_main = 48},
    {.minor = 13, .type_bytes = 416, HEAP_FROM_312, .tuple_items = 24, HEADS_FROM_312, DICT, KEYS_FROM_311,
     CODE_FROM_311, .code_first_line = 68, .code_cached = 160,
     .static_types = 182968, .static_type_bytes = 48, .static_type_dict = 24, .runtime_main = 640},
    {.minor = 14, .type_bytes = 416, HEAP_FROM_312, .tuple_items = 32, HEADS_FROM_312, DICT, KEYS_FROM_311,
     CODE_FROM_311, .code_first_line = 68, .code_cached = 160,
     .static_types = 180240, .static_type_bytes = 48, .static_type_dict = 24, .runtime_main = 816},
};

/* type's own type is type, a str's class is called "str", and one is where it should be: in the name of a code's class. */
static bool agrees(void)
{
    const uintptr_t type = hl_py_word((uintptr_t)hl_python.code_type + 8), str = (uintptr_t)hl_python.unicode_type;
    return hl_py_word(type + 8) == type && hl_py_word(str + 8) == type &&
        strcmp((const char *)hl_py_word(str + HL_TYPE_NAME), "str") == 0 &&
           strcmp((const char *)hl_py_word(type + HL_TYPE_NAME), "type") == 0 &&
               hl_py_word(type + HL_TYPE_DICT_OFFSET) == HL_TYPE_DICT &&
           hl_py_word(type + HL_TYPE_ITEM) == 40 && hl_py_word(type + HL_TYPE_BASIC) >= hl_graph_py_layout.heap_keys + 8u &&
           hl_py_word((uintptr_t)hl_python.bytes_type + HL_TYPE_BASIC) == 33 &&
               hl_py_word(str + HL_TYPE_BASIC) == hl_graph_py_layout.data + 8u;
}

bool hl_graph_py_layout_find(uint32_t version, const char **reason)
{
    *reason = "Python's objects are missing: its version is not one that heapline knows (CPython 3.8 to 3.14)";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (version >> 16 != (0x300u | known[i].minor))
            continue;
        hl_graph_py_layout = known[i];
        *reason = "Python's objects are missing: they are not laid out as in a usual build of this version";
        return agrees();
    }
    return false;
}
