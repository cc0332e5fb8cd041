#include "pager.h"

#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int ending_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
static volatile sig_atomic_t running_pid;         /* for the signal handler */

/* Finds `name` in $PATH, so that a machine without less just prints. */
static bool in_path(const char *name)
{
    const char *path = getenv("PATH");
    char candidate[4096];
    for (const char *part = path; part && *part; part += strspn(part, ":")) {
        size_t length = strcspn(part, ":");
        if ((size_t)snprintf(candidate, sizeof candidate, "%.*s/%s", (int)length, part, name) < sizeof candidate &&
            access(candidate, X_OK) == 0)
            return true;
        part += length;
    }
    return false;
}

/* The shell command of the pager, or NULL. */
static const char *pager_command(void)
{
    const char *command = getenv("HEAPLINE_PAGER");
    if (!command)
        command = getenv("PAGER");
    if (!command)
        command = in_path("less") ? "less" : NULL;
    if (!command || !*command || strcmp(command, "cat") == 0 || !isatty(STDOUT_FILENO))
        return NULL;
    return command;
}

static void run_pager(const char *command, int input)
{
    dup2(input, STDIN_FILENO);
    setenv("LESS", "FRX", 0);
    setenv("LV", "-c", 0);
    signal(SIGPIPE, SIG_DFL);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* The pager sees the end of its input, shows what there is, and only then the signal does its work. */
static void end_after_pager(int number)
{
    close(STDOUT_FILENO);
    while (waitpid((pid_t)running_pid, NULL, 0) < 0 && errno == EINTR)
        ;
    signal(number, SIG_DFL);
    raise(number);
}

static void set_signals(void (*handler)(int))
{
    signal(SIGPIPE, handler == SIG_DFL ? SIG_DFL : SIG_IGN);
    for (size_t i = 0; i < sizeof ending_signals / sizeof *ending_signals; i++)
        signal(ending_signals[i], handler);
}

/* Starts the child and puts the pipe in place of stdout. Returns false with everything as it was. */
static bool redirect(struct pager *pager, const char *command)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        return false;
    int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    fflush(stdout);
    pid_t pid = saved < 0 ? -1 : fork();
    if (pid == 0)
        run_pager(command, pipe_fds[0]);
    if (pid > 0) {
        dup2(pipe_fds[1], STDOUT_FILENO);
        *pager = (struct pager){ .pid = pid, .saved_stdout = saved };
    } else if (saved >= 0) {
        close(saved);
    }
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    return pid > 0;
}

void pager_start(struct pager *pager)
{
    *pager = (struct pager){0};
    const char *command = pager_command();
    if (command && redirect(pager, command)) {
        running_pid = pager->pid;
        set_signals(end_after_pager);
    }
}

int pager_finish(struct pager *pager, int status)
{
    if (!pager->pid)
        return status;
    if (fflush(stdout) != 0)
        __fpurge(stdout);
    dup2(pager->saved_stdout, STDOUT_FILENO);
    close(pager->saved_stdout);
    int how = 0;
    while (waitpid(pager->pid, &how, 0) < 0 && errno == EINTR)
        ;
    set_signals(SIG_DFL);
    clearerr(stdout);
    if (WIFEXITED(how) && WEXITSTATUS(how) == 127)
        say_warning("the pager could not be started, nothing was shown; set HEAPLINE_PAGER=cat to do without");
    *pager = (struct pager){0};
    return status;
}
