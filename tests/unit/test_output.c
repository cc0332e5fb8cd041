/* What the reports and the exports say of the run of test_analyze_sample.h: texts as in tests/golden/output, the
 * other formats by reading them back. With HEAPLINE_UPDATE_GOLDEN set the texts are written anew, to be read before
 * they are committed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <zlib.h>

#include "../../viewer/base/format.h"
#include "../../viewer/output/format.h"
#include "../../viewer/output/lines.h"
#include "../../viewer/output/python_block.h"
#include "../../viewer/output/report.h"
#include "../../viewer/output/tree.h"
#include "test_analyze_python_sample.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/heapline-output-XXXXXX", *golden;
static struct trace *whole, *cut, *python, *watched;

/* The source of the sample: app.c has 45 lines, and was last written before the run. util.c is not there. */
static int write_source(void)
{
    const struct timespec before[2] = { { 1600000000, 0 }, { 1600000000, 0 } };
    FILE *file = fopen("app.c", "w");
    if (!file)
        return -1;
    for (int line = 1; line <= 45; line++)
        fprintf(file, line == 10 ? "\tcall(line, %d); /* \xc3\xa4\x1b */\n" : "    line(%d);\n", line);
    fclose(file);
    file = fopen("app.py", "w");
    if (!file || utimensat(AT_FDCWD, "app.c", before, 0) < 0)
        return -1;
    fputs("import json\n\n@profile\ndef load(text):\n    rows = json.loads(text)\n    del text\n    return rows\n\n", file);
    for (int line = 9; line <= 19; line++)
        fprintf(file, "# %d\n", line);
    fputs("load('[1, 2]')", file);                 /* without a newline at its end */
    fclose(file);
    return utimensat(AT_FDCWD, "app.py", before, 0);
}

static int open_samples(void **state)
{
    struct trace_error error;
    char *path = realpath(__FILE__, NULL);
    if (!path || !mkdtemp(folder) || chdir(folder) != 0 || write_source() < 0)
        return -1;
    *strrchr(path, '/') = '\0';
    if (asprintf(&golden, "%s/../golden/output", path) < 0)
        return -1;
    free(path);
    if (sample_write("whole.hpl", folder, true) < 0 || sample_write("cut.hpl", folder, false) < 0)
        return -1;
    struct stat status;
    stat("cut.hpl", &status);
    if (truncate("cut.hpl", status.st_size - 1) < 0)
        return -1;
    if (python_sample_write("python.hpl", folder, false) < 0 || python_sample_write("watched.hpl", folder, true) < 0)
        return -1;
    python = trace_open("python.hpl", &error);
    watched = trace_open("watched.hpl", &error);
    whole = trace_open("whole.hpl", &error);
    cut = trace_open("cut.hpl", &error);
    if (!whole || !cut || cut->complete || !python || !watched)
        return -1;
    cut->cut_offset = 555;                         /* where exactly hangs on the compressor's version */
    return 0;
}

static int close_samples(void **state)
{
    trace_close(whole);
    trace_close(cut);
    trace_close(python);
    trace_close(watched);
    free(golden);
    unlink("app.c");
    unlink("app.py");
    unlink("python.hpl");
    unlink("watched.hpl");
    unlink("whole.hpl");
    unlink("cut.hpl");
    return rmdir(folder);
}

static struct profile *profile_of(struct trace *trace, const struct selection *selection)
{
    struct profile *profile = NULL;
    struct trace_error error;
    assert_int_equal(profile_create(&profile, trace, selection, &error), 0);
    return profile;
}

/* A stream into memory, and a view of it that no terminal and no environment changes. */
struct sheet {
    char *text;
    size_t size;
    struct view view;
};

static void sheet_open(struct sheet *sheet, unsigned width, bool utf8)
{
    *sheet = (struct sheet){ .view = { .colors = palette_for(COLOR_NEVER, 1), .width = width, .utf8 = utf8,
                                       .trace_path = "app.hpl" } };
    sheet->view.out = open_memstream(&sheet->text, &sheet->size);
    assert_non_null(sheet->view.out);
}

static void check_golden(struct sheet *sheet, const char *name)
{
    char path[4096], expected[32768];
    fclose(sheet->view.out);
    snprintf(path, sizeof path, "%s/%s", golden, name);
    FILE *file = fopen(path, getenv("HEAPLINE_UPDATE_GOLDEN") ? "w+" : "r");
    assert_non_null(file);
    if (getenv("HEAPLINE_UPDATE_GOLDEN")) {
        fputs(sheet->text, file);
        rewind(file);
    }
    size_t n = fread(expected, 1, sizeof expected - 1, file);
    expected[n] = '\0';
    fclose(file);
    assert_string_equal(sheet->text, expected);
    free(sheet->text);
}

