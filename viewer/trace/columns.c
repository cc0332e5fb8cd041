#include "columns.h"

#include "../base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_COLUMNS 14
#define TOTAL_COLUMNS (COUNT_COLUMNS + 2)

void columns_release(struct columns *columns)
{
    free(columns->cells);
    map_release(&columns->places);
    *columns = (struct columns){0};
}

uint64_t *columns_room(struct columns *columns, size_t cells)
{
    if (columns->capacity <= cells) {
        columns->capacity = cells + 1;                 /* never none: the cells of no rows have an address, too */
        columns->cells = xreallocarray(columns->cells, columns->capacity, sizeof *columns->cells);
    }
    return columns->cells;
}

uint32_t columns_get_rows(struct cursor *in, unsigned least)
{
    uint64_t rows = cursor_bounded(in, FORMAT_ROWS_MAX);
    if (rows * least > cursor_left(in))
        in->bad = true;
    return in->bad ? 0 : (uint32_t)rows;
}

/* tables */

/* The functions of a file come one after the other: their files, and often their names' references, stand close. */
void columns_put_codes(struct buffer *out, uint32_t first, const struct code_row *codes, uint32_t rows)
{
    struct code_row before = {0};
    buffer_varint(out, first);
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; before = codes[i++])
        buffer_signed(out, (uint64_t)codes[i].function - before.function);
    before = (struct code_row){0};
    for (uint32_t i = 0; i < rows; before = codes[i++])
        buffer_signed(out, (uint64_t)codes[i].file - before.file);
    before = (struct code_row){0};
    for (uint32_t i = 0; i < rows; before = codes[i++])
        buffer_signed(out, (uint64_t)codes[i].first_line - before.first_line);
}

void columns_put_frames(struct buffer *out, uint32_t first, const struct trace_frame *frames, uint32_t rows)
{
    buffer_varint(out, first);
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, frames[i].kind);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, (uint32_t)(frames[i].module + 1));
    uint64_t before = 0;
    for (uint32_t i = 0; i < rows; before = frames[i++].address)
        buffer_signed(out, frames[i].address - before);
}

void columns_put_stacks(struct buffer *out, uint32_t first, const struct trace_stack *stacks, uint32_t rows)
{
    buffer_varint(out, first);
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, (uint32_t)(first + i - stacks[i].parent));
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, stacks[i].frame);
}

void columns_put_sites(struct buffer *out, uint32_t first, const struct trace_site *sites, uint32_t rows)
{
    buffer_varint(out, first);
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, sites[i].thread);
    uint64_t before = 0;
    for (uint32_t i = 0; i < rows; before = sites[i++].stack)
        buffer_signed(out, sites[i].stack - before);
}

void columns_get_table_head(struct cursor *in, unsigned least, uint32_t *first, uint32_t *rows)
{
    *first = (uint32_t)cursor_bounded(in, UINT32_MAX);
    *rows = columns_get_rows(in, least);
}

/* A running 32-bit value told by differences. */
static uint32_t get_step32(struct cursor *in, uint64_t *before)
{
    *before += cursor_signed(in);
    if (*before > UINT32_MAX)
        in->bad = true;
    return (uint32_t)*before;
}

void columns_get_codes(struct cursor *in, struct code_row *out, uint32_t rows)
{
    uint64_t function = 0, file = 0, line = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].function = get_step32(in, &function);
    for (uint32_t i = 0; i < rows; i++)
        out[i].file = get_step32(in, &file);
    for (uint32_t i = 0; i < rows; i++)
        out[i].first_line = get_step32(in, &line);
}

void columns_get_frames(struct cursor *in, struct trace_frame *out, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i].kind = (enum trace_frame_kind)cursor_bounded(in, TRACE_FRAME_ARENA);
    for (uint32_t i = 0; i < rows; i++)
        out[i].module = (uint32_t)cursor_bounded(in, UINT32_MAX) - 1;
    uint64_t before = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].address = before += cursor_signed(in);
}

void columns_get_stacks(struct cursor *in, uint32_t first, struct trace_stack *out, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i].parent = first + i - (uint32_t)cursor_bounded(in, UINT32_MAX);
    for (uint32_t i = 0; i < rows; i++)
        out[i].frame = (uint32_t)cursor_bounded(in, UINT32_MAX);
}

void columns_get_sites(struct cursor *in, struct trace_site *out, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i].thread = (uint32_t)cursor_bounded(in, UINT32_MAX);
    uint64_t before = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].stack = get_step32(in, &before);
}

/* what sites did */

/* What `blocks` of `n` blocks hold that hold `bytes` together: exact for all of them, and where all have one size. The
 * columns carry the difference to the guess, which is mostly zero. */
