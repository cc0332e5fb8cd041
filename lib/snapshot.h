/* Snapshots (wire/snapshot.h), the target's side: all threads stop, the process forks, the threads go on; the copy searches its memory for pointers to
 * live blocks and ends. No ptrace, no privileges. Nothing here allocates from the program's heap; what the copy does it does with
 * system calls and memory of its own.
 *
 *   snapshot_take.c    who may take one, the fork, the connection        snapshot_stop.c    stopping threads and letting them go
 *   snapshot_deadly.c  before a signal ends the process
 *   snapshot_roots.c   where to begin                                    snapshot_mark.c    the table's index and the search
 */
#ifndef HEAPLINE_SNAPSHOT_H
#define HEAPLINE_SNAPSHOT_H

#include "base.h"
#include "wire/snapshot.h"

#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

/* Listens to the board's snapshot signal, if there is one and nobody else uses it. Called once, when a recording has begun. */
void hl_snapshot_listen(void);

/* Listens to the board's mark signal in the same way: it makes a mark "iteration" (api.c). */
void hl_mark_listen(void);

/* Takes a snapshot of this process now, unless one is under way. Not inside of a hook. `counts`: waits for the search and fills it; NULL: the caller goes on
 * at once. False: there is none, or no answer came. errno kept. */
bool hl_snapshot_take(enum hl_snapshot_cause cause, const char *label, struct hl_snapshot_counts *counts);

/* The process is about to end (exit, _exit): at most once. */
void hl_snapshot_at_exit(void);

/* The same from the handler of a signal that will end the process: `context` holds the registers of what it interrupted. */
void hl_snapshot_interrupted(const ucontext_t *context);

/* Signals whose default action ends the process (snapshot_deadly.c). */
void hl_deadly_listen(void);
void hl_deadly_after_hook(void);

/* A hook is left after one of these signals came inside of it. */
void hl_snapshot_after_hook(void);

/* ---- stopping (snapshot_stop.c) ---- */

#define HL_STOPPED_MAX 32768u

enum hl_stop_state { HL_STOP_ASKED, HL_STOP_STANDS, HL_STOP_GONE, HL_STOP_MISSED };

struct hl_stopped {
    _Atomic uint32_t state;
    int32_t tid;
    uintptr_t sp;                        /* nothing of the stack lies under it, the red zone apart; 0: unknown */
    uintptr_t thread_pointer;            /* 0: unknown */
    uintptr_t signal_stack;              /* sigaltstack; 0: none */
    const ucontext_t *context;           /* its registers; NULL: they are on the stack already */
};

struct hl_stop {
    struct hl_stopped *threads;          /* [0] is the caller */
    uint32_t n, missed;
    uint32_t reason_bytes;
    char reasons[1024];                  /* about those that were missed, as in struct hl_snapshot */
};

/* Stops every other thread of the process; gives up on those that do not come within about a second. False: no memory. Both with all signals blocked. */
bool hl_stop_threads(struct hl_stop *stop, int signal);
void hl_stop_release(void);

/* The calling thread's sigaltstack, 0: none. */
uintptr_t hl_stop_signal_stack(void);

/* Digits of a number in /proc, up to the first character that is none, which is returned. */
const char *hl_read_hexadecimal(const char *text, uintptr_t *value);

/* A hook is left: stops here if that was asked for inside. */
void hl_stop_after_hook(void);

/* What the signal's handler does with a signal that this process sent itself. True: that was it. */
bool hl_stop_handle(siginfo_t *info, void *context);

/* Roots beside what is found by itself; at most 256. `program_break`: the program moved it, and may hand it out as an allocator: then only blocks count. */
void hl_snapshot_add_region(uintptr_t start, size_t bytes, bool program_break);
void hl_snapshot_remove_region(uintptr_t start, size_t bytes);

/* ---- the copy's work ---- */

struct hl_range { uintptr_t start, end; };
struct hl_region { uintptr_t start, end; bool program_break; };

struct hl_mark_index;
struct hl_areas;

struct hl_marker {
    struct hl_snapshot *table;
    struct hl_snapshot_block *blocks;
    const struct hl_snapshot_mapping *mappings;
    uint32_t n, n_mappings;
    const struct hl_stop *stop;
    const struct hl_region *regions;     /* registered by the program; empty ones between them */
    uint32_t n_regions;
    const struct hl_sys_range *own;      /* of the library: not the program's memory */
    uint32_t n_own;
    struct hl_areas *areas;              /* what is mapped (snapshot_roots.c) */
    struct hl_mark_index *index;
    uint32_t *queue, queued, searched;
    uint64_t scanned;                    /* bytes */
};

/* One more sentence why the snapshot is incomplete. */
void hl_marker_reason(struct hl_marker *marker, const char *sentence);

/* Searches everything. False: no memory. */
bool hl_mark(struct hl_marker *marker);

/* Where to begin. `beginnings_only`: the C library's own data, whose lists of free memory point right behind live blocks' ends. */
void hl_mark_root(struct hl_marker *marker, struct hl_range range, enum hl_root_kind kind, int32_t tid, bool beginnings_only);

/* The block that `address` lies in is held by the word at `at` (0: by nothing that has an address). True: there is such a block, at *block. */
bool hl_mark_hold(struct hl_marker *marker, uintptr_t address, uintptr_t at, struct hl_range *block);

/* The row of the block that `address` lies in; UINT32_MAX: in none. Does a pointer there, into its inside, stand for the block by an idiom? From which address on blocks
 * are, and where the last one ends. */
uint32_t hl_mark_row(const struct hl_marker *marker, uintptr_t address);
bool hl_mark_explains(const struct hl_marker *marker, uint32_t row, uintptr_t address);
void hl_mark_span(const struct hl_marker *marker, uintptr_t *low, uintptr_t *high);

/* The first block that begins in [start, end); 0: none does. */
uintptr_t hl_mark_first_block(const struct hl_marker *marker, uintptr_t start, uintptr_t end);

/* Reads what is mapped. False: no memory, or /proc is not there. Then calls hl_mark_root for every range of the program's roots. */
bool hl_areas_read(struct hl_marker *marker);
void hl_roots_find(struct hl_marker *marker);

/* A file is mapped there: a table of virtual functions may be. */
bool hl_areas_is_file(const struct hl_marker *marker, uintptr_t address);

/* Code is mapped there. All of [address, address + bytes) can be read. */
bool hl_areas_is_code(const struct hl_marker *marker, uintptr_t address);
bool hl_areas_are_readable(const struct hl_marker *marker, uintptr_t address, size_t bytes);

/* The next stretch in [at, end) that is in memory or swapped out: what was never touched holds nothing. Empty: there is none. */
struct hl_range hl_areas_touched(const struct hl_marker *marker, uintptr_t at, uintptr_t end);

#endif
