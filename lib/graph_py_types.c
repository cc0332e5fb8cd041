/* Types: a word is one's address if all that a type must be is there. What was found out, also that something is none, is kept
 * in a table of our own. A type's plan says which words of its instances are references and what they are called; it is made
 * when the first one is written. */
#include "graph_py_int.h"

#include "py.h"
#include "sys.h"

#include <string.h>

#define SLOTS_FIRST (1u << 13)
#define NEGATIVES (1u << 12)
#define FIELDS_MAX (1u << 16)
#define BASES_MAX 64u
#define GETTER_BYTES 64u                 /* of a getter's code are looked at */

static struct {
    struct hl_py_type *types;            /* [0] is none */
    uint32_t n, room, *slots, size;      /* slots: of types by address; their number */
    uintptr_t none[NEGATIVES];           /* addresses that are none, the last ones met */
    uintptr_t type_type;
    struct hl_py_field *fields;
    uint32_t n_fields;
    struct hl_py_plan *plans;            /* as many as types */
} own;

static uint32_t spread(uintptr_t address) { return (uint32_t)((address >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 32); }

/* ---- kinds ---- */

static const struct { const char *name; uint8_t kind; } kinds[] = {
    {"type", HL_PY_TYPE}, {"str", HL_PY_STR}, {"bytes", HL_PY_BYTES}, {"int", HL_PY_INT}, {"bool", HL_PY_BOOL},
    {"NoneType", HL_PY_NONE_TYPE}, {"float", HL_PY_FLOAT},
    {"list", HL_PY_LIST}, {"tuple", HL_PY_TUPLE}, {"dict", HL_PY_DICT}, {"set", HL_PY_SET}, {"frozenset", HL_PY_SET},
    {"function", HL_PY_FUNCTION},
    {"method", HL_PY_METHOD}, {"builtin_function_or_method", HL_PY_BUILTIN}, {"builtin_method", HL_PY_BUILTIN},
    {"module", HL_PY_MODULE}, {"code", HL_PY_CODE},
    {"cell", HL_PY_CELL}, {"frame", HL_PY_FRAME}, {"generator", HL_PY_GENERATOR}, {"coroutine", HL_PY_GENERATOR},
    {"async_generator", HL_PY_GENERATOR},
    {"weakref", HL_PY_WEAKREF}, {"weakref.ReferenceType", HL_PY_WEAKREF}, {"weakproxy", HL_PY_WEAKREF},
    {"weakref.ProxyType", HL_PY_WEAKREF},
    {"weakcallableproxy", HL_PY_WEAKREF}, {"weakref.CallableProxyType", HL_PY_WEAKREF}, {"collections.deque", HL_PY_DEQUE},
    {"collections.OrderedDict", HL_PY_ORDERED_DICT},
    {"bytearray", HL_PY_BYTEARRAY}, {"array.array", HL_PY_ARRAY}, {"_io.StringIO", HL_PY_STRING_IO},
    {"numpy.ndarray", HL_PY_NDARRAY}, {"xml.etree.ElementTree.Element", HL_PY_ELEMENT},
    {"functools._lru_cache_wrapper", HL_PY_LRU_CACHE}, {"functools._lru_list_elem", HL_PY_LRU_LINK},
    {"wrapper_descriptor", HL_PY_DESCRIPTOR},
    {"method_descriptor", HL_PY_DESCRIPTOR}, {"classmethod_descriptor", HL_PY_DESCRIPTOR},
    {"getset_descriptor", HL_PY_DESCRIPTOR}, {"member_descriptor", HL_PY_DESCRIPTOR},
};

static uint8_t kind_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    return HL_PY_OTHER;
}

static uint8_t kind_by_flags(uint64_t flags)
{
    static const uint8_t by_flag[] = {HL_PY_INT, HL_PY_LIST, HL_PY_TUPLE, HL_PY_BYTES, HL_PY_STR, HL_PY_DICT, HL_PY_OTHER,
        HL_PY_TYPE};
    for (unsigned i = 0; i < sizeof by_flag; i++)
        if (flags >> (HL_FLAG_SUBCLASS_FIRST + i) & 1)
            return by_flag[i];
    return HL_PY_OTHER;
}

