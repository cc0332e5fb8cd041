/* C++ operators reach malloc through the PLT: each is counted once, not once as operator and once as malloc.
 *
 * group: allocation
 */
#include <cstdlib>
#include <new>

struct alignas(128) Wide { char bytes[128]; };
struct Counted { int *value; Counted() : value(nullptr) {} ~Counted() { delete value; } };

int main()
{
    int *one = new int(1);                          // expect: count=1 bytes=4 live=0 freed=4
    char *many = new char[333];                     // expect: count=1 bytes=333 live=0 freed=333
    Wide *wide = new Wide;                          // expect: count=1 bytes=128 live=0 freed=128
    Wide *wides = new Wide[3];                      // expect: count=1 bytes=384 live=0 freed=384
    char *quiet = new (std::nothrow) char[77];      // expect: count=1 bytes=77 live=0 freed=77
    Counted *counted = new Counted[2];              // expect: count=1 bytes=24 live=24 freed=0
    void *raw = ::operator new(55);                 // expect: count=1 bytes=55 live=55 freed=0
    delete one;
    delete[] many;
    delete wide;
    delete[] wides;
    delete[] quiet;
    return counted == nullptr || raw == nullptr;
}
