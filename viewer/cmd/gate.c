/* heapline gate: a recording, or a program that is recorded now, held to its budgets. */
#include "commands.h"

#include "../analyze/gate.h"
#include "../analyze/lines.h"
#include "../analyze/suppressions.h"
#include "../base/pager.h"
#include "../base/quote.h"
#include "../base/say.h"
#include "../base/xalloc.h"
#include "../collect/inspect.h"
#include "gate.h"
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t limits[LIMITS] = { LIMIT_NONE, LIMIT_NONE, LIMIT_NONE, LIMIT_NONE, LIMIT_NONE };
static uint64_t min_increase = LIMIT_NONE;
static struct option_list parts, suppression_files, run_options;
static struct option_time every;
static const char *iterations, *baseline_path, *max_increase, *write_baseline_path, *config, *output;
static int baseline_by = -1;
static bool no_config;
static struct gate_outputs outputs;

static const struct option options[] = {
    { "max-lost", 0, OPTION_BYTES, "BYTES", "bytes that no pointer leads to any more, in snapshots at the end",
      &limits[LIMIT_LOST], NULL },
    { "max-live", 0, OPTION_BYTES, "BYTES", "bytes live at the end", &limits[LIMIT_LIVE], NULL },
    { "max-peak", 0, OPTION_BYTES, "BYTES", "bytes held at the peak", &limits[LIMIT_PEAK], NULL },
    { "max-allocations", 0, OPTION_COUNT, "N", "number of allocations", &limits[LIMIT_ALLOCATIONS], NULL },
    { "max-growth", 0, OPTION_BYTES, "BYTES", "bytes an iteration by which any allocation stack may grow; 0 allows none",
      &limits[LIMIT_GROWTH], NULL },
    { "iterations", 0, OPTION_STRING, "LABEL", "the marks that end iterations (default: iteration)", &iterations, NULL },
    { "every", 0, OPTION_TIME, "TIME", "iterations by the clock, such as 1s, for programs without marks", &every, NULL },
    { "budget", 0, OPTION_LIST, "PART",
      "a limit for a part: \"function GLOB LIMIT VALUE\", or file, or module; \"function parse_* max-peak 24MiB\"", &parts,
      NULL },
    { "baseline", 0, OPTION_FILE, "FILE", "compare with FILE: a trace, or what --write-baseline wrote", &baseline_path, NULL },
    { "max-increase", 0, OPTION_STRING, "PCT",
      "how much more than the baseline is allowed, in all and for each stack (default: 5%)", &max_increase, NULL },
    { "min-increase", 0, OPTION_BYTES, "BYTES", "an increase that is always allowed (default: 4 KiB)", &min_increase, NULL },
    { "baseline-by", 0, OPTION_CHOICE, "MEASURE", "compare this measure (default: peak and live bytes)", &baseline_by,
      measure_names },
    { "write-baseline", 0, OPTION_FILE, "FILE", "write this recording's figures to FILE, to be compared with later",
      &write_baseline_path, NULL },
    { "suppressions", 0, OPTION_LIST, "FILE", "leave out lost blocks that a rule in FILE takes", &suppression_files, NULL },
    { "process", 0, OPTION_STRING, "PID|GLOB", "only this process, by number or by the name of its program",
      &view_options.process, NULL },
    { "config", 0, OPTION_FILE, "FILE",
      "read budgets from FILE (default: heapline.ini here or above, up to the top of the repository)", &config, NULL },
    { "no-config", 0, OPTION_FLAG, NULL, "read no file of budgets", &no_config, NULL },
    { "output", 'o', OPTION_FILE, "FILE", "keep the trace of the program in FILE", &output, NULL },
    { "run-option", 0, OPTION_LIST, "OPTION",
      "an option for `heapline run` while the program is recorded, such as --wait=program", &run_options, NULL },
    { "junit", 0, OPTION_FILE, "FILE", "write a JUnit report", &outputs.junit, NULL },
    { "sarif", 0, OPTION_FILE, "FILE", "write SARIF 2.1.0", &outputs.sarif, NULL },
    { "gitlab", 0, OPTION_FILE, "FILE", "write a report for GitLab's code quality", &outputs.gitlab, NULL },
    { "github", 0, OPTION_FLAG, NULL, "print annotations for GitHub Actions, and write the job's summary", &outputs.github,
      NULL },
    { "json", 0, OPTION_FILE, "FILE", "write JSON (docs/json.md); - is standard output for this and the reports above",
      &outputs.json, NULL },
    { "top", 0, OPTION_COUNT, "N", "show the N first findings (default: 20)", &view_options.top, NULL },
    { "color", 0, OPTION_CHOICE, "WHEN", "colours: auto (default: auto), always or never", &view_options.color, color_choices },
    VIEW_LAST_ROW,
};

