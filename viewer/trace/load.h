/* Inside the reader: what trace_open builds, shared by the files that fill it. */
#ifndef HEAPLINE_TRACE_LOAD_H
#define HEAPLINE_TRACE_LOAD_H

#include "../base/arena.h"
#include "../base/map.h"
#include "../base/vec.h"
#include "columns.h"
#include "record.h"
#include "input.h"

struct site_list {                         /* a process's site totals while they come in */
    struct trace_site_totals *items;
    size_t n, capacity;
    uint64_t expected;
    bool begun;
};

struct snapshot_parts {                    /* a snapshot while its parts come in */
    struct trace_snapshot snapshot;        /* n_roots and n_names: those that came */
    uint32_t id;                           /* in the file */
    uint32_t expected_roots, expected_names;
    size_t first_root, first_name;         /* places in the reader's roots and root_names */
    uint64_t rows;                         /* blocks that are in the file: counted when it was cut only */
};

struct reader {
    struct trace trace;                    /* the view that users see; first, so that a trace is its reader */
    struct input input;
    VEC(struct chunk_ref) chunks;          /* all that can be read, in the order of the file */
    struct arena arena;                    /* strings and symbols */
    bool has_run;

    VEC(const char *) strings;             /* by reference; [0] is NULL */
    VEC(struct trace_process) processes;
    VEC(struct trace_process_end) ends;
    VEC(struct site_list) lists;           /* by process, like ends */
    VEC(struct trace_thread) threads;
    VEC(struct trace_module) modules;
    VEC(struct trace_code) codes;
    VEC(struct trace_frame) frames;
    VEC(struct trace_frame_symbols) symbols;
    VEC(struct trace_stack) stacks;
    VEC(struct trace_site) sites;
    VEC(struct trace_unprofiled) unprofiled;
    VEC(struct trace_mark) marks;
    VEC(struct trace_python) pythons;
    VEC(struct trace_line) lines;
    VEC(struct trace_source) texts;
    VEC(struct snapshot_parts) parts;      /* by id in the file; from load_snapshots on like `snapshots` */
    VEC(struct trace_snapshot) snapshots;
    VEC(struct trace_root) roots;          /* of all snapshots */
    VEC(struct trace_root_name) root_names;
    struct map text_of;                    /* reference of a file's name -> its place in texts */
    struct columns columns;
};

/* Rooms for rows are made one row too large, so that those of an empty record have an address. */

/* Take a record of a TABLES or a TOTALS chunk in. NULL, or what is wrong with it: then nothing of it stays. */
const char *load_table(struct reader *reader, struct record *record);
const char *load_total(struct reader *reader, struct record *record);

const char *load_snapshot(struct reader *reader, struct record *record);       /* load_table hands it what belongs to snapshots */

static inline void load_heard_of(struct reader *reader, uint32_t process, uint64_t ns)
{
    struct trace_process_end *end = &reader->ends.items[process];
    if (end->last_ns < ns)
        end->last_ns = ns;
}

/* The string of a reference: "" for reference 0; load_string: NULL. false: there is no such string. */
bool load_text(const struct reader *reader, uint32_t reference, const char **text);
bool load_string(const struct reader *reader, uint32_t reference, const char **text);

/* Marks, interpreters and lines in the order that reader.h promises; of those that came again the last stays. */
void load_order(struct reader *reader);

/* Puts the snapshots in the order that reader.h promises. What a cut took from one is said among its reasons. */
void load_snapshots(struct reader *reader);

/* Fills the totals of processes that have none from the epochs, in two passes. Damage on the way cuts the trace there. */
void load_replay(struct reader *reader, struct trace_error *error);

/* trace_each_epoch that also names the chunk in which it failed (by place in reader->chunks). */
int stream_epochs(struct reader *reader, trace_epoch_fn *fn, void *context, size_t *failed, struct trace_error *error);

#endif
