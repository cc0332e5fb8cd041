/* Snapshots but their blocks, which stay in the file. */
#include "load.h"

#include "../base/xalloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *take_snapshot(struct reader *reader, struct cursor *in)
{
    struct record_snapshot record;
    struct trace_snapshot *snapshot = &record.snapshot;
    record_get_snapshot(in, &record);
    if (in->bad || !load_text(reader, record.label, &snapshot->label) || !load_text(reader, record.reasons, &snapshot->reasons) ||
        !load_text(reader, record.unseen, &snapshot->unseen))
        return "the record of a snapshot is malformed";
    if (snapshot->process >= reader->processes.n)
        return "there is a snapshot of a process that does not exist";
    if (reader->parts.n >= FORMAT_SNAPSHOTS_MAX)
        return "it holds more snapshots than a trace may";
    struct snapshot_parts parts = {
        .snapshot = *snapshot, .id = (uint32_t)reader->parts.n,
        .expected_roots = snapshot->n_roots, .expected_names = snapshot->n_names,
        .first_root = reader->roots.n, .first_name = reader->root_names.n,
    };
    parts.snapshot.n_roots = parts.snapshot.n_names = 0;
    vec_push(&reader->parts, parts);
    load_heard_of(reader, snapshot->process, snapshot->ns);
    return NULL;
}

/* Roots and names stand behind their snapshot and before the next one. */
static struct snapshot_parts *last_parts(struct reader *reader, uint32_t id)
{
    return id < reader->parts.n && id == reader->parts.n - 1 ? &reader->parts.items[id] : NULL;
}

static bool root_stands(const struct reader *reader, const struct trace_root *root, uint64_t least)
{
    return root->start >= least && root->end >= root->start && (root->thread == TRACE_NONE || root->thread < reader->threads.n) &&
           (root->module == TRACE_NONE || root->module < reader->modules.n);
}

static const char *take_roots(struct reader *reader, struct cursor *in)
{
    uint32_t id, rows;
    columns_get_roots_head(in, &id, &rows);
    struct snapshot_parts *parts = last_parts(reader, id);
    if (!parts || rows > parts->expected_roots - parts->snapshot.n_roots || rows > FORMAT_IDS_MAX - reader->roots.n)
        return "there are roots that no snapshot announced";
    vec_reserve(&reader->roots, rows + 1);
    struct trace_root *roots = reader->roots.items + reader->roots.n;
    columns_get_roots(in, roots, rows);
    if (in->bad)
        return "a record of roots is malformed";
    uint64_t least = parts->snapshot.n_roots ? roots[-1].end : 0;
    for (uint32_t i = 0; i < rows; least = roots[i++].end)
        if (!root_stands(reader, &roots[i], least))
            return "a root is out of order or names a thread or a module that does not exist";
    reader->roots.n += rows;
    parts->snapshot.n_roots += rows;
    return NULL;
}

static const char *take_root_names(struct reader *reader, struct cursor *in)
{
    uint32_t id, rows;
    columns_get_root_names_head(in, &id, &rows);
    struct snapshot_parts *parts = last_parts(reader, id);
    if (!parts || rows > parts->expected_names - parts->snapshot.n_names || rows > FORMAT_IDS_MAX - reader->root_names.n)
        return "there are names of roots that no snapshot announced";
    struct root_name_row *names = xcalloc(rows + 1, sizeof *names);
    columns_get_root_names(in, names, rows);
    const char *wrong = in->bad ? "a record of root names is malformed" : NULL;
    vec_reserve(&reader->root_names, rows + 1);
    struct trace_root_name *out = reader->root_names.items + reader->root_names.n;
    uint64_t least = parts->snapshot.n_names ? out[-1].address : 0;
    for (uint32_t i = 0; i < rows && !wrong; least = names[i++].address) {
        out[i].address = names[i].address;
        if (names[i].address < least || !load_text(reader, names[i].name, &out[i].name))
            wrong = "the name of a root is out of order or a string that does not exist";
    }
    if (!wrong) {
        reader->root_names.n += rows;
        parts->snapshot.n_names += rows;
    }
    free(names);
    return wrong;
}

