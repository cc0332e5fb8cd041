/* heapline lines: the source, annotated line by line with what it costs. */
#include "commands.h"

#include "../output/lines.h"
#include "profiler.h"
#include "view.h"

enum { STYLE_TABLE, STYLE_MEMORY_PROFILER };
static const char *const styles[] = { "table", "memory_profiler", NULL };

static bool inclusive, self, all_lines;
static int style;
static uint64_t precision = 1;

static int print_profiler(const struct view *view, const struct profile *profile)
{
    struct profiler_options wanted = { all_lines, precision < 12 ? (unsigned)precision : 12 };
    return profiler_show(view, profile, &wanted);
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
    {"style", 0, OPTION_CHOICE, "STYLE", "table (default: table), or memory_profiler: that tool's tables, function by function",
     &style, styles},
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
        "calls, bytes freed, and temporary blocks (freed before their thread allocated again). Lines of Python have other "
        "columns, below.\n\n"
        "Every allocation belongs to one line, its owner: the innermost line of the program's own source. Lines of the C and "
        "C++ runtime, of headers under /usr/include, of libraries under /usr/lib, and of functions that are named like "
        "allocators (xmalloc, g_strdup, operator new; --wrapper names more) own something only when no other line is known. "
        "So the rows add up to the total. What has no line in any caller is listed by function or address under its module.\n\n"
        "In Python the program's own lines are those of files outside of the interpreter's library and of site-packages, also "
        "<string> and a notebook's cells. Lines of the library and of packages own what no line of the program led to, C lines "
        "of the interpreter nothing that a Python line led to; what the interpreter allocates before it runs any is one row. A "
        "C line of an extension of your own may own what it allocates; with --python-lines the Python line that called "
        "it does.\n\n"
        "With --self the owner is the innermost line that is known. With --inclusive an allocation counts for every line on "
        "its stack, once for each, and rows do not add up.\n\n"
        "The columns of Python:\n\n"
        "  transient  bytes freed before the line that they were allocated under was left\n"
        "  cyclic     bytes freed by the cyclic collector: they had waited for it\n"
        "  native     bytes beside Python's objects, from C: held at the peak (with --by live\n"
        "             at the end, with other measures allocated)\n"
        "  moved      bytes that reallocations kept when a list, bytearray or buffer moved\n"
        "             to another address: at most these were copied\n\n"
        "Transient is exact with --inclusive: all that was allocated on the line or by what it calls, and freed before the "
        "line was left. Else a row has what it owns, as well as can be told: what was freed before the line was left and had "
        "outlived every line of yours further in, but no more than the row freed at all.\n\n"
        "--style memory_profiler prints the tables of memory_profiler 0.61, its columns and units, for every function of the "
        "program's own files of which some line with its callees has 1 percent of the measure (--all-lines: for all), and for "
        "module code the whole file. Functions that the program marked with the decorator @profile of the Python package come "
        "alone and exact: Mem usage is what was live when the line was last left, Increment what was allocated less what was "
        "freed while it was at work, Occurrences how often it ran where that was counted, else its allocations. Of other "
        "functions: Increment is the most that the line and its callees held at one time: what they held when an epoch of the "
        "recording began and what they allocated in it, less what was transient, the largest over all epochs; Mem usage is "
        "what was live before the function's first event and the increments of its lines up to this one, but at most "
        "the peak; Occurrences are allocations. As in memory_profiler the first line shows what was live before, in both "
        "columns.\n\n"
        "--scope counts what all threads did inside of the spans of a label, several spans together and nested ones once; live "
        "is what was held when the last ended, the peak the most held inside, whenever it was allocated.",
    .examples = "heapline lines app.hpl\twhich lines held the memory at the peak\n"
                "heapline lines --by temporary app.hpl\twhat is allocated only to be thrown away\n"
                "heapline lines --at 12:31 app.hpl\twhat was live at that time\n"
                "heapline lines --file 'parse*.c' --all-lines app.hpl\twhole files\n"
                "heapline lines --inclusive --by transient app.hpl\twhich lines of Python make most garbage\n"
                "heapline lines --style memory_profiler app.hpl\tfunction by function, as memory_profiler prints them\n"
                "heapline lines --scope load app.hpl\twhat happened inside of heapline.scope(\"load\")\n",
    .options = options,
    .run = run,
};
