/* heapline dump: the records of a trace, one line each. */
#include "commands.h"

#include "../base/pager.h"
#include "../base/say.h"
#include "../trace/reader.h"

#include <inttypes.h>
#include <stdio.h>

static bool no_pager;

static bool print_record(void *context, uint64_t offset, const char *line)
{
    printf("%10" PRIu64 "  %s\n", offset, line);
    return !ferror(stdout);
}

static int run(int argc, char **argv)
{
    struct trace_error error = { "" };
    struct pager pager = { .pid = 0 };
    int operands = option_parse(&command_dump, argc, argv);
    if (operands < 0)
        return operands == -2 ? EXIT_OK : EXIT_USAGE;
    if (operands != 1) {
        say_error("dump takes the name of one trace, %s", operands ? "not several" : "and got none");
        return EXIT_USAGE;
    }
    if (!no_pager)
        pager_start(&pager);
    int status = trace_dump(argv[1], print_record, NULL, &error);
    if (!no_pager)
        pager_finish(&pager, 0);
    if (status < 0)
        say_error("%s", error.text);
    return status < 0 ? EXIT_USAGE : EXIT_OK;
}

static const struct option options[] = {
    {"no-pager", 0, OPTION_FLAG, NULL, "do not page the output", &no_pager, NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

const struct command command_dump = {
    .name = "dump",
    .operands = "FILE",
    .summary = "the trace's records, for debugging",
    .description = "Prints every record of a trace as one line, with its offset in the file. The format is described in "
                   "docs/format.md; what is printed here may change from version to version.",
    .examples = "heapline dump app.hpl\tall records\n",
    .options = options,
    .run = run,
};