static uint64_t guess_part(uint64_t blocks, uint64_t n, uint64_t bytes)
{
    if (!n)
        return 0;
    return blocks == n ? bytes : blocks * (bytes / n);
}

static uint64_t guess_allocated(const struct trace_counts *counts, uint64_t blocks)
{
    return guess_part(blocks, counts->allocations, counts->allocated_bytes);
}

/* The collected ones are part of the freed ones, whose allocations may lie epochs back. */
static uint64_t guess_collected(const struct trace_counts *counts)
{
    return guess_part(counts->collected, counts->frees, counts->freed_bytes);
}

static void counts_to_cells(const struct trace_counts *counts, uint64_t *cell, size_t stride)
{
    cell[0] = counts->allocations;
    cell[stride] = counts->allocated_bytes;
    cell[2 * stride] = zigzag(counts->frees - counts->allocations);
    cell[3 * stride] = zigzag(counts->freed_bytes - guess_allocated(counts, counts->frees));
    cell[4 * stride] = counts->temporary;
    cell[5 * stride] = zigzag(counts->temporary_bytes - guess_allocated(counts, counts->temporary));
    cell[6 * stride] = counts->inherited;
    cell[7 * stride] = counts->inherited_bytes;
    cell[8 * stride] = counts->collected;
    cell[9 * stride] = zigzag(counts->collected_bytes - guess_collected(counts));
    cell[10 * stride] = counts->moved;
    cell[11 * stride] = counts->moved_bytes;
    cell[12 * stride] = counts->transient;
    cell[13 * stride] = counts->transient_bytes;
}

static void cells_to_counts(const uint64_t *cell, size_t stride, struct trace_counts *counts)
{
    counts->allocations = cell[0];
    counts->allocated_bytes = cell[stride];
    counts->frees = unzigzag(cell[2 * stride]) + counts->allocations;
    counts->freed_bytes = unzigzag(cell[3 * stride]) + guess_allocated(counts, counts->frees);
    counts->temporary = cell[4 * stride];
    counts->temporary_bytes = unzigzag(cell[5 * stride]) + guess_allocated(counts, counts->temporary);
    counts->inherited = cell[6 * stride];
    counts->inherited_bytes = cell[7 * stride];
    counts->collected = cell[8 * stride];
    counts->collected_bytes = unzigzag(cell[9 * stride]) + guess_collected(counts);
    counts->moved = cell[10 * stride];
    counts->moved_bytes = cell[11 * stride];
    counts->transient = cell[12 * stride];
    counts->transient_bytes = cell[13 * stride];
}

static bool any(const uint64_t *cells, uint32_t n)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < n; i++)
        bits |= cells[i];
    return bits != 0;
}

static void put_cells(struct buffer *out, const uint64_t *cells, uint32_t rows, unsigned n_columns)
{
    unsigned mask = 0;
    for (unsigned k = 0; k < n_columns; k++)
        if (any(cells + (size_t)k * rows, rows))
            mask |= 1u << k;
    buffer_varint(out, mask);
    for (unsigned k = 0; k < n_columns; k++)
        for (uint32_t i = 0; mask & 1u << k && i < rows; i++)
            buffer_varint(out, cells[(size_t)k * rows + i]);
}

static void get_cells(struct cursor *in, uint64_t *cells, uint32_t rows, unsigned n_columns)
{
    uint64_t mask = cursor_varint(in);
    for (unsigned k = 0; k < n_columns; k++) {
        uint64_t *column = cells + (size_t)k * rows;
        if (mask >> k & 1)
            for (uint32_t i = 0; i < rows; i++)
                column[i] = cursor_varint(in);
        else
            memset(column, 0, rows * sizeof *column);
    }
}

static uint32_t get_next_site(struct cursor *in, uint64_t *next)
{
    uint64_t site = *next + cursor_bounded(in, UINT32_MAX);
    if (site >= UINT32_MAX) {
        in->bad = true;
        site = 0;
    }
    *next = site + 1;
    return (uint32_t)site;
}

void columns_put_counts(struct columns *columns, struct buffer *out, const struct trace_site_counts *counts, uint32_t rows)
{
    uint64_t *cells = columns_room(columns, (size_t)rows * COUNT_COLUMNS);
    uint64_t next = 0;
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; i++) {
        buffer_varint(out, counts[i].site - next);
        next = (uint64_t)counts[i].site + 1;
        counts_to_cells(&counts[i].counts, cells + i, rows);
    }
    put_cells(out, cells, rows, COUNT_COLUMNS);
}

