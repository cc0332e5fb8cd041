/* C++: what functions make, by their names as libiberty demangles them and as GCC's and clang's debugging information has them, and types
 * as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../viewer/graph/cpp_type.h"

#include <string.h>

struct pair { const char *from, *to; };

static void test_made(void **state)
{
    static const struct pair made[] = {
        { "std::__new_allocator<Order>::allocate", "Order[]" },
        { "__gnu_cxx::new_allocator<std::pair<int const, Order> >::allocate(unsigned long, void const*)", "std::pair<int const, Order>[]" },
        { "std::__1::allocator<std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> > >::allocate[abi:ne180100](unsigned long)",
          "std::string[]" },
        { "std::__1::allocator<std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> > >::allocate(unsigned long)",
          "std::string[]" },
        { "std::__new_allocator<std::_Rb_tree_node<std::pair<int const, Order> > >::allocate", "tree node of std::pair<int const, Order>" },
        { "std::__new_allocator<std::__detail::_Hash_node<std::pair<long const, int>, false> >::allocate", "hash node of std::pair<long const, int>" },
        { "std::__new_allocator<std::__detail::_Hash_node_base*>::allocate", "hash buckets" },
        { "std::__new_allocator<std::_List_node<double> >::allocate", "list node of double" },
        { "std::__1::allocator<std::__1::__tree_node<std::__1::__value_type<int, Order>, void*> >::allocate(unsigned long)",
          "tree node of std::__value_type<int, Order>" },
        { "std::__new_allocator<my_List_node<double> >::allocate", "my_List_node<double>[]" },
        { "pool::arena_allocator<Order, 16>::allocate(unsigned long)", "Order[]" },
        { "std::make_unique<Order, int>", "Order" },
        { "std::unique_ptr<Order, std::default_delete<Order> > std::make_unique<Order, int>(int&&)", "Order" },
        { "std::make_unique<int []>", "int[]" },
        { "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::_M_create(unsigned long&, unsigned long)", "char[]" },
        { "void std::__cxx11::basic_string<wchar_t, std::char_traits<wchar_t>, std::allocator<wchar_t> >::_M_construct<char const*>(char const*)",
          "wchar_t[]" },
        { "Order::allocate(unsigned long)", NULL }, { "std::vector<Order, std::allocator<Order> >::_M_allocate(unsigned long)", NULL },
        { "std::allocator_traits<std::allocator<Order> >::allocate", NULL }, { "make_unique<Order>", NULL },
        { "parse(std::allocator<int>::allocate)", NULL }, { "allocator<>::allocate", NULL }, { "allocate", NULL }, { "", NULL }, { ">", NULL },
        { "std::allocator>::allocate", NULL }, { "std::basic_string<char", NULL }, { "<<<<", NULL },
        { "std::pmr::operator==(std::__cxx11::basic_string<char> const&)", NULL },
    };
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        struct strbuf out = STRBUF_INIT;
        bool found = cpp_type_add_made(&out, made[i].from);
        if (found != (made[i].to != NULL) || strcmp(out.data, made[i].to ? made[i].to : "") != 0)
            fail_msg("%s makes \"%s\", not %s", made[i].from, out.data, made[i].to ? made[i].to : "what is known");
        strbuf_release(&out);
    }
}

static void test_types(void **state)
{
    static const struct pair types[] = {
        { "Order", "Order" }, { "std::vector<int, std::allocator<int> >", "std::vector<int>" },
        { "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string" },
        { "std::map<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >, std::vector<Order, std::allocator<Order> >, "
          "std::less<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > >, std::allocator<int> >",
          "std::map<std::string, std::vector<Order>>" },
        { "std::map<int, int, Backwards, std::allocator<int> >", "std::map<int, int, Backwards>" },
        { "std::vector<int, Mine<int> >", "std::vector<int, Mine<int>>" },
        { "std::allocator<int>", "std::allocator<int>" }, { "Box<std::allocator<int> >", "Box<std::allocator<int>>" },
        { "std::function<void (int, char)>", "std::function<void (int, char)>" },
        { "main::{lambda(int, char)#1}", "main::{lambda(int, char)#1}" }, { "void (*) [3]", "void (*)[3]" },
        { "Broken<int", "Broken<int" }, { "less<", "less<" }, { "a > b", "a > b" },
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct strbuf out = STRBUF_INIT;
        cpp_type_add(&out, types[i].from);
        assert_string_equal(out.data, types[i].to);
        strbuf_release(&out);
    }
}

/* Many templates in each other, and none that ends. */
static void test_deep(void **state)
{
    char name[4096];
    struct strbuf out = STRBUF_INIT;
    memset(name, '<', sizeof name - 1);
    name[sizeof name - 1] = 0;
    cpp_type_add(&out, name);
    assert_int_equal(out.length, sizeof name - 1);
    strbuf_truncate(&out, 0);
    for (size_t i = 0; i < sizeof name - 1; i++)
        name[i] = i < 1000 ? (i % 2 ? '<' : 'a') : '>';
    name[1501] = 0;
    cpp_type_add(&out, name);
    assert_true(out.length <= 1501);
    strbuf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made), cmocka_unit_test(test_types), cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
