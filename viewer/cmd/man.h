/* Manual pages in mdoc, from the tables of commands and options (mdoc(7)). */
#ifndef HEAPLINE_CMD_MAN_H
#define HEAPLINE_CMD_MAN_H

#include "../command.h"

#include <stdio.h>

void man_print_command(FILE *out, const struct command *command);   /* heapline-NAME(1) */
void man_print_overview(FILE *out);                                  /* heapline(1) */

#endif
