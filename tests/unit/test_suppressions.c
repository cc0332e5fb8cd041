/* Files of LeakSanitizer, of Valgrind and of our own, as people have them, and what they take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/suppressions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct suppressions *rules;
static struct trace_error error;

static int set_up(void **state)
{
    rules = suppressions_create();
    error.text[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    suppressions_destroy(rules);
    return 0;
}

static int parse(const char *text)
{
    return suppressions_parse(rules, "my.supp", text, strlen(text), &error);
}

#define MATCH(reach, ...) match(reach, (struct suppression_frame[]){ __VA_ARGS__ }, sizeof((struct suppression_frame[]){ __VA_ARGS__ }) / \
                                sizeof(struct suppression_frame))

/* The line of the rule that takes it, or 0. */
static uint32_t match(enum trace_reach reach, const struct suppression_frame *frames, size_t n)
{
    struct suppression_subject subject = { reach, "0123456789abcdef", frames, n };
    const struct suppression_rule *rule = suppressions_match(rules, &subject);
    return rule ? rule->line : 0;
}

#define APP "/opt/app/bin/server"
#define LIBC "/lib/x86_64-linux-gnu/libc.so.6"
#define CPP "/usr/lib/x86_64-linux-gnu/libstdc++.so.6"
#define PARSE { "parse_header", "/src/app/http/parse.c", APP, 31 }
#define MAIN { "main", "/src/app/main.c", APP, 12 }

/* As the documentation of LeakSanitizer has them, and projects keep them beside those of ThreadSanitizer. */
static void lsan_files(void **state)
{
    assert_int_equal(parse("# Known leaks of third parties\n"
                           "\n"
                           "leak:libfontconfig\n"
                           "leak:^parse_\n"
                           "leak:http/par*.c$\n"
                           "race:counter\n"
                           "leak:Foo::operator[]\n"
                           "  leak:^only$  \r\n"), 0);
    assert_int_equal(suppressions_count(rules), 5);
    assert_string_equal(suppressions_rule(rules, 0)->name, "libfontconfig");
    assert_string_equal(suppressions_rule(rules, 0)->file, "my.supp");
    assert_int_equal(suppressions_rule(rules, 4)->line, 8);

    assert_int_equal(MATCH(TRACE_REACH_LOST, { NULL, NULL, "/usr/lib/libfontconfig.so.1", 0 }, MAIN), 3);
    assert_int_equal(MATCH(TRACE_REACH_LOST, MAIN, PARSE), 4);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "do_parse_x", NULL, APP, 0 }), 0);                  /* ^ holds it to the beginning */
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "f", "/src/app/http/parsing.c", APP, 0 }), 5);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "f", "/src/app/http/parsing.cc", APP, 0 }), 0);     /* $ to the end */
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "ns::Foo::operator[](int)", NULL, APP, 0 }), 7);    /* no set of bytes, as in a shell */
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "only", NULL, APP, 0 }), 8);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "only_more", NULL, APP, 0 }), 0);
    assert_int_equal(MATCH(TRACE_REACH_LOST, MAIN), 0);
    assert_int_equal(MATCH(TRACE_REACH_INDIRECT, PARSE), 4);
    assert_int_equal(MATCH(TRACE_REACH_POSSIBLE, PARSE), 4);
    assert_int_equal(MATCH(TRACE_REACH_HELD, PARSE), 0);                                           /* LeakSanitizer reports none */
}

