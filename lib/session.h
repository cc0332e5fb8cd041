/* This process's connection with the collector: made at the first event or in the constructor, whichever comes first, and again in
 * a forked child. Lives on a page that the kernel wipes at fork. */
#ifndef HEAPLINE_SESSION_H
#define HEAPLINE_SESSION_H

#include "base.h"
#include "thread.h"
#include "wire/hello.h"
#include "wire/segment.h"

#include <stdbool.h>

enum hl_session_status { HL_SESSION_NONE, HL_SESSION_ATTACHING, HL_SESSION_ON, HL_SESSION_OFF };

struct hl_session {
    _Atomic uint32_t status;
    _Atomic uint32_t attacher;             /* tid of the thread that attaches */
    struct hl_board *board;
    struct hl_segment *segment;
    uint64_t data_offset, serial;
    uint32_t rings, ring_bytes;
    int32_t pid;
    _Atomic uint32_t next_ring;            /* where the next thread begins to look */
    struct hl_thread **threads;            /* by ring: private states, reused with their ring */
};

extern struct hl_session *hl_session;      /* NULL until the first look */

/* ON after attaching if that is possible; any other value: pass through. Never blocks for long, keeps errno. */
enum hl_session_status hl_session_attach(void);

/* Turns recording off in this process for good. */
void hl_session_off(void);

/* What a fork child needs to know of its parent; ordinary memory that fork copies. */
struct hl_lineage { uint64_t serial, token; };
extern struct hl_lineage hl_lineage;

/* A connection with the collector. Returns a descriptor, or -errno. */
long hl_session_connect(void);

/* Sends a hello; false: that failed. `token` as in struct hl_hello. */
bool hl_session_send(long fd, enum hl_hello_kind kind, uint64_t parent, uint64_t token, const char *path);

/* Sends a hello that wants no reply. */
void hl_session_notice(enum hl_hello_kind kind, const char *path);

/* Tells the collector how much private memory the library holds resident at this moment: generation bytes, thread states, rules. */
void hl_session_measure(void);

#endif
