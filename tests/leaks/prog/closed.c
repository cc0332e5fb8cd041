/* What only the variable of a module held that was closed by dlclose is lost; the stack still names the module's
 * function.
 *
 * arguments: {programs}/closed_module.so
 * expect: closed_module.c:9 lost=500/1
 * stack: main;keep
 */
#include "leaks.h"
#include <dlfcn.h>

int main(int argc, char **argv)
{
    void *module = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    void (*keep)(size_t) = module ? (void (*)(size_t))dlsym(module, "keep") : NULL;
    CHECK(keep);
    keep(500);
    CHECK(dlclose(module) == 0 && !dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD));
    scrub();
    return 0;
}
