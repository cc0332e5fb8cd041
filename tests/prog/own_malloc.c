/* A program with an allocator of its own linked in, exported (the loader binds libc to it too) or hidden: it cannot be
 * seen through a preload.
 *
 * group: none
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char arena[1 << 20] __attribute__((aligned(16)));
static size_t used;


VISIBILITY void *malloc(size_t size)
{
    void *block = arena + used;
    used += (size + 15) & ~(size_t)15;
    return used <= sizeof arena ? block : NULL;
}

VISIBILITY void *calloc(size_t n, size_t size) { return malloc(n * size); }

VISIBILITY void *realloc(void *block, size_t size)
{
    void *moved = malloc(size);
    return block && moved ? memmove(moved, block, size) : moved;
}

VISIBILITY void free(void *block) { (void)block; }

int main(void)
{
    char *p = malloc(100);
    return p == NULL || write(1, "own\n", 4) != 4 ? 1 : 13;
}
