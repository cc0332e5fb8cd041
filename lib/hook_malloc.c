/* The malloc family. A hook is: enter, the real call, one event, leave. C++ operators reach these through the PLT. */
#include "event.h"
#include "real.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Records that the allocator gave p for a request of `size` bytes, if it did, and leaves. */
HL_INLINE void *born(struct hl_thread *thread, void *p, size_t size, struct hl_frame origin)
{
    if (HL_LIKELY(thread != NULL)) {
        if (HL_LIKELY(p != NULL))
            hl_event_alloc(thread, p, size, origin);
        hl_leave(thread);
    }
    return p;
}

HL_EXPORT void *malloc(size_t size)
{
    struct hl_thread *thread = hl_enter();
    return born(thread, hl_real.malloc(size), size, HL_ORIGIN());
}

HL_EXPORT void *calloc(size_t n, size_t size)
{
    struct hl_thread *thread = hl_enter();
    return born(thread, hl_real.calloc(n, size), n * size, HL_ORIGIN());
}

HL_EXPORT void *memalign(size_t alignment, size_t size)
{
    struct hl_thread *thread = hl_enter();
    return born(thread, hl_real.memalign(alignment, size), size, HL_ORIGIN());
}

HL_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    struct hl_thread *thread = hl_enter();
    return born(thread, hl_real.aligned_alloc(alignment, size), size, HL_ORIGIN());
}

HL_EXPORT void *valloc(size_t size)
{
    struct hl_thread *thread = hl_enter();
    return born(thread, hl_real.valloc(size), size, HL_ORIGIN());
}

HL_EXPORT void *pvalloc(size_t size)
{
    struct hl_thread *thread = hl_enter();
    return born(thread, hl_real.pvalloc(size), size, HL_ORIGIN());
}

HL_EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
    struct hl_thread *thread = hl_enter();
    int error = hl_real.posix_memalign(p, alignment, size);
    born(thread, error ? NULL : *p, size, HL_ORIGIN());
    return error;
}

/* The block is recorded as gone before the allocator may hand its address to another thread. */
HL_INLINE void release(void *p, struct hl_frame origin)
{
    if (HL_UNLIKELY(!p || hl_real_is_early(p)))
        return;
    struct hl_thread *thread = hl_enter();
    if (HL_LIKELY(thread != NULL))
        hl_event_free(thread, p, origin);
    hl_real.free(p);
    if (HL_LIKELY(thread != NULL))
        hl_leave(thread);
}

HL_EXPORT void free(void *p) { release(p, HL_ORIGIN()); }

/* Gone from glibc since 2.26; old binaries still call it. */
HL_EXPORT void cfree(void *p);
void cfree(void *p) { release(p, HL_ORIGIN()); }

/* C23 7.24.3.4, .5: a free that knows the size; the size is not needed. */
HL_EXPORT void hl_free_sized(void *p, size_t size) __asm__("free_sized");
HL_EXPORT void hl_free_aligned_sized(void *p, size_t alignment, size_t size) __asm__("free_aligned_sized");

void hl_free_sized(void *p, size_t size) { release(p, HL_ORIGIN()); }

void hl_free_aligned_sized(void *p, size_t alignment, size_t size) { release(p, HL_ORIGIN()); }

/* A block of the early arena moves into the real heap. */
HL_COLD static void *leave_early(void *p, size_t size)
{
    size_t old = hl_real_early_size(p);
    void *q = malloc(size);
    return q ? memcpy(q, p, old < size ? old : size) : NULL;
}

/* The old block's generation is read while it is still ours; both records are written once the outcome is known, and pair
 * by generation in whatever order other threads' records arrive. A failed call leaves no trace; realloc(p, 0) that
 * frees returns NULL too, and is told apart by errno-free glibc semantics: size 0 and a block. */
HL_INLINE void *resize(void *p, size_t size, struct hl_frame origin)
{
    if (HL_UNLIKELY(p && hl_real_is_early(p)))
        return leave_early(p, size);
    struct hl_thread *thread = hl_enter();
    if (HL_UNLIKELY(!thread))
        return hl_real.realloc(p, size);
    uint8_t generation = p ? *hl_generation(p) : 0;
    if (HL_UNLIKELY(p && size == 0))
        hl_event_free(thread, p, origin);
    void *q = hl_real.realloc(p, size);
    if (HL_LIKELY(q != NULL)) {
        if (p && size)
            hl_event_realloc(thread, HL_RECORD_ALLOC, p, generation, q, size, origin);
        else
            hl_event_alloc(thread, q, size, origin);
    }
    hl_leave(thread);
    return q;
}

HL_EXPORT void *realloc(void *p, size_t size) { return resize(p, size, HL_ORIGIN()); }

HL_EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return resize(p, bytes, HL_ORIGIN());
}
