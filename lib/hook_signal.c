/* Signals that the library handles, and the program shall not notice it: it finds the default action there, and may take each for itself, which
 * ends our use of it. All other signals pass. */
#include "hook_signal.h"

#include "real.h"
#include "session.h"
#include "sys.h"

#include <stdbool.h>
#include <string.h>

typedef int real_sigaction(int, const struct sigaction *, struct sigaction *);
typedef void (*handler)(int);
typedef handler real_signal(int, handler);

static _Atomic uint64_t ours;            /* bit number - 1 */

static uint64_t bit(int number) { return number > 0 && number <= 64 ? UINT64_C(1) << (number - 1) : 0; }

int hl_signal_action(int number, const struct sigaction *action, struct sigaction *before)
{
    real_sigaction *real = HL_REAL(real_sigaction *, "sigaction");
    return real ? real(number, action, before) : -1;
}

bool hl_signal_take(int number, void (*handle)(int, siginfo_t *, void *))
{
    struct sigaction now, action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    if (hl_signal_action(number, NULL, &now) != 0)
        return false;
    if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == handle)
        return true;                     /* inherited by a forked child */
    if ((now.sa_flags & SA_SIGINFO) || now.sa_handler != SIG_DFL)
        return false;
    sigfillset(&action.sa_mask);
    if (hl_signal_action(number, &action, NULL) != 0)
        return false;
    atomic_fetch_or(&ours, bit(number));
    return true;
}

static void give_up(int number)
{
    atomic_fetch_and(&ours, ~bit(number));
    if (hl_session && hl_session->segment && hl_session->pid == hl_sys_getpid() && hl_session->board->snapshot_signal == (uint32_t)number)
        atomic_store(&hl_session->segment->snapshot_ready, 0);
}

void hl_signal_default(int number)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    atomic_fetch_and(&ours, ~bit(number));
    hl_signal_action(number, &action, NULL);
}

static bool is_ours(int number) { return atomic_load_explicit(&ours, memory_order_relaxed) & bit(number); }

HL_EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *before)
{
    if (HL_LIKELY(!is_ours(number)))
        return hl_signal_action(number, action, before);
    struct sigaction wanted = action ? *action : (struct sigaction){.sa_handler = SIG_DFL};      /* both may be one variable */
    if ((wanted.sa_flags & SA_SIGINFO) || wanted.sa_handler != SIG_DFL) {
        give_up(number);
        if (hl_signal_action(number, &wanted, NULL) != 0)
            return -1;
    }
    if (before)
        memset(before, 0, sizeof *before);
    return 0;
}

static handler change(real_signal *real, int number, handler action)
{
    bool hidden = is_ours(number);
    if (hidden && action == SIG_DFL)
        return SIG_DFL;
    if (hidden)
        give_up(number);
    handler before = real ? real(number, action) : SIG_ERR;
    return hidden && before != SIG_ERR ? SIG_DFL : before;
}

/* signal(2) and what programs of strict standards get in its place. */
HL_EXPORT handler signal(int number, handler action) { return change(HL_REAL(real_signal *, "signal"), number, action); }

HL_EXPORT handler __sysv_signal(int number, handler action);
HL_EXPORT handler sysv_signal(int number, handler action);
HL_EXPORT handler bsd_signal(int number, handler action);
HL_EXPORT handler ssignal(int number, handler action);

handler __sysv_signal(int number, handler action) { return change(HL_REAL(real_signal *, "__sysv_signal"), number, action); }
handler sysv_signal(int number, handler action) { return change(HL_REAL(real_signal *, "sysv_signal"), number, action); }
handler bsd_signal(int number, handler action) { return change(HL_REAL(real_signal *, "bsd_signal"), number, action); }
handler ssignal(int number, handler action) { return change(HL_REAL(real_signal *, "ssignal"), number, action); }
