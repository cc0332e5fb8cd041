#include "arch.h"
#include "event.h"
#include "graph.h"
#include "hook_signal.h"
#include "py_state.h"
#include "session.h"
#include "snapshot.h"
#include "sys.h"

#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#ifndef SYS_close_range
#define SYS_close_range 436              /* glibc 2.31 does not know it yet; the same on all processors */
#endif

#define ALL_SIGNALS (~UINT64_C(0))
#define BEFORE_NS UINT64_C(10000000000)  /* how long the collector may take with the snapshot before */
#define LOOK_NS UINT64_C(50000000)
#define REGIONS_MAX 256u
#define POINT_NS UINT64_C(250000000)     /* how long a call waits for the interpreter to come to a point where its objects are whole */
#define POINT_LOOK_NS UINT64_C(1000000)

/* Seen by the process and its copy. */
struct shared {
    uint64_t stopped_ns, fork_ns;
    int32_t marker;                      /* pid of the copy, or -errno */
    _Atomic uint32_t done;               /* futex: 1: counted, 2: failed */
    struct hl_snapshot_counts counts;
};

static _Atomic uint64_t taking;          /* the session's serial while one of its threads takes a snapshot: what fork leaves behind is another's */
static _Atomic uint64_t ended;           /* the session whose end was seen already */
static struct hl_region regions[REGIONS_MAX];
static uint32_t n_regions;
static struct hl_stop stop;
static struct hl_marker the_marker;
static bool wants_graph;                 /* the snapshot that is being taken */
static const char *unready;              /* graph.h */
static bool patient, postponed;          /* it may come later, if that helps its graph; it shall */

/* ---- the copy ---- */

/* A tracer's filter may refuse to let go who is not traced (SECCOMP_RET_TRACE): then by force. */
static _Noreturn void leave(void)
{
    hl_sys(SYS_exit_group, 0, 0, 0, 0, 0, 0);
    hl_sys(SYS_exit, 0, 0, 0, 0, 0, 0);
    hl_sys(SYS_kill, hl_sys_getpid(), SIGKILL, 0, 0, 0, 0);
    __builtin_trap();
}

/* The program's descriptors are not the copy's: whoever waits for the end of a pipe must not wait for it. */
static void close_all_but(long fd)
{
    if (fd > 0)
        hl_sys(SYS_close_range, 0, fd - 1, 0, 0, 0, 0);
    if (hl_sys(SYS_close_range, fd + 1, ~0u, 0, 0, 0, 0) != -ENOSYS)
        return;
    for (int i = 0; i < 65536; i++)      /* before Linux 5.9 */
        if (i != fd)
            hl_sys(SYS_close, i, 0, 0, 0, 0, 0);
}

static struct hl_snapshot *receive_table(long fd, const struct hl_board *board)
{
    struct hl_snapshot_table table = {0};
    union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
    struct iovec part = {&table, sizeof table};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    long n;
    int got;
    while ((n = hl_sys(SYS_recvmsg, fd, (long)&message, MSG_CMSG_CLOEXEC, 0, 0, 0)) == -EINTR || n == -EAGAIN)
        if (atomic_load(&board->state) == HL_BOARD_OFF)
            return NULL;
    struct cmsghdr *header = n == sizeof table ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_type != SCM_RIGHTS || table.magic != HL_WIRE_MAGIC)
        return NULL;
    memcpy(&got, CMSG_DATA(header), sizeof got);
    long p = hl_sys(SYS_mmap, 0, (long)table.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, got, 0);
    return hl_sys_failed(p) ? NULL : (struct hl_snapshot *)p;
}

void hl_marker_reason(struct hl_marker *marker, const char *sentence)
{
    struct hl_snapshot *table = marker->table;
    size_t n = strlen(sentence), at = table->reason_bytes;
    if (!n || at + n + 2 > sizeof table->reasons)
        return;
    if (at)
        table->reasons[at++] = '\n';
    memcpy(table->reasons + at, sentence, n);
    table->reason_bytes = (uint32_t)(at + n);
}

