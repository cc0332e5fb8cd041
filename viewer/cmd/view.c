#include "view.h"

#include "../analyze/marks.h"
#include "../base/pager.h"
#include "../base/say.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400

struct view_options view_options = { .by = -1, .memory = -1 };

struct trace *view_open(const struct command *command, int argc, char **argv, int *status)
{
    struct trace_error error = { "" };
    int operands = option_parse(command, argc, argv);
    *status = operands == -2 ? EXIT_OK : EXIT_USAGE;
    if (operands < 0)
        return NULL;
    if (operands != 1) {
        say_error("%s takes the name of one trace, %s; \"heapline run PROGRAM\" records one", command->name,
                  operands ? "not several" : "and got none");
        return NULL;
    }
    struct trace *trace = trace_open(argv[1], &error);
    if (!trace)
        say_error("%s", error.text);
    return trace;
}

/* "12:31" means the first time that the clock showed it from the start of the run on. */
static uint64_t clock_to_ns(const struct trace *trace, uint64_t seconds)
{
    time_t start = (time_t)(trace->run.unix_ns / 1000000000u);
    struct tm day;
    localtime_r(&start, &day);
    uint64_t started = (uint64_t)(day.tm_hour * 3600 + day.tm_min * 60 + day.tm_sec);
    uint64_t later = seconds >= started ? seconds - started : seconds + DAY_S - started;
    uint64_t fraction = trace->run.unix_ns % 1000000000u;
    return later ? later * 1000000000u - fraction : 0;
}

/* There is no such label: names those that there are. */
static void say_no_label(const struct trace *trace, const char *option, const char *label, bool spans)
{
    struct strbuf labels = STRBUF_INIT;
    const char *what = spans ? "span" : "mark";
    marks_add_labels(&labels, trace, spans);
    if (labels.length)
        say_error("--%s: the program named no %s \"%s\"; it named %s", option, what, label, labels.data);
    else
        say_error("--%s: the program named no %s \"%s\", and no other either (heapline.h and the Python package say how to name "
                  "one)", option, what, label);
    strbuf_release(&labels);
}

/* `option` names it in messages. Returns false after one. */
static bool resolve(const struct trace *trace, const char *option, const struct option_time *time, uint64_t *result)
{
    uint64_t ns = *result;
    switch (time->kind) {
    case OPTION_TIME_LABEL:
        if (!marks_time(trace, time->label, strcmp(option, "to") == 0, &ns)) {
            say_no_label(trace, option, time->label, false);
            return false;
        }
        break;
    case OPTION_TIME_UNSET: break;
    case OPTION_TIME_NS: ns = time->value; break;
    case OPTION_TIME_CLOCK: ns = clock_to_ns(trace, time->value); break;
    case OPTION_TIME_PERCENT: ns = (uint64_t)((double)trace->end_ns * (double)time->value / 100); break;
    }
    *result = ns < trace->end_ns ? ns : trace->end_ns;
    return true;
}

static bool set_window(struct selection *selection, const struct trace *trace)
{
    bool at = view_options.at.kind != OPTION_TIME_UNSET;
    bool window = view_options.from.kind != OPTION_TIME_UNSET || view_options.to.kind != OPTION_TIME_UNSET;
    if (at && window) {
        say_error("--at is one moment, --from and --to are a window; give one or the other");
        return false;
    }
    selection->windowed = at || window;
    selection->from_ns = 0;
    selection->to_ns = trace->end_ns;
    if (!resolve(trace, "from", &view_options.from, &selection->from_ns) ||
        !resolve(trace, at ? "at" : "to", at ? &view_options.at : &view_options.to, &selection->to_ns))
        return false;
    if (window && selection->from_ns >= selection->to_ns) {
        say_error("nothing lies between --from and --to: the run lasted %.3f s, the window begins at %.3f s and ends at %.3f s",
                  (double)trace->end_ns / 1e9, (double)selection->from_ns / 1e9, (double)selection->to_ns / 1e9);
        return false;
    }
    return true;
}

/* *spans is the caller's to free. */
static bool set_scope(struct selection *selection, const struct trace *trace, struct span **spans)
{
    if (!view_options.scope)
        return true;
    if (view_options.at.kind != OPTION_TIME_UNSET) {
        say_error("--at is one moment, --scope spans of time; give one or the other");
        return false;
    }
    selection->scope = view_options.scope;
    selection->spans.items = *spans = marks_spans(trace, view_options.scope, &selection->spans.n);
    if (selection->spans.n == 0)
        say_no_label(trace, "scope", view_options.scope, true);
    return selection->spans.n;
}

static struct patterns patterns(const struct option_list *list)
{
    return (struct patterns){ list->items, list->n };
}

/* Where Python's objects were not recorded one by one, the memory that they lie in is the arenas' mappings. */
static enum memory_kind memory_asked(const struct trace *trace)
{
    bool arenas = false;
    if (view_options.memory >= 0)
        return (enum memory_kind)view_options.memory;
    for (uint32_t i = 0; i < trace->n_pythons; i++) {
        if (trace->pythons[i].state == TRACE_PYTHON_LIVE)
            return MEMORY_HEAP;
        arenas |= trace->pythons[i].state == TRACE_PYTHON_ARENAS;
    }
    return arenas ? MEMORY_ALL : MEMORY_HEAP;
}

struct profile *view_profile(struct trace *trace)
{
    struct trace_error error = { "" };
    struct profile *profile = NULL;
    struct selection selection = {
        .files = patterns(&view_options.files), .functions = patterns(&view_options.functions),
        .modules = patterns(&view_options.modules), .wrappers = patterns(&view_options.wrappers),
        .process = view_options.process, .thread = view_options.thread, .memory = memory_asked(trace),
        .native = view_options.native, .python_lines = view_options.python_lines,
    };
    struct span *spans = NULL;
    bool good = set_window(&selection, trace) && set_scope(&selection, trace, &spans);
    if (good && profile_create(&profile, trace, &selection, &error) < 0)
        say_error("%s", error.text);
    free(spans);
    return profile;
}

enum measure view_measure_asked(void)
{
    if (view_options.by >= 0)
        return (enum measure)view_options.by;
    if (view_options.scope)
        return MEASURE_ALLOCATED;
    return view_options.at.kind != OPTION_TIME_UNSET ? MEASURE_LIVE : MEASURE_PEAK;
}

static int show(struct profile *profile, const char *path, view_print_fn *print, void *context)
{
    struct view view;
    struct pager pager = { .pid = 0 };
    bool paged = !view_options.no_pager && !view_options.json;
    view_init(&view, (enum color_when)view_options.color);
    view.by = view_measure_asked();
    view.top = view_options.top < UINT32_MAX ? (uint32_t)view_options.top : UINT32_MAX;
    view.trace_path = path;
    if (paged)
        pager_start(&pager);
    int status = print(&view, profile, context);
    return paged ? pager_finish(&pager, status) : status;
}

int view_show(const struct command *command, int argc, char **argv, view_print_fn *print, void *context)
{
    int status;
    struct trace *trace = view_open(command, argc, argv, &status);
    if (!trace)
        return status;
    struct profile *profile = view_profile(trace);
    status = profile ? show(profile, argv[1], print, context) : EXIT_USAGE;
    profile_destroy(profile);
    trace_close(trace);
    return status;
}
