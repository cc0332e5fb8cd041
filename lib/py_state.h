/* The interpreter's own state: where it stands, who works on its objects, and the moments at which they can be looked at.
 *
 * Objects are whole while nobody holds the GIL, and at points where the thread that holds it has called us: an API call, exit, or
 * an allocation, before it is made. A thread that stands in the evaluation loop itself is between two steps that change an
 * object. In the middle of a C function a list may have lost its items and not got the new ones yet.
 *
 * A request for a graph (snapshot_take.c) that finds somebody in the middle leaves an *alarm*: the next allocation from Python's
 * allocators, in whatever thread, serves it before it does its own work. The collector asks again in between, and at last says
 * that it shall be now. The same alarm tells that the interpreter begins to end: its word is then the one in which the
 * interpreter notes that. So the wrappers (py_alloc.c) load two words and test one.
 */
#ifndef HEAPLINE_PY_STATE_H
#define HEAPLINE_PY_STATE_H

#include "base.h"
#include "snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes from the beginning of the structure; 0: there is no such field, but for `interpreter_next`. Sources:
 * Include/internal/pycore_{runtime,interp,pystate,frame}.h and
 * Include/cpython/{pystate,frameobject,genobject}.h of each version, of default builds on 64-bit machines. */
struct hl_py_state_layout {
    uint8_t minor;                       /* of CPython 3 */
    uint16_t runtime_finalizing;         /* the thread state that ends the interpreter */
    uint16_t runtime_interpreters, runtime_current;   /* runtime_current: the thread state that holds the GIL, up to 3.11 */
    /* from 3.12 on: in the interpreter's state, pointer to its GIL: HL_GIL_HOLDER, HL_GIL_LOCKED */
    uint16_t gil;
    uint16_t interpreter_next, interpreter_threads;
    uint16_t thread_id;                  /* PyThreadState: pthread_self() */
};

#define HL_GIL_HOLDER 8                  /* struct _gil_runtime_state */
#define HL_GIL_LOCKED 16
#define HL_THREAD_NEXT 8                 /* PyThreadState */
#define HL_THREAD_INTERPRETER 16

/* Of the interpreter that was found; NULL: it is not known. */
const struct hl_py_state_layout *hl_py_state_layout(void);

/* The word that the wrappers test. */
extern const volatile uint64_t *_Atomic hl_py_alarm;

/* What it is about, in a thread that enters an allocator whose callers hold the GIL; not inside of a hook. */
void hl_py_alarmed(void);

/* Looks out for the end of the interpreter, if there shall be a snapshot then. Any thread; again after the interpreter was
 * started anew. */
void hl_py_watch_end(void);

/* A request waits for the next allocation, or does so no longer. Signal safe. */
void hl_py_alarm_set(bool waiting);

/* Python is followed: a thread may be at work on its objects. Will the reason that hl_graph_py_unready gave pass by itself? */
bool hl_py_is_live(void);
bool hl_py_will_pass(const char *reason);

/* This thread may be in the middle of an allocator's call with the GIL. Signal safe. */
bool hl_py_holds_gil(void);

/* ---- snapshot_take.c ---- */

/* Takes what waits for a point like this one. */
void hl_snapshot_at_point(void);

/* The interpreter begins to end: its objects are all there for the last time. */
void hl_snapshot_end_of_python(void);

#endif
