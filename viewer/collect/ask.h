/* Asks the collector of a running process, from another process, for a snapshot of it: what `heapline snapshot` does. */
#ifndef HEAPLINE_COLLECT_ASK_H
#define HEAPLINE_COLLECT_ASK_H

#include "../base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

struct asked {
    struct strbuf sentence;               /* one that says what there is, or what is wrong and what to do */
    struct strbuf trace;                  /* path of the trace; "": unknown */
    uint32_t number;                      /* of the snapshot there, from 1; 0: it is not there */
    bool graph;                           /* with its reference graph */
    uint64_t stopped_ns;                  /* how long the process stood still */
};

/* Finds the recording of `pid`, asks for a snapshot with that label ("": none), with its reference graph if `graph` and if it
 * can be had, and waits until it is in the trace. True: it is. *asked is filled in either case; the caller has its strings. */
bool ask_for_snapshot(int32_t pid, const char *label, bool graph, struct asked *asked);

#endif
