/* Long output through a pager, as git does: $HEAPLINE_PAGER, else $PAGER, else less, and only when stdout is a terminal.
 *
 *     const struct palette *colors = palette_for(when, STDOUT_FILENO);
 *     struct pager pager;
 *     pager_start(&pager);
 *     int status = print_everything(colors);
 *     return pager_finish(&pager, status);
 *
 * Leaving the pager early is no error: writes to stdout then fail with EPIPE, unheard; long loops may end at ferror(stdout).
 * A signal that ends the command waits for the pager first, so that the terminal is left as it was. One pager at a time.
 */
#ifndef HEAPLINE_BASE_PAGER_H
#define HEAPLINE_BASE_PAGER_H

#include <sys/types.h>

struct pager {
    pid_t pid;                      /* 0: none, stdout is what it was */
    int saved_stdout;
};

/* "" and "cat" mean no pager. When it cannot be started the output goes to the terminal as it is. */
void pager_start(struct pager *pager);

/* Flushes stdout, waits for the pager and gives stdout back; without a pager, does nothing. Returns `status`. */
int pager_finish(struct pager *pager, int status);

#endif
