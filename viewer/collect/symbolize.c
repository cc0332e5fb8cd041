#include "symbolize.h"

#include "../base/xalloc.h"
#include "../symbol/symbolizer.h"
#include "../trace/writer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define LEVELS_MAX 64             /* inlined functions in one frame */
#define LOWEST_PRIORITY 19

struct job {
    uint32_t frame;               /* id in the trace */
    struct trace_module module;   /* path: owned by the collector, which outlives us */
    uint32_t module_id;
    uint64_t address;
};

struct result {
    uint32_t frame, first, n;     /* levels[first..] */
};

struct symbolize {
    struct symbolizer *symbolizer;
    pthread_t thread;
    bool running;
    uint32_t seen;                /* frames of the trace that were handed over */
    struct symbolizer_module *module;   /* opened last */
    uint32_t module_id;
    VEC(struct result) results;
    VEC(struct trace_symbol) levels;

    pthread_mutex_t mutex;        /* for what follows */
    pthread_cond_t more;
    VEC(struct job) waiting;
    bool stop;
    uint64_t cpu_ns;
};

static int by_module_and_address(const void *a, const void *b)
{
    const struct job *x = a, *y = b;
    if (x->module_id != y->module_id)
        return x->module_id < y->module_id ? -1 : 1;
    return x->address < y->address ? -1 : x->address > y->address;
}

static void work(struct symbolize *symbolize, const struct job *job)
{
    struct trace_symbol symbols[LEVELS_MAX];
    if (job->module_id != symbolize->module_id) {
        symbolize->module_id = job->module_id;
        symbolize->module = symbolizer_open(symbolize->symbolizer, &job->module);
    }
    size_t n = symbolizer_find(symbolize->module, job->address - 1, symbols, LEVELS_MAX);
    struct result result = {job->frame, (uint32_t)symbolize->levels.n, (uint32_t)n};
    if (n == 0)
        return;
    vec_append(&symbolize->levels, symbols, n);
    vec_push(&symbolize->results, result);
}

/* Neighbours use the same tables: the jobs at hand are sorted, but done in helpings, so that nobody waits long for the end. */
static bool next_jobs(struct symbolize *symbolize, struct job *jobs, size_t max, size_t *n)
{
    pthread_mutex_lock(&symbolize->mutex);
    while (!symbolize->stop && symbolize->waiting.n == 0)
        pthread_cond_wait(&symbolize->more, &symbolize->mutex);
    bool go_on = !symbolize->stop;
    *n = symbolize->waiting.n < max ? symbolize->waiting.n : max;
    if (go_on) {
        vec_sort(&symbolize->waiting, by_module_and_address);
        symbolize->waiting.n -= *n;
        memcpy(jobs, symbolize->waiting.items + symbolize->waiting.n, *n * sizeof *jobs);
    }
    pthread_mutex_unlock(&symbolize->mutex);
    return go_on;
}

/* Names can wait, the program and who reads its rings cannot: this thread takes what processors they leave. */
static void *run(void *context)
{
    struct symbolize *symbolize = context;
    struct job jobs[64];
    struct timespec used;
    size_t n;
    setpriority(PRIO_PROCESS, 0, LOWEST_PRIORITY);    /* 0: this thread (Linux) */
    while (next_jobs(symbolize, jobs, sizeof jobs / sizeof *jobs, &n))
        for (size_t i = 0; i < n; i++)
            work(symbolize, &jobs[i]);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    symbolize->cpu_ns = (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
    return NULL;
}

struct symbolize *symbolize_start(void)
{
    struct symbolize *symbolize = xcalloc(1, sizeof *symbolize);
    symbolize->module_id = TRACE_NONE;
    if (symbolizer_create(&symbolize->symbolizer) != 0) {
        free(symbolize);
        return NULL;
    }
    pthread_mutex_init(&symbolize->mutex, NULL);
    pthread_cond_init(&symbolize->more, NULL);
    return symbolize;
}

static void start_thread(struct symbolize *symbolize)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    symbolize->running = pthread_create(&symbolize->thread, NULL, run, symbolize) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void symbolize_more(struct symbolize *symbolize, const struct fold_shared *shared)
{
    if (!symbolize || symbolize->seen == shared->frame_list.n)
        return;
    if (pthread_mutex_trylock(&symbolize->mutex) != 0)    /* its holder may wait long for a processor: next time */
        return;
    for (; symbolize->seen < shared->frame_list.n; symbolize->seen++) {
        const struct trace_frame *frame = &shared->frame_list.items[symbolize->seen];
        struct job job = {.frame = symbolize->seen, .module_id = frame->module, .address = frame->address};
        if (frame->kind != TRACE_FRAME_NATIVE)
            continue;
        job.module = shared->module_list.items[frame->module];
        vec_push(&symbolize->waiting, job);
    }
    pthread_cond_signal(&symbolize->more);
    pthread_mutex_unlock(&symbolize->mutex);
    if (!symbolize->running)
        start_thread(symbolize);
}

static void join(struct symbolize *symbolize)
{
    pthread_mutex_lock(&symbolize->mutex);
    symbolize->stop = true;
    pthread_cond_signal(&symbolize->more);
    pthread_mutex_unlock(&symbolize->mutex);
    if (symbolize->running)
        pthread_join(symbolize->thread, NULL);
    symbolize->running = true;            /* not to be started again */
}

uint64_t symbolize_finish(struct symbolize *symbolize, struct trace_writer *writer, const struct fold_shared *shared)
{
    if (!symbolize)
        return 0;
    join(symbolize);
    symbolize_more(symbolize, shared);
    vec_sort(&symbolize->waiting, by_module_and_address);
    for (size_t i = 0; i < symbolize->waiting.n; i++)
        work(symbolize, &symbolize->waiting.items[i]);
    for (size_t i = 0; i < symbolize->results.n; i++) {
        const struct result *result = &symbolize->results.items[i];
        trace_write_symbols(writer, result->frame, symbolize->levels.items + result->first, result->n);
    }
    uint64_t cpu_ns = symbolize->cpu_ns;
    symbolizer_destroy(symbolize->symbolizer);
    vec_release(&symbolize->waiting);
    vec_release(&symbolize->results);
    vec_release(&symbolize->levels);
    pthread_mutex_destroy(&symbolize->mutex);
    pthread_cond_destroy(&symbolize->more);
    free(symbolize);
    return cpu_ns;
}