/* A class statement's tp_name is the text of its name; whoever writes a type in C has a text of its own. */
static bool is_made_by_python(uintptr_t type)
{
    if (!(hl_py_word(type + HL_TYPE_FLAGS) & HL_FLAG_HEAP))
        return false;
    uintptr_t name = hl_py_word(type + hl_graph_py_layout.heap_name), text = hl_py_word(type + HL_TYPE_NAME);
    return text == name + hl_graph_py_layout.ascii_bytes || text == hl_py_word(name + hl_graph_py_layout.utf8);
}

static bool is_object(uintptr_t type) { return hl_py_word(type + HL_TYPE_BASE) == 0 && hl_py_word(type + HL_TYPE_BASIC) == 16; }

static uintptr_t c_base(uintptr_t type)
{
    for (uint32_t i = 0; i < BASES_MAX && type && is_made_by_python(type); i++)
        type = hl_py_word(type + HL_TYPE_BASE);
    return type;
}

/* ---- what a type must be ---- */

static bool is_text(struct hl_graph *graph, uintptr_t text)
{
    if (!hl_graph_is_readable(graph, text, 1))
        return false;
    for (uint32_t i = 0; i < 1024; i++) {
        unsigned char c = *(const unsigned char *)(text + i);
        if (c < ' ')
            return c == 0 && i;
        if (((text + i + 1) & 4095) == 0 && !hl_graph_is_readable(graph, text + i + 1, 1))
            return false;
    }
    return false;
}

static bool stands_alone(struct hl_graph *graph, uintptr_t address)
{
    uint32_t row = hl_graph_row(graph, address);
    uintptr_t inside = row == HL_GRAPH_NONE ? 0 : address - graph->marker->blocks[row].start;
    return inside == 0 || inside == 16 || inside == 32;
}

/* Modules have types of their own that they never finish. */
static bool is_unready(struct hl_graph *graph, uintptr_t t)
{
    return hl_py_word(t + 8) == own.type_type && hl_areas_is_file(graph->marker, t) &&
        hl_areas_is_file(graph->marker, hl_py_word(t + HL_TYPE_NAME));
}

static bool is_type_at(struct hl_graph *graph, uintptr_t t, uint32_t depth)
{
    if (t == own.type_type)
        return true;
    if (t % 8 || !t || !hl_graph_is_readable(graph, t, hl_graph_py_layout.type_bytes))
        return false;
    uint64_t flags = hl_py_word(t + HL_TYPE_FLAGS), basic = hl_py_word(t + HL_TYPE_BASIC), item = hl_py_word(t + HL_TYPE_ITEM);
    uintptr_t meta = hl_py_word(t + 8), base = hl_py_word(t + HL_TYPE_BASE);
    if ((!(flags & HL_FLAG_READY) && !is_unready(graph, t)) || flags >> 32 || basic < 16 || basic > 1u << 24 ||
        item > 1u << 24 || base % 8 || hl_py_word(t + HL_TYPE_BASES) % 8)
        return false;
    if (meta != own.type_type && (depth == 0 || !is_type_at(graph, meta, depth - 1) ||
                                  !(hl_py_word(meta + HL_TYPE_FLAGS) >> 31 & 1)))
        return false;
    if (!stands_alone(graph, t) || !is_text(graph, hl_py_word(t + HL_TYPE_NAME)))
        return false;
    if ((flags & HL_FLAG_HEAP) && !hl_graph_is_readable(graph, hl_py_word(t + hl_graph_py_layout.heap_name),
                                                        hl_graph_py_layout.ascii_bytes))
        return false;
    if (!base)
        return basic == 16 || !(flags & HL_FLAG_READY);
    return hl_graph_is_readable(graph, base, hl_graph_py_layout.type_bytes) && hl_py_word(base + HL_TYPE_BASIC) <= basic;
}

