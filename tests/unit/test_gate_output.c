/* What the gate's outputs make of findings whose names are as bad as names can be. The text is compared with
 * tests/golden/output (HEAPLINE_UPDATE_GOLDEN writes it anew, to be read before it is committed). `test_gate_output FOLDER`
 * writes every format of every sample there instead, for tests/schemas/check_gate.py, which knows these samples by their
 * figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/base/xalloc.h"
#include "../../viewer/output/gate.h"
#include "../../viewer/output/gate_parts.h"
#include "../../viewer/base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOSTILE_FUNCTION "f<\"&'\x01\x1b[31m\xff\xc3\xa4{lambda(int)#1}[](int)]]>|`*"
#define HOSTILE_FILE "src/a dir/100%0A,a:b\"<&>\xc3\xa4\xff.c"
#define HOSTILE_MESSAGE "1.50 KiB in 3 blocks of f{0}[](int) are lost\n::error::injected\r\n]]> </failure> \x01\xfe | `x`"

static char long_name[5001];

static const struct finding_frame hostile_stack[] = {
    { "malloc", NULL, "/usr/lib/libheapline.so", 0 },
    { HOSTILE_FUNCTION, HOSTILE_FILE, "/opt/my app/bin", 12 },
    { long_name, "./src/long.c", NULL, 7 },
    { "run", "<string>", NULL, 3 },
    { "start", "/usr/include/c++/12/start.h", "/opt/my app/bin", 99 },
    { NULL, NULL, "/opt/my app/lib\xff.so.1", 0 },
    { NULL, NULL, NULL, 0 },
};

/* The owner stands outside of the root: its caller below the root is where the services show it. */
static const struct finding_frame outside_stack[] = {
    { "inner", "src/inner.c", "app", 1 },
    { "std::vector<int>::push_back", "/usr/include/c++/12/vector.h", "app", 120 },
    { "fill", "src/fill.c", "app", 40 },
    { "main", "src/main.c", "app", 0 },
};

static struct finding *add(struct findings *findings, enum gate_rule rule, enum gate_outcome outcome, const char *budget,
                           const char *message)
{
    struct finding *finding = vec_add(&findings->items);
    finding->rule = rule;
    finding->outcome = outcome;
    finding->budget = budget;
    finding->message = xstrdup(message);
    finding->fingerprint = "";
    return finding;
}

static void add_figures(struct finding *finding, uint64_t value, uint64_t limit, uint64_t blocks)
{
    finding->value = value;
    finding->limit = limit;
    finding->blocks = blocks;
}

static void add_stack(struct finding *finding, const struct finding_frame *frames, uint32_t n, uint32_t owner,
                      const char *fingerprint)
{
    finding->frames = frames;
    finding->n_frames = n;
    finding->owner = owner;
    finding->fingerprint = fingerprint;
}

static void make_clean(struct findings *findings)
{
    add_figures(add(findings, RULE_PEAK, GATE_PASS, "max-peak", "24.0 MiB at the peak"), 24 << 20, 64 << 20, 10);
    add_figures(add(findings, RULE_LOST, GATE_PASS, "max-lost", "nothing is lost"), 0, 0, 0);
}

/* Failures of every kind, and one check that could not be made. */
static void make_mixed(struct findings *findings)
{
    struct finding *lost;
    make_clean(findings);
    findings->items.items[1].budget = "max-lost for *";
    add(findings, RULE_GROWTH, GATE_UNCHECKED, "max-growth",
        "4 iterations are too few to fit a slope {to}: 10 are needed.")->limit = 16;
    lost = add(findings, RULE_LOST, GATE_FAIL, "max-lost", HOSTILE_MESSAGE);
    add_figures(lost, 1536, 0, 3);
    add_stack(lost, hostile_stack, 7, 1, "00000000000000aa");
    lost->path = "global <servers> in app -> +0x40 -> \xc3\xa4\x02";
    lost = add(findings, RULE_LOST, GATE_FAIL, "max-lost", "64 B in 1 block are lost");
    add_figures(lost, 64, 0, 1);
    add_stack(lost, outside_stack, 4, 1, "00000000000000bb");
    lost = add(findings, RULE_LOST, GATE_FAIL, "max-lost", "64 B in 1 block are lost, in another process");
    add_figures(lost, 64, 0, 1);
    add_stack(lost, outside_stack, 4, 1, "00000000000000bb");
    add_figures(add(findings, RULE_ALLOCATIONS, GATE_FAIL, "max-allocations", "1,234 allocations, 1,000 are allowed"),
                1234, 1000, 1234);
    add(findings, RULE_TARGET, GATE_FAIL, "exit status", "The program ended with status 3.");
    findings->target_text = "ended with status 3";
}

