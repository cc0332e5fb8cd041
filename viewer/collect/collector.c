#include "collector.h"

#include "../base/xalloc.h"
#include "process_info.h"
#include "straggler.h"
#include "symbolize.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS UINT64_C(1000000)
#define TURN_BYTES 32768u                 /* of one ring before the next one has its turn */
#define EPOCH_MIN_NS UINT64_C(10000000)
#define EPOCH_MAX_NS UINT64_C(1000000000)
#define EPOCH_FRACTION 400                /* an epoch lasts 1/400 of the run so far, within those bounds */
#define FLUSH_NS UINT64_C(1000000000)
#define LOOK_NS UINT64_C(50000000)
#define RSS_NS UINT64_C(100000000)
#define KEPT_TARGETS 64u                  /* ended processes that late children may still inherit from */

static uint64_t monotonic_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void collector_tick(struct collector *collector)
{
    collector->now_ns = monotonic_ns() - collector->start_ns;
    /* Every target's next event misses the cache and says the time anew: not more often than anybody looks at. */
    if (collector->now_ns - collector->told_ns >= TICK_NS || collector->told_ns == 0) {
        collector->told_ns = collector->now_ns;
        atomic_store_explicit(&collector->board->now_ns, collector->now_ns, memory_order_relaxed);
    }
}

struct target *collector_find(const struct collector *collector, uint64_t serial)
{
    return serial && serial <= collector->targets.n ? collector->targets.items[serial - 1] : NULL;
}

struct target *collector_find_live(const struct collector *collector, int32_t pid)
{
    for (size_t i = 0; i < collector->live.n; i++)
        if (collector->live.items[i]->pid == pid)
            return collector->live.items[i];
    return NULL;
}

uint64_t collector_epoch_ns(const struct collector *collector, uint32_t epoch)
{
    return epoch < collector->epochs.n ? collector->epochs.items[epoch] : collector->now_ns;
}

static int open_board(struct collector *collector)
{
    collector->board_fd = memfd_create("heapline-board", MFD_CLOEXEC);
    if (collector->board_fd < 0 || ftruncate(collector->board_fd, sizeof(struct hl_board)) != 0)
        return -errno;
    collector->board = mmap(NULL, sizeof(struct hl_board), PROT_READ | PROT_WRITE, MAP_SHARED, collector->board_fd, 0);
    if (collector->board == MAP_FAILED)
        return -errno;
    *collector->board = (struct hl_board){.magic = HL_WIRE_MAGIC, .state = HL_BOARD_ON, .on_full = collector->on_full,
                                          .check = collector->check, .ring_bytes = collector->ring_bytes, .python = collector->python,
                                          .snapshot_signal = collector->snapshot_signal, .snapshot_at_exit = collector->snapshot_at_exit,
                                          .snapshot_flags = collector->snapshot_flags, .mark_signal = collector->mark_signal, .graph = collector->graph};
    return 0;
}

int collector_open(struct collector *collector)
{
    collector->socket = collector->epoll = collector->quit = collector->board_fd = collector->root_pidfd = -1;
    collector->start_ns = monotonic_ns();
    int error = open_board(collector);
    if (error)
        return error;
    collector_tick(collector);
    vec_push(&collector->epochs, 0);
    return listen_open(collector);
}

static uint64_t drain_live(struct collector *collector)
{
    uint64_t consumed = 0;
    for (size_t i = 0; i < collector->live.n; i++) {
        struct target *target = collector->live.items[i];
        if (target->segment)
            consumed += target_drain(target, TURN_BYTES);
    }
    return consumed;
}

static uint64_t epoch_length(const struct collector *collector)
{
    uint64_t length = collector->now_ns / EPOCH_FRACTION;
    return length < EPOCH_MIN_NS ? EPOCH_MIN_NS : length > EPOCH_MAX_NS ? EPOCH_MAX_NS : length;
}

static void sample_rss(struct collector *collector)
{
    if (collector->now_ns - collector->last_rss_ns < RSS_NS)
        return;
    collector->last_rss_ns = collector->now_ns;
    for (size_t i = 0; i < collector->live.n; i++)
        collector->live.items[i]->rss_bytes = process_rss(collector->live.items[i]->pid);
}

/* Figures for the progress line. */
static void sum_up(struct collector *collector)
{
    uint64_t live = 0;
    for (size_t i = 0; i < collector->live.n; i++)
        live += collector->live.items[i]->accounts.domains[DOMAIN_HEAP].live_bytes;
    collector->live_bytes = live;
    if (live > collector->peak_bytes)
        collector->peak_bytes = live;
    uint64_t events = 0;
    for (size_t i = 0; i < collector->targets.n; i++)
        events += collector->targets.items[i] ? collector->targets.items[i]->events : 0;
    if (events > collector->events)
        collector->events = events;
}

