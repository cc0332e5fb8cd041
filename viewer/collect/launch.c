#include "launch.h"

#include "../base/say.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TURN_NS UINT64_C(200000)

static const int handled[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

static volatile sig_atomic_t program_pid, stop_asked;
static struct sigaction before[sizeof handled / sizeof *handled];

static void on_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    if (program_pid && info->si_code <= 0)      /* from a process, to us alone; the terminal's reach the program by themselves */
        kill((pid_t)program_pid, number);
    else if (!program_pid && number != SIGQUIT)
        stop_asked = 1;
    errno = saved;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++) {
        sigaction(handled[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(handled[i], &action, NULL);
    }
}

static void restore_signals(void)
{
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        sigaction(handled[i], &before[i], NULL);
}

bool launch_find_library(char path[PATH_MAX])
{
    static const char *const places[] = {"../lib/libheapline.so", "../lib/heapline/libheapline.so", "../lib64/heapline/libheapline.so",
                                         "../lib/x86_64-linux-gnu/heapline/libheapline.so", "../lib/aarch64-linux-gnu/heapline/libheapline.so"};
    char self[PATH_MAX], joined[PATH_MAX + 64];
    const char *given = getenv("HEAPLINE_LIBRARY");
    if (given && *given)
        return realpath(given, path) != NULL || (snprintf(path, PATH_MAX, "%s", given), false);
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(joined, sizeof joined, "%s/%s", self, places[i]);
        if (realpath(joined, path))
            return true;
    }
    snprintf(path, PATH_MAX, "%s", HEAPLINE_LIBRARY_DIR "/libheapline.so");
    return access(path, R_OK) == 0;
}

/* The loader splits LD_PRELOAD at spaces and colons: a library in such a place gets a name in the run's directory. */
static void name_library(const struct collector *collector, const char *library, char *name, size_t size)
{
    snprintf(name, size, "%s", library);
    if (!strpbrk(library, " :"))
        return;
    snprintf(name, size, "%s/libheapline.so", collector->directory);
    if (symlink(library, name) != 0)
        say_warning("cannot link '%s' to '%s': %s", name, library, strerror(errno));
}

static void set_environment(const struct collector *collector, const char *library)
{
    char name[PATH_MAX], value[2 * PATH_MAX];
    const char *theirs = getenv("LD_PRELOAD");
    name_library(collector, library, name, sizeof name);
    snprintf(value, sizeof value, "%s%s%s", name, theirs && *theirs ? ":" : "", theirs ? theirs : "");
    setenv("LD_PRELOAD", value, 1);
    if (collector->check && !getenv("HEAPLINE_ORACLE")) {
        snprintf(value, sizeof value, "%.*s/../tests/check/libheapline-oracle.so", (int)(strrchr(library, '/') - library), library);
        setenv("HEAPLINE_ORACLE", value, 1);
    }
    setenv(HL_ENV_SOCKET, collector->socket_path, 1);
}

/* A limit on the size of files is meant for the program; it also hits shared memory and the trace. Ours is lifted as far as we may. */
static void lift_file_limit(void)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
}

/* Asks the scheduler for short turns, soon, instead of long ones (Linux 6.12 and later; elsewhere nothing changes): busy threads
 * fill their rings while the collector waits for its turn. As linux/sched/types.h has it. */
static void ask_for_short_turns(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
        uint32_t util_min, util_max;
    } attributes = {.size = sizeof attributes};
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 || attributes.policy != SCHED_OTHER)
        return;
    attributes.runtime = TURN_NS;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

int32_t launch_start(struct collector *collector, const char *library, char **argv)
{
    int report[2], error = 0;
    if (pipe2(report, O_CLOEXEC) != 0)
        return -errno;
    catch_signals();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        restore_signals();
        set_environment(collector, library);
        execvp(argv[0], argv);
        error = errno;
        if (write(report[1], &error, sizeof error) < 0)
            _exit(126);
        _exit(127);
    }
    close(report[1]);
    lift_file_limit();
    ask_for_short_turns();
    if (pid > 0)
        program_pid = pid;
    collector->root_pid = pid;
    if (pid > 0 && read(report[0], &error, sizeof error) != (ssize_t)sizeof error)
        error = 0;
    close(report[0]);
    if (pid < 0 || error)
        return pid < 0 ? -EAGAIN : -error;
    collector_watch_root(collector, pid);
    return pid;
}

bool launch_wait(struct collector *collector, bool progress, bool wait_for_all)
{
    bool told = false;
    progress_begin(progress);
    while (!collector_done(collector)) {
        collector_turn(collector);
        progress_show(collector);
        if (!collector->root_ended)
            continue;
        program_pid = 0;
        if (stop_asked || (!wait_for_all && !collector->snapshots.all.n))
            break;
        if (!told && collector->live.n && collector->now_ns - collector->root_end_ns > UINT64_C(2000000000)) {
            told = true;
            progress_clear();
            say_note("the program ended; recording goes on for %zu of its processes (pid %d%s), Ctrl-C ends it", collector->live.n,
                     collector->live.items[0]->pid, collector->live.n > 1 ? " and others" : "");
        } else if (!told && collector->snapshots.all.n && collector->now_ns - collector->root_end_ns > UINT64_C(2000000000)) {
            told = true;
            progress_clear();
            say_note("the program ended; its memory is still searched for what nothing points to, Ctrl-C ends that");
        }
    }
    progress_clear();
    return collector_done(collector);
}
