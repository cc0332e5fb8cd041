/* System calls made directly, past the hooks and past cancellation points. Each returns the kernel's value: >= 0, or -errno.
 * errno is never touched. Hook safe. */
#ifndef HEAPLINE_SYS_H
#define HEAPLINE_SYS_H

#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline long hl_sys(long number, long a, long b, long c, long d, long e, long f)
{
    int saved = errno;
    long result = syscall(number, a, b, c, d, e, f);
    if (result == -1)
        result = -errno;
    errno = saved;
    return result;
}

static inline int hl_sys_failed(long result) { return result < 0 && result > -4096; }

/* Private zeroed memory, not counted by the hooks and no place where the program keeps anything. NULL when there is none. Wiped in a
 * forked child when `wipe`. */
void *hl_sys_map(size_t bytes, int wipe);
void hl_sys_unmap(void *p, size_t bytes);

/* The same, but a forked child sees what its parent writes. */
void *hl_sys_map_shared(size_t bytes);

/* What hl_sys_map gave and nobody took back: ranges in no order, empty ones between them. As many as there were is returned, at most HL_SYS_OWN. */
void hl_sys_keep(uintptr_t start, uintptr_t end);         /* counts more memory as ours */
#define HL_SYS_OWN 16384u
struct hl_sys_range { uintptr_t start, end; };
uint32_t hl_sys_own(const struct hl_sys_range **ranges);

/* How many bytes of a mapping of ours are in memory. */
static inline uint64_t hl_sys_resident(const void *p, size_t bytes)
{
    unsigned char pages[1024];
    uint64_t sum = 0;
    uintptr_t start = (uintptr_t)p & ~(uintptr_t)4095, end = ((uintptr_t)p + bytes + 4095) & ~(uintptr_t)4095;
    for (uintptr_t at = start; at < end; at += sizeof pages * 4096) {
        size_t n = (end - at) / 4096 < sizeof pages ? (end - at) / 4096 : sizeof pages;
        if (hl_sys(SYS_mincore, (long)at, (long)(n * 4096), (long)pages, 0, 0, 0) != 0)
            continue;
        for (size_t i = 0; i < n; i++)
            sum += (pages[i] & 1) * 4096u;
    }
    return sum;
}

/* Waits while *word == value, at most `timeout_ns` (0: for ever). Shared between processes. */
static inline long hl_sys_wait(_Atomic uint32_t *word, uint32_t value, uint64_t timeout_ns)
{
    struct timespec limit = {(time_t)(timeout_ns / 1000000000), (long)(timeout_ns % 1000000000)};
    return hl_sys(SYS_futex, (long)word, FUTEX_WAIT, value, timeout_ns ? (long)&limit : 0, 0, 0);
}

static inline void hl_sys_wake(_Atomic uint32_t *word) { hl_sys(SYS_futex, (long)word, FUTEX_WAKE, INT32_MAX, 0, 0, 0); }

static inline int32_t hl_sys_gettid(void) { return (int32_t)hl_sys(SYS_gettid, 0, 0, 0, 0, 0, 0); }
static inline int32_t hl_sys_getpid(void) { return (int32_t)hl_sys(SYS_getpid, 0, 0, 0, 0, 0, 0); }

static inline uint64_t hl_sys_now(void)
{
    struct timespec t;
    hl_sys(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0, 0);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#endif
