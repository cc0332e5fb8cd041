/* heapline export: a trace in the formats of other tools. */
#include "commands.h"

#include "../base/say.h"
#include "../output/format.h"
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *output;
static int to = -1;

static int write_to(FILE *out, const struct format *format, const struct profile *profile, const char *name)
{
    int status = format->write(out, profile, view_measure_asked());
    if (fflush(out) != 0 && status == 0)
        status = errno ? -errno : -EIO;
    if (status < 0 && status != -EPIPE)
        say_error("export: %s could not be written (%s); what is there is not complete", name, strerror(-status));
    return status < 0 && status != -EPIPE ? EXIT_USAGE : EXIT_OK;
}

static int export_profile(const struct format *format, const struct profile *profile)
{
    if (!output || strcmp(output, "-") == 0) {
        if (format->binary && isatty(STDOUT_FILENO)) {
            say_error("export: %s is not text; name a file with -o", format->name);
            return EXIT_USAGE;
        }
        return write_to(stdout, format, profile, "the standard output");
    }
    FILE *out = fopen(output, "we");
    if (!out) {
        say_error("export: %s could not be created (%s)", output, strerror(errno));
        return EXIT_USAGE;
    }
    int status = write_to(out, format, profile, output);
    if (fclose(out) != 0 && status == EXIT_OK) {
        say_error("export: %s could not be written (%s); what is there is not complete", output, strerror(errno));
        status = EXIT_USAGE;
    }
    return status;
}

static int run(int argc, char **argv)
{
    int status;
    struct trace *trace = view_open(&command_export, argc, argv, &status);
    if (!trace)
        return status;
    struct profile *profile = NULL;
    if (to < 0)
        say_error("export: --to FORMAT is needed: json, csv, folded, pprof, massif or dot");
    else
        profile = view_profile(trace);
    status = profile ? export_profile(&formats[to], profile) : EXIT_USAGE;
    if (profile && !trace->complete)
        say_warning("the trace is cut at byte %llu; the export holds what was recovered", (unsigned long long)trace->cut_offset);
    profile_destroy(profile);
    trace_close(trace);
    return status;
}

static const struct option options[] = {
    {"to", 0, OPTION_CHOICE, "FORMAT", "the format: json, csv, folded, pprof, massif or dot", &to, format_names},
    {"output", 'o', OPTION_FILE, "FILE", "where to write (default: -, the standard output)", &output, NULL},
    VIEW_PYTHON_LINES_ROW,
    VIEW_NATIVE_ROW,
    VIEW_FILTER_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_export = {
    .name = "export",
    .operands = "FILE",
    .summary = "the trace in the formats of other tools",
    .description =
        "Writes a trace in a format that other tools read. --by chooses the figure where a format holds one.\n\n"
        "  json    all stacks as one tree with all costs (docs/json.md)\n"
        "  csv     the rows of \"heapline lines\"\n"
        "  folded  one line a stack, for flame graphs\n"
        "  pprof   a gzipped profile for \"go tool pprof\" and other viewers\n"
        "  massif  for ms_print and massif-visualizer\n"
        "  dot     a call graph for Graphviz\n\n"
        "Stacks of Python programs hold Python functions and extension modules; --native adds the interpreter's own frames.",
    .examples = "heapline export --to folded app.hpl | flamegraph.pl > app.svg\ta flame graph of the peak\n"
                "heapline export --to pprof -o app.pb.gz app.hpl\tthen \"go tool pprof -http=: app.pb.gz\"\n"
                "heapline export --to dot app.hpl | dot -Tsvg > app.svg\ta picture of the call graph\n",
    .options = options,
    .run = run,
};
