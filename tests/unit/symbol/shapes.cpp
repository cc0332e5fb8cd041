// Names that need their scopes.
#include "probe.h"

namespace garden {
template <class T> struct Box {
    T value;
    __attribute__((noinline)) T put(T more)
    {
        PROBE(box);
        return value = value + more;
    }
    __attribute__((noinline)) explicit Box(T first) : value(first) { PROBE(constructor); }
};

inline namespace v2 {
__attribute__((noinline)) int versioned(int n)
{
    PROBE(versioned);
    return n + 2;
}
}

namespace {
struct Hidden {
    __attribute__((noinline)) int get(int n)
    {
        PROBE(hidden);
        return n + 4;
    }
};

__attribute__((noinline)) int secret(int n)
{
    PROBE(secret);
    return n * 5;
}
}

static __attribute__((noinline)) int quiet(int n)
{
    PROBE(quiet);
    return n * 6;
}

int work(int n)
{
    Hidden hidden;
    return hidden.get(n) + secret(n) + quiet(n);
}
}

template <class F> __attribute__((noinline)) int call(F function, int n)
{
    int result = function(n);
    PROBE(call);
    return result;
}

int main(int argc, char **)
{
    struct Local {
        __attribute__((noinline)) int go(int n)
        {
            PROBE(local);
            return n + 8;
        }
    } local;
    garden::Box<long> box(argc);
    auto lambda = [argc](int n) __attribute__((noinline)) {
        PROBE(lambda);
        return n * argc;
    };
    return call(lambda, argc) + local.go(argc) + (int)box.put(argc) + garden::work(argc) + garden::versioned(argc) == 0;
}
