/* heapline diff: what changed between two recordings. */
#include "commands.h"

#include "../base/pager.h"
#include "../base/say.h"
#include "../output/diff.h"
#include "view.h"

static bool by_line, by_stack;

static int print(const struct profile *before, const struct profile *after, char **paths)
{
    struct view view;
    struct diff diff;
    struct pager pager = { .pid = 0 };
    struct diff_wanted wanted = { by_line || !by_stack, by_stack || !by_line, { paths[0], paths[1] } };
    bool paged = !view_options.no_pager && !view_options.json;
    view_init(&view, (enum color_when)view_options.color);
    view.by = view_measure_asked();
    view.top = view_options.top < UINT32_MAX ? (uint32_t)view_options.top : UINT32_MAX;
    if (paged)
        pager_start(&pager);
    diff_build(&diff, before, after, view.by);
    int status = 0;
    if (view_options.json)
        status = diff_print_json(&view, &diff, &wanted);
    else
        diff_print_text(&view, &diff, &wanted);
    diff_release(&diff);
    status = status == 0 ? EXIT_OK : EXIT_USAGE;
    return paged ? pager_finish(&pager, status) : status;
}

static struct trace *open_trace(const char *path)
{
    struct trace_error error = { "" };
    struct trace *trace = trace_open(path, &error);
    if (!trace)
        say_error("%s", error.text);
    return trace;
}

static int run(int argc, char **argv)
{
    int n = option_parse(&command_diff, argc, argv);
    if (n < 0)
        return n == -2 ? EXIT_OK : EXIT_USAGE;
    if (n != 2) {
        say_error("diff takes two traces: heapline diff BEFORE AFTER");
        return EXIT_USAGE;
    }
    struct trace *before = open_trace(argv[1]), *after = before ? open_trace(argv[2]) : NULL;
    struct profile *old = after ? view_profile(before) : NULL, *new = old ? view_profile(after) : NULL;
    int status = new ? print(old, new, argv + 1) : EXIT_USAGE;
    profile_destroy(new);
    profile_destroy(old);
    trace_close(after);
    trace_close(before);
    return status;
}

static const struct option options[] = {
    {"by-line", 0, OPTION_FLAG, NULL, "show lines only", &by_line, NULL},
    {"by-stack", 0, OPTION_FLAG, NULL, "show stacks only", &by_stack, NULL},
    VIEW_FILTER_ROWS,
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_diff = {
    .name = "diff",
    .operands = "BEFORE AFTER",
    .summary = "what changed between two recordings, line by line and stack by stack",
    .description =
        "Compares two traces of a program, also of different builds: for each line and each allocation stack what it cost "
        "before and after, the largest change first. Each row is new, gone, grown or shrunk.\n"
        "\n"
        "Stacks are the same when their functions, files and modules are. Lines are compared inside of their function: as "
        "many lines before as after are the same ones in their order, and a line that moved says where it was; else they "
        "are moved together so that most of them meet.\n"
        "\n"
        "Filters and times are for both traces.",
    .examples = "heapline diff before.hpl after.hpl\twhat changed at the peak\n"
                "heapline diff --by count --by-line before.hpl after.hpl\twhich lines allocate more often\n"
                "heapline diff --by live --json before.hpl after.hpl\tfor a script\n",
    .options = options,
    .run = run,
};
