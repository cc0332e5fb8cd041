/* Signals for the library's own use, hidden from the program. */
#ifndef HEAPLINE_HOOK_SIGNAL_H
#define HEAPLINE_HOOK_SIGNAL_H

#include "base.h"

#include <signal.h>
#include <stdbool.h>

/* sigaction(2) past our own hook. */
int hl_signal_action(int number, const struct sigaction *action, struct sigaction *before);

/* Handles a signal whose action is the default one, with all signals blocked meanwhile, on the alternate stack if the thread has one. False: somebody else
 * uses it. The program may take it any time. */
bool hl_signal_take(int number, void (*handle)(int, siginfo_t *, void *));

/* The default action again. */
void hl_signal_default(int number);

#endif
