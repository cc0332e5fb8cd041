/* viewer/symbol on real files: small programs (symbol/) compiled in many ways. */
#include "../../viewer/symbol/image.h"
#include "symbol_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LEVELS 32

static struct symbolizer *symbolizer;

static int fresh(void **state)
{
    return symbolizer_create(&symbolizer);
}

static int done(void **state)
{
    symbolizer_destroy(symbolizer);
    return 0;
}

/* What the symbolizer says of an address of `elf`, as files_describe. */
static const char *describe(const char *elf, uint64_t address)
{
    struct trace_module module;
    struct trace_symbol symbols[LEVELS];
    files_module(&module, elf, elf);
    struct symbolizer_module *opened = symbolizer_open(symbolizer, &module);
    if (symbolizer_problem(opened))
        fail_msg("%s", symbolizer_problem(opened));
    return files_describe(symbols, symbolizer_find(opened, address, symbols, LEVELS));
}

static void assert_probe(const char *elf, const char *probe, const char *function, const char *source)
{
    char mark[64], symbol[64], expected[256];
    snprintf(mark, sizeof mark, "PROBE(%s)", probe);
    snprintf(symbol, sizeof symbol, "probe_%s", probe);
    snprintf(expected, sizeof expected, "%s %s:%u", function, source, files_line(source, mark));
    assert_string_equal(describe(elf, files_address(elf, symbol)), expected);
}

static void assert_three_deep(const char *elf)
{
    char expected[256];
    snprintf(expected, sizeof expected, "third deep.c:%u < second deep.c:%u < first deep.c:%u < outer deep.c:%u",
             files_line("deep.c", "PROBE(third)"), files_line("deep.c", "/* calls third */"),
             files_line("deep.c", "/* calls second */"), files_line("deep.c", "/* calls first */"));
    assert_string_equal(describe(elf, files_address(elf, "probe_third")), expected);
    assert_probe(elf, "outer", "outer", "deep.c");
    assert_probe(elf, "twin_here", "twin", "deep.c");
    assert_probe(elf, "twin_there", "twin", "twin.c");
}

static void inlined_calls_by(const char *compiler)
{
    files_need(compiler);
    static const char *const flags[] = { "-gdwarf-2", "-gdwarf-4", "-gdwarf-5", "-gdwarf-5 -static", "-gdwarf-4 -no-pie",
                                         "-gdwarf-5 -gsplit-dwarf", "-gdwarf-4 -gsplit-dwarf", "-gdwarf-5 -gz" };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        char elf[64];
        snprintf(elf, sizeof elf, "deep-%s-%zu", compiler, i);
        assert_true(files_run("%s -O2 %s \"$SRC/deep.c\" \"$SRC/twin.c\" -o %s", compiler, flags[i], elf));
        assert_three_deep(elf);
    }
}

static void inlined_calls_of_gcc(void **state)
{
    inlined_calls_by("gcc");
}

static void inlined_calls_of_clang(void **state)
{
    inlined_calls_by("clang");
}

/* Link-time optimisation puts abstract functions into other units than the calls. One partition: the labels are global. */
static void link_time_optimised(void **state)
{
    assert_true(files_run("gcc -O2 -g -flto -flto-partition=none \"$SRC/deep.c\" \"$SRC/twin.c\" -o lto"));
    assert_three_deep("lto");
}

static void inner_levels_come_first(void **state)
{
    assert_true(files_run("gcc -O2 -g \"$SRC/deep.c\" \"$SRC/twin.c\" -o levels"));
    struct trace_module module;
    struct trace_symbol symbols[3] = { [2] = { .line = 4711 } };
    files_module(&module, "levels", "levels");
    uint64_t address = files_address("levels", "probe_third");
    struct symbolizer_module *opened = symbolizer_open(symbolizer, &module);
    assert_int_equal(symbolizer_find(opened, address, symbols, 0), 0);
    assert_int_equal(symbolizer_find(opened, address, symbols, 2), 2);
    assert_string_equal(symbols[0].function, "third");
    assert_string_equal(symbols[1].function, "second");
    assert_int_equal(symbols[2].line, 4711);
    assert_ptr_equal(symbolizer_open(symbolizer, &module), opened);
}