/* ---- names ---- */

static uint32_t string_of(struct hl_graph *graph, uintptr_t str)
{
    char buffer[HL_GRAPH_TEXT_MAX];
    size_t n = 0;
    bool cut;
    const char *text = hl_graph_py_str(str, buffer, &n, &cut);
    return text && n ? hl_graph_string(graph, text, n) : 0;
}

static uint32_t module_of(struct hl_graph *graph, uintptr_t type)
{
    uintptr_t dict = hl_py_word(type + HL_TYPE_DICT);
    struct hl_py_entry entry = {0};
    size_t n;
    bool cut;
    char buffer[HL_GRAPH_TEXT_MAX];
    if (!dict || !hl_graph_is_readable(graph, dict, 48))
        return 0;
    for (uint32_t i = 0; i < 4096 && hl_graph_py_dict_next(dict, &entry); i++) {
        const char *key = hl_py_type_of(entry.key) == (uintptr_t)hl_python.unicode_type ?
            hl_graph_py_str(entry.key, buffer, &n, &cut) : NULL;
        if (key && n == 10 && memcmp(key, "__module__", 10) == 0)
            return hl_py_type_of(entry.value) == (uintptr_t)hl_python.unicode_type ? string_of(graph, entry.value) : 0;
    }
    return 0;
}

static void define(struct hl_graph *graph, struct hl_py_type *type)
{
    const char *text = (const char *)hl_py_word(type->address + HL_TYPE_NAME), *dot = strrchr(text, '.');
    uint32_t name = 0, module = 0;
    if (type->flags & HL_FLAG_HEAP) {
        uintptr_t qualified = hl_py_word(type->address + hl_graph_py_layout.heap_qualname);
        if (qualified && hl_graph_is_readable(graph, qualified, 16) &&
            hl_py_type_of(qualified) == (uintptr_t)hl_python.unicode_type)
            name = string_of(graph, qualified);
        module = module_of(graph, type->address);
    }
    if (!name)
        name = dot && !type->python ? hl_graph_string(graph, dot + 1, strlen(dot + 1)) :
            hl_graph_string(graph, text, strlen(text));
    if (!module)
        module = dot && !type->python ? hl_graph_string(graph, text, (size_t)(dot - text)) :
            hl_graph_string(graph, "builtins", 8);
    type->id = hl_graph_type(graph, HL_TYPE_PYTHON, name, module, type->address);
}

/* ---- the table ---- */

static bool grow(void)
{
    uint32_t size = own.size ? own.size * 2 : SLOTS_FIRST, room = size / 2;
    uint32_t *slots = hl_sys_map(size * sizeof *slots, 0);
    struct hl_py_type *types = hl_sys_map(room * sizeof *types, 0);
    struct hl_py_plan *plans = hl_sys_map(room * sizeof *plans, 0);
    if (!slots || !types || !plans)
        return false;
    if (own.n) {
        memcpy(types, own.types, own.n * sizeof *types);
        memcpy(plans, own.plans, own.n * sizeof *plans);
    }
    own.n = own.n ? own.n : 1;
    own.types = types;
    own.plans = plans;
    own.slots = slots;
    own.size = size;
    own.room = room;
    for (uint32_t i = 1; i < own.n; i++) {
        uint32_t k = spread(types[i].address);
        while (slots[k & (size - 1)])
            k++;
        slots[k & (size - 1)] = i;
    }
    return true;
}

static uint8_t bytes_before(uint64_t flags)
{
    uint8_t minor = hl_graph_py_layout.minor;
    uint64_t header = minor >= 12 ? HL_FLAG_MANAGED_DICT | HL_FLAG_MANAGED_WEAK : minor == 11 ? HL_FLAG_MANAGED_DICT : 0;
    return (uint8_t)((flags & HL_FLAG_GC ? 16 : 0) + (flags & header ? 16 : 0));
}

