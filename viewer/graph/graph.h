/* The reference graph of one snapshot in memory: nodes, named edges in both directions, roots. Python and native in one.
 *
 * Node 0 is nobody: the root of all roots. Its edges lead to what roots hold, each with its place in `roots`. Parts (a list's
 * items, a dict's table) are one node with their owner. The sum of all nodes' bytes is the live heap of the snapshot, to the
 * byte; objects outside of the heap have 0.
 *
 *   load.c       from the trace                      text.c        how nodes, types and edges are called
 *   borrowed.c   words that hold nothing
 *   dominators.c retained bytes                      components.c  cycles
 *   paths.c      who leads to whom                   cut.c         the fewest edges whose loss frees
 *   select.c     SELECTORs                           types.c       sums by type and line, growth between two
 *   leaking.c    what should not be there
 */
#ifndef HEAPLINE_GRAPH_GRAPH_H
#define HEAPLINE_GRAPH_GRAPH_H

#include "../analyze/profile.h"
#include "../base/strbuf.h"
#include "../base/vec.h"
#include "../trace/graph_stream.h"
#include "../../lib/wire/graph.h"

enum graph_sort {
    GRAPH_ROOT,                            /* node 0 */
    GRAPH_PYTHON,                          /* an object */
    GRAPH_FRAME,                           /* a running frame that is no object */
    GRAPH_CPP,                             /* a native block that begins with a virtual table, or that std::allocator made */
    GRAPH_NATIVE,                          /* a native block: its type is the line that allocated it */
    GRAPH_MEMORY,                          /* memory of Python's that is neither an object nor claimed by one */
    GRAPH_FREE,                            /* kept by Python for its next object */
    GRAPH_SORTS,
};
extern const char *const graph_sort_names[];   /* "root", "python", "frame", "c++", "native", "memory", "free" */

struct graph_type {
    const char *name;                      /* "dict", "Order", "std::vector<int>", "malloc in load (load.c:31)" */
    const char *module;                    /* "builtins", "app", "libfoo.so", "" */
    enum graph_sort sort;
    uint32_t node;                         /* PYTHON: of the type object, GRAPH_NONE when it has none */
    uint32_t location;                     /* NATIVE, MEMORY: the line, in locations.h; else GRAPH_NONE */
};

#define GRAPH_NONE UINT32_MAX

struct graph_node {
    uint64_t address;                      /* of the object, else of the block; 0: a root */
    uint64_t bytes;                        /* shallow: the block and its parts */
    uint64_t born_ns;
    uint32_t type;
    uint32_t site;                         /* TRACE_NONE: it has no block */
    uint32_t references;                   /* of Python objects; UINT32_MAX: that many or more */
    uint32_t text;                         /* place in texts; 0: none */
    uint32_t first;                        /* its edges: [first, next node's first) */
    uint32_t first_in;                     /* its incoming edges, in the same way */
    uint16_t flags;                        /* enum hl_graph_node_flag */
    uint8_t sort;                          /* enum graph_sort */
    uint8_t reach;                         /* enum trace_reach of the block; HELD for what has none */
};

/* Edges from an owner's parts are the owner's. `label`: what `value` means follows from the kind, as in lib/wire/graph.h;
 * names of nodes are our node numbers, 0 for unknown ones, strings are places in `strings`, offsets are bytes. Of node 0:
 * place in `roots`. */
struct graph_edge_out {
    uint32_t to;
    uint32_t kind : 4, value : 28;         /* enum hl_graph_edge - HL_EDGE_OFFSET; values beyond are 2^28 - 1 */
};

struct graph_root {
    enum trace_root_kind kind;
    uint32_t thread;                       /* TRACE_NONE: of none */
    uint64_t at;                           /* address of the word; 0: none */
    uint32_t to;
    const char *name;                      /* "servers in app", "stack of thread 2 in serve", "sys.modules": never NULL */
    bool named;                            /* the program gave the name: not a stack's or a register's word, which may be stale */
};

struct graph_in { uint32_t from, edge; };  /* edge: place in `edges` */

struct graph {
    const struct profile *profile;         /* outlives the graph */
    const struct trace_snapshot *snapshot;
    uint32_t number;                       /* of the snapshot: its place in the trace */
    struct graph_node *nodes;     uint32_t n;      /* nodes[n] closes first and first_in */
    struct graph_edge_out *edges; uint32_t n_edges;
    struct graph_in *in;                   /* n_edges of them */
    struct graph_type *types;     uint32_t n_types;
    const char **strings;         uint32_t n_strings;
    struct graph_root *roots;     uint32_t n_roots;
    VEC(char) texts;                       /* what nodes say of themselves: see graph_keep_text. Place 0 holds none */
    VEC(char *) reasons;                   /* sentences: what is missing, and why */
    bool whole;                            /* the graph ends as it should */
    bool python;                           /* Python's objects are in it */
    struct graph_index *index;             /* of addresses, find.c; NULL: none was made */
    struct arena *arena;                   /* of names */
    uint32_t *owners;                      /* by stack: lines_owners(profile, LINES_OWN); NULL: there is no profile */
    /* filled when first asked for, NULL before */
    uint32_t *dominator;                   /* by node: who alone holds it; 0: the roots; GRAPH_NONE: nothing leads to it */
    uint64_t *retained;                    /* by node: bytes that go with it */
};

