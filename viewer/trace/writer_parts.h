/* Inside the writer: what its files share. */
#ifndef HEAPLINE_TRACE_WRITER_PARTS_H
#define HEAPLINE_TRACE_WRITER_PARTS_H

#include "writer.h"

#include "../base/strmap.h"
#include "../base/vec.h"
#include "columns.h"
#include "record.h"
#include "sink.h"

#include <zstd.h>

#define GRAPH_PART (128u << 10)                          /* bytes of a graph in one record */

struct open_chunk {
    struct buffer raw;
    uint64_t first_ns, last_ns;
    bool timed;
};

struct snapshot_state {
    uint64_t ns, rows, graph;                            /* rows of blocks and bytes of the graph that have left so far */
};

struct trace_writer {
    struct sink sink;
    struct open_chunk chunks[FORMAT_CHUNK_TYPES];
    VEC(struct chunk_ref) index;

    /* tables that have not left yet; ids handed out so far */
    struct strmap strings;                               /* id + 1 is the reference, 0 is NULL */
    struct buffer new_strings, new_rows, new_symbols;    /* records: strings first, what uses only strings, symbols last */
    VEC(struct code_row) codes;
    VEC(struct trace_frame) frames;
    VEC(struct trace_stack) stacks;
    VEC(struct trace_site) sites;
    uint32_t n_processes, n_threads, n_modules, n_codes, n_frames, n_stacks, n_sites;

    VEC(struct snapshot_state) snapshots;                /* by id */
    VEC(struct trace_snapshot_block) snapshot_blocks;    /* of `snapshot`, that have not left yet */
    uint32_t snapshot;
    VEC(struct trace_event) events;
    VEC(struct trace_site_counts) sorted;
    struct trace_epoch base;                             /* the epoch before in this TIMELINE chunk */
    struct buffer payload, packed;                       /* scratch: a record, a compressed chunk */
    struct columns columns;
    ZSTD_CCtx *zstd;
};

/* The reference of a string, which is written if it is new; 0 for NULL. May send tables on their way. */
uint32_t writer_string(struct trace_writer *writer, const char *text);

/* Ends the record whose payload was written, into `out`. */
void writer_end_record(struct trace_writer *writer, struct buffer *out, enum format_kind kind);

/* Send on their way what has grown enough. */
void writer_limit_tables(struct trace_writer *writer);
void writer_limit_chunk(struct trace_writer *writer, enum format_chunk_type type);

void writer_chunk_spans(struct open_chunk *chunk, uint64_t first_ns, uint64_t last_ns);
uint32_t writer_part_of(size_t rows);                    /* how many of them go into one record */

/* Blocks of snapshots that wait. */
void writer_collect_snapshot_blocks(struct trace_writer *writer);

#endif
