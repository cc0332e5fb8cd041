/* heapline lines: the source, annotated line by line with what it costs. */
#include "commands.h"

#include "../base/say.h"
#include "../output/lines.h"
#include "view.h"

enum { STYLE_TABLE, STYLE_MEMORY_PROFILER };
static const char *const styles[] = { "table", "memory_profiler", NULL };

static bool inclusive, self, all_lines;
static int style;
static uint64_t precision = 1;

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

static int print_profiler(const struct view *view, const struct profile *profile)
{
    struct lines lines;
    struct profiler_remarks remarks;
    struct trace_error error = { "" };
    struct profiler_options wanted = { all_lines, precision < 12 ? (unsigned)precision : 12 };
    lines_build(&lines, profile, LINES_INCLUSIVE, view->by);
    int status = profiler_print_text(view, profile, &lines, &wanted, &remarks, &error);
    lines_release(&lines);
    fflush(view->out);
    if (status < 0)
        say_error("%s", error.text);
    else
        say_remarks(&remarks);
    return status == 0 ? EXIT_OK : EXIT_USAGE;
}

static int print_table(const struct view *view, const struct profile *profile)
{
    struct lines lines;
    int status = 0;
    lines_build(&lines, profile, inclusive ? LINES_INCLUSIVE : self ? LINES_SELF : LINES_OWN, view->by);
    if (view_options.json)
        status = lines_print_json(view, profile, &lines);
    else
        lines_print_text(view, profile, &lines, all_lines);
    lines_release(&lines);
    return status == 0 ? EXIT_OK : EXIT_USAGE;
}

static int print(const struct view *view, const struct profile *profile, void *context)
{
    return style == STYLE_MEMORY_PROFILER && !view_options.json ? print_profiler(view, profile) : print_table(view, profile);
}

static int run(int argc, char **argv)
{
    return view_show(&command_lines, argc, argv, print, NULL);
}

static const struct option options[] = {
    {"inclusive", 0, OPTION_FLAG, NULL, "count for each line what all of its callees allocate", &inclusive, NULL},
    {"self", 0, OPTION_FLAG, NULL, "count for the innermost line that is known, whoever wrote it", &self, NULL},
    {"all-lines", 0, OPTION_FLAG, NULL, "show whole files, and lines that hold little", &all_lines, NULL},
    VIEW_PYTHON_LINES_ROW,
    VIEW_NATIVE_ROW,
    {"style", 0, OPTION_CHOICE, "STYLE", "table (default: table), or memory_profiler: that tool's tables, function by function", &style, styles},
    {"precision", 0, OPTION_COUNT, "N", "with --style memory_profiler: digits behind the point (default: 1)", &precision, NULL},
    VIEW_FILTER_ROWS,
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_lines = {
    .name = "lines",
    .operands = "FILE",
    .summary = "source files annotated line by line",
    .description =
        "Shows each source file with, for each line: bytes live at the peak and at the end, bytes allocated, number of "
        "calls, bytes freed, and temporary blocks (freed before their thread allocated again).\n\n"
        "Every allocation belongs to one line, its owner: the innermost line of the program's own source. Lines of the C and "
        "C++ runtime, of headers under /usr/include, of libraries under /usr/lib, and of functions that are named like "
        "allocators (xmalloc, g_strdup, operator new; --wrapper names more) own something only when no other line is known. "
        "So the rows add up to the total. What has no line in any caller is listed by function or address under its module.\n\n"
        "With --self the owner is the innermost line that is known. With --inclusive an allocation counts for every line on "
        "its stack, once for each, and rows do not add up.",
    .examples = "heapline lines app.hpl\twhich lines held the memory at the peak\n"
                "heapline lines --by temporary app.hpl\twhat is allocated only to be thrown away\n"
                "heapline lines --at 12:31 app.hpl\twhat was live at that time\n"
                "heapline lines --file 'parse*.c' --all-lines app.hpl\twhole files\n",
    .options = options,
    .run = run,
};
