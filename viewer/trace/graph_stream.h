/* Decodes the graph of a snapshot (lib/wire/graph.h), record by record, and distrusts every byte: numbers that index strings
 * or types are checked, those of nodes are not, since targets may come later. Keeps nothing; a node's edges are in a buffer
 * that the next record overwrites. */
#ifndef HEAPLINE_TRACE_GRAPH_STREAM_H
#define HEAPLINE_TRACE_GRAPH_STREAM_H

#include "../../lib/wire/graph.h"
#include "varint.h"

struct graph_edge {
    uint32_t kind;                         /* enum hl_graph_edge */
    uint64_t value;                        /* of kinds that name a node: its number */
    uint64_t target;
};

struct graph_text {
    uint32_t kind;                         /* enum hl_graph_text; 0: none */
    const char *bytes;                     /* STRING, OCTETS, NAME; in the stream */
    uint32_t n;
    int64_t integer;
    double real;
};

struct graph_record {
    uint32_t kind;                         /* enum hl_graph_record */
    /* STRING, and what names one */
    const char *bytes;                     /* STRING: in the stream, not closed by a zero */
    uint64_t n;
    uint32_t string, module;               /* TYPE: name, module; ROOT; REASON: ids, 0: none */
    /* TYPE, ROOT */
    uint32_t sort;                         /* enum hl_graph_type, enum hl_root_kind */
    uint64_t address;                      /* of a type; a root's word; an EXTRA */
    int32_t tid;
    uint64_t code;
    uint64_t target;
    /* BLOCK, EXTRA */
    uint64_t number;                       /* of the node */
    uint64_t size, within;                 /* EXTRA: bytes; row + 1 */
    uint32_t type, flags;
    uint64_t offset, references;
    struct graph_text text;
    const struct graph_edge *edges;
    size_t n_edges;
    /* END */
    uint64_t nodes, all_edges;
};

/* Told of the strings and types that stand between the edges of a node, before the node is. */
typedef void graph_between_fn(void *context, const struct graph_record *record);

struct graph_stream {
    struct cursor in;
    uint64_t blocks;                       /* of the snapshot */
    uint64_t row, extras, address, root_at, root_target;   /* what differences are from */
    uint32_t strings, types;               /* how many came */
    struct graph_edge *edges;              /* owned */
    size_t room;
    bool has_row;
    graph_between_fn *between;             /* set after graph_stream_open; or NULL */
    void *context;
    bool ended;                            /* END came: the graph is whole */
};

void graph_stream_open(struct graph_stream *stream, const void *bytes, size_t n, uint64_t blocks);

/* The next record. False: the stream ends here; `ended` says whether it is whole. */
bool graph_stream_next(struct graph_stream *stream, struct graph_record *record);
void graph_stream_close(struct graph_stream *stream);

#endif