static void check_report(struct trace *trace, const struct selection *selection, unsigned width, bool utf8, const char *name)
{
    struct profile *profile = profile_of(trace, selection);
    struct report report;
    struct trace_error error;
    struct sheet sheet;
    sheet_open(&sheet, width, utf8);
    assert_int_equal(report_init(&report, profile, MEASURE_PEAK, &error), 0);
    report_print_text(&sheet.view, &report);
    report_release(&report);
    profile_destroy(profile);
    check_golden(&sheet, name);
}

static void check_lines(struct trace *trace, const struct selection *selection, enum lines_mode mode, unsigned width,
                        const char *name)
{
    struct profile *profile = profile_of(trace, selection);
    struct lines lines;
    struct sheet sheet;
    sheet_open(&sheet, width, true);
    lines_build(&lines, profile, mode, MEASURE_PEAK);
    lines_print_text(&sheet.view, profile, &lines, false);
    lines_release(&lines);
    profile_destroy(profile);
    check_golden(&sheet, name);
}

static void check_tree(struct tree_options options, bool utf8, const char *name)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct tree tree;
    struct sheet sheet;
    sheet_open(&sheet, 100, utf8);
    tree_build(&tree, profile, &options);
    tree_print_text(&sheet.view, profile, &tree, 0, false);
    tree_release(&tree);
    profile_destroy(profile);
    check_golden(&sheet, name);
}

static void test_report(void **state)
{
    check_report(whole, &(struct selection){ 0 }, 120, true, "report.txt");
    check_report(whole, &(struct selection){ .process = "200" }, 80, false, "report-process.txt");
    check_report(cut, &(struct selection){ 0 }, 120, true, "report-cut.txt");
}

static void test_lines(void **state)
{
    static const char *const none[] = { "nothing" };
    check_lines(whole, &(struct selection){ 0 }, LINES_OWN, 120, "lines.txt");
    check_lines(whole, &(struct selection){ 0 }, LINES_SELF, 80, "lines-self.txt");
    check_lines(whole, &(struct selection){ .functions = { none, 1 } }, LINES_OWN, 80, "lines-nothing.txt");
    check_lines(whole, &(struct selection){ .windowed = true, .from_ns = 2 * MS, .to_ns = 3 * MS }, LINES_OWN, 120,
                "lines-window.txt");
}

static void test_tree(void **state)
{
    check_tree((struct tree_options){ .by = MEASURE_PEAK, .fold_recursion = true, .min_measure = 58 }, true, "tree.txt");
    check_tree((struct tree_options){ .by = MEASURE_COUNT, .inverted = true, .fold_recursion = true, .min_measure = 1 }, false,
               "tree-inverted.txt");
}

static void check_python_lines(struct selection selection, enum lines_mode mode, unsigned width, const char *name)
{
    check_lines(python, &selection, mode, width, name);
}

static void test_python(void **state)
{
    static const struct span spans[] = { { 0, 2 * MS, 3 * MS }, { 0, 4 * MS, 5 * MS } };
    check_python_lines((struct selection){ 0 }, LINES_OWN, 132, "python-lines.txt");
    check_python_lines((struct selection){ .scope = "load", .spans = { spans, 2 } }, LINES_INCLUSIVE, 100,
                       "python-lines-scope.txt");
    check_report(python, &(struct selection){ 0 }, 100, true, "python-report.txt");
}

/* The table of one function, as memory_profiler lays it out. */
static void check_profiler(struct trace *trace, unsigned digits, const char *expected, struct profiler_remarks *remarks)
{
    struct profile *profile = profile_of(trace, &(struct selection){ 0 });
    struct profiler_options options = { false, digits };
    struct trace_error error;
    struct lines lines;
    struct sheet sheet;
    char *whole_text;
    sheet_open(&sheet, 80, true);
    lines_build(&lines, profile, LINES_INCLUSIVE, MEASURE_PEAK);
    assert_int_equal(profiler_print_text(&sheet.view, profile, &lines, &options, remarks, &error), 0);
    lines_release(&lines);
    profile_destroy(profile);
    fclose(sheet.view.out);
    assert_true(asprintf(&whole_text, "Filename: %s/app.py\n\n"
                         "Line #    Mem usage    Increment  Occurrences   Line Contents\n"
                         "=============================================================\n%s\n\n", folder, expected) > 0);
    assert_non_null(strstr(sheet.text, whole_text));
    free(whole_text);
    free(sheet.text);
}

