/* heapline leaks: what nothing leads to any more, and who holds the rest. */
#include "commands.h"

#include "../base/say.h"
#include "../output/leaks_print.h"
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define KIND(reach) (1u << (reach))
#define ALL_KINDS (KIND(TRACE_REACH_LOST) | KIND(TRACE_REACH_INDIRECT) | KIND(TRACE_REACH_POSSIBLE) | KIND(TRACE_REACH_HELD))

static const char *kinds_asked, *label, *write_path;
static struct option_list suppression_files;
static int by;
static bool addresses, inherited;

/* "lost,possible" */
static bool parse_kinds(const char *text, unsigned *kinds)
{
    *kinds = 0;
    while (*text) {
        size_t n = strcspn(text, ", ");
        unsigned found = n == 3 && memcmp(text, "all", 3) == 0 ? ALL_KINDS : 0;
        for (unsigned reach = TRACE_REACH_LOST; n && reach < TRACE_REACHES; reach++)
            if (strlen(leaks_reach_names[reach]) == n && memcmp(leaks_reach_names[reach], text, n) == 0)
                found = KIND(reach);
        if (n && !found) {
            say_error("--kinds: \"%.*s\" is none; there are lost, indirect, possible, reachable and all", (int)n, text);
            return false;
        }
        *kinds |= found;
        text += n;
        text += strspn(text, ", ");
    }
    if (!*kinds)
        say_error("--kinds wants one or more of lost, indirect, possible, reachable and all, with commas between them");
    return *kinds;
}

static struct suppressions *read_suppressions(void)
{
    struct suppressions *suppressions = suppressions_create();
    struct trace_error error = { "" };
    for (size_t i = 0; i < suppression_files.n; i++)
        if (suppressions_read(suppressions, suppression_files.items[i], &error) < 0) {
            say_error("%s", error.text);
            suppressions_destroy(suppressions);
            return NULL;
        }
    return suppressions;
}

static int write_suppressions(const struct leaks *leaks, unsigned kinds)
{
    size_t rules = 0;
    FILE *out = fopen(write_path, "we");
    int status = out ? leaks_write_suppressions(out, leaks, kinds, &rules) : -errno;
    if (out && fclose(out) == EOF && status == 0)
        status = -errno;
    if (status < 0)
        say_error("the suppressions cannot be written to %s: %s", write_path, strerror(-status));
    else
        say_note("%zu rule%s written to %s; \"--suppressions %s\" uses them", rules, view_plural(rules), write_path, write_path);
    return status;
}

static int judge(const struct view *view, const struct profile *profile, struct suppressions *suppressions, unsigned kinds)
{
    static const int exit_codes[] = { EXIT_OK, EXIT_FAIL, EXIT_UNCHECKED };
    struct leaks_question question = { label, suppressions, kinds, inherited };
    struct leaks_wanted wanted = { (enum leaks_by)by, kinds ? kinds : ALL_KINDS, addresses, suppressions };
    struct trace_error error = { "" };
    struct leaks *leaks;
    int status = 0;
    if (leaks_create(&leaks, profile, &question, &error) < 0) {
        say_error("%s", error.text);
        return EXIT_USAGE;
    }
    if (view_options.json)
        status = leaks_print_json(view, leaks, &wanted);
    else
        leaks_print_text(view, leaks, &wanted);
    if (write_path && status == 0)
        status = write_suppressions(leaks, kinds ? kinds : KIND(TRACE_REACH_LOST) | KIND(TRACE_REACH_POSSIBLE));
    int code = status < 0 ? EXIT_USAGE : exit_codes[leaks->verdict];
    leaks_destroy(leaks);
    return code;
}

static int print(const struct view *view, const struct profile *profile, void *context)
{
    unsigned kinds = 0;
    struct suppressions *suppressions = !kinds_asked || parse_kinds(kinds_asked, &kinds) ? read_suppressions() : NULL;
    int status = suppressions ? judge(view, profile, suppressions, kinds) : EXIT_USAGE;
    suppressions_destroy(suppressions);
    return status;
}

static int run(int argc, char **argv)
{
    return view_show(&command_leaks, argc, argv, print, NULL);
}

