/* Asks the collector of a running process, from another process, for a snapshot of it: what `heapline snapshot` does. */
#ifndef HEAPLINE_COLLECT_ASK_H
#define HEAPLINE_COLLECT_ASK_H

#include "../base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* Finds the recording of `pid`, asks for a snapshot with that label ("": none) and waits until it is in the trace. True: it is;
 * false: it is not. One sentence that says what there is, or what is wrong and what to do, is added to `sentence`. */
bool ask_for_snapshot(int32_t pid, const char *label, struct strbuf *sentence);

#endif
