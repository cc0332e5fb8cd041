/* What an object refers to, by name where there is one. What its kind says comes first, then the fields of its plan, its
 * attributes, and, where nothing is known of a type written in C, what its own tp_traverse visits. Sources, of each version:
 * Objects/{dictobject,setobject,odictobject,typeobject,funcobject,codeobject}.c,
 * Modules/{_collectionsmodule,_functoolsmodule}.c */
#include "graph_py_int.h"

#include "py.h"

#define LAYOUT (&hl_graph_py_layout)
#define EMITTED_MAX 512u                 /* more references than this, and tp_traverse is not asked */
#define VISITS_MAX (1u << 22)
#define INTERNED_FROM 500u               /* entries of the dict of interned strings, at least */
#define LINKS_MAX (1u << 28)

/* The object whose edges are written. */
static struct {
    struct hl_graph *graph;
    const struct hl_py_plan *plan;
    uintptr_t object, type;
    uint64_t bytes;
    uint32_t number, row;
    bool noting;                         /* tp_traverse is going to be called */
    uint32_t n_emitted, visits;
    uintptr_t emitted[EMITTED_MAX];
    uint64_t named[8];                   /* the first words of the object: those that were written */
} now;

static void note(uintptr_t target)
{
    if (now.n_emitted < EMITTED_MAX)
        now.emitted[now.n_emitted] = target;
    now.n_emitted++;
}

static bool write_edge(struct hl_graph *graph, enum hl_graph_edge kind, uint64_t value, uintptr_t target)
{
    uint32_t number = target ? hl_graph_py_number(graph, target) : HL_GRAPH_NONE;
    if (now.noting && target && hl_edge_is_counted(kind))
        note(target);
    if (number == HL_GRAPH_NONE)
        return false;
    hl_graph_edge(graph, kind, value, number);
    return true;
}

bool hl_graph_py_edge(struct hl_graph *graph, enum hl_graph_edge kind, uint64_t value, uintptr_t object)
{
    return write_edge(graph, kind, value, object);
}

bool hl_graph_py_edge_named(struct hl_graph *graph, enum hl_graph_edge kind, uintptr_t name, uintptr_t object)
{
    uint32_t number = object ? hl_graph_py_number(graph, name) : HL_GRAPH_NONE;
    return number == HL_GRAPH_NONE ? write_edge(graph, HL_EDGE_ITEM, 0, object) : write_edge(graph, kind, number, object);
}

bool hl_graph_py_edge_at(struct hl_graph *graph, const char *name, uintptr_t object)
{
    if (!object)
        return false;
    size_t n = 0;
    while (name[n])
        n++;
    return write_edge(graph, HL_EDGE_NAMED, hl_graph_string(graph, name, n), object);
}

static void write_items(struct hl_graph *graph, uintptr_t at, uint64_t n, uint64_t first)
{
    for (uint64_t i = 0; i < n; i++, at += 8)
        write_edge(graph, HL_EDGE_INDEX, first + i, hl_py_word(at));
}

static void part_edge(struct hl_graph *graph, uintptr_t start, uint32_t row)
{
    if (hl_graph_py_owns(graph, start, row))
        hl_graph_edge(graph, HL_EDGE_PART, 0, hl_graph_row(graph, start));
}

/* ---- dicts ---- */

static bool has_only_interned(struct hl_graph *graph, const struct hl_py_keys *keys)
{
    uint32_t same = 0;
    if (keys->n < INTERNED_FROM)
        return false;
    for (uint64_t i = 0; i < keys->n && same < 32; i++) {
        uintptr_t at = keys->entries + i * keys->width, key = hl_py_word(at + keys->key), value = hl_py_word(at + keys->value);
        if (!value)
            continue;
        if (key != value || hl_graph_py_kind(graph, key) != HL_PY_STR || !(*(const uint32_t *)(key + 32) & 3))
            return false;
        same++;
    }
    return same == 32;
}

/* The interpreter's dict of interned strings: two references of each are not counted, so that it holds none. All that is interned
 * is in it, and a dict that looks like it is smaller. */
static uintptr_t find_interned(struct hl_graph *graph)
{
    uint64_t most = 0;
    uintptr_t found = 0;
    for (uint32_t row = 0; row < graph->marker->n; row++) {
        const struct hl_graph_block *block = &graph->blocks[row];
        uintptr_t dict = graph->marker->blocks[row].start + 8u * block->offset;
        if (block->kind != HL_KIND_OBJECT || block->detail != HL_PY_DICT || hl_py_word(dict + LAYOUT->dict_values))
            continue;
        struct hl_py_keys keys = hl_graph_py_keys(hl_py_word(dict + LAYOUT->dict_keys));
        if (keys.n > most && has_only_interned(graph, &keys)) {
            most = keys.n;
            found = dict;
        }
    }
    return found;
}

