/* Snapshots that are asked for from outside: `heapline snapshot PID`, --snapshot-every, --snapshot-peak. The collector looks
 * whether the process can hear, sends it the signal of the board, and answers whoever asked when the snapshot is in the
 * trace, or when it does not come. */
#ifndef HEAPLINE_COLLECT_REQUEST_H
#define HEAPLINE_COLLECT_REQUEST_H

#include "../base/vec.h"

#include <stdbool.h>
#include <stdint.h>

struct collector;
struct hl_hello;
struct snapshot;
struct target;

struct request {
    uint64_t serial, asked_ns;
    uint32_t number;
    uint32_t value;                       /* what goes with the signal: number, HL_REQUEST_GRAPH */
    uint32_t again;                       /* how often it was asked again */
    int connection;                       /* who waits for the answer; -1: nobody, or no longer */
    bool begun;                           /* the process said hello */
    bool late;                            /* it did not in time, and whoever asked was told; its label still counts */
    char *label;
};

struct requests {
    VEC(struct request) all;              /* at most one of a target */
    uint32_t last;                        /* number handed out */
    uint64_t every_ns, next_ns;           /* --snapshot-every; 0: off */
    uint32_t peak_percent;                /* --snapshot-peak: by how much a new peak passes the one before; 0: off */
    char *trace;                          /* absolute path of the trace, which answers tell; NULL: none */
};

/* HL_HELLO_REQUEST. True: the connection is the request's now; else it was answered. */
bool request_take(struct collector *collector, int connection, const struct hl_hello *hello);

/* A snapshot with the cause REQUEST said hello: it gets the label, and answers. */
void request_begun(struct collector *collector, struct snapshot *snapshot);

/* The snapshot is in the trace. */
void request_done(struct collector *collector, const struct snapshot *snapshot);

/* The target is gone. */
void request_target_ends(struct collector *collector, const struct target *target);

/* Asks by the clock; tells who waited too long why. */
void request_turn(struct collector *collector);
void request_finish(struct collector *collector);

#endif
