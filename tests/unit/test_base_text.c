/* viewer/base: numbers as people read and write them, patterns, quoting, suggestions. */
#include "../../viewer/base/format.h"
#include "../../viewer/base/glob.h"
#include "../../viewer/base/parse.h"
#include "../../viewer/base/quote.h"
#include "../../viewer/base/suggest.h"
#include "../../viewer/base/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define MS ((uint64_t)1000000)
#define SECOND ((uint64_t)1000000000)

struct format_case {
    uint64_t value;
    const char *text;
};

static void check_formats(struct format_text (*format)(uint64_t), const struct format_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_string_equal(format(cases[i].value).text, cases[i].text);
}

#define CHECK_FORMATS(format, cases) check_formats((format), (cases), sizeof (cases) / sizeof *(cases))

static void bytes_have_three_digits(void **state)
{
    static const struct format_case cases[] = {
        { 0, "0 B" }, { 1023, "1023 B" }, { 1024, "1.00 KiB" }, { 1536, "1.50 KiB" },
        { 10234, "9.99 KiB" },                    /* 9.9941 */
        { 10235, "10.0 KiB" },                    /* 9.9951 */
        { 102348, "99.9 KiB" }, { 102349, "100 KiB" },
        { MIB - 513, "1023 KiB" }, { MIB - 512, "1.00 MiB" },
        { 3 * GIB / 2, "1.50 GiB" }, { 15 * MIB + MIB / 5, "15.2 MiB" }, { UINT64_MAX, "16.0 EiB" },
    };
    CHECK_FORMATS(format_bytes, cases);
}

static void counts_are_grouped(void **state)
{
    static const struct format_case cases[] = {
        { 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 999999, "999,999" }, { 1234567, "1,234,567" },
        { UINT64_MAX, "18,446,744,073,709,551,615" },
    };
    static const struct format_case short_cases[] = {
        { 999, "999" }, { 1000, "1.00 k" }, { 1234567, "1.23 M" }, { 999499, "999 k" }, { 999500, "1.00 M" },
        { 5000000000, "5.00 G" },
        { UINT64_MAX, "18.4 E" },
    };
    CHECK_FORMATS(format_count, cases);
    CHECK_FORMATS(format_count_short, short_cases);
    assert_string_equal(format_bytes_exact(3 * GIB / 2).text, "1,610,612,736 B");
}

static void durations_carry(void **state)
{
    static const struct format_case cases[] = {
        { 0, "0 ns" }, { 999, "999 ns" }, { 1000, "1.00 µs" }, { 12345, "12.3 µs" }, { 250 * MS, "250 ms" },
        { 999499999, "999 ms" }, { 999500000, "1.000 s" }, { 1234 * MS, "1.234 s" }, { 59999 * MS, "59.999 s" },
        { 60 * SECOND - 1, "1 m 00 s" }, { 123 * SECOND, "2 m 03 s" }, { 3600 * SECOND - 1, "1 h 00 m 00 s" },
        { 3723 * SECOND, "1 h 02 m 03 s" },
    };
    static const struct format_case seconds[] = { { 0, "0.000" }, { 1234567890, "1.235" }, { 3723 * SECOND, "3723.000" } };
    CHECK_FORMATS(format_duration, cases);
    CHECK_FORMATS(format_seconds, seconds);
}

static void percents_and_clocks(void **state)
{
    assert_string_equal(format_percent(0, 0).text, "-");
    assert_string_equal(format_percent(1, 3).text, "33.3%");
    assert_string_equal(format_percent(UINT64_MAX, UINT64_MAX).text, "100.0%");
    assert_string_equal(format_percent(9995, 10000).text, "100.0%");
    assert_string_equal(format_percent(9994, 10000).text, "99.9%");
    setenv("TZ", "UTC-2", 1);                     /* two hours east of Greenwich */
    tzset();
    assert_string_equal(format_clock(45065 * SECOND).text, "14:31:05");
    assert_string_equal(format_date(951782399 * SECOND).text, "2000-02-29 01:59:59");
}

struct parse_case {
    const char *text;
    bool good;
    uint64_t value;
};

static void check_parser(bool (*parse)(const char *, uint64_t *), const struct parse_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t value = 0;
        bool good = parse(cases[i].text, &value);
        if (good != cases[i].good || (good && value != cases[i].value))
            fail_msg("\"%s\": %s, %llu", cases[i].text, good ? "accepted" : "refused", (unsigned long long)value);
    }
}

#define CHECK_PARSER(parse, cases) check_parser((parse), (cases), sizeof (cases) / sizeof *(cases))

