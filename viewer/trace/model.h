/* The facts of a trace, as the writer takes them and the reader gives them.
 *
 * Times are nanoseconds since the start of the run (CLOCK_MONOTONIC). Sizes are bytes as the program asked for them.
 * Every id is a dense index that starts at 0, in the order in which the records stand in the file.
 * Strings are UTF-8 where the system gave UTF-8; otherwise the bytes the system gave.
 */
#ifndef HEAPLINE_TRACE_MODEL_H
#define HEAPLINE_TRACE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_NONE UINT32_MAX     /* "no such id" */
#define TRACE_SIZE_CLASSES 48     /* class k counts blocks of 2^(k-1) < size <= 2^k; class 0: sizes 0 and 1 */
#define TRACE_BUILD_ID_MAX 32

/* One run of `heapline run`. */
struct trace_run {
    uint64_t unix_ns;             /* wall clock at time 0 */
    const char *command;          /* the command line, quoted as a shell would need it */
    const char *host;             /* nodename, kernel release and machine, for people */
    const char *version;          /* of the heapline that recorded */
};

enum trace_origin {
    TRACE_ORIGIN_ROOT,            /* started by `heapline run` */
    TRACE_ORIGIN_FORK,            /* forked: inherits its parent's live blocks */
    TRACE_ORIGIN_EXEC,            /* the same pid after exec: a new heap; parent is the section before */
    TRACE_ORIGIN_SPAWN,           /* a new program in a new pid (posix_spawn, vfork+exec, fork+exec before any event) */
};

/* A section: one address space from fork or exec to exit or exec. */
struct trace_process {
    int32_t pid;
    uint32_t parent;              /* process id or TRACE_NONE */
    enum trace_origin origin;
    uint64_t start_ns;
    const char *command;          /* quoted command line */
    const char *executable;       /* path */
};

enum trace_exit_kind {
    TRACE_EXIT_UNKNOWN,           /* ended, nobody could tell how */
    TRACE_EXIT_CODE,              /* value: exit status 0..255 */
    TRACE_EXIT_SIGNAL,            /* value: signal number */
    TRACE_EXIT_EXEC,              /* replaced by another program */
    TRACE_EXIT_RUNNING,           /* still running when the recording stopped */
};

struct trace_exit {
    uint32_t process;
    enum trace_exit_kind kind;
    int32_t value;
    uint64_t end_ns;
};

/* tid 0 is the pseudo thread of a fork that owns what the child inherited, and of threads beyond the limit. */
struct trace_thread {
    uint32_t process;
    int32_t tid;
    uint64_t start_ns;
    const char *name;             /* "" when unknown */
};

struct trace_module {
    const char *path;             /* as mapped; "[vdso]" for the vdso */
    uint8_t build_id[TRACE_BUILD_ID_MAX];
    uint8_t build_id_len;         /* 0: none */
};

enum trace_frame_kind {
    TRACE_FRAME_NATIVE,           /* module + address */
    TRACE_FRAME_ANONYMOUS,        /* address in no module: code made at run time; module is TRACE_NONE */
    TRACE_FRAME_MAPPED,           /* pseudo leaf: the block is an anonymous mapping by mmap/mremap, not malloc */
    TRACE_FRAME_FILE,             /* pseudo leaf: a mapping of a file or shared memory */
    TRACE_FRAME_RESERVED,         /* pseudo leaf: a PROT_NONE mapping */
    TRACE_FRAME_BREAK,            /* pseudo leaf: growth by brk/sbrk called by the program */
    TRACE_FRAME_TRUNCATED,        /* pseudo outermost frame: the frames beyond could not be read */
    TRACE_FRAME_PYTHON,           /* a Python frame: module is a code id, address the line (0: unknown) */
    TRACE_FRAME_OBJECT,           /* pseudo leaf: the block is from Python's allocators (PyMem_*, PyObject_*) */
    TRACE_FRAME_ARENA,            /* pseudo leaf: a mapping by Python's allocator, whose blocks are counted one by one */
};

/* Native addresses are return addresses in the module's own (link-time) address space: look up address - 1. */
struct trace_frame {
    enum trace_frame_kind kind;
    uint32_t module;              /* PYTHON: code */
    uint64_t address;
};

/* A Python code object: a function, a comprehension, the body of a class or a module. Two with the same fields are one. */
struct trace_code {
    const char *function;         /* co_qualname (co_name to 3.10): "Book.add", "<module>" */
    const char *file;             /* co_filename, made absolute by the folder that the process stood in; "<string>" as it is */
    uint32_t first_line;
};

/* Stacks form a trie. Stack 0 is the empty root and is never written. A child's id is larger than its parent's. */
struct trace_stack {
    uint32_t parent;              /* stack id, outer frames */
    uint32_t frame;               /* frame id of this, the innermost, frame */
};

