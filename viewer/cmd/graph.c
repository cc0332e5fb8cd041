/* heapline graph: who holds what, in a snapshot that was recorded with its reference graph. */
#include "commands.h"

#include "graph.h"
#include "verbs.h"

static const struct command *const verbs[] = {
    &command_graph_types,
    &command_graph_growth,
    &command_graph_refs,
    &command_graph_backrefs,
    &command_graph_chain,
    &command_graph_dominators,
    &command_graph_free,
    &command_graph_leaking,
    &command_graph_list,
    &command_graph_show,
    &command_graph_snapshots,
    NULL,
};

static int run(int argc, char **argv)
{
    return verbs_run(&command_graph, argc, argv);
}

static const struct option options[] = {
    VIEW_LAST_ROW,
};

const struct command command_graph = {
    .name = "graph",
    .operands = "VERB FILE [SELECTOR...]",
    .summary = "who holds what: types, references, retained bytes, growth",
    .description = "Answers questions about the objects of a heap and the references between them, Python and native in one "
                   "graph. \"heapline run --graph\" keeps that graph with each "
                   "snapshot: at the end of a program, by --snapshot-every, at new peaks by --snapshot-peak, and when the "
                   "program or \"heapline snapshot\" asks.\n\n"
                   "Exit status 1: nothing is selected, or, for chain, nothing leads there.",
    .examples = "heapline run --graph -o app.hpl python3 app.py\trecord with graphs\n"
                "heapline graph types app.hpl\twhat the heap is made of\n"
                "heapline graph chain app.hpl type:Order\twhy an object is still there\n",
    .verbs = verbs,
    .options = options,
    .run = run,
};