static void make_unchecked(struct findings *findings)
{
    make_clean(findings);
    add(findings, RULE_CHECK, GATE_UNCHECKED, "snapshot", "Process 100 was killed by signal 9 before its snapshot was taken.");
    findings->command = "/usr/bin/perl -e 1";
}

static void make_nothing(struct findings *findings)
{
    findings->command = NULL;
    findings->root = NULL;
    findings->trace_path = NULL;
    findings->duration_ns = 0;
    findings->started_unix_ns = 0;
}

static void make_many(struct findings *findings)
{
    for (unsigned i = 0; i < 75; i++) {
        char *message = xasprintf("%u B are lost", 1000 - i);
        struct finding *lost = add(findings, RULE_LOST, GATE_FAIL, "max-lost", message);
        add_figures(lost, 1000 - i, 0, 1);
        add_stack(lost, outside_stack, 4, 2, "00000000000000cc");
        free(message);
    }
}

/* Any bytes: 1 to `most` of them, no two strings the same. */
static const char *random_text(struct findings *findings, uint64_t *state, size_t most)
{
    static const char often[] = "\r\n\t %:,<>&\"'[](){}|`./;\xc3\xa4\xe2\x82\xef\xbf\xbe\xed\xa0\xf0\x9f";
    char text[256];
    size_t n = 0;
    do {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned pick = (unsigned)(*state >> 33);
        text[n++] = pick & 1 ? often[(pick >> 1) % (sizeof often - 1)] : (char)((pick >> 1) % 255 + 1);
    } while (n < most && (*state >> 60 || n < 12));
    return arena_strndup(&findings->texts, text, n);
}

static void make_random(struct findings *findings)
{
    uint64_t state = 1;
    for (unsigned i = 0; i < 300; i++) {
        const char *message = random_text(findings, &state, 200);
        struct finding *finding = add(findings, i % RULES, i % 3, random_text(findings, &state, 40), message);
        struct finding_frame *frames = arena_zalloc(&findings->texts, 4 * sizeof *frames);
        for (unsigned f = 0; f < 4; f++)
            frames[f] = (struct finding_frame){ random_text(findings, &state, 60), random_text(findings, &state, 60),
                                                random_text(findings, &state, 60), (uint32_t)(state >> (32 + i % 32)) };
        add_figures(finding, state >> 1, state >> 20, i);
        add_stack(finding, frames, i % 5, i % 7, random_text(findings, &state, 16));
        finding->path = i % 2 ? random_text(findings, &state, 100) : NULL;
    }
    findings->command = random_text(findings, &state, 100);
    findings->trace_path = random_text(findings, &state, 100);
    findings->target_text = random_text(findings, &state, 100);
}

static const struct sample {
    const char *name;
    void (*make)(struct findings *findings);
    enum gate_outcome outcome;
} samples[] = {
    { "clean", make_clean, GATE_PASS }, { "mixed", make_mixed, GATE_FAIL }, { "unchecked", make_unchecked, GATE_UNCHECKED },
    { "nothing", make_nothing, GATE_UNCHECKED }, { "many", make_many, GATE_FAIL }, { "random", make_random, GATE_FAIL },
};

#define N_SAMPLES (sizeof samples / sizeof *samples)

static void sample_init(struct findings *findings, const struct sample *sample)
{
    memset(long_name, 'x', sizeof long_name - 1);
    *findings = (struct findings){ .command = "'/src/my project/out dir/my app' --once", .trace_path = "app.hpl",
                                   .version = "1.2.3",
                                   .started_unix_ns = UINT64_C(1767225600) * 1000000000,        /* 2026-01-01T00:00:00Z */
                                   .duration_ns = 1234567890, .root = "/src/my project" };
    sample->make(findings);
    findings_finish(findings);
}

struct sheet {
    char *text;
    size_t size;
    FILE *file;
};

