/* Anonymous memory, reserved address space (PROT_NONE) and files are told apart; heap and mappings are not mixed up.
 *
 * group: mappings
 * count: none
 */
#include "prog.h"
#include <fcntl.h>
#include <sys/mman.h>

#define PAGE 4096u

int main(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = open("/proc/self/exe", O_RDONLY);
    char *anonymous = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, flags, -1, 0);       /* expect: mapped_live=20480 */
    char *reserved = mmap(NULL, 1000 * PAGE, PROT_NONE, flags | MAP_NORESERVE, -1, 0);  /* expect: reserved_live=4096000 */
    char *file = mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);                   /* expect: file_live=12288 */
    void *heap = malloc(64);                                                            /* expect: count=1 bytes=64 live=64 */
    CHECK(anonymous != MAP_FAILED && reserved != MAP_FAILED && file != MAP_FAILED && heap != NULL);
    return 0;
}
