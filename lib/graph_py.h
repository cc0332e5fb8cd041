/* Python in the reference graph: what is known of the interpreter's objects, for graph_py*.c. All of it in the snapshot's copy
 * (graph.h), on one thread.
 *
 *   graph_py.c          which blocks are objects         graph_py_types.c    types: checked, remembered, how instances are
 *                                                                           written
 *   graph_py_parts.c    memory that objects keep apart   graph_py_names.c    what types written in C call their words
 *   graph_py_edges.c    what an object refers to         graph_py_text.c     what is shown of it
 *   graph_py_layout.c   where things stand, by version
 *   graph_py_frames.c   frames and generators            graph_py_state.c    roots of the interpreter, whether it may be read
 */
#ifndef HEAPLINE_GRAPH_PY_H
#define HEAPLINE_GRAPH_PY_H

#include "graph.h"

#include <stddef.h>

/* Bytes from an object's beginning; 0: there is no such field. */
struct hl_graph_py_layout {
    uint8_t minor;                       /* of CPython 3 */
    uint16_t type_bytes;                 /* PyTypeObject */
    /* PyHeapTypeObject; heap_text: _ht_tpname */
    uint16_t heap_name, heap_slots, heap_qualname, heap_keys, heap_module, heap_text;
    /* str: heads; the pointer to a copy in UTF-8; the pointer of a str that has its characters apart */
    uint16_t ascii_bytes, compact_bytes, utf8, data;
    uint16_t tuple_items;
    uint16_t dict_keys, dict_values;
    /* dict's table: one byte each, table size and bytes of the indices; 0: keys_size is a word */
    uint16_t keys_log2;
    uint16_t keys_size, keys_kind, keys_usable, keys_entries, keys_indices;
    uint16_t code_consts, code_names, code_names_local;  /* co_localsplusnames; before 3.11 co_varnames */
    uint16_t code_cells, code_free;      /* co_cellvars, co_freevars: tuples; before 3.11 */
    uint16_t code_kinds;                 /* co_localspluskinds: bytes; from 3.11 on */
    /* code_bytes: co_code; from 3.12 on in */
    uint16_t code_file, code_name, code_qualified, code_lines, code_first_line, code_bytes;
    uint16_t code_cached;                /* memory apart: co_code, co_varnames, co_cellvars, co_freevars */
    uint32_t static_types;               /* in the interpreter's state, from 3.12 on: what it keeps for each builtin type, */
    /* so many bytes each; __dict__ in one. tp_subclasses has its number + 1 */
    uint16_t static_type_bytes, static_type_dict;
    uint16_t runtime_main;               /* _PyRuntime: the main interpreter's state; from 3.12 on */
};

/* PyTypeObject, the same in all versions (Include/cpython/object.h). */
enum hl_py_type_field {
    HL_TYPE_NAME = 24, HL_TYPE_BASIC = 32, HL_TYPE_ITEM = 40, HL_TYPE_FLAGS = 168, HL_TYPE_DOC = 176, HL_TYPE_TRAVERSE = 184,
    HL_TYPE_WEAK_OFFSET = 208, HL_TYPE_MEMBERS = 240, HL_TYPE_GETSET = 248, HL_TYPE_BASE = 256, HL_TYPE_DICT = 264, HL_TYPE_DICT_OFFSET = 288,
    HL_TYPE_BASES = 336, HL_TYPE_MRO = 344, HL_TYPE_CACHE = 352, HL_TYPE_SUBCLASSES = 360,
};

/* tp_flags (Include/object.h). */
#define HL_FLAG_INLINE_VALUES (1u << 2)  /* 3.13 */
#define HL_FLAG_MANAGED_WEAK (1u << 3)   /* 3.12 */
#define HL_FLAG_MANAGED_DICT (1u << 4)   /* 3.11 */
#define HL_FLAG_STATIC_BUILTIN (1u << 1) /* 3.12 */
#define HL_FLAG_HEAP (1u << 9)
#define HL_FLAG_READY (1u << 12)
#define HL_FLAG_GC (1u << 14)
#define HL_FLAG_SUBCLASS_FIRST 24        /* then one bit each: int, list, tuple, bytes, str, dict, BaseException, type */

extern struct hl_graph_py_layout hl_graph_py_layout;

/* False: *reason says why. hl_graph_py_layout is set. */
bool hl_graph_py_layout_find(uint32_t version, const char **reason);