static bool take_options(struct budgets *budgets, struct trace_error *error)
{
    memcpy(budgets->items.items[0].limits, limits, sizeof limits);
    budgets->iterations = iterations;
    budgets->process = view_options.process;
    budgets->baseline = baseline_path;
    budgets->baseline_by = baseline_by;
    budgets->min_increase = min_increase;
    for (size_t i = 0; i < suppression_files.n; i++)
        vec_push(&budgets->suppressions, suppression_files.items[i]);
    if (every.kind != OPTION_TIME_UNSET) {
        budgets->every_ns = every.value;
        if (every.kind != OPTION_TIME_NS || every.value == 0) {
            say_error("--every takes a time such as 1s or 250ms");
            return false;
        }
    }
    if (max_increase && !budgets_parse_percent(max_increase, &budgets->max_increase)) {
        say_error("--max-increase takes a part such as 5%% or 2.5%%, not \"%s\"", max_increase);
        return false;
    }
    for (size_t i = 0; i < parts.n; i++)
        if (budgets_add(budgets, parts.items[i], error) < 0) {
            say_error("--budget: %s", error->text);
            return false;
        }
    return true;
}

/* Command line first, then the file; where nothing is limited, no lost byte is allowed. */
static bool read_budgets(struct budgets *budgets)
{
    struct trace_error error = { "" };
    char *found = config || no_config ? NULL : budgets_find_file();
    const char *path = config ? config : found;
    bool good = take_options(budgets, &error);
    if (good && path && budgets_read(budgets, path, &error) < 0) {
        say_error("%s", error.text);
        good = false;
    }
    if (good && !budgets_any(budgets))
        budgets->items.items[0].limits[LIMIT_LOST] = 0;
    free(found);
    return good;
}

static struct suppressions *read_suppressions(const struct budgets *budgets)
{
    struct suppressions *suppressions = suppressions_create();
    struct trace_error error = { "" };
    for (size_t i = 0; i < budgets->suppressions.n; i++)
        if (suppressions_read(suppressions, budgets->suppressions.items[i], &error) < 0) {
            say_error("%s", error.text);
            suppressions_destroy(suppressions);
            return NULL;
        }
    return suppressions;
}

/* Where Python's objects were not recorded one by one, the memory that they lie in is the arenas' mappings. */
static enum memory_kind memory_of(const struct trace *trace)
{
    bool arenas = false;
    for (uint32_t i = 0; i < trace->n_pythons; i++) {
        if (trace->pythons[i].state == TRACE_PYTHON_LIVE)
            return MEMORY_HEAP;
        arenas |= trace->pythons[i].state == TRACE_PYTHON_ARENAS;
    }
    return arenas ? MEMORY_ALL : MEMORY_HEAP;
}

static struct baseline *baseline_of_trace(struct trace *trace, const char *process, struct trace_error *error)
{
    struct selection selection = { .process = process, .memory = memory_of(trace) };
    struct profile *profile;
    if (profile_create(&profile, trace, &selection, error) < 0)
        return NULL;
    uint32_t *owners = lines_owners(profile, LINES_OWN);
    struct baseline *baseline = baseline_of(profile, owners);
    free(owners);
    profile_destroy(profile);
    return baseline;
}

/* Returns false after a sentence. No baseline is fine. */
static bool read_baseline(const struct budgets *budgets, struct baseline **baseline)
{
    struct trace_error error = { "" };
    bool json = false;
    if (!budgets->baseline)
        return true;
    if (baseline_looks_like_json(budgets->baseline, &json, &error) == 0) {
        if (json) {
            baseline_read(baseline, budgets->baseline, &error);
        } else {
            struct trace *trace = trace_open(budgets->baseline, &error);
            *baseline = trace ? baseline_of_trace(trace, budgets->process, &error) : NULL;
            trace_close(trace);
        }
    }
    if (!*baseline)
        say_error("%s", error.text);
    return *baseline;
}

/* A figure that is not to be trusted is not to be compared with, either. */
static bool is_sound(const struct findings *findings)
{
    for (size_t i = 0; i < findings->items.n; i++) {
        const struct finding *finding = &findings->items.items[i];
        if ((finding->rule == RULE_CHECK || finding->rule == RULE_TARGET) && finding->outcome != GATE_PASS)
            return false;
    }
    return true;
}