static void count(const struct hl_marker *marker, struct hl_snapshot_counts *counts)
{
    for (uint32_t i = 0; i < marker->n; i++) {
        uint32_t reach = hl_block_reach(&marker->blocks[i]);
        counts->bytes[reach] += hl_block_bytes(&marker->blocks[i]);
        counts->blocks[reach]++;
    }
    counts->complete = marker->table->reason_bytes == 0;
}

/* The process writes down how long it stood still when it goes on, which may be later than the search takes. */
static void wait_for_times(const struct shared *shared)
{
    uint64_t since = hl_sys_now();
    while (!__atomic_load_n(&shared->stopped_ns, __ATOMIC_ACQUIRE) && hl_sys_now() - since < BEFORE_NS / 10)
        hl_sys(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static bool search(long fd, const struct hl_board *board, struct shared *shared)
{
    struct hl_snapshot *table = receive_table(fd, board);
    if (!table)
        return false;
    the_marker = (struct hl_marker){
        .table = table,
        .blocks = (struct hl_snapshot_block *)((char *)table + table->blocks_offset),
        .mappings = (const struct hl_snapshot_mapping *)((char *)table + table->mappings_offset),
        .n = (uint32_t)table->blocks,
        .n_mappings = (uint32_t)table->mappings,
        .stop = &stop,
        .regions = regions,
        .n_regions = n_regions,
    };
    table->threads = stop.n;
    table->missed_threads = stop.missed;
    hl_marker_reason(&the_marker, stop.reasons);
    table->unseen_bytes = table->reason_bytes;
    uint64_t began = hl_sys_now();
    if (!hl_mark(&the_marker))
        hl_marker_reason(&the_marker, "there was no memory to search in");
    table->mark_ns = hl_sys_now() - began;
    table->scanned_bytes = the_marker.scanned;
    wait_for_times(shared);
    table->stopped_ns = shared->stopped_ns;
    table->fork_ns = shared->fork_ns;
    count(&the_marker, &shared->counts);
    if (wants_graph)
        hl_graph_write(&the_marker, unready, fd);
    return true;
}

static _Noreturn void be_marker(long fd, const struct hl_board *board, struct shared *shared, uint32_t number)
{
    hl_session_off();                    /* what it looks at may allocate: the copy is no process of its own */
    close_all_but(fd);
    hl_sys(SYS_prctl, PR_SET_NAME, (long)"heapline-marker", 0, 0, 0, 0);
    bool found = search(fd, board, shared);
    struct hl_snapshot_done done = {HL_WIRE_MAGIC, number};
    if (found)
        hl_sys(SYS_sendto, fd, (long)&done, sizeof done, MSG_NOSIGNAL, 0, 0);
    atomic_store(&shared->done, found ? 1 : 2);
    hl_sys_wake(&shared->done);
    leave();
}

/* ---- the process ---- */

/* A process between makes the copy and ends, so that the copy is no child of the program: no wait of its finds it, no SIGCHLD tells of it. The one between
 * runs on this very frame, while its maker waits for it: hence no calls but these, and nothing kept in variables across them. */
__attribute__((noinline)) static void fork_marker(long fd, struct hl_board *board, struct shared *shared, uint32_t number)
{
    long between = hl_arch_fork_vm(CLONE_VM | CLONE_VFORK | CLONE_UNTRACED);
    if (between == 0) {
        long made = hl_sys(SYS_clone, CLONE_UNTRACED, 0, 0, 0, 0, 0);
        if (made == 0)
            be_marker(fd, board, shared, number);
        shared->marker = (int32_t)made;
        leave();
    }
    if (between < 0) {
        shared->marker = (int32_t)between;
        return;
    }
    while (hl_sys(SYS_wait4, between, 0, __WALL, 0, 0, 0) == -EINTR)
        ;
}

static void note_cuts(struct hl_segment *segment, uint32_t number)
{
    uint32_t used = atomic_load(&segment->rings_used);
    for (uint32_t i = 0; i < used && i < hl_session->rings; i++)
        atomic_store(&segment->heads[i].cut, atomic_load(&segment->heads[i].head));
    atomic_store(&segment->cut_number, number);
}

/* Stopped threads, a connection, the copy. False: there is no copy. */
static bool copy(enum hl_snapshot_cause cause, const char *label, struct shared *shared, uint64_t began)
{
    struct hl_segment *segment = hl_session->segment;
    uint32_t number = atomic_load(&segment->cut_number) + 1;
    long fd = hl_session_connect();
    if (fd < 0)
        return false;
    bool sent = hl_session_send(fd, HL_HELLO_SNAPSHOT, hl_session->serial, number | (uint64_t)cause << 32, label);
    if (sent) {
        note_cuts(segment, number);
        uint64_t before = hl_sys_now();
        fork_marker(fd, hl_session->board, shared, number);
        shared->fork_ns = hl_sys_now() - before;
        __atomic_store_n(&shared->stopped_ns, hl_sys_now() - began, __ATOMIC_RELEASE);
    }
    hl_sys(SYS_close, fd, 0, 0, 0, 0, 0);
    return sent && shared->marker > 0;
}

/* The snapshot before must have been taken in: there is only one set of cuts. */
static bool wait_for_before(void)
{
    struct hl_segment *segment = hl_session->segment;
    uint64_t since = hl_sys_now();
    uint32_t taken;
    while ((taken = atomic_load(&segment->cut_taken)) != atomic_load(&segment->cut_number)) {
        if (hl_sys_now() - since > BEFORE_NS || atomic_load(&hl_session->board->state) == HL_BOARD_OFF)
            return false;
        hl_event_ring();
        hl_sys_wait(&segment->cut_taken, taken, LOOK_NS);
    }
    return true;
}

static void on_signal(int signal, siginfo_t *info, void *context);

static bool wait_for_counts(struct shared *shared, struct hl_snapshot_counts *counts)
{
    uint32_t done;
    while (!(done = atomic_load(&shared->done))) {
        hl_event_ring();
        hl_sys_wait(&shared->done, 0, LOOK_NS);
        if (!atomic_load(&shared->done) && hl_sys(SYS_kill, shared->marker, 0, 0, 0, 0, 0) == -ESRCH)
            return false;
    }
    *counts = shared->counts;
    return done == 1;
}

/* What calls preserve stands on this frame when the copy is made. */
__attribute__((noinline)) static bool take(enum hl_snapshot_cause cause, const char *label, struct shared *shared, const ucontext_t *context)
{
    __builtin_unwind_init();
    uint64_t all = ALL_SIGNALS, before = 0, began = hl_sys_now();
    int signal = hl_session->board->snapshot_signal ? (int)hl_session->board->snapshot_signal : SIGRTMAX - 2;
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK}, before_action;
    sigfillset(&action.sa_mask);
    hl_sys(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof all, 0, 0);
    hl_signal_action(signal, &action, &before_action);
    bool taken = hl_stop_threads(&stop, signal);
    if (taken) {
        stop.threads[0].context = context;
        stop.threads[0].signal_stack = hl_stop_signal_stack();
        unready = wants_graph ? hl_graph_py_unready(&stop) : NULL;
        stop.threads[0].sp = context ? hl_arch_context_sp(context) : (uintptr_t)__builtin_frame_address(0) - 256;
        postponed = patient && hl_py_will_pass(unready);
        taken = !postponed && copy(cause, label, shared, began);
        hl_stop_release();
    }
    hl_signal_action(signal, &before_action, NULL);
    hl_sys(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof all, 0, 0);
    return taken;
}

/* Requests and calls are for graphs, unless somebody waits for leaks; what comes by itself has one if the run is to have them all. */
static bool is_for_graph(enum hl_snapshot_cause cause, bool asked)
{
    return cause == HL_SNAPSHOT_CALL || asked || (cause != HL_SNAPSHOT_CHECK && hl_session->board->graph);
}

/* A call waits a little for the interpreter; a request comes again. */
static bool take_patiently(enum hl_snapshot_cause cause, const char *label, struct shared *shared, const ucontext_t *context, bool may_wait)
{
    _Atomic uint32_t never = 0;
    uint64_t since = hl_sys_now();
    for (;;) {
        patient = may_wait || (cause == HL_SNAPSHOT_CALL && hl_sys_now() - since < POINT_NS);
        bool taken = take(cause, label, shared, context);
        if (!postponed || may_wait)
            return taken;
        hl_sys_wait(&never, 0, POINT_LOOK_NS);
    }
}

/* `may_wait`: *postponed says whether it waits for a better moment. */
static bool take_shared(enum hl_snapshot_cause cause, const char *label, struct hl_snapshot_counts *counts, const ucontext_t *context, bool graph, bool may_wait)
{
    uint64_t holder = atomic_load(&taking), serial = hl_session->serial;
    if (holder == serial || !atomic_compare_exchange_strong(&taking, &holder, serial))
        return false;
    bool taken = false;
    struct shared *shared = wait_for_before() ? hl_sys_map_shared(sizeof *shared) : NULL;
    if (shared) {
        wants_graph = is_for_graph(cause, graph);
        taken = take_patiently(cause, label, shared, context, may_wait);
        if (taken && counts)
            taken = wait_for_counts(shared, counts);
        hl_sys_unmap(shared, sizeof *shared);
    }
    atomic_store(&taking, 0);
    return taken;
}

static bool is_recording(void)
{
    return hl_session && atomic_load(&hl_session->status) == HL_SESSION_ON && hl_session->pid == hl_sys_getpid() &&
           atomic_load(&hl_session->board->state) == HL_BOARD_ON && !atomic_load(&hl_session->segment->filtered);
}

bool hl_snapshot_take(enum hl_snapshot_cause cause, const char *label, struct hl_snapshot_counts *counts)
{
    int saved = errno;
    bool taken = is_recording() && take_shared(cause, label, counts, NULL, false, false);
    errno = saved;
    return taken;
}

/* compiler-rt, sanitizer/lsan_interface.h: rules that the program brings along. */
extern const char *__lsan_default_suppressions(void) __attribute__((weak));

static void send_suppressions(void)
{
    const char *rules = __lsan_default_suppressions ? __lsan_default_suppressions() : NULL;
    if (rules && *rules)
        hl_event_text(HL_TEXT_SUPPRESSIONS, rules, strlen(rules));
}

static bool is_first_end(void)
{
    return is_recording() && hl_session->board->snapshot_at_exit && atomic_exchange(&ended, hl_session->serial) != hl_session->serial;
}

void hl_snapshot_at_exit(void)
{
    if (!is_first_end())
        return;
    int saved = errno;
    send_suppressions();
    hl_snapshot_take(HL_SNAPSHOT_EXIT, "", NULL);
    errno = saved;
}

void hl_snapshot_end_of_python(void)
{
    if (is_recording() && hl_session->board->snapshot_at_exit && hl_session->board->graph)
        hl_snapshot_take(HL_SNAPSHOT_BEFORE_EXIT, "", NULL);
}

void hl_snapshot_interrupted(const ucontext_t *context)
{
    if (is_first_end())
        take_shared(HL_SNAPSHOT_EXIT, "", NULL, context, false, false);
}

/* ---- requests ---- */

/* A request may come several times, until it is served (viewer/collect/request.c): while Python is at work on its objects it leaves an alarm, which the next
 * allocation serves (py_state.h), and the one with HL_REQUEST_NOW is served as it is. */
static _Atomic uint32_t served;          /* number of the last one */
static _Atomic uint32_t waiting;         /* value of the one that the alarm is for */
static _Atomic uint64_t waiting_serial;  /* in which process */
static __thread uint32_t requested;      /* value of the one that came inside of a hook */

static void serve(uint32_t value, const ucontext_t *context, bool may_wait)
{
    uint32_t number = value >> HL_REQUEST_NUMBER_SHIFT;
    if (number == atomic_load(&served))
        return;
    if (take_shared(HL_SNAPSHOT_REQUEST, "", NULL, context, value & HL_REQUEST_GRAPH, may_wait && !(value & HL_REQUEST_NOW))) {
        atomic_store(&served, number);
        if (atomic_exchange(&waiting, 0))
            hl_py_alarm_set(false);
    }
}

static void wait_for_point(uint32_t value)
{
    atomic_store(&waiting_serial, hl_session->serial);
    atomic_store(&waiting, value);
    hl_py_alarm_set(true);
}

void hl_snapshot_at_point(void)
{
    uint32_t value = is_recording() && atomic_load(&waiting_serial) == hl_session->serial ? atomic_load(&waiting) : 0;
    if (value && value >> HL_REQUEST_NUMBER_SHIFT != atomic_load(&served)) {
        serve(value, NULL, true);
        return;
    }
    atomic_store(&waiting, 0);
    hl_py_alarm_set(false);
}

static void on_request(uint32_t value, const ucontext_t *context)
{
    if (value >> HL_REQUEST_NUMBER_SHIFT == atomic_load(&served))
        return;
    bool may_wait = is_for_graph(HL_SNAPSHOT_REQUEST, value & HL_REQUEST_GRAPH) && hl_py_is_live();
    if (may_wait && !(value & HL_REQUEST_NOW))
        wait_for_point(value);
    serve(value, context, may_wait);
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    struct hl_thread *thread = hl_self;
    if (!hl_stop_handle(info, context) && info->si_code == SI_QUEUE && is_recording()) {
        if (hl_is_inside(thread)) {
            requested = (uint32_t)info->si_value.sival_int;
            thread->pending |= HL_PENDING_SNAPSHOT;
        } else {
            on_request((uint32_t)info->si_value.sival_int, context);
        }
    }
    hl_arch_restart(context);
    errno = saved;
}

/* With the GIL what was just allocated is no object yet: the next allocation is a better point. */
void hl_snapshot_after_hook(void)
{
    hl_stop_after_hook();
    hl_deadly_after_hook();
    uint32_t value = requested;
    int saved = errno;
    requested = 0;
    if (value && is_recording()) {
        if (!(value & HL_REQUEST_NOW) && is_for_graph(HL_SNAPSHOT_REQUEST, value & HL_REQUEST_GRAPH) && hl_py_holds_gil())
            wait_for_point(value);
        else
            on_request(value, NULL);
    }
    errno = saved;
}

void hl_snapshot_listen(void)
{
    int signal = (int)hl_session->board->snapshot_signal;
    if (signal && hl_signal_take(signal, on_signal))
        atomic_store(&hl_session->segment->snapshot_ready, 1);
    hl_deadly_listen();
}

/* ---- regions that the program registers as roots (__lsan_register_root_region) ---- */

void hl_snapshot_add_region(uintptr_t start, size_t bytes, bool program_break)
{
    uint32_t known = __atomic_load_n(&n_regions, __ATOMIC_ACQUIRE);
    for (uint32_t i = 0; program_break && i < known; i++)
        if (regions[i].program_break && regions[i].start && regions[i].end == start) {
            regions[i].end = start + bytes;                  /* it grows */
            return;
        }
    for (uint32_t i = 0; i < REGIONS_MAX; i++) {
        uintptr_t none = 0;
        if (!__atomic_compare_exchange_n(&regions[i].start, &none, start, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        regions[i].program_break = program_break;
        regions[i].end = start + bytes;
        while (known < i + 1 && !__atomic_compare_exchange_n(&n_regions, &known, i + 1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            ;
        return;
    }
}

void hl_snapshot_remove_region(uintptr_t start, size_t bytes)
{
    for (uint32_t i = 0; i < REGIONS_MAX; i++)
        if (regions[i].start == start && regions[i].end == start + bytes) {
            regions[i].end = 0;
            __atomic_store_n(&regions[i].start, 0, __ATOMIC_RELEASE);
            return;
        }
}