/* Loads the snapshot that `which` names: NULL the last one with a graph, "#3" or "3" by number (from 1, as lists show them),
 * "@12.5s" the last one at or before that time, else the last one with that label. Returns 0, or -errno with a sentence in
 * *error: none is there, or it holds no graph (says how to record one). */
int graph_load(struct graph **graph, const struct profile *profile, const char *which, struct trace_error *error);
void graph_destroy(struct graph *graph);   /* accepts NULL */

static inline const struct graph_type *graph_type_of(const struct graph *graph, uint32_t node)
{
    return &graph->types[graph->nodes[node].type];
}
static inline uint32_t graph_edge_kind(const struct graph_edge_out *edge) { return edge->kind + HL_EDGE_OFFSET; }

/* Holds, in the sense of reachability: everything but weak references. */
static inline bool graph_edge_holds(const struct graph_edge_out *edge) { return graph_edge_kind(edge) != HL_EDGE_WEAK; }
static inline bool graph_edge_counts(const struct graph_edge_out *edge) { return hl_edge_is_counted(graph_edge_kind(edge)); }

/* The node at an address: an object, a block or the inside of one. GRAPH_NONE: none. */
uint32_t graph_find(const struct graph *graph, uint64_t address);

/* The node that an edge, a place in graph->edges, comes from: the last one whose edges begin there or before. */
uint32_t graph_edge_owner(const struct graph *graph, uint32_t edge);

/* References of a Python object that no counted edge explains; 0 for immortal ones. */
uint32_t graph_held_from_c(const struct graph *graph, uint32_t node);

/* What a node says of itself, as the stream has it: keeps it in texts, which is bounded by HL_GRAPH_TEXT_MAX each, and
 * returns its place; and reads it back. The bytes read back are the graph's. False: the node says nothing. */
uint32_t graph_keep_text(struct graph *graph, const struct graph_text *text);
bool graph_text_of(const struct graph *graph, uint32_t node, struct graph_text *text);

/* The location that owns the node's allocation; GRAPH_NONE: unknown. */
uint32_t graph_line_of(const struct graph *graph, uint32_t node);

/* ---- text.c, text_node.c, text_path.c ----
 * UTF-8, no control characters, a few hundred bytes at most (a path: as many a step). */

/* "Order", "app.Order" where two have the name. */
void graph_add_type(struct strbuf *out, const struct graph *graph, uint32_t type);
/* "Order at 0x7f…", "dict of 3 at …", "str 'order 12'" */
void graph_add_node(struct strbuf *out, const struct graph *graph, uint32_t node);
/* The repr where it is known: "'order 12'", "12"; else nothing. */
void graph_add_text(struct strbuf *out, const struct graph *graph, uint32_t node);
/* ".history", "[17]", "['key']", "local x", "+0x18", "__closure__ cell 0"; edge: place in edges. */
void graph_add_edge(struct strbuf *out, const struct graph *graph, uint32_t from, uint32_t edge);
/* Where it was allocated: "app.py:31 in add"; nothing when unknown. */
void graph_add_line(struct strbuf *out, const struct graph *graph, uint32_t node);
/* The same for a place in locations.h. */
void graph_add_location(struct strbuf *out, const struct graph *graph, uint32_t location);

/* ---- borrowed.c ---- */

/* Takes out the edges of words that point to Python objects whose count says that they do not hold them. graph_load has done
 * it. */
void graph_drop_borrowed(struct graph *graph);

/* Makes `in` and first_in anew from the edges. */
void graph_make_incoming(struct graph *graph);

/* ---- dominators.c ---- */

/* Fills dominator and retained (Lengauer-Tarjan or better, iterative: graphs are deep). */
void graph_dominate(struct graph *graph);

/* Bytes and nodes that go when every node of a set goes: what the roots reach only through it, the set included. `set`: one
 * byte a node. */
uint64_t graph_retained_by(struct graph *graph, const uint8_t *set, uint64_t *nodes);

/* ---- components.c ---- */

struct graph_component { uint32_t first, n; uint64_t bytes; };        /* nodes: place in members, how many */
struct graph_components {
    VEC(struct graph_component) items;     /* strongly connected, of more than one node or with an edge to itself; largest
                                              bytes first */
    VEC(uint32_t) members;
};
/* Among nodes of `set` (one byte a node; NULL: all). */
void graph_components(struct graph_components *components, const struct graph *graph, const uint8_t *set);
void graph_components_release(struct graph_components *components);

