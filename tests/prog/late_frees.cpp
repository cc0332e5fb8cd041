/* The last frees of threads and process: thread_local destructors, pthread keys, atexit, on_exit, destructor functions of
 * low priority.
 *
 * group: life
 * count: sums
 */
#include <cstdlib>
#include <pthread.h>
#include <thread>

struct Held {
    void *block = nullptr;
    ~Held() { std::free(block); }
};

static thread_local Held held;
static pthread_key_t key;
static void *at_exit, *at_destructor;

static void release_key(void *block)
{
    std::free(block);
    std::free(std::malloc(33));             // expect: count=4 bytes=132 live=0
}

static void work()
{
    held.block = std::malloc(101);          // expect: count=5 bytes=505 live=0 freed=505
    pthread_setspecific(key, std::malloc(102)); // expect: count=5 bytes=510 live=102 freed=408
}

__attribute__((destructor(101))) static void last() { std::free(at_destructor); }

int main()
{
    pthread_key_create(&key, release_key);
    for (int i = 0; i < 4; i++)
        std::thread(work).join();
    work();                                 // main's key is not destroyed by exit: 102 bytes stay
    at_exit = std::malloc(103);             // expect: count=1 bytes=103 live=0 freed=103
    at_destructor = std::malloc(104);       // expect: count=1 bytes=104 live=0 freed=104
    std::atexit([] { std::free(at_exit); });
    return 0;
}