static bool is_interned(struct hl_graph *graph, uintptr_t dict, const struct hl_py_keys *keys)
{
    static uintptr_t interned;
    if (!has_only_interned(graph, keys))
        return false;
    if (!interned)
        interned = find_interned(graph);
    return dict == interned;
}

static void keys_only(struct hl_graph *graph, uintptr_t table)
{
    struct hl_py_keys keys = hl_graph_py_keys(table);
    for (uint64_t i = 0; i < keys.n; i++)
        write_edge(graph, HL_EDGE_KEY, i, hl_py_word(keys.entries + i * keys.width + keys.key));
}

static void write_dict(struct hl_graph *graph, uintptr_t dict)
{
    uintptr_t table = hl_py_word(dict + LAYOUT->dict_keys), word = hl_py_word(dict + LAYOUT->dict_values);
    struct hl_py_values split = hl_graph_py_values(word);
    struct hl_py_keys keys = hl_graph_py_keys(table);
    if (split.values && hl_graph_py_owns(graph, table, now.row))
        keys_only(graph, table);
    if (split.values && !split.block)
        return;                          /* the object's own, which it writes */
    bool interned = !split.values && is_interned(graph, dict, &keys);
    for (uint64_t i = 0; i < keys.n; i++) {
        uintptr_t at = keys.entries + i * keys.width, key = hl_py_word(at + keys.key);
        uintptr_t value = split.values ? split.values[i] : hl_py_word(at + keys.value);
        if (!value)
            continue;
        uint32_t number = hl_graph_py_number(graph, key);
        if (interned && number != HL_GRAPH_NONE) {
            hl_graph_edge(graph, HL_EDGE_WEAK, 0, number);
            continue;
        }
        if (!split.values && number != HL_GRAPH_NONE)
            hl_graph_edge(graph, HL_EDGE_KEY, i, number);
        write_edge(graph, number == HL_GRAPH_NONE ? HL_EDGE_ITEM : HL_EDGE_VALUE, number, value);
    }
}

/* Nodes: key, hash, next, previous. */
static void write_ordered(struct hl_graph *graph, uintptr_t dict)
{
    uintptr_t node = hl_py_word(dict + 48);
    write_dict(graph, dict);
    for (uint32_t i = 0; node && i < LINKS_MAX; i++, node = hl_py_word(node + 16))
        write_edge(graph, HL_EDGE_KEY, i, hl_py_word(node));
    hl_graph_py_edge_at(graph, "__dict__", hl_py_word(dict + 96));
}

/* ---- other containers ---- */

/* Entries: key, hash; what was removed is marked by a hash of -1. */
static void write_set(struct hl_graph *graph, uintptr_t set)
{
    uint64_t n = hl_py_word(set + 32) + 1;
    uintptr_t at = hl_py_word(set + 40);
    for (uint64_t i = 0; i < n; i++, at += 16)
        if (hl_py_word(at) && hl_py_word(at + 8) != UINT64_MAX)
            write_edge(graph, HL_EDGE_ITEM, 0, hl_py_word(at));
}

static void write_deque(struct hl_graph *graph, uintptr_t deque)
{
    uintptr_t block = hl_py_word(deque + 24);
    uint64_t n = hl_py_size(deque), at = hl_py_word(deque + 40);
    for (uint64_t i = 0; i < n; i++) {
        if (at == HL_DEQUE_BLOCK) {
            block = hl_py_word(block + 8 + 8 * HL_DEQUE_BLOCK);
            at = 0;
        }
        write_edge(graph, HL_EDGE_INDEX, i, hl_py_word(block + 8 + 8 * at++));
    }
}

/* lru_cache begins with the root of a ring of links, objects that it counts and its dict too: previous, next, hash, key,
 * result. What it visits of them is theirs. */
static void write_lru_cache(struct hl_graph *graph, uintptr_t object)
{
    uintptr_t link = hl_py_word(object + 24);
    for (uint32_t i = 0; link != object && i < LINKS_MAX &&
         hl_graph_py_kind(graph, link) == HL_PY_LRU_LINK; i++, link = hl_py_word(link + 24))
        write_edge(graph, HL_EDGE_ITEM, 0, link);
    for (uint64_t at = 32; at + 8 <= now.bytes; at += 8) {
        uintptr_t word = hl_py_word(object + at);
        if (at == now.plan->weak_offset || at == (uint64_t)now.plan->dict_offset || word == object ||
            !hl_graph_py_object(graph, word))
            continue;
        if (at == 72 || at == 88)
            hl_graph_py_edge_at(graph, at == 72 ? "cache" : "func", word);
        else
            write_edge(graph, HL_EDGE_FIELD, at, word);
    }
}

