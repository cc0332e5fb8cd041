#include "profiler.h"

#include "../base/say.h"
#include "../command.h"
#include "../output/lines.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The tables hold nothing but figures: what they are is said beside them. */
static void say_remarks(const struct profiler_remarks *remarks)
{
    if (remarks->without_source)
        say_warning("%u function%s or file%s left out: the source %s is not there", remarks->without_source,
                    remarks->without_source == 1 ? "" : "s", remarks->without_source == 1 ? " is" : "s are", remarks->missing);
    if (remarks->tables == 0 && !remarks->watched)
        say_warning("no Python function of the program's own holds 1 %% of the memory (--all-lines shows those that hold less)");
    else if (remarks->tables && !remarks->watched)
        say_note("Increment is the most that a line and its callees held at one time of what they allocated; Occurrences are allocations. "
                 "The profile decorator gives exact figures line by line.");
    else if (remarks->executed && remarks->allocations)
        say_note("Occurrences are executions of a line where these were counted, else allocations");
    else if (remarks->tables)
        say_note("Occurrences are %s", remarks->executed ? "executions of the line" : "allocations on the line");
}

int profiler_show(const struct view *view, const struct profile *profile, const struct profiler_options *wanted)
{
    struct lines lines;
    struct profiler_remarks remarks;
    struct trace_error error = { "" };
    lines_build(&lines, profile, LINES_INCLUSIVE, view->by);
    int status = profiler_print_text(view, profile, &lines, wanted, &remarks, &error);
    lines_release(&lines);
    fflush(view->out);
    if (status < 0)
        say_error("%s", error.text);
    else
        say_remarks(&remarks);
    return status == 0 ? EXIT_OK : EXIT_USAGE;
}

void profiler_show_watched(const char *trace_path)
{
    struct trace_error error;
    struct trace *trace = trace_open(trace_path, &error);
    struct selection selection = {.memory = MEMORY_HEAP};
    struct profile *profile = NULL;
    struct view view;
    if (trace && trace->n_lines && profile_create(&profile, trace, &selection, &error) == 0) {
        view_init(&view, COLOR_AUTO);
        view.trace_path = trace_path;
        view.by = MEASURE_PEAK;
        view.top = 0;
        profiler_show(&view, profile, &(struct profiler_options){.digits = 1});
    }
    profile_destroy(profile);
    trace_close(trace);
}

/* The package as installed, or in the checkout whose build folder the command is in. */
static bool find_package(char path[PATH_MAX])
{
    static const char *const places[] = {"../share/heapline/python", "../../viewer/python"};
    char self[PATH_MAX], joined[PATH_MAX + 64];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(joined, sizeof joined, "%s/%s/heapline/compat", self, places[i]);
        if (access(joined, R_OK) != 0)
            continue;
        snprintf(joined, sizeof joined, "%s/%s", self, places[i]);
        return realpath(joined, path) != NULL;
    }
    return false;
}

bool profiler_set_path(void)
{
    char package[PATH_MAX], value[3 * PATH_MAX];
    const char *theirs = getenv("PYTHONPATH");
    if (!find_package(package)) {
        say_error("the Python package is missing, which stands in for memory_profiler: install heapline again");
        return false;
    }
    int n = snprintf(value, sizeof value, "%s/heapline/compat:%s%s%s", package, package, theirs && *theirs ? ":" : "", theirs ? theirs : "");
    if (n >= (int)sizeof value) {
        say_error("PYTHONPATH is too long to put heapline's package in front of it: shorten it");
        return false;
    }
    setenv("PYTHONPATH", value, 1);
    return true;
}
