/* A program is about to filter its own system calls (seccomp(2)): a snapshot might make one that ends it. No new privileges is what all but the privileged have to
 * give up first. Filters from before this program began are the collector's to see. */
#include "real.h"
#include "session.h"
#include "sys.h"

#include <linux/prctl.h>
#include <stdarg.h>

typedef int real_prctl(int, unsigned long, unsigned long, unsigned long, unsigned long);

HL_EXPORT int prctl(int option, ...);

int prctl(int option, ...)
{
    real_prctl *real = HL_REAL(real_prctl *, "prctl");
    va_list arguments;
    va_start(arguments, option);
    unsigned long a = va_arg(arguments, unsigned long), b = va_arg(arguments, unsigned long), c = va_arg(arguments, unsigned long),
                  d = va_arg(arguments, unsigned long);
    va_end(arguments);
    if ((option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS) && hl_session && hl_session->status == HL_SESSION_ON &&
        hl_session->pid == hl_sys_getpid())
        atomic_store(&hl_session->segment->filtered, 1);
    return real ? real(option, a, b, c, d) : -1;
}
