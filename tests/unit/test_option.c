/* viewer/option.c: what is stored, what is left over, and the sentence for everything that is wrong. */
#include "../../viewer/cmd/usage.h"
#include "../../viewer/command.h"
#include "../../viewer/option.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const whats[] = { "peak", "live", "temporary", NULL };

static bool flag, json;
static const char *text, *file;
static struct option_list globs;
static int what;
static uint64_t top, least;
static struct option_time at;

static const struct option options[] = {
    { .name = "output", .letter = 'o', .kind = OPTION_FILE, .argument = "FILE", .help = "write to FILE", .value = &file },
    { .name = "by", .kind = OPTION_CHOICE, .help = "what to sort by (default: peak)", .value = &what, .choices = whats },
    { .name = "only", .kind = OPTION_CHOICE, .argument = "WHAT", .help = "what to show", .value = &what, .choices = whats },
    { .name = "glob", .letter = 'g', .kind = OPTION_LIST, .argument = "GLOB", .help = "only what matches", .value = &globs },
    { .name = "top", .letter = 'n', .kind = OPTION_COUNT, .argument = "N", .help = "at most N rows", .value = &top },
    { .name = "to", .kind = OPTION_STRING, .argument = "TEXT", .help = "any text", .value = &text },
    { .name = "least", .kind = OPTION_BYTES, .argument = "SIZE", .help = "leave smaller ones out", .value = &least },
    { .name = "at", .kind = OPTION_TIME, .argument = "TIME", .help = "the moment", .value = &at },
    { .name = "inverted", .letter = 'i', .kind = OPTION_FLAG, .help = "from the leaves", .value = &flag },
    { .name = "json", .letter = 'j', .kind = OPTION_FLAG, .help = "as JSON", .value = &json },
    { .name = NULL },
};

static const struct command show = {
    .name = "show", .operands = "FILE", .summary = "show a thing", .description = "One.\n\nTwo\nlines.\n\n  verbatim   text\n",
    .examples = "heapline show x\tshow x\n", .options = options,
};
static const struct command start = {
    .name = "start", .operands = "PROGRAM", .summary = "start a thing", .options = options, .takes_program = true,
};
const struct command *const commands[] = { &show, &start, NULL };

#define MOST_WORDS 16

/* One call of option_parse and what it printed. */
struct outcome {
    int result;
    char *words[MOST_WORDS];        /* argv afterwards */
    char printed[8192];             /* stdout and stderr */
};

static void reset_values(void)
{
    free(globs.items);
    globs = (struct option_list){0};
    flag = json = false;
    text = file = NULL;
    what = 0;
    top = least = 0;
    at = (struct option_time){0};
}