void columns_get_counts(struct columns *columns, struct cursor *in, struct trace_site_counts *out, uint32_t rows)
{
    uint64_t *cells = columns_room(columns, (size_t)rows * COUNT_COLUMNS);
    uint64_t next = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].site = get_next_site(in, &next);
    get_cells(in, cells, rows, COUNT_COLUMNS);
    for (uint32_t i = 0; i < rows; i++)
        cells_to_counts(cells + i, rows, &out[i].counts);
}

void columns_put_totals(struct columns *columns, struct buffer *out, const struct trace_site_totals *totals, uint32_t rows)
{
    uint64_t *cells = columns_room(columns, (size_t)rows * TOTAL_COLUMNS);
    uint64_t next = 0;
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; i++) {
        buffer_varint(out, totals[i].site - next);
        next = (uint64_t)totals[i].site + 1;
        counts_to_cells(&totals[i].counts, cells + i, rows);
        cells[COUNT_COLUMNS * (size_t)rows + i] = totals[i].peak_bytes;
        cells[(COUNT_COLUMNS + 1) * (size_t)rows + i] = totals[i].peak_blocks;
    }
    put_cells(out, cells, rows, TOTAL_COLUMNS);
}

void columns_get_totals(struct columns *columns, struct cursor *in, struct trace_site_totals *out, uint32_t rows)
{
    uint64_t *cells = columns_room(columns, (size_t)rows * TOTAL_COLUMNS);
    uint64_t next = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].site = get_next_site(in, &next);
    get_cells(in, cells, rows, TOTAL_COLUMNS);
    for (uint32_t i = 0; i < rows; i++) {
        cells_to_counts(cells + i, rows, &out[i].counts);
        out[i].peak_bytes = cells[COUNT_COLUMNS * (size_t)rows + i];
        out[i].peak_blocks = cells[(COUNT_COLUMNS + 1) * (size_t)rows + i];
    }
}

/* lines */

void columns_put_lines(struct buffer *out, const struct trace_line *lines, uint32_t rows)
{
    struct trace_line before = {0};
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; before = lines[i++])
        buffer_signed(out, (uint64_t)lines[i].process - before.process);
    before = (struct trace_line){0};
    for (uint32_t i = 0; i < rows; before = lines[i++])
        buffer_signed(out, (uint64_t)lines[i].code - before.code);
    before = (struct trace_line){0};
    for (uint32_t i = 0; i < rows; before = lines[i++])
        buffer_signed(out, (uint64_t)lines[i].line - before.line);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, lines[i].executed);
    for (uint32_t i = 0; i < rows; i++)
        buffer_signed(out, (uint64_t)lines[i].increment_bytes);
    before = (struct trace_line){0};
    for (uint32_t i = 0; i < rows; before = lines[i++])
        buffer_signed(out, lines[i].live_bytes - before.live_bytes);
}

void columns_get_lines(struct cursor *in, struct trace_line *out, uint32_t rows)
{
    uint64_t process = 0, code = 0, line = 0, live = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].process = get_step32(in, &process);
    for (uint32_t i = 0; i < rows; i++)
        out[i].code = get_step32(in, &code);
    for (uint32_t i = 0; i < rows; i++)
        out[i].line = get_step32(in, &line);
    for (uint32_t i = 0; i < rows; i++)
        out[i].executed = cursor_varint(in);
    for (uint32_t i = 0; i < rows; i++)
        out[i].increment_bytes = (int64_t)cursor_signed(in);
    for (uint32_t i = 0; i < rows; i++)
        out[i].live_bytes = live += cursor_signed(in);
}

/* epochs */

void columns_put_epoch(struct buffer *out, const struct trace_epoch *base, const struct trace_epoch *epoch, uint64_t n_sites)
{
    buffer_varint(out, epoch->process);
    buffer_signed(out, epoch->start_ns - base->end_ns);
    buffer_signed(out, epoch->end_ns - epoch->start_ns);
    buffer_signed(out, epoch->live_bytes - base->live_bytes);
    buffer_signed(out, epoch->live_blocks - base->live_blocks);
    buffer_signed(out, epoch->max_live_bytes - epoch->live_bytes);
    buffer_signed(out, epoch->end_ns - epoch->max_ns);
    buffer_signed(out, epoch->mapped_bytes - base->mapped_bytes);
    buffer_signed(out, epoch->rss_bytes - base->rss_bytes);
    buffer_varint(out, n_sites);
}

