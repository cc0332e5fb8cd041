/* Snapshots as columns (docs/format.md has the forms). The point is that most numbers of a row follow from its neighbours: a block
 * begins where an allocator would have put it behind the one before; the words that hold blocks follow each other as the blocks do,
 * or lie close to their block. What is left is small, and mostly the same number again. */
#include "columns.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_COLUMNS 6

/* the first column of a block */
#define STATE_REACH 7u
#define STATE_IGNORED 8u
#define STATE_AT_SHIFT 4
#define STATE_ADDRESS 64u                  /* the address as it is */
#define STATE_MAX 127u

enum at_form {
    AT_NONE,                               /* no number in the column */
    AT_ROW_BEFORE,                         /* in eighths, − that of the last row that has one */
    AT_OWN_BLOCK,                          /* in eighths, − the block's address */
    AT_PLAIN,
};

static bool in_eighths(uint64_t difference) { return !(difference & 7); }
static uint64_t put_eighths(uint64_t difference) { return zigzag((uint64_t)((int64_t)difference >> 3)); }
static uint64_t get_eighths(uint64_t value) { return unzigzag(value) << 3; }

/* Where glibc puts the block behind this one when it is free to. */
static uint64_t next_address(const struct trace_snapshot_block *block)
{
    uint64_t room = (block->bytes + 8 + 15) & ~UINT64_C(15);
    return block->address + (room < 32 ? 32 : room);
}

/* blocks, out */

/* The nearer of both. */
static enum at_form form_of(const struct trace_snapshot_block *block, uint64_t at_before, uint64_t *value)
{
    uint64_t from_row = block->at - at_before, from_own = block->at - block->address;
    bool row = in_eighths(from_row), own = in_eighths(from_own);
    *value = block->at;
    if (!block->at)
        return AT_NONE;
    if (row && (!own || put_eighths(from_row) <= put_eighths(from_own))) {
        *value = put_eighths(from_row);
        return AT_ROW_BEFORE;
    }
    if (!own)
        return AT_PLAIN;
    *value = put_eighths(from_own);
    return AT_OWN_BLOCK;
}

static void blocks_to_cells(const struct trace_snapshot_block *blocks, uint64_t *cells, uint32_t rows)
{
    uint64_t expected = 0, at_before = 0;
    uint64_t *states = cells, *sites = states + rows, *sizes = sites + rows, *addresses = sizes + rows, *ats = addresses + rows;
    for (uint32_t i = 0; i < rows; i++) {
        const struct trace_snapshot_block *block = &blocks[i];
        uint64_t step = block->address - expected;
        enum at_form form = form_of(block, at_before, &ats[i]);
        bool plain = !i || !in_eighths(step);
        states[i] = block->reach | (uint64_t)form << STATE_AT_SHIFT;
        states[i] |= (block->ignored ? STATE_IGNORED : 0) | (plain ? STATE_ADDRESS : 0);
        sites[i] = block->site;
        sizes[i] = block->bytes;
        addresses[i] = plain ? block->address : put_eighths(step);
        expected = next_address(block);
        if (form != AT_NONE)
            at_before = block->at;
    }
}

static int compare_times(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The distinct times, in order; then columns->places knows where each stands. */
static uint32_t list_times(struct columns *columns, const struct trace_snapshot_block *blocks, uint64_t *times, uint32_t rows)
{
    uint32_t n = 0;
    bool fresh;
    map_clear(&columns->places);
    for (uint32_t i = 0; i < rows; i++) {
        if (i && blocks[i].born_ns == blocks[i - 1].born_ns)
            continue;
        map_put(&columns->places, blocks[i].born_ns, &fresh);
        if (fresh)
            times[n++] = blocks[i].born_ns;
    }
    qsort(times, n, sizeof *times, compare_times);
    for (uint32_t i = 0; i < n; i++)
        *map_put(&columns->places, times[i], NULL) = i;
    return n;
}

static void put_times(struct columns *columns, struct buffer *out, const struct trace_snapshot_block *blocks, uint64_t *times,
                      uint32_t rows)
{
    uint32_t n = list_times(columns, blocks, times, rows);
    uint64_t before = 0, place = 0;
    buffer_varint(out, n);
    for (uint32_t i = 0; i < n; before = times[i++])
        buffer_varint(out, times[i] - before);
    for (uint32_t i = 0; i < rows; i++) {
        if (!i || blocks[i].born_ns != blocks[i - 1].born_ns)
            place = *map_get(&columns->places, blocks[i].born_ns);
        buffer_varint(out, place);
    }
}

void columns_put_snapshot_blocks(struct columns *columns, struct buffer *out, uint32_t snapshot, uint64_t first,
                                 const struct trace_snapshot_block *blocks, uint32_t rows)
{
    uint64_t *cells = columns_room(columns, (size_t)rows * BLOCK_COLUMNS);
    const uint64_t *ats = cells + 4 * (size_t)rows;
    buffer_varint(out, snapshot);
    buffer_varint(out, first);
    buffer_varint(out, rows);
    blocks_to_cells(blocks, cells, rows);
    for (size_t i = 0; i < 4 * (size_t)rows; i++)
        buffer_varint(out, cells[i]);
    put_times(columns, out, blocks, cells + 5 * (size_t)rows, rows);
    for (uint32_t i = 0; i < rows; i++)
        if (blocks[i].at)
            buffer_varint(out, ats[i]);
}

/* blocks, in */

void columns_get_snapshot_blocks_head(struct cursor *in, uint32_t *snapshot, uint64_t *first, uint32_t *rows)
{
    *snapshot = (uint32_t)cursor_bounded(in, UINT32_MAX);
    *first = cursor_varint(in);
    *rows = columns_get_rows(in, BLOCK_COLUMNS - 1);
}

static void get_states(struct cursor *in, struct trace_snapshot_block *out, uint64_t *states, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++) {
        states[i] = cursor_bounded(in, STATE_MAX);
        if ((states[i] & STATE_REACH) >= TRACE_REACHES)
            in->bad = true;
        out[i].reach = (enum trace_reach)(states[i] & STATE_REACH);
        out[i].ignored = states[i] & STATE_IGNORED;
    }
}

