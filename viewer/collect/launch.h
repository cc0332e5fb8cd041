/* Starts the program with the library preloaded and stands between it and the person: signals, progress, waiting.
 *
 * Signals: what a terminal sends reaches the program by itself (same process group); what somebody sends to `heapline` alone is passed
 * on. After the program ended, INT, TERM and HUP end the recording of what still runs.
 */
#ifndef HEAPLINE_COLLECT_LAUNCH_H
#define HEAPLINE_COLLECT_LAUNCH_H

#include "collector.h"

#include <limits.h>

/* The library that belongs to this command: beside the build, or installed. False: not found; *path then says where it was expected. */
bool launch_find_library(char path[PATH_MAX]);

/* Starts argv[0] (found along PATH). Returns its pid, or -errno: the program could not be executed. */
int32_t launch_start(struct collector *collector, const char *library, char **argv);

/* Runs the collector until the program and its descendants ended, or a signal ended the wait. False: something still runs. */
bool launch_wait(struct collector *collector, bool progress, bool wait_for_all);

#endif
