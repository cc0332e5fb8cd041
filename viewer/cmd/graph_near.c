/* heapline graph refs, backrefs, chain, dominators, free, show: who holds whom. */
#include "graph.h"

#include "../base/say.h"
#include "../base/xalloc.h"

#define NEAR_DEPTH 3
#define DOMINATORS_DEPTH 5
#define FARTHEST 200                       /* levels: nobody reads more, and each is a call */

static uint32_t limit(uint64_t asked, uint32_t most)
{
    return asked && asked < most ? (uint32_t)asked : most;
}

static struct graph_view_options shape(uint32_t depth)
{
    uint64_t many = view_options.top ? view_options.top : graph_options.too_many;
    return (struct graph_view_options){
        .depth = graph_options.depth == UINT64_MAX ? depth : limit(graph_options.depth, FARTHEST),
        .too_many = many < UINT32_MAX ? (uint32_t)many : 0,
        .collapse = !graph_options.no_collapse,
        .min_share = (double)graph_options.min_percent / 100,
    };
}

/* refs, backrefs, dominators: what is shown is a view. */

static void view_text(struct graph_session *session, void *shown)
{
    graph_text_view(&session->view, session->graph, &session->wanted, shown);
}

static int view_json(struct graph_session *session, void *shown)
{
    return graph_json_view(&session->view, session->graph, &session->wanted, shown);
}

static int run_neighbours(const struct command *command, enum graph_view_kind kind, enum graph_html_start start, int argc,
                          char **argv)
{
    struct graph_session session;
    int status;
    if (graph_open(&session, command, argc, argv, GRAPH_MUST_SELECT, 0, &status)) {
        status = EXIT_USAGE;
        if (graph_can_answer(command, true, true)) {
            struct graph_view shown;
            struct graph_view_options options = shape(NEAR_DEPTH);
            graph_view_neighbours(&shown, session.graph, kind, session.set, session.selector.data, &options);
            status = graph_answer(&session, command, &(struct graph_answer){ &shown, view_text, view_json, &shown, true, start });
            graph_view_release(&shown);
        }
    }
    graph_close(&session);
    return status;
}

static int run_refs(int argc, char **argv)
{
    return run_neighbours(&command_graph_refs, GRAPH_VIEW_REFS, GRAPH_HTML_REFS, argc, argv);
}

static int run_backrefs(int argc, char **argv)
{
    return run_neighbours(&command_graph_backrefs, GRAPH_VIEW_BACKREFS, GRAPH_HTML_BACKREFS, argc, argv);
}

static int run_dominators(int argc, char **argv)
{
    struct graph_session session;
    int status;
    if (graph_open(&session, &command_graph_dominators, argc, argv, GRAPH_NEEDS_GRAPH, 0, &status)) {
        status = EXIT_USAGE;
        if (graph_can_answer(&command_graph_dominators, true, true)) {
            struct graph_view shown;
            struct graph_view_options options = shape(DOMINATORS_DEPTH);
            graph_view_dominators(&shown, session.graph, &options);
            status = graph_answer(&session, &command_graph_dominators,
                                  &(struct graph_answer){ &shown, view_text, view_json, &shown, true, GRAPH_HTML_DOMINATORS });
            graph_view_release(&shown);
        }
    }
    graph_close(&session);
    return status;
}

/* chain */

static void chain_text(struct graph_session *session, void *path)
{
    graph_text_chain(&session->view, session->graph, &session->wanted, path);
}

static int chain_json(struct graph_session *session, void *path)
{
    return graph_json_chain(&session->view, session->graph, &session->wanted, path);
}

static int run_chain(int argc, char **argv)
{
    struct graph_session session;
    int status;
    if (graph_open(&session, &command_graph_chain, argc, argv, GRAPH_MUST_SELECT, 0, &status)) {
        struct graph_path path = { 0 };
        status = EXIT_USAGE;
        if (!graph_can_answer(&command_graph_chain, true, true)) {
            /* said already */
        } else if (!graph_chain(&path, session.graph, session.set)) {
            say_error("graph chain: nothing leads from a root to \"%s\"; \"heapline graph leaking\" says why it is still there",
                      session.selector.data);
            status = EXIT_FAIL;
        } else {
            struct graph_view shown;
            graph_view_path(&shown, session.graph, &path, session.selector.data);
            status = graph_answer(&session, &command_graph_chain,
                                  &(struct graph_answer){ &path, chain_text, chain_json, &shown, true, GRAPH_HTML_BACKREFS });
            graph_view_release(&shown);
        }
        vec_release(&path.steps);
    }
    graph_close(&session);
    return status;
}