static void sheet_open(struct sheet *sheet)
{
    sheet->file = open_memstream(&sheet->text, &sheet->size);
    assert_non_null(sheet->file);
}

static void write_text(struct sheet *sheet, const struct sample *sample, unsigned width, bool utf8, uint32_t top)
{
    struct findings findings;
    sheet_open(sheet);
    struct view view = { .out = sheet->file, .colors = palette_for(COLOR_NEVER, 1), .width = width, .utf8 = utf8, .top = top };
    sample_init(&findings, sample);
    assert_int_equal(findings.outcome, sample->outcome);
    assert_int_equal(gate_write_text(&view, &findings), 0);
    findings_release(&findings);
    fclose(sheet->file);
}

static void check_golden(const struct sample *sample, unsigned width, bool utf8, uint32_t top, const char *name)
{
    char path[4096], expected[16384];
    struct sheet sheet;
    write_text(&sheet, sample, width, utf8, top);
    snprintf(path, sizeof path, "%.*s/../golden/output/%s", (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__, name);
    FILE *file = fopen(path, getenv("HEAPLINE_UPDATE_GOLDEN") ? "w+" : "r");
    assert_non_null(file);
    if (getenv("HEAPLINE_UPDATE_GOLDEN")) {
        fputs(sheet.text, file);
        rewind(file);
    }
    expected[fread(expected, 1, sizeof expected - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(sheet.text, expected);
    free(sheet.text);
}

static void text_is_golden(void **state)
{
    check_golden(&samples[0], 100, true, 0, "gate-clean.txt");
    check_golden(&samples[1], 100, true, 0, "gate-mixed.txt");
    check_golden(&samples[2], 72, false, 0, "gate-unchecked.txt");
    check_golden(&samples[3], 100, true, 0, "gate-nothing.txt");
    check_golden(&samples[4], 72, false, 2, "gate-many.txt");
}

/* Whatever names hold, no line is wider than asked for, and nothing reaches the terminal that it would obey. */
static void text_stays_in_its_width(void **state)
{
    struct sheet sheet;
    write_text(&sheet, &samples[5], 100, true, 300);
    size_t column = 0, lines = 0;
    for (const char *c = sheet.text; *c;) {
        uint32_t code = 0;
        size_t n = utf8_character(c, SIZE_MAX, &code);
        assert_true(n > 0 && (code >= 0x20 || code == '\n') && (code < 0x7f || code > 0x9f));
        column = code == '\n' ? 0 : column + 1;
        lines += code == '\n';
        assert_true(column <= 100);
        c += n;
    }
    assert_true(lines > 1000);
    free(sheet.text);
}

static void worst_comes_first(void **state)
{
    struct findings findings;
    sample_init(&findings, &samples[1]);
    static const enum gate_rule rules[] = { RULE_TARGET, RULE_LOST, RULE_LOST, RULE_LOST, RULE_ALLOCATIONS, RULE_GROWTH,
                                            RULE_LOST, RULE_PEAK };
    assert_int_equal(findings.items.n, 8);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(findings.items.items[i].rule, rules[i]);
    assert_int_equal(findings.items.items[1].value, 1536);
    struct gate_checks checks;
    gate_checks_init(&checks, &findings);
    assert_int_equal(checks.n, 6);
    assert_int_equal(gate_checks_count(&checks, GATE_FAIL), 3);
    assert_int_equal(gate_checks_count(&checks, GATE_UNCHECKED), 1);
    assert_int_equal(gate_checks_count(&checks, GATE_PASS), 2);
    gate_checks_release(&checks);
    findings_release(&findings);
}

static void check_program(const char *command, const char *root, const char *expected)
{
    struct findings findings = { .command = command, .root = root };
    struct strbuf path = STRBUF_INIT;
    gate_add_program(&path, &findings);
    assert_string_equal(path.data, expected);
    strbuf_release(&path);
}

static void programs_are_paths_of_the_repository(void **state)
{
    check_program("./app --x", "/src", "app");
    check_program("/src/build/app", "/src", "build/app");
    check_program("/source/app", "/src", "app");
    check_program("/usr/bin/perl x.pl", "/src", "perl");
    check_program("../app", "/src", "app");
    check_program("'/src/it'\\''s here/app' x", "/src", "it's here/app");
    check_program("$'a\\tb\\\\\\'\\001' x", NULL, "a\tb\\'\001");
    check_program("/", "/src", "heapline");
    check_program("'", NULL, "heapline");
    check_program(NULL, NULL, "heapline");
}

static void check_clean(const char *text, bool one_line, const char *expected)
{
    struct strbuf out = STRBUF_INIT;
    gate_add_clean(&out, text, one_line);
    assert_string_equal(out.data, expected);
    strbuf_release(&out);
}

#define FFFD "\xef\xbf\xbd"

static void names_become_clean(void **state)
{
    check_clean("a\tb\nc\rd", false, "a\tb\nc\rd");
    check_clean("a\tb\nc\rd", true, "a b c d");
    check_clean("\x01\x1b\x7f", false, FFFD FFFD FFFD);
    check_clean("\xc2\x9b\xc2\xa0", false, FFFD "\xc2\xa0");                     /* a terminal's CSI; a blank that is none */
    check_clean("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd", false, FFFD FFFD FFFD);   /* U+FFFE and U+FFFF are no characters */
    check_clean("\xed\xa0\x80", false, FFFD FFFD FFFD);                        /* a surrogate */
    check_clean("\xc0\xaf|\xe0\x80\xaf", false, FFFD FFFD "|" FFFD FFFD FFFD);    /* overlong */
    check_clean("\xf0\x80\x80\xaf", false, FFFD FFFD FFFD FFFD);
    check_clean("\xf4\x90\x80\x80", false, FFFD FFFD FFFD FFFD);               /* past U+10FFFF */
    check_clean("\xf0\x9f\x98\x80\xe2\x82", false, "\xf0\x9f\x98\x80" FFFD FFFD);     /* the second is cut */
}

static ssize_t refuse(void *cookie, const char *data, size_t n)
{
    errno = ENOSPC;
    return 0;
}

/* A disk that is full is told, whatever the format. */
static void full_disk_is_told(void **state)
{
    struct findings findings;
    sample_init(&findings, &samples[1]);
    int (*const writers[])(FILE *, const struct findings *) = { gate_write_json, gate_write_junit, gate_write_sarif,
                                                                gate_write_gitlab };
    for (size_t i = 0; i < 5; i++) {
        FILE *file = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = refuse });
        struct view view = { .out = file, .colors = palette_for(COLOR_NEVER, 1), .width = 80 };
        assert_non_null(file);
        setvbuf(file, NULL, _IONBF, 0);
        assert_true((i < 4 ? writers[i](file, &findings) : gate_write_text(&view, &findings)) < 0);
        assert_true(gate_write_github(file, NULL, &findings) < 0);
        fclose(file);
    }
    findings_release(&findings);
}

static FILE *create(const char *folder, const struct sample *sample, const char *format)
{
    char *path = xasprintf("%s/%s.%s", folder, sample->name, format);
    FILE *file = fopen(path, "w");
    if (!file)
        perror(path);
    free(path);
    return file;
}

static int write_sample(const char *folder, const struct sample *sample)
{
    static const struct {
        const char *name;
        int (*write)(FILE *, const struct findings *);
    } formats[] = { { "json", gate_write_json }, { "xml", gate_write_junit }, { "sarif", gate_write_sarif },
                    { "gitlab", gate_write_gitlab } };
    struct findings findings;
    int status = 0;
    sample_init(&findings, sample);
    for (size_t i = 0; i < 4 && status == 0; i++) {
        FILE *file = create(folder, sample, formats[i].name);
        status = file ? formats[i].write(file, &findings) : -errno;
        if (file && fclose(file) != 0)
            status = -errno;
    }
    FILE *annotations = create(folder, sample, "github"), *summary = create(folder, sample, "md");
    if (status == 0)
        status = annotations && summary ? gate_write_github(annotations, summary, &findings) : -EIO;
    if (annotations)
        fclose(annotations);
    if (summary)
        fclose(summary);
    findings_release(&findings);
    return status;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_golden),
        cmocka_unit_test(text_stays_in_its_width),
        cmocka_unit_test(worst_comes_first),
        cmocka_unit_test(programs_are_paths_of_the_repository),
        cmocka_unit_test(names_become_clean),
        cmocka_unit_test(full_disk_is_told),
    };
    if (argc < 2)
        return cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < N_SAMPLES; i++)
        if (write_sample(argv[1], &samples[i]) < 0)
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
