/* heapline graph types, growth, leaking, snapshots: sums over a whole graph. */
#include "graph.h"

#include "../base/say.h"
#include "../base/xalloc.h"

/* types */

#define EXACT_ROWS 64                      /* at least: so many cost one walk */
#define CANDIDATES 20                      /* more rows than are shown may turn out to retain most */

static void types_text(struct graph_session *session, void *rows)
{
    graph_text_types(&session->view, session->graph, &session->wanted, rows, (enum graph_by)graph_options.by);
}

static int types_json(struct graph_session *session, void *rows)
{
    return graph_json_types(&session->view, session->graph, &session->wanted, rows, (enum graph_by)graph_options.by);
}

static int run_types(int argc, char **argv)
{
    struct graph_session session;
    int status;
    if (graph_open(&session, &command_graph_types, argc, argv, GRAPH_MAY_SELECT, 0, &status) &&
        graph_can_answer(&command_graph_types, false, true)) {
        struct graph_rows rows = { 0 };
        size_t shown = session.view.top ? session.view.top : GRAPH_ROWS_BY_DEFAULT;
        graph_types(&rows, session.graph, session.set, 0);
        graph_rows_sort(&rows, session.graph, (enum graph_by)graph_options.by);
        graph_rows_exact(&rows, session.graph, session.set, shown + CANDIDATES > EXACT_ROWS ? shown + CANDIDATES : EXACT_ROWS);
        if (graph_options.by == GRAPH_BY_RETAINED)
            graph_rows_sort(&rows, session.graph, GRAPH_BY_RETAINED);
        status = graph_answer(&session, &command_graph_types,
                              &(struct graph_answer){ &rows, types_text, types_json, NULL, true, GRAPH_HTML_TYPES });
        vec_release(&rows);
    }
    graph_close(&session);
    return status;
}