void columns_get_epoch(struct cursor *in, const struct trace_epoch *base, struct trace_epoch *epoch, uint64_t *n_sites)
{
    epoch->process = (uint32_t)cursor_bounded(in, UINT32_MAX);
    epoch->start_ns = cursor_signed(in) + base->end_ns;
    epoch->end_ns = cursor_signed(in) + epoch->start_ns;
    epoch->live_bytes = cursor_signed(in) + base->live_bytes;
    epoch->live_blocks = cursor_signed(in) + base->live_blocks;
    epoch->max_live_bytes = cursor_signed(in) + epoch->live_bytes;
    epoch->max_ns = epoch->end_ns - cursor_signed(in);
    epoch->mapped_bytes = cursor_signed(in) + base->mapped_bytes;
    epoch->rss_bytes = cursor_signed(in) + base->rss_bytes;
    *n_sites = cursor_varint(in);
}

/* blocks, events, index */

void columns_put_blocks(struct buffer *out, uint32_t process, const struct trace_block *blocks, uint32_t rows)
{
    struct trace_block before = {0};
    buffer_varint(out, process);
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; before = blocks[i++])
        buffer_signed(out, blocks[i].address - before.address);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, blocks[i].bytes);
    before = (struct trace_block){0};
    for (uint32_t i = 0; i < rows; before = blocks[i++])
        buffer_signed(out, (uint64_t)blocks[i].site - before.site);
    before = (struct trace_block){0};
    for (uint32_t i = 0; i < rows; before = blocks[i++])
        buffer_signed(out, blocks[i].born_ns - before.born_ns);
}

void columns_get_blocks_head(struct cursor *in, uint32_t *process, uint32_t *rows)
{
    *process = (uint32_t)cursor_bounded(in, UINT32_MAX);
    *rows = columns_get_rows(in, 4);
}

void columns_get_blocks(struct cursor *in, struct trace_block *out, uint32_t rows)
{
    uint64_t address = 0, site = 0, born = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].address = address += cursor_signed(in);
    for (uint32_t i = 0; i < rows; i++)
        out[i].bytes = cursor_varint(in);
    for (uint32_t i = 0; i < rows; i++)
        out[i].site = get_step32(in, &site);
    for (uint32_t i = 0; i < rows; i++)
        out[i].born_ns = born += cursor_signed(in);
}

void columns_put_events(struct buffer *out, const struct trace_event *events, uint32_t rows)
{
    struct trace_event before = {0};
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, events[i].kind);
    for (uint32_t i = 0; i < rows; before = events[i++])
        buffer_signed(out, (uint64_t)events[i].thread - before.thread);
    before = (struct trace_event){0};
    for (uint32_t i = 0; i < rows; before = events[i++])
        buffer_signed(out, (uint64_t)events[i].site - before.site);
    before = (struct trace_event){0};
    for (uint32_t i = 0; i < rows; before = events[i++])
        buffer_signed(out, events[i].address - before.address);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, events[i].bytes);
    before = (struct trace_event){0};
    for (uint32_t i = 0; i < rows; before = events[i++])
        buffer_signed(out, events[i].ns - before.ns);
}

void columns_get_events(struct cursor *in, struct trace_event *out, uint32_t rows)
{
    uint64_t thread = 0, site = 0, address = 0, ns = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].kind = (enum trace_event_kind)cursor_bounded(in, TRACE_EVENT_FREE);
    for (uint32_t i = 0; i < rows; i++)
        out[i].thread = get_step32(in, &thread);
    for (uint32_t i = 0; i < rows; i++)
        out[i].site = get_step32(in, &site);
    for (uint32_t i = 0; i < rows; i++)
        out[i].address = address += cursor_signed(in);
    for (uint32_t i = 0; i < rows; i++)
        out[i].bytes = cursor_varint(in);
    for (uint32_t i = 0; i < rows; i++)
        out[i].ns = ns += cursor_signed(in);
}

void columns_put_index(struct buffer *out, const struct chunk_ref *refs, uint32_t rows)
{
    uint64_t offset = 0, first = 0;
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, refs[i].type);
    for (uint32_t i = 0; i < rows; offset = refs[i++].offset)
        buffer_varint(out, refs[i].offset - offset);
    for (uint32_t i = 0; i < rows; first = refs[i++].first_ns)
        buffer_signed(out, refs[i].first_ns - first);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, refs[i].last_ns - refs[i].first_ns);
}

void columns_get_index(struct cursor *in, struct chunk_ref *out, uint32_t rows)
{
    uint64_t offset = 0, first = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].type = (uint8_t)cursor_bounded(in, UINT8_MAX);
    for (uint32_t i = 0; i < rows; i++)
        out[i].offset = offset += cursor_varint(in);
    for (uint32_t i = 0; i < rows; i++)
        out[i].first_ns = first += cursor_signed(in);
    for (uint32_t i = 0; i < rows; i++)
        out[i].last_ns = out[i].first_ns + cursor_varint(in);
}
