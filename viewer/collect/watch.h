/* Line by line figures of watched Python functions (the profile decorator): what was allocated and freed while a frame of theirs stood on a line. */
#ifndef HEAPLINE_COLLECT_WATCH_H
#define HEAPLINE_COLLECT_WATCH_H

#include "../base/map.h"
#include "../base/vec.h"
#include "../trace/model.h"

struct target;
struct lane;

/* A line that the ring's present stack stands on, once, however often its function called itself. */
struct watched_line {
    uint32_t depth;               /* of its outermost frame, which counts from 0 */
    uint32_t line;                /* index into watch.lines */
};

struct watch {
    struct map codes;             /* ids in the trace of the watched functions; value unused. Empty: nothing is watched */
    struct map index;             /* code id << 32 | line -> index into `lines` + 1 */
    VEC(struct trace_line) lines;
};

void watch_release(struct watch *watch);

/* A WATCH record: from now on the function is watched. An EXECUTED record. Numbers as in frame words. */
void watch_code(struct target *target, uint32_t number);
void watch_executed(struct target *target, uint32_t number, uint32_t line, uint32_t count);

/* The stack of a ring changed from frame `low` inwards. Only while something is watched. */
void watch_follow(struct target *target, struct lane *lane, uint32_t low);

/* A block came (bytes > 0) or went. */
void watch_event(struct target *target, const struct lane *lane, int64_t bytes);

/* A forked child watches what its parent watched, from 0 on. */
void watch_inherit(struct target *child, const struct target *parent);

/* Writes the figures at the end of the process. */
void watch_end(struct target *target);

#endif
