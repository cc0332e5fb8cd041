/* Every verb; each is defined in the file of its name. The table of main.c gives them their order. */
#ifndef HEAPLINE_CMD_COMMANDS_H
#define HEAPLINE_CMD_COMMANDS_H

#include "../command.h"

extern const struct command command_run, command_snapshot, command_report, command_lines, command_tree, command_export, command_dump, command_help,
    command_completion, command_leaks, command_gate, command_diff, command_graph;

#endif
