/* Live stacks: what the rules walk, what hl_unwind_slow walks, and what libunwind walks must be the same, frame by frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define UNW_LOCAL_ONLY
#include <alloca.h>
#include <errno.h>
#include <libunwind.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "lib/unwind_table.h"

#define FRAMES_MAX 4096

/* How the last capture went; filled in by capture(), which must not fail a test itself: it may run in a signal handler. */
static struct result {
    size_t frames, by_rule;
    bool same, slow_same, whole;
} result;

static uintptr_t oracle[FRAMES_MAX], walked[FRAMES_MAX], slow[FRAMES_MAX];

/* Walks by rules as far as they reach, then with hl_unwind_slow. */
static size_t walk(struct hl_frame frame, bool *whole)
{
    struct hl_slots slots;
    size_t n = 0;
    *whole = false;
    walked[n++] = frame.pc;
    while (n < FRAMES_MAX) {
        uint64_t word = hl_rule_word(frame.pc);
        if (!hl_word_steps(word)) {
            result.by_rule = n;
            if (hl_word_kind(word) == HL_RULE_COMPLEX)
                return n - 1 + hl_unwind_slow(frame.sp, walked + n - 1, NULL, FRAMES_MAX - n, whole);
            *whole = hl_word_kind(word) == HL_RULE_END;
            return n;
        }
        uintptr_t base = hl_word_kind(word) == HL_RULE_SP ? frame.sp : frame.fp, sp = frame.sp;
        hl_step(&frame, word, &slots);
        if (frame.sp <= sp || base < sp || slots.ra < sp || *(uintptr_t *)slots.ra != frame.pc)
            return n;
        walked[n++] = frame.pc;
    }
    return n;
}

static size_t walk_oracle(unw_context_t *context)
{
    unw_cursor_t cursor;
    unw_word_t pc;
    size_t n = 0;
    unw_init_local(&cursor, context);
    while (n < FRAMES_MAX && unw_step(&cursor) > 0) {
        unw_get_reg(&cursor, UNW_REG_IP, &pc);
        if (pc == 0)
            break;
        oracle[n++] = pc;
    }
    return n;
}

static __attribute__((noinline)) void capture(void)
{
    unw_context_t context;
    struct hl_frame frame;
    bool slow_whole;
    hl_arch_frame_start(&frame);
    unw_getcontext(&context);
    size_t expected = walk_oracle(&context);
    memset(walked, 0, sizeof walked);
    result.frames = walk(frame, &result.whole);
    result.same = result.frames == expected && !memcmp(walked, oracle, expected * sizeof *oracle);
    size_t n = hl_unwind_slow(frame.sp, slow, NULL, FRAMES_MAX, &slow_whole);
    result.slow_same = slow_whole && n == expected && !memcmp(slow, oracle, expected * sizeof *oracle);
}

static void assert_captured(size_t at_least)
{
    assert_true(result.frames >= at_least);
    assert_true(result.same);
    assert_true(result.slow_same);
    assert_true(result.whole);
    memset(&result, 0, sizeof result);
}

static __attribute__((noinline)) void recurse(int depth)
{
    if (depth)
        recurse(depth - 1);
    else
        capture();
    __asm__ volatile("");
}

static void recursion(void **state)
{
    recurse(100);
    assert_int_equal(result.by_rule, result.frames);
    assert_captured(101);
}

static int compare_capturing(const void *one, const void *other)
{
    capture();
    return *(const int *)one - *(const int *)other;
}

static void callback_of_libc(void **state)
{
    int numbers[] = { 3, 1, 2 };
    qsort(numbers, 3, sizeof *numbers, compare_capturing);
    assert_int_equal(numbers[0], 1);
    assert_captured(3);
}

static __attribute__((noinline)) void with_alloca(size_t size)
{
    volatile char *room = alloca(size);
    room[size - 1] = 1;
    recurse(2);
    room[0] = 1;
}

static void stack_of_unknown_size(void **state)
{
    for (size_t size = 16; size < 5000; size = size * 3 + 1) {
        with_alloca(size);
        assert_captured(4);
    }
}

/* Both aligned locals and alloca: GCC finds the caller through a saved pointer, the one case of a CFA read from memory. */
static __attribute__((noinline)) void with_aligned(size_t size)
{
    volatile char aligned[64] __attribute__((aligned(64)));
    volatile char *room = alloca(size);
    room[0] = aligned[0] = 1;
    recurse(1);
    room[0] = aligned[1] = 1;
}

static void realigned_stack(void **state)
{
    with_aligned(100);
    assert_int_equal(result.by_rule, result.frames);
    assert_captured(3);
}

static __attribute__((noinline)) void with_large_frame(void)
{
    volatile char large[3 << 20];    /* more than a packed offset from sp can say */
    large[0] = 1;
    recurse(1);
    large[sizeof large - 1] = 1;
}

static void frame_of_megabytes(void **state)
{
    with_large_frame();
    assert_captured(4);
}

static void on_signal(int number) { recurse(2); }