static bool write_baseline(struct trace *trace, const struct budgets *budgets, const struct findings *findings)
{
    struct trace_error error = { "" };
    if (!write_baseline_path)
        return true;
    if (!is_sound(findings)) {
        say_error("no baseline is written to '%s': the program failed, or its recording is not whole", write_baseline_path);
        return false;
    }
    struct baseline *baseline = baseline_of_trace(trace, budgets->process, &error);
    FILE *out = baseline ? fopen(write_baseline_path, "we") : NULL;
    int status = out ? baseline_write(baseline, out) : -errno;
    if (out && fclose(out) == EOF && status == 0)
        status = -errno;
    if (status < 0)
        say_error("the baseline cannot be written to '%s': %s", write_baseline_path, baseline ? strerror(-status) : error.text);
    baseline_destroy(baseline);
    return status == 0;
}

static void say_unused(const struct suppressions *suppressions, const struct budgets *budgets)
{
    size_t unused = 0;
    const struct suppression_rule *first = NULL;
    if (!budgets_limit_any(budgets, LIMIT_LOST))
        return;
    for (size_t i = 0; i < suppressions_count(suppressions); i++) {
        const struct suppression_rule *rule = suppressions_rule(suppressions, i);
        if (rule->groups == 0 && unused++ == 0)
            first = rule;
    }
    if (unused)
        say_note("%zu suppression%s took nothing; the first is \"%s\" (%s:%u)", unused, view_plural(unused), first->name,
                 first->file, first->line);
}

static int finish(struct findings *findings, const char *trace_path)
{
    static const int exit_codes[] = { EXIT_OK, EXIT_FAIL, EXIT_UNCHECKED };
    struct view view;
    findings_finish(findings);
    findings->trace_path = trace_path;
    findings->version = HEAPLINE_VERSION;
    view_init(&view, (enum color_when)view_options.color);
    view.top = view_options.top < UINT32_MAX ? (uint32_t)view_options.top : UINT32_MAX;
    bool written = gate_outputs_write(&outputs, &view, findings);
    int code = exit_codes[findings->outcome];
    return written || code != EXIT_OK ? code : EXIT_USAGE;
}

/* What a trace says. `shown`: its name in reports, NULL when it will be gone. */
static int check_trace(struct trace *trace, const struct budgets *budgets, const char *shown)
{
    struct trace_error error = { "" };
    struct findings findings = { 0 };
    struct view view;
    struct baseline *baseline = NULL;
    struct suppressions *suppressions = read_suppressions(budgets);
    char *root = budgets_find_root();
    int code = EXIT_USAGE;
    view_init(&view, COLOR_NEVER);
    if (suppressions && read_baseline(budgets, &baseline)) {
        struct gate_question question = { budgets, suppressions, baseline, memory_of(trace), root, view.utf8 };
        if (gate_check(&findings, trace, &question, &error) < 0) {
            say_error("%s", error.text);
        } else {
            bool written = write_baseline(trace, budgets, &findings);
            code = finish(&findings, shown);
            say_unused(suppressions, budgets);
            code = written || code != EXIT_OK ? code : EXIT_USAGE;
        }
    }
    findings_release(&findings);
    baseline_destroy(baseline);
    suppressions_destroy(suppressions);
    free(root);
    return code;
}

/* There is no recording at all: says so in every output. */
static int unrecorded(char **program, const char *why)
{
    struct findings findings = { 0 };
    struct strbuf command = STRBUF_INIT;
    char *root = budgets_find_root();
    quote_command(&command, program);
    findings.command = command.data;
    findings.target_text = "was not recorded";
    findings.root = root;
    vec_push(&findings.items, ((struct finding){ .rule = RULE_CHECK,
                                                 .outcome = GATE_UNCHECKED,
                                                 .budget = "recording",
                                                 .fingerprint = "",
                                                 .message = xasprintf("Nothing was recorded: %s.", why) }));
    int code = finish(&findings, NULL);
    findings_release(&findings);
    strbuf_release(&command);
    free(root);
    return code;
}

static char *temporary_path(void)
{
    const char *folder = getenv("TMPDIR");
    char *path = xasprintf("%s/heapline-gate-XXXXXX.hpl", folder && *folder ? folder : "/tmp");
    int fd = mkstemps(path, 4);
    if (fd < 0) {
        say_error("a temporary file '%s' cannot be made: %s; name one with -o", path, strerror(errno));
        free(path);
        return NULL;
    }
    close(fd);
    return path;
}

/* As `heapline run` would. */
static void record(char **program, int n, const char *path)
{
    static char name[] = "run", quiet[] = "--quiet", to[] = "--output", end[] = "--";
    VEC(char *) argv = { 0 };
    vec_push(&argv, name);
    vec_push(&argv, quiet);
    vec_push(&argv, to);
    vec_push(&argv, xstrdup(path));               /* stays: run keeps the name */
    for (size_t i = 0; i < run_options.n; i++)
        vec_push(&argv, xstrdup(run_options.items[i]));
    vec_push(&argv, end);
    for (int i = 0; i < n; i++)
        vec_push(&argv, program[i]);
    vec_push(&argv, NULL);
    command_run.run((int)argv.n - 1, argv.items);
    vec_release(&argv);
}

