#include "arch.h"
#include "session.h"
#include "snapshot.h"
#include "sys.h"
#include "thread.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#define MAGIC 0x4850u                    /* in the upper half of the signal's value; the lower one is the place in the list */
#define PATIENCE_NS UINT64_C(1000000000) /* without any thread that comes */
#define LOOK_NS UINT64_C(20000000)       /* then it is time to look who cannot, */
#define LOOK_FEW_NS UINT64_C(2000000)    /* sooner where looking is cheap */
#define FEW 4u

static struct hl_stopped *threads;       /* HL_STOPPED_MAX of them, mapped once and kept */
static _Atomic uint32_t arrived;         /* futex */
static _Atomic uint32_t holding;         /* futex: threads stand while it is odd */
static _Atomic uint32_t leaving;         /* threads that stand, or are on their way out */

static bool is_stopping(void) { return atomic_load(&holding) & 1; }

uintptr_t hl_stop_signal_stack(void)
{
    stack_t stack = {.ss_flags = SS_DISABLE};
    hl_sys(SYS_sigaltstack, 0, (long)&stack, 0, 0, 0, 0);
    return stack.ss_flags & SS_DISABLE ? 0 : (uintptr_t)stack.ss_sp;
}

/* Stands until all may go on. */
static void stand(struct hl_stopped *self)
{
    uint32_t now = atomic_load(&holding);
    if (!(now & 1))
        return;
    atomic_fetch_add(&leaving, 1);
    self->thread_pointer = (uintptr_t)pthread_self();
    self->signal_stack = hl_stop_signal_stack();
    atomic_store(&self->state, HL_STOP_STANDS);
    atomic_fetch_add(&arrived, 1);
    hl_sys_wake(&arrived);
    while (atomic_load(&holding) == now)
        hl_sys_wait(&holding, now, 0);
    atomic_fetch_sub(&leaving, 1);
}

static __thread uint32_t asked;          /* place in the list + 1: this thread stops when its hook is left */

bool hl_stop_handle(siginfo_t *info, void *context)
{
    if (info->si_code != SI_QUEUE || info->si_pid != hl_sys_getpid() || (uint32_t)info->si_value.sival_int >> 16 != MAGIC)
        return false;
    uint32_t place = (uint32_t)info->si_value.sival_int & 0xffff;
    struct hl_thread *thread = hl_self;
    if (!is_stopping() || place >= HL_STOPPED_MAX || threads[place].tid != hl_sys_gettid())
        return true;                     /* it came late: everybody went on already */
    if (hl_is_inside(thread)) {
        asked = place + 1;
        thread->pending |= HL_PENDING_SNAPSHOT;
        return true;
    }
    threads[place].sp = hl_arch_context_sp(context);
    threads[place].context = context;
    stand(&threads[place]);
    return true;
}

/* The registers that calls keep go onto the stack, where the search finds them. */
__attribute__((noinline)) static void stand_after_hook(struct hl_stopped *self)
{
    __builtin_unwind_init();
    self->sp = (uintptr_t)__builtin_frame_address(0) - 512;
    self->context = NULL;
    stand(self);
}

void hl_stop_after_hook(void)
{
    uint32_t place = asked;
    asked = 0;
    if (place && is_stopping() && threads[place - 1].tid == hl_sys_gettid())
        stand_after_hook(&threads[place - 1]);
}

/* ---- who there is ---- */

struct directory_entry { uint64_t inode; int64_t offset; uint16_t length; uint8_t type; char name[]; };

static int32_t number(const char *text)
{
    int32_t n = 0;
    while (*text >= '0' && *text <= '9')
        n = n * 10 + (*text++ - '0');
    return *text || n <= 0 ? -1 : n;
}

static bool is_listed(const struct hl_stop *stop, int32_t tid)
{
    for (uint32_t i = 0; i < stop->n; i++)
        if (stop->threads[i].tid == tid)
            return true;
    return false;
}

