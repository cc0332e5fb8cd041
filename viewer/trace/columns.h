/* Records that hold many rows, column by column: the tables of code, frames, stacks and sites, what sites and lines did,
 * blocks, events, snapshots and the index (docs/format.md). Rows of one record: at most FORMAT_ROWS_MAX. */
#ifndef HEAPLINE_TRACE_COLUMNS_H
#define HEAPLINE_TRACE_COLUMNS_H

#include "../base/map.h"
#include "format.h"
#include "model.h"
#include "varint.h"

/* Room to turn rows into columns and back; kept between calls. */
struct columns {
    uint64_t *cells;
    size_t capacity;
    struct map places;                     /* of the distinct values of a column */
};

void columns_release(struct columns *columns);

/* Room for so many numbers, good until the next call with the same columns. */
uint64_t *columns_room(struct columns *columns, size_t cells);

/* Reads the number of rows; 0 and cursor->bad when there are more than the limit or than `least` bytes a row allow. */
uint32_t columns_get_rows(struct cursor *in, unsigned least);

/* A code object; its strings are references (record.h). */
struct code_row {
    uint32_t function, file, first_line;
};

/* Tables. `first` is the id of row 0; get: `rows` rows into `out`. */
void columns_put_codes(struct buffer *out, uint32_t first, const struct code_row *codes, uint32_t rows);
void columns_put_frames(struct buffer *out, uint32_t first, const struct trace_frame *frames, uint32_t rows);
void columns_put_stacks(struct buffer *out, uint32_t first, const struct trace_stack *stacks, uint32_t rows);
void columns_put_sites(struct buffer *out, uint32_t first, const struct trace_site *sites, uint32_t rows);
void columns_get_table_head(struct cursor *in, unsigned least, uint32_t *first, uint32_t *rows);
void columns_get_codes(struct cursor *in, struct code_row *out, uint32_t rows);
void columns_get_frames(struct cursor *in, struct trace_frame *out, uint32_t rows);
void columns_get_stacks(struct cursor *in, uint32_t first, struct trace_stack *out, uint32_t rows);
void columns_get_sites(struct cursor *in, struct trace_site *out, uint32_t rows);

/* What sites did. Rows are sorted by site, each site once; get sets cursor->bad when they are not. */
void columns_put_counts(struct columns *columns, struct buffer *out, const struct trace_site_counts *counts, uint32_t rows);
void columns_put_totals(struct columns *columns, struct buffer *out, const struct trace_site_totals *totals, uint32_t rows);
void columns_get_counts(struct columns *columns, struct cursor *in, struct trace_site_counts *out, uint32_t rows);
void columns_get_totals(struct columns *columns, struct cursor *in, struct trace_site_totals *out, uint32_t rows);

void columns_put_lines(struct buffer *out, const struct trace_line *lines, uint32_t rows);
void columns_get_lines(struct cursor *in, struct trace_line *out, uint32_t rows);

/* An epoch is told as a difference to the one before it in the same chunk (`base`, all zeroes at first). */
void columns_put_epoch(struct buffer *out, const struct trace_epoch *base, const struct trace_epoch *epoch, uint64_t n_sites);
void columns_get_epoch(struct cursor *in, const struct trace_epoch *base, struct trace_epoch *epoch, uint64_t *n_sites);

void columns_put_blocks(struct buffer *out, uint32_t process, const struct trace_block *blocks, uint32_t rows);
void columns_get_blocks_head(struct cursor *in, uint32_t *process, uint32_t *rows);
void columns_get_blocks(struct cursor *in, struct trace_block *out, uint32_t rows);

void columns_put_events(struct buffer *out, const struct trace_event *events, uint32_t rows);
void columns_get_events(struct cursor *in, struct trace_event *out, uint32_t rows);

/* Snapshots (columns_snapshot.c). `first` is the number of row 0 in its snapshot. Decoders look at the form only: the order of
 * addresses, and whether a site exists, are the reader's to check. */
struct root_name_row {
    uint64_t address;
    uint32_t name;                         /* a reference (record.h) */
};

void columns_put_roots(struct buffer *out, uint32_t snapshot, const struct trace_root *roots, uint32_t rows);
void columns_put_root_names(struct buffer *out, uint32_t snapshot, const struct root_name_row *names, uint32_t rows);
void columns_put_snapshot_blocks(struct columns *columns, struct buffer *out, uint32_t snapshot, uint64_t first,
                                 const struct trace_snapshot_block *blocks, uint32_t rows);
void columns_get_roots_head(struct cursor *in, uint32_t *snapshot, uint32_t *rows);
void columns_get_roots(struct cursor *in, struct trace_root *out, uint32_t rows);
void columns_get_root_names_head(struct cursor *in, uint32_t *snapshot, uint32_t *rows);
void columns_get_root_names(struct cursor *in, struct root_name_row *out, uint32_t rows);
void columns_get_snapshot_blocks_head(struct cursor *in, uint32_t *snapshot, uint64_t *first, uint32_t *rows);
void columns_get_snapshot_blocks(struct columns *columns, struct cursor *in, struct trace_snapshot_block *out, uint32_t rows);

/* One chunk of the file, in the index. Times are 0, 0 for chunks that have none. */
struct chunk_ref {
    uint64_t offset;
    uint64_t first_ns, last_ns;
    uint8_t type;
};

void columns_put_index(struct buffer *out, const struct chunk_ref *refs, uint32_t rows);
void columns_get_index(struct cursor *in, struct chunk_ref *out, uint32_t rows);

#endif
