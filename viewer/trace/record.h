/* Records as bytes and back, field by field (docs/format.md). Decoders check the form: lengths, enumerations, 32-bit ids.
 * Whether an id exists is the reader's to check. A decoder that runs out of bytes sets cursor->bad. */
#ifndef HEAPLINE_TRACE_RECORD_H
#define HEAPLINE_TRACE_RECORD_H

#include "format.h"
#include "model.h"
#include "varint.h"

/* Strings travel as references: 0 is no string (NULL), n is the n-th STRING of the file. */
struct record_run {
    uint64_t unix_ns;
    uint32_t command, host, version;
};

struct record_process {
    struct trace_process process;          /* but its strings */
    uint32_t command, executable;
};

struct record_thread {
    struct trace_thread thread;            /* but its name */
    uint32_t name;
};

struct record_thread_name {
    uint32_t thread, name;
};

struct record_module {
    struct trace_module module;            /* but its path */
    uint32_t path;
};

struct record_source {
    uint32_t file;
    const uint8_t *text;                   /* inside the record */
    size_t bytes;
};

struct record_symbol {
    uint32_t function, file, line;
};

struct record_unprofiled {
    struct trace_unprofiled child;         /* but its strings */
    uint32_t path, reason;
};

struct record_mark {
    struct trace_mark mark;                /* but its label */
    uint32_t label;
};

struct record_python {
    struct trace_python python;            /* but its reason */
    uint32_t reason;
};

struct record_snapshot {
    struct trace_snapshot snapshot;        /* but its strings, roots and names; n_roots and n_names are those that follow */
    uint32_t label, reasons, unseen;
};

/* Puts kind, length and payload of a record. */
void record_put(struct buffer *out, enum format_kind kind, const struct buffer *payload);

/* The next record of a chunk: false at its end, or when it is malformed (chunk->bad). Unknown kinds are given as well. */
struct record {
    uint64_t kind;
    struct cursor payload;
};
bool record_next(struct cursor *chunk, struct record *record);

void record_put_run(struct buffer *out, const struct record_run *run);
void record_put_process(struct buffer *out, const struct record_process *process);
void record_put_thread(struct buffer *out, const struct record_thread *thread);
void record_put_thread_name(struct buffer *out, const struct record_thread_name *name);
void record_put_module(struct buffer *out, const struct record_module *module);
void record_put_symbols(struct buffer *out, uint32_t frame, const struct record_symbol *symbols, uint32_t n);
void record_put_source(struct buffer *out, const struct record_source *source);
void record_put_snapshot(struct buffer *out, const struct record_snapshot *snapshot);
void record_put_totals(struct buffer *out, const struct trace_totals *totals, uint64_t n_sites);
void record_put_exit(struct buffer *out, const struct trace_exit *ending);
void record_put_losses(struct buffer *out, const struct trace_losses *losses);
void record_put_unprofiled(struct buffer *out, const struct record_unprofiled *unprofiled);
void record_put_mark(struct buffer *out, const struct record_mark *mark);
void record_put_python(struct buffer *out, const struct record_python *python);

void record_get_run(struct cursor *in, struct record_run *run);
void record_get_process(struct cursor *in, struct record_process *process);
void record_get_thread(struct cursor *in, struct record_thread *thread);
void record_get_thread_name(struct cursor *in, struct record_thread_name *name);
void record_get_module(struct cursor *in, struct record_module *module);
void record_get_symbols_head(struct cursor *in, uint32_t *frame, uint32_t *n);   /* n symbols follow */
void record_get_symbol(struct cursor *in, struct record_symbol *symbol);
void record_get_source(struct cursor *in, struct record_source *source);
void record_get_snapshot(struct cursor *in, struct record_snapshot *snapshot);
void record_get_totals(struct cursor *in, struct trace_totals *totals, uint64_t *n_sites);
void record_get_exit(struct cursor *in, struct trace_exit *ending);
void record_get_losses(struct cursor *in, struct trace_losses *losses);
void record_get_unprofiled(struct cursor *in, struct record_unprofiled *unprofiled);
void record_get_mark(struct cursor *in, struct record_mark *mark);
void record_get_python(struct cursor *in, struct record_python *python);

#endif
