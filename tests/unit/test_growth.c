/* What grows and what only seems to: alarms and misses over many series of each kind, and the figures of whole traces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/growth.h"
#include "../../viewer/trace/writer.h"
#include "test_growth_series.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPEATS 200
#define STACKS 100                    /* as if so many were looked at: what a chance of 0.001 is divided by */

struct kind {
    const char *name;
    series_fn *make;
    double a, b;
    int n;
    int least, most;                  /* how many of REPEATS may be found to grow */
};

static enum trend_shape judge(const struct kind *kind, uint64_t seed, struct trend *trend)
{
    double y[TREND_MOST];
    struct trend_point points[TREND_MOST];
    series_seed(seed);
    kind->make(y, kind->n, kind->a, kind->b);
    for (int i = 0; i < kind->n; i++)
        points[i] = (struct trend_point){ i, y[i] };
    uint32_t skip = trend_warm_up(points, (uint32_t)kind->n);
    trend_judge(trend, points + skip, (uint32_t)kind->n - skip, 0, 1e-3 / STACKS);
    return trend->shape;
}

static void check_kinds(const struct kind *kinds, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        int found = 0;
        for (uint64_t seed = 1; seed <= REPEATS; seed++) {
            struct trend trend;
            found += judge(&kinds[k], seed + 1000 * k, &trend) == TREND_GROWS;
        }
        if (found < kinds[k].least || found > kinds[k].most)
            fail_msg("%s, a %g, b %g, %d iterations: %d of %d grow, not %d to %d", kinds[k].name, kinds[k].a, kinds[k].b,
                     kinds[k].n, found, REPEATS, kinds[k].least, kinds[k].most);
    }
}

/* All are found where the noise is at most twice what an iteration adds; at three and four times few are missed. Blocks at random
 * are a walk, whose drift has to be five times its own standard error: for half of the iterations it is seven. */
static void test_leaks_are_found(void **state)
{
    static const struct kind kinds[] = {
        { "leak", series_leak, 0, 16, 50, REPEATS, REPEATS },
        { "leak", series_leak, 16, 16, 50, REPEATS, REPEATS },
        { "leak", series_leak, 32, 16, 50, REPEATS, REPEATS },
        { "leak", series_leak, 48, 16, 50, REPEATS * 97 / 100, REPEATS },
        { "leak", series_leak, 64, 16, 50, REPEATS * 88 / 100, REPEATS },
        { "leak", series_leak, 100, 16, 200, REPEATS, REPEATS },
        { "leak", series_leak, 2000, 1000, 50, REPEATS, REPEATS },
        { "leak in few iterations", series_leak, 8, 16, 20, REPEATS, REPEATS },
        { "blocks", series_blocks, 2, 0, 50, REPEATS, REPEATS },
        { "blocks", series_blocks, 5, 0, 50, REPEATS, REPEATS },
        { "blocks", series_blocks, 10, 0, 50, REPEATS, REPEATS },
        { "blocks at random", series_blocks, 2, 1, 50, REPEATS * 85 / 100, REPEATS },
        { "leak in drift", series_leak_in_drift, 32, 0.5, 50, REPEATS * 97 / 100, REPEATS },
        { "leak in drift", series_leak_in_drift, 16, 0.8, 50, REPEATS, REPEATS },
        { "leak below a saw", series_leak_in_saw, 3, 16, 50, REPEATS, REPEATS },
        { "leak below a saw", series_leak_in_saw, 5, 16, 100, REPEATS, REPEATS },
        { "leak after a start", series_leak_after_start, 0.1, 16, 50, REPEATS, REPEATS },
        { "leak after a start", series_leak_after_start, 0.25, 16, 50, REPEATS, REPEATS },
    };
    check_kinds(kinds, sizeof kinds / sizeof *kinds);
}

/* Walks rise by chance, and then are lines with noise: of those, two in a hundred at most. What nears its level at random is
 * something of a walk, too, as long as it fills. Nothing else alarms. */
