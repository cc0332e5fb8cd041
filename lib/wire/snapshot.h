/* A snapshot: one moment's blocks, and which of them the program can still reach.
 *
 * The target stops its threads, says hello (HL_HELLO_SNAPSHOT), notes what each ring had published (`cut`), forks and goes on. The *marker*, that
 * forked copy, keeps the connection. The collector reads every ring up to its cut, then sends one struct hl_snapshot_table with the descriptor of
 * a *table*: memory that it made and sealed. The marker searches its own memory for pointers to the blocks of the table, writes
 * what it found into the same table, sends one struct hl_snapshot_done and ends. A marker that cannot go on says why in `reasons` or just closes.
 *
 * The collector believes nothing that comes back: it uses `reach` and `at` only, and checks them.
 */
#ifndef HEAPLINE_WIRE_SNAPSHOT_H
#define HEAPLINE_WIRE_SNAPSHOT_H

#include <stdint.h>

#define HL_SNAPSHOT_ROOTS 4096u              /* ranges that a table has room for; what is beyond is searched and not told */
#define HL_SNAPSHOT_REASON_BYTES 4096u

enum hl_snapshot_cause {
    HL_SNAPSHOT_EXIT = 1,                    /* the process is about to end */
    HL_SNAPSHOT_REQUEST,                     /* `heapline snapshot`, an interval, a peak: the collector sent the signal */
    HL_SNAPSHOT_CALL,                        /* heapline_snapshot */
    HL_SNAPSHOT_CHECK,                       /* heapline_leak_check and LeakSanitizer's names for it */
    HL_SNAPSHOT_BEFORE_EXIT,                 /* a Python interpreter is about to take itself apart: for its graph, no verdict on leaks */
};

#define HL_REQUEST_PLAIN 1                   /* bit of the token of HL_HELLO_REQUEST: it is not */
#define HL_REQUEST_WHO 2                     /* another one: it only asks whether the process is recorded there */
#define HL_REQUEST_GRAPH 1                   /* bit of the value that comes with the signal of a request: the reference graph is wanted (graph.h) */
#define HL_REQUEST_NOW 2                     /* and this one: no more waiting for a moment at which Python's objects are whole */
#define HL_REQUEST_NUMBER_SHIFT 2            /* the rest of it is the request's number: it may come several times */

/* How a block is held. */
enum hl_reach {
    HL_REACH_UNKNOWN,
    HL_REACH_LOST,                           /* nothing points to it, or only blocks that are lost themselves and point back to each other */
    HL_REACH_INDIRECT,                       /* held by a lost block */
    HL_REACH_POSSIBLE,                       /* held by a pointer into its inside that nothing explains, or by a block that is */
    HL_REACH_HELD,                           /* a chain of pointers to beginnings leads to it from a root */
};

enum hl_block_flag {
    HL_BLOCK_OBJECT = 1,                     /* from Python's allocators: pointers stand behind the collector's head */
    HL_BLOCK_IGNORED = 2,                    /* the program said that it is no leak: held, and a root */
};

struct hl_snapshot_block {
    uint64_t start;
    uint64_t bytes;                          /* bits 0..47; bits 48..55 enum hl_block_flag; bits 56..63 enum hl_reach, by the marker */
    uint32_t site, born;                     /* the collector's own */
    uint64_t at;                             /* by the marker: address of the word that holds it (in a block or a root); 0: none was found */
};

#define HL_BLOCK_BYTES_MASK ((UINT64_C(1) << 48) - 1)

static inline uint64_t hl_block_bytes(const struct hl_snapshot_block *block) { return block->bytes & HL_BLOCK_BYTES_MASK; }
static inline uint32_t hl_block_flags(const struct hl_snapshot_block *block) { return block->bytes >> 48 & 0xff; }
static inline uint32_t hl_block_reach(const struct hl_snapshot_block *block) { return (uint32_t)(block->bytes >> 56); }

/* A mapping that the program made itself. */
struct hl_snapshot_mapping {
    uint64_t start, end;
    uint64_t class;                          /* enum hl_map_class */
};

#define HL_ROOT_KIND_MASK 0xffu
#define HL_ROOT_BEGINNINGS 0x100u           /* added to a kind: only pointers to beginnings count there */

enum hl_root_kind { HL_ROOT_GLOBAL = 1, HL_ROOT_STACK, HL_ROOT_TLS, HL_ROOT_REGISTERS, HL_ROOT_MAPPING, HL_ROOT_REGION, HL_ROOT_OTHER };

/* Memory that was searched from the beginning. Registers are where the signal frame keeps them. */
struct hl_snapshot_root {
    uint64_t start, end;
    uint32_t kind;                           /* enum hl_root_kind, HL_ROOT_BEGINNINGS */
    uint32_t tid;                            /* STACK, TLS, REGISTERS: whose; else 0 */
};

enum hl_snapshot_flag {                      /* what is left out, for testing */
    HL_SNAPSHOT_NO_GLOBALS = 1, HL_SNAPSHOT_NO_STACKS = 2, HL_SNAPSHOT_NO_REGISTERS = 4, HL_SNAPSHOT_NO_TLS = 8,
};

/* The beginning of the table; its parts follow at the offsets. Blocks and mappings are sorted by start; blocks are disjoint. */
struct hl_snapshot {
    uint64_t magic;                          /* HL_WIRE_MAGIC */
    uint64_t blocks, blocks_offset;          /* struct hl_snapshot_block */
    uint64_t mappings, mappings_offset;      /* struct hl_snapshot_mapping */
    uint64_t flags;                          /* enum hl_snapshot_flag */
    /* from here on by the marker */
    uint64_t stopped_ns;                     /* how long the threads stood still, the fork included */
    uint64_t fork_ns, mark_ns;               /* of it the fork; how long the marker searched */
    uint64_t scanned_bytes;
    uint32_t threads, missed_threads;        /* that were there; that could not be stopped */
    uint32_t roots;
    uint32_t reason_bytes;
    uint64_t unseen_bytes;                   /* of `reasons`, the first: of threads that went on, whose registers were not seen */
    struct hl_snapshot_root root[HL_SNAPSHOT_ROOTS];
    char reasons[HL_SNAPSHOT_REASON_BYTES];  /* sentences joined by '\n', each one why the snapshot is incomplete; empty: it is complete */
};

/* Collector to marker, with the descriptor of the table (SCM_RIGHTS). */
struct hl_snapshot_table {
    uint64_t magic, bytes;
};

/* Marker to collector: everything is written. */
struct hl_snapshot_done {
    uint64_t magic;
    uint64_t number;
};

/* What a leak check tells its caller, by kind of reach. On a shared page of the target's own. */
struct hl_snapshot_counts {
    uint64_t bytes[HL_REACH_HELD + 1], blocks[HL_REACH_HELD + 1];
    uint32_t complete;
};

#endif
