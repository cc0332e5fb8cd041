/* The reference graph of a snapshot: its nodes, and who refers to whom by what name.
 *
 * The marker writes it when it has searched (snapshot.h), as a stream of bytes: packets of HL_GRAPH_MAGIC and then as many
 * bytes as the packet has left. The collector keeps the stream as it is in the trace (docs/format.md, GRAPH); who reads it
 * believes nothing.
 *
 * All numbers are varints (LEB128); "s" says that it is a zigzag difference. A record begins with its kind, one byte:
 *
 *   STRING   v bytes · bytes                                      the next string id, from 1. UTF-8, or what the program
 *                                                                 keeps instead
 *   TYPE     v enum hl_graph_type · v string name · v string module (0: none) · v address
 *                                                                 the next type id, from 1
 *   BLOCK    v row − the row of the BLOCK before (0 before the first; rows rise) · node
 *                                                                 a block of the table: node number = its row
 *   EXTRA    s address − that of the EXTRA before · v bytes · v 1 + row of the block that it lies in (0: none) · node
 *                                                                 what has no block: an object in static memory, a frame.
 *                                                                 Node number = blocks + how many EXTRA came before
 *   ROOT     v enum hl_root_kind · v thread id · s address of the word − that of the ROOT before · v code address (0: none) ·
 *            v string (0: none) · s target − that of the ROOT before
 *   REASON   v string                                             why Python's objects are missing or not all here
 *   END      v nodes · v edges                                    the graph is whole
 *
 *   node     v type (0: none) · v flags · v offset of the object in its block · v references (with HL_NODE_PYTHON) ·
 *            text (with HL_NODE_TEXT) · edges · 0, or 255 if it could not be read to the end: edges are missing
 *   text     v enum hl_graph_text · TEXT, BYTES, NAME: v bytes · bytes; INTEGER: s value; REAL: eight bytes, little endian
 *   edge     v enum hl_graph_edge (never 0) · value as the kind says · s target's number − this node's number
 *
 * Blocks without a record are nodes without edges. Strings and types come before what names them, also between edges,
 * HL_GRAPH_BETWEEN added to their kind; targets may come later.
 */
#ifndef HEAPLINE_WIRE_GRAPH_H
#define HEAPLINE_WIRE_GRAPH_H

#include <stdint.h>

#define HL_GRAPH_MAGIC UINT64_C(0x31687072616c6868)
#define HL_GRAPH_PACKET 65536u               /* bytes of a packet at most, the magic included */
#define HL_GRAPH_TEXT_MAX 96u                /* bytes of a node's text at most */
#define HL_GRAPH_BETWEEN 64u
#define HL_GRAPH_WHOLE 0u                    /* the ends of a node's edges */
#define HL_GRAPH_CUT 255u
#define HL_GRAPH_INSIDE 64u                  /* added to a ROOT's kind: the word points into the target's inside */

enum hl_graph_record {
    HL_GRAPH_STRING = 1, HL_GRAPH_TYPE, HL_GRAPH_BLOCK, HL_GRAPH_EXTRA, HL_GRAPH_ROOT, HL_GRAPH_REASON, HL_GRAPH_END,
};

enum hl_graph_type {
    HL_TYPE_PYTHON = 1,                      /* a class: tp_name without its module, address of the type object */
    HL_TYPE_VTABLE,                          /* a C++ class: the address is that of the virtual table's address point; the
                                                collector finds its name */
    HL_TYPE_TABLE,                           /* memory of Python's that is no object and nobody claims: "frames", "dict keys" */
};

enum hl_graph_node_flag {
    HL_NODE_PYTHON = 1,                      /* an object of CPython */
    HL_NODE_TRACKED = 2,                     /* its collector knows it (gc.get_objects) */
    HL_NODE_IMMORTAL = 4,                    /* its references are not counted */
    HL_NODE_FREE = 8,                        /* a block that Python keeps for its next object: no object */
    HL_NODE_TEXT = 16,
    HL_NODE_CUT = 32,                        /* it could not be read to the end: edges are missing. The reader sets it */
    HL_NODE_TEXT_CUT = 64,                   /* the text is the beginning of a longer one */
    HL_NODE_FRAME = 128,                     /* a running frame that is no object: EXTRA with 0 bytes */
};

enum hl_graph_text { HL_TEXT_STRING = 1, HL_TEXT_OCTETS, HL_TEXT_NAME, HL_TEXT_INTEGER, HL_TEXT_REAL };

/* How one node refers to another. "counted": the target's reference count has one for it. */
enum hl_graph_edge {
    HL_EDGE_OFFSET = 1,                      /* v bytes from the node's beginning (the object's): a word that points to the
                                                target's beginning. Not counted */
    HL_EDGE_INSIDE,                          /* the same, into the target's inside. Not counted */
    HL_EDGE_FIELD,                           /* v bytes from the object's beginning, of a C structure. Counted */
    HL_EDGE_NAMED,                           /* v string: a place of the type with a name of its own ("__dict__",
                                                "__globals__", "__code__"). Counted */
    HL_EDGE_ATTRIBUTE,                       /* s node − this node, of the str that names it: an instance's attribute or slot.
                                                Counted */
    HL_EDGE_SLOT,                            /* v string: the same, where the name is no object (a C member). Counted */
    HL_EDGE_INDEX,                           /* v index: of a list, a tuple, an array of objects. Counted */
    HL_EDGE_VALUE,                           /* s node − this node, of the key: the value at a dict's key. Counted */
    HL_EDGE_KEY,                             /* v place: a dict's key. Counted */
    HL_EDGE_ITEM,                            /* member of a set, or of something without places. Counted */
    HL_EDGE_LOCAL,                           /* s node − this node, of the str: a variable of a frame or generator. Counted */
    HL_EDGE_STACK,                           /* v place on a frame's value stack. Counted */
    HL_EDGE_CELL,                            /* v index in a closure, or 0 for what a cell holds. Counted */
    HL_EDGE_CLASS,                           /* the object's type. Counted if the type is a heap type */
    HL_EDGE_WEAK,                            /* a weak reference's object. Not counted, holds nothing */
    HL_EDGE_PART,                            /* the target is memory of this object's own (a list's items, a dict's table, an
                                                array's buffer): one node with it */
    HL_EDGE_KINDS,
};

/* Kinds whose value is a difference of node numbers, and kinds that have one at all. */
static inline int hl_edge_names_node(uint32_t kind)
{
    return kind == HL_EDGE_ATTRIBUTE || kind == HL_EDGE_VALUE || kind == HL_EDGE_LOCAL;
}
static inline int hl_edge_has_value(uint32_t kind)
{
    return kind != HL_EDGE_ITEM && kind != HL_EDGE_CLASS && kind != HL_EDGE_WEAK && kind != HL_EDGE_PART;
}
static inline int hl_edge_is_counted(uint32_t kind)
{
    return kind != HL_EDGE_OFFSET && kind != HL_EDGE_INSIDE && kind != HL_EDGE_WEAK && kind != HL_EDGE_PART;
}

#endif
