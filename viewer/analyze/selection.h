/* Which part of a trace is looked at: the filters that all reports share, decided for every allocation site. */
#ifndef HEAPLINE_ANALYZE_SELECTION_H
#define HEAPLINE_ANALYZE_SELECTION_H

#include "costs.h"
#include "locations.h"

/* HEAP: blocks of malloc and its kin. MAPPED: anonymous memory that the program itself took by mmap, mremap or brk. FILE,
 * RESERVED: file mappings and address space without access, which need no memory of their own. ALL: HEAP and MAPPED. */
enum memory_kind { MEMORY_HEAP, MEMORY_MAPPED, MEMORY_FILE, MEMORY_RESERVED, MEMORY_ALL };
extern const char *const memory_names[];           /* as --memory takes them, NULL-terminated */

struct patterns { const char *const *items; size_t n; };

struct selection {
    struct patterns files, functions, modules;     /* of each kind given, some frame of the stack matches one pattern */
    struct patterns wrappers;                      /* functions that count as allocators, see locations.h */
    const char *process, *thread;                  /* a number, or a pattern of names; NULL: all */
    enum memory_kind memory;
    bool windowed;                                 /* only what happened in from_ns < t <= to_ns */
    uint64_t from_ns, to_ns;
};

/* True for sites that `selection` leaves in; `sites` has room for trace->n_sites, `processes` for trace->n_processes. */
void selection_apply(const struct selection *selection, const struct locations *locations, bool *sites, bool *processes);

/* Only what a selection says of the kind of memory, by the innermost frame of the stack. */
bool selection_takes_kind(enum memory_kind memory, enum trace_frame_kind leaf);
enum trace_frame_kind stack_leaf_kind(const struct trace *trace, uint32_t stack);

/* Something beyond time and kind of memory narrows it. */
bool selection_is_filtered(const struct selection *selection);

#endif