/* A code object's attributes that were asked for. */
static void write_code(struct hl_graph *graph, uintptr_t code)
{
    static const char *const names[] = {"co_code", "co_varnames", "co_cellvars", "co_freevars"};
    uintptr_t cached = LAYOUT->code_cached ? hl_py_word(code + LAYOUT->code_cached) : 0;
    for (unsigned i = 0; cached && i < 4; i++)
        hl_graph_py_edge_at(graph, names[i], hl_py_word(cached + 8 * i));
}

/* numpy: type_num of the dtype is 17 for objects; then the data is pointers. */
static void write_ndarray(struct hl_graph *graph, uintptr_t array)
{
    uintptr_t dtype = hl_py_word(array + 56), dimensions = hl_py_word(array + 32);
    int n = *(const int *)(array + 24);
    uint64_t items = 1;
    if (!hl_graph_py_object(graph, dtype) || *(const int *)(dtype + 28) != 17 || !(*(const uint32_t *)(array + 64) & 4))
        return;
    for (int i = 0; i < n && i < 64; i++)
        items *= hl_py_word(dimensions + 8 * (unsigned)i);
    if (items < 1u << 30)
        write_items(graph, hl_py_word(array + 16), items, 0);
}

/* An element of ElementTree: tag, text, tail. The lowest bit of the texts says that they are lists still to be joined. */
static void write_element(struct hl_graph *graph, uintptr_t object)
{
    static const char *const names[] = {"tag", "text", "tail"};
    struct hl_py_element element = hl_graph_py_element(object);
    for (unsigned i = 0; i < 3; i++)
        hl_graph_py_edge_at(graph, names[i], hl_py_word(object + 16 + 8 * i) & ~(uintptr_t)1);
    hl_graph_py_edge_at(graph, "attrib", element.attributes);
    write_items(graph, element.children, element.n, 0);
}

/* ---- types ---- */

/* What the interpreter keeps of a static builtin type (3.12 on): the type, ..., its dict. */
static uintptr_t static_dict(struct hl_graph *graph, uintptr_t type)
{
    uint64_t number = hl_py_word(type + HL_TYPE_SUBCLASSES);
    uintptr_t interpreter = hl_python.runtime ? hl_py_word((uintptr_t)hl_python.runtime + LAYOUT->runtime_main) : 0;
    uintptr_t state = interpreter + LAYOUT->static_types + (number - 1) * LAYOUT->static_type_bytes;
    if (!interpreter || number == 0 || number > 512 || !hl_graph_is_readable(graph, state, LAYOUT->static_type_bytes) ||
        hl_py_word(state) != type)
        return 0;
    return hl_py_word(state + LAYOUT->static_type_dict);
}

static void write_type(struct hl_graph *graph, uintptr_t type)
{
    uint64_t flags = hl_py_word(type + HL_TYPE_FLAGS);
    bool kept_apart = LAYOUT->static_types && (flags & HL_FLAG_STATIC_BUILTIN);
    hl_graph_py_edge_at(graph, "__dict__", kept_apart ? static_dict(graph, type) : hl_py_word(type + HL_TYPE_DICT));
    hl_graph_py_edge_at(graph, "__base__", hl_py_word(type + HL_TYPE_BASE));
    hl_graph_py_edge_at(graph, "__bases__", hl_py_word(type + HL_TYPE_BASES));
    hl_graph_py_edge_at(graph, "__mro__", hl_py_word(type + HL_TYPE_MRO));
    hl_graph_py_edge_at(graph, "tp_cache", hl_py_word(type + HL_TYPE_CACHE));
    if (!kept_apart)
        hl_graph_py_edge_at(graph, "tp_subclasses", hl_py_word(type + HL_TYPE_SUBCLASSES));
    if (!(flags & HL_FLAG_HEAP))
        return;
    hl_graph_py_edge_at(graph, "__name__", hl_py_word(type + LAYOUT->heap_name));
    hl_graph_py_edge_at(graph, "__qualname__", hl_py_word(type + LAYOUT->heap_qualname));
    hl_graph_py_edge_at(graph, "__slots__", hl_py_word(type + LAYOUT->heap_slots));
    if (LAYOUT->heap_module)
        hl_graph_py_edge_at(graph, "ht_module", hl_py_word(type + LAYOUT->heap_module));
    if (hl_graph_py_owns(graph, hl_py_word(type + LAYOUT->heap_keys), now.row))
        keys_only(graph, hl_py_word(type + LAYOUT->heap_keys));
}