static const char valgrind[] =
    "# suppressions of the project, by valgrind --gen-suppressions=all\n"                       /* 1 */
    "\n"
    "{\n"
    "   parser keeps its first header\n"
    "   Memcheck:Leak\n"                                                                         /* 5: the rule's line */
    "   match-leak-kinds: definite,possible\n"
    "   fun:malloc\n"
    "   fun:parse_header\n"
    "   fun:main\n"
    "}\n"
    "{\n"                                                                                        /* 11 */
    "   <insert_a_suppression_name_here>\n"
    "   Memcheck:Cond\n"
    "   fun:strlen\n"
    "   obj:/usr/lib/*\n"
    "}\n"
    "{\n"                                                                                        /* 17 */
    "   a plug-in\n"
    "   Addrcheck,Memcheck:Leak\n"
    "   fun:*alloc\n"
    "   ...\n"
    "   obj:*/libplug.so*\n"
    "   ...\n"
    "   fun:start_?lug\n"
    "}\n"
    "{\n"                                                                                        /* 26 */
    "   write\n"
    "   Memcheck:Param\n"
    "   write(buf)\n"
    "   fun:write\n"
    "}\n"
    "{\n"                                                                                        /* 32 */
    "   C++\n"
    "   Memcheck:Leak\n"
    "   fun:_Znwm\n"
    "   fun:_ZN3net6Socket4openEi\n"
    "}\n"
    "{\n"                                                                                        /* 38 */
    "   C++ with a wildcard\n"
    "   Memcheck:Leak\n"
    "   fun:_Zna*\n"
    "   fun:_ZN3net6BufferC1*\n"
    "}\n"
    "{\n"                                                                                        /* 44 */
    "   a line\n"
    "   Memcheck:Leak\n"
    "   fun:calloc\n"
    "   src:cache.c:77\n"
    "}\n";

static void valgrind_files(void **state)
{
    assert_int_equal(parse(valgrind), 0);
    assert_int_equal(suppressions_count(rules), 5);
    assert_string_equal(suppressions_rule(rules, 0)->name, "parser keeps its first header");

    assert_int_equal(MATCH(TRACE_REACH_LOST, PARSE, MAIN), 5);
    assert_int_equal(MATCH(TRACE_REACH_LOST, PARSE, MAIN, { "__libc_start_main", NULL, LIBC, 0 }), 5);      /* longer stacks match */
    assert_int_equal(MATCH(TRACE_REACH_INDIRECT, PARSE, MAIN), 0);                                           /* another kind */
    assert_int_equal(MATCH(TRACE_REACH_LOST, PARSE, { "serve", NULL, APP, 0 }, MAIN), 0);                    /* a frame between */
    assert_int_equal(MATCH(TRACE_REACH_LOST, MAIN, PARSE, MAIN), 0);                                         /* not the innermost */

    struct suppression_frame plug = { NULL, NULL, "/usr/lib/libplug.so.2", 0 }, start = { "start_plug", NULL, APP, 0 };
    assert_int_equal(MATCH(TRACE_REACH_HELD, plug, start), 19);
    assert_int_equal(MATCH(TRACE_REACH_LOST, PARSE, plug, MAIN, MAIN, start), 19);
    assert_int_equal(MATCH(TRACE_REACH_LOST, start, plug), 0);                                               /* in this order only */

    struct suppression_frame new_one = { "operator new", NULL, CPP, 0 }, new_array = { "operator new[]", NULL, CPP, 0 };
    assert_int_equal(MATCH(TRACE_REACH_LOST, new_one, { "net::Socket::open", NULL, APP, 0 }), 34);
    assert_int_equal(MATCH(TRACE_REACH_LOST, new_one, { "net::Socket::open(int)", NULL, APP, 0 }), 34);      /* with parameters, too */
    assert_int_equal(MATCH(TRACE_REACH_LOST, new_one, { "net::Socket::opened", NULL, APP, 0 }), 0);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "_Znwm", 0, 0, 0 }, { "_ZN3net6Socket4openEi", 0, 0, 0 }), 34);   /* not made readable */
    assert_int_equal(MATCH(TRACE_REACH_LOST, new_one, new_array, { "net::Buffer::Buffer", NULL, APP, 0 }), 40);
    assert_int_equal(MATCH(TRACE_REACH_LOST, new_one, { "net::Buffer::Buffer", NULL, APP, 0 }), 0);          /* new is not new[] */

    assert_int_equal(MATCH(TRACE_REACH_LOST, { "find", "/src/cache.c", APP, 77 }), 46);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "find", "/src/cache.c", APP, 78 }), 0);
}

