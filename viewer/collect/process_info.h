/* What /proc says of a process. All of it may be gone already: then the answers are empty. */
#ifndef HEAPLINE_COLLECT_PROCESS_INFO_H
#define HEAPLINE_COLLECT_PROCESS_INFO_H

#include "target.h"

char *process_command(int32_t pid);               /* quoted command line; to be freed */
char *process_executable(int32_t pid);            /* path; to be freed */
char *process_name(int32_t pid);                  /* as ps shows it, not cut; to be freed */
int32_t process_parent(int32_t pid);              /* 0: unknown */
uint64_t process_rss(int32_t pid);                /* bytes; 0: unknown */

char process_state(int32_t pid);                  /* 'R', 'S', 'T' (stopped) ... as in /proc/PID/stat; 0: unknown */
bool process_catches(int32_t pid, uint32_t signal);   /* a handler of its own stands there for the signal */
bool process_waits(int32_t pid, uint32_t signal);     /* the signal was sent and no thread has taken it yet */

/* How many filters its system calls pass (seccomp); where the kernel does not count them (before 5.9): 1 if any. */
uint32_t process_filters(int32_t pid);

/* How an ended process that is not our child ended, from its pidfd (Linux 6.15 and later). False: unknown. */
bool process_exit_status(int pidfd, struct trace_exit *exit);

/* Writes the name of a thread, or of all that still run, where the trace does not know it. */
void process_name_thread(struct target *target, struct target_thread *thread);
void process_name_threads(struct target *target);

#endif
