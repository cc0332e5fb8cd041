/* Thread-local variables of a module that came by dlopen: their memory is allocated when a thread first uses them,
 * and only the thread's table of such blocks leads to it.
 *
 * why: valgrind does not know the tables of thread-local blocks of threads but the first
 * arguments: {programs}/tls_module.so
 * expect: tls_module.c:11 reachable=300/2 valgrind=reachable:100/1,possible:200/1
 */
#include "leaks.h"
#include <dlfcn.h>

static void (*fill_slot)(size_t size);
static pthread_barrier_t barrier;

static void *stay(void *unused)
{
    fill_slot(200);
    scrub();
    meet(&barrier);
    wait_for_ever();
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    void *module = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    CHECK(module && (fill_slot = (void (*)(size_t))dlsym(module, "fill_slot")));
    pthread_barrier_init(&barrier, NULL, 2);
    fill_slot(100);
    CHECK(pthread_create(&thread, NULL, stay, NULL) == 0);
    meet(&barrier);
    scrub();
    return 0;
}
