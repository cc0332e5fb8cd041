/* The options that report, lines, tree and export share, and the way from a file's name to a profile. */
#ifndef HEAPLINE_CMD_VIEW_H
#define HEAPLINE_CMD_VIEW_H

#include "../analyze/profile.h"
#include "../command.h"
#include "../output/view.h"

/* Set by option_parse through the tables of the commands. */
struct view_options {
    int by;                         /* enum measure; -1: not given */
    int memory;                     /* enum memory_kind; -1: not given */
    int color;
    struct option_list files, functions, modules, wrappers;
    const char *process, *thread, *scope;
    struct option_time at, from, to;
    uint64_t top;
    bool json, no_pager, native, python_lines;
};
extern struct view_options view_options;

#define VIEW_WRAPPER_ROW \
    {"wrapper", 0, OPTION_LIST, "GLOB", "treat functions like GLOB as allocators: their callers own what they allocate", \
     &view_options.wrappers, NULL}

#define VIEW_FILTER_ROWS \
    {"by", 0, OPTION_CHOICE, "MEASURE", "order by peak, live, allocated, count, temporary, and for Python by transient, " \
     "cyclic, moved or native (default: peak; live with --at, allocated with --scope)", \
     &view_options.by, measure_names}, \
    {"file", 0, OPTION_LIST, "GLOB", "only allocations with a frame in a source file like GLOB", &view_options.files, NULL}, \
    {"function", 0, OPTION_LIST, "GLOB", "only allocations with a frame in a function like GLOB", &view_options.functions, \
     NULL}, \
    {"module", 0, OPTION_LIST, "GLOB", "only allocations with a frame in a program or library like GLOB", \
     &view_options.modules, NULL}, \
    {"process", 0, OPTION_STRING, "PID|GLOB", "only this process, by number or by the name of its program", \
     &view_options.process, NULL}, \
    {"thread", 0, OPTION_STRING, "TID|GLOB", "only this thread, by number or name", &view_options.thread, NULL}, \
    {"at", 0, OPTION_MOMENT, "TIME", "what was live at TIME of the run: 1.5s, 12:31:05, 50%, end, or the label of a mark (its " \
     "first)", &view_options.at, NULL}, \
    {"from", 0, OPTION_MOMENT, "TIME", "only what happened after TIME, or after the first mark of that label (default: the " \
     "start)", &view_options.from, NULL}, \
    {"to", 0, OPTION_MOMENT, "TIME", "only what happened before TIME, or before the last mark of that label (default: the end)", \
     &view_options.to, NULL}, \
    {"scope", 0, OPTION_STRING, "LABEL", "only what happened inside of the spans of that label, by whatever thread (--thread " \
     "narrows)", &view_options.scope, NULL}, \
    {"memory", 0, OPTION_CHOICE, "KIND", "heap (default: heap), mapped (mmap, brk), file, reserved, arenas (of Python's " \
     "allocator), or all (heap and mapped; default with --python=arenas)", &view_options.memory, memory_names}, \
    VIEW_WRAPPER_ROW

#define VIEW_NATIVE_ROW \
    {"native", 0, OPTION_FLAG, NULL, "show the frames of the Python interpreter itself and of its import machinery too", \
     &view_options.native, NULL}

#define VIEW_PYTHON_LINES_ROW \
    {"python-lines", 0, OPTION_FLAG, NULL, "let a Python line own what a call from it allocates in C, however well the C lines " \
     "are known", &view_options.python_lines, NULL}

#define VIEW_OUTPUT_ROWS \
    {"top", 0, OPTION_COUNT, "N", "show the N first", &view_options.top, NULL}, \
    {"json", 0, OPTION_FLAG, NULL, "print JSON (docs/json.md)", &view_options.json, NULL}, \
    {"color", 0, OPTION_CHOICE, "WHEN", "colours: auto (default: auto), always or never", &view_options.color, color_choices}, \
    {"no-pager", 0, OPTION_FLAG, NULL, "do not page the output", &view_options.no_pager, NULL}

#define VIEW_LAST_ROW {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL}

/* Parses the options and opens the trace that the only operand names. Returns NULL and *status, the exit code, when there is
 * nothing more to do. */
struct trace *view_open(const struct command *command, int argc, char **argv, int *status);

/* The profile that the options ask for. Returns NULL after one sentence on stderr. */
struct profile *view_profile(struct trace *trace);

enum measure view_measure_asked(void);

/* A profile shown by `print`, through the pager where that is wanted. Returns the exit code. */
typedef int view_print_fn(const struct view *view, const struct profile *profile, void *context);
int view_show(const struct command *command, int argc, char **argv, view_print_fn *print, void *context);

#endif
