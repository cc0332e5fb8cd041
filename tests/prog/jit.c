/* Code made at run time, without unwind data, calls malloc: the stack ends there, which is counted and said, and nothing
 * crashes.
 *
 * group: modules
 * count: exact
 * truncated: 10
 */
#include "prog.h"
#include <sys/mman.h>

int main(void)
{
    /* sub rsp,8; mov edi,90; movabs rax,malloc; call rax; add rsp,8; ret */
    unsigned char code[] = { 0x48, 0x83, 0xec, 8, 0xbf, 90, 0, 0, 0, 0x48, 0xb8,
                             0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xd0, 0x48, 0x83, 0xc4, 8, 0xc3 };
    void *(*target)(size_t) = malloc, *(*made)(void), *kept[10];
    memcpy(code + 11, &target, sizeof target);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); /* expect: mapped_live=4096 */
    CHECK(page != MAP_FAILED);
    memcpy(page, code, sizeof code);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
    *(void **)&made = page;
    for (int i = 0; i < 10; i++)
        CHECK((kept[i] = made()) != NULL);
    free(malloc(91));                       /* expect: count=1 bytes=91 live=0 */
    return 0;
}
