/* Tells the collector which files are mapped where, as long as they are. */
#ifndef HEAPLINE_MODULES_H
#define HEAPLINE_MODULES_H

#include "thread.h"

#include <stdbool.h>

/* Announces every module that was not announced yet. The thread's state must be BUSY. */
void hl_modules_announce(struct hl_thread *thread);

/* A pc was met for the first time: announces modules if some were loaded since. Called by the rule table, inside of a capture. */
void hl_modules_look(void);

/* Around a fork, in the thread that forks (pthread_atfork): no thread of ours is inside the loader at that moment. */
void hl_modules_before_fork(void);
void hl_modules_after_fork(void);
void hl_modules_in_child(void);

/* Code of the loader that has no unwind data is its entry: nothing lies outside of it. */
bool hl_modules_is_loader(uintptr_t pc);

/* After dlclose: reports what is gone and forgets its rules. */
void hl_modules_closed(struct hl_thread *thread);

#endif
