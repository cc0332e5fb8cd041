/* heapline snapshot: asks the recording of a running process for a snapshot of it. */
#include "commands.h"

#include "../base/parse.h"
#include "../base/say.h"
#include "../collect/ask.h"

#include <stdio.h>

static const char *label;

static const struct option options[] = {
    {"label", 'l', OPTION_STRING, "TEXT", "name the snapshot; `heapline leaks --label TEXT` shows it", &label, NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

static int run(int argc, char **argv)
{
    uint64_t pid;
    int operands = option_parse(&command_snapshot, argc, argv);
    if (operands < 0)
        return operands == -2 ? EXIT_OK : EXIT_USAGE;
    if (operands != 1 || !parse_count(argv[1], &pid) || pid == 0 || pid > INT32_MAX) {
        say_error("snapshot takes the number of one process that `heapline run` records: heapline snapshot [--label TEXT] PID");
        return EXIT_USAGE;
    }
    struct strbuf sentence = STRBUF_INIT;
    bool taken = ask_for_snapshot((int32_t)pid, label ? label : "", &sentence);
    if (taken)
        puts(sentence.data);
    else
        say_error("%s", sentence.data);
    strbuf_release(&sentence);
    return taken ? EXIT_OK : EXIT_USAGE;
}

const struct command command_snapshot = {
    .name = "snapshot",
    .operands = "PID",
    .summary = "take a heap snapshot of a process that is being recorded",
    .description =
        "Asks the `heapline run` that records process PID for a snapshot: all heap blocks at one moment, and for each of them whether "
        "the program can still reach it. The program stands still while it is copied, some milliseconds; the copy is searched beside it. "
        "The snapshot goes into the trace of that recording, under its label if it has one, and one line says what is in it.\n"
        "\n"
        "Processes that the program started can be named as well. `heapline run --snapshot-every 10s` takes snapshots by the clock.",
    .examples = "heapline snapshot --label warm 4711\ta snapshot of process 4711 with the name warm\n",
    .options = options,
    .run = run,
};