/* An allocation site: who (thread) allocated from where (stack). All counters belong to sites. */
struct trace_site {
    uint32_t thread;
    uint32_t stack;
};

/* Cumulative or difference, by context. live = allocated + inherited - freed, in blocks and in bytes. */
struct trace_counts {
    uint64_t allocations, allocated_bytes;
    uint64_t frees, freed_bytes;
    uint64_t temporary, temporary_bytes;   /* freed by the same thread before its next allocation */
    uint64_t inherited, inherited_bytes;   /* live at the fork that began this process */
    uint64_t collected, collected_bytes;   /* of the freed ones: those that waited for Python's cyclic collector */
    uint64_t moved, moved_bytes;           /* reallocations to another address that made this site's blocks, and the bytes that
                                              they kept: at most these were copied */
    uint64_t transient, transient_bytes;   /* of a site whose stack ends in a Python frame: blocks allocated under that stack and
                                              freed before its innermost frame left its line, but not before a frame further in
                                              did. They are counted nowhere else here */
};

static inline void trace_counts_add(struct trace_counts *sum, const struct trace_counts *more)
{
    sum->allocations += more->allocations;
    sum->allocated_bytes += more->allocated_bytes;
    sum->frees += more->frees;
    sum->freed_bytes += more->freed_bytes;
    sum->temporary += more->temporary;
    sum->temporary_bytes += more->temporary_bytes;
    sum->inherited += more->inherited;
    sum->inherited_bytes += more->inherited_bytes;
    sum->collected += more->collected;
    sum->collected_bytes += more->collected_bytes;
    sum->moved += more->moved;
    sum->moved_bytes += more->moved_bytes;
    sum->transient += more->transient;
    sum->transient_bytes += more->transient_bytes;
}

struct trace_site_counts {
    uint32_t site;
    struct trace_counts counts;
};

/* What one process did in one epoch. The heap figures leave mappings (pseudo leaves) out. */
struct trace_epoch {
    uint32_t process;
    uint64_t start_ns, end_ns;
    uint64_t live_bytes, live_blocks;      /* heap, at end_ns */
    uint64_t max_live_bytes, max_ns;       /* heap, largest inside the epoch, and when */
    uint64_t mapped_bytes;                 /* anonymous mappings made by the program, at end_ns */
    uint64_t rss_bytes;                    /* 0: not sampled */
};

/* Whole-run figures of one process; the sites' own lines follow it. Heap only, mappings apart. */
struct trace_totals {
    uint32_t process;
    struct trace_counts heap;
    uint64_t peak_bytes, peak_blocks, peak_ns;
    uint64_t mapped_allocations, mapped_bytes, mapped_live_bytes, mapped_peak_bytes, mapped_peak_ns;
    uint64_t size_count[TRACE_SIZE_CLASSES];   /* allocations by size class */
    uint64_t size_bytes[TRACE_SIZE_CLASSES];
};

/* One site at the end of the run and at the peak of its process (mappings: at the peak of the mapped bytes). */
struct trace_site_totals {
    uint32_t site;
    struct trace_counts counts;
    uint64_t peak_bytes, peak_blocks;
};

/* A moment or span that the program named. A span's BEGIN and END have the same label and thread; spans nest. Epochs end at
 * marks. */
enum trace_mark_kind { TRACE_MARK_POINT, TRACE_MARK_BEGIN, TRACE_MARK_END };

struct trace_mark {
    uint32_t process, thread;
    uint64_t ns;                           /* the end of an epoch of that process */
    enum trace_mark_kind kind;
    const char *label;
};

/* A Python interpreter in a process. Totals. */
enum trace_python_state {
    TRACE_PYTHON_LIVE,                     /* every object, with Python frames */
    TRACE_PYTHON_ARENAS,                   /* as asked for: objects are not seen one by one */
    TRACE_PYTHON_OBJECTS_ONLY,             /* every object, native frames only */
    TRACE_PYTHON_NATIVE,                   /* only native events and frames */
};

struct trace_python {
    uint32_t process;
    uint32_t version;                      /* PY_VERSION_HEX */
    enum trace_python_state state;
    const char *reason;                    /* one sentence when it is less than was asked for, else "" */
};

/* What one line of a watched function (the profile decorator) did, its callees included; frees are counted where they happen.
 * Totals. */
struct trace_line {
    uint32_t process, code, line;
    uint64_t executed;                     /* 0: not counted */
    int64_t increment_bytes;               /* allocated minus freed while a frame stood on the line */
    uint64_t live_bytes;                   /* of the process, when a frame last left the line */
};

/* A block that was live when its process ended. */
struct trace_block {
    uint64_t address, bytes;
    uint32_t site;
    uint64_t born_ns;                      /* exact to one epoch */
};

/* A snapshot: the heap blocks of one process at one moment, and how each could be reached (lib/wire/snapshot.h says how that
 * is found out). Blocks and roots of a snapshot are sorted by address and disjoint each. */
