#include "graph.h"

#include "../base/pager.h"
#include "../base/say.h"
#include "../output/graph_dot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct graph_options graph_options = {
    .depth = UINT64_MAX, .too_many = 10, .min_percent = 1, .objects = 3, .by = GRAPH_BY_BYTES
};

static bool has_selector(enum graph_need need)
{
    return need == GRAPH_MAY_SELECT || need == GRAPH_MUST_SELECT;
}

static bool check_operands(const struct command *command, int n, enum graph_need need, int most)
{
    if (n == 0)
        say_error("%s takes the name of a trace: heapline %s %s; \"heapline run --graph PROGRAM\" records one", command->name,
                  command->name, command->operands);
    else if (n == 1 && need == GRAPH_MUST_SELECT)
        say_error("%s needs to know which objects: heapline %s %s, such as type:dict, line:app.py:42, addr:0x7f1200 or size:>1M",
                  command->name, command->name, command->operands);
    else if (n - 1 > most && !has_selector(need))
        say_error("%s does not know what to do with \"%s\": heapline %s %s", command->name, "more operands", command->name,
                  command->operands);
    else
        return true;
    return false;
}

static bool open_profile(struct graph_session *session, const char *path)
{
    struct trace_error error = { "" };
    session->trace = trace_open(path, &error);
    if (!session->trace) {
        say_error("%s", error.text);
        return false;
    }
    session->profile = view_profile(session->trace);
    return session->profile;
}

static bool load(struct graph_session *session, const struct command *command)
{
    struct trace_error error = { "" };
    if (graph_load(&session->graph, session->profile, graph_options.snapshot, &error) == 0)
        return true;
    say_error("%s: %s", command->name, error.text);
    return false;
}

/* All operands together are one selector. */
static bool choose(struct graph_session *session, const struct command *command, enum graph_need need, int *status)
{
    struct trace_error error = { "" };
    for (int i = 0; i < session->n_operands; i++)
        strbuf_printf(&session->selector, "%s%s", i ? " " : "", session->operands[i]);
    if (session->n_operands == 0)
        return true;
    if (graph_select(session->graph, session->selector.data, &session->set, &session->wanted.n, &error) < 0) {
        say_error("%s: %s", command->name, error.text);
        return false;
    }
    session->wanted.selector = session->selector.data;
    session->wanted.set = session->set;
    if (session->wanted.n)
        return true;
    *status = EXIT_FAIL;
    if (error.text[0])
        say_error("%s: nothing is selected by \"%s\": %s", command->name, session->selector.data, error.text);
    else
        say_error("%s: nothing is selected by \"%s\"%s", command->name, session->selector.data,
                  need == GRAPH_MAY_SELECT ? "" : "; \"heapline graph types\" lists the types that there are");
    return false;
}

bool graph_open(struct graph_session *session, const struct command *command, int argc, char **argv, enum graph_need need,
                int most_operands, int *status)
{
    *session = (struct graph_session){ .selector = STRBUF_INIT };
    view_init(&session->view, COLOR_AUTO);
    int n = option_parse(command, argc, argv);
    *status = n == -2 ? EXIT_OK : EXIT_USAGE;
    if (n < 0 || !check_operands(command, n, need, most_operands))
        return false;
    view_init(&session->view, (enum color_when)view_options.color);
    session->view.top = view_options.top < UINT32_MAX ? (uint32_t)view_options.top : UINT32_MAX;
    session->view.trace_path = argv[1];
    session->n_operands = n - 1;
    session->operands = argv + 2;
    if (!open_profile(session, argv[1]))
        return false;
    if (need == GRAPH_NEEDS_TRACE)
        return true;
    return load(session, command) && (!has_selector(need) || choose(session, command, need, status));
}

void graph_close(struct graph_session *session)
{
    free(session->set);
    strbuf_release(&session->selector);
    graph_destroy(session->graph);
    profile_destroy(session->profile);
    trace_close(session->trace);
}

/* Where and how */

enum form { FORM_TEXT, FORM_JSON, FORM_DOT, FORM_PICTURE, FORM_PAGE, FORM_UNKNOWN };

static const char *ending(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    return dot ? dot + 1 : "";
}

