/* Budgets from the command line and from a file: what is taken, what wins, and the sentence for a line that is no good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/budgets.h"
#include "../../viewer/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct budgets budgets;
static struct trace_error error;

static int set_up(void **state)
{
    budgets_init(&budgets);
    return 0;
}

static int tear_down(void **state)
{
    budgets_release(&budgets);
    return 0;
}

static void parse(const char *text)
{
    error.text[0] = '\0';
    if (budgets_parse(&budgets, "ci/heapline.ini", text, &error) < 0)
        fail_msg("%s", error.text);
}

static void expect_bad(const char *text, const char *sentence)
{
    assert_true(budgets_parse(&budgets, "f.ini", text, &error) < 0);
    assert_string_equal(error.text, sentence);
}

static uint64_t limit(enum budget_scope scope, const char *pattern, enum budget_limit kind)
{
    return budgets_part(&budgets, scope, pattern)->limits[kind];
}

static void test_file(void **state)
{
    parse("# what our tests may use\r\n"
          "[gate]\n"
          "max-lost = 0\n"
          "max-peak = 1.5 MiB   ; as of spring\n"
          "  max-allocations=20000\n"
          "iterations = \"request # 1\"\n"
          "baseline = base.json\n"
          "max-increase = 2.5%\n"
          "min-increase = 8k\n"
          "baseline-by = count\n"
          "suppressions = a.supp\n"
          "suppressions = /etc/b.supp\n"
          "\n"
          "[function \"parse_*\"]\n"
          "max-peak = 24 KiB\n"
          "[module \"lib[a-z] x.so\"]\n"
          "max-growth = 16");
    assert_int_equal(limit(SCOPE_RUN, NULL, LIMIT_LOST), 0);
    assert_int_equal(limit(SCOPE_RUN, NULL, LIMIT_PEAK), 1536 * 1024);
    assert_int_equal(limit(SCOPE_RUN, NULL, LIMIT_ALLOCATIONS), 20000);
    assert_true(limit(SCOPE_RUN, NULL, LIMIT_LIVE) == LIMIT_NONE);
    assert_string_equal(budgets.iterations, "request # 1");
    assert_string_equal(budgets.baseline, "ci/base.json");
    assert_int_equal(budgets.max_increase, 250);
    assert_int_equal(budgets.min_increase, 8192);
    assert_int_equal(budgets.baseline_by, MEASURE_COUNT);
    assert_int_equal(budgets.suppressions.n, 2);
    assert_string_equal(budgets.suppressions.items[0], "ci/a.supp");
    assert_string_equal(budgets.suppressions.items[1], "/etc/b.supp");
    assert_int_equal(budgets.items.n, 3);
    assert_int_equal(limit(SCOPE_FUNCTION, "parse_*", LIMIT_PEAK), 24 * 1024);
    assert_int_equal(limit(SCOPE_MODULE, "lib[a-z] x.so", LIMIT_GROWTH), 16);
    assert_true(limit(SCOPE_FUNCTION, "parse_*", LIMIT_GROWTH) == LIMIT_NONE);
}

static void test_command_line_wins(void **state)
{
    budgets.items.items[0].limits[LIMIT_LOST] = 7;
    budgets.process = "server";
    assert_int_equal(budgets_add(&budgets, "function  parse_*  max-peak  24 MiB", &error), 0);
    parse("[gate]\nmax-lost = 0\nprocess = client\nmax-live = 5\n[function \"parse_*\"]\nmax-peak = 1\nmax-live = 2\n");
    assert_int_equal(limit(SCOPE_RUN, NULL, LIMIT_LOST), 7);
    assert_int_equal(limit(SCOPE_RUN, NULL, LIMIT_LIVE), 5);
    assert_string_equal(budgets.process, "server");
    assert_int_equal(limit(SCOPE_FUNCTION, "parse_*", LIMIT_PEAK), 24 << 20);
    assert_int_equal(limit(SCOPE_FUNCTION, "parse_*", LIMIT_LIVE), 2);
}

static void test_bad_lines(void **state)
{
    expect_bad("max-lost = 0\n", "f.ini:1: settings stand in a section: begin with [gate]");
    expect_bad("[gate]\n\nmax-peek = 1\n", "f.ini:3: there is no setting \"max-peek\" here; did you mean max-peak?");
    expect_bad("[gate]\nmax-peak 1\n", "f.ini:2: a setting is written as NAME = VALUE, not \"max-peak 1\"");
    expect_bad("[gate]\nmax-peak = lots\n", "f.ini:2: this takes a size such as 4096, 24 MiB or 0, not \"lots\"");
    expect_bad("[gate]\nmax-peak =\n", "f.ini:2: max-peak has no value");
    expect_bad("[gate]\nmax-allocations = 1k\n", "f.ini:2: this takes a whole number such as 20000, not \"1k\"");
    expect_bad("[gate]\nevery = 0\n", "f.ini:2: this takes a time such as 1s or 250ms, not \"0\"");
    expect_bad("[gate]\nmax-increase = -5%\n", "f.ini:2: this takes a part such as 5%, not \"-5%\"");
    expect_bad("[gate]\nbaseline-by = weight\n", "f.ini:2: baseline-by takes a measure such as peak, live, allocated or count, "
                                                 "not \"weight\"");
    expect_bad("[gate\n", "f.ini:1: a section ends with ]");
    expect_bad("[function parse]\n", "f.ini:1: a section is [gate], or [function \"GLOB\"], [file \"GLOB\"] or [module "
                                     "\"GLOB\"]");
    expect_bad("[thread \"a\"]\n", "f.ini:1: a section is [gate], or [function \"GLOB\"], [file \"GLOB\"] or [module \"GLOB\"]");
    expect_bad("[run \"a\"]\n", "f.ini:1: a section is [gate], or [function \"GLOB\"], [file \"GLOB\"] or [module \"GLOB\"]");
    expect_bad("[file \"a\"]\nbaseline = x\n", "f.ini:2: there is no setting \"baseline\" here");
}

static void expect_bad_part(const char *text, const char *sentence)
{
    assert_true(budgets_add(&budgets, text, &error) < 0);
    assert_non_null(strstr(error.text, sentence));
}

static void test_parts_of_the_command_line(void **state)
{
    expect_bad_part("", "function GLOB LIMIT VALUE");
    expect_bad_part("run * max-peak 1", "function GLOB LIMIT VALUE");
    expect_bad_part("function parse max-peek 1", "function GLOB LIMIT VALUE");
    expect_bad_part("function parse max-peak", "max-peak takes a size such as 4096, 24 MiB or 0, not \"\"");
    assert_int_equal(budgets.items.n, 1);
    assert_false(budgets_any(&budgets));
    assert_int_equal(budgets_add(&budgets, "module lib*.so max-lost 0", &error), 0);
    assert_true(budgets_any(&budgets));
    assert_true(budgets_limit_any(&budgets, LIMIT_LOST));
    assert_false(budgets_limit_any(&budgets, LIMIT_PEAK));
}

static void test_percent(void **state)
{
    uint64_t hundredths;
    assert_true(budgets_parse_percent("5", &hundredths) && hundredths == 500);
    assert_true(budgets_parse_percent("0 %", &hundredths) && hundredths == 0);
    assert_true(budgets_parse_percent("150.25%", &hundredths) && hundredths == 15025);
    assert_false(budgets_parse_percent("", &hundredths));
    assert_false(budgets_parse_percent("5%%", &hundredths));
    assert_false(budgets_parse_percent("nan", &hundredths));
    assert_false(budgets_parse_percent("1e5", &hundredths));
}

/* In the working directory, in a folder above it of the same repository, but not beyond the repository's top. */
static void test_where_the_file_is(void **state)
{
    char top[] = "/tmp/heapline-budgets-XXXXXX", *before = getcwd(NULL, 0);
    assert_non_null(mkdtemp(top));
    char *real = realpath(top, NULL), *path = xasprintf("%s/heapline.ini", real), *repository = xasprintf("%s/r", real), *found;
    fclose(fopen(path, "w"));
    assert_int_equal(chdir(top), 0);
    assert_int_equal(mkdir("r", 0700) | mkdir("r/.git", 0700) | mkdir("r/a", 0700) | mkdir("r/a/b", 0700), 0);
    found = budgets_find_file();
    assert_string_equal(found, "heapline.ini");
    free(found);
    assert_int_equal(chdir("r/a/b"), 0);
    assert_null(budgets_find_file());
    found = budgets_find_root();
    assert_string_equal(found, repository);
    free(found);
    fclose(fopen("../../heapline.ini", "w"));
    found = budgets_find_file();
    free(path);
    path = xasprintf("%s/heapline.ini", repository);
    assert_string_equal(found, path);
    free(found);
    unlink(path);
    assert_int_equal(chdir(before), 0);
    char *command = xasprintf("rm -r %s", real);
    assert_int_equal(system(command), 0);
    free(command);
    free(repository);
    free(path);
    free(real);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_command_line_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parts_of_the_command_line, set_up, tear_down),
        cmocka_unit_test(test_percent),
        cmocka_unit_test(test_where_the_file_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
