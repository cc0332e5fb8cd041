/* The library as a whole: what it knows of itself, and its beginning. */
#ifndef HEAPLINE_LIBRARY_H
#define HEAPLINE_LIBRARY_H

#include "base.h"

#include <stdbool.h>

struct hl_library {
    bool active;                         /* a recording was asked for; program and children are to be seen */
    char path[1024];                     /* of this library, as the loader was told */
    char preload_variable[2048];         /* "LD_PRELOAD=..." as it was at start */
    char socket_variable[256];           /* "HEAPLINE_SOCKET=..." */
};

extern struct hl_library hl_library;

void hl_exit_watch(void);                /* hook_exit.c */

#endif
