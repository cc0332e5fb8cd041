/* Series of live bytes as programs make them, from a generator of numbers that is the same everywhere. `a` and `b` are said
 * beside each. */
#ifndef HEAPLINE_TEST_GROWTH_SERIES_H
#define HEAPLINE_TEST_GROWTH_SERIES_H

#include <math.h>
#include <stdint.h>

static uint64_t series_state;

static double series_uniform(void)
{
    series_state ^= series_state << 13;
    series_state ^= series_state >> 7;
    series_state ^= series_state << 17;
    return (double)(series_state >> 11) * 0x1p-53;
}

static void series_seed(uint64_t seed)
{
    series_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (int i = 0; i < 16; i++)
        series_uniform();
}

static double series_normal(void)
{
    double radius = sqrt(-2 * log(series_uniform() + 1e-300));
    return radius * cos(6.283185307179586 * series_uniform());
}

typedef void series_fn(double *y, int n, double a, double b);

/* b bytes more each time, in noise of a bytes. */
static void series_leak(double *y, int n, double a, double b)
{
    for (int i = 0; i < n; i++)
        y[i] = 100000 + round(a * series_normal() + b * i);
}

/* 16 bytes an iteration on the average, in blocks of 16 a that come every a-th iteration; with b with that chance in any
 * iteration. */
static void series_blocks(double *y, int n, double a, double b)
{
    double held = 0, phase = floor(a * series_uniform());
    for (int i = 0; i < n; i++) {
        held += (b > 0 ? series_uniform() < 1 / a : fmod(i + phase, a) < 1) ? 16 * a : 0;
        y[i] = held;
    }
}

/* 16 bytes an iteration beside noise of a bytes of which each figure keeps the part b of the one before. */
static void series_leak_in_drift(double *y, int n, double a, double b)
{
    double drift = a * series_normal();
    for (int i = 0; i < n; i++) {
        drift = b * drift + sqrt(1 - b * b) * a * series_normal();
        y[i] = 100000 + round(drift) + 16 * i;
    }
}

/* b bytes an iteration below the teeth of a saw with a period of a. */
static void series_leak_in_saw(double *y, int n, double a, double b)
{
    double phase = floor(a * series_uniform());
    for (int i = 0; i < n; i++)
        y[i] = 1000 * fmod(i + phase, a) + b * i;
}

/* A leak of b bytes an iteration behind a warm-up that takes the first part a of the run. */
static void series_leak_after_start(double *y, int n, double a, double b)
{
    for (int i = 0; i < n; i++)
        y[i] = 50000 * fmin(1, i / (a * n)) + b * i + round(2 * series_normal());
}

static void series_drift(double *y, int n, double a, double b)
{
    series_leak_in_drift(y, n, a, b);
    for (int i = 0; i < n; i++)
        y[i] -= 16 * i;
}

/* Steps of about a bytes up and down. */
static void series_walk(double *y, int n, double a, double b)
{
    double held = b;
    for (int i = 0; i < n; i++)
        y[i] = held += round(a * series_normal());
}

/* Garbage that is collected after about a iterations, never the same number; in noise of b bytes. */
static void series_saw(double *y, int n, double a, double b)
{
    double period = a * (0.8 + 0.4 * series_uniform()), phase = period * series_uniform();
    for (int i = 0; i < n; i++) {
        if (++phase >= period) {
            phase = 0;
            period = a * (0.8 + 0.4 * series_uniform());
        }
        y[i] = round(1000 * floor(phase) + b * series_normal());
    }
}

/* A log's buffer of a bytes that takes lines of up to b bytes and is written when it is full. */
static void series_buffer(double *y, int n, double a, double b)
{
    double held = 0;
    for (int i = 0; i < n; i++) {
        held += floor(b * series_uniform());
        y[i] = held = held > a ? 0 : held;
    }
}

/* A pool of a objects of 64 bytes, b of which are taken or given back at random. */
static void series_pool(double *y, int n, double a, double b)
{
    double held = a / 2;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < b; k++)
            held += series_uniform() * a < held ? -1 : 1;
        y[i] = 64 * held;
    }
}

/* A cache that nears 1 MB, by a factor e in the part a of the run; in noise of b bytes. */
static void series_cache(double *y, int n, double a, double b)
{
    for (int i = 0; i < n; i++)
        y[i] = round(1e6 * (1 - exp(-i / (a * n))) + b * series_normal());
}

/* A table of a keys of which b random ones are asked for each time. */
static void series_keys(double *y, int n, double a, double b)
{
    unsigned char seen[1024] = { 0 };
    int known = 0;
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < b; k++) {
            int key = (int)(a * series_uniform());
            known += !seen[key];
            seen[key] = 1;
        }
        y[i] = 64 * known;
    }
}

/* A dictionary of 300 keys, of which 20 random ones are set and 10 deleted each time: it nears 200 entries and then varies.
 * Counted are the keys from a on, b bytes each; the first iterations are those of the run. */
static void series_dictionary(double *y, int n, double a, double b)
{
    unsigned char set[300] = { 0 };
    for (int i = 0; i < n; i++) {
        int held = 0;
        for (int k = 0; k < 30; k++)
            set[(int)(300 * series_uniform())] = k < 20;
        for (int k = (int)a; k < 300; k++)
            held += set[k];
        y[i] = b * held;
    }
}

/* A ring that fills in the part a of the run; in noise of b bytes. */
static void series_ring(double *y, int n, double a, double b)
{
    for (int i = 0; i < n; i++)
        y[i] = round(1000 * fmin(i, a * n) + b * series_normal());
}

/* a steps of 4 KiB at random in the first part b of the run. */
static void series_steps(double *y, int n, double a, double b)
{
    for (int i = 0; i < n; i++)
        y[i] = 0;
    for (int k = 0; k < a; k++)
        for (int i = (int)(b * n * series_uniform()); i < n; i++)
            y[i] += 4096;
}

#endif
