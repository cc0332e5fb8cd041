/* Can this program be profiled? Looks at the file, as execvp would find it, without running it. */
#ifndef HEAPLINE_COLLECT_INSPECT_H
#define HEAPLINE_COLLECT_INSPECT_H

#include <limits.h>
#include <stdbool.h>

enum inspect_verdict {
    INSPECT_FINE,
    INSPECT_NOT_FOUND,            /* as a shell: 127 */
    INSPECT_NOT_EXECUTABLE,       /* as a shell: 126 */
    INSPECT_BARRED,               /* the library cannot enter it */
};

struct inspection {
    enum inspect_verdict verdict;
    char path[PATH_MAX];          /* the file, after the search along PATH */
    char reason[PATH_MAX + 512];  /* one sentence without a full stop: cause and way out; empty when fine */
};

void inspect_program(const char *name, struct inspection *inspection);

/* Does the executable define malloc itself (in a symbol table of either kind)? */
bool inspect_defines_malloc(const char *path);

#endif