static void find_out(struct hl_graph *graph, struct hl_py_type *type)
{
    uintptr_t t = type->address, base = c_base(t);
    type->flags = hl_py_word(t + HL_TYPE_FLAGS);
    type->basic = (uint32_t)hl_py_word(t + HL_TYPE_BASIC);
    type->item = (uint32_t)hl_py_word(t + HL_TYPE_ITEM);
    type->before = bytes_before(type->flags);
    type->python = base != t;
    type->c_base = base ? base : t;
    if (base)
        type->kind = kind_by_name((const char *)hl_py_word(base + HL_TYPE_NAME));
    type->exact = type->kind != HL_PY_OTHER || (base && is_object(base));
    if (!type->kind)
        type->kind = kind_by_flags(type->flags);
    define(graph, type);
}

const struct hl_py_type *hl_graph_py_type(struct hl_graph *graph, uintptr_t address)
{
    uint32_t k = spread(address), i;
    for (; (i = own.slots[k & (own.size - 1)]); k++)
        if (own.types[i].address == address)
            return &own.types[i];
    uintptr_t *none = &own.none[spread(address) & (NEGATIVES - 1)];
    if (*none == address)
        return NULL;
    if (!is_type_at(graph, address, 4) || (own.n == own.room && !grow())) {
        *none = address;
        return NULL;
    }
    struct hl_py_type type = {.address = address};
    find_out(graph, &type);
    for (k = spread(address); own.slots[k & (own.size - 1)];)
        k++;
    own.slots[k & (own.size - 1)] = own.n;
    own.types[own.n] = type;
    return &own.types[own.n++];
}

bool hl_graph_py_types_open(void)
{
    memset(&own, 0, sizeof own);
    own.type_type = hl_py_word((uintptr_t)hl_python.code_type + 8);
    own.fields = hl_sys_map(FIELDS_MAX * sizeof *own.fields, 0);
    return own.fields && grow();
}

/* ---- plans ---- */

static bool has_field(const struct hl_py_plan *plan, uint32_t offset)
{
    for (uint32_t i = 0; i < plan->n_fields; i++)
        if (own.fields[plan->fields + i].offset == offset)
            return true;
    return false;
}

static void add_field(struct hl_graph *graph, struct hl_py_plan *plan, uint32_t offset, enum hl_graph_edge kind, const char *name)
{
    if (offset < 16 || offset % 8 || offset == plan->dict_offset || own.n_fields == FIELDS_MAX || has_field(plan, offset))
        return;
    own.fields[own.n_fields++] = (struct hl_py_field){offset, kind, hl_graph_string(graph, name, strlen(name))};
    plan->n_fields++;
}

/* PyMemberDef (Include/structmember.h): name, int kind, offset, flags, documentation; _Py_T_OBJECT is 6, Py_T_OBJECT_EX 16. */
static void add_members(struct hl_graph *graph, struct hl_py_plan *plan, uintptr_t type, uint32_t basic)
{
    uintptr_t at = hl_py_word(type + HL_TYPE_MEMBERS);
    for (uint32_t i = 0; at && i < 4096 && hl_graph_is_readable(graph, at, 40) && hl_py_word(at); i++, at += 40) {
        const char *name = (const char *)hl_py_word(at);
        int kind = *(const int *)(at + 8);
        uint64_t offset = hl_py_word(at + 16);
        if ((kind != 6 && kind != 16) || offset > basic - 8 || !hl_graph_is_readable(graph, (uintptr_t)name, 1))
            continue;
        add_field(graph, plan, (uint32_t)offset, name[0] == '_' && name[1] == '_' ? HL_EDGE_NAMED : HL_EDGE_SLOT, name);
    }
}

/* PyGetSetDef (Include/descrobject.h): name, getter, setter, documentation, closure. The name is that of what tp_traverse visits
 * at the word that the getter returns. */