/* free */

static void free_text(struct graph_session *session, void *cut)
{
    graph_text_free(&session->view, session->graph, &session->wanted, cut);
}

static int free_json(struct graph_session *session, void *cut)
{
    return graph_json_free(&session->view, session->graph, &session->wanted, cut);
}

static int run_free(int argc, char **argv)
{
    struct graph_session session;
    int status;
    if (graph_open(&session, &command_graph_free, argc, argv, GRAPH_MUST_SELECT, 0, &status)) {
        struct graph_cut cut = { 0 };
        struct trace_error error = { "" };
        status = EXIT_USAGE;
        if (!graph_can_answer(&command_graph_free, true, true)) {
            /* said already */
        } else if (graph_cut(&cut, session.graph, session.set, &error) < 0) {
            say_error("graph free: %s", error.text);
        } else {
            struct graph_view shown;
            graph_view_cut(&shown, session.graph, &cut, session.set, session.selector.data);
            status = graph_answer(&session, &command_graph_free,
                                  &(struct graph_answer){ &cut, free_text, free_json, &shown, true, GRAPH_HTML_BACKREFS });
            graph_view_release(&shown);
        }
        vec_release(&cut.edges);
    }
    graph_close(&session);
    return status;
}

/* show */

static void show_text(struct graph_session *session, void *context)
{
    graph_text_show(&session->view, session->graph, &session->wanted, (size_t)graph_options.objects);
}

static int show_json(struct graph_session *session, void *context)
{
    return graph_json_show(&session->view, session->graph, &session->wanted, (size_t)graph_options.objects);
}

/* A picture shows the first of the objects. */
static void view_first(struct graph_view *shown, struct graph_session *session)
{
    uint32_t node;
    struct graph_view_options options = shape(1);
    struct strbuf name = STRBUF_INIT;
    uint8_t *one = xcalloc(session->graph->n, 1);
    graph_largest(session->graph, session->set, &node, 1);
    one[node] = 1;
    graph_add_node(&name, session->graph, node);
    graph_view_neighbours(shown, session->graph, GRAPH_VIEW_SHOW, one, name.data, &options);
    strbuf_release(&name);
    free(one);
}

static int run_show(int argc, char **argv)
{
    struct graph_session session;
    int status;
    if (graph_open(&session, &command_graph_show, argc, argv, GRAPH_MUST_SELECT, 0, &status)) {
        status = EXIT_USAGE;
        if (graph_options.objects == 0 || graph_options.objects > GRAPH_SHOW_MOST) {
            say_error("graph show: --objects takes a number from 1 to %d", GRAPH_SHOW_MOST);
        } else if (graph_can_answer(&command_graph_show, true, true)) {
            struct graph_view shown;
            view_first(&shown, &session);
            status = graph_answer(&session, &command_graph_show,
                                  &(struct graph_answer){ NULL, show_text, show_json, &shown, true, GRAPH_HTML_REFS });
            graph_view_release(&shown);
        }
    }
    graph_close(&session);
    return status;
}

/* What they are called and how they are asked. */

#define SELECTORS                                                                                                                \
    "\n\nSELECTOR is type:Order, module:numpy, line:app.py:42, addr:0x7f1200, 'size:>1M', new-since:LABEL or held-by:SELECTOR; " \
    "of several all must hold. Names may be patterns, "                                                                          \
    "such as type:Order*."

