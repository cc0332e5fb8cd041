/* A process that is being recorded: its rings, its stacks, its live blocks and its sums. One section of the trace.
 *
 * Everything that comes out of shared memory is checked before it is used; what fails is counted as damaged.
 */
#ifndef HEAPLINE_COLLECT_TARGET_H
#define HEAPLINE_COLLECT_TARGET_H

#include "../../lib/wire/segment.h"
#include "../base/map.h"
#include "accounts.h"
#include "codes.h"
#include "live.h"
#include "mappings.h"
#include "sources.h"
#include "stack_cache.h"
#include "trie.h"
#include "watch.h"
#include "window.h"

#include <stdbool.h>

struct collector;

/* The reading side of one ring. */
struct lane {
    uint64_t tail;                        /* bytes consumed; ours, the shared copy is for the producer */
    uint32_t thread;                      /* index into target.threads */
    VEC(uint32_t) path;                   /* trie nodes of the ring's stack, the thread's root first */
    uint64_t *pcs;                        /* its return addresses, outermost first: pcs[i] belongs to path[i + 1] */
    size_t pcs_room;
    uint32_t *since;                      /* visits.h: when the visit of each frame began, beside pcs */
    uint32_t clock;                       /* stacks that the ring brought; counted while visits are kept */
    VEC(struct watched_line) watched;     /* what the stack stands on of the lines that are watched */
    struct live_block held;               /* the thread's last block, not in the live map yet; key 0: none */
    uint64_t held_birth;                  /* visits.h; 0: unknown */
    uint64_t last_key;                    /* the thread's last block, to tell temporaries; 0: none */
    bool prefixed;                        /* the next block's record has something before it: one of these three */
    uint64_t size_high;                   /* more bits of its size */
    uint64_t moved_from, moved_bytes;     /* REALLOC: address and bytes of the block that it replaces; address 0: none */
    struct code_parts code;               /* a CODE that goes on in further records */
    struct source_parts source;           /* the SOURCE record under way */
    bool damaged;                         /* nothing more is read from it */
    bool draining;                        /* a drain is under way: it does not start again inside of itself */
};

struct target_thread {
    int32_t tid;
    uint32_t root;                        /* of the trie */
    uint32_t trace;                       /* id in the trace */
    char *name;                           /* as last seen */
    bool gone;                            /* it ended: its name stays */
};

struct target_module {
    uint64_t start, end, bias;
    uint32_t trace;                       /* id in the trace */
    bool gone;
};

/* A change of mappings that waits for its turn. */
struct map_change {
    uint64_t sequence, address, length, old_address, old_length;
    uint32_t kind, node;                  /* enum hl_record_kind; trie node of the call */
    enum hl_map_class class;
};

/* The live blocks at a fork, for the child that names the token. */
struct fork_point {
    uint64_t token;
    struct live_map live;
};

struct target {
    struct collector *collector;
    uint64_t serial;
    uint32_t trace;                       /* process id in the trace */
    int32_t pid;
    int pidfd;                            /* -1: cannot be watched */
    bool dead, finished, exec_seen, barred, announced_exec;
    int32_t exit_status;                  /* as the library reported; -1: unknown */
    uint64_t start_ns, end_ns;
    char *exec_path;                      /* of the exec under way */

    struct hl_segment *segment;
    size_t segment_bytes;
    uint64_t data_offset;
    uint32_t rings, ring_bytes;
    struct lane *lanes;                   /* `rings` of them */
    uint32_t lanes_used;

    struct trie trie;
    struct stack_cache stacks;
    struct accounts accounts;
    uint64_t peak_seen_bytes;             /* the heap when --snapshot-peak asked last */
    struct live_map live;
    struct map pending;                   /* frees that came before their allocation, by key */
    struct mappings mappings;
    VEC(struct map_change) changes;
    uint64_t next_sequence, stuck_since;
    VEC(struct target_thread) threads;
    VEC(struct target_module) modules;
    struct map frames;                    /* raw pc -> frame id in the trace */
    bool has_extras;                      /* events have more to do than to be counted: the next two, or all events are written */
    bool follows_python;                  /* visits and births are kept */
    struct watch watch;
    struct codes codes;
    bool has_python;                      /* an interpreter said that it is there; what it said: */
    uint32_t python_version;
    enum trace_python_state python_state;
    char *python_reason;
    VEC(struct fork_point) fork_points;
    struct window window;
    struct map ignored;                   /* keys of live blocks that the program said are no leaks, and of some yet to come */
    uint32_t cut_taken;                   /* the last snapshot whose cut was taken */

    uint64_t events, truncated, unmatched, damaged, rss_bytes;
    uint64_t epoch_start_ns, epoch_events;   /* when the epoch began, and `events` then */
    uint32_t empty_round;                 /* the last round in which all rings were seen empty: what a free was waiting for then, does not come */
    uint64_t looked_ahead;                /* bytes published when the rings were looked through (ahead.h) */
    uint32_t modules_looked;              /* epoch + 1 in which an address in no module last made us look */
};

/* Reads what the rings hold now, at most about `limit` bytes of each. Returns the bytes consumed. */
uint64_t target_drain(struct target *target, uint64_t limit);

/* The same for one ring. */
uint64_t target_drain_lane(struct target *target, uint32_t i, uint64_t limit);

/* Reads everything that is published at this moment. */
void target_drain_all(struct target *target);

/* A free that came before its allocation, or belongs to none: waits under its key. Several may wait under one: generations wrap. */
void target_add_pending(struct target *target, uint64_t key, bool collected);

/* Frees the block if that waits for it. */
bool target_free_pending(struct target *target, const struct live_block *block);

/* Puts held blocks into the live map and forgets frees that never found a block: the live map is whole after this. */
void target_settle(struct target *target, bool at_end);

/* The pseudo thread that owns what a fork inherited, or what threads beyond the limit did. */
uint32_t target_add_thread(struct target *target, int32_t tid);

/* The account of a node, made on demand. */
uint32_t target_site(struct target *target, uint32_t node, enum account_domain domain);

/* The account of a block from Python's allocators that was made at a node. */
uint32_t target_object_site(struct target *target, uint32_t node);

/* What the interpreter in the process said of itself; `reason` is copied. */
void target_set_python(struct target *target, uint32_t version, enum trace_python_state state, const char *reason);

/* Gives a forked child its parent's blocks and mappings as of `live`, and what it knows of modules, code and Python. */
void target_inherit(struct target *child, const struct target *parent, const struct live_map *live);

/* Takes the fork point with that token out of the parent; false: there is none. */
bool target_take_fork_point(struct target *parent, uint64_t token, struct live_map *live);

void target_release(struct target *target);

#endif
