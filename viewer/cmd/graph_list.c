/* heapline graph list: the selected objects, one a line. */
#include "graph.h"

static void list_text(struct graph_session *session, void *context)
{
    graph_text_list(&session->view, session->graph, &session->wanted);
}

static int list_json(struct graph_session *session, void *context)
{
    return graph_json_list(&session->view, session->graph, &session->wanted);
}

static int run(int argc, char **argv)
{
    struct graph_session session;
    int status;
    if (graph_open(&session, &command_graph_list, argc, argv, GRAPH_MAY_SELECT, 0, &status) &&
        graph_can_answer(&command_graph_list, false, false))
        status = graph_answer(&session, &command_graph_list,
                              &(struct graph_answer){ NULL, list_text, list_json, NULL, false, 0 });
    graph_close(&session);
    return status;
}

static const struct option options[] = {
    GRAPH_SNAPSHOT_ROW,
    GRAPH_PROCESS_ROW,
    VIEW_WRAPPER_ROW,
    GRAPH_FILE_ROW(".json or .txt"),
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_graph_list = {
    .name = "graph list",
    .operands = "FILE [SELECTOR...]",
    .summary = "objects one by one, with their sizes and lines",
    .description = "Lists objects and blocks, a line each, those first that retain most: what they retain, their own size, "
                   "their type with their address or value, and the line that allocated them. \"graph show\" tells more of each, "
                   "and who holds it.",
    .examples = "heapline graph list app.hpl type:Order --top 100\tthe hundred orders that retain most\n"
                "heapline graph list app.hpl 'size:>1M'\twhat is large by itself\n",
    .options = options,
    .run = run,
};
