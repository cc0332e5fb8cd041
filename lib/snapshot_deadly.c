/* A signal that is about to end the process, by its default action: the snapshot is taken first, then the signal takes its course. A fault happens again when the
 * handler returns, so that a core dump shows what it would have shown. */
#include "hook_signal.h"
#include "session.h"
#include "snapshot.h"
#include "sys.h"
#include "thread.h"

static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM};

static __thread int postponed;           /* the signal that came inside of a hook */

static void die(int signal)
{
    hl_signal_default(signal);
    hl_sys(SYS_tgkill, hl_sys_getpid(), hl_sys_gettid(), signal, 0, 0, 0);
}

static bool is_fault(int signal, const siginfo_t *info)
{
    return info->si_code > 0 && (signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE || signal == SIGILL);
}

static void on_deadly(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    struct hl_thread *thread = hl_self;
    bool inside = hl_is_inside(thread), fault = is_fault(signal, info);
    if (inside && !fault && !postponed) {
        postponed = signal;
        thread->pending |= HL_PENDING_SNAPSHOT;
        errno = saved;
        return;
    }
    if (!inside)
        hl_snapshot_interrupted(context);
    if (fault)
        hl_signal_default(signal);
    else
        die(signal);
    sigdelset(&((ucontext_t *)context)->uc_sigmask, signal);   /* ppoll and its kin: it is delivered on return, though their caller blocks it */
    errno = saved;
}

void hl_deadly_after_hook(void)
{
    if (!postponed)
        return;
    uint64_t signal = UINT64_C(1) << (postponed - 1);
    hl_snapshot_at_exit();
    die(postponed);
    hl_sys(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&signal, 0, sizeof signal, 0, 0);
}

void hl_deadly_listen(void)
{
    if (!hl_session->board->snapshot_at_exit)
        return;
    for (unsigned i = 0; i < sizeof deadly / sizeof *deadly; i++)
        if ((uint32_t)deadly[i] != hl_session->board->mark_signal)
            hl_signal_take(deadly[i], on_deadly);
}
