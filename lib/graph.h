/* The reference graph (wire/graph.h), written by a snapshot's marker after its search. All of this runs in the forked copy,
 * on one thread: it may read everything, allocates nothing but its own mappings, and a fault while a node is read costs that
 * node's edges only.
 *
 *   graph.c            nodes in the order of the table, native edges, roots          graph_out.c       the stream
 *   graph_py*.c        Python: what is an object, of which type, what its words mean
 */
#ifndef HEAPLINE_GRAPH_H
#define HEAPLINE_GRAPH_H

#include "snapshot.h"
#include "wire/graph.h"

#define HL_GRAPH_NONE UINT32_MAX

/* What is known of a block before nodes are written; graph_py.c fills it. */
struct hl_graph_block {
    uint32_t type;                       /* id in the stream; 0: none */
    uint8_t kind;                        /* enum hl_graph_kind */
    uint8_t offset;                      /* OBJECT: of the object, in units of 8 bytes */
    uint16_t detail;                     /* graph_py's own */
};

enum hl_graph_kind {
    HL_KIND_NATIVE,                      /* its words are looked at as they are */
    HL_KIND_OBJECT,                      /* a Python object */
    HL_KIND_PART,                        /* memory of an object, whose record names it: has no record of its own */
    HL_KIND_FREE,                        /* kept by Python for its next object */
};

struct hl_graph_node {                   /* what is said of a node beside its edges */
    uint32_t type, flags;                /* enum hl_graph_node_flag, without HL_NODE_TEXT */
    uint32_t offset;                     /* bytes */
    uint64_t references;
    uint32_t text;                       /* enum hl_graph_text; 0: none */
    const char *bytes;                   /* STRING, OCTETS, NAME: the text; it is cut at HL_GRAPH_TEXT_MAX */
    size_t n_bytes;
    int64_t integer;
    double real;
};

struct hl_graph_out;

struct hl_graph_extra { uintptr_t address; uint32_t bytes; bool frame; };     /* what has no block */

struct hl_graph {
    struct hl_marker *marker;
    struct hl_graph_out *out;
    struct hl_graph_block *blocks;       /* as many as the table has */
    struct hl_graph_extra *extras;
    uint32_t n_extras;
    uint64_t edges;
    uintptr_t low, high;                 /* all blocks lie between */
};

/* Writes the graph to the connection. `unready`: why Python's objects are left out; NULL: they are not; "": there are none.
 * False: there was no memory or nobody listens; what was written is a beginning. */
bool hl_graph_write(struct hl_marker *marker, const char *unready, long connection);

/* ---- the stream (graph_out.c) ---- */

bool hl_graph_out_open(struct hl_graph *graph, long connection);
bool hl_graph_out_close(struct hl_graph *graph);             /* END. False: something was not sent */

/* Define; may be called while a node is open, and stand before it in the stream. Equal strings (up to 255 bytes) get equal
 * ids. */
uint32_t hl_graph_string(struct hl_graph *graph, const char *bytes, size_t n);
uint32_t hl_graph_type(struct hl_graph *graph, enum hl_graph_type kind, uint32_t name, uint32_t module, uintptr_t address);
void hl_graph_reason(struct hl_graph *graph, const char *sentence);

/* One node is open at a time. Numbers as in wire/graph.h. */
void hl_graph_begin(struct hl_graph *graph, uint32_t number, const struct hl_graph_node *node);
/* `value`: a node's number where the kind names one. */
void hl_graph_edge(struct hl_graph *graph, enum hl_graph_edge kind, uint64_t value, uint32_t target);
void hl_graph_end(struct hl_graph *graph);
/* The node that is open, if one is, ends here and is marked HL_NODE_CUT. */
void hl_graph_cut(struct hl_graph *graph);

void hl_graph_root(struct hl_graph *graph, enum hl_root_kind kind, int32_t tid, uintptr_t at, uintptr_t code, uint32_t string,
                   uint32_t target);

/* ---- finding (graph.c) ---- */

/* The row of the block that holds `address`; HL_GRAPH_NONE: none does. */
uint32_t hl_graph_row(const struct hl_graph *graph, uintptr_t address);

/* The node of the Python object at `address`, which graph_py has recognised or, where no block is, takes the caller's word
 * for: made if there is none yet, and written later by hl_graph_py_extra. HL_GRAPH_NONE: a block is there that is no such
 * object, or there is no room. */
uint32_t hl_graph_object(struct hl_graph *graph, uintptr_t address);

/* The same for a frame that is no object, at `address`. */
uint32_t hl_graph_frame(struct hl_graph *graph, uintptr_t address);

/* Readable memory of the program, all of [address, address + bytes). */
bool hl_graph_is_readable(const struct hl_graph *graph, uintptr_t address, size_t bytes);

/* Words of [start, end) are told by name, or are caches that keep nothing alive: neither roots nor edges are made of them.
 * Called by hl_graph_py_roots. */
void hl_graph_known(struct hl_graph *graph, uintptr_t start, uintptr_t end);

/* Calls what(graph, row); false: it read what cannot be read, and was left there. */
bool hl_graph_try(struct hl_graph *graph, void (*what)(struct hl_graph *graph, uint32_t row), uint32_t row);

/* Between these, code of the program's runs: one that waits, for a lock that some thread held, is cut off after a second like
 * one that faults. */
void hl_graph_calls_begin(void);
void hl_graph_calls_end(void);

/* Writes OFFSET and INSIDE edges of the open node for the words of [start, end); offsets count from `origin`. Words that
 * point to a Python object count only if they point to the object itself. */
void hl_graph_scan(struct hl_graph *graph, uintptr_t start, uintptr_t end, uintptr_t origin);

/* ---- Python (graph_py.c) ---- */

/* Recognises objects and their parts: fills graph->blocks. False: there is no interpreter, or it cannot be read; a REASON was
 * written then. Called again after a fault, it goes on behind what could not be read. */
bool hl_graph_py_recognise(struct hl_graph *graph);

/* Writes the node of a block of kind OBJECT, FREE or PART (which has none), or of an extra. */
void hl_graph_py_block(struct hl_graph *graph, uint32_t row);
void hl_graph_py_extra(struct hl_graph *graph, uint32_t number, uintptr_t address, bool frame);

/* Roots that have names: frames of all threads, modules, builtins, the interpreter's own objects. */
void hl_graph_py_roots(struct hl_graph *graph);

/* Before the fork, all threads stand still: may the interpreter's objects be read, or is a thread at work on them? NULL, or
 * one sentence. */
const char *hl_graph_py_unready(const struct hl_stop *stop);

#endif
