/* The functions that stand behind the hooks: those of the next object in the search order, as dlsym(RTLD_NEXT) finds them.
 *
 * Until they are known, every pointer leads to a stub that looks them up. What dlsym itself allocates meanwhile comes from a small
 * static arena whose blocks are never given back; hl_real_is_early tells them.
 */
#ifndef HEAPLINE_REAL_H
#define HEAPLINE_REAL_H

#include "base.h"

#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

struct hl_real {
    void *(*malloc)(size_t);
    void (*free)(void *);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*memalign)(size_t, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
};

extern struct hl_real hl_real;

#define HL_EARLY_BYTES 65536
extern char hl_real_early[HL_EARLY_BYTES];

HL_INLINE bool hl_real_is_early(const void *p) { return (uintptr_t)p - (uintptr_t)hl_real_early < HL_EARLY_BYTES; }

/* Bytes that a block of the early arena has. */
size_t hl_real_early_size(const void *p);

/* Any other function behind a hook; NULL when nobody else defines it. Looked up at the first call, kept in *cache. */
void *hl_real_find(void **cache, const char *name);

#define HL_REAL(type, name) ({ static void *cache_; (type)hl_real_find(&cache_, name); })

#endif