static void names_carry_their_scopes(const char *compiler, const char *lambda)
{
    files_need(compiler);
    assert_true(files_run("%s -O2 -g \"$SRC/shapes.cpp\" -o shapes", compiler));
    assert_probe("shapes", "box", "garden::Box<long>::put", "shapes.cpp");
    assert_probe("shapes", "constructor", "garden::Box<long>::Box", "shapes.cpp");
    assert_probe("shapes", "versioned", "garden::v2::versioned", "shapes.cpp");
    assert_probe("shapes", "hidden", "garden::(anonymous namespace)::Hidden::get", "shapes.cpp");
    assert_probe("shapes", "secret", "garden::(anonymous namespace)::secret", "shapes.cpp");
    assert_probe("shapes", "quiet", "garden::quiet", "shapes.cpp");
    assert_probe("shapes", "local", "main::Local::go", "shapes.cpp");
    assert_probe("shapes", "lambda", lambda, "shapes.cpp");
}

static void names_of_gcc(void **state)
{
    names_carry_their_scopes("g++", "main::{lambda}::operator()");
}

static void names_of_clang(void **state)
{
    names_carry_their_scopes("clang++", "main::$_0::operator()");
}

static void without_debug_information(void **state)
{
    assert_true(files_run("gcc -O2 -rdynamic \"$SRC/deep.c\" \"$SRC/twin.c\" -o bare && strip -o stripped bare"));
    uint64_t outer = files_address("bare", "outer"), twin = files_address("bare", "twin");
    assert_string_equal(describe("bare", outer + 1), "outer ??:0");
    assert_string_equal(describe("bare", twin + 1), "twin ??:0");
    assert_string_equal(describe("stripped", outer + 1), "outer ??:0");
    assert_string_equal(describe("stripped", twin + 1), "");          /* not the name of a neighbour */
    assert_string_equal(describe("stripped", 8), "");
    assert_string_equal(describe("stripped", UINT64_MAX), "");
}

static void symbols_without_a_size(void **state)
{
    assert_true(files_run("printf '.text\\n.globl begin\\nbegin: nop\\n nop\\n"
                          ".globl after\\nafter: nop\\n.size after,1\\nnop\\n"
                          ".section .other,\"ax\"\\n.globl lonely\\nlonely: nop\\nnop\\n' > plain.s"
                          " && gcc -shared -nostdlib plain.s -o plain.so"));
    uint64_t begin = files_address("plain.so", "begin"), lonely = files_address("plain.so", "lonely");
    assert_string_equal(describe("plain.so", begin), "begin ??:0");
    assert_string_equal(describe("plain.so", begin + 1), "begin ??:0");
    assert_string_equal(describe("plain.so", begin + 2), "after ??:0");
    assert_string_equal(describe("plain.so", begin + 3), "");         /* beyond the size of "after" */
    assert_string_equal(describe("plain.so", lonely + 1), "lonely ??:0");
    assert_string_equal(describe("plain.so", lonely + 2), "");        /* the section ends */
}

static void assert_variable(const char *elf, uint64_t address, const char *name, uint64_t offset)
{
    struct trace_module module;
    uint64_t found = 0;
    files_module(&module, elf, elf);
    const char *variable = symbolizer_find_variable(symbolizer_open(symbolizer, &module), address, &found);
    assert_string_equal(variable ? variable : "", name);
    assert_int_equal(found, offset);
}

/* Functions are no variables, variables of threads have no address, and nothing is taken for its neighbour. */
static void variables(void **state)
{
    assert_true(files_run("g++ -O1 -rdynamic \"$SRC/stores.cpp\" -o stores && strip -o stores.stripped stores"));
    uint64_t beds = files_address("stores", "_ZN6garden4bedsE"), pool = files_address("stores", "pool"), quiet = files_address("stores", "_ZL5quiet");
    assert_variable("stores", beds, "garden::beds", 0);
    assert_variable("stores", beds + 63, "garden::beds", 63);
    assert_variable("stores", pool + 16, "pool", 16);
    assert_variable("stores", quiet + 8, "quiet", 8);
    assert_variable("stores", files_address("stores", "seasons") + 4, "seasons", 4);
    assert_variable("stores", files_address("stores", "main"), "", 0);
    assert_variable("stores", files_address("stores", "own"), "", 0);      /* an offset in the threads' memory */
    assert_variable("stores.stripped", pool + 1, "pool", 1);
    assert_variable("stores.stripped", quiet, "", 0);
    assert_variable("nowhere", 4096, "", 0);
    assert_string_equal(describe("stores", pool), "");                      /* and no variable is a function */
}

