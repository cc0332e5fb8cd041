/* A module is loaded, allocates and is unloaded, 100 times: its functions and lines are named although it is gone in the end.
 *
 * group: modules
 * arguments: {programs}/plugin1.so
 * expect: plugin.c:17 count=200 bytes=200200 live=100100
 * stack: main;use;plugin_allocate;plugin_worker_1
 */
#include "prog.h"
#include <dlfcn.h>

static void *kept[100];

static void use(const char *path, int i)
{
    void *(*allocate)(void), *module = dlopen(path, RTLD_NOW);
    CHECK(module != NULL);
    *(void **)&allocate = dlsym(module, "plugin_allocate");
    free(allocate());
    kept[i] = allocate();
    CHECK(dlclose(module) == 0);
}

int main(int argc, char **argv)
{
    CHECK(argc > 1);
    for (int i = 0; i < 100; i++)
        use(argv[1], i);
    CHECK(dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) == NULL && kept[99] != NULL);
    return 0;
}
