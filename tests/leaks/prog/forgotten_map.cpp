/* shared_ptr in a map that nobody clears: nothing is lost, and the path says who holds it. */
#include "leaks.h"
#include <map>
#include <memory>

struct session { char bytes[200]; std::shared_ptr<session> previous; };

static std::map<int, std::shared_ptr<session>> *sessions;

static void fill()
{
    sessions = new std::map<int, std::shared_ptr<session>>;     /* leak: reachable=48/1 by=global:sessions */
    for (int i = 0; i < 10; i++) {
        auto s = std::make_shared<session>();                   /* leak: reachable=2320/10 by=global:sessions */
        s->previous = i ? (*sessions)[i - 1] : nullptr;
        (*sessions)[i] = s;                                     /* leak: reachable=560/10 by=global:sessions */
    }
    auto a = std::make_shared<session>(), b = std::make_shared<session>();      /* leak: lost=232/1 indirect=232/1 */
    a->previous = b;
    b->previous = a;
}

int main()
{
    fill();
    scrub();
    return 0;
}
