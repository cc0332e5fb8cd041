/* For tests of snapshots: a real collector, and a process that speaks a target's side of the protocol by hand, well or badly. */
#ifndef HEAPLINE_TESTS_SNAPSHOT_FAKE_H
#define HEAPLINE_TESTS_SNAPSHOT_FAKE_H

#include "../../lib/wire/record.h"
#include "../../lib/wire/snapshot.h"
#include "../../viewer/collect/collector.h"
#include "../../viewer/trace/reader.h"

/* ---- the process. What goes wrong here ends it with FAKE_FAILED. ---- */

#define FAKE_FAILED 77

struct fake {
    const char *socket_path;
    int ready;                            /* one byte written here lets the collector go on reading */
    struct hl_board *board;
    struct hl_segment *segment;
    uint64_t serial;
};

typedef void fake_fn(struct fake *fake);

#define FAKE_WORDS(...) (uint64_t[]){__VA_ARGS__}, sizeof (uint64_t[]){__VA_ARGS__} / sizeof(uint64_t)

/* A record behind the others of the ring. Rings begin with a THREAD record by themselves, of the tid 1000 + ring. */
void fake_write(struct fake *fake, uint32_t ring, const uint64_t *words, size_t n);
void fake_alloc(struct fake *fake, uint32_t ring, uint64_t address, uint64_t bytes);
void fake_free(struct fake *fake, uint32_t ring, uint64_t address);

/* Says hello for a snapshot; returns the connection. */
int fake_hello(struct fake *fake, uint32_t number, enum hl_snapshot_cause cause, const char *label);
void fake_note_cut(struct fake *fake, uint32_t number);

/* Lets the collector read on, and waits until it took the cut. */
void fake_let_read(struct fake *fake);
void fake_await_taken(struct fake *fake, uint32_t number);

/* The marker's side: the table, mapped; whatever there is of it is checked. Then the word that it is done. */
struct hl_snapshot *fake_receive(int connection);
struct hl_snapshot_block *fake_blocks(struct hl_snapshot *table);
struct hl_snapshot_block *fake_block(struct hl_snapshot *table, uint64_t start);      /* ends the process when there is none */
void fake_judge(struct hl_snapshot *table, uint64_t start, enum hl_reach reach, uint64_t at);
void fake_judge_all(struct hl_snapshot *table, enum hl_reach reach);
void fake_root(struct hl_snapshot *table, uint64_t start, uint64_t end, enum hl_root_kind kind, uint32_t tid);
void fake_done(int connection, uint32_t number);
void fake_check(bool right);

/* ---- the collector ---- */

struct fake_run {
    struct collector collector;
    char path[64];
    int status;                           /* of the process, as waitpid gives it */
    struct trace *trace;
    struct trace_snapshot_block *rows;    /* of the first snapshot */
    size_t n_rows;
};

/* Starts a process that does `fn`. Its first words are read only when it lets them. */
void fake_start(struct fake_run *run, fake_fn *fn);

/* Turns until the process and its snapshots ended, and opens the trace. */
void fake_finish(struct fake_run *run);
void fake_run(struct fake_run *run, fake_fn *fn);                 /* both */
void fake_open_trace(struct fake_run *run);
void fake_close(struct fake_run *run);

/* The row of a block; NULL: there is none. */
const struct trace_snapshot_block *fake_row(const struct fake_run *run, uint64_t start);

#endif
