/* An independent count of what a program allocates: the judge that heapline's totals are compared with.
 *
 * A preloaded library that shares no line with heapline's. It counts every successful call of the malloc family at the
 * same level (the program's call into libc), keeps the size of each live block, and writes the running totals straight
 * into a file mapping (`$COUNT_DIR/<pid>.<n>`, one a process and one more after each exec), so that they survive _exit,
 * SIGKILL and exec. Stacked behind heapline in one run it sees the same calls of the same process, whatever the program
 * does differently from run to run.
 *
 * realloc is a release of the old block and an allocation of the new one. A forked child counts from zero and inherits the
 * live blocks. One lock guards everything; the page that holds it is wiped by fork, raw or not, which is also how a child
 * finds out that it is one.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))
#define SLOTS (UINT64_C(1) << 23)       /* live blocks; untouched pages cost nothing */
#define SITES 2048
#define GONE UINT64_C(1)                /* a slot whose block was released */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *block);

/* Calls from the executable itself, by return address. tests/scenario.py reads this layout. */
struct count_site {
    uint64_t address;                   /* in the executable's own address space */
    uint64_t allocations, allocated_bytes, freed_bytes, live_bytes;
};

struct count_file {
    uint64_t pid, allocations, frees, allocated_bytes, live_bytes, live_blocks, peak_bytes, temporary;
    char executable[256];
    struct count_site sites[SITES];     /* site 0: all other callers */
};

struct count_slot { uint64_t block, size_site; };   /* size in bits 0..47, site above */

struct count_guard { int started, lock; };

static struct count_slot slots[SLOTS];
static struct count_file own, *const count = &own, *file;   /* the file is a copy: a child must not see its parent go on */
static uint64_t touched;                                    /* the last site that changed */
static struct count_guard guard_before_start = { 1, 0 };
static struct count_guard *guard = &guard_before_start;
static uintptr_t executable_start, executable_end, executable_bias;
static char directory[256];
static __thread uint64_t last_block __attribute__((tls_model("initial-exec")));

static void *map(size_t length, int flags, int fd)
{
    /* Raw, so that a preload that hooks mmap does not take these for the program's. */
    return (void *)syscall(SYS_mmap, NULL, length, PROT_READ | PROT_WRITE, flags, fd, 0L);
}