static void test_tables_of_memory_profiler(void **state)
{
    struct profiler_remarks remarks;
    /* What was live before the first line with figures: 10 MiB after it, 3 of which it brought. Nobody counted how
     * often line 7 ran, and nothing happened after it. */
    check_profiler(watched, 1,
                   "     3      7.0 MiB      7.0 MiB           1   @profile\n"
                   "     4                                         def load(text):\n"
                   "     5     10.0 MiB      3.0 MiB           2       rows = json.loads(text)\n"
                   "     6      9.0 MiB     -1.0 MiB           1       del text\n"
                   "     7      9.0 MiB      0.0 MiB           0       return rows\n", &remarks);
    assert_true(remarks.watched && remarks.executed && remarks.allocations);
    assert_int_equal(remarks.tables, 1);

    /* Not watched: 50 bytes were live before, the line held 2548 at most, in 12 allocations, 2528 is the peak. The
     * module's table is the whole file, but for the function's figures. */
    check_profiler(python, 4,
                   "     3   0.0000 MiB   0.0000 MiB           1   @profile\n"
                   "     4                                         def load(text):\n"
                   "     5   0.0024 MiB   0.0024 MiB          12       rows = json.loads(text)\n"
                   "     6                                             del text\n"
                   "     7                                             return rows\n", &remarks);
    assert_true(!remarks.watched && !remarks.executed && remarks.allocations);
    assert_int_equal(remarks.tables, 2);
}

/* Blocks as inspect.getblock finds them: the figures are those of Python 3.11's. */
static void check_block(const char *text, uint32_t first, enum python_block kind, uint32_t expected)
{
    struct source source;
    uint32_t last;
    source_copy(&source, text, strlen(text));
    assert_int_equal(python_block_at(&source, first, &last), kind);
    assert_int_equal(last, expected);
    assert_true(python_header_end(&source, first) <= last);
    source_release(&source);
}

static void test_blocks_of_python(void **state)
{
    check_block("def f():\n    a\n\n    b\n\n\nc\n", 1, PYTHON_FUNCTION, 4);
    check_block("@a(\n  1)\n@b\nasync def f(x,\n      y):\n    return (x,\n1)\nz\n", 1, PYTHON_FUNCTION, 7);
    check_block("def f():\n    '''\ndoc\n''' ; x = \"#\"\n    # deep\n# shallow\n\nc\n", 1, PYTHON_FUNCTION, 5);
    check_block("def f(): return 1\nx\n", 1, PYTHON_FUNCTION, 1);
    check_block("def f():\n    s = 'a\\\nb'\n    t = 1 + \\\n2\n    def g():\n        pass\nx\n", 1, PYTHON_FUNCTION, 7);
    struct source source;
    source_copy(&source, "@a\ndef f(x,\n  y):\n    pass\n", 26);
    assert_int_equal(python_header_end(&source, 1), 3);
    source_release(&source);
    check_block("class C:\n\tdef f(self):\n\t\tpass\n\n\tdef g(self):\n\t\tpass\nx = 1\n", 2, PYTHON_FUNCTION, 3);
    check_block("class C:\n    x = 1\n\nf = 1\n", 1, PYTHON_CLASS, 2);
    check_block("f = sorted(x, key=lambda y:\n   y)\nz\n", 1, PYTHON_EXPRESSION, 2);
    check_block("def f():\n    pass", 1, PYTHON_FUNCTION, 2);
    check_block("def f(", 1, PYTHON_FUNCTION, 1);
    check_block("default = 1\n    x\n", 1, PYTHON_EXPRESSION, 1);
}

static void test_text_that_was_never_a_file(void **state)
{
    struct source source;
    size_t n;
    source_find(&source, python, "<string>");
    const char *line = source_line(&source, 2, &n);
    assert_int_equal(n, strlen("second = []"));
    assert_memory_equal(line, "second = []", n);
    source_release(&source);
    source_find(&source, python, "<stdin>");
    assert_null(source.text);
}

static char *export_text(const char *name, enum measure by, size_t *size)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    for (const struct format *format = formats; format->name; format++)
        if (strcmp(format->name, name) == 0)
            assert_int_equal(format->write(out, profile, by), 0);
    fclose(out);
    profile_destroy(profile);
    assert_true(*size > 0);
    return text;
}

