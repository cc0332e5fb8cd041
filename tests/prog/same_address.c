/* Two modules take turns at the same address. What each allocated is named after it and never after the other.
 *
 * group: modules
 * arguments: {programs}/plugin1.so {programs}/plugin2.so
 * output: varies
 * require: shared>0
 * stack: main;plugin_allocate;plugin_worker_1
 * stack: main;plugin_allocate;plugin_worker_2
 * bytes: plugin_worker_1 50050
 * bytes: plugin_worker_2 50100
 */
#include "prog.h"
#include <dlfcn.h>

int main(int argc, char **argv)
{
    void *kept[100], *address[2] = { NULL, NULL };
    int shared = 0;
    CHECK(argc > 2);
    for (int i = 0; i < 100; i++) {
        void *(*allocate)(void), *module = dlopen(argv[1 + i % 2], RTLD_NOW);
        CHECK(module != NULL);
        *(void **)&allocate = dlsym(module, "plugin_allocate");
        address[i % 2] = *(void **)&allocate;
        shared += address[0] == address[1];
        kept[i] = allocate();
        CHECK(kept[i] != NULL && dlclose(module) == 0);
    }
    printf("shared=%d\n", shared);
    return 0;
}