/* Opens this process's file; what was counted so far is kept (start) or only the live blocks are (fork). */
static void section_start(bool forked)
{
    static struct count_file inherited;
    char path[300];
    long pid = syscall(SYS_getpid);
    int fd = -1;
    inherited = *count;
    inherited.pid = (uint64_t)pid;
    memset(inherited.executable, 0, sizeof inherited.executable);
    syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", inherited.executable, sizeof inherited.executable - 1);
    if (forked) {
        inherited.allocations = inherited.frees = inherited.allocated_bytes = inherited.temporary = 0;
        inherited.peak_bytes = inherited.live_bytes;
        for (int i = 0; i < SITES; i++)
            inherited.sites[i].allocations = inherited.sites[i].allocated_bytes = inherited.sites[i].freed_bytes = 0;
    }
    for (int n = 0; n < 1000 && fd < 0; n++) {
        snprintf(path, sizeof path, "%s/%ld.%d", directory, pid, n);
        fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    file = NULL;
    if (fd >= 0 && syscall(SYS_ftruncate, fd, sizeof *count) == 0) {
        void *mapped = map(sizeof *count, MAP_SHARED, fd);
        file = mapped == MAP_FAILED ? NULL : mapped;
    }
    if (fd >= 0)
        syscall(SYS_close, fd);
    *count = inherited;
    if (file)
        *file = inherited;
}

/* Takes the lock, and notices a fork. */
static void enter(void)
{
    while (__atomic_exchange_n(&guard->lock, 1, __ATOMIC_ACQUIRE))
        syscall(SYS_sched_yield);
    if (!guard->started) {
        section_start(true);
        guard->started = 1;
    }
}

static void leave(void)
{
    if (file) {
        memcpy(file, count, offsetof(struct count_file, executable));
        file->sites[touched] = count->sites[touched];
    }
    __atomic_store_n(&guard->lock, 0, __ATOMIC_RELEASE);
}

static uint64_t site_of(void *caller)
{
    uintptr_t address = (uintptr_t)caller;
    if (address < executable_start || address >= executable_end)
        return 0;
    address -= executable_bias;
    for (uint64_t i = 1; i < SITES; i++) {
        if (count->sites[i].address == 0)
            count->sites[i].address = address;
        if (count->sites[i].address == address)
            return i;
    }
    return 0;
}

/* The slot that holds the block, or else the first one that may take it. */
static struct count_slot *slot_find(uint64_t block)
{
    struct count_slot *gone = NULL;
    uint64_t at = (block >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 41;
    for (;; at = (at + 1) & (SLOTS - 1)) {
        if (slots[at].block == block)
            return &slots[at];
        if (slots[at].block == GONE && gone == NULL)
            gone = &slots[at];
        if (slots[at].block == 0)
            return gone ? gone : &slots[at];
    }
}

static void put(void *block, uint64_t size, uint64_t site)
{
    touched = site;
    *slot_find((uint64_t)block) = (struct count_slot){ (uint64_t)block, size | site << 48 };
    count->live_blocks++;
    count->live_bytes += size;
    count->sites[site].live_bytes += size;
    if (count->peak_bytes < count->live_bytes)
        count->peak_bytes = count->live_bytes;
}

static void *allocated(void *block, size_t size, void *caller)
{
    if (block == NULL)
        return NULL;
    int kept = errno;
    enter();
    uint64_t site = site_of(caller);
    count->allocations++;
    count->allocated_bytes += size;
    count->sites[site].allocations++;
    count->sites[site].allocated_bytes += size;
    put(block, size, site);
    leave();
    last_block = (uint64_t)block;
    errno = kept;
    return block;
}

/* Takes the block out before it is really released. Returns what to give to `put` when the release fails, 0 blocks: unknown. */
static struct count_slot released(void *block)
{
    int kept = errno;
    enter();
    struct count_slot *slot = slot_find((uint64_t)block), old = { 0, 0 };
    if (slot->block == (uint64_t)block) {
        uint64_t size = slot->size_site & ((UINT64_C(1) << 48) - 1);
        old = *slot;
        slot->block = GONE;
        count->frees++;
        count->temporary += last_block == (uint64_t)block;
        count->live_blocks--;
        count->live_bytes -= size;
        touched = old.size_site >> 48;
        count->sites[touched].live_bytes -= size;
        count->sites[touched].freed_bytes += size;
    }
    leave();
    errno = kept;
    return old;
}

static void restore(struct count_slot old, bool was_last)
{
    uint64_t size = old.size_site & ((UINT64_C(1) << 48) - 1);
    int kept = errno;
    enter();
    if (old.block != 0) {
        uint64_t peak = count->peak_bytes;
        put((void *)old.block, size, old.size_site >> 48);
        count->peak_bytes = peak;
        count->frees--;
        count->temporary -= was_last;
        count->sites[old.size_site >> 48].freed_bytes -= size;
    }
    leave();
    errno = kept;
}

static void *resized(void *block, size_t size, void *caller)
{
    if (block == NULL)
        return allocated(__libc_malloc(size), size, caller);
    bool was_last = last_block == (uint64_t)block;
    struct count_slot old = released(block);
    void *moved = __libc_realloc(block, size);
    if (moved == NULL && size != 0)
        restore(old, was_last);
    return allocated(moved, size, caller);
}

#define CALLER __builtin_return_address(0)

API void *malloc(size_t size) { return allocated(__libc_malloc(size), size, CALLER); }
API void *calloc(size_t n, size_t size) { return allocated(__libc_calloc(n, size), n * size, CALLER); }
API void *realloc(void *block, size_t size) { return resized(block, size, CALLER); }
API void *memalign(size_t alignment, size_t size) { return allocated(__libc_memalign(alignment, size), size, CALLER); }
API void *aligned_alloc(size_t alignment, size_t size) { return allocated(__libc_memalign(alignment, size), size, CALLER); }
API void *valloc(size_t size) { return allocated(__libc_memalign(4096, size), size, CALLER); }
API void *pvalloc(size_t size) { return allocated(__libc_memalign(4096, (size + 4095) & ~(size_t)4095), size, CALLER); }

API void *reallocarray(void *block, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return resized(block, bytes, CALLER);
}

API int posix_memalign(void **block, size_t alignment, size_t size)
{
    int kept = errno;
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
        return EINVAL;
    void *p = allocated(__libc_memalign(alignment, size), size, CALLER);
    errno = kept;
    if (p == NULL)
        return ENOMEM;
    *block = p;
    return 0;
}

API void free(void *block)
{
    if (block == NULL)
        return;
    released(block);
    __libc_free(block);
}

API void cfree(void *block);
API void cfree(void *block) { free(block); }

static int find_executable(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    executable_bias = info->dlpi_addr;
    executable_start = UINTPTR_MAX;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type != PT_LOAD)
            continue;
        executable_start = start < executable_start ? start : executable_start;
        executable_end = start + segment->p_memsz > executable_end ? start + segment->p_memsz : executable_end;
    }
    return 1;   /* the first one is the executable */
}

__attribute__((constructor(101))) static void start(void)
{
    const char *where = getenv("COUNT_DIR");
    void *page = map(4096, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (where == NULL || strlen(where) >= sizeof directory || page == MAP_FAILED)
        return;
    strcpy(directory, where);
    dl_iterate_phdr(find_executable, NULL);
    section_start(false);
    syscall(SYS_madvise, page, 4096, MADV_WIPEONFORK);
    guard = page;
    guard->started = 1;
}