static void next_epoch(struct collector *collector)
{
    if (collector->now_ns - collector->round_ns < epoch_length(collector))
        return;
    collector->round_ns = collector->now_ns;
    collector->round++;
    sample_rss(collector);
    vec_push(&collector->epochs, collector->now_ns);
    collector->epoch = (uint32_t)collector->epochs.n - 1;
    for (size_t i = 0; i < collector->live.n; i++) {
        struct target *target = collector->live.items[i];
        if (target->accounts.touched.n)
            process_name_threads(target);
        fold_epoch(target, collector->now_ns);
    }
    sum_up(collector);
    symbolize_more(collector->symbolize, &collector->shared);
    if (collector->now_ns - collector->last_flush_ns >= FLUSH_NS) {
        collector->last_flush_ns = collector->now_ns;
        trace_writer_flush(collector->writer);
    }
}

static void end_dead(struct collector *collector)
{
    for (size_t i = collector->live.n; i-- > 0;)
        if (i < collector->live.n && collector->live.items[i]->dead)
            attach_end(collector, collector->live.items[i], TRACE_EXIT_UNKNOWN, 0);
}

/* Memory of processes that ended goes back, the oldest first. */
static void forget_targets(struct collector *collector)
{
    size_t n = collector->targets.n;
    for (size_t i = 0; n > KEPT_TARGETS && i < n - KEPT_TARGETS; i++) {
        struct target *target = collector->targets.items[i];
        if (target && target->finished) {
            target_release(target);
            collector->targets.items[i] = NULL;
        }
    }
}

/* Sleeps until the doorbell rings: a ring filled, a process came or went; at most a tick, longer when nothing happens. */
static void sleep_on_doorbell(struct collector *collector)
{
    struct hl_board *board = collector->board;
    uint32_t bell = atomic_load(&board->doorbell);
    bool idle = collector->now_ns - collector->busy_ns > 50000000;
    struct timespec limit = {0, idle ? 5000000 : 1000000};
    atomic_store(&board->asleep, 1);
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load(&collector->attention))
        syscall(SYS_futex, &board->doorbell, FUTEX_WAIT, bell, &limit, NULL, 0);
    atomic_store(&board->asleep, 0);
}

void collector_turn(struct collector *collector)
{
    collector_tick(collector);
    uint64_t consumed = drain_live(collector);
    if (consumed)
        collector->busy_ns = collector->now_ns;
    if (atomic_load_explicit(&collector->attention, memory_order_acquire))
        listen_attend(collector);
    end_dead(collector);
    request_turn(collector);
    bool busy = snapshot_turn(collector) || consumed;
    next_epoch(collector);
    if (collector->targets.n > 2 * KEPT_TARGETS)
        forget_targets(collector);
    if (!busy)
        sleep_on_doorbell(collector);
}

/* A process forked and not attached yet is not in `live`; it is looked for before the end, a few times a second. */
bool collector_done(struct collector *collector)
{
    if (!collector->root_ended || collector->live.n || collector->snapshots.all.n || atomic_load(&collector->attention))
        return false;
    if (collector->last_look_ns && collector->now_ns - collector->last_look_ns < LOOK_NS)
        return false;
    collector->last_look_ns = collector->now_ns;
    if (straggler_exists(collector->board_fd))
        return false;
    listen_attend(collector);            /* it may have said hello and gone while we looked */
    return collector->live.n == 0 && collector->snapshots.all.n == 0;
}

void collector_finish(struct collector *collector)
{
    atomic_store(&collector->board->state, HL_BOARD_OFF);
    collector_tick(collector);
    while (collector->live.n) {
        struct target *target = collector->live.items[0];
        attach_end(collector, target, target->dead ? TRACE_EXIT_UNKNOWN : TRACE_EXIT_RUNNING, 0);
    }
    snapshot_finish(collector);
    request_finish(collector);
    sum_up(collector);
}

void collector_close(struct collector *collector)
{
    listen_close(collector);
    for (size_t i = 0; i < collector->targets.n; i++)
        if (collector->targets.items[i])
            target_release(collector->targets.items[i]);
    vec_release(&collector->targets);
    vec_release(&collector->live);
    vec_release(&collector->epochs);
    for (size_t i = 0; i < collector->notes.n; i++)
        free(collector->notes.items[i].path);
    vec_release(&collector->notes);
    fold_shared_release(&collector->shared);
    if (collector->board && collector->board != MAP_FAILED)
        munmap(collector->board, sizeof *collector->board);
    if (collector->board_fd >= 0)
        close(collector->board_fd);
    if (collector->root_pidfd >= 0)
        close(collector->root_pidfd);
}
