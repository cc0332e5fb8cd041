/* viewer/symbol: the parts that need no file. */
#include "../../viewer/symbol/demangle.h"
#include "../../viewer/symbol/path.h"
#include "../../viewer/symbol/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_path(const char *directory, const char *file, const char *expected)
{
    struct strbuf path = STRBUF_INIT;
    path_normalise(&path, directory, file);
    assert_string_equal(path.data, expected);
    strbuf_release(&path);
}

static void path_joins_and_tidies(void **state)
{
    assert_path("/build", "a.c", "/build/a.c");
    assert_path("/build/", "./src//a.c", "/build/src/a.c");
    assert_path("/build/sub", "../a.c", "/build/a.c");
    assert_path("/build", "/usr/include/./x/../stdio.h", "/usr/include/stdio.h");
    assert_path("/", "../../a.c", "/a.c");
    assert_path("./malloc", "arena.c", "malloc/arena.c");
    assert_path(".", "a.c", "a.c");
    assert_path("../up", "../../a.c", "../../a.c");
    assert_path("sub", "../a.c", "a.c");
    assert_path("", "a.c", "a.c");
    assert_path(NULL, "a.c", "a.c");
    assert_path("/build", "..hidden/...", "/build/..hidden/...");
    assert_path(NULL, "<artificial>", "<artificial>");
}

static void assert_demangled(const char *linkage, const char *expected)
{
    char *name = demangle(linkage);
    if (expected)
        assert_string_equal(name, expected);
    else
        assert_null(name);
    free(name);
}

static void demangle_leaves_parameters_out(void **state)
{
    assert_demangled("_ZN6garden3BoxIlE3putEl", "garden::Box<long>::put");
    assert_demangled("_Z3addIiET_S0_S0_", "add<int>");                     /* a template's return type is in its linkage name */
    assert_demangled("_ZN3FooC4Ev", "Foo::Foo");
    assert_demangled("_ZN12_GLOBAL__N_16secretEi", "(anonymous namespace)::secret");
    assert_demangled("_Znwm", "operator new");
}

static void demangle_knows_rust(void **state)
{
    assert_demangled("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write");
    assert_demangled("_RNvCskwGfYPst2Cb_3foo4main", "foo::main");
}

static void demangle_refuses_the_rest(void **state)
{
    assert_demangled("malloc", NULL);
    assert_demangled("", NULL);
    assert_demangled("_Z", NULL);
    assert_demangled("_ZN", NULL);
    size_t n = 1 << 20;
    char *huge = malloc(n + 1);
    memset(huge, 'P', n);
    memcpy(huge, "_Z1f", 4);
    huge[n] = 0;
    assert_demangled(huge, NULL);
    free(huge);
}

/* The innermost of nested and overlapping ranges, by asking each one. */
static uint64_t naive_find(const struct range *ranges, size_t n, uint64_t address)
{
    const struct range *best = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct range *range = &ranges[i];
        if (range->low > address || range->high <= address)
            continue;
        if (!best || range->low > best->low || (range->low == best->low && range->high < best->high) ||
            (range->low == best->low && range->high == best->high && range->value > best->value))
            best = range;
    }
    return best ? best->value : UINT64_MAX;
}

static void ranges_equal_a_plain_search(void **state)
{
    uint64_t seed = 88172645463325252u;
    struct ranges ranges = {0};
    struct range kept[300];
    for (size_t i = 0; i < 300; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        uint64_t low = 1 + seed % 500, high = low + 1 + (seed >> 20) % (i % 10 == 0 ? 200 : 12);
        kept[i] = (struct range){ .low = low, .high = high, .value = i };
        ranges_add(&ranges, low, high, i);
    }
    ranges_sort(&ranges);
    for (uint64_t address = 0; address < 800; address++) {
        const struct range *found = ranges_find(&ranges, address);
        assert_int_equal(found ? found->value : UINT64_MAX, naive_find(kept, 300, address));
    }
    vec_release(&ranges);
}

static void ranges_leave_dropped_code_out(void **state)
{
    struct ranges ranges = {0};
    ranges_add(&ranges, 0, 100, 1);
    ranges_add(&ranges, 50, 50, 2);
    ranges_add(&ranges, 60, 40, 3);
    ranges_add(&ranges, UINT64_MAX, 8, 4);
    assert_int_equal(ranges.n, 0);
    ranges_sort(&ranges);
    assert_null(ranges_find(&ranges, 50));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_joins_and_tidies),
        cmocka_unit_test(demangle_leaves_parameters_out),
        cmocka_unit_test(demangle_knows_rust),
        cmocka_unit_test(demangle_refuses_the_rest),
        cmocka_unit_test(ranges_equal_a_plain_search),
        cmocka_unit_test(ranges_leave_dropped_code_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
