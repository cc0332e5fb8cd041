/* Modules to load: built several times with another VALUE, which changes the names of their functions and the sizes they
 * allocate.
 *
 * group: none
 */
#include <stdlib.h>

#define NAME2(prefix, value) prefix##value
#define NAME1(prefix, value) NAME2(prefix, value)
#define WORKER NAME1(plugin_worker_, VALUE)

void *plugin_allocate(void);
void WORKER(void **block);

__attribute__((noinline)) void WORKER(void **block)
{
    *block = malloc(1000 + VALUE);
}

void *plugin_allocate(void)
{
    void *block;
    WORKER(&block);
    return block;
}