static void test_names_of_formats(void **state)
{
    size_t n = 0;
    for (; formats[n].name; n++)
        assert_string_equal(formats[n].name, format_names[n]);
    assert_null(format_names[n]);
}

static void test_folded(void **state)
{
    size_t size;
    char *text = export_text("folded", MEASURE_COUNT, &size);
    assert_string_equal(text, "main 1\n"
                              "main;parse;scan;xmalloc 10\n"
                              "main;std::vector<int>::push_back(int&&);operator new(unsigned long) 5\n"
                              "main;libplug.so+0x40 1\n"
                              "main;recurse 1\n"
                              "main;recurse;recurse;recurse 3\n"
                              "[truncated];0x7f0000001000 [unknown code] 2\n");
    free(text);
}

static void test_csv(void **state)
{
    size_t size;
    char *text = export_text("csv", MEASURE_PEAK, &size), *expected;
    assert_true(asprintf(&expected,
        "file,line,function,module,peak_bytes,peak_blocks,live_bytes,live_blocks,allocated_bytes,allocations,freed_bytes,frees,"
        "temporary_allocations,temporary_bytes,transient_blocks,transient_bytes,collected_blocks,collected_bytes,moved_blocks,"
        "moved_bytes,native_peak_bytes,native_live_bytes,native_allocated_bytes\n"
        "%s/app.c,10,main,/opt/app/app,4324,3,4224,2,4724,7,500,5,5,500,0,0,0,0,0,0,0,0,0\n"
        "%s/app.c,31,scan,/opt/app/app,1400,14,600,6,1000,10,1000,10,2,200,0,0,0,0,0,0,0,0,0\n"
        ",,0x7f0000001000 [unknown code],,64,2,32,1,64,2,32,1,0,0,0,0,0,0,0,0,0,0,0\n"
        "%s/app.c,40,recurse,/opt/app/app,40,4,40,4,40,4,0,0,0,0,0,0,0,0,0,0,0,0,0\n", folder, folder, folder) > 0);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
}

static void test_dot(void **state)
{
    size_t size;
    char *text = export_text("dot", MEASURE_ALLOCATED, &size);
    assert_non_null(strstr(text, "label=\"main\\n5.63 KiB (98.9%)\\nself 128 B (2.2%)\""));
    assert_non_null(strstr(text, "label=\"parse\\n1000 B (17.2%)\""));
    /* Recursion: 40 bytes are less than a hundredth of the total. */
    assert_null(strstr(text, "recurse"));
    assert_string_equal(text + size - 2, "}\n");
    free(text);
}

/* Sums the children of a massif node of depth `level` at `*line`, moves past them, and returns the node's bytes. */
static uint64_t massif_node(char **line, int level)
{
    unsigned children;
    unsigned long long bytes, sum = 0;
    assert_int_equal(strspn(*line, " "), level);
    assert_int_equal(sscanf(*line + level, "n%u: %llu ", &children, &bytes), 2);
    *line = strchr(*line, '\n') + 1;
    for (unsigned i = 0; i < children; i++)
        sum += massif_node(line, level + 1);
    assert_true(sum <= bytes);
    if (level == 0)
        assert_int_equal(sum, bytes);
    return bytes;
}

static void test_massif(void **state)
{
    size_t size;
    char *text = export_text("massif", MEASURE_PEAK, &size), *line = text;
    unsigned snapshots = 0, number;
    long last = 0, ms;
    assert_int_equal(strncmp(text, "desc: (none)\ncmd: app --fast\ntime_unit: ms\n", 43), 0);
    for (; (line = strstr(line, "snapshot=")); line++) {
        assert_int_equal(sscanf(line, "snapshot=%u\n#-----------\ntime=%ld\n", &number, &ms), 2);
        assert_int_equal(number, snapshots++);
        assert_true(ms >= last);
        last = ms;
    }
    assert_int_equal(last, 6);
    char *peak = strstr(text, "heap_tree=peak\n");
    assert_non_null(peak);
    assert_null(strstr(peak + 1, "heap_tree=peak\n"));
    peak += strlen("heap_tree=peak\n");
    assert_int_equal(massif_node(&peak, 0), 5828);
    assert_int_equal(*peak, '#');
    free(text);
}

/* A protocol buffer, read field by field. */
struct message { const unsigned char *at, *end; };
struct field { unsigned number; uint64_t value; struct message inner; };