static void signal_frame(void **state)
{
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    assert_true(result.by_rule < result.frames);
    assert_captured(6);
}

static void signal_on_its_own_stack(void **state)
{
    stack_t stack = { .ss_size = 1 << 18 };
    stack.ss_sp = malloc(stack.ss_size);
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK };
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR2, &action, NULL);
    raise(SIGUSR2);
    assert_captured(6);
    stack_t off = { .ss_flags = SS_DISABLE };
    sigaltstack(&off, NULL);
    free(stack.ss_sp);
}

static void on_cleanup(void *unused) { recurse(1); }

static void *thread_leaving(void *unused)
{
    pthread_cleanup_push(on_cleanup, NULL);
    pthread_exit(NULL);
    pthread_cleanup_pop(0);
    return NULL;
}

static void thread_start_and_cleanup(void **state)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, thread_leaving, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_captured(4);
}

/* Several threads walk slowly at once, and a signal interrupts them and walks as well: there is nothing shared to break. */
static _Atomic size_t wrong_walks, interrupts;

static __attribute__((noinline)) void walk_slowly(void)
{
    uintptr_t pcs[64];
    struct hl_frame frame;
    bool whole;
    hl_arch_frame_start(&frame);
    size_t n = hl_unwind_slow(frame.sp, pcs, NULL, 64, &whole);
    if (!whole || n < 2 || pcs[0] != frame.pc)
        wrong_walks++;
}

static void on_tick(int number)
{
    walk_slowly();
    interrupts++;
}

static void *walk_until_interrupted(void *unused)
{
    for (int i = 0; i < 300 || interrupts < 20; i++)
        walk_slowly();
    return NULL;
}

static void threads_walk_at_once(void **state)
{
    pthread_t threads[4];
    struct sigaction action = { .sa_handler = on_tick, .sa_flags = SA_RESTART };
    struct itimerval tick = { { 0, 1000 }, { 0, 1000 } }, off = { 0 };
    sigaction(SIGPROF, &action, NULL);
    setitimer(ITIMER_PROF, &tick, NULL);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, walk_until_interrupted, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    setitimer(ITIMER_PROF, &off, NULL);
    assert_int_equal(wrong_walks, 0);
}

static void slow_walk_keeps_to_its_limits(void **state)
{
    uintptr_t pcs[3] = { 0, 0, 7 };
    struct hl_frame frame;
    bool whole = true;
    hl_arch_frame_start(&frame);
    errno = 4711;
    assert_int_equal(hl_unwind_slow(frame.sp, pcs, NULL, 2, &whole), 2);
    assert_int_equal(errno, 4711);
    assert_false(whole);
    assert_int_equal(pcs[0], frame.pc);
    assert_int_equal(pcs[2], 7);
    assert_int_equal(hl_unwind_slow(0, pcs, NULL, 2, &whole), 0);
    assert_false(whole);
}

/* A function without unwind data, as a JIT makes them: `sub $8,%rsp; call *%rdi; add $8,%rsp; ret`. */
static void code_without_unwind_data(void **state)
{
    static const uint8_t code[] = { 0x48, 0x83, 0xec, 0x08, 0xff, 0xd7, 0x48, 0x83, 0xc4, 0x08, 0xc3 };
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, code, sizeof code);
    assert_int_equal(mprotect(page, 4096, PROT_READ | PROT_EXEC), 0);
    ((void (*)(void (*)(void)))page)(capture);
    assert_int_equal(hl_word_kind(hl_rule_word((uintptr_t)page + 6)), HL_RULE_MISSING);
    assert_int_equal(result.frames, 1);
    assert_false(result.whole);
    assert_false(result.slow_same);
    munmap(page, 4096);
}

static void rules_are_kept_and_forgotten(void **state)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);
    uint64_t word = hl_rule_word(pc);
    _Atomic uint64_t *slot = &hl_rule_table[(pc ^ pc >> 16) & 0xffff];
    assert_true(hl_word_steps(word));
    assert_int_equal(*slot, word);
    hl_rules_forget();
    assert_int_equal(*slot, 0);
    assert_int_equal(hl_rule_word(pc), word);
    assert_int_equal(hl_word_kind(hl_rule_word(UINT64_C(0xffff800000000000))), HL_RULE_MISSING);
    struct hl_rule rule;
    hl_rule_compile(0, &rule);
    assert_int_equal(rule.kind, HL_RULE_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recursion), cmocka_unit_test(callback_of_libc), cmocka_unit_test(stack_of_unknown_size),
        cmocka_unit_test(realigned_stack), cmocka_unit_test(frame_of_megabytes), cmocka_unit_test(signal_frame),
        cmocka_unit_test(signal_on_its_own_stack), cmocka_unit_test(thread_start_and_cleanup),
        cmocka_unit_test(threads_walk_at_once),
        cmocka_unit_test(slow_walk_keeps_to_its_limits), cmocka_unit_test(code_without_unwind_data),
        cmocka_unit_test(rules_are_kept_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
