/* The wire, end to end in one process: threads that record through the library's own events.c and thread.c into small rings, and the
 * collector that drains them meanwhile. Blocks are made up; many are freed by another thread than their own. Run under ThreadSanitizer, this
 * checks the orderings of head and tail; by itself, that nothing is lost, doubled or torn when rings wrap and fill. */
#include "../fuzz/drain_input.h"
#include "lib/event.h"
#include "lib/say.h"
#include "lib/sys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define THREADS 3
#define ROUNDS 20000u
#define RING_BYTES 32768u

/* ---- a session without a collector process ---- */

static struct hl_session session;
static struct liar liar;
struct hl_session *hl_session = &session;
struct hl_lineage hl_lineage;

enum hl_session_status hl_session_attach(void) { return HL_SESSION_ON; }
void hl_snapshot_after_hook(void);
void hl_snapshot_after_hook(void) {}
void hl_snapshot_at_point(void);
void hl_snapshot_at_point(void) {}
void hl_snapshot_end_of_python(void);
void hl_snapshot_end_of_python(void) {}
void hl_session_off(void) { atomic_store(&session.status, HL_SESSION_OFF); }
void hl_session_notice(enum hl_hello_kind kind, const char *path) {}
void hl_session_measure(void) {}
void hl_say_numbers(const char *sentence, const uint64_t *numbers, size_t n) {}
void hl_say(const char *sentence, int error) {}

static void open_session(void)
{
    liar_open_with(&liar, THREADS, RING_BYTES);
    atomic_store(&liar.target->segment->rings_used, 0);
    liar.board.ring_bytes = RING_BYTES;
    atomic_store(&liar.board.state, HL_BOARD_ON);
    session = (struct hl_session){.status = HL_SESSION_ON, .board = &liar.board, .segment = liar.target->segment,
                                  .data_offset = liar.target->data_offset, .serial = 1, .rings = THREADS, .ring_bytes = RING_BYTES,
                                  .pid = hl_sys_getpid(), .threads = calloc(THREADS, sizeof(struct hl_thread *))};
}

/* ---- producers: each hands every second block to its neighbour, who frees it ---- */

#define SLOTS 64
static _Atomic uintptr_t mailbox[THREADS][SLOTS];
static _Atomic uint32_t running;
static pthread_barrier_t at_start, at_end;

static uintptr_t block_address(uintptr_t thread, uint32_t i) { return 0x10000000 + thread * 0x100000 + i % 1024 * 16; }
static uint32_t block_size(uint32_t i) { return 1 + i % 100; }

static __attribute__((noinline)) void allocate(uintptr_t p, uint32_t size)
{
    struct hl_thread *thread = hl_enter();
    if (thread) {
        hl_event_alloc(thread, (void *)p, size, HL_ORIGIN());
        hl_leave(thread);
    }
}

static void release(uintptr_t p)
{
    struct hl_thread *thread = hl_enter();
    if (thread) {
        hl_event_free(thread, (void *)p, HL_ORIGIN());
        hl_leave(thread);
    }
}

/* Every level is a frame, called from one of two places as the bits of `route` say: outer frames change while inner ones stay. */
static __attribute__((noinline)) void allocate_deeper(uintptr_t p, uint32_t size, uint32_t depth, uint32_t route)
{
    if (!depth) {
        allocate(p, size);
    } else if (route & 1) {
        allocate_deeper(p, size, depth - 1, route >> 1);
        __asm__ volatile("# one place" ::: "memory");
    } else {
        allocate_deeper(p, size, depth - 1, route >> 1);
        __asm__ volatile("# another" ::: "memory");
    }
    __asm__ volatile("" ::: "memory");       /* no tail call */
}

static void empty_mailbox(uintptr_t thread)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        uintptr_t p = atomic_exchange(&mailbox[thread][i], 0);
        if (p)
            release(p);
    }
}

/* A slot of ours is reused 1024 rounds later only if nobody holds its block: what the mailbox has no place for is freed here. */
static void *produce(void *context)
{
    uintptr_t thread = (uintptr_t)context;
    pthread_barrier_wait(&at_start);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uintptr_t p = block_address(thread, i), none = 0;
        allocate_deeper(p, block_size(i), i % 7 * 3, i / 3);
        if (i % 2 == 0 || i % 1024 < 960 || !atomic_compare_exchange_strong(&mailbox[(thread + 1) % THREADS][i % SLOTS], &none, p))
            release(p);
        if (i % 16 == 0)
            empty_mailbox(thread);
        if (i % 1024 == 1023)                /* all blocks that were handed over are gone before their addresses come again */
            pthread_barrier_wait(&at_end), empty_mailbox(thread), pthread_barrier_wait(&at_end);
    }
    pthread_barrier_wait(&at_end);
    empty_mailbox(thread);
    allocate(block_address(thread, 2000), 500);       /* stays */
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static void test_threads_and_collector(void **state)
{
    pthread_t threads[THREADS];
    open_session();
    pthread_barrier_init(&at_start, NULL, THREADS);
    pthread_barrier_init(&at_end, NULL, THREADS);
    atomic_store(&running, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, (void *)i), 0);
    while (atomic_load(&running)) {
        liar.collector.now_ns += 1000;
        atomic_store_explicit(&liar.board.now_ns, liar.collector.now_ns, memory_order_relaxed);
        target_drain(liar.target, 4096);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    target_drain_all(liar.target);
    target_settle(liar.target, true);

    uint64_t bytes = 0;
    for (uint32_t i = 0; i < ROUNDS; i++)
        bytes += block_size(i);
    struct trace_counts sum = accounts_sum(&liar.target->accounts, DOMAIN_HEAP);
    assert_int_equal(liar.target->damaged, 0);
    assert_int_equal(liar.target->unmatched, 0);
    assert_int_equal(sum.allocations, THREADS * (ROUNDS + 1));
    assert_int_equal(sum.allocated_bytes, THREADS * (bytes + 500));
    assert_int_equal(sum.frees, THREADS * ROUNDS);
    assert_int_equal(sum.freed_bytes, THREADS * bytes);
    assert_int_equal(liar.target->live.n, THREADS);
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_int_equal(atomic_load(&liar.target->segment->heads[i].dropped), 0);
        assert_true(liar.target->lanes[i].tail > 8 * RING_BYTES);     /* the rings wrapped many times */
    }
    liar_close(&liar);
    free(session.threads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads_and_collector)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
