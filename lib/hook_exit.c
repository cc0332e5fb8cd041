/* How a process means to end, for those whose parent nobody here can ask. */
#include "event.h"
#include "library.h"
#include "real.h"
#include "snapshot.h"
#include "sys.h"

#include <stdlib.h>

static void record_status(int status)
{
    /* A vfork child ends on its parent's memory: its status is not this process's. */
    bool ours = hl_self && hl_self->status != HL_THREAD_UNREADY && hl_session->pid == hl_sys_getpid();
    struct hl_thread *thread = ours ? hl_enter() : NULL;
    if (thread && thread->nested) {
        hl_event_word(thread, HL_RECORD_EXIT, (uint8_t)status);
        hl_session_measure();
    }
    if (thread)
        hl_leave(thread);
}

static void at_exit(int status, void *unused)
{
    record_status(status);
    hl_snapshot_at_exit();
}

static void at_quick(void) { hl_snapshot_at_exit(); }         /* with what status is not told */

void hl_exit_watch(void)
{
    on_exit(at_exit, NULL);
    at_quick_exit(at_quick);
}

HL_EXPORT void _exit(int status)
{
    at_exit(status, NULL);
    for (;;)
        hl_sys(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

HL_EXPORT void _Exit(int status)
{
    at_exit(status, NULL);
    for (;;)
        hl_sys(SYS_exit_group, status, 0, 0, 0, 0, 0);
}
