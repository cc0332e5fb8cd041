/* Python's objects among the blocks. A block is one if it begins with one, behind what the collector and the interpreter keep
 * in front of it, as much as its type says: a word that is a reference count and one that is a type's address. Then each
 * object claims the memory that is its own; what is claimed is no object, whatever it looked like. What nobody claims and is
 * none stays native. */
#include "graph_py_int.h"

#include "py.h"
#include "sys.h"

#include <string.h>

#define STATICS (1u << 12)

enum step { RECOGNISE_BLOCKS, CLAIM_FOR_TYPES, CLAIM_FOR_OTHERS, CLAIM_FOR_STATE, RECOGNISED };

static struct {
    bool open;
    volatile enum step step;             /* where a fault came */
    volatile uint32_t row;               /* the next one */
    uint32_t *owners;                    /* of PARTs: their object's row */
    struct { uintptr_t address; uint32_t number; } statics[STATICS];     /* objects in no block, the last ones met */
} own;

/* ---- heads ---- */

/* From 3.12 on 32 bits count; from 3.14 on flags stand in the upper 16. */
static uint64_t references(uintptr_t object)
{
    uint64_t word = hl_py_word(object);
    return hl_graph_py_layout.minor >= 12 ? word & UINT32_MAX : word;
}

static bool is_immortal(uintptr_t object) { return hl_graph_py_layout.minor >= 12 && (references(object) & 0x80000000u); }

static bool could_be_references(uint64_t word)
{
    return hl_graph_py_layout.minor >= 14 ? (word >> 32 & 0xffff) == 0 : word <= UINT32_MAX;
}

/* A str's head is as long as its form needs, and so is its block. */
static uint64_t least_bytes(const struct hl_py_type *type)
{
    return type->kind == HL_PY_STR && !type->python ? hl_graph_py_layout.ascii_bytes : type->basic;
}

/* Memory that is not from Python's allocators must be as long as an object is that has one size. */
static bool has_right_size(const struct hl_py_type *type, uint64_t bytes, bool from_python)
{
    if (from_python)
        return bytes >= type->before + least_bytes(type);
    return type->item == 0 && !(type->flags & HL_FLAG_INLINE_VALUES) && bytes >= type->before + type->basic &&
        bytes < type->before + type->basic + 8;
}

/* What has its items inside has room for as many as it says. */
static bool has_room(const struct hl_py_type *type, uintptr_t object, uint64_t bytes)
{
    uint64_t room = bytes - type->before;
    switch ((enum hl_py_kind)type->kind) {
    case HL_PY_TUPLE:
        return hl_py_size(object) == 0 || hl_py_size(object) <= (room - hl_graph_py_layout.tuple_items) / 8;
    case HL_PY_BYTES:
        return hl_py_size(object) < room - 32;
    case HL_PY_LIST:
        return hl_py_size(object) <= hl_py_word(object + 32);
    default:
        return true;
    }
}

/* Programs whose code lies low have small addresses. */
static bool is_address(struct hl_graph *graph, uint64_t word)
{
    return word >= 65536 && word % 8 == 0 && hl_graph_is_readable(graph, word, 8);
}

static const struct hl_py_type *object_at(struct hl_graph *graph, uintptr_t object, uint32_t before, uint64_t bytes,
                                          bool from_python)
{
    if (!could_be_references(hl_py_word(object)))
        return NULL;
    uintptr_t word = hl_py_type_of(object);
    if (word % 8 || word < 4096)
        return NULL;
    const struct hl_py_type *type = hl_graph_py_type(graph, word);
    if (!type || type->before != before || !has_right_size(type, bytes, from_python) || is_address(graph, hl_py_word(object)))
        return NULL;
    return has_room(type, object, bytes) ? type : NULL;
}

/* Objects that Python keeps for later use have no references, and are chained: by the word of their type (float, to 3.13),
 * from 3.14 on by the word that counts. */
static bool is_kept(struct hl_graph *graph, uintptr_t object, uint32_t before, uint64_t bytes, uint32_t *type)
{
    bool by_type = hl_graph_py_layout.minor < 14;
    uintptr_t next = hl_py_word(by_type ? object + 8 : object), rest = hl_py_word(by_type ? object : object + 8);
    if (by_type && (before || bytes != 24 || rest))
        return false;
    uint32_t row = next && next % 8 == 0 && rest % 8 == 0 ? hl_graph_row(graph, next) : HL_GRAPH_NONE;
    const struct hl_snapshot_block *block = row == HL_GRAPH_NONE ? NULL : &graph->marker->blocks[row];
    *type = 0;
    if (!block || next != block->start + before || hl_block_bytes(block) < before + 16)
        return false;
    if (by_type)
        return hl_block_bytes(block) == 24;
    const struct hl_py_type *found = hl_py_type_of(next) == rest ? hl_graph_py_type(graph, rest) : NULL;
    if (!found || found->before != before)
        return false;
    *type = found->id;
    return true;
}

