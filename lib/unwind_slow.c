/* The way out for frames that no compiled rule can step: signal frames, odd CFA registers, expressions.
 *
 * libunwind 1.6, statically linked and hidden. What its local mode does is not fit for a library in somebody else's process:
 *   - it checks memory by writing to a pipe that it keeps open (two descriptors, shared over fork, reopened when the target closes them);
 *   - it finds modules under the loader's lock, and opens and maps files of modules without a search table;
 *   - its row cache and memory pools have mutexes that a fork leaves locked for ever, and it blocks signals around each of them;
 *   - where there is no unwind data it guesses by rbp and reports the end of the stack when the guess fails.
 * So it runs as if for a remote process, on accessors of ours: modules come from hl_cfi_image_find, memory is checked by a system call without side
 * effects, rows are not cached. What is left are the pools: one walk at a time, under a lock of ours that forks wait for, with all
 * signals blocked so that no handler can interrupt it, re-enter it or jump out of it. The pipe that its start opens is refused
 * (pipe2 below); malloc is called once, at start, for the address space; the pools map a few pages of their own.
 */
#include "unwind.h"

#if defined(__has_include) && __has_include(<libunwind.h>) && defined(__x86_64__)

#include <errno.h>
#include <libunwind-x86_64.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "unwind_cfi.h"

#define PAGE_MIN 4096
#define PAGES_KNOWN 16          /* pages found readable during one walk, direct-mapped */
#define INNER_MAX 64            /* frames of ours, and of signal handlers above them, before the frame asked for */
#define LOCK_PATIENCE_NS 1000000000

/* libunwind's search in a table of .eh_frame_hdr, which its other libraries use as well but no public header declares. */
int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t space, unw_word_t pc, unw_dyn_info_t *module, unw_proc_info_t *info,
    int need_unwind_info, void *walk);

struct walk {
    const ucontext_t *context;
    uintptr_t pages[PAGES_KNOWN];
};

static unw_addr_space_t space;

/* The lock: who holds it, and in which process. A child made by a raw fork inherits a lock that nobody will release: it sees the
 * foreign pid and does without libunwind. */
static _Atomic uintptr_t lock_owner;
static _Atomic pid_t lock_pid;

/* libunwind's start asks for a pipe. Hidden, so only this library's objects see it, and none of them has another use for one. */
int pipe2(int fds[2], int flags) __attribute__((visibility("hidden")));

int pipe2(int fds[2], int flags)
{
    fds[0] = fds[1] = -1;
    errno = EMFILE;
    return -1;
}

/* The kernel reads the new mask before it looks at `how`: EFAULT when the address is not readable, else EINVAL, and nothing happens. */
static bool word_readable(uintptr_t address)
{
    return syscall(SYS_rt_sigprocmask, -1, address, NULL, 8) == 0 || errno != EFAULT;
}

static bool page_readable(struct walk *walk, uintptr_t address)
{
    uintptr_t page = address & -(uintptr_t)PAGE_MIN;
    uintptr_t *known = &walk->pages[page / PAGE_MIN % PAGES_KNOWN];
    if (page == 0)
        return false;
    if (*known != page && word_readable(page))
        *known = page;
    return *known == page;
}

static int access_memory(unw_addr_space_t unused, unw_word_t address, unw_word_t *value, int write, void *context)
{
    struct walk *walk = context;
    if (write || !page_readable(walk, address) || !page_readable(walk, address + sizeof *value - 1))
        return -UNW_EINVAL;
    memcpy(value, (const void *)address, sizeof *value);
    return 0;
}

static int access_register(unw_addr_space_t unused, unw_regnum_t reg, unw_word_t *value, int write, void *context)
{
    static const uint8_t places[] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9,
        REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP };    /* in the order of DWARF numbers */
    struct walk *walk = context;
    if (write || reg < 0 || (size_t)reg >= sizeof places)
        return -UNW_EBADREG;
    *value = (unw_word_t)walk->context->uc_mcontext.gregs[places[reg]];
    return 0;
}

static int find_procedure(unw_addr_space_t of, unw_word_t pc, unw_proc_info_t *info, int need_unwind_info, void *walk)
{
    struct hl_cfi_image image;
    struct hl_cfi_table table;
    if (hl_cfi_image_find(pc, &image) || hl_cfi_table_find(&image, &table))
        return -UNW_ENOINFO;
    unw_dyn_info_t module = { .start_ip = image.start, .end_ip = image.end, .format = UNW_INFO_FORMAT_REMOTE_TABLE };
    module.u.rti.segbase = image.header;
    module.u.rti.table_data = table.address;
    module.u.rti.table_len = table.entries * 8 / sizeof(unw_word_t);
    memset(info, 0, sizeof *info);
    return UNW_OBJ(dwarf_search_unwind_table)(of, pc, &module, info, need_unwind_info, walk);
}

