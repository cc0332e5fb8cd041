/* C++ exceptions: thrown through libc (a qsort callback), out of operator new by way of a new_handler, across threads,
 * rethrown, nested. The hooks patch nothing and are never on the way.
 *
 * group: life
 * count: sums
 * stack: main;through_qsort
 */
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

static int compare(const void *, const void *)
{
    std::free(std::malloc(21));         // expect: count=60 bytes=1260 live=0 temporary=60
    throw std::runtime_error("a text that is too long for the small string");
}

static int through_qsort()
{
    int values[10] = { 3, 1, 2 }, caught = 0;
    for (int i = 0; i < 20; i++)
        try {
            std::qsort(values, 10, sizeof *values, compare);
        } catch (const std::runtime_error &) {
            caught++;
        }
    return caught;
}

static int attempts;
static void give_up() { if (++attempts == 3) throw std::bad_alloc(); }

static int through_new()
{
    std::set_new_handler(give_up);
    volatile size_t huge = size_t(1) << 62;
    try {
        static char *volatile never = new char[huge];
        (void)never;
    } catch (const std::bad_alloc &) {
        std::free(std::malloc(22));     // expect: count=1 bytes=22 live=0
    }
    return attempts;
}

int main()
{
    int here = through_qsort(), there[2] = { 0, 0 };
    std::exception_ptr carried;
    std::thread one([&] { there[0] = through_qsort(); }), two([&] { there[1] = through_qsort(); });
    one.join(), two.join();
    std::thread([&] { try { throw std::string("carried"); } catch (...) { carried = std::current_exception(); } }).join();
    try { std::rethrow_exception(carried); } catch (const std::string &text) { std::printf("%s ", text.c_str()); }
    std::printf("%d %d %d %d\n", here, there[0], there[1], through_new());
    return 0;
}