/* ---- by kind ---- */

uintptr_t hl_graph_py_tuple_item(uintptr_t tuple, uint64_t n)
{
    return n < hl_py_size(tuple) ? hl_py_word(tuple + LAYOUT->tuple_items + 8 * n) : 0;
}

static void write_kind(struct hl_graph *graph, uint8_t kind, uintptr_t object)
{
    switch ((enum hl_py_kind)kind) {
    case HL_PY_LIST:
        write_items(graph, hl_py_word(object + 24), hl_py_size(object), 0);
        break;
    case HL_PY_TUPLE:
        write_items(graph, object + LAYOUT->tuple_items, hl_py_size(object), 0);
        break;
    case HL_PY_DICT:
        write_dict(graph, object);
        break;
    case HL_PY_ORDERED_DICT:
        write_ordered(graph, object);
        break;
    case HL_PY_SET:
        write_set(graph, object);
        break;
    case HL_PY_DEQUE:
        write_deque(graph, object);
        break;
    case HL_PY_CELL:
        write_edge(graph, HL_EDGE_CELL, 0, hl_py_word(object + 16));
        break;
    case HL_PY_WEAKREF:
        write_edge(graph, HL_EDGE_WEAK, 0, hl_py_word(object + 16));
        break;
    case HL_PY_FRAME: case HL_PY_GENERATOR:
        hl_graph_py_frame_edges(graph, object);
        break;
    case HL_PY_LRU_CACHE:
        write_lru_cache(graph, object);
        break;
    case HL_PY_CODE:
        write_code(graph, object);
        break;
    case HL_PY_NDARRAY:
        write_ndarray(graph, object);
        break;
    case HL_PY_ELEMENT:
        write_element(graph, object);
        break;
    case HL_PY_TYPE:
        write_type(graph, object);
        break;
    default:
        break;
    }
}

/* ---- fields, attributes ---- */

static void mark(uint64_t offset)
{
    if (offset / 8 < 8 * 64)
        now.named[offset / 512] |= UINT64_C(1) << (offset / 8 % 64);
}

static bool is_marked(uint64_t offset) { return offset / 8 < 8 * 64 && (now.named[offset / 512] >> (offset / 8 % 64) & 1); }

static void write_fields(struct hl_graph *graph, uintptr_t object)
{
    const struct hl_py_field *field = hl_graph_py_fields(now.plan);
    for (uint32_t i = 0; i < now.plan->n_fields; i++, field++)
        if (field->kind != HL_EDGE_FIELD && field->offset + 8 <= now.bytes &&
            write_edge(graph, (enum hl_graph_edge)field->kind, field->string, hl_py_word(object + field->offset)))
            mark(field->offset);
}

/* An offset below 0 counts from the end of what has items: behind as many as there are. */
static uint64_t dict_offset(const struct hl_py_type *type, uintptr_t object)
{
    int64_t offset = now.plan->dict_offset;
    if (offset >= 0 || (type->flags & HL_FLAG_MANAGED_DICT))
        return offset > 0 && !(type->flags & HL_FLAG_MANAGED_DICT) ? (uint64_t)offset : 0;
    int64_t n = (int64_t)hl_py_size(object);
    if (type->kind == HL_PY_INT && LAYOUT->minor >= 12)
        n >>= 3;
    n = n < 0 ? -n : n;
    return ((type->basic + (uint64_t)n * type->item + 7) & ~UINT64_C(7)) + (uint64_t)offset;
}

static void write_attributes(struct hl_graph *graph, const struct hl_py_type *type, uintptr_t object)
{
    uint64_t offset = type->kind == HL_PY_TYPE || type->kind == HL_PY_ORDERED_DICT ? 0 : dict_offset(type, object);
    if (offset >= 16 && offset + 8 <= now.bytes && hl_graph_py_edge_at(graph, "__dict__", hl_py_word(object + offset)))
        mark(offset);
    if (!(type->flags & HL_FLAG_MANAGED_DICT) || now.row == HL_GRAPH_NONE)
        return;
    hl_graph_py_edge_at(graph, "__dict__", hl_graph_py_own_dict(type, object));
    struct hl_py_values values = hl_graph_py_own_values(type, object);
    uintptr_t table = values.values ? hl_py_word(type->address + LAYOUT->heap_keys) : 0;
    struct hl_py_keys keys = table ? hl_graph_py_keys(table) : (struct hl_py_keys){0};
    for (uint64_t i = 0; i < keys.n; i++)
        hl_graph_py_edge_named(graph, HL_EDGE_ATTRIBUTE, hl_py_word(keys.entries + i * keys.width + keys.key), values.values[i]);
}