const char *load_snapshot(struct reader *reader, struct record *record)
{
    switch (record->kind) {
    case FORMAT_SNAPSHOT: return take_snapshot(reader, &record->payload);
    case FORMAT_ROOTS: return take_roots(reader, &record->payload);
    default: return take_root_names(reader, &record->payload);
    }
}

/* What a cut left */

/* Adds the rows of a chunk to their snapshots, and notes in the list of chunks whose they are, as the index would have it. */
static void count_chunk(struct reader *reader, struct chunk_ref *ref, struct cursor payload)
{
    struct record record;
    bool timed = false;
    while (record_next(&payload, &record)) {
        uint32_t id, rows;
        uint64_t first;
        if (record.kind != FORMAT_SNAPSHOT_BLOCKS)
            continue;
        columns_get_snapshot_blocks_head(&record.payload, &id, &first, &rows);
        if (id >= reader->parts.n)
            continue;
        struct snapshot_parts *parts = &reader->parts.items[id];
        if (first == parts->rows)
            parts->rows += rows;
        if (!timed || parts->snapshot.ns < ref->first_ns)
            ref->first_ns = parts->snapshot.ns;
        if (!timed || parts->snapshot.ns > ref->last_ns)
            ref->last_ns = parts->snapshot.ns;
        timed = true;
    }
}

static void count_rows(struct reader *reader)
{
    struct loader loader = {0};
    for (size_t i = 0; i < reader->chunks.n; i++) {
        struct chunk_ref *ref = &reader->chunks.items[i];
        struct chunk chunk;
        struct cursor payload;
        if (ref->type == FORMAT_SNAPSHOTS && !chunk_look(&reader->input, ref->offset, &chunk, NULL) &&
            !chunk_load(&loader, &reader->input, &chunk, &payload, NULL))
            count_chunk(reader, ref, payload);
    }
    loader_release(&loader);
}

static void add_reason(struct reader *reader, struct trace_snapshot *snapshot, const char *reason)
{
    size_t n = strlen(snapshot->reasons), bytes = n + strlen(reason) + 2;
    char *text = arena_alloc(&reader->arena, bytes);
    snprintf(text, bytes, "%s%s%s", snapshot->reasons, n ? "\n" : "", reason);
    snapshot->reasons = text;
}

static void tell_what_is_missing(struct reader *reader, struct snapshot_parts *parts)
{
    char reason[128];
    if (parts->snapshot.n_roots < parts->expected_roots || parts->snapshot.n_names < parts->expected_names)
        add_reason(reader, &parts->snapshot, "the trace was cut before all its roots were written");
    if (reader->trace.complete || parts->rows >= parts->snapshot.blocks)
        return;
    snprintf(reason, sizeof reason, "the trace was cut before all its blocks were written: %" PRIu64 " of %" PRIu64 " are there",
             parts->rows, parts->snapshot.blocks);
    add_reason(reader, &parts->snapshot, reason);
}

static int compare_parts(const void *a, const void *b)
{
    const struct snapshot_parts *x = a, *y = b;
    if (x->snapshot.ns != y->snapshot.ns)
        return x->snapshot.ns < y->snapshot.ns ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

void load_snapshots(struct reader *reader)
{
    if (!reader->trace.complete)
        count_rows(reader);
    vec_sort(&reader->parts, compare_parts);
    vec_reserve(&reader->roots, 1);                    /* so that none have an address, too */
    vec_reserve(&reader->root_names, 1);
    for (size_t i = 0; i < reader->parts.n; i++) {
        struct snapshot_parts *parts = &reader->parts.items[i];
        tell_what_is_missing(reader, parts);
        parts->snapshot.roots = reader->roots.items + parts->first_root;
        parts->snapshot.names = reader->root_names.items + parts->first_name;
        vec_push(&reader->snapshots, parts->snapshot);
    }
}
