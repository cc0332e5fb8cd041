/* heapline.h: what a program can learn from heapline and tell it.
 *
 * Include it and link nothing: the functions are weak and come with the preloaded library when the program runs under
 * `heapline run`. Everywhere else their addresses are NULL; the macros below call them only where they exist and cost a comparison.
 * Any thread may use them, signal handlers too where nothing else is said.
 */
#ifndef HEAPLINE_H
#define HEAPLINE_H

#define HEAPLINE_VERSION_MAJOR 0
#define HEAPLINE_VERSION_MINOR 1

#ifdef __cplusplus
extern "C" {
#endif

/* 1: this process is being recorded. 0: it is not (any more). */
__attribute__((weak)) int heapline_is_recording(void);

/* Names this moment; reports show it and can begin or end there (--from, --to LABEL). At most 256 bytes of label, UTF-8. */
__attribute__((weak)) void heapline_mark(const char *label);

/* A span of this thread that reports can select (--scope LABEL). Spans nest; each end closes the innermost open span of that label. */
__attribute__((weak)) void heapline_scope_begin(const char *label);
__attribute__((weak)) void heapline_scope_end(const char *label);

/* Bytes live now in this process: all that its threads' events up to this call add up to; *peak_bytes, if not NULL, the most so far. Waits for the
 * collector (some 100 us). -1: not recorded, or no answer within a second. Not for signal handlers. */
__attribute__((weak)) long long heapline_live_bytes(long long *peak_bytes);

/* What happened in a window of time. */
struct heapline_window {
    unsigned long long live_bytes;                          /* now */
    unsigned long long peak_bytes;                          /* the most that was live at a time, the window's beginning included */
    unsigned long long allocated_bytes, allocations;        /* in it */
    unsigned long long left_bytes, left_blocks;             /* allocated in it, and live still */
};

/* The figures of the window that the process is in, which began with its first event or the last call with `anew`, up to this call. `anew`: begins the next
 * one at this very moment. Waits as heapline_live_bytes does, longer in a process of millions of blocks. 0; -1: not recorded, or no answer; *window may be
 * NULL. One window a process: not for libraries that others use. Not for signal handlers. */
__attribute__((weak)) int heapline_window(struct heapline_window *window, int anew);

/* Takes a snapshot of the heap: which blocks there are and what holds each. The process stands still while it is forked (10 ms a resident GB); the
 * rest is done beside it. 0: taken, though the search goes on; -1: not recorded, or another snapshot is under way. Not for signal handlers. */
__attribute__((weak)) int heapline_snapshot(const char *label);

/* Bytes and blocks by what a snapshot found out about them. */
struct heapline_leaks {
    unsigned long long lost_bytes, lost_blocks;             /* nothing leads to them */
    unsigned long long indirect_bytes, indirect_blocks;     /* only lost blocks lead to them */
    unsigned long long possible_bytes, possible_blocks;     /* only pointers into their inside lead to them */
    unsigned long long reachable_bytes, reachable_blocks;
    int complete;                                           /* 0: some memory could not be searched */
};

/* Takes a snapshot and waits for what it finds. 0: nothing is lost; 1: something is; -1: not recorded, or no answer. *leaks may be NULL. Not for signal
 * handlers. */
__attribute__((weak)) int heapline_leak_check(struct heapline_leaks *leaks);

/* The block that begins at `block` is no leak, nor is anything that it leads to. */
__attribute__((weak)) void heapline_ignore_object(const void *block);

/* What this thread allocates between disable and enable is no leak. They nest. */
__attribute__((weak)) void heapline_disable(void);
__attribute__((weak)) void heapline_enable(void);

/* For the Python package; both take a code object and need the GIL. Watch: from now on the figures of this function's lines are kept line by line, with the
 * frees that happen while a line is at work. Executed: `count` more executions of `line` were counted. */
__attribute__((weak)) void heapline_python_watch(void *code);
__attribute__((weak)) void heapline_python_executed(void *code, unsigned line, unsigned count);

#define HEAPLINE_MARK(label) do { if (heapline_mark) heapline_mark(label); } while (0)
#define HEAPLINE_SCOPE_BEGIN(label) do { if (heapline_scope_begin) heapline_scope_begin(label); } while (0)
#define HEAPLINE_SCOPE_END(label) do { if (heapline_scope_end) heapline_scope_end(label); } while (0)

#define HEAPLINE_SNAPSHOT(label) (heapline_snapshot ? heapline_snapshot(label) : -1)
#define HEAPLINE_LEAK_CHECK(leaks) (heapline_leak_check ? heapline_leak_check(leaks) : -1)
#define HEAPLINE_IGNORE_OBJECT(block) do { if (heapline_ignore_object) heapline_ignore_object(block); } while (0)
#define HEAPLINE_DISABLE() do { if (heapline_disable) heapline_disable(); } while (0)
#define HEAPLINE_ENABLE() do { if (heapline_enable) heapline_enable(); } while (0)

#define HEAPLINE_IS_RECORDING() (heapline_is_recording ? heapline_is_recording() : 0)

#ifdef __cplusplus
}
#endif

#endif
