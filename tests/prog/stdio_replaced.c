/* The program puts files of its own in the place of descriptors 0, 1 and 2, and closes and reopens them: nothing of
 * heapline's gets in there.
 *
 * group: life
 */
#include "prog.h"
#include <fcntl.h>
#include <sys/stat.h>

int main(void)
{
    char path[] = "replaced-XXXXXX";
    int saved = dup(1), file = mkstemp(path);
    struct stat status;
    CHECK(file >= 0 && unlink(path) == 0);
    dup2(file, 0), dup2(file, 1), dup2(file, 2);
    for (int i = 0; i < 1000; i++)
        free(malloc(1000));                     /* expect: count=1000 bytes=1000000 live=0 temporary=1000 */
    CHECK(fstat(2, &status) == 0 && status.st_size == 0);
    close(0), close(1), close(2);
    CHECK(open("/dev/null", O_RDWR) == 0);
    free(malloc(20));                           /* expect: count=1 bytes=20 live=0 */
    dup2(saved, 1);
    dprintf(1, "saved=%d file=%d size=%ld\n", saved, file, (long)status.st_size);
    return 0;
}