static void embedded_symbol_table(void **state)
{
    files_need("xz");
    assert_true(files_run("gcc -O2 -g \"$SRC/deep.c\" \"$SRC/twin.c\" -o mini && nm mini > mini.nm"
                          " && objcopy --only-keep-debug mini mini.part && strip --strip-debug mini.part"
                          " && objcopy -S --remove-section=.comment mini.part"
                          " --keep-symbol=twin --keep-symbol=outer mini.table"
                          " && xz -f mini.table && strip -o mini.elf mini"
                          " && objcopy --add-section .gnu_debugdata=mini.table.xz mini.elf"));
    assert_string_equal(describe("mini.elf", files_address("mini", "outer") + 1), "outer ??:0");
}

static void separate_file_by_link(void **state)
{
    assert_true(files_run("mkdir -p .debug && gcc -O2 -g -Wl,--build-id=none \"$SRC/deep.c\" \"$SRC/twin.c\" -o whole"
                          " && objcopy --only-keep-debug whole part.debug && strip -o linked whole"
                          " && objcopy --add-gnu-debuglink=part.debug linked"));
    uint64_t address = files_address("whole", "probe_outer");
    char expected[64];
    snprintf(expected, sizeof expected, "outer deep.c:%u", files_line("deep.c", "PROBE(outer)"));
    assert_string_equal(describe("linked", address), expected);
    assert_true(files_run("mv part.debug .debug/ && cp linked moved"));
    assert_string_equal(describe("moved", address), expected);
    assert_true(files_run("printf x >> .debug/part.debug && cp linked altered"));
    assert_string_equal(describe("altered", address), "");            /* checksum */
}

/* Opens the module with the folder "debug" for debug files and says whether there is DWARF. */
static bool has_dwarf(const char *elf, const char *path, char **problem)
{
    struct trace_module module;
    struct image image;
    Dwarf_Addr bias;
    files_module(&module, elf, path);
    *problem = image_open(&image, &module, files_output("echo $PWD/debug"));
    bool found = image.module && dwfl_module_getdwarf(image.module, &bias);
    image_close(&image);
    return found;
}

static void separate_file_by_build_id(void **state)
{
    assert_true(files_run("gcc -O2 -g -Wl,--build-id=0xab01020304050607 \"$SRC/deep.c\" \"$SRC/twin.c\" -o by-id"
                          " && mkdir -p debug/.build-id/ab && objcopy --only-keep-debug by-id debug/.build-id/ab/01020304050607.debug"
                          " && strip by-id"));
    char *problem;
    assert_true(has_dwarf("by-id", "by-id", &problem));
    assert_null(problem);
    assert_true(has_dwarf("by-id", "gone", &problem));                /* the debug file is enough */
    assert_null(problem);
    assert_true(files_run("gcc -O2 -g -Wl,--build-id=0xab09 \"$SRC/deep.c\" \"$SRC/twin.c\" -o other"
                          " && cp other debug/.build-id/ab/01020304050607.debug"));
    assert_false(has_dwarf("by-id", "gone", &problem));               /* it has another build-id than its name says */
    assert_non_null(strstr(problem, "/gone is not there any more"));
    free(problem);
}

static void assert_refused(const char *elf, const char *path, const char *part)
{
    struct trace_module module;
    struct trace_symbol symbols[LEVELS];
    files_module(&module, elf, path);
    struct symbolizer_module *opened = symbolizer_open(symbolizer, &module);
    if (!symbolizer_problem(opened) || !strstr(symbolizer_problem(opened), part))
        fail_msg("%s: %s", path, symbolizer_problem(opened) ? symbolizer_problem(opened) : "no problem");
    assert_int_equal(symbolizer_find(opened, files_address(elf, "outer"), symbols, LEVELS), 0);
}

