/* A program written for LeakSanitizer: its names are weak here and come with heapline; what it ignores and what it
 * allocates while disabled is no leak, a region that it registers holds blocks. __lsan_do_leak_check ends it with 23
 * when something is lost.
 *
 * case: ignores: arguments=ignores verdict=clean
 * case: recoverable: arguments=recoverable
 * case: unregisters: arguments=unregisters verdict=leaks
 * case: ends: arguments=ends exit=23
 * valgrind: no, it does not know these names
 */
#include "leaks.h"
#include <sys/mman.h>

__attribute__((weak)) void __lsan_ignore_object(const void *p);
__attribute__((weak)) void __lsan_disable(void);
__attribute__((weak)) void __lsan_enable(void);
__attribute__((weak)) void __lsan_register_root_region(const void *p, size_t size);
__attribute__((weak)) void __lsan_unregister_root_region(const void *p, size_t size);
__attribute__((weak)) int __lsan_do_recoverable_leak_check(void);
__attribute__((weak)) void __lsan_do_leak_check(void);

static uintptr_t *region;       /* in a file that others share, where pointers mean nothing unless somebody says so */

static void ignore(void)
{
    void **ignored = malloc(101);               /* leak: reachable=101/1; recoverable,ends,unregisters: nothing */
    *ignored = malloc(102);                     /* leak: reachable=102/1; recoverable,ends,unregisters: nothing */
    __lsan_ignore_object(ignored);
    __lsan_disable();
    __lsan_disable();
    void **disabled = malloc(103);              /* leak: reachable=103/1; recoverable,ends,unregisters: nothing */
    __lsan_enable();
    *disabled = malloc(104);                    /* leak: reachable=104/1; recoverable,ends,unregisters: nothing */
    __lsan_enable();
    *region = (uintptr_t)malloc(105);           /* leak: reachable=105/1; recoverable,ends,unregisters: nothing */
    __lsan_register_root_region(region, 4096);
}

static void unregister(void)
{
    *region = (uintptr_t)malloc(107);           /* leak: nothing; unregisters: lost=107/1 */
    __lsan_register_root_region(region, 4096);
    scrub();
    CHECK(__lsan_do_recoverable_leak_check() == 0);
    __lsan_unregister_root_region(region, 4096);
}

static void map_region(void)
{
    char name[] = "regionXXXXXX";
    int fd = mkstemp(name);
    CHECK(fd >= 0 && unlink(name) == 0 && ftruncate(fd, 4096) == 0);
    region = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(region != MAP_FAILED);
}

static void lose(void)
{
    void *volatile p = malloc(106);             /* leak: nothing; recoverable,ends: lost=106/1 */
    CHECK(p);
    p = NULL;
}

int main(int argc, char **argv)
{
    if (!__lsan_do_leak_check)
        return argc > 1 && strcmp(argv[1], "ends") == 0 ? 23 : 0;
    CHECK(argc == 2);
    map_region();
    if (strcmp(argv[1], "ignores") == 0)
        ignore();
    else if (strcmp(argv[1], "unregisters") == 0)
        unregister();
    else
        lose();
    scrub();
    CHECK(__lsan_do_recoverable_leak_check() == (strcmp(argv[1], "ignores") != 0));
    if (strcmp(argv[1], "ends") == 0)
        __lsan_do_leak_check();
    return 0;
}
