/* What the Python interpreter of a process used: objects beside C, and the arenas that objects lie in. Of the whole
 * process, no filter narrows it. */
#ifndef HEAPLINE_ANALYZE_PYTHON_USE_H
#define HEAPLINE_ANALYZE_PYTHON_USE_H

#include "../trace/reader.h"

struct python_use {
    uint64_t objects, object_bytes;             /* allocated */
    uint64_t object_peak, object_live;          /* bytes, at the peak of the process and at its end */
    uint64_t native_peak, native_live;          /* the rest of its heap */
    uint64_t arena_peak, arena_live;            /* bytes of arenas: the peak is that of the process's mappings */
};

void python_use_of(const struct trace *trace, uint32_t process, struct python_use *use);

/* "3.11.7", "3.14.0rc2" of PY_VERSION_HEX. */
struct python_version { char text[32]; };
struct python_version python_version_text(uint32_t hex);

#endif