static void numbers_are_read(void **state)
{
    static const struct parse_case counts[] = {
        { "0", true, 0 }, { "007", true, 7 }, { "18446744073709551615", true, UINT64_MAX }, { "18446744073709551616", false, 0 },
        { "", false, 0 }, { "-1", false, 0 }, { "+1", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 }, { "0x10", false, 0 },
    };
    static const struct parse_case bytes[] = {
        { "4096", true, 4096 }, { "24MB", true, 24 * MIB }, { "1.5 GiB", true, 3 * GIB / 2 }, { "64k", true, 64 * KIB },
        { "1kb", true, KIB }, { "0.5K", true, 512 }, { ".5K", true, 512 }, { "7 B", true, 7 },
        { "15.5E", true, (uint64_t)31 << 59 },
        { "16E", false, 0 }, { "1.5.5K", false, 0 }, { "K", false, 0 }, { "", false, 0 }, { ".", false, 0 },
        { "1KiBs", false, 0 },
        { "1 i", false, 0 }, { "-1K", false, 0 }, { "1e3", false, 0 }, { "1Eib", true, (uint64_t)1 << 60 },
    };
    CHECK_PARSER(parse_count, counts);
    CHECK_PARSER(parse_bytes, bytes);
}

static void times_are_read(void **state)
{
    static const struct parse_case durations[] = {
        { "1.5s", true, 1500 * MS }, { "250ms", true, 250 * MS }, { "2m", true, 120 * SECOND }, { "1h", true, 3600 * SECOND },
        { "2 m 03 s", true, 123 * SECOND }, { "1h2m3.5s", true, 3723 * SECOND + 500 * MS },
        { "12.3 µs", true, 12300 }, { "7us", true, 7000 },
        { "3", true, 3 * SECOND }, { "0.25", true, 250 * MS }, { "5min", true, 300 * SECOND }, { "1ns", true, 1 },
        { "2m3", true, 123 * SECOND }, { "3s2m", false, 0 }, { "1s1s", false, 0 }, { "", false, 0 },
        { "s", false, 0 }, { "1 week", false, 0 },
        { "-1s", false, 0 }, { "99999999999h", false, 0 },
    };
    static const struct parse_case clocks[] = {
        { "12:31", true, 45060 }, { "12:31:05", true, 45065 }, { "0:00", true, 0 }, { "23:59:59", true, 86399 },
        { "24:00", false, 0 },
        { "12:60", false, 0 }, { "12:3:", false, 0 }, { "12", false, 0 }, { "12:31:05:1", false, 0 },
        { "012:31", false, 0 }, { ":31", false, 0 },
    };
    static const struct parse_case percents[] = {
        { "0%", true, 0 }, { "50%", true, 50 }, { "100%", true, 100 }, { "101%", false, 0 }, { "%", false, 0 },
        { "50", false, 0 },
        { "5.5%", false, 0 }, { "-5%", false, 0 },
    };
    CHECK_PARSER(parse_duration, durations);
    CHECK_PARSER(parse_clock, clocks);
    CHECK_PARSER(parse_percent, percents);
}

struct match_case {
    const char *pattern, *text;
    bool whole, path;               /* glob_match, glob_match_path */
};