static void other_files_are_refused(void **state)
{
    assert_true(files_run("gcc -O2 -g \"$SRC/deep.c\" \"$SRC/twin.c\" -o first && gcc -O1 -g \"$SRC/deep.c\" \"$SRC/twin.c\" -o second"
                          " && gcc -O2 -g -Wl,--build-id=none \"$SRC/deep.c\" \"$SRC/twin.c\" -o nameless"
                          " && echo text > text && : > empty && mkfifo fifo && head -c 1000 first > cut"));
    assert_refused("first", "second", "/second was replaced after it had been loaded");
    assert_refused("first", "second (deleted)", "/second was replaced after it had been loaded");
    assert_refused("first", "nameless", "was replaced");
    assert_refused("nameless", "nameless (deleted)", "was replaced"); /* perhaps it was not, but nobody can tell */
    assert_refused("first", "absent", "/absent is not there any more");
    assert_refused("first", "text/absent", "is not there any more");
    assert_refused("first", "text", "/text is not a file in ELF format");
    assert_refused("first", "empty", "/empty is not a file in ELF format");
    assert_refused("first", "fifo", "/fifo is not a file in ELF format");
    assert_refused("first", "/", "/ is not a file in ELF format");
    assert_refused("first", "[vdso]", "[vdso] is part of the kernel");
}

static void deleted_and_put_back(void **state)
{
    assert_true(files_run("gcc -O2 -g \"$SRC/deep.c\" \"$SRC/twin.c\" -o back"));
    struct trace_module module;
    struct trace_symbol symbols[LEVELS];
    files_module(&module, "back", "back (deleted)");
    struct symbolizer_module *opened = symbolizer_open(symbolizer, &module);
    assert_null(symbolizer_problem(opened));
    assert_int_equal(symbolizer_find(opened, files_address("back", "probe_third"), symbols, LEVELS), 4);
}

/* addr2line answers "0xADDRESS", then per level "FUNCTION" and "FILE:LINE[ (discriminator N)]". */
static size_t read_answer(FILE *pipe, char *line, size_t size, char *answer, size_t answer_size)
{
    size_t n = 0, length = 0;
    *answer = 0;
    while (fgets(line, (int)size, pipe) && strncmp(line, "0x", 2) != 0) {
        line[strcspn(line, "\n")] = 0;
        char *end = strstr(line, " (discriminator"), *slash = strrchr(line, '/');
        if (end)
            *end = 0;
        const char *shown = n % 2 == 1 && slash ? slash + 1 : line;
        length += (size_t)snprintf(answer + length, answer_size - length, "%s%s", n == 0 ? "" : n % 2 ? " " : " < ", shown);
        n++;
    }
    return n / 2;
}

/* Every instruction of the program's own code, in C, where names need no taste. */
static void equals_addr2line(void **state)
{
    files_need("addr2line");
    assert_true(files_run("gcc -O2 -g \"$SRC/deep.c\" \"$SRC/twin.c\" -o oracle"
                          " && objdump -d --no-show-raw-insn -j .text oracle > oracle.asm"
                          " && awk '/^[0-9a-f]+ </ { mine = /<(outer|twin|twin_other|main|probe_.*)>/ }"
                          " mine && /^ +[0-9a-f]+:/ && !/nop[wl]|xchg/ { sub(\":\", \"\", $1); print \"0x\" $1 }'"
                          " oracle.asm > oracle.addresses"));
    FILE *pipe = popen("addr2line -a -i -f -e oracle < oracle.addresses", "r");
    char line[1024], answer[4096];
    unsigned compared = 0;
    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof line, pipe));
    while (strncmp(line, "0x", 2) == 0) {
        uint64_t address = strtoull(line, NULL, 16);
        assert_true(read_answer(pipe, line, sizeof line, answer, sizeof answer) > 0);
        assert_string_equal(describe("oracle", address), answer);
        compared++;
        if (feof(pipe))
            break;
    }
    pclose(pipe);
    assert_true(compared >= 20);
}

#define SYMBOL_TEST(test) cmocka_unit_test_setup_teardown(test, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYMBOL_TEST(inlined_calls_of_gcc),
        SYMBOL_TEST(inlined_calls_of_clang),
        SYMBOL_TEST(link_time_optimised),
        SYMBOL_TEST(inner_levels_come_first),
        SYMBOL_TEST(names_of_gcc),
        SYMBOL_TEST(names_of_clang),
        SYMBOL_TEST(without_debug_information),
        SYMBOL_TEST(symbols_without_a_size),
        SYMBOL_TEST(variables),
        SYMBOL_TEST(embedded_symbol_table),
        SYMBOL_TEST(separate_file_by_link),
        SYMBOL_TEST(separate_file_by_build_id),
        SYMBOL_TEST(other_files_are_refused),
        SYMBOL_TEST(deleted_and_put_back),
        SYMBOL_TEST(equals_addr2line),
    };
    return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