/* The edge of a cycle whose weakening frees it best: the one that, gone, leaves no cycle or the smallest. Place in edges. */
uint32_t graph_weakest(const struct graph *graph, const struct graph_components *components, size_t component);

/* ---- paths.c ---- */

struct graph_step { uint32_t node, edge; };                          /* edge: by which the step before leads here; GRAPH_NONE
                                                                        for the first */
struct graph_path { VEC(struct graph_step) steps; };                 /* from node 0 to the one asked for */

/* The shortest from a root to any node of `set`, named roots and named edges before words that may be stale. False: nothing
 * leads there. */
bool graph_chain(struct graph_path *path, const struct graph *graph, const uint8_t *set);

/* The same for all at once: by node the edge by which its chain reaches it, a place in edges; GRAPH_NONE: nothing leads
 * there. To be freed. */
uint32_t *graph_chains(const struct graph *graph);

/* The path in one line, from text_path.c: "sys.modules['app'].books[0].history[17]"; ways through an object's __dict__ are
 * told as the attribute that they are. */
void graph_add_path(struct strbuf *out, const struct graph *graph, const struct graph_path *path);

/* The same with a line for every step: `indent` blanks, how it is reached, what is reached. */
void graph_add_steps(struct strbuf *out, const struct graph *graph, const struct graph_path *path, size_t indent);

/* The step only leads into the __dict__ of the object before, on the way to an attribute: shown as one with the step behind
 * it. */
bool graph_step_is_hidden(const struct graph *graph, const struct graph_path *path, size_t step);

/* ---- cut.c ---- */

struct graph_cut { VEC(uint32_t) edges; uint64_t bytes, nodes; };    /* places in edges; what then goes */
/* The fewest edges to cut so that nothing leads to any node of `set` any more, those that the program named before words of C
 * (cut.c says how they are weighed), and of several such cuts the one next to the set. No edges: nothing leads there. Returns
 * 0, or with a sentence -EBUSY: the interpreter or a class in use holds some of it, -E2BIG: there is no end. */
int graph_cut(struct graph_cut *cut, struct graph *graph, const uint8_t *set, struct trace_error *error);

/* ---- select.c ---- */

/* "type:Order", "line:app.py:42", "addr:0x…", "module:numpy", "size:>1M", "new-since:LABEL", "held-by:SELECTOR"; several with
 * blanks or commas between: all must hold. Values may be globs, in quotes when they hold a blank or a comma, in parentheses
 * when they are several selectors. docs/graph.md has all. *set: one byte a node, malloc'ed; *n: how many. Returns 0, or
 * -errno with a sentence in *error; none selected is no error: then *error says what was not found, and what is called nearly
 * so, or is empty. */
int graph_select(struct graph *graph, const char *selector, uint8_t **set, uint32_t *n, struct trace_error *error);

/* ---- types.c ---- */

struct graph_sum { uint64_t count, bytes, retained; };
struct graph_row { uint32_t type; struct graph_sum sum; };
struct graph_rows VEC_FIELDS(struct graph_row);
/* By type, largest shallow bytes first. retained is exact (graph_retained_by) for the first `exact` rows after sorting and a
 * lower bound from the dominator tree for others. */
void graph_types(struct graph_rows *rows, struct graph *graph, const uint8_t *set, size_t exact);

/* Growth between two snapshots of a process: rows by type, and by line that allocated them. */
struct graph_growth_row {
    const char *name, *line;               /* of `types`: the line that let it grow most; of `lines`: the type that grew most
                                              there. "": none is known */
    int64_t count, bytes;                  /* now less before */
    uint64_t count_now, bytes_now;
    uint64_t count_new, bytes_new;         /* of these, what was not there before */
};
struct graph_growth { VEC(struct graph_growth_row) types, lines; struct arena *arena; };
/* Rows that changed, most bytes grown first. A node is the same in both when its address and its birth are. */
void graph_growth(struct graph_growth *growth, const struct graph *before, const struct graph *after);
void graph_growth_release(struct graph_growth *growth);

/* ---- leaking.c ---- */

struct graph_leaking {
    VEC(uint32_t) forgotten;               /* Python objects with references that nothing found holds: nobody refers to them,
                                              or fewer than they count */
    VEC(uint32_t) from_c;                  /* Python objects that only native memory or roots of C hold */
    VEC(uint32_t) lost;                    /* native blocks that nothing leads to */
    struct graph_components garbage;       /* cycles that nothing outside holds: they wait for the collector */
    uint64_t garbage_bytes, garbage_nodes;
};
void graph_leaking(struct graph_leaking *leaking, struct graph *graph);
void graph_leaking_release(struct graph_leaking *leaking);

#endif