static void globs_match(void **state)
{
    static const struct match_case cases[] = {
        { "", "", true, true }, { "", "a", false, false }, { "*", "", true, true }, { "a", "a", true, true },
        { "*.c", "/src/a.c", true, true }, { "/src/*", "/src/x/y.c", true, true }, { "a.c", "/src/a.c", false, true },
        { "src/a.c", "/src/a.c", false, false }, { "*/a.c", "/src/a.c", true, true }, { "?.c", "/src/a.c", false, true },
        { "a?c", "a/c", true, true }, { "[ab].c", "b.c", true, true }, { "[!ab].c", "b.c", false, false },
        { "[^a]x", "bx", true, true },
        { "[a-c]*", "cow", true, true }, { "[a-c]*", "dog", false, false }, { "[]x]", "]", true, true },
        { "[a-]", "-", true, true },
        { "operator[[]]", "operator[]", true, true }, { "operator[", "operator[", true, true },
        { "\\*", "*", true, true }, { "\\*", "a", false, false },
        { "a*b*c", "aXbYbZc", true, true }, { "a*b*c", "aXbYbZ", false, false }, { "*a*", "bab", true, true },
        { "**", "x", true, true },
        { "std::*", "std::string::append", true, true }, { "A", "a", false, false },
        { "lib*.so*", "/usr/lib/libc.so.6", false, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct match_case *c = &cases[i];
        if (glob_match(c->pattern, c->text) != c->whole || glob_match_path(c->pattern, c->text) != c->path)
            fail_msg("pattern \"%s\" and text \"%s\"", c->pattern, c->text);
    }
}

/* Doubling the stars would double the time of a naive matcher with every star: this would take years. */
static void globs_stay_fast(void **state)
{
    char pattern[201], text[5001];
    for (size_t i = 0; i < 200; i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[199] = 'b';
    pattern[200] = '\0';
    memset(text, 'a', 5000);
    text[5000] = '\0';
    assert_false(glob_match(pattern, text));
}

static void words_are_quoted(void **state)
{
    static const struct { const char *word, *quoted; } cases[] = {
        { "plain-1.0/x_y", "plain-1.0/x_y" }, { "", "''" }, { "a b", "'a b'" }, { "it's", "'it'\\''s'" }, { "$HOME", "'$HOME'" },
        { "a\nb", "$'a\\nb'" }, { "\x1b[0m'", "$'\\033[0m\\''" }, { "häuser", "häuser" }, { "~", "'~'" },
        { "*", "'*'" }, { "a=b", "a=b" },
        { "\\", "'\\'" }, { "\t\\", "$'\\t\\\\'" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct strbuf out = STRBUF_INIT;
        quote_word(&out, cases[i].word);
        assert_string_equal(out.data, cases[i].quoted);
        strbuf_release(&out);
    }
    char *words[] = { "sh", "-c", "echo 1", NULL };
    struct strbuf out = STRBUF_INIT;
    quote_command(&out, words);
    assert_string_equal(out.data, "sh -c 'echo 1'");
    strbuf_release(&out);
}

/* Every byte but NUL survives a real shell. */
static void shell_reads_the_same(void **state)
{
    char word[256];
    for (int i = 1; i < 256; i++)
        word[i - 1] = (char)i;
    word[255] = '\0';
    struct strbuf command = STRBUF_INIT;
    strbuf_add(&command, "printf %s ");
    quote_word(&command, word);
    assert_null(strchr(command.data, '\n'));
    char path[] = "/tmp/heapline-quote-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs(command.data, file);
    fclose(file);
    char line[64], got[300];
    snprintf(line, sizeof line, "LC_ALL=C bash %s", path);
    FILE *shell = popen(line, "r");
    assert_non_null(shell);
    size_t n = fread(got, 1, sizeof got, shell);
    pclose(shell);
    remove(path);
    assert_int_equal(n, 255);
    assert_memory_equal(got, word, 255);
    strbuf_release(&command);
}

static const char *suggest(const char *typed)
{
    static const char *const names[] = { "process", "thread", "top", "to", "by", "function" };
    struct suggestion near = { .typed = typed };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        suggestion_offer(&near, names[i]);
    return near.nearest ? near.nearest : "nothing";
}

static void near_names_are_suggested(void **state)
{
    assert_string_equal(suggest("threda"), "thread");
    assert_string_equal(suggest("thread"), "thread");
    assert_string_equal(suggest("functoin"), "function");
    assert_string_equal(suggest("poces"), "process");
    assert_string_equal(suggest("proc"), "process");
    assert_string_equal(suggest("tpo"), "top");
    assert_string_equal(suggest("xyzzy"), "nothing");
    assert_string_equal(suggest(""), "nothing");
    assert_string_equal(suggest("a-name-that-is-longer-than-all-the-names-that-any-table-of-options-holds"), "nothing");
}

static void widths_count_characters(void **state)
{
    assert_int_equal(text_width("häuser", strlen("häuser")), 6);
    assert_int_equal(text_width("µs", 3), 2);
    assert_int_equal(text_width("", 0), 0);
    setenv("COLUMNS", "132", 1);
    assert_int_equal(terminal_width(-1), 132);
    setenv("COLUMNS", "3", 1);
    assert_int_equal(terminal_width(-1), 20);
    setenv("COLUMNS", "wide", 1);
    assert_int_equal(terminal_width(-1), 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_have_three_digits),
        cmocka_unit_test(counts_are_grouped),
        cmocka_unit_test(durations_carry),
        cmocka_unit_test(percents_and_clocks),
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(globs_match),
        cmocka_unit_test(globs_stay_fast),
        cmocka_unit_test(words_are_quoted),
        cmocka_unit_test(shell_reads_the_same),
        cmocka_unit_test(near_names_are_suggested),
        cmocka_unit_test(widths_count_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