static const struct option near_options[] = {
    GRAPH_DEPTH_ROW("3"),
    GRAPH_MANY_ROWS,
    GRAPH_SNAPSHOT_ROW,
    GRAPH_PROCESS_ROW,
    VIEW_WRAPPER_ROW,
    GRAPH_PICTURE_ROWS,
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

static const struct option path_options[] = {
    GRAPH_SNAPSHOT_ROW,
    GRAPH_PROCESS_ROW,
    VIEW_WRAPPER_ROW,
    GRAPH_PICTURE_ROWS,
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_graph_refs = {
    .name = "graph refs",
    .operands = "FILE SELECTOR...",
    .summary = "what objects refer to, by the names of attributes, items and locals",
    .description = "Shows what objects refer to, as a tree: by which attribute, item, key, local or offset, and how much that "
                   "retains. Each object stands where it is nearest; "
                   "elsewhere it is only named, and cycles are marked. Of more than a few neighbours of one type the first stand "
                   "for all." SELECTORS,
    .examples = "heapline graph refs app.hpl type:Order\twhat orders are made of\n"
                "heapline graph refs app.hpl addr:0x7f1200 -o refs.svg\tthe same as a picture\n",
    .options = near_options,
    .run = run_refs,
};

const struct command command_graph_backrefs = {
    .name = "graph backrefs",
    .operands = "FILE SELECTOR...",
    .summary = "who refers to objects, up to the roots",
    .description = "Shows who refers to objects, as a tree: below each object those that hold it, with the name of the place. "
                   "Roots are where the search for pointers began: globals, "
                   "stacks, registers, the interpreter's modules and frames." SELECTORS,
    .examples = "heapline graph backrefs app.hpl type:Order --depth 5\twho holds orders\n"
                "heapline graph backrefs app.hpl 'size:>1M' -o big.html\ta page in which to look around\n",
    .options = near_options,
    .run = run_backrefs,
};

const struct command command_graph_chain = {
    .name = "graph chain",
    .operands = "FILE SELECTOR...",
    .summary = "the shortest named way from a root to an object",
    .description = "Shows the shortest way from a root to one of the objects: as one expression, and step by step with sizes and "
                   "with the lines that allocated what lies on the way. Names are "
                   "preferred to words on stacks, which may be left over from calls that ended. Exit status 1: nothing leads "
                   "there." SELECTORS,
    .examples = "heapline graph chain app.hpl type:Order new-since:start\twhy a new order is still there\n",
    .options = path_options,
    .run = run_chain,
};

static const struct option dominators_options[] = {
    GRAPH_DEPTH_ROW("5"),
    { "min-percent", 0, OPTION_COUNT, "N", "only count what retains less than N percent of the heap (default: 1)",
      &graph_options.min_percent, NULL },
    GRAPH_MANY_ROWS,
    GRAPH_SNAPSHOT_ROW,
    GRAPH_PROCESS_ROW,
    VIEW_WRAPPER_ROW,
    GRAPH_PICTURE_ROWS,
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_graph_dominators = {
    .name = "graph dominators",
    .operands = "FILE",
    .summary = "who alone holds how much, as a tree",
    .description = "Shows the dominator tree: below each object what only it holds, which would go if it went, the largest "
                   "first. Objects of one type with the same holder are one row, unless one of "
                   "them retains enough to be shown by itself.",
    .examples = "heapline graph dominators app.hpl\twhere the heap hangs\n"
                "heapline graph dominators app.hpl --depth 0 --min-percent 5\tall the way down, only what is large\n",
    .options = dominators_options,
    .run = run_dominators,
};

const struct command command_graph_free = {
    .name = "graph free",
    .operands = "FILE SELECTOR...",
    .summary = "the fewest references to cut so that objects go",
    .description = "Finds the fewest references that must be given up so that nothing leads to any of the objects any more, with "
                   "their holders and the lines that allocated these, and says how much "
                   "goes then." SELECTORS,
    .examples = "heapline graph free app.hpl type:Order\twhat to clear so that all orders go\n",
    .options = path_options,
    .run = run_free,
};

static const struct option show_options[] = {
    {"objects", 0, OPTION_COUNT, "N", "show the N objects that retain most (default: 3)", &graph_options.objects, NULL},
    GRAPH_MANY_ROWS,
    GRAPH_SNAPSHOT_ROW,
    GRAPH_PROCESS_ROW,
    VIEW_WRAPPER_ROW,
    GRAPH_PICTURE_ROWS,
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_graph_show = {
    .name = "graph show",
    .operands = "FILE SELECTOR...",
    .summary = "all that is known of an object",
    .description = "Shows all that is known of an object, or of the few that retain most: type, value, size and parts, retained "
                   "bytes, where and when it was allocated, references counted and "
                   "found, how it is reached, and its neighbours." SELECTORS,
    .examples = "heapline graph show app.hpl addr:0x7f1200\tone object\n"
                "heapline graph show app.hpl type:dict --objects 1\tthe dict that retains most\n",
    .options = show_options,
    .run = run_show,
};
