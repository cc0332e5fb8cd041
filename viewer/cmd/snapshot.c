/* heapline snapshot: asks the recording of a running process for a snapshot of it. */
#include "commands.h"

#include "../base/parse.h"
#include "../base/say.h"
#include "../collect/ask.h"
#include "../output/json.h"

#include <inttypes.h>
#include <stdio.h>

static const char *label;
static bool json, no_graph;

static const struct option options[] = {
    {"label", 'l', OPTION_STRING, "TEXT", "name the snapshot; `heapline leaks --label TEXT` and `heapline graph types --snapshot TEXT` show it", &label, NULL},
    {"no-graph", 0, OPTION_FLAG, NULL, "without the reference graph: a snapshot that is written faster, for `heapline leaks` alone", &no_graph, NULL},
    {"json", 0, OPTION_FLAG, NULL, "JSON output, for scripts (docs/json.md)", &json, NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

static int print_json(int32_t pid, const struct asked *asked)
{
    json_t *object = json_object();
    json_object_set_new(object, "schema", json_string("heapline-snapshot/1"));
    json_object_set_new(object, "trace", asked->trace.length ? json_text(asked->trace.data) : json_null());
    json_object_set_new(object, "number", json_integer(asked->number));
    json_object_set_new(object, "label", json_text(label));
    json_object_set_new(object, "pid", json_integer(pid));
    json_object_set_new(object, "graph", json_boolean(asked->graph));
    json_object_set_new(object, "stopped_s", json_seconds(asked->stopped_ns));
    json_object_set_new(object, "sentence", json_text(asked->sentence.data));
    return json_finish(object, stdout);
}

static void print_text(const struct asked *asked)
{
    puts(asked->sentence.data);
    if (asked->trace.length && asked->graph)
        printf("heapline graph types --snapshot %" PRIu32 " %s\n", asked->number, asked->trace.data);
}

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
    struct asked asked;
    bool taken = ask_for_snapshot((int32_t)pid, label ? label : "", !no_graph, &asked);
    if (!taken)
        say_error("%s", asked.sentence.data);
    else if (json)
        taken = print_json((int32_t)pid, &asked) == 0;
    else
        print_text(&asked);
    strbuf_release(&asked.sentence);
    strbuf_release(&asked.trace);
    return taken ? EXIT_OK : EXIT_USAGE;
}

const struct command command_snapshot = {
    .name = "snapshot",
    .operands = "PID",
    .summary = "take a heap snapshot of a process that is being recorded",
    .description =
        "Asks the `heapline run` that records process PID for a snapshot: all heap blocks at one moment, and for each of them whether "
        "the program can still reach it. The program stands still while it is copied, some milliseconds; the copy is searched beside it. "
        "The snapshot goes into the trace of that recording, under its label if it has one, and one line says what is in it. "
        "The next one is a command that looks at its reference graph.\n"
        "\n"
        "Processes that the program started can be named as well. `heapline run --snapshot-every 10s` takes snapshots by the clock.",
    .examples = "heapline snapshot --label warm 4711\ta snapshot of process 4711 with the name warm\n",
    .options = options,
    .run = run,
};
