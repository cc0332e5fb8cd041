/* Reads a trace file, whole or cut, and distrusts every byte of it (docs/format.md).
 *
 * Tables, totals and losses are held in memory (they grow with distinct sites); epochs, blocks, those of snapshots, and
 * events are streamed from the file, so that memory does not grow with the length of the run.
 */
#ifndef HEAPLINE_TRACE_READER_H
#define HEAPLINE_TRACE_READER_H

#include "model.h"

/* One sentence that says what, where (byte offset) and what to do. */
struct trace_error {
    char text[512];
};

struct trace_frame_symbols {
    const struct trace_symbol *symbols;    /* NULL: not symbolised */
    uint32_t n;
};

struct trace_source {                      /* a file that was only in memory */
    const char *file, *text;
    size_t bytes;
};

struct trace_process_end {                 /* by process id */
    bool ended;
    bool has_totals;                       /* false: cut; totals and sites were added up from the epochs, size classes are 0 */
    struct trace_exit exit;
    struct trace_totals totals;
    const struct trace_site_totals *sites; /* sorted by site */
    size_t n_sites;
    struct trace_losses losses;
    uint64_t last_ns;                      /* the last time anything was heard of it */
};

/* All arrays are owned by the trace and live until trace_close. Ids inside are checked: they index safely. */
struct trace {
    struct trace_run run;
    const struct trace_process *processes;       uint32_t n_processes;
    const struct trace_process_end *ends;        /* n_processes of them */
    const struct trace_thread *threads;          uint32_t n_threads;
    const struct trace_module *modules;          uint32_t n_modules;
    const struct trace_frame *frames;            uint32_t n_frames;
    const struct trace_frame_symbols *symbols;   /* n_frames of them */
    const struct trace_code *codes;              uint32_t n_codes;
    const struct trace_stack *stacks;            uint32_t n_stacks;      /* stacks[0] is the empty root */
    const struct trace_site *sites;              uint32_t n_sites;
    const struct trace_unprofiled *unprofiled;   uint32_t n_unprofiled;
    const struct trace_mark *marks;              uint32_t n_marks;       /* in the order of time */
    const struct trace_python *pythons;          uint32_t n_pythons;
    const struct trace_line *lines;              uint32_t n_lines;       /* ordered by process, code, line */
    const struct trace_source *texts;            uint32_t n_texts;
    const struct trace_snapshot *snapshots;      uint32_t n_snapshots;   /* in the order of time; what a cut took is said in
                                                                            `reasons` */
    struct trace_losses losses;                  /* of the run as a whole */
    bool complete;                               /* false: cut; everything up to cut_offset was recovered */
    uint64_t cut_offset;
    uint64_t file_bytes, end_ns;
};

/* Returns NULL and a sentence in *error when nothing can be recovered: no file, no trace, a newer version. When part of it
 * is recovered (complete is false), *error says why that is not all; else its text is empty. */
struct trace *trace_open(const char *path, struct trace_error *error);
struct trace *trace_open_memory(const void *bytes, size_t n, struct trace_error *error);   /* the caller keeps the bytes */
void trace_close(struct trace *trace);           /* accepts NULL */

/* Stream the whole file in order. A callback returns false to stop. Return 0, or -errno with a sentence in *error. */
typedef bool trace_epoch_fn(void *context, const struct trace_epoch *epoch, const struct trace_site_counts *deltas, size_t n);
typedef bool trace_blocks_fn(void *context, uint32_t process, const struct trace_block *blocks, size_t n);
typedef bool trace_event_fn(void *context, const struct trace_event *event);
int trace_each_epoch(struct trace *trace, trace_epoch_fn *fn, void *context, struct trace_error *error);
int trace_each_block(struct trace *trace, trace_blocks_fn *fn, void *context, struct trace_error *error);
/* `snapshot` is a place in `snapshots`. Blocks come in the order of addresses; fewer than announced: of a cut trace those
 * that are there, of a whole one an error. */
typedef bool trace_snapshot_fn(void *context, const struct trace_snapshot_block *blocks, size_t n);
int trace_each_snapshot_block(struct trace *trace, uint32_t snapshot, trace_snapshot_fn *fn, void *context,
                              struct trace_error *error);
/* The graph of a snapshot, for graph_stream.h: *bytes is malloc'ed. Shorter than announced: of a cut trace what is there, of
 * a whole one an error. */
int trace_read_graph(struct trace *trace, uint32_t snapshot, void **bytes, size_t *n, struct trace_error *error);
int trace_each_event(struct trace *trace, trace_event_fn *fn, void *context, struct trace_error *error);

/* For `heapline dump`: every record as one line of text, chunk headers included. */
typedef bool trace_dump_fn(void *context, uint64_t offset, const char *line);
int trace_dump(const char *path, trace_dump_fn *fn, void *context, struct trace_error *error);
int trace_dump_memory(const void *bytes, size_t n, trace_dump_fn *fn, void *context, struct trace_error *error);

#endif
