/* Snapshots: their record with roots and names, their blocks, their graphs. */
#include "writer_parts.h"

#include "../base/xalloc.h"

#include <stdlib.h>

static int compare_roots(const void *a, const void *b)
{
    const struct trace_root *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* What the format wants whatever the target said: sorted, disjoint. Returns how many stay. */
static uint32_t settle_roots(struct trace_root *roots, uint32_t n)
{
    uint32_t kept = 0;
    uint64_t end = 0;
    qsort(roots, n, sizeof *roots, compare_roots);
    for (uint32_t i = 0; i < n; i++) {
        struct trace_root root = roots[i];
        if (root.start < end)
            root.start = end;
        if (root.start >= root.end)
            continue;
        end = root.end;
        roots[kept++] = root;
    }
    return kept;
}

static int compare_names(const void *a, const void *b)
{
    const struct root_name_row *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

static void put_roots(struct trace_writer *writer, uint32_t id, const struct trace_root *roots, uint32_t n)
{
    for (uint32_t done = 0; done < n;) {
        uint32_t rows = writer_part_of(n - done);
        columns_put_roots(&writer->payload, id, roots + done, rows);
        writer_end_record(writer, &writer->new_rows, FORMAT_ROOTS);
        writer_limit_tables(writer);
        done += rows;
    }
}

static void put_root_names(struct trace_writer *writer, uint32_t id, const struct root_name_row *names, uint32_t n)
{
    for (uint32_t done = 0; done < n;) {
        uint32_t rows = writer_part_of(n - done);
        columns_put_root_names(&writer->payload, id, names + done, rows);
        writer_end_record(writer, &writer->new_rows, FORMAT_ROOT_NAMES);
        writer_limit_tables(writer);
        done += rows;
    }
}

void writer_collect_snapshot_blocks(struct trace_writer *writer)
{
    uint32_t rows = (uint32_t)writer->snapshot_blocks.n;
    if (!rows)
        return;
    struct snapshot_state *snapshot = &writer->snapshots.items[writer->snapshot];
    struct open_chunk *chunk = &writer->chunks[FORMAT_SNAPSHOTS];
    columns_put_snapshot_blocks(&writer->columns, &writer->payload, writer->snapshot, snapshot->rows,
                                writer->snapshot_blocks.items, rows);
    writer_end_record(writer, &chunk->raw, FORMAT_SNAPSHOT_BLOCKS);
    writer_chunk_spans(chunk, snapshot->ns, snapshot->ns);
    snapshot->rows += rows;
    vec_clear(&writer->snapshot_blocks);
    writer_limit_chunk(writer, FORMAT_SNAPSHOTS);
}

/* Strings are looked up first: that may send the rows before on their way, and a snapshot's records belong together. */
uint32_t trace_write_snapshot(struct trace_writer *writer, const struct trace_snapshot *snapshot)
{
    struct record_snapshot record = {
        .snapshot = *snapshot,
        .label = writer_string(writer, snapshot->label),
        .reasons = writer_string(writer, snapshot->reasons),
        .unseen = writer_string(writer, snapshot->unseen),
    };
    struct snapshot_state state = {.ns = snapshot->ns};
    uint32_t id = (uint32_t)writer->snapshots.n, n_names = snapshot->n_names;
    struct root_name_row *names = xcalloc(n_names + (size_t)1, sizeof *names);
    struct trace_root *roots = xcalloc(snapshot->n_roots + (size_t)1, sizeof *roots);
    for (uint32_t i = 0; i < n_names; i++)
        names[i] = (struct root_name_row){snapshot->names[i].address, writer_string(writer, snapshot->names[i].name)};
    qsort(names, n_names, sizeof *names, compare_names);
    for (uint32_t i = 0; i < snapshot->n_roots; i++)
        roots[i] = snapshot->roots[i];
    record.snapshot.n_roots = settle_roots(roots, snapshot->n_roots);
    record_put_snapshot(&writer->payload, &record);
    writer_end_record(writer, &writer->new_rows, FORMAT_SNAPSHOT);
    put_roots(writer, id, roots, record.snapshot.n_roots);
    put_root_names(writer, id, names, n_names);
    free(names);
    free(roots);
    writer_limit_tables(writer);
    vec_push(&writer->snapshots, state);
    return id;
}

uint32_t trace_writer_snapshot_place(const struct trace_writer *writer, uint32_t snapshot)
{
    uint64_t ns = writer->snapshots.items[snapshot].ns;
    uint32_t place = 0;
    for (uint32_t i = 0; i < writer->snapshots.n; i++)
        place += writer->snapshots.items[i].ns < ns || (writer->snapshots.items[i].ns == ns && i < snapshot);
    return place;
}

void trace_write_snapshot_blocks(struct trace_writer *writer, uint32_t snapshot, const struct trace_snapshot_block *blocks,
                                 size_t n)
{
    if (snapshot != writer->snapshot)
        writer_collect_snapshot_blocks(writer);
    writer->snapshot = snapshot;
    for (size_t done = 0; done < n;) {
        size_t room = FORMAT_ROWS_MAX - writer->snapshot_blocks.n, part = n - done < room ? n - done : room;
        vec_append(&writer->snapshot_blocks, blocks + done, part);
        done += part;
        if (writer->snapshot_blocks.n == FORMAT_ROWS_MAX)
            writer_collect_snapshot_blocks(writer);
    }
}

void trace_write_graph(struct trace_writer *writer, uint32_t snapshot, const void *bytes, size_t n)
{
    struct snapshot_state *state = &writer->snapshots.items[snapshot];
    struct open_chunk *chunk = &writer->chunks[FORMAT_GRAPHS];
    for (size_t done = 0; done < n;) {
        size_t part = n - done < GRAPH_PART ? n - done : GRAPH_PART;
        buffer_varint(&writer->payload, snapshot);
        buffer_varint(&writer->payload, state->graph);
        buffer_put(&writer->payload, (const char *)bytes + done, part);
        writer_end_record(writer, &chunk->raw, FORMAT_GRAPH_PART);
        writer_chunk_spans(chunk, state->ns, state->ns);
        state->graph += part;
        done += part;
        writer_limit_chunk(writer, FORMAT_GRAPHS);
    }
}
