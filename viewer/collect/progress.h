/* One line on the terminal while the program runs: elapsed, live, peak, events. Nothing when stderr is no terminal, and nothing while
 * the program has the terminal in a mode of its own (editors, prompts with line editing, password entry). */
#ifndef HEAPLINE_COLLECT_PROGRESS_H
#define HEAPLINE_COLLECT_PROGRESS_H

#include "collector.h"

void progress_begin(bool wanted);
void progress_show(const struct collector *collector);    /* cheap; draws a few times a second */
void progress_clear(void);

#endif