static const struct option types_options[] = {
    { "by", 0, OPTION_CHOICE, "WHAT", "order by count, bytes (default: bytes, without what they hold) or retained",
      &graph_options.by, graph_by_names },
    GRAPH_SNAPSHOT_ROW,
    GRAPH_PROCESS_ROW,
    VIEW_WRAPPER_ROW,
    GRAPH_FILE_ROW(".html (a page to explore), .json or .txt"),
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_graph_types = {
    .name = "graph types",
    .operands = "FILE [SELECTOR...]",
    .summary = "types by number, bytes and retained bytes",
    .description = "Lists the types of everything on the heap: classes of Python, C++ classes with virtual functions, and other "
                   "native blocks by the line that allocated "
                   "them. \"shallow\" is the memory of the objects themselves: their blocks, tables and buffers. \"retained\" is "
                   "what would go if all objects "
                   "of the type went. The sum below the table is that of all live blocks of the snapshot, to the byte.",
    .examples = "heapline graph types app.hpl\twhat the heap is made of\n"
                "heapline graph types app.hpl --by retained --top 5\tthe five types that hold most\n"
                "heapline graph types app.hpl new-since:start\tonly what came after the snapshot \"start\"\n",
    .options = types_options,
    .run = run_types,
};

/* growth */

struct growth { struct graph *before, *after; struct graph_growth grown; };

static void growth_text(struct graph_session *session, void *context)
{
    const struct growth *growth = context;
    graph_text_growth(&session->view, growth->before, growth->after, &growth->grown);
}

static int growth_json(struct graph_session *session, void *context)
{
    const struct growth *growth = context;
    return graph_json_growth(&session->view, growth->before, growth->after, &growth->grown);
}

/* "#1": the first snapshot with a graph of the process that the later one is of. */
static bool first_of_process(const struct graph *after, char *which, size_t n)
{
    const struct trace *trace = after->profile->trace;
    for (uint32_t i = 0; i < after->number; i++) {
        if (trace->snapshots[i].process != after->snapshot->process || !trace->snapshots[i].graph_bytes)
            continue;
        snprintf(which, n, "#%u", i + 1);
        return true;
    }
    return false;
}

static bool load_one(struct graph **graph, const struct graph_session *session, const char *which)
{
    struct trace_error error = { "" };
    if (graph_load(graph, session->profile, which, &error) == 0)
        return true;
    say_error("graph growth: %s", error.text);
    return false;
}

static bool load_both(struct growth *growth, const struct graph_session *session)
{
    char first[16];
    const char *a = session->n_operands ? session->operands[0] : NULL, *b = session->n_operands > 1 ? session->operands[1] : NULL;
    if (!load_one(&growth->after, session, b))
        return false;
    if (!a && !first_of_process(growth->after, first, sizeof first)) {
        say_error("graph growth needs two snapshots with a graph, and process %d has one; \"heapline run --graph "
                  "--snapshot-every 10s\", heapline.snapshot(\"label\") "
                  "or \"heapline snapshot PID\" take more",
                  (int)session->trace->processes[growth->after->snapshot->process].pid);
        return false;
    }
    if (!load_one(&growth->before, session, a ? a : first))
        return false;
    if (growth->before->snapshot->process == growth->after->snapshot->process)
        return true;
    say_error("graph growth compares two moments of one process; snapshot %u is of process %d, snapshot %u of process %d",
              growth->before->number + 1, (int)session->trace->processes[growth->before->snapshot->process].pid,
              growth->after->number + 1, (int)session->trace->processes[growth->after->snapshot->process].pid);
    return false;
}

static int run_growth(int argc, char **argv)
{
    struct graph_session session;
    struct growth growth = { 0 };
    int status;
    if (graph_open(&session, &command_graph_growth, argc, argv, GRAPH_NEEDS_TRACE, 2, &status) &&
        graph_can_answer(&command_graph_growth, false, false)) {
        status = EXIT_USAGE;
        if (load_both(&growth, &session)) {
            graph_growth(&growth.grown, growth.before, growth.after);
            status = graph_answer(&session, &command_graph_growth,
                                  &(struct graph_answer){ &growth, growth_text, growth_json, NULL, false, 0 });
            graph_growth_release(&growth.grown);
        }
    }
    graph_destroy(growth.before);
    graph_destroy(growth.after);
    graph_close(&session);
    return status;
}

static const struct option growth_options[] = {
    GRAPH_PROCESS_ROW,
    VIEW_WRAPPER_ROW,
    GRAPH_FILE_ROW(".json or .txt"),
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_graph_growth = {
    .name = "graph growth",
    .operands = "FILE [BEFORE [AFTER]]",
    .summary = "what grew between two snapshots, by type and by line",
    .description = "Compares two snapshots of one process: for each type and for each line that allocates, how many objects and "
                   "bytes there are, and by how much that changed, "
                   "the largest growth first. BEFORE and AFTER are a label, a number (#3) or a time (@12.5s) as \"heapline graph "
                   "snapshots\" lists "
                   "them; without AFTER it is the last snapshot with a graph, without BEFORE the first one of the same process.",
    .examples = "heapline graph growth app.hpl\twhat grew from the first snapshot to the last\n"
                "heapline graph growth app.hpl start '#7'\tfrom the one labelled \"start\" to the seventh\n",
    .options = growth_options,
    .run = run_growth,
};

/* leaking */

static void leaking_text(struct graph_session *session, void *leaking)
{
    graph_text_leaking(&session->view, session->graph, leaking);
}

static int leaking_json(struct graph_session *session, void *leaking)
{
    return graph_json_leaking(&session->view, session->graph, leaking);
}

static int run_leaking(int argc, char **argv)
{
    struct graph_session session;
    int status;
    if (graph_open(&session, &command_graph_leaking, argc, argv, GRAPH_NEEDS_GRAPH, 0, &status) &&
        graph_can_answer(&command_graph_leaking, false, false)) {
        struct graph_leaking leaking = { 0 };
        graph_leaking(&leaking, session.graph);
        status = graph_answer(&session, &command_graph_leaking,
                              &(struct graph_answer){ &leaking, leaking_text, leaking_json, NULL, false, 0 });
        graph_leaking_release(&leaking);
    }
    graph_close(&session);
    return status;
}

static const struct option leaking_options[] = {
    GRAPH_SNAPSHOT_ROW,
    GRAPH_PROCESS_ROW,
    VIEW_WRAPPER_ROW,
    GRAPH_FILE_ROW(".json or .txt"),
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_graph_leaking = {
    .name = "graph leaking",
    .operands = "FILE",
    .summary = "objects nobody refers to, cycles, and what is held only from C",
    .description = "Shows what should not be there, in four parts: Python objects whose reference count nothing explains; cycles "
                   "that wait for Python's collector, with the "
                   "reference whose weakening lets each go at once; Python objects that only C holds; and native blocks that "
                   "nothing leads to.",
    .examples = "heapline graph leaking app.hpl\twhat should not be there at the end\n",
    .options = leaking_options,
    .run = run_leaking,
};

/* snapshots */

static void snapshots_text(struct graph_session *session, void *context)
{
    graph_text_snapshots(&session->view, session->profile);
}

static int snapshots_json(struct graph_session *session, void *context)
{
    return graph_json_snapshots(&session->view, session->profile);
}

static int run_snapshots(int argc, char **argv)
{
    struct graph_session session;
    int status;
    if (graph_open(&session, &command_graph_snapshots, argc, argv, GRAPH_NEEDS_TRACE, 0, &status) &&
        graph_can_answer(&command_graph_snapshots, false, false))
        status = graph_answer(&session, &command_graph_snapshots,
                              &(struct graph_answer){ NULL, snapshots_text, snapshots_json, NULL, false, 0 });
    graph_close(&session);
    return status;
}

static const struct option snapshots_options[] = {
    GRAPH_PROCESS_ROW,
    GRAPH_FILE_ROW(".json or .txt"),
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_graph_snapshots = {
    .name = "graph snapshots",
    .operands = "FILE",
    .summary = "list the snapshots, their labels, and whether they have a graph",
    .description = "Lists the snapshots of a trace with the number, the time and the label by which --snapshot and \"heapline "
                   "graph growth\" take them.",
    .examples = "heapline graph snapshots app.hpl\twhat there is to look at\n",
    .options = snapshots_options,
    .run = run_snapshots,
};