static void put_unwind_info(unw_addr_space_t unused, unw_proc_info_t *info, void *walk)
{
}

static int no_dynamic_info(unw_addr_space_t unused, unw_word_t *address, void *walk) { return -UNW_ENOINFO; }

static int no_fp_register(unw_addr_space_t unused, unw_regnum_t reg, unw_fpreg_t *value, int write, void *walk)
{
    return -UNW_EBADREG;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* False when it cannot be had: this thread holds it already, its holder is not of this process, or it takes too long. */
static bool lock_acquire(void)
{
    uintptr_t self = (uintptr_t)pthread_self(), free_lock = 0;
    for (int64_t until = 0; !atomic_compare_exchange_strong(&lock_owner, &free_lock, self); free_lock = 0) {
        pid_t pid = atomic_load(&lock_pid);
        if (free_lock == self || (pid && pid != getpid()))
            return false;
        if (until == 0)
            until = now_ns() + LOCK_PATIENCE_NS;
        else if (now_ns() > until)
            return false;
        sched_yield();
    }
    atomic_store(&lock_pid, getpid());
    return true;
}

static void lock_release(void)
{
    atomic_store(&lock_pid, 0);
    atomic_store(&lock_owner, 0);
}

/* fork() waits for the walk under way, so that the child gets libunwind's pools whole. */
static _Atomic bool fork_locked;

static void before_fork(void) { atomic_store(&fork_locked, lock_acquire()); }

static void after_fork(void)
{
    if (atomic_exchange(&fork_locked, false))
        lock_release();
}

__attribute__((constructor)) static void slow_start(void)
{
    static unw_accessors_t accessors = {
        .find_proc_info = find_procedure, .put_unwind_info = put_unwind_info, .get_dyn_info_list_addr = no_dynamic_info,
        .access_mem = access_memory, .access_reg = access_register, .access_fpreg = no_fp_register,
    };
    unw_cursor_t cursor;
    ucontext_t context;
    struct walk walk = { .context = &context };
    int saved = errno;
    memset(&context, 0, sizeof context);
    space = unw_create_addr_space(&accessors, 0);
    if (space && unw_init_remote(&cursor, space, &walk))    /* the first call sets the pools up */
        space = NULL;
    pthread_atfork(before_fork, after_fork, after_fork);
    errno = saved;
}

/* Did the walk end where the unwind data says that stacks end? */
static bool at_end(uintptr_t pc)
{
    struct hl_rule rule;
    hl_rule_compile(pc, &rule);
    return rule.kind == HL_RULE_END;
}

static size_t walk_outwards(struct walk *walk, uintptr_t cfa, uintptr_t *pcs, size_t max, bool *whole)
{
    unw_cursor_t cursor;
    unw_word_t sp = 0, pc = 0;
    size_t n = 0, inner = 0;
    if (unw_init_remote(&cursor, space, walk))
        return 0;
    while (n < max && unw_step(&cursor) > 0) {
        if (unw_get_reg(&cursor, UNW_X86_64_RSP, &sp) || unw_get_reg(&cursor, UNW_X86_64_RIP, &pc) || pc == 0)
            break;
        if (n == 0 && sp != cfa && ++inner > INNER_MAX)
            break;
        if (n || sp == cfa)
            pcs[n++] = pc;
    }
    *whole = n && (pc == 0 || at_end(pc));
    return n;
}

/* In a frame of its own, which stays while the walk goes on from it. */
static __attribute__((noinline)) size_t walk_from_here(uintptr_t cfa, uintptr_t *pcs, size_t max, bool *whole)
{
    ucontext_t context;
    struct walk walk = { .context = &context };
    return getcontext(&context) ? 0 : walk_outwards(&walk, cfa, pcs, max, whole);
}

size_t hl_unwind_slow(uintptr_t cfa, uintptr_t *pcs, size_t max, bool *whole)
{
    uint64_t all = ~UINT64_C(0), mask;    /* the C library would leave its own two signals open, one of which cancels threads */
    size_t n = 0;
    int saved = errno;
    *whole = false;
    if (space && syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, 8) == 0) {
        if (lock_acquire()) {
            n = walk_from_here(cfa, pcs, max, whole);
            lock_release();
        }
        syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
    }
    errno = saved;
    return n;
}

#else    /* no libunwind for this processor: such stacks end here and are counted as truncated */

size_t hl_unwind_slow(uintptr_t cfa, uintptr_t *pcs, size_t max, bool *whole)
{
    *whole = false;
    return 0;
}

#endif