enum trace_snapshot_cause {
    TRACE_SNAPSHOT_EXIT = 1,               /* the process was about to end */
    TRACE_SNAPSHOT_REQUEST,                /* asked for from outside, or by the clock */
    TRACE_SNAPSHOT_CALL,                   /* heapline_snapshot */
    TRACE_SNAPSHOT_CHECK,                  /* heapline_leak_check, __lsan_do_leak_check */
    TRACE_SNAPSHOT_BEFORE_EXIT,            /* a Python interpreter was about to take itself apart: no verdict on leaks */
};

enum trace_reach {
    TRACE_REACH_UNKNOWN,                   /* the search did not end */
    TRACE_REACH_LOST,                      /* no pointer leads to it */
    TRACE_REACH_INDIRECT,                  /* only lost blocks lead to it */
    TRACE_REACH_POSSIBLE,                  /* only by a pointer into its inside that nothing explains */
    TRACE_REACH_HELD,                      /* a root leads to it */
    TRACE_REACHES,
};

enum trace_root_kind {
    TRACE_ROOT_GLOBAL = 1, TRACE_ROOT_STACK, TRACE_ROOT_TLS, TRACE_ROOT_REGISTERS,
    TRACE_ROOT_MAPPING,                    /* memory that the program mapped itself */
    TRACE_ROOT_REGION,                     /* registered by the program */
    TRACE_ROOT_OTHER,
};

/* Memory that the search began in. */
struct trace_root {
    enum trace_root_kind kind;
    uint64_t start, end;
    uint32_t thread;                       /* STACK, TLS, REGISTERS: thread id or TRACE_NONE */
    uint32_t module;                       /* GLOBAL: module id or TRACE_NONE */
    uint64_t bias;                         /* GLOBAL: address in memory - address in the module's own space */
};

/* What stands at a word of a root that holds a block: "servers", "pool+0x40". */
struct trace_root_name {
    uint64_t address;
    const char *name;
};

struct trace_snapshot {
    uint32_t process;
    enum trace_snapshot_cause cause;
    const char *label;                     /* "" when it has none */
    uint64_t ns;                           /* the end of an epoch of that process */
    uint64_t stopped_ns, fork_ns;          /* how long the program's threads stood still; of it the fork */
    uint64_t mark_ns, scanned_bytes;       /* the search, beside the program */
    uint32_t threads, missed_threads;      /* there were; could not be stopped */
    uint64_t blocks;                       /* rows that follow */
    const char *reasons;                   /* sentences joined by '\n': why it is incomplete; "": it is complete */
    const char *unseen;                    /* the same of threads that went on: what only they hold counts as lost */
    const struct trace_root *roots;        uint32_t n_roots;
    const struct trace_root_name *names;   uint32_t n_names;      /* sorted by address; also what code addresses and virtual
                                                                     tables of its graph are called */
    uint64_t graph_bytes;                  /* of the reference graph (lib/wire/graph.h); 0: there is none */
};

struct trace_snapshot_block {
    uint64_t address, bytes;
    uint32_t site;
    uint64_t born_ns;                      /* exact to one epoch */
    enum trace_reach reach;
    bool ignored;                          /* the program said that it is no leak */
    uint64_t at;                           /* address of the word that holds it: inside of another block or a root. 0: none was
                                              found */
};

enum trace_event_kind { TRACE_EVENT_ALLOC, TRACE_EVENT_FREE };

/* One event, with --all-events only. FREE: bytes and site are those of the block that is freed. */
struct trace_event {
    enum trace_event_kind kind;
    uint32_t thread;                       /* who called */
    uint32_t site;
    uint64_t address, bytes, ns;           /* ns exact to one tick */
};

/* What is not in the trace, and what recording cost. */
struct trace_losses {
    uint32_t process;                      /* TRACE_NONE: the run as a whole */
    uint64_t events;                       /* dropped, exactly */
    uint64_t truncated_stacks;             /* captures whose outer frames are missing */
    uint64_t unmatched_frees;              /* frees of blocks that were never seen */
    uint64_t damaged_records;              /* records that failed the collector's checks */
    uint64_t waits, wait_ns;               /* times and time the target waited for room in a ring */
    uint64_t self_bytes;                   /* shared memory and private memory of the library in the target */
    uint64_t collector_cpu_ns;             /* run as a whole only */
};

/* A child program that ran without the library. */
struct trace_unprofiled {
    int32_t pid;                           /* 0: unknown */
    uint32_t parent;
    const char *path;
    const char *reason;                    /* one sentence */
};

/* One level of a frame's source: index 0 is the innermost inlined function, the last is the function itself. */
struct trace_symbol {
    const char *function;                  /* demangled; NULL: unknown */
    const char *file;                      /* as in the line table, made absolute by the compilation directory; NULL: unknown */
    uint32_t line;                         /* 0: unknown */
};

#endif
