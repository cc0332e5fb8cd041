#include "library.h"

#include "event.h"
#include "modules.h"
#include "py.h"
#include "real.h"
#include "session.h"
#include "unwind_table.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hl_library hl_library;

/* The record before fork is what a child names when it attaches: everything before it in this ring is the child's too. */
static void before_fork(void)
{
    static _Atomic uint64_t forks;
    struct hl_thread *thread = hl_enter();
    if (!thread)
        return;
    hl_lineage.token = atomic_fetch_add(&forks, 1) + 1;
    if (thread->nested)
        hl_event_word(thread, HL_RECORD_FORK, hl_lineage.token);
    hl_leave(thread);
}

static void prepare_fork(void)
{
    before_fork();
    hl_modules_before_fork();
}

static void remember_environment(void)
{
    const char *socket = getenv(HL_ENV_SOCKET), *preload = getenv("LD_PRELOAD");
    Dl_info info;
    if (!socket || !dladdr(&hl_library, &info) || strlen(info.dli_fname) >= sizeof hl_library.path)
        return;
    strcpy(hl_library.path, info.dli_fname);
    if (!preload || strlen(preload) + sizeof "LD_PRELOAD=" > sizeof hl_library.preload_variable || !strstr(preload, hl_library.path))
        preload = hl_library.path;
    snprintf(hl_library.preload_variable, sizeof hl_library.preload_variable, "LD_PRELOAD=%s", preload);
    snprintf(hl_library.socket_variable, sizeof hl_library.socket_variable, HL_ENV_SOCKET "=%s", socket);
    hl_library.active = true;
}

/* Another malloc stands before ours in the search order: the program's own. */
static void tell_if_barred(void)
{
    void *first = dlsym(RTLD_DEFAULT, "malloc");
    Dl_info info;
    if (first && first != (void *)malloc && dladdr(first, &info) && info.dli_fname)
        hl_session_notice(HL_HELLO_BARRED, "it brings its own malloc inside the executable, which a preloaded library cannot replace: link it with the system's allocator");
}

/* Checking mode: libunwind comes in a library of its own, unseen by the program. */
static void load_oracle(void)
{
    const char *path = getenv("HEAPLINE_ORACLE");
    void *handle = path && *path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (handle)
        hl_stack_oracle = (size_t(*)(uintptr_t, uintptr_t *, size_t))dlsym(handle, "heapline_check_walk");
}

__attribute__((constructor(101))) static void begin(void)
{
    remember_environment();
    if (!hl_library.active)
        return;
    hl_rule_new = hl_modules_look;
    struct hl_thread *thread = hl_enter();
    if (!thread)
        return;
    hl_leave(thread);
    pthread_atfork(prepare_fork, hl_modules_after_fork, hl_modules_in_child);
    hl_exit_watch();
    hl_py_look(0);
    tell_if_barred();
    if (hl_session->board && hl_session->board->check)
        load_oracle();
}
