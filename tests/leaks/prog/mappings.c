/* Memory that the program mapped itself holds blocks: private, shared, of a memfd, of a file read privately, one
 * that is read-only by now. Pointers in a shared file mean nothing: the next process that reads them has other
 * addresses.
 *
 * why: a pointer in a file is no way to free anything once the process ends; sealed memory can be read and unsealed
 */
#include "leaks.h"
#include <sys/mman.h>
#include <sys/shm.h>

static void *map(int flags, int fd)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, fd, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static int file(void)
{
    FILE *file = tmpfile();
    int fd = dup(fileno(file));
    CHECK(fd >= 0 && ftruncate(fd, 4096) == 0 && fclose(file) == 0);
    return fd;
}

static void fill(void)
{
    int memory = memfd_create("memory", 0);
    CHECK(memory >= 0 && ftruncate(memory, 4096) == 0);
    *(void **)map(MAP_PRIVATE | MAP_ANONYMOUS, -1) = malloc(101);      /* leak: reachable=101/1 by=mapping */
    *(void **)map(MAP_SHARED | MAP_ANONYMOUS, -1) = malloc(102);       /* leak: reachable=102/1 by=mapping */
    *(void **)map(MAP_SHARED, memory) = malloc(103);                   /* leak: reachable=103/1 by=mapping */
    *(void **)map(MAP_PRIVATE, file()) = malloc(104);                  /* leak: reachable=104/1 */
    *(void **)map(MAP_SHARED, file()) = malloc(105);                   /* leak: lost=105/1 valgrind=reachable */
    void **sealed = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    *sealed = malloc(106);                                             /* leak: reachable=106/1 by=mapping valgrind=lost */
    CHECK(mprotect(sealed, 4096, PROT_READ) == 0);
    void **small = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    void **grown = mremap(small, 4096, 1u << 20, MREMAP_MAYMOVE);
    CHECK(grown != MAP_FAILED);
    grown[100000] = malloc(108);                                       /* leak: reachable=108/1 by=mapping */
    int segment = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    void **attached = shmat(segment, NULL, 0);
    CHECK(attached != (void **)-1 && shmctl(segment, IPC_RMID, NULL) == 0);
    attached[3] = malloc(109);                                         /* leak: reachable=109/1 */
    void **gone = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
    *gone = malloc(107);                                               /* leak: lost=107/1 */
    CHECK(munmap(gone, 4096) == 0);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