static void ask(struct hl_stop *stop, int32_t tid, int signal)
{
    if (stop->n == HL_STOPPED_MAX)
        return;
    struct hl_stopped *thread = &stop->threads[stop->n];
    siginfo_t info;
    memset(thread, 0, sizeof *thread);
    thread->tid = tid;
    memset(&info, 0, sizeof info);
    info.si_signo = signal;
    info.si_code = SI_QUEUE;
    info.si_pid = hl_sys_getpid();
    info.si_value.sival_int = (int)(MAGIC << 16 | stop->n);
    stop->n++;
    long error = hl_sys(SYS_rt_tgsigqueueinfo, hl_sys_getpid(), tid, signal, (long)&info, 0, 0);
    if (error)
        atomic_store(&thread->state, error == -ESRCH ? HL_STOP_GONE : HL_STOP_MISSED);
}

/* Asks every thread that was not asked yet. Returns how many, -1: nobody says which threads there are. */
static int ask_new(struct hl_stop *stop, int signal)
{
    static _Alignas(8) char entries[4096];       /* the stack may be a small one for signals */
    uint32_t before = stop->n;
    long fd = hl_sys(SYS_openat, AT_FDCWD, (long)"/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0), n;
    if (fd < 0)
        return -1;
    while ((n = hl_sys(SYS_getdents64, fd, (long)entries, sizeof entries, 0, 0, 0)) > 0)
        for (long at = 0; at < n; at += ((struct directory_entry *)(entries + at))->length) {
            int32_t tid = number(((struct directory_entry *)(entries + at))->name);
            if (tid > 0 && !is_listed(stop, tid))
                ask(stop, tid, signal);
        }
    hl_sys(SYS_close, fd, 0, 0, 0, 0, 0);
    return (int)(stop->n - before);
}

/* ---- those that do not come ---- */

static long read_task(int32_t tid, const char *file, char *text, size_t size)
{
    char path[64] = "/proc/self/task/", digits[12];
    int n = 0;
    for (uint32_t rest = (uint32_t)tid; rest || !n; rest /= 10)
        digits[n++] = (char)('0' + rest % 10);
    char *at = path + strlen(path);
    while (n)
        *at++ = digits[--n];
    *at++ = '/';
    strcpy(at, file);
    long fd = hl_sys(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        return fd;
    long got = hl_sys(SYS_read, fd, (long)text, (long)size - 1, 0, 0, 0);
    hl_sys(SYS_close, fd, 0, 0, 0, 0, 0);
    text[got > 0 ? got : 0] = 0;
    return got;
}

const char *hl_read_hexadecimal(const char *text, uintptr_t *value)
{
    for (*value = 0;; text++) {
        unsigned digit = *text >= '0' && *text <= '9' ? (unsigned)(*text - '0') : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a') + 10 : 16;
        if (digit == 16)
            return text;
        *value = *value << 4 | digit;
    }
}

/* proc(5), status: "State:\tS (sleeping)"; "SigBlk:\t" and a mask in hexadecimal. */
static bool blocks_signal(int32_t tid, int signal, bool *sleeps)
{
    static char text[4096];
    bool there = read_task(tid, "status", text, sizeof text) > 0;
    const char *line = there ? strstr(text, "SigBlk:\t") : NULL;
    uintptr_t blocked = 0;
    *sleeps = there && strstr(text, "State:\tS");
    if (line)
        hl_read_hexadecimal(line + 8, &blocked);
    return blocked >> (signal - 1) & 1;
}

/* proc(5), syscall: number, six arguments, sp, pc; "running" when it is not inside a call. */
static uintptr_t waiting_sp(int32_t tid)
{
    static char text[512];
    const char *at = read_task(tid, "syscall", text, sizeof text) > 0 ? text : "";
    for (int fields = 0; fields < 7 && at; fields++) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    uintptr_t sp = 0;
    if (at && strncmp(at, "0x", 2) == 0)
        hl_read_hexadecimal(at + 2, &sp);
    return sp;
}

static void add_text(struct hl_stop *stop, const char *text)
{
    size_t n = strlen(text);
    if (stop->reason_bytes + n >= sizeof stop->reasons)
        return;
    memcpy(stop->reasons + stop->reason_bytes, text, n);
    stop->reason_bytes += (uint32_t)n;
}

static void add_number(struct hl_stop *stop, uint32_t value)
{
    char digits[12];
    int n = sizeof digits - 1;
    digits[n] = 0;
    do
        digits[--n] = (char)('0' + value % 10);
    while ((value /= 10) && n);
    add_text(stop, digits + n);
}

static void miss(struct hl_stop *stop, struct hl_stopped *thread, bool blocked)
{
    char name[32];
    uint32_t state = HL_STOP_ASKED;
    if (!atomic_compare_exchange_strong(&thread->state, &state, HL_STOP_MISSED))
        return;                          /* here it is */
    thread->sp = waiting_sp(thread->tid);
    long n = read_task(thread->tid, "comm", name, sizeof name);
    if (stop->missed++ < 8) {
        add_text(stop, stop->reason_bytes ? "\nthread " : "thread ");
        add_number(stop, (uint32_t)thread->tid);
        add_text(stop, " (");
        name[n > 1 ? n - 1 : 0] = 0;
        add_text(stop, name);
        add_text(stop, blocked ? ") blocks all signals, so that it was not stopped" : ") did not stop within a second");
    }
}

/* Looks at those that have not come: gone, unable to, or slow. Who blocks the signal and does not sleep may be about to let it in (a thread that begins): `soon` leaves
 * it the time. Returns how many may still come. */
static uint32_t look_after(struct hl_stop *stop, int signal, bool soon, bool give_up)
{
    uint32_t expected = 0;
    for (uint32_t i = 1; i < stop->n; i++) {
        struct hl_stopped *thread = &stop->threads[i];
        if (atomic_load(&thread->state) != HL_STOP_ASKED)
            continue;
        if (hl_sys(SYS_tgkill, hl_sys_getpid(), thread->tid, 0, 0, 0, 0) == -ESRCH) {
            uint32_t state = HL_STOP_ASKED;
            atomic_compare_exchange_strong(&thread->state, &state, HL_STOP_GONE);
            continue;
        }
        bool sleeps, blocked = blocks_signal(thread->tid, signal, &sleeps);
        if ((blocked && (sleeps || !soon)) || give_up)
            miss(stop, thread, blocked);
        else
            expected++;
    }
    return expected;
}

static uint32_t count_asked(const struct hl_stop *stop)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i < stop->n; i++)
        n += atomic_load(&stop->threads[i].state) == HL_STOP_ASKED;
    return n;
}