static uint64_t read_varint(struct message *message)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        assert_true(message->at < message->end && shift < 64);
        value |= (uint64_t)(*message->at & 0x7f) << shift;
        if (*message->at++ < 0x80)
            return value;
    }
}

static bool read_field(struct message *message, struct field *field)
{
    if (message->at == message->end)
        return false;
    uint64_t tag = read_varint(message);
    field->number = (unsigned)(tag >> 3);
    field->value = read_varint(message);
    assert_true((tag & 7) == 0 || (tag & 7) == 2);
    if ((tag & 7) == 2) {
        assert_true(field->value <= (uint64_t)(message->end - message->at));
        field->inner = (struct message){ message->at, message->at + field->value };
        message->at += field->value;
    }
    return true;
}

static size_t unzip(const char *data, size_t n, unsigned char *room, size_t size)
{
    z_stream stream = { .next_in = (unsigned char *)data, .avail_in = (unsigned)n, .next_out = room,
                        .avail_out = (unsigned)size };
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    return stream.total_out;
}

static void test_pprof(void **state)
{
    size_t size;
    char *text = export_text("pprof", MEASURE_LIVE, &size);
    unsigned char room[16384];
    struct message message = { room, room + unzip(text, size, room, sizeof room) };
    struct field field, inner;
    uint64_t sums[4] = { 0 };
    unsigned counts[16] = { 0 }, strings_seen = 0;
    bool first_is_empty = false, has_space = false;
    free(text);
    while (read_field(&message, &field)) {
        counts[field.number & 15]++;
        if (field.number == 6) {
            size_t n = (size_t)(field.inner.end - field.inner.at);
            first_is_empty |= strings_seen++ == 0 && n == 0;
            has_space |= n == 11 && memcmp(field.inner.at, "inuse_space", 11) == 0;
        }
        while (field.number == 2 && read_field(&field.inner, &inner))
            for (unsigned i = 0; inner.number == 2 && inner.inner.at < inner.inner.end; i++)
                sums[i] += read_varint(&inner.inner);
    }
    /* Allocations and their bytes, live blocks and their bytes, as in test_totals_of_the_run. */
    assert_int_equal(sums[0], 23);
    assert_int_equal(sums[1], 5828);
    assert_int_equal(sums[2], 13);
    assert_int_equal(sums[3], 4896);
    assert_int_equal(counts[1], 4);                /* sample types */
    assert_int_equal(counts[2], 7);                /* stacks with figures */
    assert_int_equal(counts[3], 4);                /* mappings */
    assert_int_equal(counts[4], 9);                /* frames: all but main:12 and the mapping */
    assert_true(first_is_empty && has_space);
}

static json_t *parse(char *text)
{
    json_error_t error;
    json_t *object = json_loads(text, 0, &error);
    free(text);
    assert_non_null(object);
    return object;
}