static int check_program(char **program, int n, const struct budgets *budgets)
{
    struct inspection inspection;
    struct trace_error error = { "" };
    inspect_program(program[0], &inspection);
    if (inspection.verdict != INSPECT_FINE)
        return unrecorded(program, inspection.reason);
    char *path = output ? xstrdup(output) : temporary_path();
    if (!path)
        return EXIT_USAGE;
    unlink(path);                                 /* what an earlier run left must not be taken for this one's */
    record(program, n, path);
    struct trace *trace = access(path, F_OK) == 0 ? trace_open(path, &error) : NULL;
    int code = trace ? check_trace(trace, budgets, output)
                     : unrecorded(program, *error.text ? error.text : "the message above says why");
    trace_close(trace);
    if (!output)
        unlink(path);
    free(path);
    return code;
}

static int check_file(const char *path, const struct budgets *budgets)
{
    struct trace_error error = { "" };
    struct trace *trace = trace_open(path, &error);
    if (!trace) {
        say_error("%s", error.text);
        if (access(path, X_OK) == 0)
            say_note("to run a program, write -- before it: heapline gate [OPTION...] -- %s", path);
        return EXIT_USAGE;
    }
    int code = check_trace(trace, budgets, path);
    trace_close(trace);
    return code;
}

/* How many words stand behind "--", or -1: there is none. */
static int words_behind_dashes(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0)
            return argc - i - 1;
    return -1;
}

static int run(int argc, char **argv)
{
    int words = words_behind_dashes(argc, argv), n = option_parse(&command_gate, argc, argv);
    struct budgets budgets;
    if (n < 0)
        return n == -2 ? EXIT_OK : EXIT_USAGE;
    if (words > 0 ? n != words : n != 1) {
        say_error(words > 0 ? "gate takes either a trace, or -- and a program with its arguments, not both"
                            : "gate takes one trace, or -- and a program to record: heapline gate [OPTION...] FILE | -- PROGRAM "
                              "[ARGUMENT...]");
        return EXIT_USAGE;
    }
    budgets_init(&budgets);
    int code = EXIT_USAGE;
    if (read_budgets(&budgets))
        code = words > 0 ? check_program(argv + 1, n, &budgets) : check_file(argv[1], &budgets);
    budgets_release(&budgets);
    return code;
}

const struct command command_gate = {
    .name = "gate",
    .operands = "FILE | -- PROGRAM [ARGUMENT...]",
    .summary = "pass or fail: hold a recording to memory budgets, for CI",
    .description =
        "Checks a trace against budgets, or runs PROGRAM as `heapline run` does and checks that. Prints the verdict, each "
        "check with its value and limit, and what is wrong with its stack.\n"
        "\n"
        "  0  passed\n"
        "  1  failed: a budget is exceeded, or the program itself failed\n"
        "  2  usage, or a file that cannot be read or written\n"
        "  3  could not check: events were lost, a snapshot is missing or incomplete, the\n"
        "     trace is cut, a child ran unrecorded, or there are too few iterations\n"
        "\n"
        "Budgets come from the command line and from heapline.ini, which lies in the repository; the command line wins. "
        "When there is none at all, no byte may be lost, and the program has to end with status 0.\n"
        "\n"
        "--max-growth needs iterations: the program calls heapline_mark(\"iteration\") at the end of each (heapline.h, or "
        "the Python package), or --every takes intervals of time. At least 12 are needed, 50 are good. Warm-up is left "
        "out; caches that level off, steps that stop and garbage that is collected now and then pass.\n"
        "\n"
        "--baseline compares stacks by their functions, files and modules, not by lines or addresses, so that another "
        "build can be compared.",
    .examples = "heapline gate -- ./tests\tno byte may be lost\n"
                "heapline gate --max-peak 256MiB --max-lost 4KiB app.hpl\tcheck a trace\n"
                "heapline gate --max-growth 0 --iterations request -- ./server --test\twhat grows with every request\n"
                "heapline gate --write-baseline ci/heapline.json -- ./bench\tkeep the figures\n"
                "heapline gate --baseline ci/heapline.json --max-increase 5% -- ./bench\tcompare with them\n"
                "heapline gate --github --sarif heapline.sarif -- ./tests\ton GitHub\n",
    .options = options,
    .run = run,
};