static const struct option options[] = {
    {"kinds", 0, OPTION_STRING, "KINDS", "which kinds are judged and shown: lost, indirect, possible, reachable, with commas, "
                                         "or all (default: lost is "
     "judged, all are shown)", &kinds_asked, NULL},
    {"suppressions", 0, OPTION_LIST, "FILE", "leave out what a rule in FILE takes: heapline's, LeakSanitizer's or Valgrind's",
     &suppression_files, NULL},
    {"write-suppressions", 0, OPTION_FILE, "FILE", "write a rule to FILE for each group that is left", &write_path, NULL},
    {"by", 0, OPTION_CHOICE, "WHAT", "one group for each stack (default: stack), line or module", &by, leaks_by_names},
    {"label", 0, OPTION_STRING, "LABEL", "look at the snapshots of that label (default: the last one of each process)", &label,
     NULL},
    {"addresses", 0, OPTION_FLAG, NULL, "show the addresses of the ten largest blocks of each group", &addresses, NULL},
    {"inherited", 0, OPTION_FLAG, NULL, "judge in forked processes what they inherited, too", &inherited, NULL},
    {"file", 0, OPTION_LIST, "GLOB", "only allocations with a frame in a source file like GLOB", &view_options.files, NULL},
    {"function", 0, OPTION_LIST, "GLOB", "only allocations with a frame in a function like GLOB", &view_options.functions, NULL},
    {"module", 0, OPTION_LIST, "GLOB", "only allocations with a frame in a program or library like GLOB", &view_options.modules,
     NULL},
    {"process", 0, OPTION_STRING, "PID|GLOB", "only this process, by number or by the name of its program",
     &view_options.process, NULL},
    {"thread", 0, OPTION_STRING, "TID|GLOB", "only what this thread allocated, by number or name", &view_options.thread, NULL},
    VIEW_WRAPPER_ROW,
    VIEW_NATIVE_ROW,
    VIEW_PYTHON_LINES_ROW,
    VIEW_OUTPUT_ROWS,
    VIEW_LAST_ROW,
};

const struct command command_leaks = {
    .name = "leaks",
    .operands = "FILE",
    .summary = "blocks that nothing leads to any more, and who holds the rest",
    .description =
        "Shows what of a program's heap was lost when its last snapshot was taken, as a rule at its end. A snapshot looks for "
        "pointers to each block "
        "in globals, stacks, registers, thread-local data, the program's own mappings, and in the blocks that those lead to.\n\n"
        "  lost       no pointer leads to the block: nobody can free it any more\n"
        "  indirect   only lost blocks lead to it; it would go with them\n"
        "  possible   only a pointer into its inside leads to it, that nothing explains\n"
        "  reachable  something leads to it; for the largest the report says what\n\n"
        "The verdict is one of three, and so is the exit code: no leaks (0), leaks (1), or incomplete (3): nothing is lost as "
        "far as could be seen, but "
        "not everything could be looked at; the reasons are listed. A thread that blocks all signals goes on during a snapshot "
        "and its registers are not seen: what only they hold is called lost, so no leaks stays no leaks. Lost blocks make a leak, indirect ones count with the lost "
        "block that "
        "leads to them; --kinds decides otherwise.\n\n"
        "A forked process answers for what it allocated. What it inherited is left to the process that it has it from, while "
        "that one lives, and to the "
        "child after that, but for what was lost before already. --inherited judges every process as if it were alone.\n\n"
        "--suppressions reads files of LeakSanitizer and of Valgrind as they are, and heapline's own, which "
        "--write-suppressions writes. "
        "A rule that takes a lost block takes what only that one leads to. Rules that took nothing are named.\n\n"
        "A fingerprint, in brackets, stays the same when the program is built again and lines move: it is made of the "
        "functions' names and their files.",
    .examples = "heapline leaks app.hpl\twhat was lost, and who holds what is left\n"
                "heapline leaks --suppressions lsan.supp app.hpl\twithout what is known\n"
                "heapline leaks --write-suppressions known.supp app.hpl\twrite down what is there, to see only what comes new\n"
                "heapline leaks --kinds lost,possible --by line app.hpl\tline by line, possible ones judged too\n",
    .options = options,
    .run = run,
};
