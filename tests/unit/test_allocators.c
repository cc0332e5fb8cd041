/* Names of functions that pass memory on, as they stand in libraries that everybody has, and names that only sound like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/analyze/allocators.h"

static void test_allocators(void **state)
{
    static const char *const names[] = {
        "malloc", "xmalloc", "xstrdup", "xmemdupz", "do_xmallocz_gently", "git__malloc",
        "g_malloc0", "g_malloc_n", "g_malloc0_n", "g_strdup_printf", "g_memdup2",
        "zmalloc_usable", "ztrymalloc_usable_internal", "zcalloc_num",
        "CRYPTO_zalloc", "CRYPTO_strdup", "sqlite3Malloc", "sqlite3_malloc64", "sqlite3DbMallocRaw", "sqlite3DbStrNDup",
        "mallocWithAlarm", "apr_pcalloc", "palloc0", "ngx_pnalloc", "ngx_palloc_large", "jv_mem_alloc", "Perl_safesysmalloc",
        "av_mallocz_array", "luaM_realloc_", "__rust_alloc_zeroed", "__rdl_alloc",
        "operator new(unsigned long)", "operator new[](unsigned long, std::nothrow_t const&)",
        "pool<Order, 4>::xmalloc(unsigned long)", "void* shop::xmalloc<char>(int)",
        "std::allocator<char>::allocate(unsigned long)",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!allocator_is_named(names[i]))
            fail_msg("%s is taken for no allocator", names[i]);
}

static void test_others(void **state)
{
    static const char *const names[] = {
        "", "parse", "createObject", "malloc_init", "mallocator", "realloc_node", "strdup_list", "strdup_nested", "new_order",
        "allocate", "node_alloc", "alloc_pages", "palloc_cache_lines", "parse(char*(*)(malloc))", "mallocs::parse(int)",
        "main::{lambda(malloc)#1}::operator()",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (allocator_is_named(names[i]))
            fail_msg("%s is taken for an allocator", names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocators),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