/* ---- what nothing is known of ---- */

static bool was_emitted(uintptr_t target)
{
    for (uint32_t i = 0; i < now.n_emitted; i++)
        if (now.emitted[i] == target) {
            now.emitted[i] = now.emitted[--now.n_emitted];
            return true;
        }
    return false;
}

static void write_visited(uint64_t offset, uintptr_t word)
{
    const struct hl_py_field *field = hl_graph_py_fields(now.plan);
    for (uint32_t i = 0; i < now.plan->n_fields; i++, field++)
        if (field->kind == HL_EDGE_FIELD && field->offset == offset) {
            write_edge(now.graph, HL_EDGE_SLOT, field->string, word);
            return;
        }
    write_edge(now.graph, HL_EDGE_FIELD, offset, word);
}

static int visit_one(uintptr_t word)
{
    if (++now.visits > VISITS_MAX)
        return 1;
    if (was_emitted(word))
        return 0;
    now.noting = false;
    for (uint64_t offset = 16; offset + 8 <= now.bytes && offset < 8 * 64 * 8; offset += 8)
        if (!is_marked(offset) && hl_py_word(now.object + offset) == word) {
            mark(offset);
            write_visited(offset, word);
            return 0;
        }
    write_edge(now.graph, HL_EDGE_ITEM, 0, word);
    return 0;
}

/* visitproc: as often as the object counts the target. */
static int visit(void *target, void *argument)
{
    (void)argument;
    hl_graph_calls_end();
    int enough = visit_one((uintptr_t)target);
    hl_graph_calls_begin();
    return enough;
}

/* A class written in C that is an instance of a metaclass: type's own function ends the process for one that is not on the
 * heap. */
static bool is_static_type(uintptr_t object)
{
    return hl_graph_py_kind(now.graph, object) == HL_PY_TYPE && !(hl_py_word(object + HL_TYPE_FLAGS) & HL_FLAG_HEAP);
}

static void traverse(uintptr_t object)
{
    int (*function)(void *, int (*)(void *, void *), void *) =
        (int (*)(void *, int (*)(void *, void *), void *))now.plan->traverse;
    if (now.n_emitted >= EMITTED_MAX || is_static_type(object))
        return;
    note(now.type);                      /* heap types are visited by their instances, from 3.9 on */
    hl_graph_calls_begin();
    function((void *)object, visit, NULL);
    hl_graph_calls_end();
}

/* Words that were not written, to the end of the object. */
static void scan(struct hl_graph *graph, uintptr_t object)
{
    for (uint64_t offset = 16; offset + 8 <= now.bytes; offset += 8) {
        uintptr_t word = hl_py_word(object + offset);
        if (word < graph->low || word >= graph->high || is_marked(offset) || offset == now.plan->weak_offset ||
            hl_graph_py_is_part(graph, word, now.row))
            continue;
        hl_graph_scan(graph, object + offset, object + offset + 8, object);
    }
}

void hl_graph_py_edges(struct hl_graph *graph, const struct hl_py_type *type, uintptr_t object, uint32_t number, uint32_t row,
                       uint64_t bytes)
{
    const struct hl_py_type copy = *type;        /* the table of types may move */
    now.graph = graph;
    now.plan = hl_graph_py_plan(graph, type);
    const struct hl_py_plan plan = *now.plan;
    now.plan = &plan;
    now.object = object;
    now.type = copy.address;
    now.bytes = bytes;
    now.number = number;
    now.row = row;
    bool asks = plan.traverse && row != HL_GRAPH_NONE;      /* not what is static: types that are would end the process */
    now.noting = asks;
    now.n_emitted = now.visits = 0;
    for (unsigned i = 0; i < 8 && (plan.traverse || plan.scan); i++)
        now.named[i] = 0;
    if (row != HL_GRAPH_NONE)
        hl_graph_py_parts(graph, &copy, object, row, part_edge);
    write_kind(graph, copy.kind, object);
    write_fields(graph, object);
    write_attributes(graph, &copy, object);
    if (asks)
        traverse(object);
    now.noting = false;
    if (plan.scan)
        scan(graph, object);
    uint32_t class = hl_graph_py_number(graph, copy.address);
    if (class != HL_GRAPH_NONE)
        hl_graph_edge(graph, HL_EDGE_CLASS, 0, class);
}