/* "..." at the front needs no allocator, and the last "..." is widened until the rest fits. */
static void valgrind_gaps(void **state)
{
    assert_int_equal(parse("{\n x\n Memcheck:Leak\n ...\n fun:a\n ...\n fun:b\n fun:c\n}\n"), 0);
    struct suppression_frame a = { "a", 0, 0, 0 }, b = { "b", 0, 0, 0 }, c = { "c", 0, 0, 0 }, d = { "d", 0, 0, 0 };
    assert_int_equal(MATCH(TRACE_REACH_LOST, a, b, c), 3);
    assert_int_equal(MATCH(TRACE_REACH_LOST, d, a, b, d, b, c), 3);
    assert_int_equal(MATCH(TRACE_REACH_LOST, b, c, a), 0);
    assert_int_equal(MATCH(TRACE_REACH_LOST, a, b, d, c), 0);
}

static void own_files(void **state)
{
    assert_int_equal(parse("# ours\n"
                           "rule the parser's cache\n"
                           "  kind: lost, possible\n"
                           "  fun: parse_*\n"
                           "  fun: main\n"
                           "  file: */http/*.c\n"
                           "\n"
                           "rule written by --write-suppressions\n"
                           "  # main  main.c:12\n"
                           "  fingerprint: 0123456789abcdef\n"
                           "  module: libplug.so*\n"), 0);
    assert_int_equal(suppressions_count(rules), 2);
    assert_string_equal(suppressions_rule(rules, 0)->name, "the parser's cache");
    assert_int_equal(MATCH(TRACE_REACH_LOST, PARSE, MAIN), 2);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "x", 0, 0, 0 }, PARSE, { "y", 0, 0, 0 }, MAIN), 2);
    assert_int_equal(MATCH(TRACE_REACH_LOST, MAIN, PARSE), 0);                                     /* functions in their order */
    assert_int_equal(MATCH(TRACE_REACH_HELD, PARSE, MAIN), 0);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "parse_x(int)", "/src/tcp/p.c", APP, 0 }, MAIN), 0);        /* another file */
    assert_int_equal(MATCH(TRACE_REACH_HELD, { NULL, NULL, "/usr/lib/libplug.so.2", 0 }), 8);
    assert_int_equal(MATCH(TRACE_REACH_HELD, { NULL, NULL, "/usr/lib/libother.so.2", 0 }), 0);
    struct suppression_subject subject = { TRACE_REACH_HELD, "fedcba9876543210",
                                           &(struct suppression_frame){ NULL, NULL, "/usr/lib/libplug.so.2", 0 }, 1 };
    assert_null(suppressions_match(rules, &subject));                                              /* another fingerprint */
}

static void a_function_matches_with_or_without_parameters(void **state)
{
    assert_int_equal(parse("rule x\nfun: net::open\nrule y\nfun: net::close(int)\nrule z\nfun: Map::operator()"), 0);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "net::open(int)", 0, 0, 0 }), 1);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "net::close(int)", 0, 0, 0 }), 3);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "net::close(long)", 0, 0, 0 }), 0);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { "net::opener(int)", 0, 0, 0 }), 0);
}