static void test_steady_loops_pass(void **state)
{
    static const struct kind kinds[] = {
        { "noise", series_leak, 100, 0, 50, 0, 0 },
        { "noise", series_leak, 100, 0, 200, 0, 0 },
        { "shrinking", series_leak, 10, -16, 50, 0, 0 },
        { "drift", series_drift, 1000, 0.3, 50, 0, 0 },
        { "drift", series_drift, 1000, 0.6, 50, 0, 0 },
        { "drift", series_drift, 1000, 0.8, 200, 0, 0 },
        { "walk", series_walk, 100, 1e5, 50, 0, REPEATS * 2 / 100 },
        { "saw", series_saw, 3, 100, 50, 0, 0 },
        { "saw", series_saw, 7, 0, 50, 0, 0 },
        { "saw", series_saw, 15, 100, 50, 0, 0 },
        { "saw", series_saw, 30, 0, 50, 0, 0 },
        { "saw", series_saw, 70, 100, 200, 0, 0 },
        { "buffer", series_buffer, 4096, 900, 50, 0, 0 },
        { "buffer", series_buffer, 4096, 300, 50, 0, 0 },
        { "pool", series_pool, 100, 20, 50, 0, 0 },
        { "cache", series_cache, 0.05, 0, 50, 0, 0 },
        { "cache", series_cache, 0.1, 50, 50, 0, 0 },
        { "cache", series_cache, 0.2, 100, 50, 0, 0 },
        { "keys", series_keys, 500, 50, 50, 0, 0 },
        { "dictionary", series_dictionary, 0, 24, 50, 0, REPEATS * 2 / 100 },
        { "dictionary", series_dictionary, 257, 28, 50, 0, REPEATS * 2 / 100 },
        { "dictionary", series_dictionary, 0, 24, 200, 0, 0 },
        { "ring", series_ring, 0.1, 0, 50, 0, 0 },
        { "ring", series_ring, 0.5, 50, 50, 0, 0 },
        { "ring", series_ring, 0.8, 0, 50, 0, 0 },
        { "steps", series_steps, 1, 1, 50, 0, 0 },
        { "steps", series_steps, 3, 1, 50, 0, 0 },
        { "steps", series_steps, 6, 0.7, 50, 0, 0 },
    };
    check_kinds(kinds, sizeof kinds / sizeof *kinds);
}

/* Of straight lines with independent noise the 95 % interval holds the truth 95 times in 100: of 200, 180 at least but once in
 * 1,500 times. */
static void test_interval(void **state)
{
    int inside = 0;
    const struct kind kind = { "leak", series_leak, 32, 16, 50, 0, 0 };
    for (uint64_t seed = 1; seed <= REPEATS; seed++) {
        struct trend trend;
        judge(&kind, seed, &trend);
        inside += trend.low <= 16 && 16 <= trend.high;
        assert_true(trend.low < trend.slope && trend.slope < trend.high);
        assert_true(trend.high - trend.low < 16);
    }
    assert_in_range(inside, 180, REPEATS);
}

/* By hand: pairs of (0,0) (1,1) (2,2) (3,9) have the slopes 1 1 1 3 4 7. All 24 orders of four values are as likely; one rises
 * throughout. */
static void test_slope_by_hand(void **state)
{
    static const struct trend_point points[] = { { 0, 0 }, { 1, 1 }, { 2, 2 }, { 3, 9 } };
    struct trend trend;
    trend_fit(&trend, points, 4);
    assert_true(fabs(trend.slope - 2) < 1e-9);
    static const struct trend_point line[] = { { 0, 5 }, { 2, 9 }, { 4, 13 }, { 6, 17 } };
    trend_fit(&trend, line, 4);
    assert_true(fabs(trend.slope - 2) < 1e-9 && fabs(trend.low - 2) < 1e-9 && fabs(trend.high - 2) < 1e-9);
    assert_true(fabs(trend.chance - 1.0 / 24) < 1e-9);
    static const struct trend_point level[] = { { 0, 5 }, { 1, 5 }, { 2, 5 }, { 3, 5 } };
    trend_fit(&trend, level, 4);
    assert_true(trend.slope <= 0 && trend.slope >= 0 && trend.chance >= 1);
}

/* A run of `iterations` milliseconds with a mark at the end of each; stack s holds value(s, i) bytes at the end of the i-th. */
enum { LEAK, CACHE, SAW, FALLEN, OLD, NEW, STILL, N_STACKS };

static uint64_t value(int stack, uint64_t i)
{
    switch (stack) {
    case LEAK: return 1000 + 24 * i;
    case CACHE: return i < 10 ? 4096 * i : 40960;
    case SAW: return 512 * (i % 7);
    case FALLEN: return 168 * ((i + 7) % 8);          /* a saw that after 50 iterations is lower by what LEAK has gained */
    case OLD: return 100000 - 64 * i;                 /* what one gives back the other takes */
    case NEW: return 64 * i;
    default: return 7777;
    }
}