/* What an object is, by the C type that it or its class comes from. */
enum hl_py_kind {
    HL_PY_OTHER, HL_PY_TYPE, HL_PY_STR, HL_PY_BYTES, HL_PY_INT, HL_PY_BOOL, HL_PY_NONE_TYPE, HL_PY_FLOAT, HL_PY_LIST, HL_PY_TUPLE,
    HL_PY_DICT, HL_PY_SET, HL_PY_FUNCTION, HL_PY_METHOD, HL_PY_BUILTIN, HL_PY_MODULE, HL_PY_CODE, HL_PY_CELL, HL_PY_FRAME,
    HL_PY_GENERATOR, HL_PY_WEAKREF, HL_PY_DEQUE, HL_PY_ORDERED_DICT, HL_PY_BYTEARRAY, HL_PY_ARRAY, HL_PY_STRING_IO, HL_PY_NDARRAY,
    HL_PY_LRU_CACHE, HL_PY_LRU_LINK, HL_PY_DESCRIPTOR, HL_PY_ELEMENT,
};

/* A type object that was checked. GENERATOR: coroutines and asynchronous generators too. */
struct hl_py_type {
    uintptr_t address;
    uint32_t id;                         /* in the stream */
    uintptr_t c_base;                    /* the type written in C that it comes from; its own address if it is one */
    uint64_t flags;                      /* tp_flags */
    uint32_t basic, item;                /* tp_basicsize, tp_itemsize */
    uint8_t kind;                        /* enum hl_py_kind */
    uint8_t before;                      /* bytes in front of an instance in its block */
    bool python;                         /* made by a class statement */
    bool exact;                          /* c_base is the type of this kind itself, or object */
};

/* The type at `address`; NULL: none is there. Good until the next call. */
const struct hl_py_type *hl_graph_py_type(struct hl_graph *graph, uintptr_t address);

/* The type of the object at `address`: one that was recognised in a block, or that is in no block and whose words agree. NULL:
 * it is no object. */
const struct hl_py_type *hl_graph_py_object(struct hl_graph *graph, uintptr_t address);

/* Its kind; HL_PY_OTHER too if it is no object. */
enum hl_py_kind hl_graph_py_kind(struct hl_graph *graph, uintptr_t address);

/* One edge of the open node, if `object` is one; a node must be open. True: it was written. */
bool hl_graph_py_edge(struct hl_graph *graph, enum hl_graph_edge kind, uint64_t value, uintptr_t object);

/* The same for kinds that name a node: `name` is a str (hl_edge_names_node). Where that is none, ITEM is written. */
bool hl_graph_py_edge_named(struct hl_graph *graph, enum hl_graph_edge kind, uintptr_t name, uintptr_t object);

/* NAMED. */
bool hl_graph_py_edge_at(struct hl_graph *graph, const char *name, uintptr_t object);

/* Edges of a frame object, a generator, a coroutine or an asynchronous generator: all counted ones, but for CLASS. The node is
 * open (graph_py_frames.c). */
void hl_graph_py_frame_edges(struct hl_graph *graph, uintptr_t object);

/* Writes the node of a frame that is no object (graph_py_frames.c). */
void hl_graph_py_frame_node(struct hl_graph *graph, uint32_t number, uintptr_t frame);

/* Memory of Python's that is no object: blocks[row] gets the type TABLE `name`, if it is NATIVE still. */
void hl_graph_py_table(struct hl_graph *graph, uintptr_t start, const char *name);

/* Called at the end of hl_graph_py_recognise: what belongs to frames and to the interpreter (hl_graph_py_table,
 * hl_graph_py_claim) (graph_py_state.c). */
void hl_graph_py_claim_state(struct hl_graph *graph);

/* The block that begins at `start` is memory of the object in block `owner`: becomes PART, unless it is one already. True: it
 * is this owner's. */
bool hl_graph_py_claim(struct hl_graph *graph, uintptr_t start, uint32_t owner);

/* The n-th item of a tuple; 0: there is none. */
uintptr_t hl_graph_py_tuple_item(uintptr_t tuple, uint64_t n);
static inline uint64_t hl_py_size(uintptr_t object) { return *(const uint64_t *)(object + 16); }       /* ob_size */
static inline uintptr_t hl_py_word(uintptr_t at) { return *(const uintptr_t *)at; }
static inline uintptr_t hl_py_type_of(uintptr_t object) { return hl_py_word(object + 8); }

/* Entries of a dict, in its order. Begin with {0}; false: no more. */
struct hl_py_entry { uint64_t place; uintptr_t key, value; };
bool hl_graph_py_dict_next(uintptr_t dict, struct hl_py_entry *entry);

/* The characters of a str, in UTF-8 up to the first that is none it was kept in: *n bytes. `buffer` has HL_GRAPH_TEXT_MAX
 * bytes. */
const char *hl_graph_py_str(uintptr_t object, char *buffer, size_t *n, bool *cut);

#endif
