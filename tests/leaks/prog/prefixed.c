/* Buffers whose users keep a pointer behind a head with the length: simple dynamic strings as redis has them,
 * lengths of 4 and 8 bytes; and a pointer behind a head that says nothing.
 *
 * why: valgrind knows a length of 8 bytes that does not count itself, and no other
 */
#include "leaks.h"

static char *small, *middle, *counted4, *counted8, *other;

static char *dynamic(size_t length, int width)
{
    size_t head = 2 * (size_t)width + 1;
    char *block = malloc(head + length + 1);        /* leak: reachable=1107/2 lost=104/1 valgrind=possible:1107/2,lost:104/1 */
    memcpy(block, &length, (size_t)width);
    memcpy(block + width, &length, (size_t)width);
    block[head - 1] = width == 1 ? 1 : 2;
    memset(block + head, 'x', length);
    block[head + length] = 0;
    return block + head;
}

static void fill(void)
{
    small = dynamic(96, 1);
    middle = dynamic(1001, 2);
    dynamic(100, 1);
    uint32_t *four = malloc(4 + 60);                /* leak: reachable=64/1 by=global:counted4 valgrind=possible */
    *four = 60;
    counted4 = (char *)(four + 1);
    uint64_t *eight = malloc(8 + 72);               /* leak: reachable=80/1 by=global:counted8 valgrind=possible */
    *eight = 80;
    counted8 = (char *)(eight + 1);
    uint64_t *nothing = malloc(8 + 72);             /* leak: possible=80/1 */
    *nothing = 31;
    other = (char *)(nothing + 1);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