/* Every bad line is refused in one sentence that says where, and none of its file counts. */
static void bad_lines(void **state)
{
    static const struct { const char *text, *sentence; } bad[] = {
        { "leak:a\nleek:b\n", "my.supp:2: \"leek:b\" is no suppression of a sanitizer; those that count here are leak:PATTERN" },
        { "leak:\n", "my.supp:1: leak: wants a pattern behind it, of a function, a file or a module" },
        { "{\n x\n Memcheck:Leak\n fun:malloc\n", "my.supp:4: the suppression \"x\" has no \"}\"" },
        { "{\n x\n Memcheck:Leak\n fnu:malloc\n}\n", "my.supp:4: \"fnu:malloc\" is no frame; those are fun:NAME, obj:NAME, src:NAME and \"...\"" },
        { "{\n x\n Memcheck:Leak\n}\n", "my.supp:4: the suppression \"x\" has no frames" },
        { "{\n x\n Memcheck:Cond\n fun:f\n", "my.supp:4: the suppression around line 3 has no \"}\"" },
        { "{\n x\n Memcheck:Leak\n match-leak-kinds: lost\n fun:f\n}\n",
          "my.supp:4: \"lost\" is no kind of leak; Valgrind has definite, indirect, possible, reachable, all and none" },
        { "{\n x\n Memcheck:Leak\n fun:\n}\n", "my.supp:4: fun: wants a pattern behind it" },
        { "{\n}\n", "my.supp:2: behind the name \"}\" a tool and a kind are missing, such as Memcheck:Leak" },
        { "{\n x\n Memcheck:Leak\n fun:f\n}\nfun:g\n", "my.supp:6: \"fun:g\" stands outside of a suppression; Valgrind's begin with \"{\"" },
        { "rule x\nfnu: y\n", "my.supp:2: \"fnu\" is no key of a rule; there are kind, fun, file, module and fingerprint" },
        { "rule x\nfun:\n", "my.supp:2: fun wants a value behind it" },
        { "rule x\nkind: definite\n", "my.supp:2: \"definite\" is no kind; there are lost, indirect, possible, reachable and all" },
        { "rule x\nfingerprint: 12\n", "my.supp:2: \"12\" is no fingerprint: it has 16 digits of 0-9 and a-f, as heapline leaks prints it" },
        { "rule x\nkind: lost\nrule y\nfun: z\n", "my.supp:1: the rule \"x\" says nothing of a stack: it wants fun, file, module or fingerprint" },
        { "\nmain.c\n", "my.supp:2: \"main.c\" begins no file of suppressions: those of heapline begin with \"rule NAME\", LeakSanitizer's with "
                        "\"leak:PATTERN\", Valgrind's with \"{\"" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(parse(bad[i].text), -EINVAL);
        assert_string_equal(error.text, bad[i].sentence);
        assert_int_equal(suppressions_count(rules), 0);
    }
    assert_int_equal(suppressions_parse(rules, "my.supp", "leak:a\0b", 8, &error), -EINVAL);
    assert_int_equal(parse("# nothing\n\n"), 0);
    assert_int_equal(suppressions_count(rules), 0);
}

/* Files are read in turn, each in its own style; the first rule that matches is the one that counts. */
static void several_files(void **state)
{
    char path[] = "/tmp/heapline-supp-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "rule second\nfun: main\n", 22), 22);
    close(fd);
    assert_int_equal(parse("leak:main\n"), 0);
    assert_int_equal(suppressions_read(rules, path, &error), 0);
    assert_int_equal(suppressions_count(rules), 2);
    struct suppression_subject subject = { TRACE_REACH_LOST, "0123456789abcdef", &(struct suppression_frame)MAIN, 1 };
    assert_ptr_equal(suppressions_match(rules, &subject), suppressions_rule(rules, 0));
    subject.reach = TRACE_REACH_HELD;
    assert_ptr_equal(suppressions_match(rules, &subject), suppressions_rule(rules, 1));
    assert_string_equal(suppressions_rule(rules, 1)->file, path);
    unlink(path);
    assert_int_equal(suppressions_read(rules, path, &error), -ENOENT);
    assert_non_null(strstr(error.text, path));
}

/* Wildcards in a pattern of many stars must not take time that grows with their power. */
static void stars_are_quick(void **state)
{
    char name[4096], pattern[256] = "leak:";
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t i = 5; i < 205; i += 2)
        memcpy(pattern + i, "*a", 3);
    strcat(pattern, "b");
    assert_int_equal(parse(pattern), 0);
    assert_int_equal(MATCH(TRACE_REACH_LOST, { name, name, name, 0 }), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lsan_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(valgrind_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(valgrind_gaps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(own_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_function_matches_with_or_without_parameters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stars_are_quick, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("suppressions", tests, NULL, NULL);
}
