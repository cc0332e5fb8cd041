/* heapline tree: the calls that led to allocations. */
#include "commands.h"

#include "../output/tree.h"
#include "view.h"

static bool inverted, full_recursion, all_calls;
static uint64_t min_percent = 1, depth;

static uint64_t smallest(const struct profile *profile, enum measure by)
{
    uint64_t least = (uint64_t)((double)costs_measure(&profile->total, by) * (double)min_percent / 100);
    return least ? least : 1;
}

static int print(const struct view *view, const struct profile *profile, void *context)
{
    struct tree tree;
    int status = 0;
    struct tree_options wanted = {
        .by = view->by, .inverted = inverted, .fold_recursion = !full_recursion, .min_measure = smallest(profile, view->by),
    };
    uint32_t levels = depth < UINT32_MAX ? (uint32_t)depth : 0;
    tree_build(&tree, profile, &wanted);
    if (view_options.json)
        status = tree_print_json(view, profile, &tree, levels);
    else
        tree_print_text(view, profile, &tree, levels, all_calls);
    tree_release(&tree);
    return status == 0 ? EXIT_OK : EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    return view_show(&command_tree, argc, argv, print, NULL);
}

static const struct option options[] = {
    {"inverted", 0, OPTION_FLAG, NULL, "begin with the functions that allocate, their callers below them", &inverted, NULL},
    {"min-percent", 0, OPTION_COUNT, "N", "fold what is below N percent of the total (default: 1)", &min_percent, NULL},
    {"depth", 0, OPTION_COUNT, "N", "show N levels of branches (default: all)", &depth, NULL},
    {"full-recursion", 0, OPTION_FLAG, NULL, "do not fold calls that come back to a place on their way", &full_recursion, NULL},
    {"all-calls", 0, OPTION_FLAG, NULL, "do not fold long chains of calls and calls inside of the system's libraries",
     &all_calls, NULL},
    VIEW_NATIVE_ROW,
    VIEW_FILTER_ROWS,
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_tree = {
    .name = "tree",
    .operands = "FILE",
    .summary = "call tree, top-down or inverted",
    .description =
        "Shows the calls that led to allocations as a tree, the outermost function first, or with --inverted the allocating "
        "function first and its callers below. \"inclusive\" is what a call and all calls below it allocated, \"self\" what "
        "it allocated itself.\n\n"
        "Calls that leave no choice stand below each other without indent. A call that comes back to a place on its way, by "
        "recursion, is counted there, and the place is marked as recursive. Branches below --min-percent are counted, not shown.\n\n"
        "Of a Python program the tree shows Python functions and extension modules. The interpreter's own C functions between and around "
        "them, and the frames of its import machinery, are shown with --native.",
    .examples = "heapline tree app.hpl\twhere the peak came from\n"
                "heapline tree --inverted --by count app.hpl\twhich functions allocate most often, and who calls them\n"
                "heapline tree --function 'parse_*' app.hpl\tonly what went through the parser\n",
    .options = options,
    .run = run,
};