static void add_getters(struct hl_graph *graph, struct hl_py_plan *plan, uintptr_t type, uint32_t basic)
{
    uintptr_t at = hl_py_word(type + HL_TYPE_GETSET);
    for (uint32_t i = 0; at && i < 4096 && hl_graph_is_readable(graph, at, 40) && hl_py_word(at); i++, at += 40) {
        uintptr_t name = hl_py_word(at), getter = hl_py_word(at + 8);
        uint32_t offset;
        if (!hl_areas_is_code(graph->marker, getter) || !hl_graph_is_readable(graph, getter, GETTER_BYTES) ||
            !is_text(graph, name) || !hl_graph_py_getter((const uint8_t *)getter, GETTER_BYTES, &offset) || offset > basic - 8)
            continue;
        add_field(graph, plan, offset, HL_EDGE_FIELD, (const char *)name);
    }
}

static bool is_meant(const struct hl_py_named *named, const char *type)
{
    return named->from <= hl_graph_py_layout.minor && hl_graph_py_layout.minor <= named->to && strcmp(named->type, type) == 0;
}

static void add_named(struct hl_graph *graph, struct hl_py_plan *plan, uintptr_t type)
{
    const char *name = (const char *)hl_py_word(type + HL_TYPE_NAME);
    for (const struct hl_py_named *n = hl_graph_py_named; n->type; n++)
        if (is_meant(n, name))
            add_field(graph, plan, n->offset, HL_EDGE_NAMED, n->name);
    for (const struct hl_py_named_of_size *n = hl_graph_py_named_of_size; n->basic; n++)
        if (n->basic == hl_py_word(type + HL_TYPE_BASIC) && is_meant(&n->named, name))
            add_field(graph, plan, n->named.offset, HL_EDGE_NAMED, n->named.name);
}

/* Kinds whose edges are all written by name; what comes of them in Python too. */
static bool is_complete(const struct hl_py_type *type)
{
    if (!type->exact)
        return false;
    switch (type->kind) {
    case HL_PY_OTHER:
        return is_object(type->c_base);
    case HL_PY_MODULE: case HL_PY_STRING_IO: case HL_PY_NDARRAY: case HL_PY_ARRAY:
        return false;
    default:
        return true;
    }
}

static void make_plan(struct hl_graph *graph, const struct hl_py_type *type, struct hl_py_plan *plan)
{
    uintptr_t base = type->address;
    *plan = (struct hl_py_plan){.made = true, .fields = own.n_fields,
        .dict_offset = (int64_t)hl_py_word(type->address + HL_TYPE_DICT_OFFSET)};
    for (uint32_t i = 0; i < BASES_MAX && base; i++, base = hl_py_word(base + HL_TYPE_BASE)) {
        if (type->kind == HL_PY_TYPE && base == own.type_type)
            break;                       /* written by their names */
        if (!is_made_by_python(base))
            add_named(graph, plan, base);
        /* its members are its module's */
        bool borrows = strcmp((const char *)hl_py_word(base + HL_TYPE_NAME), "sqlite3.Connection") == 0;
        if (type->kind != HL_PY_FRAME && type->kind != HL_PY_GENERATOR && !borrows)
            add_members(graph, plan, base, type->basic);
        if (type->kind == HL_PY_OTHER && !is_made_by_python(base))
            add_getters(graph, plan, base, type->basic);
    }
    plan->weak_offset = (uint32_t)hl_py_word(type->address + HL_TYPE_WEAK_OFFSET);
    if (is_complete(type))
        return;
    plan->scan = true;
    if (hl_py_word(type->c_base + HL_TYPE_FLAGS) & HL_FLAG_GC)
        plan->traverse = hl_py_word(type->c_base + HL_TYPE_TRAVERSE);
    if (type->kind == HL_PY_LRU_CACHE)
        plan->traverse = 0;
}

const struct hl_py_plan *hl_graph_py_plan(struct hl_graph *graph, const struct hl_py_type *type)
{
    struct hl_py_plan *plan = &own.plans[type - own.types];
    if (!plan->made)
        make_plan(graph, type, plan);
    return plan;
}

const struct hl_py_field *hl_graph_py_fields(const struct hl_py_plan *plan) { return &own.fields[plan->fields]; }
