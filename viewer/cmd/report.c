/* heapline report: the run in figures, peaks, sizes and the places that matter. */
#include "commands.h"

#include "../base/say.h"
#include "../output/report.h"
#include "view.h"

#include <string.h>

static int print(const struct view *view, const struct profile *profile, void *context)
{
    struct trace_error error = { "" };
    struct report report;
    if (report_init(&report, profile, view->by, &error) < 0) {
        say_error("%s", error.text);
        return EXIT_USAGE;
    }
    int status = 0;
    if (view_options.json)
        status = report_print_json(view, &report);
    else
        report_print_text(view, &report);
    report_release(&report);
    return status == 0 ? EXIT_OK : EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    return view_show(&command_report, argc, argv, print, NULL);
}

static const struct option options[] = { VIEW_PYTHON_LINES_ROW, VIEW_NATIVE_ROW, VIEW_FILTER_ROWS, VIEW_OUTPUT_ROWS, VIEW_LAST_ROW };

const struct command command_report = {
    .name = "report",
    .operands = "FILE",
    .summary = "totals, peaks, sizes, top places, processes, threads, losses",
    .description =
        "Shows a recorded run in figures: what was allocated and freed, how live memory moved over time, the peak and the "
        "runner-up peaks, the places in the source that held memory at the peak, allocated most often, or allocated only to "
        "throw away, the sizes of blocks, and every process and thread.\n\n"
        "For Python it tells objects from what C code holds beside them, and the arenas that objects lie in; and it lists the moments and "
        "spans that the program named.\n\n"
        "Figures are the bytes that the program asked for on its heap. Memory that it mapped itself is kept apart; --memory "
        "selects.\n\n"
        "The last paragraph says what is missing from the trace and what recording cost.",
    .examples = "heapline report app.hpl\tthe whole run\n"
                "heapline report --process worker app.hpl\tone program of the process tree\n"
                "heapline report --json app.hpl\tthe same for scripts\n",
    .options = options,
    .run = run,
};