/* `line` is split at blanks into a static copy; "_" stands for an empty word. */
static struct outcome parse(const struct command *command, const char *line)
{
    static char copy[512];
    static char name[] = "name";
    struct outcome outcome = { .words = { name } };
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        outcome.words[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
    reset_values();

    FILE *sink = tmpfile();
    assert_non_null(sink);
    fflush(stdout);
    int saved_out = dup(STDOUT_FILENO), saved_error = dup(STDERR_FILENO);
    dup2(fileno(sink), STDOUT_FILENO);
    dup2(fileno(sink), STDERR_FILENO);
    outcome.result = option_parse(command, argc, outcome.words);
    fflush(stdout);
    dup2(saved_out, STDOUT_FILENO);
    dup2(saved_error, STDERR_FILENO);
    close(saved_out);
    close(saved_error);
    rewind(sink);
    outcome.printed[fread(outcome.printed, 1, sizeof outcome.printed - 1, sink)] = '\0';
    fclose(sink);
    return outcome;
}

static void accepts(const struct command *command, const char *line, int operands)
{
    struct outcome outcome = parse(command, line);
    assert_string_equal(outcome.printed, "");
    assert_int_equal(outcome.result, operands);
}

static void every_kind_is_stored(void **state)
{
    accepts(&show, "--output=a.hpl --by live --top=12 --to _ --least 1.5K --at 250ms --inverted", 0);
    assert_string_equal(file, "a.hpl");
    assert_int_equal(what, 1);
    assert_int_equal(top, 12);
    assert_string_equal(text, "");
    assert_int_equal(least, 1536);
    assert_int_equal(at.kind, OPTION_TIME_NS);
    assert_int_equal(at.value, 250000000);
    assert_true(flag);
    assert_false(json);
    accepts(&show, "--glob=*.c --glob a=b -gx -g -y --to=--top", 0);
    assert_int_equal(globs.n, 4);
    assert_string_equal(globs.items[0], "*.c");
    assert_string_equal(globs.items[1], "a=b");
    assert_string_equal(globs.items[2], "x");
    assert_string_equal(globs.items[3], "-y");
    assert_string_equal(text, "--top");
}

static void letters_combine(void **state)
{
    accepts(&show, "-ijn5", 0);
    assert_true(flag && json);
    assert_int_equal(top, 5);
    accepts(&show, "-jo x -n 7", 0);
    assert_string_equal(file, "x");
    assert_int_equal(top, 7);
}

static void the_last_one_counts(void **state)
{
    accepts(&show, "--top 1 --top 2 -n3", 0);
    assert_int_equal(top, 3);
    accepts(&show, "--by temporary --by peak", 0);
    assert_int_equal(what, 0);
}

static void names_may_be_cut(void **state)
{
    accepts(&show, "--inv --outp=f --to x --l 5", 0);           /* --to is a name, though --top begins so too */
    assert_true(flag);
    assert_string_equal(file, "f");
    assert_string_equal(text, "x");
    assert_int_equal(least, 5);
    assert_int_equal(top, 0);
}

static void times_have_kinds(void **state)
{
    static const struct { const char *line; enum option_time_kind kind; uint64_t value; } cases[] = {
        { "--at end", OPTION_TIME_PERCENT, 100 }, { "--at 50%", OPTION_TIME_PERCENT, 50 },
        { "--at 12:31", OPTION_TIME_CLOCK, 45060 },
        { "--at 12:31:05", OPTION_TIME_CLOCK, 45065 }, { "--at 2m", OPTION_TIME_NS, 120000000000 },
        { "--at 0", OPTION_TIME_NS, 0 },
        { "--top 1", OPTION_TIME_UNSET, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        accepts(&show, cases[i].line, 0);
        assert_int_equal(at.kind, cases[i].kind);
        assert_int_equal(at.value, cases[i].value);
    }
}

static void moments_are_times_or_labels(void **state)
{
    static const struct option table[] = {
        { .name = "at", .kind = OPTION_MOMENT, .argument = "TIME", .help = "the moment", .value = &at }, { .name = NULL },
    };
    static const struct command moment = { .name = "moment", .summary = "name one", .options = table };
    accepts(&moment, "--at loaded", 0);
    assert_int_equal(at.kind, OPTION_TIME_LABEL);
    assert_string_equal(at.label, "loaded");
    accepts(&moment, "--at 2m", 0);
    assert_int_equal(at.kind, OPTION_TIME_NS);
    accepts(&moment, "--at 50%", 0);
    assert_int_equal(at.kind, OPTION_TIME_PERCENT);
    assert_int_equal(parse(&moment, "--at _").result, -1);
}

static void operands_move_to_the_front(void **state)
{
    struct outcome outcome = parse(&show, "a -i b --top 3 - -- --json -x");
    assert_int_equal(outcome.result, 5);
    assert_string_equal(outcome.words[1], "a");
    assert_string_equal(outcome.words[2], "b");
    assert_string_equal(outcome.words[3], "-");
    assert_string_equal(outcome.words[4], "--json");
    assert_string_equal(outcome.words[5], "-x");
    assert_null(outcome.words[6]);
    assert_true(flag);
    assert_false(json);
}

static void a_program_keeps_its_options(void **state)
{
    struct outcome outcome = parse(&start, "-n 3 ls -i --top 4 -- x");
    assert_int_equal(outcome.result, 6);
    assert_string_equal(outcome.words[1], "ls");
    assert_string_equal(outcome.words[2], "-i");
    assert_string_equal(outcome.words[5], "--");
    assert_string_equal(outcome.words[6], "x");
    assert_null(outcome.words[7]);
    assert_int_equal(top, 3);
    assert_false(flag);
    outcome = parse(&start, "-i -- -n --");
    assert_int_equal(outcome.result, 2);
    assert_string_equal(outcome.words[1], "-n");
    assert_string_equal(outcome.words[2], "--");
}

static void errors_are_one_sentence(void **state)
{
    static const struct { const char *line, *sentence; } cases[] = {
        { "--jsno", "show: unknown option --jsno; did you mean --json?" },
        { "--invertd=3", "show: unknown option --invertd; did you mean --inverted?" },
        { "--zzzzzz", "show: unknown option --zzzzzz; \"heapline show -h\" lists the options" },
        { "--=x", "show: unknown option --; \"heapline show -h\" lists the options" },
        { "-x", "show: unknown option -x; \"heapline show -h\" lists the options" },
        { "-jx", "show: unknown option -x; \"heapline show -h\" lists the options" },
        { "--o x", "show: --o could be --output or --only; write more of it" },
        { "--t=x", "show: --t could be --top or --to; write more of it" },
        { "--json=yes", "show: --json takes no value; leave \"=yes\" out" },
        { "--top", "show: --top needs a value: --top N" },
        { "--by", "show: --by needs a value: --by peak|live|temporary" },
        { "-n", "show: --top needs a value: --top N" },
        { "--top ten", "show: --top takes a whole number such as 20, not \"ten\"" },
        { "--top=-5", "show: --top takes a whole number such as 20, not \"-5\"" },
        { "--top=", "show: --top takes a whole number such as 20, not \"\"" },
        { "--least 5x", "show: --least takes a size such as 4096, 24MB or 1.5GiB, not \"5x\"" },
        { "--at noon", "show: --at takes a time such as 1.5s, 250ms, 2m, 12:31:05, 50% or end, not \"noon\"" },
        { "--by paek", "show: --by takes peak, live or temporary, not \"paek\"; did you mean peak?" },
        { "--only size", "show: --only takes peak, live or temporary, not \"size\"" },
        { "--output=", "show: --output takes the name of a file, not \"\"" },
    };
    char expected[256];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome outcome = parse(&show, cases[i].line);
        snprintf(expected, sizeof expected, "heapline: %s\n", cases[i].sentence);
        assert_string_equal(outcome.printed, expected);
        assert_int_equal(outcome.result, -1);
    }
}

static const char help_text[] =
    "Usage: heapline show [OPTION...] FILE\n"
    "\n"
    "Show a thing.\n"
    "\n"
    "One.\n"
    "\n"
    "Two lines.\n"
    "\n"
    "  verbatim   text\n"
    "\n"
    "Options:\n"
    "  -o, --output FILE             write to FILE\n"
    "      --by peak|live|temporary  what to sort by (default:\n"
    "                                peak)\n"
    "      --only WHAT               what to show: peak, live\n"
    "                                or temporary\n"
    "  -g, --glob GLOB               only what matches\n"
    "  -n, --top N                   at most N rows\n"
    "      --to TEXT                 any text\n"
    "      --least SIZE              leave smaller ones out\n"
    "      --at TIME                 the moment\n"
    "  -i, --inverted                from the leaves\n"
    "  -j, --json                    as JSON\n"
    "  -h, --help                    print this help and exit\n"
    "\n"
    "Examples:\n"
    "  heapline show x\n"
    "      show x\n";

static void help_is_wrapped(void **state)
{
    static const char *const ways[] = { "-h", "--help", "--he", "-ih", "file --help --nonsense" };
    setenv("COLUMNS", "58", 1);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct outcome outcome = parse(&show, ways[i]);
        assert_int_equal(outcome.result, -2);
        assert_string_equal(outcome.printed, help_text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_stored),
        cmocka_unit_test(letters_combine),
        cmocka_unit_test(the_last_one_counts),
        cmocka_unit_test(names_may_be_cut),
        cmocka_unit_test(times_have_kinds),
        cmocka_unit_test(moments_are_times_or_labels),
        cmocka_unit_test(operands_move_to_the_front),
        cmocka_unit_test(a_program_keeps_its_options),
        cmocka_unit_test(errors_are_one_sentence),
        cmocka_unit_test(help_is_wrapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