static void wait_for_all(struct hl_stop *stop, int signal)
{
    uint64_t begun = hl_sys_now(), since = begun, looked = begun;
    uint32_t waiting;
    while ((waiting = count_asked(stop)) > 0) {
        uint32_t before = atomic_load(&arrived);
        if (count_asked(stop) < waiting) {
            since = hl_sys_now();
            continue;
        }
        uint64_t look_ns = waiting <= FEW ? LOOK_FEW_NS : LOOK_NS;
        hl_sys_wait(&arrived, before, look_ns / 2);
        uint64_t now = hl_sys_now();
        if (atomic_load(&arrived) != before)
            since = now;
        if (now - looked < look_ns)
            continue;
        looked = now;
        look_after(stop, signal, now - begun < LOOK_NS, now - since > PATIENCE_NS);
    }
}

bool hl_stop_threads(struct hl_stop *stop, int signal)
{
    memset(stop, 0, sizeof *stop);
    if (!threads)
        threads = hl_sys_map(HL_STOPPED_MAX * sizeof *threads, 0);
    if (!threads)
        return false;
    static uint64_t serial;
    if (serial != hl_session->serial) {  /* a thread that could not be stopped forked us meanwhile: nobody stands here */
        serial = hl_session->serial;
        atomic_store(&leaving, 0);
        atomic_fetch_and(&holding, ~UINT32_C(1));
    }
    while (atomic_load(&leaving))        /* from the last time: the list is still in use */
        hl_sys(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    stop->threads = threads;
    stop->n = 1;
    memset(&threads[0], 0, sizeof threads[0]);
    threads[0].tid = hl_sys_gettid();
    threads[0].thread_pointer = (uintptr_t)pthread_self();
    atomic_store(&threads[0].state, HL_STOP_STANDS);
    atomic_fetch_add(&holding, 1);
    int more = ask_new(stop, signal);
    while (more > 0) {                   /* those that still ran may have started others */
        wait_for_all(stop, signal);
        more = ask_new(stop, signal);
    }
    if (more < 0)
        add_text(stop, "/proc is not there to tell which threads the process has");
    return true;
}

void hl_stop_release(void)
{
    atomic_fetch_add(&holding, 1);
    hl_sys_wake(&holding);
}
