#include "request.h"

#include "../base/format.h"
#include "../base/strbuf.h"
#include "../base/xalloc.h"
#include "collector.h"
#include "process_info.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PEAK_MIN_BYTES (UINT64_C(1) << 20) /* smaller heaps have no peaks worth a look */
#define LIMIT_NS UINT64_C(10000000000)    /* for the process to say hello */
#define NOW_NS UINT64_C(1000000000)       /* then it is asked for what there is, each time that this has passed once more */

static void send_answer(int connection, const struct hl_answer *message)
{
    if (send(connection, message, sizeof *message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return;                           /* it went away */
}

static void __attribute__((format(printf, 2, 3))) refuse(int connection, const char *format, ...)
{
    struct hl_answer message = {.magic = HL_WIRE_MAGIC, .status = 1};
    va_list arguments;
    if (connection < 0)
        return;
    va_start(arguments, format);
    vsnprintf(message.text, sizeof message.text, format, arguments);
    va_end(arguments);
    send_answer(connection, &message);
}

static struct request *find(struct collector *collector, uint64_t serial)
{
    for (size_t i = 0; i < collector->requests.all.n; i++)
        if (collector->requests.all.items[i].serial == serial)
            return &collector->requests.all.items[i];
    return NULL;
}

static void forget(struct collector *collector, struct request *request)
{
    if (request->connection >= 0)
        close(request->connection);
    free(request->label);
    *request = vec_last(&collector->requests.all);
    collector->requests.all.n--;
}

/* To the process as a whole: any thread that lets it in takes it. */
static int send_signal(const struct target *target, uint32_t number, uint32_t request)
{
    union sigval value = {.sival_int = (int)request};
    siginfo_t info = {.si_signo = (int)number, .si_code = SI_QUEUE};
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value = value;
    if (target->pidfd >= 0 && syscall(SYS_pidfd_send_signal, target->pidfd, number, &info, 0) == 0)
        return 0;
    if (target->pidfd >= 0 && errno != ENOSYS && errno != EPERM)
        return -errno;
    return sigqueue(target->pid, (int)number, value) == 0 ? 0 : -errno;
}

/* By a signal, or by a debugger. */
static bool is_stopped(int32_t pid)
{
    char state = process_state(pid);
    return state == 'T' || state == 't';
}

/* Why the process cannot be asked; an empty text: it can. */
static void why_not(struct collector *collector, const struct target *target, char *text, size_t size)
{
    uint32_t number = collector->snapshot_signal;
    const struct request *earlier = find(collector, target->serial);
    text[0] = 0;
    if (number == 0)
        snprintf(text, size, "this recording takes no snapshots on request: it was started with --snapshot-signal 0");
    else if (snapshot_is_under_way(collector, target) || (earlier && !earlier->late))
        snprintf(text, size, "an earlier snapshot of process %d is still under way: try again when it is done", target->pid);
    else if (!target->segment || !atomic_load(&target->segment->snapshot_ready))
        snprintf(text, size,
                 "process %d does not listen for requests (it has just begun, or signal %u was the program's own already): "
                 "try again, or record it with --snapshot-signal N and another signal", target->pid, number);
    else if (is_stopped(target->pid))
        snprintf(text, size, "process %d is stopped: let it go on (kill -CONT %d) and try again", target->pid, target->pid);
    else if (!process_catches(target->pid, number))
        snprintf(text, size, "process %d has taken signal %u for itself since it began: record it with --snapshot-signal N and "
                 "another signal", target->pid, number);
}

/* Takes the connection over, unless the process cannot be asked: then the sentence is in `text`. */
static bool ask(struct collector *collector, const struct target *target, int connection, const char *label, bool graph,
                char *text, size_t size)
{
    why_not(collector, target, text, size);
    if (text[0])
        return false;
    struct request *earlier = find(collector, target->serial);
    struct request request = {.serial = target->serial, .asked_ns = collector->now_ns, .connection = connection};
    request.number = ++collector->requests.last;
    request.value = request.number << HL_REQUEST_NUMBER_SHIFT | (graph ? HL_REQUEST_GRAPH : 0);
    int error = send_signal(target, collector->snapshot_signal, request.value);
    if (error) {
        snprintf(text, size, "process %d cannot be sent signal %u: %s", target->pid, collector->snapshot_signal,
                 strerror(-error));
        return false;
    }
    if (earlier)
        forget(collector, earlier);
    request.label = xstrdup(label);
    vec_push(&collector->requests.all, request);
    return true;
}

bool request_take(struct collector *collector, int connection, const struct hl_hello *hello)
{
    char text[512];
    const struct target *target = collector_find_live(collector, (int32_t)hello->tid);
    if (!target) {
        struct hl_answer message = {.magic = HL_WIRE_MAGIC, .status = 2};
        snprintf(message.text, sizeof message.text, "process %d is not recorded (any more): name one that `heapline run` started "
                 "and that still runs", (int32_t)hello->tid);
        send_answer(connection, &message);
        return false;
    }
    if (hello->token & HL_REQUEST_WHO) {
        send_answer(connection, &(struct hl_answer){.magic = HL_WIRE_MAGIC});
        return false;
    }
    bool asked = ask(collector, target, connection, hello->path, !(hello->token & HL_REQUEST_PLAIN), text, sizeof text);
    if (!asked)
        refuse(connection, "%s", text);
    return asked;
}

void request_begun(struct collector *collector, struct snapshot *snapshot)
{
    struct request *request = find(collector, snapshot->serial);
    if (!request || request->begun)
        return;
    request->begun = snapshot->asked = true;
    if (!*request->label)
        return;
    free(snapshot->label);
    snapshot->label = xstrdup(request->label);
}

static void tell_done(const struct collector *collector, int connection, const struct snapshot *snapshot, const char *text)
{
    struct hl_answer message = {.magic = HL_WIRE_MAGIC,
                                .number = 1 + trace_writer_snapshot_place(collector->writer, snapshot->trace)};
    if (connection < 0)
        return;
    message.graph = snapshot->graph.length != 0;
    message.stopped_ns = snapshot->found.stopped_ns;
    snprintf(message.text, sizeof message.text, "%s", text);
    if (collector->requests.trace)
        snprintf(message.trace, sizeof message.trace, "%s", collector->requests.trace);
    send_answer(connection, &message);
}

void request_done(struct collector *collector, const struct snapshot *snapshot)
{
    struct request *request = find(collector, snapshot->serial);
    struct strbuf text = STRBUF_INIT;
    if (!request)
        return;
    char *name = process_name(snapshot->pid);
    strbuf_add(&text, "snapshot ");
    if (*snapshot->label)
        strbuf_printf(&text, "\"%s\" ", snapshot->label);
    strbuf_printf(&text, "of %d (%s): %s %s, %s, stopped for %s", snapshot->pid, name, format_count(snapshot->written).text,
                  snapshot->written == 1 ? "block" : "blocks", format_bytes(snapshot->bytes).text,
                  format_duration(snapshot->found.stopped_ns).text);
    if (snapshot->reasons.length)
        strbuf_printf(&text, "; incomplete: %.*s", (int)strcspn(snapshot->reasons.data, "\n"), snapshot->reasons.data);
    else if (snapshot->unseen.length)
        strbuf_printf(&text, "; %.*s", (int)strcspn(snapshot->unseen.data, "\n"), snapshot->unseen.data);
    tell_done(collector, request->connection, snapshot, text.data);
    strbuf_release(&text);
    free(name);
    forget(collector, request);
}

void request_target_ends(struct collector *collector, const struct target *target)
{
    struct request *request = find(collector, target->serial);
    if (!request || request->begun)
        return;
    refuse(request->connection, "process %d ended, or executed another program, before it could be looked at", target->pid);
    forget(collector, request);
}

/* It did not answer: what /proc tells of the reason. */
static void tell_late(const struct request *request, const struct target *target, uint32_t signal)
{
    if (is_stopped(target->pid))
        refuse(request->connection, "process %d is stopped: let it go on (kill -CONT %d) and try again", target->pid,
               target->pid);
    else if (process_waits(target->pid, signal))
        refuse(request->connection,
               "process %d does not take signal %u: all of its threads block it, or are stuck in the kernel; record it "
               "with --snapshot-signal N and a signal that it does not block", target->pid, signal);
    else
        refuse(request->connection,
               "process %d took the signal, but its threads did not stand still within 10 s: one of them may be stuck "
               "in the kernel or block signals; try again", target->pid);
}

static void mind_late(struct collector *collector)
{
    for (size_t i = 0; i < collector->requests.all.n; i++) {
        struct request *request = &collector->requests.all.items[i];
        if (request->begun || request->late || collector->now_ns - request->asked_ns < LIMIT_NS)
            continue;
        const struct target *target = collector_find(collector, request->serial);
        request->late = true;
        if (request->connection < 0 || !target)
            continue;
        tell_late(request, target, collector->snapshot_signal);
        close(request->connection);
        request->connection = -1;
    }
}

/* When a request is sent again for the n-th time, after it was made. */
static uint64_t again_after(bool graph, uint32_t n)
{
    static const uint64_t waits_ns[] = {5000000, 20000000, 60000000, 150000000, 300000000, 500000000, 700000000};
    const uint32_t waits = graph ? sizeof waits_ns / sizeof *waits_ns : 0;
    return n < waits ? waits_ns[n] : (n - waits + 1) * NOW_NS;
}

/* Where a graph is wanted, the process may wait for a moment at which Python's objects are whole: it is asked again, and at
 * last for what there is. That is said until it answers: it does not listen while it is at another snapshot. */
static void ask_again(struct collector *collector)
{
    for (size_t i = 0; i < collector->requests.all.n; i++) {
        struct request *request = &collector->requests.all.items[i];
        const struct target *target = collector_find(collector, request->serial);
        bool graph = request->value & HL_REQUEST_GRAPH || collector->board->graph;
        uint64_t after_ns = again_after(graph, request->again);
        if (!target || target->finished || request->begun || request->late || collector->now_ns - request->asked_ns < after_ns)
            continue;
        request->again++;
        send_signal(target, collector->snapshot_signal, request->value | (after_ns >= NOW_NS ? HL_REQUEST_NOW : 0));
    }
}

/* The heap has passed the peak that was looked at last by the margin. */
static void mind_peak(struct collector *collector, struct target *target)
{
    uint64_t live = target->accounts.domains[DOMAIN_HEAP].live_bytes, seen = target->peak_seen_bytes;
    char text[512];
    if (live < PEAK_MIN_BYTES || live <= seen + seen / 100 * collector->requests.peak_percent)
        return;
    if (ask(collector, target, -1, "peak", true, text, sizeof text))
        target->peak_seen_bytes = live;
}

void request_turn(struct collector *collector)
{
    struct requests *requests = &collector->requests;
    char text[512];
    if (requests->all.n) {
        mind_late(collector);
        ask_again(collector);
    }
    if (requests->peak_percent)
        for (size_t i = 0; i < collector->live.n; i++)
            mind_peak(collector, collector->live.items[i]);
    if (!requests->every_ns || collector->now_ns < requests->next_ns)
        return;
    if (requests->next_ns)
        for (size_t i = 0; i < collector->live.n; i++)
            ask(collector, collector->live.items[i], -1, "", false, text, sizeof text);
    requests->next_ns = collector->now_ns + requests->every_ns;
}

void request_finish(struct collector *collector)
{
    while (collector->requests.all.n) {
        struct request *request = &vec_last(&collector->requests.all);
        refuse(request->connection, "the recording ended before the snapshot was taken");
        forget(collector, request);
    }
    vec_release(&collector->requests.all);
    free(collector->requests.trace);
    collector->requests.trace = NULL;
}