static void write_run(const char *path, uint64_t iterations, bool marks)
{
    struct trace_writer *w;
    uint64_t before[N_STACKS] = { 0 };
    assert_int_equal(trace_writer_create(&w, path, &(struct trace_run){ 0, "loop", "host", "0.1.0" }), 0);
    trace_write_process(w, &(struct trace_process){ 100, TRACE_NONE, TRACE_ORIGIN_ROOT, 0, "loop", "/opt/loop" });
    trace_write_thread(w, &(struct trace_thread){ 0, 100, 0, "loop" });
    trace_write_module(w, &(struct trace_module){ .path = "/opt/loop" });
    for (uint32_t s = 0; s < N_STACKS; s++) {
        trace_write_frame(w, &(struct trace_frame){ TRACE_FRAME_NATIVE, 0, 0x1000 + s });
        trace_write_stack(w, &(struct trace_stack){ 0, s });
        trace_write_site(w, &(struct trace_site){ 0, s + 1 });
    }
    for (uint64_t i = 0; i < iterations; i++) {
        struct trace_site_counts counts[N_STACKS] = { 0 };
        for (int s = 0; s < N_STACKS; s++) {
            uint64_t now = value(s, i);
            counts[s].site = (uint32_t)s;
            counts[s].counts.allocated_bytes = now > before[s] ? now - before[s] : 0;
            counts[s].counts.freed_bytes = now < before[s] ? before[s] - now : 0;
            counts[s].counts.allocations = counts[s].counts.frees = 1;
            before[s] = now;
        }
        uint64_t start = i * 1000000, end = start + 1000000;
        trace_write_epoch(w, &(struct trace_epoch){ .process = 0, .start_ns = start, .end_ns = end }, counts, N_STACKS);
        if (marks)
            trace_write_mark(w, &(struct trace_mark){ 0, 0, end, TRACE_MARK_POINT, "iteration" });
    }
    trace_write_exit(w, &(struct trace_exit){ 0, TRACE_EXIT_CODE, 0, iterations * 1000000 });
    assert_int_equal(trace_writer_close(w), 0);
}

static struct growth_list judge_run(uint64_t iterations, bool marks, uint64_t every_ns, double limit, double *fastest,
                                    uint64_t *most)
{
    char path[] = "/tmp/heapline-growth-XXXXXX";
    struct trace_error error;
    struct profile *profile;
    struct growth *growth;
    struct growth_list found = { 0 };
    close(mkstemp(path));
    write_run(path, iterations, marks);
    struct trace *trace = trace_open(path, &error);
    assert_non_null(trace);
    assert_int_equal(profile_create(&profile, trace, &(struct selection){ 0 }, &error), 0);
    assert_int_equal(growth_create(&growth, profile, &(struct growth_question){ "iteration", every_ns }, &error), 0);
    growth_judge(growth, limit, NULL, &found, fastest);
    *most = growth->most_iterations;
    growth_destroy(growth);
    profile_destroy(profile);
    trace_close(trace);
    unlink(path);
    return found;
}

static void check_leak_alone(uint64_t iterations, bool marks, uint64_t every_ns, double slope)
{
    double fastest;
    uint64_t most;
    struct growth_list found = judge_run(iterations, marks, every_ns, 0, &fastest, &most);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.items[0].stack, LEAK + 1);
    assert_true(fabs(found.items[0].trend.slope - slope) < 1e-6);
    assert_true(fabs(fastest - slope) < 1e-6);
    vec_release(&found);
}

static void test_trace(void **state)
{
    double fastest;
    uint64_t most;
    check_leak_alone(50, true, 0, 24);
    check_leak_alone(256, true, 0, 24);
    check_leak_alone(5000, true, 0, 24);                  /* points of several iterations each */
    check_leak_alone(60, false, 1000000, 24);             /* no marks: every millisecond */
    check_leak_alone(120, false, 2000000, 48);

    struct growth_list found = judge_run(50, true, 0, 24, &fastest, &most);
    assert_int_equal(found.n, 0);                         /* as much as the budget is not more */
    assert_true(fabs(fastest - 24) < 1e-6);
    found = judge_run(50, false, 0, 0, &fastest, &most);
    assert_int_equal(found.n, 0);
    assert_int_equal(most, 0);                            /* nothing was marked */
    found = judge_run(GROWTH_LEAST - 1, true, 0, 0, &fastest, &most);
    assert_int_equal(found.n, 0);
    assert_int_equal(most, GROWTH_LEAST - 1);
}

/* A cache that fills in 20 iterations of 90, and a leak beside it. The last point below the line is that of iteration 19. Of a
 * spike at the very beginning two points lie above it, of a line none. */
static void test_warm_up(void **state)
{
    struct trend_point points[90];
    for (int i = 0; i < 90; i++)
        points[i] = (struct trend_point){ i, (i < 20 ? 5000.0 * i : 100000) + 16.0 * i };
    assert_int_equal(trend_warm_up(points, 90), 20);
    for (int i = 0; i < 90; i++)
        points[i].y = 16.0 * i + (i < 2 ? 1e6 : 0);
    assert_int_equal(trend_warm_up(points, 90), 2);
    for (int i = 0; i < 90; i++)
        points[i].y = 16.0 * i;
    assert_int_equal(trend_warm_up(points, 90), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaks_are_found), cmocka_unit_test(test_steady_loops_pass), cmocka_unit_test(test_interval),
        cmocka_unit_test(test_slope_by_hand), cmocka_unit_test(test_trace), cmocka_unit_test(test_warm_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
