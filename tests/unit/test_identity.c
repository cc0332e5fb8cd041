/* What makes two stacks the same from one build to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/identity.h"
#include "../../viewer/trace/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/heapline-identity-XXXXXX";
static struct trace *trace;

/* Frames 0.. in the order of `frames`; stack s has frames 0..s of the list below it, outermost first. */
enum { F_START, F_MAIN, F_LAMBDA, F_CLONE, F_NAMELESS, F_NEW, F_PYTHON, F_METHOD, F_LIBRARY, F_OBJECT, F_LAMBDA_MOVED, F_CLONE_MOVED, F_MADE, F_HEADER,
       F_RECURSE };

static void write_frames(struct trace_writer *w, const char *root)
{
    static const char *const modules[] = { "/opt/app/app", "/usr/lib/libplug.so.2.1", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30",
                                           "/lib/x86_64-linux-gnu/libc.so.6" };
    char main_c[256], http_c[256], app_py[256];
    snprintf(main_c, sizeof main_c, "%s/main.cc", root);
    snprintf(http_c, sizeof http_c, "%s/http/parse.c", root);
    snprintf(app_py, sizeof app_py, "%s/app.py", root);
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        trace_write_module(w, &(struct trace_module){ .path = modules[i] });
    trace_write_code(w, &(struct trace_code){ "Book.clone", app_py, 3 });
    trace_write_code(w, &(struct trace_code){ "DataFrame.merge", "/usr/lib/python3/dist-packages/pandas/core/frame.py", 9000 });
    static const struct trace_frame frames[] = {
        { TRACE_FRAME_NATIVE, 3, 0x10 }, { TRACE_FRAME_NATIVE, 0, 0x20 }, { TRACE_FRAME_NATIVE, 0, 0x30 }, { TRACE_FRAME_NATIVE, 0, 0x40 },
        { TRACE_FRAME_NATIVE, 1, 0x50 }, { TRACE_FRAME_NATIVE, 2, 0x60 }, { TRACE_FRAME_PYTHON, 0, 7 }, { TRACE_FRAME_PYTHON, 0, 8 },
        { TRACE_FRAME_PYTHON, 1, 9001 }, { TRACE_FRAME_OBJECT, TRACE_NONE, 0 }, { TRACE_FRAME_NATIVE, 0, 0x130 }, { TRACE_FRAME_NATIVE, 0, 0x140 },
        { TRACE_FRAME_ANONYMOUS, TRACE_NONE, 0x7f0000 }, { TRACE_FRAME_NATIVE, 0, 0x150 }, { TRACE_FRAME_NATIVE, 0, 0x160 },
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        trace_write_frame(w, &frames[i]);
    trace_write_symbols(w, F_START, &(struct trace_symbol){ "__libc_start_main", NULL, 0 }, 1);
    trace_write_symbols(w, F_MAIN, &(struct trace_symbol){ "main", main_c, 10 }, 1);
    trace_write_symbols(w, F_LAMBDA, &(struct trace_symbol){ "main::{lambda(int)#1}::operator()(int) const", main_c, 11 }, 1);
    trace_write_symbols(w, F_LAMBDA_MOVED, &(struct trace_symbol){ "main::{lambda(int)#2}::operator()(int) const", main_c, 99 }, 1);
    trace_write_symbols(w, F_CLONE, &(struct trace_symbol){ "parse", http_c, 31 }, 1);
    trace_write_symbols(w, F_CLONE_MOVED, &(struct trace_symbol){ "parse.constprop.0.isra.3.cold", http_c, 32 }, 1);
    trace_write_symbols(w, F_NEW, &(struct trace_symbol){ "operator new", NULL, 0 }, 1);
    trace_write_symbols(w, F_HEADER, &(struct trace_symbol){ "std::vector<int>::push_back", "/usr/include/c++/12/bits/stl_vector.h", 1200 }, 1);
    trace_write_symbols(w, F_RECURSE, &(struct trace_symbol){ "walk [clone .part.0]", main_c, 50 }, 1);
}

/* Appends a frame to a stack; returns the stack. */
static uint32_t push(struct trace_writer *w, uint32_t parent, uint32_t frame)
{
    return trace_write_stack(w, &(struct trace_stack){ parent, frame });
}

enum { S_NATIVE, S_REBUILT, S_PYTHON, S_RUNTIME, S_MADE, S_HEADER, S_DEEP, S_DEEPER, S_STRIPPED, STACKS };
static uint32_t stacks[STACKS];

static void write_stacks(struct trace_writer *w)
{
    uint32_t start = push(w, 0, F_START), app = push(w, start, F_MAIN), deep;
    stacks[S_NATIVE] = push(w, push(w, push(w, push(w, app, F_LAMBDA), F_NAMELESS), F_CLONE), F_NEW);
    stacks[S_REBUILT] = push(w, push(w, push(w, push(w, app, F_LAMBDA_MOVED), F_NAMELESS), F_CLONE_MOVED), F_NEW);
    stacks[S_PYTHON] = push(w, push(w, push(w, push(w, 0, F_PYTHON), F_METHOD), F_LIBRARY), F_OBJECT);
    stacks[S_RUNTIME] = push(w, start, F_NEW);
    stacks[S_MADE] = push(w, app, F_MADE);
    stacks[S_HEADER] = push(w, app, F_HEADER);
    deep = stacks[S_DEEP] = push(w, app, F_RECURSE);
    stacks[S_STRIPPED] = push(w, push(w, start, F_NAMELESS), F_NAMELESS);
    stacks[S_DEEPER] = push(w, push(w, deep, F_RECURSE), F_RECURSE);
}

static int open_trace(void **state)
{
    struct trace_error error;
    struct trace_writer *w;
    int fd = mkstemp(path);
    if (fd < 0 || trace_writer_create(&w, path, &(struct trace_run){ 0, "app", "host", "0" }) < 0)
        return -1;
    close(fd);
    trace_write_process(w, &(struct trace_process){ 100, TRACE_NONE, TRACE_ORIGIN_ROOT, 0, "app", "/opt/app/app" });
    write_frames(w, "/home/ci/build-77/app");
    write_stacks(w);
    if (trace_writer_close(w) < 0)
        return -1;
    trace = trace_open(path, &error);
    return trace ? 0 : -1;
}

static int close_trace(void **state)
{
    trace_close(trace);
    return unlink(path);
}

static char *identity_of(const struct selection *selection, const char *root, uint32_t stack)
{
    struct trace_error error;
    struct profile *profile;
    struct strbuf text = STRBUF_INIT;
    assert_int_equal(profile_create(&profile, trace, selection, &error), 0);
    identity_add(&text, profile, root, stack);
    profile_destroy(profile);
    return strbuf_detach(&text);
}

static void expect(uint32_t stack, const char *root, const char *text)
{
    char *identity = identity_of(&(struct selection){ .memory = MEMORY_HEAP }, root, stacks[stack]);
    assert_string_equal(identity, text);
    free(identity);
}

static void lines_of_a_stack(void **state)
{
    expect(S_NATIVE, NULL, "parse parse.c\n[libplug.so]\nmain::{lambda(int)}::operator()(int) const main.cc\nmain main.cc\n");
    expect(S_HEADER, NULL, "std::vector<int>::push_back stl_vector.h\nmain main.cc\n");
    expect(S_MADE, NULL, "[code made at run time]\nmain main.cc\n");
}

/* A lambda got another number, a function was split, lines moved. */
static void a_rebuilt_program_is_the_same(void **state)
{
    char *before = identity_of(&(struct selection){ .memory = MEMORY_HEAP }, NULL, stacks[S_NATIVE]);
    char *after = identity_of(&(struct selection){ .memory = MEMORY_HEAP }, NULL, stacks[S_REBUILT]);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void paths_below_a_root_are_relative(void **state)
{
    expect(S_NATIVE, "/home/ci/build-77/app", "parse http/parse.c\n[libplug.so]\nmain::{lambda(int)}::operator()(int) const main.cc\nmain main.cc\n");
    expect(S_NATIVE, "/home/ci/build-77/", "parse app/http/parse.c\n[libplug.so]\nmain::{lambda(int)}::operator()(int) const app/main.cc\n"
                                           "main app/main.cc\n");
    expect(S_NATIVE, "/home/ci/build-7", "parse parse.c\n[libplug.so]\nmain::{lambda(int)}::operator()(int) const main.cc\nmain main.cc\n");
    expect(S_HEADER, "/usr", "std::vector<int>::push_back stl_vector.h\nmain main.cc\n");
}

/* Methods named like a compiler's suffix stay what they are; lines of one method are one. */
static void python_stacks(void **state)
{
    expect(S_PYTHON, NULL, "DataFrame.merge pandas/core/frame.py\nBook.clone app.py\n");
}

static void nothing_but_the_runtime_is_better_than_nothing(void **state)
{
    expect(S_RUNTIME, NULL, "operator new [libstdc++.so]\n__libc_start_main [libc.so]\n");
}

static void the_depth_of_a_recursion_does_not_count(void **state)
{
    expect(S_DEEP, NULL, "walk main.cc\nmain main.cc\n");
    expect(S_DEEPER, NULL, "walk main.cc\nmain main.cc\n");
}

/* Two leaks of a stripped program must not go by one rule. */
static void addresses_count_where_nothing_has_a_name(void **state)
{
    expect(S_STRIPPED, NULL, "[libplug.so+0x50]\n");
}

static void options_of_a_report_do_not_count(void **state)
{
    const char *wrapper = "parse";
    struct selection selection = { .memory = MEMORY_HEAP, .native = true, .wrappers = { &wrapper, 1 } };
    for (uint32_t s = 0; s < STACKS; s++) {
        char *plain = identity_of(&(struct selection){ .memory = MEMORY_HEAP }, NULL, stacks[s]), *other = identity_of(&selection, NULL, stacks[s]);
        assert_string_equal(plain, other);
        free(plain);
        free(other);
    }
}

/* The published examples of FNV-1a: what is written into files once must hold for ever. */
static void fingerprints(void **state)
{
    char digits[17];
    identity_fingerprint("", digits);
    assert_string_equal(digits, "cbf29ce484222325");
    identity_fingerprint("a", digits);
    assert_string_equal(digits, "af63dc4c8601ec8c");
    identity_fingerprint("foobar", digits);
    assert_string_equal(digits, "85944171f73967e8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_a_stack),
        cmocka_unit_test(a_rebuilt_program_is_the_same),
        cmocka_unit_test(paths_below_a_root_are_relative),
        cmocka_unit_test(python_stacks),
        cmocka_unit_test(nothing_but_the_runtime_is_better_than_nothing),
        cmocka_unit_test(the_depth_of_a_recursion_does_not_count),
        cmocka_unit_test(addresses_count_where_nothing_has_a_name),
        cmocka_unit_test(options_of_a_report_do_not_count),
        cmocka_unit_test(fingerprints),
    };
    return cmocka_run_group_tests_name("identity", tests, open_trace, close_trace);
}
