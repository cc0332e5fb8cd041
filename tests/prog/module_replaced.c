/* A module is replaced on disk by another one while the program runs, before anybody looked up its names. Its blocks are
 * named by what was loaded, or not at all; never after the functions of the new file.
 *
 * group: modules
 * arguments: {programs}/plugin1.so {programs}/plugin2.so
 * nostack: plugin_worker_2
 */
#include "prog.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>

static void copy(const char *from, const char *to)
{
    static char buffer[1 << 16];
    ssize_t length;
    int in = open(from, O_RDONLY), out = open("new.so", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    CHECK(in >= 0 && out >= 0);
    while ((length = read(in, buffer, sizeof buffer)) > 0)
        CHECK(write(out, buffer, (size_t)length) == length);
    close(in), close(out);
    CHECK(rename("new.so", to) == 0);
}

int main(int argc, char **argv)
{
    void *(*allocate)(void), *kept[10];
    CHECK(argc > 2);
    copy(argv[1], "replaced.so");
    void *module = dlopen("./replaced.so", RTLD_NOW);
    CHECK(module != NULL);
    *(void **)&allocate = dlsym(module, "plugin_allocate");
    kept[0] = allocate();                   /* expect: live=any: the owner, when the module has no lines any more */
    copy(argv[2], "replaced.so");
    for (int i = 1; i < 10; i++)
        kept[i] = allocate();               /* expect: live=any */
    CHECK(kept[9] != NULL);
    free(malloc(45));                       /* expect: count=1 bytes=45 live=0 */
    return 0;
}
