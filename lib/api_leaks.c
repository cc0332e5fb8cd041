/* What a program asks about leaks (heapline.h), also by the names of LeakSanitizer (compiler-rt, sanitizer/lsan_interface.h). */
#include "heapline.h"

#include "event.h"
#include "real.h"
#include "session.h"
#include "snapshot.h"
#include "sys.h"

#include <stdlib.h>

#define LEAKS_STATUS 23                  /* LeakSanitizer's exit status where leaks were found */

HL_EXPORT int heapline_snapshot(const char *label)
{
    return label && hl_snapshot_take(HL_SNAPSHOT_CALL, label, NULL) ? 0 : -1;
}

static int check(struct hl_snapshot_counts *counts)
{
    if (!hl_snapshot_take(HL_SNAPSHOT_CHECK, "", counts))
        return -1;
    return counts->blocks[HL_REACH_LOST] > 0;
}

HL_EXPORT int heapline_leak_check(struct heapline_leaks *leaks)
{
    struct hl_snapshot_counts counts = {{0}, {0}, 0};
    int result = check(&counts);
    if (leaks)
        *leaks = (struct heapline_leaks){
            counts.bytes[HL_REACH_LOST], counts.blocks[HL_REACH_LOST],
            counts.bytes[HL_REACH_INDIRECT], counts.blocks[HL_REACH_INDIRECT],
            counts.bytes[HL_REACH_POSSIBLE], counts.blocks[HL_REACH_POSSIBLE],
            counts.bytes[HL_REACH_HELD], counts.blocks[HL_REACH_HELD],
            (int)counts.complete,
        };
    return result;
}

HL_EXPORT void heapline_ignore_object(const void *block)
{
    struct hl_thread *thread = block && !hl_real_is_early(block) ? hl_enter() : NULL;
    if (!thread)
        return;
    hl_event_ignore(thread, block);
    hl_leave(thread);
}

HL_EXPORT void heapline_disable(void)
{
    struct hl_thread *thread = hl_enter();
    if (!thread)
        return;
    if (thread->nested)
        thread->ignoring++;
    hl_leave(thread);
}

HL_EXPORT void heapline_enable(void)
{
    struct hl_thread *thread = hl_enter();
    if (!thread)
        return;
    if (thread->nested && thread->ignoring)
        thread->ignoring--;
    hl_leave(thread);
}

/* ---- LeakSanitizer's names ---- */

HL_EXPORT void __lsan_ignore_object(const void *p);
HL_EXPORT void __lsan_disable(void);
HL_EXPORT void __lsan_enable(void);
HL_EXPORT void __lsan_register_root_region(const void *p, size_t size);
HL_EXPORT void __lsan_unregister_root_region(const void *p, size_t size);
HL_EXPORT int __lsan_do_recoverable_leak_check(void);
HL_EXPORT void __lsan_do_leak_check(void);

void __lsan_ignore_object(const void *p) { heapline_ignore_object(p); }
void __lsan_disable(void) { heapline_disable(); }
void __lsan_enable(void) { heapline_enable(); }
void __lsan_register_root_region(const void *p, size_t size) { hl_snapshot_add_region((uintptr_t)p, size, false); }
void __lsan_unregister_root_region(const void *p, size_t size) { hl_snapshot_remove_region((uintptr_t)p, size); }

int __lsan_do_recoverable_leak_check(void)
{
    struct hl_snapshot_counts counts = {{0}, {0}, 0};
    return check(&counts) == 1;
}

/* At most one such check is made; a program with leaks ends here. */
void __lsan_do_leak_check(void)
{
    static _Atomic uint32_t checked;
    if (!atomic_exchange(&checked, 1) && __lsan_do_recoverable_leak_check())
        _Exit(LEAKS_STATUS);
}
