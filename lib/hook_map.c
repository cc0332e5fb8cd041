/* mmap and its kin as the program calls them. What libc and the loader map for themselves does not come by here. */
#include "event.h"
#include "py.h"
#include "real.h"
#include "snapshot.h"
#include "sys.h"

#include <stdarg.h>
#include <sys/mman.h>

#define ARENA_BYTES ((size_t)256 << 10)    /* the smallest that any Python's allocator maps: a sign of an interpreter */

static enum hl_map_class classify(int protection, int flags)
{
    if (protection == PROT_NONE)
        return HL_MAP_RESERVED;
    return flags & MAP_ANONYMOUS ? HL_MAP_ANONYMOUS : HL_MAP_FILE;
}

/* Python's allocator maps arenas in the middle of a call that is recorded as an object: the mapping is recorded all the same, as an arena. */
HL_INLINE struct hl_thread *enter(bool *inside)
{
    struct hl_thread *thread = hl_self;
    *inside = thread && thread->status == HL_THREAD_INSIDE;
    if (HL_LIKELY(!*inside))
        return hl_enter();
    thread->status = HL_THREAD_BUSY;
    HL_SIGNAL_FENCE();
    return thread;
}

HL_INLINE void leave(struct hl_thread *thread, bool inside)
{
    HL_SIGNAL_FENCE();
    if (inside)
        thread->status = HL_THREAD_INSIDE;
    else
        hl_leave(thread);
}

HL_INLINE void *map(void *address, size_t length, int protection, int flags, int fd, off_t offset, struct hl_frame origin)
{
    void *(*real)(void *, size_t, int, int, int, off_t) = HL_REAL(void *(*)(void *, size_t, int, int, int, off_t), "mmap64");
    bool inside;
    struct hl_thread *thread = enter(&inside);
    void *p = real(address, length, protection, flags, fd, offset);
    if (thread) {
        if (p != MAP_FAILED)
            hl_event_map(thread, p, length, inside ? HL_MAP_ARENA : classify(protection, flags), origin);
        leave(thread, inside);
        if (!inside && p != MAP_FAILED && flags & MAP_ANONYMOUS && length >= ARENA_BYTES)
            hl_py_look(origin.pc);
    }
    return p;
}

HL_EXPORT void *hl_mmap(void *, size_t, int, int, int, off_t) __asm__("mmap");
HL_EXPORT void *hl_mmap64(void *, size_t, int, int, int, off_t) __asm__("mmap64");

void *hl_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    return map(address, length, protection, flags, fd, offset, HL_ORIGIN());
}

void *hl_mmap64(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    return map(address, length, protection, flags, fd, offset, HL_ORIGIN());
}

/* The sequence is drawn before the addresses are given up, and used even if the call fails: numbers have no gaps. */
HL_EXPORT int munmap(void *p, size_t length)
{
    int (*real)(void *, size_t) = HL_REAL(int (*)(void *, size_t), "munmap");
    bool inside;
    struct hl_thread *thread = enter(&inside);
    if (!thread)
        return real(p, length);
    uint64_t sequence = hl_event_sequence();
    int result = real(p, length);
    hl_event_unmap(thread, p, result == 0 ? length : 0, sequence);
    leave(thread, inside);
    return result;
}

HL_EXPORT void *mremap(void *old, size_t old_length, size_t length, int flags, ...)
{
    void *(*real)(void *, size_t, size_t, int, ...) = HL_REAL(void *(*)(void *, size_t, size_t, int, ...), "mremap");
    va_list list;
    va_start(list, flags);
    void *wanted = flags & MREMAP_FIXED ? va_arg(list, void *) : NULL;
    va_end(list);
    struct hl_thread *thread = hl_enter();
    void *p = real(old, old_length, length, flags, wanted);
    if (thread) {
        if (p != MAP_FAILED)
            hl_event_remap(thread, old, old_length, p, length, HL_ORIGIN());
        hl_leave(thread);
    }
    return p;
}

/* Reserved address space that becomes usable, and back. */
HL_EXPORT int mprotect(void *p, size_t length, int protection)
{
    int (*real)(void *, size_t, int) = HL_REAL(int (*)(void *, size_t, int), "mprotect");
    struct hl_thread *thread = hl_enter();
    int result = real(p, length, protection);
    if (thread) {
        if (result == 0)
            hl_event_protect(thread, p, length, protection == PROT_NONE ? HL_MAP_RESERVED : HL_MAP_ANONYMOUS);
        hl_leave(thread);
    }
    return result;
}

HL_EXPORT void *sbrk(intptr_t growth)
{
    void *(*real)(intptr_t) = HL_REAL(void *(*)(intptr_t), "sbrk");
    struct hl_thread *thread = hl_enter();
    void *p = real(growth);
    if (thread) {
        if (p != (void *)-1 && growth)
            hl_event_break(thread, growth, HL_ORIGIN());
        if (p != (void *)-1 && growth > 0)
            hl_snapshot_add_region((uintptr_t)p, (size_t)growth, true);
        hl_leave(thread);
    }
    return p;
}

HL_EXPORT int brk(void *end)
{
    int (*real)(void *) = HL_REAL(int (*)(void *), "brk");
    void *(*real_sbrk)(intptr_t) = HL_REAL(void *(*)(intptr_t), "sbrk");
    struct hl_thread *thread = hl_enter();
    if (!thread)
        return real(end);
    char *before = real_sbrk(0);
    int result = real(end);
    if (result == 0 && (char *)end != before)
        hl_event_break(thread, (char *)end - before, HL_ORIGIN());
    if (result == 0 && (char *)end > before)
        hl_snapshot_add_region((uintptr_t)before, (size_t)((char *)end - before), true);
    hl_leave(thread);
    return result;
}
