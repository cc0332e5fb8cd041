/* What the verbs of `heapline graph` share: the way from a file's name to a graph and a selection, and where the answer goes. */
#ifndef HEAPLINE_CMD_GRAPH_H
#define HEAPLINE_CMD_GRAPH_H

#include "../output/graph_html.h"
#include "../output/graph_print.h"
#include "view.h"

extern const struct command command_graph_types, command_graph_growth, command_graph_refs, command_graph_backrefs,
    command_graph_chain, command_graph_dominators, command_graph_free, command_graph_leaking, command_graph_show,
    command_graph_snapshots, command_graph_list;

/* Set by option_parse. */
struct graph_options {
    const char *snapshot, *output;
    bool dot, no_collapse;
    uint64_t depth, too_many, page_nodes, min_percent, objects;
    int by;
};
extern struct graph_options graph_options;

/* The selection that operands make, and what is shown of it. */
struct graph_session {
    struct view view;
    struct trace *trace;
    struct profile *profile;
    struct graph *graph;                   /* NULL: not loaded */
    struct strbuf selector;
    uint8_t *set;
    struct graph_wanted wanted;
    int n_operands;                        /* behind the file's name */
    char **operands;
};

enum graph_need { GRAPH_NEEDS_TRACE, GRAPH_NEEDS_GRAPH, GRAPH_MAY_SELECT, GRAPH_MUST_SELECT };

/* Parses options and operands, opens the trace and, as `need` says, loads the graph and selects. Returns false with *status, the
 * exit code, when there is nothing more to do. The session is closed by graph_close in any case. */
bool graph_open(struct graph_session *session, const struct command *command, int argc, char **argv, enum graph_need need,
                int most_operands, int *status);
void graph_close(struct graph_session *session);

/* Ways to show one answer; `shown` (NULL: there is no picture of it) is for --dot and pictures, `start` for pages. Each of the
 * functions prints to session->view.out. */
struct graph_answer {
    void *context;
    void (*text)(struct graph_session *session, void *context);
    int (*json)(struct graph_session *session, void *context);            /* 0 or -errno */
    const struct graph_view *shown;
    bool has_page;
    enum graph_html_start start;
};

/* Shows it where and how the options say. Returns the exit code. */
int graph_answer(struct graph_session *session, const struct command *command, const struct graph_answer *answer);

/* The answer can be written in the way that --dot or the name behind -o asks for; false after one sentence. To be asked before
 * hard work. */
bool graph_can_answer(const struct command *command, bool has_picture, bool has_page);

#define GRAPH_SNAPSHOT_ROW \
    {"snapshot", 0, OPTION_STRING, "WHICH", "the snapshot: its label, its number (#3) or a time (@12.5s), as \"graph " \
     "snapshots\" lists them (default: the last with a graph)", &graph_options.snapshot, NULL}

#define GRAPH_PROCESS_ROW \
    {"process", 0, OPTION_STRING, "PID|GLOB", "only this process, by number or by the name of its program", \
     &view_options.process, NULL}

#define GRAPH_DEPTH_ROW(default_text) \
    {"depth", 0, OPTION_COUNT, "N", "go N levels far, 200 at most; 0: these (default: " default_text ")", \
     &graph_options.depth, NULL}

#define GRAPH_MANY_ROWS \
    {"too-many", 0, OPTION_COUNT, "N", "show N neighbours of one object at most; 0: all (default: 10)", \
     &graph_options.too_many, NULL}, \
    {"no-collapse", 0, OPTION_FLAG, NULL, "show objects one by one, not those that are alike together", \
     &graph_options.no_collapse, NULL}

#define GRAPH_PICTURE_ROWS \
    {"dot", 0, OPTION_FLAG, NULL, "print a picture as text for Graphviz", &graph_options.dot, NULL}, \
    {"output", 'o', OPTION_FILE, "FILE", "write to FILE, as its name ends: .svg, .png, .pdf (drawn by Graphviz), .dot, .html " \
     "(a page to explore), .json or .txt", &graph_options.output, NULL}, \
    {"page-nodes", 0, OPTION_COUNT, "N", "put about N objects into a page (default: 50000)", &graph_options.page_nodes, NULL}

#define GRAPH_FILE_ROW(endings) \
    {"output", 'o', OPTION_FILE, "FILE", "write to FILE, as its name ends: " endings, &graph_options.output, NULL}

#endif
