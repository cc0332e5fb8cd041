/* Which part of a trace is looked at: the filters that all reports share, decided for every allocation site. */
#ifndef HEAPLINE_ANALYZE_SELECTION_H
#define HEAPLINE_ANALYZE_SELECTION_H

#include "costs.h"
#include "locations.h"

/* HEAP: blocks of malloc and its kin, and Python's objects. MAPPED: anonymous memory that the program itself took by
 * mmap, mremap or brk. FILE, RESERVED: file mappings and address space without access, which need no memory of their
 * own. ARENAS: what Python's allocator mapped to hand out as objects. ALL: HEAP and MAPPED. */
enum memory_kind { MEMORY_HEAP, MEMORY_MAPPED, MEMORY_FILE, MEMORY_RESERVED, MEMORY_ARENAS, MEMORY_ALL };
extern const char *const memory_names[];           /* as --memory takes them, NULL-terminated */

struct patterns { const char *const *items; size_t n; };

/* Spans of time of a process that the program named, in from_ns < t <= to_ns. */
struct span { uint32_t process; uint64_t from_ns, to_ns; };
struct spans { const struct span *items; size_t n; };      /* by process, then time; those of one process lie apart */

struct selection {
    struct patterns files, functions, modules;     /* of each kind given, some frame of the stack matches one pattern */
    struct patterns wrappers;                      /* functions that count as allocators, see locations.h */
    const char *process, *thread;                  /* a number, or a pattern of names; NULL: all */
    enum memory_kind memory;
    bool windowed;                                 /* only what happened in from_ns < t <= to_ns */
    uint64_t from_ns, to_ns;
    const char *scope;                             /* and in `spans`, which have this label; NULL: everywhere */
    struct spans spans;
    bool native;                                   /* show the interpreter's own frames between Python frames too */
    bool python_lines;                             /* where a stack has Python frames, one of them owns what is allocated */
};

/* True for sites that `selection` leaves in; `sites` has room for trace->n_sites, `processes` for trace->n_processes. */
void selection_apply(const struct selection *selection, const struct locations *locations, bool *sites, bool *processes);

/* Only what a selection says of the kind of memory, by the innermost frame of the stack. */
bool selection_takes_kind(enum memory_kind memory, enum trace_frame_kind leaf);
enum trace_frame_kind stack_leaf_kind(const struct trace *trace, uint32_t stack);

/* It is not the whole time of the run. */
bool selection_is_part(const struct selection *selection);

/* Something beyond time and kind of memory narrows it. */
bool selection_is_filtered(const struct selection *selection);

#endif
