/* Static objects: constructors allocate before main, destructors release after it; iostreams are initialised and flushed.
 *
 * group: life
 */
#include <cstdlib>
#include <iostream>
#include <string>

struct Holder {
    char *text;
    explicit Holder(size_t size) : text((char *)std::malloc(size)) {}   // expect: count=2 bytes=1400 live=0 freed=1400
    ~Holder() { std::free(text); }
};

static Holder first(600);
static std::string word(100, 'x');

int main()
{
    static Holder second(800);
    std::cout << word.size() << " " << (first.text != nullptr && second.text != nullptr) << "\n";
    return 0;
}
