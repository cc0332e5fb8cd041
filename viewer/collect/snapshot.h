/* Snapshots, the collector's side of lib/wire/snapshot.h: from a target's hello to the rows in the trace.
 *
 *   hello     the target's threads stand still; it says so over a connection that stays open. The snapshot waits for the cut.
 *   cut       rings are read up to where they were then, no further (drain.c). When all are, the live map is that of the moment: its blocks go
 *             into a table (snapshot_table.h), the target's epoch ends, cut_taken tells the target, and the rings are read on. Hello
 *             and cut may be met in either order.
 *   search    a thread of ours, one a snapshot, sorts the table, lends it to the marker, waits for its word or its end, checks what came
 *             back and names the roots' words. The main thread meanwhile reads rings.
 *   writing   the main thread writes the rows, a slice a turn, one snapshot after the other.
 *
 * Whatever goes wrong on the way, the snapshot is written all the same, with the reason and blocks of which nothing is known. A snapshot needs nothing of its
 * target behind the cut: that may end, execute another program or be given back.
 */
#ifndef HEAPLINE_COLLECT_SNAPSHOT_H
#define HEAPLINE_COLLECT_SNAPSHOT_H

#include "../base/strbuf.h"
#include "../base/vec.h"
#include "../trace/model.h"
#include "snapshot_table.h"

#include <pthread.h>
#include <stdatomic.h>

struct collector;
struct hl_hello;
struct target;

enum snapshot_state {
    SNAPSHOT_HELLO,                       /* it has a connection, no table */
    SNAPSHOT_CUT,                         /* it has a table, no connection */
    SNAPSHOT_SEARCH,                      /* the thread is at work, all but `state` is the thread's */
    SNAPSHOT_SEARCHED,                    /* the thread is through */
    SNAPSHOT_WRITING,
};

/* Where a module stood at the cut; its file. */
struct snapshot_module {
    uint64_t start, end, bias;
    uint32_t trace;
    struct trace_module file;             /* path: owned by the collector, which outlives the snapshot */
};

struct snapshot_thread {
    int32_t tid;
    uint32_t trace;
};

struct snapshot {
    struct collector *collector;
    _Atomic uint32_t state;               /* enum snapshot_state */
    uint64_t serial;
    uint32_t process;                     /* id in the trace */
    int32_t pid;
    uint32_t number, cause;
    char *label;
    int connection;                       /* -1: none */
    bool asked;                           /* request.h: it answers the request of its target */
    bool orphan;                          /* its number is another's now: no cut comes any more */
    uint64_t silent_ns;                   /* when its connection was first seen to have ended before the cut; 0: not yet */

    uint64_t ns;                          /* the cut's time */
    struct snapshot_table table;
    VEC(struct snapshot_module) modules;
    VEC(struct snapshot_thread) threads;

    pthread_t worker;
    bool working, judged;                 /* judged: every block's reach is the marker's word */
    struct trace_snapshot found;          /* what the marker counted */
    VEC(struct trace_root) roots;
    VEC(struct trace_root_name) names;
    struct strbuf reasons, unseen;        /* as struct trace_snapshot has them */
    struct strbuf graph;                  /* as the marker wrote it (lib/wire/graph.h) */

    uint32_t trace;                       /* its id there */
    uint64_t written, bytes;              /* rows; bytes of the blocks in them */
    uint64_t graph_written;
};

/* All that are under way. Zeroes are a good beginning. */
struct snapshots {
    VEC(struct snapshot *) all;
    int abandon;                          /* eventfd: searching is to end; made with the first snapshot */
    bool has_abandon;
    struct root_names *names;
};

/* HL_HELLO_SNAPSHOT by the process `pid`. True: the connection is the snapshot's now. */
bool snapshot_hello(struct collector *collector, int connection, const struct hl_hello *hello, int32_t pid);

/* All rings of the target were read up to the cut of snapshot `number`: takes the table and lets the rings be read on. */
void snapshot_cut(struct target *target, uint32_t number);

/* All that the target published was read, and no more comes: a snapshot that still waits for its cut has it now. */
void snapshot_target_ends(struct target *target);

/* Is one of this target under way? */
bool snapshot_is_under_way(const struct collector *collector, const struct target *target);

/* Does what there is to do now. True: there is more to do at once. */
bool snapshot_turn(struct collector *collector);

/* The recording ends: no search goes on, what there is is written. */
void snapshot_finish(struct collector *collector);

/* snapshot_search.c: the thread. */
void *snapshot_search(void *snapshot);

#endif
