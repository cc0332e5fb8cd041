/* Finds the command and sees that what it printed arrived. */
#include "base/say.h"
#include "base/suggest.h"
#include "cmd/commands.h"
#include "cmd/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct command *const commands[] = {
    &command_run,
    &command_snapshot,
    &command_report,
    &command_lines,
    &command_tree,
    &command_leaks,
    &command_graph,
    &command_gate,
    &command_diff,
    &command_export,
    &command_dump,
    &command_help,
    &command_completion,
    NULL,
};

/* A closed descriptor 0, 1 or 2 would be given to the next file that is opened, and messages would end up in a trace. The
 * stand-ins refuse writes, and are closed again in programs that are started. */
static void occupy_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

static int unknown_command(const char *name)
{
    struct suggestion near = { .typed = name };
    for (size_t i = 0; commands[i]; i++)
        suggestion_offer(&near, commands[i]->name);
    if (name[0] == '-')
        say_error("unknown option %s; options stand behind a command, and \"heapline help\" lists the commands", name);
    else if (near.nearest)
        say_error("unknown command \"%s\"; did you mean \"heapline %s\"?", name, near.nearest);
    else
        say_error("unknown command \"%s\"; \"heapline help\" lists the commands, \"heapline run %s\" profiles a program",
                  name, name);
    return EXIT_USAGE;
}

static bool is_one_of(const char *argument, const char *a, const char *b)
{
    return strcmp(argument, a) == 0 || strcmp(argument, b) == 0;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        usage_print_overview(stderr);
        return EXIT_USAGE;
    }
    if (is_one_of(argv[1], "-h", "--help")) {
        usage_print_overview(stdout);
        return EXIT_OK;
    }
    if (is_one_of(argv[1], "-V", "--version")) {
        puts("heapline " HEAPLINE_VERSION);
        return EXIT_OK;
    }
    const struct command *command = usage_find_command(argv[1]);
    return command ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}

/* A disk that is full shows here at the latest. A reader that went away needs no message. */
static int finish_output(int status)
{
    bool failed = ferror(stdout);
    errno = 0;
    if (fflush(stdout) != 0)
        failed = true;
    if (!failed)
        return status;
    if (errno && errno != EPIPE)
        say_error("the output could not be written to stdout (%s)", strerror(errno));
    else if (errno == 0)
        say_error("the output could not be written to stdout; part of it is missing");
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    occupy_standard_descriptors();
    return finish_output(dispatch(argc, argv));
}