static enum form form_asked(void)
{
    static const struct { const char *ending; enum form form;
    } forms[] = {
        { "txt", FORM_TEXT }, { "json", FORM_JSON }, { "dot", FORM_DOT },
        { "gv", FORM_DOT },   { "html", FORM_PAGE }, { "htm", FORM_PAGE },
    };
    if (!graph_options.output || strcmp(graph_options.output, "-") == 0)
        return graph_options.dot ? FORM_DOT : view_options.json ? FORM_JSON : FORM_TEXT;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(ending(graph_options.output), forms[i].ending) == 0)
            return forms[i].form;
    for (size_t i = 0; graph_picture_formats[i]; i++)
        if (strcmp(ending(graph_options.output), graph_picture_formats[i]) == 0)
            return FORM_PICTURE;
    return FORM_UNKNOWN;
}

bool graph_can_answer(const struct command *command, bool has_picture, bool has_page)
{
    const char *forms = has_picture ? ".svg, .png, .pdf, .dot, .html, .json or .txt"
                        : has_page  ? ".html, .json or .txt"
                                    : ".json or .txt";
    enum form form = form_asked();
    bool good = form != FORM_UNKNOWN && ((form != FORM_DOT && form != FORM_PICTURE) || has_picture) &&
                (form != FORM_PAGE || has_page);
    if (!good)
        say_error("%s: %s cannot be written: the name must end in %s", command->name,
                  graph_options.output ? graph_options.output : "a picture", forms);
    return good;
}

static int print_page(const struct graph_session *session, const struct graph_answer *answer)
{
    uint64_t nodes = graph_options.page_nodes;
    struct graph_html_options options = {
        .start = answer->start,
        .selector = session->wanted.selector,
        .set = session->set,
        .nodes = nodes < UINT32_MAX ? (uint32_t)nodes : UINT32_MAX,
        .option = "--page-nodes",
    };
    return graph_html_print(session->view.out, session->graph, &options);
}

static int print_form(struct graph_session *session, const struct graph_answer *answer, enum form form, struct trace_error *error)
{
    switch (form) {
    case FORM_JSON:
        return answer->json(session, answer->context);
    case FORM_DOT:
        return graph_dot_print(session->view.out, session->graph, answer->shown);
    case FORM_PICTURE:
        return graph_picture_print(session->view.out, session->graph, answer->shown, ending(graph_options.output),
                                   GRAPH_PICTURE_SECONDS, error);
    case FORM_PAGE:
        return print_page(session, answer);
    default:
        answer->text(session, answer->context);
        return 0;
    }
}

/* The file is touched when everything that goes into it is there. */
static int write_file(const struct command *command, const char *bytes, size_t n)
{
    FILE *out = fopen(graph_options.output, "we");
    if (!out) {
        say_error("%s: %s could not be created (%s)", command->name, graph_options.output, strerror(errno));
        return EXIT_USAGE;
    }
    errno = 0;
    bool good = fwrite(bytes, 1, n, out) == n;
    good = fclose(out) == 0 && good;
    if (!good)
        say_error("%s: %s could not be written (%s); what is there is not complete", command->name, graph_options.output,
                  strerror(errno ? errno : EIO));
    return good ? EXIT_OK : EXIT_USAGE;
}

static int answer_to_file(struct graph_session *session, const struct command *command, const struct graph_answer *answer,
                          enum form form)
{
    struct trace_error error = { "" };
    char *bytes = NULL;
    size_t n = 0;
    session->view.out = open_memstream(&bytes, &n);
    if (!session->view.out) {
        say_error("%s: there is no memory for the output", command->name);
        return EXIT_USAGE;
    }
    session->view.colors = palette_for(COLOR_NEVER, STDOUT_FILENO);
    int status = print_form(session, answer, form, &error);
    if (fclose(session->view.out) != 0 && status == 0)
        status = -ENOMEM;
    if (status < 0 && error.text[0])
        say_error("%s: %s", command->name, error.text);
    else if (status < 0)
        say_error("%s: %s could not be made (%s)", command->name, graph_options.output, strerror(-status));
    int code = status < 0 ? EXIT_USAGE : write_file(command, bytes, n);
    free(bytes);
    return code;
}

int graph_answer(struct graph_session *session, const struct command *command, const struct graph_answer *answer)
{
    struct trace_error error = { "" };
    enum form form = form_asked();
    if (graph_options.output && strcmp(graph_options.output, "-") != 0)
        return answer_to_file(session, command, answer, form);
    struct pager pager = { .pid = 0 };
    bool paged = form == FORM_TEXT && !view_options.no_pager;
    if (paged)
        pager_start(&pager);
    int status = print_form(session, answer, form, &error);
    status = status < 0 && status != -EPIPE ? EXIT_USAGE : EXIT_OK;
    return paged ? pager_finish(&pager, status) : status;
}