static bool recognise_object(struct hl_graph *graph, uint32_t row, uintptr_t start, uint64_t bytes, bool from_python)
{
    for (uint32_t before = 0; before <= 32 && before + 16 <= bytes; before += 16) {
        const struct hl_py_type *type = object_at(graph, start + before, before, bytes, from_python);
        if (!type)
            continue;
        bool free = references(start + before) == 0;
        if (!free || from_python)
            graph->blocks[row] = (struct hl_graph_block){.type = type->id, .kind = free ? HL_KIND_FREE : HL_KIND_OBJECT,
                                                         .offset = (uint8_t)(before / 8), .detail = type->kind};
        return true;
    }
    return false;
}

static void recognise_block(struct hl_graph *graph, uint32_t row)
{
    const struct hl_snapshot_block *block = &graph->marker->blocks[row];
    uint64_t bytes = hl_block_bytes(block);
    bool from_python = hl_block_flags(block) & HL_BLOCK_OBJECT;
    uint32_t type;
    if (recognise_object(graph, row, block->start, bytes, from_python) || !from_python)
        return;
    for (uint32_t before = 0; before <= 32 && before + 16 <= bytes; before += 16)
        if (is_kept(graph, block->start + before, before, bytes, &type)) {
            graph->blocks[row] = (struct hl_graph_block){.type = type, .kind = HL_KIND_FREE, .offset = (uint8_t)(before / 8)};
            return;
        }
}

/* ---- parts ---- */

bool hl_graph_py_claim(struct hl_graph *graph, uintptr_t start, uint32_t owner)
{
    uint32_t row = start ? hl_graph_row(graph, start) : HL_GRAPH_NONE;
    if (row == HL_GRAPH_NONE || row == owner || graph->marker->blocks[row].start != start)
        return false;
    struct hl_graph_block *block = &graph->blocks[row];
    if (block->kind == HL_KIND_PART)
        return own.owners[row] == owner;
    *block = (struct hl_graph_block){.kind = HL_KIND_PART};
    own.owners[row] = owner;
    return true;
}

static void claim(struct hl_graph *graph, uintptr_t start, uint32_t row) { hl_graph_py_claim(graph, start, row); }

bool hl_graph_py_is_part(struct hl_graph *graph, uintptr_t address, uint32_t row)
{
    uint32_t part = address && row != HL_GRAPH_NONE ? hl_graph_row(graph, address) : HL_GRAPH_NONE;
    return part != HL_GRAPH_NONE && graph->blocks[part].kind == HL_KIND_PART && own.owners[part] == row;
}

bool hl_graph_py_owns(struct hl_graph *graph, uintptr_t start, uint32_t row)
{
    return hl_graph_py_is_part(graph, start, row) && graph->marker->blocks[hl_graph_row(graph, start)].start == start;
}

/* Types first: they own the keys that their instances' dicts share. */
static void claim_parts(struct hl_graph *graph, bool types)
{
    while (own.row < graph->marker->n) {
        uint32_t row = own.row++;
        const struct hl_graph_block *block = &graph->blocks[row];
        if (block->kind != HL_KIND_OBJECT || (block->detail == HL_PY_TYPE) != types)
            continue;
        uintptr_t object = graph->marker->blocks[row].start + 8u * block->offset;
        const struct hl_py_type *type = hl_graph_py_type(graph, hl_py_type_of(object));
        if (type)
            hl_graph_py_parts(graph, type, object, row, claim);
    }
}

void hl_graph_py_table(struct hl_graph *graph, uintptr_t start, const char *name)
{
    uint32_t row = start ? hl_graph_row(graph, start) : HL_GRAPH_NONE;
    if (row != HL_GRAPH_NONE && graph->marker->blocks[row].start == start && graph->blocks[row].kind == HL_KIND_NATIVE)
        graph->blocks[row].type = hl_graph_type(graph, HL_TYPE_TABLE, hl_graph_string(graph, name, strlen(name)), 0, 0);
}

static bool begin_recognising(struct hl_graph *graph)
{
    const char *reason;
    if (atomic_load(&hl_python.state) == HL_PY_NONE || !hl_python.code_type || !hl_python.unicode_type)
        return false;
    if (!hl_graph_py_layout_find(hl_python.version, &reason)) {
        hl_graph_reason(graph, reason);
        return false;
    }
    own.owners = hl_sys_map(((size_t)graph->marker->n + 1) * sizeof *own.owners, 0);
    if (!own.owners || !hl_graph_py_types_open()) {
        hl_graph_reason(graph, "Python's objects are missing: there was no memory to tell them apart");
        return false;
    }
    own.open = true;
    return true;
}

