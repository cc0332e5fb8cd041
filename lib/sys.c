#include "sys.h"

static struct hl_sys_range own[HL_SYS_OWN];
static uint32_t n_own;

#define FREE ((uintptr_t)1)                 /* where a range began that was given back; 0: its place is taken, and will be written in a moment */

void hl_sys_keep(uintptr_t start, uintptr_t end)
{
    const struct hl_sys_range *ranges;
    uint32_t n = hl_sys_own(&ranges), i = 0;
    for (uintptr_t none = FREE; i < n; i++, none = FREE)
        if (__atomic_compare_exchange_n(&own[i].start, &none, 0, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            break;
    if (i == n && (i = __atomic_fetch_add(&n_own, 1, __ATOMIC_ACQ_REL)) >= HL_SYS_OWN)
        return;
    __atomic_store_n(&own[i].end, end, __ATOMIC_RELAXED);
    __atomic_store_n(&own[i].start, start, __ATOMIC_RELEASE);
}

void *hl_sys_map(size_t bytes, int wipe)
{
    long p = hl_sys(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (hl_sys_failed(p))
        return NULL;
    if (wipe)
        hl_sys(SYS_madvise, p, (long)bytes, MADV_WIPEONFORK, 0, 0, 0);
    hl_sys_keep((uintptr_t)p, ((uintptr_t)p + bytes + 4095) & ~(uintptr_t)4095);
    return (void *)p;
}

void *hl_sys_map_shared(size_t bytes)
{
    long p = hl_sys(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (hl_sys_failed(p))
        return NULL;
    hl_sys_keep((uintptr_t)p, ((uintptr_t)p + bytes + 4095) & ~(uintptr_t)4095);
    return (void *)p;
}

void hl_sys_unmap(void *p, size_t bytes)
{
    const struct hl_sys_range *ranges;
    uint32_t n = hl_sys_own(&ranges);
    for (uint32_t i = 0; i < n; i++)
        if (__atomic_load_n(&own[i].start, __ATOMIC_ACQUIRE) == (uintptr_t)p) {
            __atomic_store_n(&own[i].end, 0, __ATOMIC_RELAXED);
            __atomic_store_n(&own[i].start, FREE, __ATOMIC_RELEASE);
            break;
        }
    hl_sys(SYS_munmap, (long)p, (long)bytes, 0, 0, 0, 0);
}

uint32_t hl_sys_own(const struct hl_sys_range **ranges)
{
    uint32_t n = __atomic_load_n(&n_own, __ATOMIC_ACQUIRE);
    *ranges = own;
    return n < HL_SYS_OWN ? n : HL_SYS_OWN;
}
