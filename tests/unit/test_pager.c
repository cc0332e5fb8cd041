/* viewer/base/pager.c, on a terminal of its own. */
#include "../../viewer/base/color.h"
#include "../../viewer/base/pager.h"

#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define STATUS 7

/* What a run printed on its terminal, and how it ended (wait status). */
struct seen {
    char text[65536];
    size_t length;
    int status;
};

static void print_lines(int lines)
{
    for (int i = 0; i < lines; i++)
        printf("line %d\n", i);
}

/* A child whose stdin, stdout and stderr are a new terminal prints so many lines through the pager. */
static struct seen page(const char *command, int lines, bool interrupted)
{
    struct seen seen = {0};
    int terminal;
    fflush(stdout);
    pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
    assert_true(pid >= 0);
    if (pid == 0) {
        struct pager pager;
        setenv("HEAPLINE_PAGER", command, 1);
        pager_start(&pager);
        print_lines(lines);
        if (interrupted)
            raise(SIGTERM);
        int status = pager_finish(&pager, STATUS);
        fflush(stdout);
        _exit(status);
    }
    for (ssize_t n; (n = read(terminal, seen.text + seen.length, sizeof seen.text - 1 - seen.length)) > 0;)
        seen.length += (size_t)n;
    assert_int_equal(waitpid(pid, &seen.status, 0), pid);
    close(terminal);
    return seen;
}

static void assert_seen(struct seen seen, const char *text)
{
    assert_string_equal(seen.text, text);
    assert_true(WIFEXITED(seen.status));
    assert_int_equal(WEXITSTATUS(seen.status), STATUS);
}

static void output_goes_through_the_pager(void **state)
{
    assert_seen(page("sed s/^/paged-/", 2, false), "paged-line 0\r\npaged-line 1\r\n");
    assert_seen(page("cat > /dev/null; echo \"$LESS\"", 2, false), "FRX\r\n");
}

static void no_pager_is_possible(void **state)
{
    assert_seen(page("", 2, false), "line 0\r\nline 1\r\n");
    assert_seen(page("cat", 2, false), "line 0\r\nline 1\r\n");
}

static void leaving_early_is_quiet(void **state)
{
    assert_seen(page("head -n 1", 200000, false), "line 0\r\n");
}

static void a_missing_pager_is_named(void **state)
{
    struct seen seen = page("exec /nonexistent/pager 2> /dev/null", 2, false);
    assert_seen(seen, "heapline: warning: the pager could not be started, nothing was shown; "
                      "set HEAPLINE_PAGER=cat to do without\r\n");
}

/* A signal ends the command only after the pager, which may own the terminal's modes, has ended. */
static void a_signal_waits_for_the_pager(void **state)
{
    struct seen seen = page("cat > /dev/null; echo pager is done", 2, true);
    assert_string_equal(seen.text, "pager is done\r\n");
    assert_true(WIFSIGNALED(seen.status));
    assert_int_equal(WTERMSIG(seen.status), SIGTERM);
}

static void a_pipe_is_not_paged(void **state)
{
    int ends[2], saved = dup(STDOUT_FILENO);
    char text[32] = {0};
    struct pager pager;
    assert_int_equal(pipe(ends), 0);
    setenv("HEAPLINE_PAGER", "sed s/^/paged-/", 1);
    fflush(stdout);
    dup2(ends[1], STDOUT_FILENO);
    pager_start(&pager);
    print_lines(1);
    int status = pager_finish(&pager, STATUS);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(ends[1]);
    assert_int_equal(read(ends[0], text, sizeof text - 1), strlen("line 0\n"));
    close(ends[0]);
    assert_string_equal(text, "line 0\n");
    assert_int_equal(status, STATUS);
    assert_int_equal(pager.pid, 0);
}

static void colors_need_a_terminal(void **state)
{
    int master, slave, file = fileno(tmpfile());
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    assert_string_not_equal(palette_for(COLOR_AUTO, slave)->file, "");
    assert_string_equal(palette_for(COLOR_AUTO, file)->file, "");
    assert_string_not_equal(palette_for(COLOR_ALWAYS, file)->file, "");
    assert_string_equal(palette_for(COLOR_NEVER, slave)->file, "");
    setenv("NO_COLOR", "", 1);
    assert_string_not_equal(palette_for(COLOR_AUTO, slave)->file, "");
    setenv("NO_COLOR", "1", 1);
    assert_string_equal(palette_for(COLOR_AUTO, slave)->file, "");
    assert_string_not_equal(palette_for(COLOR_ALWAYS, slave)->file, "");
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    assert_string_equal(palette_for(COLOR_AUTO, slave)->file, "");
    close(master);
    close(slave);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_goes_through_the_pager),
        cmocka_unit_test(no_pager_is_possible),
        cmocka_unit_test(leaving_early_is_quiet),
        cmocka_unit_test(a_missing_pager_is_named),
        cmocka_unit_test(a_signal_waits_for_the_pager),
        cmocka_unit_test(a_pipe_is_not_paged),
        cmocka_unit_test(colors_need_a_terminal),
    };
    setenv("TERM", "dumb", 1);
    unsetenv("LESS");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
