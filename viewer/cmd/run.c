/* heapline run: start a program, record it and its children, say in a few lines what came of it. */
#include "commands.h"

#include "../base/format.h"
#include "../base/parse.h"
#include "../base/quote.h"
#include "../base/say.h"
#include "../base/strbuf.h"
#include "../base/xalloc.h"
#include "../collect/inspect.h"
#include "../collect/launch.h"
#include "../collect/symbolize.h"
#include "profiler.h"
#include "summary.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SNAPSHOT_SIGNAL_UNSET UINT64_MAX
#define SNAPSHOT_EVERY_MIN_NS UINT64_C(100000000)

static const char *output, *iterations_signal;
static int on_full, wait_for, python_mode;
static bool quiet, no_progress, all_events, check_stacks, memory_profiler, no_leak_check, graph;
static uint64_t ring_bytes, snapshot_peak, snapshot_signal = SNAPSHOT_SIGNAL_UNSET;
static struct option_time snapshot_every;
static struct option_list skipped_roots;

static const char *const on_full_choices[] = {"wait", "drop", NULL};
static const char *const wait_choices[] = {"all", "program", NULL};
static const char *const python_choices[] = {"objects", "arenas", "off", NULL};   /* as enum hl_python_mode */

static const struct option options[] = {
    {"output", 'o', OPTION_FILE, "FILE", "write the trace to FILE (default: heapline.PROGRAM.PID.hpl)", &output, NULL},
    {"on-full", 0, OPTION_CHOICE, "WHAT", "when the collector cannot keep up: wait (default, nothing is lost) or drop (and count)", &on_full, on_full_choices},
    {"wait", 0, OPTION_CHOICE, "FOR", "record until all processes have ended (default: all) or just the program", &wait_for, wait_choices},
    {"python", 0, OPTION_CHOICE, "WHAT", "of Python: objects (default, each one with its line), arenas (cheap: what they come from) or off (native side only)",
     &python_mode, python_choices},
    {"memory-profiler", 0, OPTION_FLAG, NULL, "let Python scripts written for memory_profiler run unchanged: heapline stands in for that module", &memory_profiler, NULL},
    {"all-events", 0, OPTION_FLAG, NULL, "keep every single event in the trace, which then grows with their number", &all_events, NULL},
    {"ring-size", 0, OPTION_BYTES, "BYTES", "room for records in each thread's ring (default: 512 KiB)", &ring_bytes, NULL},
    {"no-leak-check", 0, OPTION_FLAG, NULL, "do not search the memory of ending processes for blocks that nothing points to", &no_leak_check, NULL},
    {"snapshot-every", 0, OPTION_TIME, "TIME", "take a snapshot of every process each TIME, e.g. 10s", &snapshot_every, NULL},
    {"snapshot-peak", 0, OPTION_COUNT, "PERCENT", "take a snapshot with its reference graph whenever the heap has passed its last peak by PERCENT", &snapshot_peak, NULL},
    {"graph", 'g', OPTION_FLAG, NULL, "keep the reference graph with every snapshot, also those at the end and by the clock (see `heapline graph`)", &graph, NULL},
    {"snapshot-signal", 0, OPTION_COUNT, "N", "the signal that asks a process for a snapshot (default: SIGRTMAX - 2; 0: none does)", &snapshot_signal, NULL},
    {"iterations-signal", 0, OPTION_STRING, "SIGNAL", "the program is told of each iteration by this signal, e.g. USR1: a mark \"iteration\"", &iterations_signal, NULL},
    {"skip-roots", 0, OPTION_LIST, "KINDS", "begin no search in globals, stacks, registers or tls: a list with commas, for testing", &skipped_roots, NULL},
    {"quiet", 'q', OPTION_FLAG, NULL, "print no summary and no progress", &quiet, NULL},
    {"no-progress", 0, OPTION_FLAG, NULL, "print no progress line", &no_progress, NULL},
    {"check-stacks", 0, OPTION_FLAG, NULL, "compare every captured stack with libunwind's: slow, for testing heapline itself", &check_stacks, NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

static void describe_run(struct trace_run *run, char **argv, struct strbuf *command, char *host, size_t host_size)
{
    struct utsname names;
    struct timespec now;
    uname(&names);
    clock_gettime(CLOCK_REALTIME, &now);
    quote_command(command, argv);
    snprintf(host, host_size, "%s, %s %s, %s", names.nodename, names.sysname, names.release, names.machine);
    *run = (struct trace_run){(uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, command->data, host, HEAPLINE_VERSION};
}

static char *trace_name(const char *program)
{
    if (output)
        return xstrdup(output);
    const char *slash = strrchr(program, '/');
    return xasprintf("heapline.%s.%d.hpl", slash ? slash + 1 : program, (int)getpid());
}

/* Why a program cannot be profiled, as an exit code; EXIT_OK: it can. */
static int refuse(const char *program)
{
    struct inspection inspection;
    inspect_program(program, &inspection);
    if (inspection.verdict == INSPECT_FINE)
        return EXIT_OK;
    say_error("%s", inspection.reason);
    return inspection.verdict == INSPECT_NOT_FOUND ? EXIT_NOT_FOUND : inspection.verdict == INSPECT_NOT_EXECUTABLE ? EXIT_CANNOT_EXECUTE : EXIT_USAGE;
}

/* Programs that were executed and never said hello, where their files tell why. */
static void write_unprofiled(struct collector *collector)
{
    for (size_t i = 0; i < collector->notes.n; i++) {
        struct inspection inspection;
        inspect_program(collector->notes.items[i].path, &inspection);
        if (inspection.verdict != INSPECT_BARRED)
            continue;
        struct trace_unprofiled record = {collector->notes.items[i].pid, collector->notes.items[i].parent, inspection.path, inspection.reason};
        trace_write_unprofiled(collector->writer, &record);
    }
}

/* CLOCK_PROCESS_CPUTIME_ID, or this thread's part of it. */
static uint64_t processor_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What recording took of the processor; naming functions and lines is not counted. */
static void write_own_cost(struct collector *collector, uint64_t naming_ns)
{
    struct trace_losses losses = {.process = TRACE_NONE, .collector_cpu_ns = processor_ns(CLOCK_PROCESS_CPUTIME_ID)};
    losses.collector_cpu_ns -= naming_ns < losses.collector_cpu_ns ? naming_ns : losses.collector_cpu_ns;
    trace_write_losses(collector->writer, &losses);
}

/* Nothing was recorded: says why. False: something was. */
static bool nothing_recorded(const struct collector *collector, const char *program)
{
    struct inspection inspection;
    for (size_t i = 0; i < collector->targets.n; i++)
        if (!collector->targets.items[i] || collector->targets.items[i]->events > 0)
            return false;
    inspect_program(program, &inspection);
    if (collector->barred)
        say_error("nothing was profiled: '%s' cannot be: %s", program, collector->barred_reason);
    else if (inspect_defines_malloc(inspection.path))
        say_error("nothing was profiled: '%s' brings its own malloc inside the executable, which a preloaded library cannot replace: "
                  "link it with the system's allocator", program);
    else if (collector->targets.n == 0)
        say_error("nothing was profiled: '%s' started without heapline's library: a wrapper that is static or clears LD_PRELOAD hides what it starts",
                  program);
    else
        return false;
    return true;
}

static int exit_code(const struct collector *collector)
{
    int status = collector->root_status;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int say_cannot_run(const char *program, int error)
{
    say_error("cannot run '%s': %s", program, strerror(error));
    return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

static int open_trace(struct collector *collector, const char *path, char **argv)
{
    char host[300];
    struct strbuf command = STRBUF_INIT;
    struct trace_run run;
    describe_run(&run, argv, &command, host, sizeof host);
    int error = trace_writer_create(&collector->writer, path, &run);
    strbuf_release(&command);
    if (error)
        say_error("cannot write '%s': %s; name another file with -o", path, strerror(-error));
    return error;
}

/* Ends the trace. True: it is whole. */
static bool close_trace(struct collector *collector, const char *path)
{
    uint64_t before = processor_ns(CLOCK_THREAD_CPUTIME_ID), beside = symbolize_finish(collector->symbolize, collector->writer, &collector->shared);
    write_own_cost(collector, processor_ns(CLOCK_THREAD_CPUTIME_ID) - before + beside);
    write_unprofiled(collector);
    int error = trace_writer_close(collector->writer);
    if (error)
        say_error("the trace '%s' is not whole: %s; make room or name another file with -o", path, strerror(-error));
    return error == 0;
}

static void say_checked(const struct collector *collector)
{
    if (check_stacks)
        say_note("%s stacks compared with libunwind's, %s differ", format_count(collector->stacks_checked).text, format_count(collector->stacks_wrong).text);
}

static int record(struct collector *collector, const char *library, const char *path, char **argv)
{
    int32_t pid = launch_start(collector, library, argv);
    if (pid < 0) {
        trace_writer_close(collector->writer);
        unlink(path);
        return say_cannot_run(argv[0], -pid);
    }
    collector->requests.trace = realpath(path, NULL);
    collector->symbolize = symbolize_start();
    launch_wait(collector, !quiet && !no_progress, wait_for == 0);
    collector_finish(collector);
    bool whole = close_trace(collector, path);
    say_checked(collector);
    if (nothing_recorded(collector, argv[0])) {
        unlink(path);
        return EXIT_USAGE;
    }
    if (whole && !quiet) {
        profiler_show_watched(path);
        summary_print(path);
    }
    return whole ? exit_code(collector) : EXIT_USAGE;
}

/* Turns the options about snapshots into the collector's. False: one makes no sense, and a sentence said so. */
static bool set_snapshots(struct collector *collector)
{
    int iteration = 0;
    static const struct { const char *name; uint32_t flag; } kinds[] = {{"globals", HL_SNAPSHOT_NO_GLOBALS}, {"stacks", HL_SNAPSHOT_NO_STACKS},
                                                                       {"registers", HL_SNAPSHOT_NO_REGISTERS}, {"tls", HL_SNAPSHOT_NO_TLS}};
    for (size_t i = 0; i < skipped_roots.n; i++)
        for (const char *at = skipped_roots.items[i]; *at; at += strcspn(at, ","), at += *at == ',') {
            size_t length = strcspn(at, ","), kind = 0;
            while (kind < 4 && (strlen(kinds[kind].name) != length || memcmp(kinds[kind].name, at, length) != 0))
                kind++;
            if (kind == 4) {
                say_error("--skip-roots takes globals, stacks, registers and tls, not \"%.*s\"", (int)length, at);
                return false;
            }
            collector->snapshot_flags |= kinds[kind].flag;
        }
    if (snapshot_every.kind != OPTION_TIME_UNSET && (snapshot_every.kind != OPTION_TIME_NS || snapshot_every.value < SNAPSHOT_EVERY_MIN_NS)) {
        say_error("--snapshot-every takes a time of 100ms or more, such as 500ms, 10s or 5m");
        return false;
    }
    if (snapshot_peak > 1000) {
        say_error("--snapshot-peak takes a percentage from 1 to 1000");
        return false;
    }
    if (snapshot_signal != SNAPSHOT_SIGNAL_UNSET && snapshot_signal && (snapshot_signal < (uint64_t)SIGRTMIN || snapshot_signal > (uint64_t)SIGRTMAX)) {
        say_error("--snapshot-signal takes a real-time signal, %d to %d, or 0 for none", SIGRTMIN, SIGRTMAX);
        return false;
    }
    if (iterations_signal && (iteration = parse_signal(iterations_signal)) < 0) {
        say_error("--iterations-signal takes a signal by name or number, such as USR1 or 10, not \"%s\"", iterations_signal);
        return false;
    }
    collector->mark_signal = (uint32_t)iteration;
    collector->snapshot_at_exit = !no_leak_check || graph;
    collector->graph = graph;
    collector->requests.peak_percent = (uint32_t)snapshot_peak;
    collector->snapshot_signal = snapshot_signal == SNAPSHOT_SIGNAL_UNSET ? (uint32_t)SIGRTMAX - 2 : (uint32_t)snapshot_signal;
    collector->requests.every_ns = snapshot_every.kind == OPTION_TIME_NS ? snapshot_every.value : 0;
    return true;
}

static bool power_of_two(uint64_t n) { return n && (n & (n - 1)) == 0; }

static int run_run(int argc, char **argv)
{
    char library[PATH_MAX];
    int n = option_parse(&command_run, argc, argv);
    if (n < 0)
        return n == -2 ? EXIT_OK : EXIT_USAGE;
    if (n == 0) {
        say_error("no program to run: heapline run [OPTION...] [--] PROGRAM [ARGUMENT...]");
        return EXIT_USAGE;
    }
    if (ring_bytes && (!power_of_two(ring_bytes) || ring_bytes < 32768 || ring_bytes > 64 << 20)) {
        say_error("--ring-size wants a power of two between 32 KiB and 64 MiB");
        return EXIT_USAGE;
    }
    argv++;
    int refused = refuse(argv[0]);
    if (refused)
        return refused;
    if (!launch_find_library(library)) {
        say_error("the library '%s' is missing: build or install heapline again, or set HEAPLINE_LIBRARY", library);
        return EXIT_USAGE;
    }
    if (memory_profiler && !profiler_set_path())
        return EXIT_USAGE;
    struct collector collector = {.ring_bytes = ring_bytes ? (uint32_t)ring_bytes : 524288, .on_full = (enum hl_on_full)on_full,
                                  .all_events = all_events, .check = check_stacks, .python = (enum hl_python_mode)python_mode};
    if (!set_snapshots(&collector))
        return EXIT_USAGE;
    char *path = trace_name(argv[0]);
    int code = EXIT_USAGE, error = open_trace(&collector, path, argv);
    if (!error) {
        error = collector_open(&collector);
        if (error)
            say_error("cannot set up the recording in '%s': %s", collector.directory, strerror(-error));
        else
            code = record(&collector, library, path, argv);
        collector_close(&collector);
    }
    free(path);
    return code;
}

const struct command command_run = {
    .name = "run",
    .operands = "[--] PROGRAM [ARGUMENT...]",
    .summary = "profile a program and all its children into one trace",
    .description =
        "Starts PROGRAM with heapline's library preloaded and records every allocation with its call stack, in it and in every process that "
        "it starts, into one trace file. The program keeps its standard input, output and error, its working directory, its terminal and its "
        "signals; its exit status becomes that of heapline (128+n when signal n ended it).\n"
        "\n"
        "When a process ends, a copy of it looks for pointers to the blocks that are left, beside everything else: `heapline leaks` tells what was lost. "
        "The process itself stands still for the moment of copying; --no-leak-check spares it that.\n"
        "\n"
        "At the end a short summary goes to standard error. The trace is read by `heapline report`, `lines`, `tree`, `export` and `dump`.\n"
        "\n"
        "Programs that cannot be entered by a preloaded library (static, setuid, 32-bit, musl) are refused with one sentence and exit code 2; "
        "as children of PROGRAM they run unrecorded and the report names them.",
    .examples = "heapline run ./server --port 8080\tprofile a server until it ends\n"
                "heapline run -o before.hpl make -j2\ta build with all its compilers\n",
    .takes_program = true,
    .options = options,
    .run = run_run,
};
