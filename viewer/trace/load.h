/* Inside the reader: what trace_open builds, shared by the files that fill it. */
#ifndef HEAPLINE_TRACE_LOAD_H
#define HEAPLINE_TRACE_LOAD_H

#include "../base/arena.h"
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
    struct columns columns;
};

/* Rooms for rows are made one row too large, so that those of an empty record have an address. */

/* Take a chunk's records in. NULL, or what is wrong with them; what came before the wrong record stays. */
const char *load_tables(struct reader *reader, struct cursor payload);
const char *load_totals(struct reader *reader, struct cursor payload);

/* The string of a reference: NULL for reference 0. false: there is no such string. */
bool load_string(const struct reader *reader, uint32_t reference, const char **text);

/* Fills the totals of processes that have none from the epochs, in two passes. Damage on the way cuts the trace there. */
void load_replay(struct reader *reader, struct trace_error *error);

/* trace_each_epoch that also names the chunk in which it failed (by place in reader->chunks). */
int stream_epochs(struct reader *reader, trace_epoch_fn *fn, void *context, size_t *failed, struct trace_error *error);

#endif