static int64_t number_at(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static const char *const costs_names[] = { "peak_bytes", "live_bytes", "allocated_bytes", "allocations", "freed_bytes", "frees",
                                           "temporary_allocations", "temporary_bytes", "live_blocks", "peak_blocks",
                                           "collected_blocks", "collected_bytes", "moved_blocks", "moved_bytes", "native_peak_bytes",
                                           "native_live_bytes", "native_allocated_bytes" };

/* The figures of the elements add up to those of `total`. */
static void check_json_sums(json_t *array, json_t *total)
{
    for (size_t c = 0; c < sizeof costs_names / sizeof *costs_names; c++) {
        int64_t sum = 0;
        for (size_t i = 0; i < json_array_size(array); i++)
            sum += number_at(json_array_get(array, i), costs_names[c]);
        assert_int_equal(sum, number_at(total, costs_names[c]));
    }
}

static void test_report_json(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct report report;
    struct trace_error error;
    struct sheet sheet;
    sheet_open(&sheet, 80, true);
    assert_int_equal(report_init(&report, profile, MEASURE_PEAK, &error), 0);
    assert_int_equal(report_print_json(&sheet.view, &report), 0);
    report_release(&report);
    profile_destroy(profile);
    fclose(sheet.view.out);
    json_t *object = parse(sheet.text), *processes = json_object_get(object, "processes");
    assert_string_equal(json_string_value(json_object_get(object, "schema")), "heapline-report/1");
    check_json_sums(processes, json_object_get(object, "totals"));
    check_json_sums(json_object_get(object, "threads"), json_object_get(object, "totals"));
    json_t *parent = json_array_get(processes, 0), *child = json_array_get(processes, 1);
    assert_int_equal(number_at(parent, "pid"), 100);
    assert_string_equal(json_string_value(json_object_get(parent, "command")), "app --fast");
    assert_int_equal(number_at(json_object_get(parent, "exit"), "value"), 3);
    assert_string_equal(json_string_value(json_object_get(json_object_get(child, "exit"), "kind")), "signal");
    assert_int_equal(number_at(parent, "peak_bytes"), 5100);
    assert_true(json_real_value(json_object_get(parent, "peak_time_s")) == 0.002);
    assert_true(json_real_value(json_object_get(child, "duration_s")) == 0.0025);
    assert_int_equal(number_at(json_object_get(object, "losses"), "truncated_stacks"), 2);
    assert_int_equal(json_array_size(json_object_get(object, "sizes")), 4);
    assert_int_equal(json_array_size(json_object_get(object, "unprofiled")), 1);
    json_decref(object);
}

static void test_lines_json(void **state)
{
    struct profile *profile = profile_of(whole, &(struct selection){ 0 });
    struct lines lines;
    struct sheet sheet;
    sheet_open(&sheet, 80, true);
    lines_build(&lines, profile, LINES_OWN, MEASURE_PEAK);
    assert_int_equal(lines_print_json(&sheet.view, profile, &lines), 0);
    lines_release(&lines);
    profile_destroy(profile);
    fclose(sheet.view.out);
    json_t *object = parse(sheet.text), *rows = json_object_get(object, "lines");
    assert_string_equal(json_string_value(json_object_get(object, "schema")), "heapline-lines/1");
    check_json_sums(rows, json_object_get(object, "totals"));
    check_json_sums(json_object_get(object, "files"), json_object_get(object, "totals"));
    assert_int_equal(number_at(json_array_get(rows, 0), "line"), 10);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 1), "function")), "scan");
    assert_true(json_is_null(json_object_get(json_array_get(rows, 2), "file")));
    json_decref(object);
}

static void test_export_json(void **state)
{
    size_t size;
    json_t *object = parse(export_text("json", MEASURE_PEAK, &size));
    json_t *nodes = json_object_get(object, "nodes"), *selves = json_array();
    size_t places = json_array_size(json_object_get(object, "locations"));
    assert_string_equal(json_string_value(json_object_get(object, "schema")), "heapline-export/1");
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        json_t *node = json_array_get(nodes, i), *self = json_object_get(node, "self");
        if (self)
            json_array_append(selves, self);
        assert_true(i == 0 || (number_at(node, "parent") < (int64_t)i && number_at(node, "location") < (int64_t)places));
    }
    check_json_sums(selves, json_object_get(object, "totals"));
    assert_int_equal(number_at(json_array_get(nodes, 0), "peak_bytes"), 5828);
    json_decref(selves);
    json_decref(object);
}

static void check_clip(const char *text, size_t width, bool utf8, const char *expected)
{
    struct strbuf out = STRBUF_INIT;
    view_add_clipped(&(struct view){ .utf8 = utf8 }, &out, text, strlen(text), width);
    assert_string_equal(out.data, expected);
    strbuf_release(&out);
}

static void test_clipping(void **state)
{
    check_clip("abcdef", 6, true, "abcdef");
    check_clip("abcdef", 5, true, "abcd…");
    check_clip("abcdef", 5, false, "abc..");
    check_clip("\tx", 20, true, "        x");
    check_clip("ä\xff\x1b[31m", 20, true, "ä??[31m");
    check_clip("äöü", 2, true, "ä…");
    check_clip("äb", 9, false, "?b");
    check_clip("\xe2\x82", 9, true, "??");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report), cmocka_unit_test(test_lines), cmocka_unit_test(test_tree), cmocka_unit_test(test_python),
        cmocka_unit_test(test_tables_of_memory_profiler), cmocka_unit_test(test_blocks_of_python),
        cmocka_unit_test(test_text_that_was_never_a_file),
        cmocka_unit_test(test_names_of_formats),
        cmocka_unit_test(test_folded), cmocka_unit_test(test_csv), cmocka_unit_test(test_dot), cmocka_unit_test(test_massif),
        cmocka_unit_test(test_pprof), cmocka_unit_test(test_report_json), cmocka_unit_test(test_lines_json),
        cmocka_unit_test(test_export_json), cmocka_unit_test(test_clipping),
    };
    return cmocka_run_group_tests(tests, open_samples, close_samples);
}
