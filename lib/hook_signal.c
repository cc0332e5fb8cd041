/* The snapshot signal belongs to the library, and the program shall not notice: it finds the default action there, and may take the signal for
 * itself, which ends our use of it. All other signals pass. */
#include "real.h"
#include "session.h"
#include "snapshot.h"
#include "sys.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

typedef int real_sigaction(int, const struct sigaction *, struct sigaction *);
typedef void (*handler)(int);
typedef handler real_signal(int, handler);

static _Atomic int listening;            /* the signal, 0: none */

int hl_signal_action(int signal, const struct sigaction *action, struct sigaction *before)
{
    real_sigaction *real = HL_REAL(real_sigaction *, "sigaction");
    return real ? real(signal, action, before) : -1;
}

void hl_signal_listens(int signal) { atomic_store(&listening, signal); }

static void give_up(void)
{
    atomic_store(&listening, 0);
    if (hl_session && hl_session->segment && hl_session->pid == hl_sys_getpid())
        atomic_store(&hl_session->segment->snapshot_ready, 0);
}

HL_EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *before)
{
    if (HL_LIKELY(number != atomic_load_explicit(&listening, memory_order_relaxed) || number == 0))
        return hl_signal_action(number, action, before);
    bool taken = action && ((action->sa_flags & SA_SIGINFO) || action->sa_handler != SIG_DFL);
    if (taken) {
        give_up();
        if (hl_signal_action(number, action, NULL) != 0)
            return -1;
    }
    if (before)
        memset(before, 0, sizeof *before);
    return 0;
}

HL_EXPORT handler signal(int number, handler action)
{
    real_signal *real = HL_REAL(real_signal *, "signal");
    bool ours = number != 0 && number == atomic_load_explicit(&listening, memory_order_relaxed);
    if (ours && action == SIG_DFL)
        return SIG_DFL;
    if (ours)
        give_up();
    handler before = real ? real(number, action) : SIG_ERR;
    return ours && before != SIG_ERR ? SIG_DFL : before;
}
