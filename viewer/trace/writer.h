/* Writes a trace file (docs/format.md). One thread only. Never used inside the target.
 *
 * Errors of the disk are sticky: after the first one every call is a no-op and trace_writer_error says -errno;
 * ids are handed out all the same, so that a collector need not look after each call.
 */
#ifndef HEAPLINE_TRACE_WRITER_H
#define HEAPLINE_TRACE_WRITER_H

#include "model.h"

struct trace_writer;

/* Creates or truncates `path`. Returns 0 and *writer, or -errno. Strings of `run` are copied. */
int trace_writer_create(struct trace_writer **writer, const char *path, const struct trace_run *run);

/* Each returns the new id. Strings are copied and interned by the writer. */
uint32_t trace_write_process(struct trace_writer *writer, const struct trace_process *process);
uint32_t trace_write_thread(struct trace_writer *writer, const struct trace_thread *thread);
uint32_t trace_write_module(struct trace_writer *writer, const struct trace_module *module);
uint32_t trace_write_frame(struct trace_writer *writer, const struct trace_frame *frame);
uint32_t trace_write_stack(struct trace_writer *writer, const struct trace_stack *stack); /* first call returns 1 */
uint32_t trace_write_site(struct trace_writer *writer, const struct trace_site *site);

/* Before the frames that name it. TRACE_FRAME_PYTHON frames need no symbols: readers make them from this. */
uint32_t trace_write_code(struct trace_writer *writer, const struct trace_code *code);

/* The text of a file that is only in memory ("<string>", a notebook's cell): the last one counts. */
void trace_write_source(struct trace_writer *writer, const char *file, const char *text, size_t bytes);

/* A thread's name, learnt late: the last one counts. */
void trace_write_thread_name(struct trace_writer *writer, uint32_t thread, const char *name);

/* `deltas` may stand in any order; sites that did nothing are left out by the caller. */
void trace_write_epoch(struct trace_writer *writer, const struct trace_epoch *epoch,
                       const struct trace_site_counts *deltas, size_t n);
void trace_write_totals(struct trace_writer *writer, const struct trace_totals *totals,
                        const struct trace_site_totals *sites, size_t n);
/* In pieces of any length, sorted by address inside a piece. */
void trace_write_blocks(struct trace_writer *writer, uint32_t process, const struct trace_block *blocks, size_t n);
void trace_write_event(struct trace_writer *writer, const struct trace_event *event);
/* A snapshot begins (n_roots, roots, names and reasons are taken too; returns its id). Roots and names may come in any order;
 * where roots overlap, the one that begins first has it. Its blocks follow in pieces of any length, in the order of addresses,
 * `blocks` in all. Those of several snapshots do not mix, other records may stand between. */
uint32_t trace_write_snapshot(struct trace_writer *writer, const struct trace_snapshot *snapshot);
/* Its place among those written so far, in the order of time, as readers count them; from 0. */
uint32_t trace_writer_snapshot_place(const struct trace_writer *writer, uint32_t snapshot);
void trace_write_snapshot_blocks(struct trace_writer *writer, uint32_t snapshot, const struct trace_snapshot_block *blocks,
                                 size_t n);
/* The reference graph of a snapshot, in pieces of any length; graph_bytes were announced. */
void trace_write_graph(struct trace_writer *writer, uint32_t snapshot, const void *bytes, size_t n);
void trace_write_exit(struct trace_writer *writer, const struct trace_exit *exit);
void trace_write_losses(struct trace_writer *writer, const struct trace_losses *losses);
void trace_write_mark(struct trace_writer *writer, const struct trace_mark *mark);
void trace_write_python(struct trace_writer *writer, const struct trace_python *python);
void trace_write_lines(struct trace_writer *writer, const struct trace_line *lines, size_t n);
void trace_write_unprofiled(struct trace_writer *writer, const struct trace_unprofiled *unprofiled);
void trace_write_symbols(struct trace_writer *writer, uint32_t frame, const struct trace_symbol *symbols, size_t n);

/* Puts everything written so far on its way to the file, so that a cut loses nothing before. Returns 0 or -errno. */
int trace_writer_flush(struct trace_writer *writer);
int trace_writer_error(const struct trace_writer *writer);
uint64_t trace_writer_bytes(const struct trace_writer *writer);   /* file bytes so far, after compression */

/* Flushes, writes the index and closes. Returns 0 or -errno; frees the writer in either case. Accepts NULL. */
int trace_writer_close(struct trace_writer *writer);

#endif
