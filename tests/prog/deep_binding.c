/* RTLD_DEEPBIND makes a module prefer its own libraries' symbols, and so passes by a preload: dlmopen gives it a libc of
 * its own. Neither breaks anything. What is seen is exact, and a block from a hidden malloc that reaches our free is
 * harmless.
 *
 * group: modules
 * count: none
 * unmatched: any
 * case: deepbind: arguments=deepbind,{programs}/plugin1.so
 * case: dlmopen: arguments=dlmopen,{programs}/plugin1.so
 */
#include "prog.h"
#include <dlfcn.h>

int main(int argc, char **argv)
{
    CHECK(argc > 2);
    int deep = strcmp(argv[1], "deepbind") == 0;
    for (int i = 0; i < 10; i++) {
        void *(*allocate)(void);
        void *module = deep ? dlopen(argv[2], RTLD_NOW | RTLD_DEEPBIND) : dlmopen(LM_ID_NEWLM, argv[2], RTLD_NOW);
        CHECK(module != NULL);
        *(void **)&allocate = dlsym(module, "plugin_allocate");
        void *block = allocate();
        CHECK(block != NULL);
        memset(block, 1, 1001);
        if (deep)
            free(block);
        free(malloc(60));                   /* expect: count=10 bytes=600 live=0 */
        CHECK(dlclose(module) == 0);
    }
    return 0;
}
