/* Inside the loader: what its files share. */
#ifndef HEAPLINE_GRAPH_LOAD_H
#define HEAPLINE_GRAPH_LOAD_H

#include "graph.h"

#include "../base/arena.h"
#include "../base/map.h"
#include "../base/strmap.h"
#include "../trace/graph_stream.h"

struct graph_index {
    uint64_t *starts;             /* of the snapshot's blocks, parts included */
    uint64_t *bytes;
    uint32_t *nodes;              /* that they belong to */
    size_t n;
    struct { uint64_t address; uint32_t node; } *extras;      /* sorted */
    size_t n_extras;
};

struct load {
    struct graph *graph;
    struct trace *trace;
    uint32_t snapshot;
    VEC(struct trace_snapshot_block) blocks;
    void *bytes;                  /* the stream */
    size_t n_bytes;
    uint32_t *number;             /* by number in the stream: the node; GRAPH_NONE: none. While parts are looked for: of a part
                                     its owner + 1 */
    uint64_t n_numbers;
    uint32_t *largest;            /* by node: row of its largest part + 1; 0: it has none */
    bool *part;                   /* by row: another node's memory, whatever a record says of it */
    VEC(const char *) strings;
    VEC(struct graph_type) types;
    VEC(struct graph_record) roots;          /* as they came; later with nodes as targets, and in `code` the address of the
                                                function's name, or 0 */
    struct map native_types;      /* by location and sort: id of the type */
    struct map element_types;     /* by stack: id of the type, or GRAPH_NONE */
    struct strmap element_names;  /* "module\nname" of types, in the order of element_ids */
    VEC(uint32_t) element_ids;
    struct map type_nodes;        /* by type id of the stream: address of the type object */
};

/* load_types.c: strings and types of the stream; what a native block's type is; after nodes have their places, where type
 * objects are. */
void graph_load_string(struct load *load, const struct graph_record *record);
void graph_load_type(struct load *load, const struct graph_record *record);
uint32_t graph_load_native_type(struct load *load, uint32_t stack, enum graph_sort sort);
void graph_load_type_nodes(struct load *load);

/* load_roots.c: node 0's edges are there, in the order of load->roots: fills graph->roots. */
void graph_load_roots(struct load *load);

/* choose.c: the place of the snapshot that `which` names, see graph_load. 0, or -errno with a sentence. */
int graph_choose(const struct profile *profile, const char *which, uint32_t *chosen, struct trace_error *error);

/* The name that the trace has for an address of this snapshot: of a global's word, a function, a virtual table. NULL: none. */
const char *graph_load_address_name(const struct trace_snapshot *snapshot, uint64_t address);

#endif
