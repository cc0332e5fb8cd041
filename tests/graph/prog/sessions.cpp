// A server that forgets to take ended sessions out of a map: the objects are of classes with virtual functions, held by shared pointers. Snapshots "open" and "served".
#include "heapline.h"

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace server {

struct Session {
    virtual ~Session() = default;
    virtual int cost() const = 0;
    explicit Session(int number) : number(number) {}
    int number;
};

struct Guest : Session {
    using Session::Session;
    int cost() const override { return 1; }
};

struct Member : Session {
    explicit Member(int number) : Session(number), inbox(2000, 'x') {}
    int cost() const override { return 2; }
    std::vector<char> inbox;
};

struct Clerk : Session {
    using Session::Session;
    int cost() const override { return 3; }
};

std::map<int, std::shared_ptr<Session>> ended;                    // what nobody looks at any more

std::shared_ptr<Session> open(int number)
{
    switch (number % 3) {
    case 0: return std::shared_ptr<Session>(new Guest(number));
    case 1: return std::shared_ptr<Session>(new Member(number));
    default: return std::make_shared<Clerk>(number);
    }
}

int serve(int n)
{
    int cost = 0;
    for (int number = 0; number < n; number++) {
        std::shared_ptr<Session> session = open(number);
        cost += session->cost();
        ended[number] = session;
    }
    return cost;
}

}

int main()
{
    HEAPLINE_SNAPSHOT("open");
    std::printf("%d\n", server::serve(300));
    HEAPLINE_SNAPSHOT("served");
    return 0;
}