static void get_places(struct cursor *in, struct trace_snapshot_block *out, const uint64_t *states, uint32_t rows)
{
    uint64_t expected = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].site = (uint32_t)cursor_bounded(in, UINT32_MAX);
    for (uint32_t i = 0; i < rows; i++)
        out[i].bytes = cursor_varint(in);
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t address = cursor_varint(in);
        out[i].address = states[i] & STATE_ADDRESS ? address : expected + get_eighths(address);
        expected = next_address(&out[i]);
    }
}

static void get_times(struct cursor *in, struct trace_snapshot_block *out, uint64_t *times, uint32_t rows)
{
    uint32_t n = (uint32_t)cursor_bounded(in, rows);
    uint64_t time = 0;
    for (uint32_t i = 0; i < n; i++)
        times[i] = time += cursor_varint(in);
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t place = cursor_varint(in);
        if (place >= n)
            in->bad = true;
        out[i].born_ns = place < n ? times[place] : 0;
    }
}

static void get_ats(struct cursor *in, struct trace_snapshot_block *out, const uint64_t *states, uint32_t rows)
{
    uint64_t at_before = 0;
    for (uint32_t i = 0; i < rows; i++) {
        enum at_form form = states[i] >> STATE_AT_SHIFT & 3;
        uint64_t value = form == AT_NONE ? 0 : cursor_varint(in);
        if (form == AT_ROW_BEFORE)
            value = at_before + get_eighths(value);
        if (form == AT_OWN_BLOCK)
            value = out[i].address + get_eighths(value);
        out[i].at = value;
        if (form != AT_NONE)
            at_before = value;
    }
}

void columns_get_snapshot_blocks(struct columns *columns, struct cursor *in, struct trace_snapshot_block *out, uint32_t rows)
{
    uint64_t *states = columns_room(columns, 2 * (size_t)rows);
    get_states(in, out, states, rows);
    get_places(in, out, states, rows);
    get_times(in, out, states + rows, rows);
    get_ats(in, out, states, rows);
}

/* roots and their names */

void columns_put_roots(struct buffer *out, uint32_t snapshot, const struct trace_root *roots, uint32_t rows)
{
    uint64_t end = 0, bias = 0;
    buffer_varint(out, snapshot);
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, roots[i].kind);
    for (uint32_t i = 0; i < rows; end = roots[i++].end)
        buffer_varint(out, roots[i].start - end);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, roots[i].end - roots[i].start);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, (uint32_t)(roots[i].thread + 1));
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, (uint32_t)(roots[i].module + 1));
    for (uint32_t i = 0; i < rows; bias = roots[i++].bias)
        buffer_signed(out, roots[i].bias - bias);
}

void columns_get_roots_head(struct cursor *in, uint32_t *snapshot, uint32_t *rows)
{
    *snapshot = (uint32_t)cursor_bounded(in, UINT32_MAX);
    *rows = columns_get_rows(in, 6);
}

void columns_get_roots(struct cursor *in, struct trace_root *out, uint32_t rows)
{
    uint64_t end = 0, bias = 0;
    for (uint32_t i = 0; i < rows; i++) {
        out[i].kind = (enum trace_root_kind)cursor_bounded(in, TRACE_ROOT_OTHER);
        if (!out[i].kind)
            in->bad = true;
    }
    for (uint32_t i = 0; i < rows; i++)
        out[i].start = cursor_varint(in);
    for (uint32_t i = 0; i < rows; end = out[i++].end) {
        out[i].start += end;
        out[i].end = out[i].start + cursor_varint(in);
    }
    for (uint32_t i = 0; i < rows; i++)
        out[i].thread = (uint32_t)cursor_bounded(in, UINT32_MAX) - 1;
    for (uint32_t i = 0; i < rows; i++)
        out[i].module = (uint32_t)cursor_bounded(in, UINT32_MAX) - 1;
    for (uint32_t i = 0; i < rows; i++)
        out[i].bias = bias += cursor_signed(in);
}

void columns_put_root_names(struct buffer *out, uint32_t snapshot, const struct root_name_row *names, uint32_t rows)
{
    uint64_t before = 0;
    buffer_varint(out, snapshot);
    buffer_varint(out, rows);
    for (uint32_t i = 0; i < rows; before = names[i++].address)
        buffer_varint(out, names[i].address - before);
    for (uint32_t i = 0; i < rows; i++)
        buffer_varint(out, names[i].name);
}

void columns_get_root_names_head(struct cursor *in, uint32_t *snapshot, uint32_t *rows)
{
    *snapshot = (uint32_t)cursor_bounded(in, UINT32_MAX);
    *rows = columns_get_rows(in, 2);
}

void columns_get_root_names(struct cursor *in, struct root_name_row *out, uint32_t rows)
{
    uint64_t address = 0;
    for (uint32_t i = 0; i < rows; i++)
        out[i].address = address += cursor_varint(in);
    for (uint32_t i = 0; i < rows; i++)
        out[i].name = (uint32_t)cursor_bounded(in, UINT32_MAX);
}
