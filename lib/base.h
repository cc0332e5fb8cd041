/* Small things that every file of the library uses. */
#ifndef HEAPLINE_BASE_H
#define HEAPLINE_BASE_H

#include <stddef.h>
#include <stdint.h>

#define HL_LIKELY(x) __builtin_expect(!!(x), 1)
#define HL_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define HL_EXPORT __attribute__((visibility("default")))
#define HL_COLD __attribute__((cold, noinline))
#define HL_INLINE static inline __attribute__((always_inline))

/* Orders this thread's memory accesses as its own signal handlers see them; costs nothing. */
#define HL_SIGNAL_FENCE() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#endif
