/* What the files that recognise and write Python's objects (graph_py.c, _types, _parts, _edges, _text) have between them. */
#ifndef HEAPLINE_GRAPH_PY_INT_H
#define HEAPLINE_GRAPH_PY_INT_H

#include "graph_py.h"

/* A word of an instance that is a counted reference; of kind FIELD: only if tp_traverse visits it, which then has a name. */
struct hl_py_field { uint32_t offset, kind, string; };

/* How the instances of a type are written, beside what their kind says. */
struct hl_py_plan {
    bool made;
    bool scan;                           /* the other words are looked at as they are */
    uint32_t fields, n_fields;
    uint32_t weak_offset;                /* the list of weak references; 0: none */
    int64_t dict_offset;                 /* tp_dictoffset */
    uintptr_t traverse;                  /* tp_traverse, called for what has no name; 0: not */
};

/* ---- graph_py_names.c ---- */

/* A counted reference in objects of the type, in versions from 3.`from` to 3.`to`. The last one has no type. */
struct hl_py_named {
    const char *type;
    uint16_t offset;
    uint8_t from, to;                    /* minor versions */
    const char *name;
};
extern const struct hl_py_named hl_graph_py_named[];

/* Of types that changed within a minor version: only where instances have so many bytes (tp_basicsize). */
struct hl_py_named_of_size { uint16_t basic; struct hl_py_named named; };
extern const struct hl_py_named_of_size hl_graph_py_named_of_size[];

/* ---- graph_py_getters.c ---- */

/* The offset in the object of the word that a getter (PyGetSetDef) returns, by its machine code; false: not that plain. */
bool hl_graph_py_getter(const uint8_t *bytes, size_t n, uint32_t *offset);

/* ---- graph_py_types.c ---- */

bool hl_graph_py_types_open(void);
const struct hl_py_plan *hl_graph_py_plan(struct hl_graph *graph, const struct hl_py_type *type);
const struct hl_py_field *hl_graph_py_fields(const struct hl_py_plan *plan);

/* ---- graph_py_parts.c ---- */

/* Entries of a dict's table: so many, of so many bytes each, key and value at their offsets. */
struct hl_py_keys { uintptr_t entries; uint64_t n; uint32_t width, key, value; };
struct hl_py_keys hl_graph_py_keys(uintptr_t table);

/* Where the values of a split dict (ma_values), or of an object's own, begin, and the block that has them. NULL values: none. */
struct hl_py_values { const uintptr_t *values; uintptr_t block; };
struct hl_py_values hl_graph_py_values(uintptr_t word);

/* Values that an object keeps without a dict (3.11 on): in a block apart, or (block 0) behind the object itself. */
struct hl_py_values hl_graph_py_own_values(const struct hl_py_type *type, uintptr_t object);

/* The dict that an object keeps in front of itself (3.11 on); 0: none was made. */
uintptr_t hl_graph_py_own_dict(const struct hl_py_type *type, uintptr_t object);

/* What an element of ElementTree keeps apart from tag and texts: its attributes (0: none) and children, in `extra` or, with
 * `apart`, in a block of their own. extra 0: it has neither. */
struct hl_py_element { uintptr_t extra, attributes; uint64_t n; uintptr_t children; bool apart; };
struct hl_py_element hl_graph_py_element(uintptr_t object);

/* Memory apart of an object, piece by piece. */
typedef void hl_py_part(struct hl_graph *graph, uintptr_t start, uint32_t row);
void hl_graph_py_parts(struct hl_graph *graph, const struct hl_py_type *type, uintptr_t object, uint32_t row, hl_py_part *part);

#define HL_DEQUE_BLOCK 64u               /* items; BLOCKLEN in Modules/_collectionsmodule.c */

/* ---- graph_py_text.c ---- */

/* Text of an object, or what shows it, into a node. `buffer` has HL_GRAPH_TEXT_MAX bytes. */
void hl_graph_py_text(struct hl_graph *graph, const struct hl_py_type *type, uintptr_t object, struct hl_graph_node *node,
                      char *buffer);

/* ---- graph_py_edges.c ---- */

/* All edges of the open node `number`; row: of its block, HL_GRAPH_NONE: none. `bytes`: from the object on. */
void hl_graph_py_edges(struct hl_graph *graph, const struct hl_py_type *type, uintptr_t object, uint32_t number, uint32_t row,
                       uint64_t bytes);

/* The node of an object; HL_GRAPH_NONE: it is none. */
uint32_t hl_graph_py_number(struct hl_graph *graph, uintptr_t address);

/* The part that begins at `start` is this row's; the part that `address` lies in is. */
bool hl_graph_py_owns(struct hl_graph *graph, uintptr_t start, uint32_t row);
bool hl_graph_py_is_part(struct hl_graph *graph, uintptr_t address, uint32_t row);

#endif