static void do_step(struct hl_graph *graph)
{
    switch (own.step) {
    case RECOGNISE_BLOCKS:
        while (own.row < graph->marker->n)
            recognise_block(graph, own.row++);
        break;
    case CLAIM_FOR_TYPES: case CLAIM_FOR_OTHERS:
        claim_parts(graph, own.step == CLAIM_FOR_TYPES);
        break;
    case CLAIM_FOR_STATE:
        if (own.row++ == 0)
            hl_graph_py_claim_state(graph);
        break;
    default:
        break;
    }
}

bool hl_graph_py_recognise(struct hl_graph *graph)
{
    if (!own.open && !begin_recognising(graph))
        return false;
    for (; own.step < RECOGNISED; own.step++, own.row = 0)
        do_step(graph);
    return true;
}

/* ---- objects by address ---- */

const struct hl_py_type *hl_graph_py_object(struct hl_graph *graph, uintptr_t address)
{
    if (!own.open || address % 8 || address < 4096)
        return NULL;
    uint32_t row = hl_graph_row(graph, address);
    if (row != HL_GRAPH_NONE) {
        const struct hl_graph_block *block = &graph->blocks[row];
        bool is = block->kind == HL_KIND_OBJECT && graph->marker->blocks[row].start + 8u * block->offset == address;
        return is ? hl_graph_py_type(graph, hl_py_type_of(address)) : NULL;
    }
    if (!hl_graph_is_readable(graph, address, 16) || !could_be_references(hl_py_word(address)) || references(address) == 0)
        return NULL;
    return hl_graph_py_type(graph, hl_py_type_of(address));
}

enum hl_py_kind hl_graph_py_kind(struct hl_graph *graph, uintptr_t address)
{
    const struct hl_py_type *type = hl_graph_py_object(graph, address);
    return type ? (enum hl_py_kind)type->kind : HL_PY_OTHER;
}

uint32_t hl_graph_py_number(struct hl_graph *graph, uintptr_t address)
{
    if (address - graph->low < graph->high - graph->low) {
        uint32_t row = hl_graph_row(graph, address);
        if (row != HL_GRAPH_NONE) {
            const struct hl_graph_block *block = &graph->blocks[row];
            bool is = block->kind == HL_KIND_OBJECT && graph->marker->blocks[row].start + 8u * block->offset == address;
            return is ? row : HL_GRAPH_NONE;
        }
    }
    if (!address)
        return HL_GRAPH_NONE;
    uint32_t slot = (uint32_t)((address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (STATICS - 1);
    if (own.statics[slot].address == address)
        return own.statics[slot].number;
    uint32_t number = hl_graph_py_object(graph, address) ? hl_graph_object(graph, address) : HL_GRAPH_NONE;
    if (number != HL_GRAPH_NONE) {
        own.statics[slot].address = address;
        own.statics[slot].number = number;
    }
    return number;
}

/* ---- nodes ---- */

static void begin(struct hl_graph *graph, uint32_t number, const struct hl_py_type *type, uintptr_t object, uint32_t offset)
{
    char buffer[HL_GRAPH_TEXT_MAX];
    struct hl_graph_node node = {.type = type->id, .flags = HL_NODE_PYTHON, .offset = offset, .references = references(object)};
    if (is_immortal(object))
        node.flags |= HL_NODE_IMMORTAL;
    if (offset && (type->flags & HL_FLAG_GC) && hl_py_word(object - 16))
        node.flags |= HL_NODE_TRACKED;
    hl_graph_py_text(graph, type, object, &node, buffer);
    hl_graph_begin(graph, number, &node);
}

void hl_graph_py_block(struct hl_graph *graph, uint32_t row)
{
    const struct hl_graph_block *block = &graph->blocks[row];
    if (block->kind == HL_KIND_PART)
        return;
    if (block->kind == HL_KIND_FREE) {
        struct hl_graph_node node = {.type = block->type, .flags = HL_NODE_FREE, .offset = 8u * block->offset};
        hl_graph_begin(graph, row, &node);
        hl_graph_end(graph);
        return;
    }
    uint32_t offset = 8u * block->offset;
    uintptr_t object = graph->marker->blocks[row].start + offset;
    const struct hl_py_type *type = hl_graph_py_type(graph, hl_py_type_of(object));
    if (!type)
        return;
    begin(graph, row, type, object, offset);
    hl_graph_py_edges(graph, type, object, row, row, hl_block_bytes(&graph->marker->blocks[row]) - offset);
    hl_graph_end(graph);
}

void hl_graph_py_extra(struct hl_graph *graph, uint32_t number, uintptr_t address, bool frame)
{
    if (frame) {
        hl_graph_py_frame_node(graph, number, address);
        return;
    }
    const struct hl_py_type *type = hl_graph_py_object(graph, address);
    if (!type) {
        hl_graph_begin(graph, number, &(struct hl_graph_node){0});
        hl_graph_end(graph);
        return;
    }
    begin(graph, number, type, address, 0);
    hl_graph_py_edges(graph, type, address, number, HL_GRAPH_NONE, type->basic);
    hl_graph_end(graph);
}
