/* The collector: owns the run's directory and socket, welcomes processes, drains their rings, writes the trace.
 *
 * One thread does the work. A second one only waits for connections and deaths (epoll) and rings the doorbell on the board, so that the
 * first can sleep on a single futex, which targets ring too when a ring fills.
 */
#ifndef HEAPLINE_COLLECT_COLLECTOR_H
#define HEAPLINE_COLLECT_COLLECTOR_H

#include "../../lib/wire/hello.h"
#include "../../lib/wire/segment.h"
#include "../trace/writer.h"
#include "fold.h"
#include "request.h"
#include "snapshot.h"
#include "target.h"

#include <pthread.h>

#define COLLECT_THREADS_MAX 8192          /* threads of a process that are told apart; the rest is one */

/* A program that was about to be executed and has not said hello yet. */
struct exec_note {
    int32_t pid;
    uint32_t parent;                      /* trace process id or TRACE_NONE */
    char *path;
};

struct collector {
    struct trace_writer *writer;
    struct fold_shared shared;
    struct symbolize *symbolize;          /* NULL: nobody names frames beside the recording */
    bool all_events;
    uint32_t ring_bytes;
    enum hl_on_full on_full;
    bool check;
    enum hl_python_mode python;
    uint32_t snapshot_signal, snapshot_flags, mark_signal;   /* as on the board */
    bool snapshot_at_exit;
    bool graph;                           /* with every snapshot */

    char directory[64], socket_path[96];
    int socket, epoll, board_fd;
    struct hl_board *board;
    pthread_t watcher;
    _Atomic bool watching;
    int quit;                             /* eventfd: the watcher is to end */
    _Atomic uint32_t attention;              /* the watcher saw something; it waits until it is dealt with */

    uint64_t last_look_ns;                /* for stragglers */
    uint64_t start_ns, now_ns, told_ns, last_flush_ns, last_rss_ns, busy_ns;
    uint32_t epoch, round;                /* rounds: epochs that time began, not a mark */
    uint64_t round_ns;                    /* when the last one began */
    VEC(uint64_t) epochs;                 /* start of each epoch, ns */
    VEC(struct target *) targets;         /* all that were ever welcomed, by serial - 1; NULL: given back */
    VEC(struct target *) live;            /* those whose rings are read */
    VEC(struct exec_note) notes;
    struct snapshots snapshots;
    struct requests requests;

    int32_t root_pid;
    int root_pidfd;
    bool root_ended;
    uint64_t root_end_ns;
    int root_status;                      /* as waitpid gives it */
    uint64_t stacks_checked, stacks_wrong;
    uint64_t events, live_bytes, peak_bytes, allocations, damaged;   /* of all processes, for the progress line */
    bool barred;
    char barred_reason[256];
};

/* Makes directory, socket and board. Returns 0 or -errno. */
int collector_open(struct collector *collector);

/* Reads, writes and sleeps once; call it until collector_done. */
void collector_turn(struct collector *collector);
bool collector_done(struct collector *collector);

/* Looks at the child that was launched from now on. */
void collector_watch_root(struct collector *collector, int32_t pid);

/* Ends every section; processes that still run are cut off and go on unrecorded. */
void collector_finish(struct collector *collector);
void collector_close(struct collector *collector);

/* A process is about to execute `path`; NULL: it came back. */
void collector_note_exec(struct collector *collector, const struct target *target, int32_t pid, const char *path);

struct target *collector_find(const struct collector *collector, uint64_t serial);        /* NULL: there is none, or it was given back */
struct target *collector_find_live(const struct collector *collector, int32_t pid);

uint64_t collector_epoch_ns(const struct collector *collector, uint32_t epoch);
void collector_tick(struct collector *collector);

/* listen.c */
int listen_open(struct collector *collector);
void listen_close(struct collector *collector);
void listen_attend(struct collector *collector);
int listen_watch(struct collector *collector, int fd, uint64_t tag);
void listen_call(struct collector *collector);   /* calls the collector's thread to attention; from any other */

/* attach.c */
bool attach_welcome(struct collector *collector, int connection);   /* true: somebody keeps the connection */
void attach_end(struct collector *collector, struct target *target, enum trace_exit_kind kind, int32_t value);

#endif
